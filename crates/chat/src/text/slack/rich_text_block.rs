//! The block `rich_text` of Slack's message format: a tree of its own, as Slack's editor writes it.

use serde_json::Value;
use wire::{Block, Inline};

use super::Reader;

/// The most elements that are read of one; a message has fewer nodes.
const ELEMENTS: usize = 1_000;

impl Reader<'_> {
    /// Returns the blocks of its elements: sections, lists, quotes and code.
    pub(super) fn rich_text_block(&self, elements: &Value) -> Vec<Block> {
        let mut blocks = Vec::new();
        for element in list(elements) {
            let inlines = || self.elements(&element["elements"]);
            blocks.extend(match element["type"].as_str().unwrap_or_default() {
                "rich_text_section" => Some(Block::P(inlines())),
                "rich_text_quote" => Some(Block::Quote(vec![Block::P(inlines())])),
                "rich_text_preformatted" => {
                    let text = list(&element["elements"]).map(|part| self.plain(shown(part)));
                    Some(Block::Code { lang: None, text: format!("{}\n", text.collect::<String>()) })
                }
                "rich_text_list" => {
                    let is_ordered = element["style"] == "ordered";
                    let before = element["offset"].as_u64().unwrap_or_default();
                    let items = list(&element["elements"]).map(|item| self.rich_text_item(item));
                    let start = is_ordered.then_some(before.saturating_add(1));
                    Some(Block::List { start, items: items.collect() })
                }
                _ => None,
            });
        }
        blocks.retain(|block| !matches!(block, Block::P(of) if of.is_empty()));
        blocks
    }

    fn rich_text_item(&self, item: &Value) -> Vec<Block> {
        vec![Block::P(self.elements(&item["elements"]))]
    }

    fn elements(&self, elements: &Value) -> Vec<Inline> {
        list(elements).filter_map(|element| self.element(element)).collect()
    }

    fn element(&self, element: &Value) -> Option<Inline> {
        let text = |field: &str| element[field].as_str().unwrap_or_default();
        let inline = match text("type") {
            "text" if element["style"]["code"] == true => Inline::Code(self.plain(text("text"))),
            "text" => Inline::T(self.plain(text("text"))),
            "link" => self.link(text("url"), text("text")),
            "emoji" => Inline::T(format!(":{}:", self.plain(text("name")))),
            "user" => self.mention(&self.plain(text("user_id")), None),
            "usergroup" => Inline::T(format!("@{}", self.plain(text("usergroup_id")))),
            "broadcast" => Inline::T(format!("@{}", self.plain(text("range")))),
            "channel" => Inline::T(format!("#{}", self.plain(text("channel_id")))),
            "date" => Inline::T(self.plain(text("fallback"))),
            "color" => Inline::T(self.plain(text("value"))),
            _ => return None,
        };
        if matches!(&inline, Inline::T(text) | Inline::Code(text) if text.is_empty()) {
            return None;
        }
        let is = |style: &str| element["style"][style] == true;
        let inline = if is("strike") { Inline::Strike(vec![inline]) } else { inline };
        let inline = if is("italic") { Inline::Em(vec![inline]) } else { inline };
        Some(if is("bold") { Inline::Strong(vec![inline]) } else { inline })
    }
}

fn list(elements: &Value) -> impl Iterator<Item = &Value> {
    elements.as_array().into_iter().flatten().take(ELEMENTS)
}

/// Returns the text of an element of code.
fn shown(element: &Value) -> &str {
    element["text"].as_str().or(element["url"].as_str()).unwrap_or_default()
}
