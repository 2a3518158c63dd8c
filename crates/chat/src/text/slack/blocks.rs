//! Blocks of Slack's message format (Block Kit), as far as they show something.

use serde_json::Value;
use wire::{Block, Inline};

use super::Reader;
use crate::text::{self, Named};

/// The most blocks that are read, and the most parts of one; Slack has 50 of them.
const BLOCKS: usize = 100;

impl Reader<'_> {
    /// Returns the blocks of a list of blocks. Those that show nothing, or that this version does not know, are passed
    /// over.
    pub(super) fn blocks(&self, blocks: &Value) -> Vec<Block> {
        let all = blocks.as_array().into_iter().flatten().take(BLOCKS);
        all.flat_map(|block| self.block(block)).collect()
    }

    fn block(&self, block: &Value) -> Vec<Block> {
        let parts = |field: &str| block[field].as_array().into_iter().flatten().take(BLOCKS);
        match block["type"].as_str().unwrap_or_default() {
            "header" => {
                let header = self.plain(text_of(&block["text"]));
                paragraph(
                    Some(header)
                        .filter(|header| !header.is_empty())
                        .map(|header| Inline::Strong(vec![Inline::T(header)])),
                )
            }
            "section" => {
                let mut shown = self.text_object(&block["text"]);
                shown.extend(parts("fields").flat_map(|field| self.text_object(field)));
                shown
            }
            "context" => {
                let mut inlines = Vec::new();
                for element in parts("elements") {
                    let part = match element["type"].as_str() {
                        Some("image") => vec![Inline::T(self.plain(text_of(&element["alt_text"])))],
                        Some("plain_text") => vec![Inline::T(self.plain(text_of(element)))],
                        _ => self.mrkdwn_inlines(text_of(element)),
                    };
                    if !inlines.is_empty() && !part.is_empty() {
                        inlines.push(Inline::T(" ".into()));
                    }
                    inlines.extend(part);
                }
                paragraph(inlines)
            }
            "image" => {
                let title = [&block["title"], &block["alt_text"]].map(text_of);
                let title = title.into_iter().find(|title| !title.is_empty()).unwrap_or_default();
                paragraph(block["image_url"].as_str().map(|image| self.link(image, title)))
            }
            "video" => {
                let to = block["title_url"].as_str().or(block["video_url"].as_str()).unwrap_or_default();
                paragraph([self.link(to, text_of(&block["title"]))])
            }
            "actions" => self.link_buttons(&block["elements"]),
            "markdown" => text::read(&self.plain(text_of(&block["text"])), &Named::default()).blocks,
            "rich_text" => self.rich_text_block(&block["elements"]),
            _ => Vec::new(),
        }
    }

    /// Returns the buttons of a list that are links, each in a paragraph.
    pub(super) fn link_buttons(&self, buttons: &Value) -> Vec<Block> {
        let buttons = buttons.as_array().into_iter().flatten().take(BLOCKS);
        let with_url = buttons.filter_map(|button| Some((button, button["url"].as_str()?)));
        let links = with_url.map(|(button, url)| self.link(url, text_of(&button["text"])));
        links.flat_map(|link| paragraph([link])).collect()
    }

    /// Returns the blocks of a text object, which says if it has markup.
    fn text_object(&self, object: &Value) -> Vec<Block> {
        match object["type"].as_str() {
            Some("plain_text") => self.plain_blocks(text_of(object)),
            _ => self.mrkdwn_blocks(text_of(object)),
        }
    }
}

/// Returns the text of a text object, or a text that stands where one should.
fn text_of(object: &Value) -> &str {
    object.as_str().or(object["text"].as_str()).unwrap_or_default()
}

fn paragraph(inlines: impl IntoIterator<Item = Inline>) -> Vec<Block> {
    let inlines: Vec<Inline> = inlines.into_iter().collect();
    if inlines.is_empty() { Vec::new() } else { vec![Block::P(inlines)] }
}
