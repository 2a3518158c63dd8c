use leptos::prelude::*;
use wire::{Block, Inline, RichText};

/// Shows a typed text: every node is a component's, and what people typed only ever becomes text.
#[component]
pub(crate) fn Rich(text: RichText) -> impl IntoView {
    view! { <div class="text" dir="auto">{blocks(text.blocks)}</div> }
}

fn blocks(blocks: Vec<Block>) -> Vec<AnyView> {
    blocks.into_iter().map(block).collect()
}

fn block(block: Block) -> AnyView {
    match block {
        Block::P(of) => view! { <p>{inlines(of)}</p> }.into_any(),
        Block::Code { text, .. } => {
            view! { <pre tabindex="0"><code dir="ltr">{text}</code></pre> }.into_any()
        }
        Block::Quote(of) => view! { <blockquote>{blocks(of)}</blockquote> }.into_any(),
        Block::List { start: None, items } => view! { <ul>{list_items(items)}</ul> }.into_any(),
        Block::List { start: Some(start), items } => {
            view! { <ol start=start.to_string()>{list_items(items)}</ol> }.into_any()
        }
    }
}

fn list_items(items: Vec<Vec<Block>>) -> Vec<AnyView> {
    items.into_iter().map(|item| view! { <li>{blocks(item)}</li> }.into_any()).collect()
}

fn inlines(inlines: Vec<Inline>) -> Vec<AnyView> {
    inlines.into_iter().map(inline).collect()
}

fn inline(inline: Inline) -> AnyView {
    match inline {
        Inline::T(text) => text.into_any(),
        Inline::Em(of) => view! { <em>{inlines(of)}</em> }.into_any(),
        Inline::Strong(of) => view! { <strong>{inlines(of)}</strong> }.into_any(),
        Inline::Strike(of) => view! { <s>{inlines(of)}</s> }.into_any(),
        Inline::Code(text) => view! { <code dir="ltr">{text}</code> }.into_any(),
        Inline::Link { to, of } => {
            view! { <a href=to rel="noopener noreferrer nofollow" target="_blank">{inlines(of)}</a> }
                .into_any()
        }
        Inline::Br => view! { <br/> }.into_any(),
    }
}
