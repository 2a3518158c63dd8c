use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd, TextMergeStream};
use wire::limits::TEXT_NESTING;
use wire::{Block, Inline, RichText};

/// Parses the Markdown people type into the typed tree.
///
/// Emphasis, strong, strike, code, code blocks, links, lists and quotes; a line break is a line break, bare
/// web addresses are links. Headings become strong paragraphs; images become links; HTML stays the text it
/// is. What is nested deeper than [`TEXT_NESTING`] keeps its words and loses its nesting.
pub(crate) fn parse(text: &str) -> RichText {
    let mut tree = Tree { open: vec![Node::root()] };
    let mut in_code = false;
    let mut events = 0;
    for event in TextMergeStream::new(Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH)) {
        events += 1;
        if events > MOST_EVENTS {
            return RichText::plain(text);
        }
        match event {
            Event::Start(tag) => {
                in_code |= matches!(tag, Tag::CodeBlock(_));
                tree.open(tag);
            }
            Event::End(end) => {
                in_code &= end != TagEnd::CodeBlock;
                tree.close();
            }
            Event::Text(text) if in_code => tree.code_text(&text),
            Event::Text(text) => tree.text(&text),
            Event::Code(code) => tree.inline(Inline::Code(code.into_string())),
            Event::Html(html) | Event::InlineHtml(html) => tree.literal(&html),
            Event::SoftBreak | Event::HardBreak => tree.inline(Inline::Br),
            Event::Rule => tree.block(Block::P(vec![Inline::T("———".into())])),
            Event::FootnoteReference(_)
            | Event::TaskListMarker(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_) => {}
        }
    }
    tree.finish()
}

/// A text with more marks than this is shown as it was typed: its tree would be many times its size.
const MOST_EVENTS: usize = 8_000;

/// The nodes that are open, the root first. A tag that goes too deep opens a node that keeps no wrapper, so
/// that every end still closes its own start.
struct Tree {
    open: Vec<Node>,
}

struct Node {
    wrap: Wrap,
    blocks: Vec<Block>,
    inlines: Vec<Inline>,
    items: Vec<Vec<Block>>,
}

enum Wrap {
    /// Gives its children to its parent as they are.
    None,
    Paragraph,
    Heading,
    Quote,
    Code(Option<String>),
    List(Option<u64>),
    Item,
    Em,
    Strong,
    Strike,
    Link(String),
}

impl Tree {
    fn open(&mut self, tag: Tag<'_>) {
        let wrap = match tag {
            Tag::Paragraph | Tag::HtmlBlock => Wrap::Paragraph,
            Tag::Heading { .. } => Wrap::Heading,
            Tag::CodeBlock(kind) => Wrap::Code(match kind {
                CodeBlockKind::Fenced(info) => {
                    info.split_whitespace().next().map(|lang| lang.chars().take(32).collect())
                }
                CodeBlockKind::Indented => None,
            }),
            _ if self.open.len() > TEXT_NESTING => Wrap::None,
            Tag::BlockQuote(_) => Wrap::Quote,
            Tag::List(start) => Wrap::List(start),
            Tag::Item => Wrap::Item,
            Tag::Emphasis => Wrap::Em,
            Tag::Strong => Wrap::Strong,
            Tag::Strikethrough => Wrap::Strike,
            // A link within a link is no HTML: a browser would take the page apart.
            Tag::Link { .. } | Tag::Image { .. } if self.in_link() => Wrap::None,
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                safe_url(&dest_url).map_or(Wrap::None, Wrap::Link)
            }
            _ => Wrap::None,
        };
        // A block inside a paragraph-less item ends the line of text before it.
        if matches!(wrap, Wrap::Paragraph | Wrap::Heading | Wrap::Quote | Wrap::Code(_) | Wrap::List(_)) {
            self.top().settle();
        }
        self.open.push(Node::new(wrap));
    }

    fn close(&mut self) {
        let Some(mut node) = self.open.pop() else { return };
        match node.wrap {
            Wrap::None => {
                let parent = self.top();
                if node.blocks.is_empty() {
                    parent.inlines.append(&mut node.inlines);
                } else {
                    node.settle();
                    parent.settle();
                    parent.blocks.append(&mut node.blocks);
                }
            }
            Wrap::Paragraph => {
                node.settle();
                self.top().blocks.append(&mut node.blocks);
            }
            Wrap::Heading => {
                let inlines = std::mem::take(&mut node.inlines);
                self.top().blocks.push(Block::P(vec![Inline::Strong(inlines)]));
            }
            Wrap::Quote => {
                node.settle();
                self.block(Block::Quote(node.blocks));
            }
            Wrap::Code(lang) => {
                let text: String = node
                    .inlines
                    .into_iter()
                    .map(|inline| match inline {
                        Inline::T(text) => text,
                        _ => String::new(),
                    })
                    .collect();
                self.block(Block::Code { lang, text });
            }
            Wrap::List(start) => self.block(Block::List { start, items: node.items }),
            Wrap::Item => {
                node.settle();
                let parent = self.top();
                if matches!(parent.wrap, Wrap::List(_)) {
                    parent.items.push(node.blocks);
                } else {
                    parent.blocks.append(&mut node.blocks);
                }
            }
            Wrap::Em => self.inline(Inline::Em(node.inlines)),
            Wrap::Strong => self.inline(Inline::Strong(node.inlines)),
            Wrap::Strike => self.inline(Inline::Strike(node.inlines)),
            Wrap::Link(to) => self.inline(Inline::Link { to, of: node.inlines }),
        }
    }

    fn text(&mut self, text: &str) {
        if self.in_link() {
            return self.literal(text);
        }
        let mut rest = text;
        while let Some((before, url, after)) = bare_url(rest) {
            self.literal(before);
            self.inline(Inline::Link { to: url.to_owned(), of: vec![Inline::T(url.to_owned())] });
            rest = after;
        }
        self.literal(rest);
    }

    fn in_link(&self) -> bool {
        self.open.iter().any(|node| matches!(node.wrap, Wrap::Link(_)))
    }

    /// Text as it is; joined to the text before it, so that a line is one node.
    fn literal(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.top().inlines.last_mut() {
            Some(Inline::T(last)) => last.push_str(text),
            _ => self.inline(Inline::T(text.to_owned())),
        }
    }

    fn code_text(&mut self, text: &str) {
        self.literal(text);
    }

    fn inline(&mut self, inline: Inline) {
        self.top().inlines.push(inline);
    }

    fn block(&mut self, block: Block) {
        let top = self.top();
        top.settle();
        top.blocks.push(block);
    }

    fn top(&mut self) -> &mut Node {
        if self.open.is_empty() {
            self.open.push(Node::root());
        }
        let last = self.open.len() - 1;
        &mut self.open[last]
    }

    fn finish(mut self) -> RichText {
        while self.open.len() > 1 {
            self.close();
        }
        let mut root = self.open.pop().unwrap_or_else(Node::root);
        root.settle();
        RichText { blocks: root.blocks }
    }
}

impl Node {
    const fn root() -> Self {
        Self::new(Wrap::None)
    }

    const fn new(wrap: Wrap) -> Self {
        Self { wrap, blocks: Vec::new(), inlines: Vec::new(), items: Vec::new() }
    }

    /// Makes loose text a paragraph of its own.
    fn settle(&mut self) {
        while matches!(self.inlines.last(), Some(Inline::Br)) {
            self.inlines.pop();
        }
        if let Some(Inline::T(last)) = self.inlines.last_mut() {
            last.truncate(last.trim_end_matches('\n').len());
        }
        if !self.inlines.is_empty() {
            self.blocks.push(Block::P(std::mem::take(&mut self.inlines)));
        }
    }
}

/// The URL, if it leads where a click may lead. Everything else, `javascript:` before all, is no link.
fn safe_url(url: &str) -> Option<String> {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    let leads_out = ["http://", "https://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme));
    (leads_out && !url.chars().any(char::is_control)).then(|| url.to_owned())
}

/// Finds the first bare web address: what stands before it, the address, and what follows.
fn bare_url(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find("http")?;
        let rest = &text[at..];
        let scheme = ["https://", "http://"].into_iter().find(|scheme| rest.starts_with(scheme));
        let begins_word = !text[..at].ends_with(|c: char| c.is_alphanumeric());
        if let (Some(scheme), true) = (scheme, begins_word) {
            let end =
                rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"')).unwrap_or(rest.len());
            let url = trim_url(&rest[..end]);
            if url.len() > scheme.len() {
                return Some((&text[..at], url, &rest[url.len()..]));
            }
        }
        from = at + 4;
    }
}

/// A sentence's own punctuation after an address is not part of it, nor is a closing bracket that the
/// address did not open.
fn trim_url(mut url: &str) -> &str {
    let opened = url.matches('(').count();
    let mut closed = url.matches(')').count();
    loop {
        url = url.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'']);
        match url.strip_suffix(')') {
            Some(shorter) if closed > opened => {
                closed -= 1;
                url = shorter;
            }
            _ => return url,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        serde_json::to_string(&parse(text)).unwrap()
    }

    #[test]
    fn no_link_stands_within_a_link() {
        for text in [
            "[![a](https://x.example)](https://y.example)",
            "![[a](https://x.example)](https://y.example)",
            "[http://x.example](https://y.example)",
        ] {
            assert_eq!(json(text).matches("link").count(), 1, "{text}: {}", json(text));
        }
    }

    #[test]
    fn a_text_of_marks_alone_stays_as_it_was_typed() {
        let marks = "#\n".repeat(8_000);
        assert_eq!(parse(&marks), RichText::plain(&marks));
    }

    #[test]
    fn an_address_keeps_the_brackets_it_opened() {
        let url = |text: &str| bare_url(text).map(|(_, url, _)| url.to_owned());
        assert_eq!(url("(see http://a.example/b_(c)).").as_deref(), Some("http://a.example/b_(c)"));
        let endless = format!("http://a{}", ")".repeat(16_000));
        assert_eq!(url(&endless).as_deref(), Some("http://a"));
    }

    #[test]
    fn what_people_type_becomes_a_tree() {
        for (text, tree) in [
            ("hello", r#"[{"p":[{"t":"hello"}]}]"#),
            ("one\ntwo", r#"[{"p":[{"t":"one"},"br",{"t":"two"}]}]"#),
            (
                "*a* **b** ~~c~~ `d`",
                r#"[{"p":[{"em":[{"t":"a"}]},{"t":" "},{"strong":[{"t":"b"}]},{"t":" "},{"strike":[{"t":"c"}]},{"t":" "},{"code":"d"}]}]"#,
            ),
            ("```rs\nlet x = 1;\n```", r#"[{"code":{"lang":"rs","text":"let x = 1;\n"}}]"#),
            ("> quoted\n\nafter", r#"[{"quote":[{"p":[{"t":"quoted"}]}]},{"p":[{"t":"after"}]}]"#),
            ("- a\n- b", r#"[{"list":{"items":[[{"p":[{"t":"a"}]}],[{"p":[{"t":"b"}]}]]}}]"#),
            (
                "3. a\n   - b",
                r#"[{"list":{"start":3,"items":[[{"p":[{"t":"a"}]},{"list":{"items":[[{"p":[{"t":"b"}]}]]}}]]}}]"#,
            ),
            (
                "[hub](https://example.org)",
                r#"[{"p":[{"link":{"to":"https://example.org","of":[{"t":"hub"}]}}]}]"#,
            ),
            ("# Big", r#"[{"p":[{"strong":[{"t":"Big"}]}]}]"#),
        ] {
            assert_eq!(json(text), tree, "{text:?}");
        }
    }

    #[test]
    fn html_stays_the_text_it_is() {
        assert_eq!(json("<b>x</b>"), r#"[{"p":[{"t":"<b>x</b>"}]}]"#);
        assert_eq!(json("<script>alert(1)</script>"), r#"[{"p":[{"t":"<script>alert(1)</script>"}]}]"#);
    }

    #[test]
    fn a_link_never_leads_into_a_script() {
        for bad in [
            "[x](javascript:alert(1))",
            "[x](JavaScript:alert(1))",
            "[x](data:text/html,x)",
            "[x](/relative)",
            "![x](vbscript:x)",
        ] {
            assert_eq!(json(bad), r#"[{"p":[{"t":"x"}]}]"#, "{bad}");
        }
    }

    #[test]
    fn bare_addresses_are_links_without_the_sentence_around_them() {
        for (text, url) in [
            ("see https://example.org.", "https://example.org"),
            ("(http://example.org/a_(b))", "http://example.org/a_(b)"),
            ("https://example.org/?a=1&b=2, yes", "https://example.org/?a=1&b=2"),
        ] {
            let link = format!(r#"{{"link":{{"to":"{url}","of":[{{"t":"{url}"}}]}}}}"#);
            assert!(json(text).contains(&link), "{}", json(text));
        }
        for none in ["xhttp://example.org", "http://", "http is a protocol"] {
            assert!(!json(none).contains("link"), "{none}");
        }
    }

    #[test]
    fn deep_nesting_keeps_its_words_and_loses_its_depth() {
        for text in
            [">".repeat(16_000) + " deep", "- ".repeat(5_000) + "deep", "*a **b ".repeat(2_000) + "deep"]
        {
            let json = json(&text);
            let deepest = json.chars().fold((0i32, 0i32), |(now, most), c| match c {
                '[' => (now + 1, most.max(now + 1)),
                ']' => (now - 1, most),
                _ => (now, most),
            });
            assert!(deepest.1 <= 2 * i32::try_from(TEXT_NESTING).unwrap() + 4, "{}", deepest.1);
            assert!(json.contains("deep"));
        }
    }
}
