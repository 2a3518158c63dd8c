//! Rich text as Markdown: the text of a message that was not typed as Markdown.

use wire::{Block, EVERYONE, Inline};

/// Returns blocks as Markdown, without escapes: for people and programs that read it, not for a parser.
pub(super) fn markdown(blocks: &[Block]) -> String {
    let mut out = String::new();
    for block in blocks {
        let text = match block {
            Block::P(of) => inlines(of),
            Block::Code { text, .. } => format!("```\n{}\n```", text.trim_end_matches('\n')),
            Block::Quote(of) => indented(&markdown(of), "> ", "> "),
            Block::List { start, items } => list(*start, items),
        };
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        out.push_str(&text);
    }
    out
}

fn list(start: Option<u64>, items: &[Vec<Block>]) -> String {
    let item = |(number, item): (u64, &Vec<Block>)| {
        let mark =
            start.map_or_else(|| "- ".to_owned(), |start| format!("{}. ", start.saturating_add(number)));
        indented(&markdown(item), &mark, &" ".repeat(mark.len()))
    };
    (0..).zip(items).map(item).collect::<Vec<_>>().join("\n")
}

/// Returns lines with a mark before the first one, and another before the others.
fn indented(text: &str, first: &str, others: &str) -> String {
    format!("{first}{}", text.replace('\n', &format!("\n{others}")))
}

fn inlines(of: &[Inline]) -> String {
    of.iter().map(inline).collect()
}

fn inline(inline: &Inline) -> String {
    match inline {
        Inline::T(text) => text.clone(),
        Inline::Em(of) => format!("_{}_", inlines(of)),
        Inline::Strong(of) => format!("**{}**", inlines(of)),
        Inline::Strike(of) => format!("~~{}~~", inlines(of)),
        Inline::Code(code) => format!("`{code}`"),
        Inline::Link { to, of } => {
            let label = inlines(of);
            let is_bare = *to == label || to.strip_prefix("mailto:") == Some(&label);
            if is_bare { label } else { format!("[{label}]({to})") }
        }
        Inline::Mention { name, .. } => format!("@{name}"),
        Inline::Everyone => format!("@{EVERYONE}"),
    }
}
