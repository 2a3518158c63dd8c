//! Slack's message format: the JSON payload of an incoming webhook as rich text.
//!
//! The tree is built directly and not by way of Markdown, so nothing in a payload is markup that Slack does not have.
//! Only a user who is named by `<@…>` is mentioned; a name after a bare `@` and the words for everyone are text.

mod attachments;
mod blocks;
mod bounds;
mod mrkdwn;
mod rich_text_block;
mod source;
mod surrogates;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use serde_json::Value;
use wire::limits::TEXT_BYTES;
use wire::{Block, Inline, RichText};

use super::shortcodes;

pub(crate) use self::surrogates::decode;

/// A message of a payload, formatted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SlackMessage {
    /// The text as Markdown, at most [`TEXT_BYTES`] long.
    pub(crate) text: String,
    /// The same as a tree.
    pub(crate) body: RichText,
    /// The names after `<@` for which no user was found.
    pub(crate) unknown: Vec<String>,
}

/// The reader of one payload.
struct Reader<'a> {
    /// Finds the user of a name after `<@`.
    user: &'a dyn Fn(&str) -> Option<Inline>,
    /// The bytes of text that it may still take.
    left: Cell<usize>,
    /// True if a text was longer than that.
    is_cut: Cell<bool>,
    unknown: RefCell<Vec<String>>,
}

/// The end of a text that was cut.
const CUT: &str = "…";
/// The most names that are looked up.
const MENTIONS: usize = 100;

/// Parses the object of a payload: its `blocks`, or else its `text`, which beside blocks is only what a notification says;
/// then its `attachments`; or, if there is nothing of them, the `title` and the `message` of Grafana's own webhooks. What is
/// longer than a message may be is cut, and ends with `…`.
pub(crate) fn read(payload: &Value, user: &dyn Fn(&str) -> Option<Inline>) -> SlackMessage {
    let left = Cell::new(TEXT_BYTES - CUT.len());
    let reader = Reader { user, left, is_cut: Cell::new(false), unknown: RefCell::default() };
    let is_plain = payload["mrkdwn"] == Value::Bool(false);
    let mut all = reader.blocks(&payload["blocks"]);
    if !shows(&all) {
        all = match payload["text"].as_str() {
            Some(text) if is_plain => reader.plain_blocks(&mrkdwn::without_entities(text)),
            Some(text) => reader.mrkdwn_blocks(text),
            None => Vec::new(),
        };
    }
    all.extend(reader.attachments(&payload["attachments"]));
    if !shows(&all) {
        all = reader.alert(payload);
    }
    if reader.is_cut.get() {
        mark_cut(&mut all);
    }
    let mut body = RichText { blocks: bounds::bounded(all) };
    shortcodes::replace(&mut body);
    let text = cut(source::markdown(&body.blocks));
    SlackMessage { text, body, unknown: reader.unknown.into_inner() }
}

impl Reader<'_> {
    /// Takes a text, or what there is room for.
    fn take<'t>(&self, text: &'t str) -> &'t str {
        let end = floor(text, self.left.get());
        if end < text.len() {
            self.is_cut.set(true);
            self.left.set(0);
        } else {
            self.left.set(self.left.get() - end);
        }
        &text[..end]
    }

    /// Returns the mention of a user, or the name as text.
    fn mention(&self, name: &str, label: Option<&str>) -> Inline {
        let mut unknown = self.unknown.borrow_mut();
        if let Some(mention) = [Some(name), label].into_iter().flatten().find_map(|name| (self.user)(name)) {
            return mention;
        }
        if unknown.len() < MENTIONS {
            unknown.push(name.to_owned());
        }
        Inline::T(format!("@{}", label.unwrap_or(name).trim_start_matches('@')))
    }

    /// Returns the paragraphs of a text without markup.
    fn plain_blocks(&self, text: &str) -> Vec<Block> {
        let text = normal(self.take(text));
        let paragraphs = text.split("\n\n").map(|paragraph| paragraph.trim_matches('\n'));
        let shown = paragraphs.filter(|paragraph| !paragraph.is_empty());
        shown.map(|paragraph| Block::P(vec![Inline::T(paragraph.to_owned())])).collect()
    }

    /// Returns the blocks of a text with Slack's markup.
    fn mrkdwn_blocks(&self, text: &str) -> Vec<Block> {
        mrkdwn::blocks(&normal(self.take(text)), &|name, label| self.mention(name, label))
    }

    /// Returns the blocks of an alert in the format of Grafana's contact point *Webhook*, whose texts have no markup.
    fn alert(&self, payload: &Value) -> Vec<Block> {
        let text = |field: &str| payload[field].as_str().filter(|text| !text.trim().is_empty());
        let title = text("title").map(|title| Inline::T(self.plain(title)));
        let mut blocks: Vec<_> =
            title.map(|title| Block::P(vec![Inline::Strong(vec![title])])).into_iter().collect();
        blocks.extend(text("message").map_or_else(Vec::new, |message| self.plain_blocks(message)));
        blocks
    }

    /// Returns a text with Slack's markup within a line.
    fn mrkdwn_inlines(&self, text: &str) -> Vec<Inline> {
        mrkdwn::inlines(&normal(self.take(text)), &|name, label| self.mention(name, label))
    }

    /// Returns a text without markup.
    fn plain(&self, text: &str) -> String {
        normal(self.take(text)).into_owned()
    }

    /// Returns a link, or its label if it leads to no address.
    fn link(&self, to: &str, label: &str) -> Inline {
        let (to, label) = (self.plain(to), self.plain(label));
        let label = if label.is_empty() { &to } else { &label };
        mrkdwn::link(&to, label).unwrap_or_else(|| Inline::T(mrkdwn::without_entities(label)))
    }
}

/// Returns a text with one kind of line break, and no control characters but tabs.
fn normal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return text.into();
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect::<String>().into()
}

/// Returns true if there is anything to see.
fn shows(blocks: &[Block]) -> bool {
    RichText { blocks: blocks.to_vec() }.shows()
}

/// Marks that something is missing at the end.
fn mark_cut(blocks: &mut Vec<Block>) {
    if let Some(Block::P(inlines)) = blocks.last_mut() {
        inlines.push(Inline::T(CUT.into()));
    } else {
        blocks.push(Block::P(vec![Inline::T(CUT.into())]));
    }
}

/// Cuts a text that is too long. Marks of Markdown may be longer than those of Slack.
fn cut(mut text: String) -> String {
    if text.len() > TEXT_BYTES {
        text.truncate(floor(&text, TEXT_BYTES - CUT.len()));
        text.push_str(CUT);
    }
    text
}

/// Returns the last place up to `most` at which a character of a text begins or ends.
fn floor(text: &str, most: usize) -> usize {
    let most = most.min(text.len());
    (0..=most).rev().find(|place| text.is_char_boundary(*place)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
