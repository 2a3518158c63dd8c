//! Open nodes of the tree: those whose end is not parsed yet.

use std::ops::Range;

use wire::{Block, Inline};

/// An open node, with the content that has been read.
pub(super) struct Node {
    pub(super) wrap: Wrap,
    /// The range in the source.
    pub(super) range: Range<usize>,
    pub(super) blocks: Vec<Block>,
    pub(super) inlines: Vec<Inline>,
    pub(super) items: Vec<Vec<Block>>,
    /// True if any of its content is visible.
    pub(super) seen: bool,
}

/// The kind of a node, which decides how it wraps its children.
pub(super) enum Wrap {
    /// Adds them to its parent as they are.
    None,
    /// Adds its source instead.
    Typed,
    /// As [`Wrap::Typed`], on lines of its own.
    TypedBlock,
    Paragraph,
    Heading,
    Quote,
    /// A block of code, with the info string after the opening fence.
    Code(String),
    List(Option<u64>),
    Item,
    Em,
    Strong,
    Strike,
    Link {
        to: String,
        title: String,
    },
}

impl Node {
    pub(super) const fn root() -> Self {
        Self::new(Wrap::None, 0..0)
    }

    pub(super) const fn new(wrap: Wrap, range: Range<usize>) -> Self {
        Self { wrap, range, blocks: Vec::new(), inlines: Vec::new(), items: Vec::new(), seen: false }
    }
}

impl Wrap {
    /// Returns true for a block, which has lines of its own.
    pub(super) const fn is_block(&self) -> bool {
        matches!(
            self,
            Self::Paragraph | Self::Heading | Self::Quote | Self::Code(_) | Self::List(_) | Self::TypedBlock
        )
    }

    pub(super) const fn is_typed(&self) -> bool {
        matches!(self, Self::Typed | Self::TypedBlock)
    }
}
