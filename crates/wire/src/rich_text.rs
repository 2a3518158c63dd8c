//! Rich text: the typed tree of a formatted message.

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::limits::EXCERPT_CHARS;
use crate::mention::EVERYONE;
use crate::visible::has_visible_text;

/// A formatted message: a tree, never a string of HTML. The parser is on the server; components render
/// the nodes, so nothing a person types can become markup. Nesting is at most
/// [`TEXT_NESTING`](crate::limits::TEXT_NESTING), and there are at most [`TEXT_NODES`](crate::limits::TEXT_NODES)
/// blocks, items and inlines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RichText {
    /// The blocks, from top to bottom.
    pub blocks: Vec<Block>,
}

/// A part of a text that stands on lines of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// A paragraph, whose line breaks are in its plain text.
    P(Vec<Inline>),
    /// A block of code.
    Code {
        /// The language named after the opening fence, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lang: Option<String>,
        /// The code, its line breaks kept.
        text: String,
    },
    /// Quoted blocks, perhaps with quotations of their own.
    Quote(Vec<Block>),
    /// A list, whose items may have lists of their own.
    List {
        /// The number of the first item; without one the items have bullets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<u64>,
        /// The items from top to bottom, each with its blocks.
        items: Vec<Vec<Block>>,
    },
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields say it by their names")]
pub enum Inline {
    /// Plain text; its line breaks are shown.
    T(String),
    /// Emphasised text, usually shown in italics.
    Em(Vec<Inline>),
    /// Strongly emphasised text, usually shown in bold.
    Strong(Vec<Inline>),
    /// Text that is struck through as no longer valid.
    Strike(Vec<Inline>),
    /// Code within a line.
    Code(String),
    /// A link, shown as its own inlines and not as its URL.
    Link {
        /// The target: an absolute `http`, `https`, `ftp` or `mailto` URL.
        to: String,
        of: Vec<Inline>,
    },
    /// A name that tells whose it is.
    Mention {
        id: UserId,
        /// The name as it was then.
        name: String,
    },
    /// A mention of every member.
    Everyone,
}

impl RichText {
    /// Returns true if it mentions the user, by name or as one of everyone.
    #[must_use]
    pub fn mentions(&self, user: UserId) -> bool {
        any_inline(&self.blocks, &|inline| match inline {
            Inline::Mention { id, .. } => *id == user,
            Inline::Everyone => true,
            _ => false,
        })
    }

    /// A text as typed: paragraphs and line breaks, nothing else. What the page shows before the server has
    /// answered.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        let paragraphs =
            text.splitn(PLAIN_PARAGRAPHS, "\n\n").filter(|paragraph| has_visible_text(paragraph));
        let block = |paragraph: &str| Block::P(vec![Inline::T(paragraph.trim_matches('\n').to_owned())]);
        Self { blocks: paragraphs.map(block).collect() }
    }

    /// Returns true if there is anything to see.
    #[must_use]
    pub fn shows(&self) -> bool {
        let mut is_seen = false;
        self.each_text(&mut |text| is_seen = is_seen || has_visible_text(text));
        is_seen
    }

    /// Hands over the text, piece by piece, in reading order and without any markup. Line breaks part blocks and items.
    pub fn each_text(&self, take: &mut dyn FnMut(&str)) {
        texts(&self.blocks, take);
    }

    /// The text in one line, up to [`EXCERPT_CHARS`] characters, without markup: what quotes and lists show.
    #[must_use]
    pub fn excerpt(&self) -> String {
        let (mut excerpt, mut chars, mut in_word, mut is_whole) = (String::new(), 0, false, true);
        self.each_text(&mut |text| {
            for letter in text.chars() {
                if letter.is_whitespace() {
                    in_word = false;
                    continue;
                }
                let gap = usize::from(!in_word && chars > 0);
                if chars + gap >= EXCERPT_CHARS {
                    is_whole = false;
                    return;
                }
                if gap > 0 {
                    excerpt.push(' ');
                }
                excerpt.push(letter);
                chars += gap + 1;
                in_word = true;
            }
        });
        if !is_whole {
            excerpt.push('…');
        }
        excerpt
    }
}

/// More paragraphs than these of a plain text are one: each costs the page as much as a hundred letters.
const PLAIN_PARAGRAPHS: usize = 20;

fn texts(blocks: &[Block], take: &mut dyn FnMut(&str)) {
    for block in blocks {
        match block {
            Block::P(of) => inline_texts(of, take),
            Block::Code { text, .. } => take(text),
            Block::Quote(of) => texts(of, take),
            Block::List { items, .. } => items.iter().for_each(|item| texts(item, take)),
        }
        take("\n");
    }
}

fn inline_texts(of: &[Inline], take: &mut dyn FnMut(&str)) {
    for inline in of {
        match inline {
            Inline::T(text) | Inline::Code(text) => take(text),
            Inline::Em(of) | Inline::Strong(of) | Inline::Strike(of) | Inline::Link { of, .. } => {
                inline_texts(of, take);
            }
            Inline::Mention { name, .. } => {
                take("@");
                take(name);
            }
            Inline::Everyone => {
                take("@");
                take(EVERYONE);
            }
        }
    }
}

fn any_inline(blocks: &[Block], wanted: &dyn Fn(&Inline) -> bool) -> bool {
    blocks.iter().any(|block| match block {
        Block::P(inlines) => any_of(inlines, wanted),
        Block::Quote(blocks) => any_inline(blocks, wanted),
        Block::List { items, .. } => items.iter().any(|item| any_inline(item, wanted)),
        Block::Code { .. } => false,
    })
}

fn any_of(inlines: &[Inline], wanted: &dyn Fn(&Inline) -> bool) -> bool {
    inlines.iter().any(|inline| match inline {
        Inline::Em(of) | Inline::Strong(of) | Inline::Strike(of) | Inline::Link { of, .. } => {
            any_of(of, wanted)
        }
        other => wanted(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_text_keeps_its_paragraphs_and_lines() {
        let text = RichText::plain("one\ntwo\n\n\n<b>three</b>");
        assert_eq!(
            serde_json::to_string(&text).unwrap(),
            r#"[{"p":[{"t":"one\ntwo"}]},{"p":[{"t":"<b>three</b>"}]}]"#
        );
        let many = RichText::plain(&"x\n\n".repeat(4_000));
        assert_eq!(many.blocks.len(), PLAIN_PARAGRAPHS);
        assert_eq!(many.excerpt().chars().count(), EXCERPT_CHARS, "no half a word and no blank at the end");
    }

    #[test]
    fn an_excerpt_is_one_line_of_words_without_markup() {
        let said = r#"[{"p":[{"strong":[{"t":"See"}]},{"t":" this\nand "},{"mention":{"id":"0000000000000000","name":"王伟"}}]},
            {"code":{"lang":"rust","text":"let x = 1;\n"}},{"list":{"items":[[{"p":["everyone"]}]]}}]"#;
        let said: RichText = serde_json::from_str(said).unwrap();
        assert_eq!(said.excerpt(), "See this and @王伟 let x = 1; @all");
        let long = RichText::plain(&"茶".repeat(200));
        assert_eq!(long.excerpt(), "茶".repeat(EXCERPT_CHARS) + "…");
        assert_eq!(RichText::plain(&"茶".repeat(EXCERPT_CHARS)).excerpt(), "茶".repeat(EXCERPT_CHARS));
    }
}
