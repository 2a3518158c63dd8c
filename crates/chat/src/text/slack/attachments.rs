//! Attachments of Slack's message format: how most monitoring tools send their alerts.

use serde_json::Value;
use wire::{Block, Inline};

use super::mrkdwn::without_entities;
use super::{Reader, shows};

/// The most attachments that are read, and the most fields of one; Slack has as many.
const ATTACHMENTS: usize = 100;

impl Reader<'_> {
    /// Returns the blocks of a list of attachments.
    pub(super) fn attachments(&self, attachments: &Value) -> Vec<Block> {
        let all = attachments.as_array().into_iter().flatten().take(ATTACHMENTS);
        all.flat_map(|attachment| self.attachment(attachment)).collect()
    }

    /// Returns the blocks of one attachment; if it has nothing else to show, its fallback.
    fn attachment(&self, attachment: &Value) -> Vec<Block> {
        let text = |field: &str| attachment[field].as_str().filter(|text| !text.is_empty());
        let mut blocks = text("pretext").map_or_else(Vec::new, |pretext| self.mrkdwn_blocks(pretext));
        if let Some(author) = text("author_name") {
            blocks.push(Block::P(vec![self.link(text("author_link").unwrap_or_default(), author)]));
        }
        if let Some(title) = text("title") {
            let title = self.link(text("title_link").unwrap_or_default(), title);
            blocks.push(Block::P(vec![Inline::Strong(vec![title])]));
        }
        blocks.extend(text("text").map_or_else(Vec::new, |text| self.mrkdwn_blocks(text)));
        let fields = attachment["fields"].as_array().into_iter().flatten().take(ATTACHMENTS);
        blocks.extend(fields.filter_map(|field| self.field(field)));
        blocks.extend(self.blocks(&attachment["blocks"]));
        if let Some(image) = text("image_url") {
            blocks.push(Block::P(vec![self.link(image, "")]));
        }
        blocks.extend(self.link_buttons(&attachment["actions"]));
        match text("fallback") {
            Some(fallback) if !shows(&blocks) => self.mrkdwn_blocks(fallback),
            _ => blocks,
        }
    }

    /// Returns a field: its title, and its value below.
    fn field(&self, field: &Value) -> Option<Block> {
        let title =
            field["title"].as_str().map(|title| without_entities(&self.plain(title))).unwrap_or_default();
        let value = match &field["value"] {
            Value::String(value) => self.mrkdwn_inlines(value),
            value @ (Value::Number(_) | Value::Bool(_)) => vec![Inline::T(self.plain(&value.to_string()))],
            _ => Vec::new(),
        };
        let mut inlines = Vec::new();
        if !title.is_empty() {
            inlines.push(Inline::Strong(vec![Inline::T(title)]));
        }
        if !inlines.is_empty() && !value.is_empty() {
            inlines.push(Inline::T("\n".into()));
        }
        inlines.extend(value);
        (!inlines.is_empty()).then_some(Block::P(inlines))
    }
}
