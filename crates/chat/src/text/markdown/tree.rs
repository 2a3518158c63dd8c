//! The typed tree of a text: built from the events of the Markdown parser.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Tag};
use wire::limits::TEXT_NESTING;
use wire::{Block, Inline, RichText, has_visible_text};

use super::node::{Node, Wrap};
use crate::text::addresses;
use crate::text::pieces::{Kind, Piece, Pieces, TextPart};

/// The most addresses and mentions of a text that is shown as it was typed.
pub(super) const FLAT_PIECES: usize = 40;

/// The tree under construction: the open nodes, the root first.
pub(super) struct Tree<'a> {
    pieces: &'a Pieces,
    open: Vec<Node>,
    /// The number of blocks, items and inlines, with the open ones.
    nodes: usize,
    /// The numbers of open nodes that are links and that show their source.
    links: usize,
    typed: usize,
    /// The start of the current block of the root in the source, and the number of blocks before it.
    block: usize,
    done: usize,
}

impl<'a> Tree<'a> {
    pub(super) fn new(pieces: &'a Pieces) -> Self {
        Self { pieces, open: vec![Node::root()], nodes: 0, links: 0, typed: 0, block: 0, done: 0 }
    }

    pub(super) const fn nodes(&self) -> usize {
        self.nodes
    }

    /// Records the start of the next event.
    pub(super) fn at(&mut self, place: usize) {
        if self.open.len() == 1 {
            self.block = place;
            self.done = self.top().blocks.len();
        }
    }

    pub(super) fn open(&mut self, tag: Tag<'_>, range: Range<usize>) {
        let wrap = self.wrap(tag, range.clone());
        // A block inside an item without paragraphs ends the line of text before it.
        if wrap.is_block() {
            self.settle();
        }
        self.links += usize::from(matches!(wrap, Wrap::Link { .. }));
        self.nodes += usize::from(self.typed == 0);
        self.typed += usize::from(wrap.is_typed());
        self.open.push(Node::new(wrap, range));
    }

    fn wrap(&self, tag: Tag<'_>, range: Range<usize>) -> Wrap {
        let is_deep = self.open.len() > TEXT_NESTING;
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => Wrap::Paragraph,
            Tag::Heading { .. } => Wrap::Heading,
            Tag::CodeBlock(CodeBlockKind::Fenced(_)) => Wrap::Code(self.fence_info(range)),
            Tag::CodeBlock(CodeBlockKind::Indented) => Wrap::Code(String::new()),
            Tag::Item => Wrap::Item,
            Tag::BlockQuote(_) | Tag::List(_) if is_deep => Wrap::TypedBlock,
            Tag::BlockQuote(_) => Wrap::Quote,
            Tag::List(start) => Wrap::List(start),
            _ if is_deep => Wrap::Typed,
            Tag::Emphasis => Wrap::Em,
            Tag::Strong => Wrap::Strong,
            Tag::Strikethrough => Wrap::Strike,
            // A link within a link is invalid HTML: a browser would take the page apart.
            Tag::Link { .. } | Tag::Image { .. } if self.links > 0 => Wrap::None,
            Tag::Link { dest_url, title, .. } | Tag::Image { dest_url, title, .. } => {
                let (to, title) = (self.pieces.target(&dest_url), self.pieces.typed(&title));
                if addresses::is_safe(&to) { Wrap::Link { to, title } } else { Wrap::Typed }
            }
            _ => Wrap::Typed,
        }
    }

    pub(super) fn close(&mut self) {
        if self.open.len() == 1 {
            return;
        }
        if matches!(self.top().wrap, Wrap::Paragraph | Wrap::Quote | Wrap::Item) {
            self.settle();
        }
        let Some(Node { wrap, range, mut blocks, mut inlines, items, seen }) = self.open.pop() else {
            return;
        };
        self.links -= usize::from(matches!(wrap, Wrap::Link { .. }));
        self.typed -= usize::from(wrap.is_typed());
        if self.typed > 0 {
            return;
        }
        self.top().seen |= seen;
        match wrap {
            Wrap::None => self.top().inlines.append(&mut inlines),
            Wrap::Paragraph => self.top().blocks.append(&mut blocks),
            Wrap::Item => self.top().items.push(blocks),
            Wrap::TypedBlock => self.typed_block(range),
            Wrap::Typed => self.typed(range),
            // Markup around nothing is itself the visible text, and so is markup around that.
            _ if !seen => {
                let was_seen = self.top().seen;
                if wrap.is_block() {
                    self.typed_block(range);
                } else {
                    self.typed(range);
                }
                self.top().seen = was_seen;
            }
            Wrap::Heading => self.heading(range, inlines),
            Wrap::Quote => self.block(Block::Quote(blocks)),
            Wrap::List(start) => self.block(Block::List { start, items }),
            Wrap::Code(info) => self.block(code_block(&info, inlines)),
            Wrap::Em => self.top().inlines.push(Inline::Em(inlines)),
            Wrap::Strong => self.top().inlines.push(Inline::Strong(inlines)),
            Wrap::Strike => self.top().inlines.push(Inline::Strike(inlines)),
            Wrap::Link { to, title } => {
                self.top().inlines.push(Inline::Link { to, of: inlines });
                if !title.is_empty() {
                    self.literal(&format!(" \"{title}\""));
                }
            }
        }
    }

    /// Adds text, where `decoded` is the parser's reading of the source.
    pub(super) fn text(&mut self, decoded: &str, range: Range<usize>) {
        let source = self.source(range);
        if matches!(self.top().wrap, Wrap::Code(_)) {
            let code = self.pieces.typed(decoded);
            self.literal(&code);
        } else if source.starts_with('&') && source.ends_with(';') {
            // An entity stays as it was typed, like HTML.
            self.pieced(source, usize::MAX);
        } else {
            self.pieced(decoded, usize::MAX);
        }
    }

    pub(super) fn code(&mut self, code: &str, range: Range<usize>) {
        let code = self.pieces.typed(code);
        if has_visible_text(&code) { self.leaf(Inline::Code(code)) } else { self.typed(range) }
    }

    pub(super) fn line_break(&mut self, range: Range<usize>) {
        // Without the backslash the line would break as well.
        self.literal(if self.source(range).starts_with('\\') { "\\\n" } else { "\n" });
    }

    /// Adds the source of a range, with its addresses and mentions.
    pub(super) fn typed(&mut self, range: Range<usize>) {
        self.pieced(self.source(range), usize::MAX);
    }

    pub(super) fn typed_block(&mut self, range: Range<usize>) {
        self.settle();
        self.pieced(self.source(range).trim_end(), usize::MAX);
        self.settle();
    }

    pub(super) fn finish(mut self) -> RichText {
        while self.open.len() > 1 {
            self.close();
        }
        self.settle();
        RichText { blocks: std::mem::take(&mut self.top().blocks) }
    }

    /// Ends with the current block and everything after it as it was typed.
    pub(super) fn finish_as_typed(mut self) -> RichText {
        self.open.truncate(1);
        self.typed = 0;
        self.links = 0;
        let done = self.done;
        let top = self.top();
        top.blocks.truncate(done);
        top.inlines.clear();
        self.pieced(self.source(self.block..self.pieces.marked.len()), FLAT_PIECES);
        self.finish()
    }

    /// Adds text with its pieces; beyond a number of them they are text too.
    fn pieced(&mut self, text: &str, most: usize) {
        let mut left = most;
        for part in self.pieces.parts(text) {
            match part {
                TextPart::Text(text) => self.literal(&text),
                TextPart::Piece(Piece { typed, kind }) => match kind {
                    Kind::Link { shown, to } if self.links == 0 && left > 0 => {
                        left -= 1;
                        self.nodes += 1;
                        self.leaf(Inline::Link { to: to.clone(), of: vec![Inline::T(shown.clone())] });
                    }
                    Kind::Mention(mention) if self.links == 0 && left > 0 => {
                        left -= 1;
                        self.leaf(mention.clone());
                    }
                    _ => self.literal(typed),
                },
            }
        }
    }

    fn leaf(&mut self, inline: Inline) {
        if self.typed == 0 {
            self.nodes += 1;
            let top = self.top();
            top.inlines.push(inline);
            top.seen = true;
        }
    }

    /// Adds text as it is, joined to the text before it, so that a line is one node.
    fn literal(&mut self, text: &str) {
        if text.is_empty() || self.typed > 0 {
            return;
        }
        let top = self.top();
        top.seen = top.seen || has_visible_text(text);
        if let Some(Inline::T(last)) = top.inlines.last_mut() {
            last.push_str(text);
        } else {
            top.inlines.push(Inline::T(text.to_owned()));
            self.nodes += 1;
        }
    }

    /// Adds a heading: with number signs it is strong; underlined it keeps its dashes.
    fn heading(&mut self, range: Range<usize>, mut inlines: Vec<Inline>) {
        let source = self.source(range).trim_end();
        if source.contains('\n') {
            let mark = if source.ends_with('=') { '=' } else { '-' };
            let line = &source[source.trim_end_matches(mark).len()..];
            inlines.push(Inline::T(format!("\n{line}")));
        } else {
            inlines = vec![Inline::Strong(inlines)];
        }
        self.block(Block::P(inlines));
    }

    fn block(&mut self, block: Block) {
        self.settle();
        self.top().blocks.push(block);
    }

    /// Wraps loose text in a paragraph.
    fn settle(&mut self) {
        let top = self.top();
        if let Some(Inline::T(last)) = top.inlines.last_mut() {
            last.truncate(last.trim_end_matches('\n').len());
            if last.is_empty() {
                top.inlines.pop();
            }
        }
        if !top.inlines.is_empty() {
            let inlines = std::mem::take(&mut top.inlines);
            top.blocks.push(Block::P(inlines));
            self.nodes += 1;
        }
    }

    /// Returns the info string of a fenced code block.
    fn fence_info(&self, range: Range<usize>) -> String {
        let line = self.source(range).lines().next().unwrap_or_default();
        let fence = line.chars().next().unwrap_or_default();
        self.pieces.typed(line.trim_start_matches(fence).trim())
    }

    fn source(&self, range: Range<usize>) -> &'a str {
        self.pieces.marked.get(range).unwrap_or_default()
    }

    fn top(&mut self) -> &mut Node {
        if self.open.is_empty() {
            self.open.push(Node::root());
        }
        let last = self.open.len() - 1;
        &mut self.open[last]
    }
}

/// Returns a block of code. One word after the fence is its language, more of them are its first line.
fn code_block(info: &str, inlines: Vec<Inline>) -> Block {
    let is_language =
        info.len() <= 32 && info.chars().all(|c| c.is_ascii_alphanumeric() || "+-#._".contains(c));
    let mut text = if is_language { String::new() } else { format!("{info}\n") };
    for inline in inlines {
        if let Inline::T(code) = inline {
            text.push_str(&code);
        }
    }
    Block::Code { lang: Some(info.to_owned()).filter(|info| is_language && !info.is_empty()), text }
}
