//! Transcripts: entries of a conversation as plain text, one line each, for terminals.

use app::Texts;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use wire::{Entry, Event, Person};

/// Begins and ends a text with a direction of its own (Unicode Standard Annex 9, section 2.4).
const ISOLATE: char = '\u{2068}';
const END: char = '\u{2069}';
/// Stands for a line break within a message.
const LINE_BREAK: &str = " ⏎ ";

/// Returns the answer with these entries, oldest first. Those without a row on the page have no line.
pub(crate) fn answer<'a>(texts: Texts, entries: impl IntoIterator<Item = &'a Entry>) -> Response {
    let lines: String = entries.into_iter().filter_map(|entry| line(texts, entry)).collect();
    ([(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))], lines).into_response()
}

/// Returns the line of an entry, such as `2026-12-01 10:03 Søren: At four.` in UTC, with its line break; none if the page
/// has no row for it. It has no control characters, and no text in it changes the direction of another.
fn line(texts: Texts, entry: &Entry) -> Option<String> {
    let said = match &entry.data {
        Event::Message { author, text, attachments, recipients, bot, .. } => {
            let mark = if *bot { " [bot]" } else { "" };
            let names: Vec<String> = recipients.iter().map(name).collect();
            let only = if names.is_empty() { String::new() } else { format!(" (to {})", names.join(", ")) };
            let mut said = format!("{}{mark}{only}:", name(author));
            let files = attachments.iter().map(|file| format!("[{}]", isolated(&file.name)));
            let text = Some(isolated(&one_line(text))).filter(|_| !text.is_empty());
            for part in text.into_iter().chain(files) {
                said.push(' ');
                said.push_str(&part);
            }
            said
        }
        other => format!("* {}", one_line(&texts.notice(other)?)),
    };
    let (year, month, day) = entry.timestamp.date();
    let (hour, minute, ..) = entry.timestamp.time_of_day();
    let line = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} {said}");
    let line = if line.chars().any(has_direction) { line } else { line.replace([ISOLATE, END], "") };
    Some(line + "\n")
}

fn name(person: &Person) -> String {
    isolated(person.name.as_str())
}

/// Returns the text in one line, without control characters.
fn one_line(text: &str) -> String {
    let lines = text.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']);
    let lines = lines.map(|line| line.trim_end().replace('\t', "    "));
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    lines.join(LINE_BREAK).chars().filter(|c| !c.is_control()).collect()
}

/// Returns the text between isolates. An isolate that ends in it without having begun there would end ours.
fn isolated(text: &str) -> String {
    let mut depth = 0_usize;
    let mut isolated = String::from(ISOLATE);
    for c in text.chars().filter(|c| !c.is_control()) {
        match c {
            '\u{2066}'..='\u{2068}' => depth += 1,
            END if depth == 0 => continue,
            END => depth -= 1,
            _ => {}
        }
        isolated.push(c);
    }
    isolated.extend(std::iter::repeat_n(END, depth + 1));
    isolated
}

/// Returns true for a character of a script that is written from right to left, and for one that changes the direction,
/// other than our isolates.
const fn has_direction(c: char) -> bool {
    matches!(c,
        '\u{590}'..='\u{8ff}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}' | '\u{2067}' | '\u{fb1d}'..='\u{fdff}'
        | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use wire::{SendId, Seq, Topic, UserId};

    use super::*;

    fn lines(events: &[Value]) -> String {
        let entries = events.iter().zip(1..).map(|(event, seq)| Entry {
            id: SendId::new("s").unwrap(),
            topic: Topic::new("news").unwrap(),
            seq: Seq(seq),
            data: serde_json::from_str::<Event>(&event.to_string()).unwrap(),
            timestamp: "2026-12-01T10:03:59.000Z".parse().unwrap(),
        });
        entries.filter_map(|entry| line(app::english(), &entry)).collect()
    }

    fn person(name: &str) -> Value {
        json!({ "id": UserId::from_bytes([7; 10]).to_string(), "name": name })
    }

    fn message(name: &str, text: &str) -> Value {
        json!({ "type": "message", "author": person(name), "text": text, "body": [] })
    }

    #[test]
    fn each_message_is_one_line_that_a_terminal_shows_as_it_is() {
        let clears = message("Søren", "two\r\n\nlines\u{1b}[2J\u{9b}31m\tdone\u{7}\u{2028}");
        let member =
            json!({ "person": person("Ngozi"), "role": "member", "since": "2026-12-01T10:00:00.000Z" });
        let joined = json!({ "type": "joined", "member": member });
        let deleted = json!({ "type": "tombstone", "author": person("Zoë"), "by": person("Zoë") });
        let reacted =
            json!({ "type": "reacted", "target": 1, "emoji": "👍", "on": true, "by": person("Zoë") });
        let mut to_some = message("Zoë", "secret");
        to_some["recipients"] = json!([person("Omar"), person("Chi")]);
        let mut alert = message("Grafana", "CPU");
        alert["bot"] = json!(true);
        let expected = "2026-12-01 10:03 Søren: two ⏎ lines[2J31m    done\n\
                        2026-12-01 10:03 * Ngozi joined\n\
                        2026-12-01 10:03 * Zoë deleted a message\n\
                        2026-12-01 10:03 Zoë (to Omar, Chi): secret\n\
                        2026-12-01 10:03 Grafana [bot]: CPU\n";
        assert_eq!(lines(&[clears, joined, deleted, reacted, to_some, alert]), expected);
    }

    #[test]
    fn text_in_the_other_direction_moves_nothing_around_it() {
        let written = lines(&[message("سارا", "a\u{202e}b\u{2069}c\u{2067}d")]);
        let expected =
            "2026-12-01 10:03 \u{2068}سارا\u{2069}: \u{2068}a\u{202e}bc\u{2067}d\u{2069}\u{2069}\n";
        assert_eq!(written, expected);
        assert_eq!(lines(&[message("Ann", "\u{2069}hi\u{2068}")]), "2026-12-01 10:03 Ann: hi\n");
    }
}
