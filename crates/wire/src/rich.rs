use serde::{Deserialize, Serialize};

use crate::id::UserId;

/// What a message means: a tree, never a string of HTML. The parser stands on the server; components render
/// the nodes, so nothing a person types can become markup. Nesting is at most
/// [`TEXT_NESTING`](crate::limits::TEXT_NESTING).
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
    /// A paragraph.
    P(Vec<Inline>),
    /// A block of code.
    Code {
        /// The language named after the opening fence, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lang: Option<String>,
        /// The code, its line breaks kept.
        text: String,
    },
    /// A quotation.
    Quote(Vec<Block>),
    /// A list.
    List {
        /// The number of the first item; without one the items have bullets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<u64>,
        /// The items.
        items: Vec<Vec<Block>>,
    },
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inline {
    /// Plain text.
    T(String),
    /// Emphasis.
    Em(Vec<Inline>),
    /// Strong emphasis.
    Strong(Vec<Inline>),
    /// Struck through.
    Strike(Vec<Inline>),
    /// Code within a line.
    Code(String),
    /// A link.
    Link {
        /// Where to: an absolute `http`, `https` or `mailto` URL.
        to: String,
        /// What it shows.
        of: Vec<Inline>,
    },
    /// A name that tells whose it is.
    Mention {
        /// Whose.
        id: UserId,
        /// The name as it was then.
        name: String,
    },
    /// A mention of every member.
    Everyone,
    /// A line break.
    Br,
}

impl RichText {
    /// Whether it mentions somebody, by name or as one of all.
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
        let blocks = text
            .split("\n\n")
            .filter(|paragraph| !paragraph.trim().is_empty())
            .map(|paragraph| {
                let mut inlines = Vec::new();
                for (place, line) in paragraph.trim_matches('\n').split('\n').enumerate() {
                    if place > 0 {
                        inlines.push(Inline::Br);
                    }
                    inlines.push(Inline::T(line.to_owned()));
                }
                Block::P(inlines)
            })
            .collect();
        Self { blocks }
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
            r#"[{"p":[{"t":"one"},"br",{"t":"two"}]},{"p":[{"t":"<b>three</b>"}]}]"#
        );
    }
}
