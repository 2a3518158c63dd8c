//! Rich text: the typed tree rendered as elements.

use leptos::prelude::*;
use wire::{Block, Inline, RichText, UserId};

/// Renders rich text: every node is rendered by a component, and user text only ever becomes text nodes.
#[component]
pub(crate) fn Rich(
    text: RichText,
    /// The viewer: their mentions stand out.
    #[prop(optional)]
    me: Option<UserId>,
) -> impl IntoView {
    view! { <div class="text" dir="auto">{blocks(text.blocks, me)}</div> }
}

fn blocks(blocks: Vec<Block>, me: Option<UserId>) -> Vec<AnyView> {
    blocks.into_iter().map(|of| block(of, me)).collect()
}

fn block(block: Block, me: Option<UserId>) -> AnyView {
    match block {
        Block::P(of) => view! { <p>{inlines(of, me)}</p> }.into_any(),
        Block::Code { text, .. } => {
            view! { <pre tabindex="0"><code dir="ltr">{text}</code></pre> }.into_any()
        }
        Block::Quote(of) => view! { <blockquote>{blocks(of, me)}</blockquote> }.into_any(),
        Block::List { start: None, items } => view! { <ul>{list_items(items, me)}</ul> }.into_any(),
        Block::List { start: Some(start), items } => {
            view! { <ol start=start.to_string()>{list_items(items, me)}</ol> }.into_any()
        }
    }
}

fn list_items(items: Vec<Vec<Block>>, me: Option<UserId>) -> Vec<AnyView> {
    items.into_iter().map(|item| view! { <li>{blocks(item, me)}</li> }.into_any()).collect()
}

fn inlines(inlines: Vec<Inline>, me: Option<UserId>) -> Vec<AnyView> {
    inlines.into_iter().map(|of| inline(of, me)).collect()
}

fn inline(inline: Inline, me: Option<UserId>) -> AnyView {
    match inline {
        Inline::T(text) => text.into_any(),
        Inline::Em(of) => view! { <em>{inlines(of, me)}</em> }.into_any(),
        Inline::Strong(of) => view! { <strong>{inlines(of, me)}</strong> }.into_any(),
        Inline::Strike(of) => view! { <s>{inlines(of, me)}</s> }.into_any(),
        Inline::Code(text) => view! { <code dir="ltr">{text}</code> }.into_any(),
        Inline::Link { to, of } => {
            view! { <a href=to rel="noopener noreferrer nofollow" target="_blank">{inlines(of, me)}</a> }
                .into_any()
        }
        Inline::Mention { id, name } if Some(id) == me => {
            view! { <strong class="mention mention-me">"@" <bdi>{name}</bdi></strong> }.into_any()
        }
        Inline::Mention { id, name } => {
            view! { <a class="mention" href=format!("/d/{id}")>"@" <bdi>{name}</bdi></a> }.into_any()
        }
        Inline::Everyone => view! { <strong class="mention mention-me">"@all"</strong> }.into_any(),
    }
}
