//! The Markdown parser, for what people type in a chat: pulldown-cmark finds the markup, the tree decides on its meaning.

mod node;
mod tree;

use pulldown_cmark::{Event, Options, Parser};
use wire::limits::TEXT_NODES;
use wire::{RichText, has_visible_text};

use self::tree::FLAT_PIECES;
use super::pieces::Pieces;
use tree::Tree;

/// The most nodes of the formatted part. The rest has at most three for each piece and one around them, and some nodes
/// are only counted when they are closed.
const FORMATTED: usize = TEXT_NODES - 3 * FLAT_PIECES - 30;
/// The most events of the parser: some make no node.
const EVENTS: usize = 8_000;

/// Parses Markdown into a typed tree: emphasis, strong, strike, code, code blocks, links, lists and quotes.
///
/// A line break is a line break. Headings become strong paragraphs, images become links. Markup without a meaning here
/// stays as it was typed: HTML, entities, link reference definitions, rules, underlined headings, and all markup that
/// would be invisible. Beyond a number of nodes, and inside more than [`TEXT_NESTING`](wire::limits::TEXT_NESTING)
/// others, so does everything.
pub(super) fn parse(text: &str, pieces: &Pieces) -> RichText {
    let mut tree = Tree::new(pieces);
    let parser = Parser::new_ext(&pieces.marked, Options::ENABLE_STRIKETHROUGH).into_offset_iter();
    for (count, (event, range)) in parser.enumerate() {
        tree.at(range.start);
        match event {
            Event::Start(tag) => tree.open(tag, range),
            Event::End(_) => tree.close(),
            Event::Text(decoded) => tree.text(&decoded, range),
            Event::Code(code) => tree.code(&code, range),
            Event::Html(_) | Event::InlineHtml(_) => tree.typed(range),
            Event::SoftBreak | Event::HardBreak => tree.line_break(range),
            Event::Rule => tree.typed_block(range),
            Event::FootnoteReference(_)
            | Event::TaskListMarker(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_) => {}
        }
        if count > EVENTS || tree.nodes() > FORMATTED {
            return tree.finish_as_typed();
        }
    }
    let read = tree.finish();
    if !read.shows() && has_visible_text(text) { RichText::plain(text) } else { read }
}

#[cfg(test)]
mod tests;
