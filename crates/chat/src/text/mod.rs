//! The meaning of a message: the pipeline from typed text to the typed tree.
//!
//! Addresses and mentions are found first and are opaque to every later step; then the Markdown around them is
//! parsed; then the names of emoji become emoji. All of it is pure.

mod addresses;
pub(crate) mod emoji;
mod markdown;
mod mentions;
mod pieces;
pub(crate) mod shortcodes;
pub(crate) mod slack;
mod words;

use wire::{Block, Inline, RichText};

pub(crate) use mentions::Named;
use pieces::Pieces;
pub(crate) use words::is_unspaced;

use crate::ports::store::Mentions;

/// Parses a text. Mentions of `named` users are in the tree.
pub(crate) fn read(text: &str, named: &Named) -> RichText {
    let mut said = markdown::parse(text, &Pieces::of(text, named));
    shortcodes::replace(&mut said);
    said
}

/// Returns true if a text may mention somebody.
pub(crate) fn may_mention(text: &str) -> bool {
    text.contains(['@', '＠', '﹫'])
}

/// Returns the users that a text mentions.
pub(crate) fn mentions(said: &RichText) -> Mentions {
    let mut found = Mentions::default();
    in_blocks(&said.blocks, &mut found);
    found
}

fn in_blocks(blocks: &[Block], found: &mut Mentions) {
    for block in blocks {
        match block {
            Block::P(of) => in_inlines(of, found),
            Block::Quote(of) => in_blocks(of, found),
            Block::List { items, .. } => items.iter().for_each(|item| in_blocks(item, found)),
            Block::Code { .. } => {}
        }
    }
}

fn in_inlines(inlines: &[Inline], found: &mut Mentions) {
    for inline in inlines {
        match inline {
            Inline::Em(of) | Inline::Strong(of) | Inline::Strike(of) | Inline::Link { of, .. } => {
                in_inlines(of, found);
            }
            Inline::Mention { id, .. } if !found.people.contains(id) => found.people.push(*id),
            Inline::Everyone => found.everyone = true,
            Inline::Mention { .. } | Inline::T(_) | Inline::Code(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
