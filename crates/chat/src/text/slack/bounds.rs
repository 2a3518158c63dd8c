//! The bound on the nodes of a message from another program: what follows is plain text.

use wire::limits::TEXT_NODES;
use wire::{Block, Inline};

use super::source;

/// Returns blocks of which there are no more nodes than a message may have. From the first node that is too many on, the
/// rest is one paragraph of Markdown as text.
pub(super) fn bounded(blocks: Vec<Block>) -> Vec<Block> {
    // The rest takes two.
    let mut left = TEXT_NODES - 2;
    let mut kept = Vec::new();
    let mut blocks = blocks.into_iter();
    while let Some(block) = blocks.next() {
        let nodes = block_nodes(&block);
        if nodes <= left {
            left -= nodes;
            kept.push(block);
            continue;
        }
        let (mut rest, mut is_within) = (Vec::new(), false);
        match block {
            Block::P(inlines) if left > 1 => {
                left -= 1;
                let mut inlines = inlines.into_iter().peekable();
                let mut first = Vec::new();
                while let Some(inline) = inlines.next_if(|inline| inline_nodes(inline) <= left) {
                    left -= inline_nodes(&inline);
                    first.push(inline);
                }
                kept.push(Block::P(first));
                is_within = true;
                rest.push(Block::P(inlines.collect()));
            }
            other => rest.push(other),
        }
        rest.extend(blocks);
        let text = source::markdown(&rest);
        match kept.last_mut() {
            Some(Block::P(inlines)) if is_within => inlines.push(Inline::T(text)),
            _ => kept.push(Block::P(vec![Inline::T(text)])),
        }
        break;
    }
    kept
}

fn nodes(blocks: &[Block]) -> usize {
    blocks.iter().map(block_nodes).sum()
}

fn block_nodes(block: &Block) -> usize {
    1 + match block {
        Block::P(of) => of.iter().map(inline_nodes).sum(),
        Block::Code { .. } => 0,
        Block::Quote(of) => nodes(of),
        Block::List { items, .. } => items.iter().map(|item| 1 + nodes(item)).sum(),
    }
}

fn inline_nodes(inline: &Inline) -> usize {
    1 + match inline {
        Inline::Em(of) | Inline::Strong(of) | Inline::Strike(of) | Inline::Link { of, .. } => {
            of.iter().map(inline_nodes).sum()
        }
        Inline::T(_) | Inline::Code(_) | Inline::Mention { .. } | Inline::Everyone => 0,
    }
}
