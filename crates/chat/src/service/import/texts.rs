//! The texts of an archive as Markdown and as rich text.

use std::collections::HashMap;

use archive::{Format, Text};
use serde_json::Value;
use wire::limits::TEXT_BYTES;
use wire::{Inline, Member, Person, RichText};

use super::importer::Importer;
use crate::service::compose::tidy;
use crate::service::error::Error;
use crate::text::slack;

/// The most users of a text who are looked up.
const NAMES: usize = 100;

impl Importer<'_> {
    /// Returns a text in parts that each fit into a message; none if nothing in it shows.
    pub(super) async fn parts(
        &mut self,
        text: Text,
        links: &str,
        members: &[Member],
    ) -> Result<Vec<(String, RichText)>, Error> {
        let mut parts = Vec::new();
        match text {
            Text::Markdown(text) => {
                let text =
                    if self.format == Format::Mattermost { self.with_names(&text).await? } else { text };
                for part in split(&format!("{text}{links}")) {
                    self.markdown(part, members, &mut parts).await?;
                }
            }
            Text::Slack(payload) => {
                let whole = payload["text"].as_str().unwrap_or_default().to_owned();
                let named = self.named(&whole, "<@").await?;
                for (number, part) in split(&whole).into_iter().enumerate() {
                    // Blocks and attachments stand with the first part.
                    let mut payload =
                        if number == 0 { payload.clone() } else { Value::Object(serde_json::Map::new()) };
                    payload["text"] = part.into();
                    let user = |id: &str| named.get(id).map(mention);
                    let read = slack::read(&payload, &user);
                    if read.body.shows() {
                        parts.push((read.text, read.body));
                    }
                }
                for part in split(links) {
                    self.markdown(part, &[], &mut parts).await?;
                }
            }
        }
        Ok(parts)
    }

    async fn markdown(
        &self,
        part: &str,
        members: &[Member],
        parts: &mut Vec<(String, RichText)>,
    ) -> Result<(), Error> {
        let Ok(text) = tidy(part) else { return Ok(()) };
        let members = if crate::text::may_mention(&text) { members.to_vec() } else { Vec::new() };
        let (body, _) = self.chat.read_text_among(members, false, &text).await?;
        parts.push((text, body));
        Ok(())
    }

    /// Returns a text of Mattermost, in which `@name` is the user name, with the names that are shown here.
    async fn with_names(&mut self, text: &str) -> Result<String, Error> {
        let named = self.named(text, "@").await?;
        let mut done = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('@') {
            done.push_str(before);
            done.push('@');
            let name = name_at(after);
            match named.get(name) {
                Some(person) if !ends_in_word(before) => done.push_str(person.name.as_str()),
                _ => done.push_str(name),
            }
            rest = &after[name.len()..];
        }
        done.push_str(rest);
        Ok(done)
    }

    /// Returns the users whose ids stand behind a mark in a text.
    async fn named(&mut self, text: &str, mark: &str) -> Result<HashMap<String, Person>, Error> {
        let mut named = HashMap::new();
        for after in text.split(mark).skip(1).take(NAMES) {
            let name = name_at(after);
            if !name.is_empty()
                && !named.contains_key(name)
                && let Some(person) = self.people.person(self.chat, name).await?
            {
                named.insert(name.to_owned(), person);
            }
        }
        Ok(named)
    }
}

/// Returns true if a text may need several messages.
pub(super) fn is_long(text: &Text) -> bool {
    // With room for the links to files below it.
    let most = TEXT_BYTES / 2;
    match text {
        Text::Markdown(text) => text.len() > most,
        Text::Slack(payload) => payload["text"].as_str().is_some_and(|text| text.len() > most),
    }
}

fn mention(person: &Person) -> Inline {
    Inline::Mention { id: person.id, name: person.name.to_string() }
}

/// Returns the name at the beginning of a text: letters, digits, `_`, `-`, and `.` within it.
fn name_at(text: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    text[..end].trim_end_matches('.')
}

fn ends_in_word(text: &str) -> bool {
    text.chars().next_back().is_some_and(char::is_alphanumeric)
}

/// Returns a text in parts of at most [`TEXT_BYTES`], between lines or words where there are some.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while rest.len() > TEXT_BYTES {
        let most = rest.floor_char_boundary(TEXT_BYTES);
        let at = ['\n', ' '].iter().find_map(|c| rest[..most].rfind(*c).filter(|at| *at > most / 2));
        let (part, after) = rest.split_at(at.unwrap_or(most));
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_split_between_lines_and_loses_nothing() {
        let line = "茶".repeat(1_000) + "\n";
        let text = line.repeat(20);
        let parts = split(&text);
        assert_eq!(parts.concat(), text);
        assert!(parts.len() > 3 && parts.iter().all(|part| part.len() <= TEXT_BYTES));
        assert!(parts[1..].iter().all(|part| part.starts_with('\n')));
        assert_eq!(split(&"x".repeat(TEXT_BYTES + 1)).len(), 2);
        assert_eq!(split(""), [""]);
    }

    #[test]
    fn a_user_name_ends_before_the_full_stop_of_a_sentence() {
        assert_eq!(["ann.b-c_d. Tea", "ben", ", x"].map(name_at), ["ann.b-c_d", "ben", ""]);
    }
}
