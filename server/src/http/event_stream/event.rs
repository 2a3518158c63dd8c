//! The text of events, and their ids.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use wire::{Cursor, Epoch, Expected, Refusal, Seq, ServerFrame};

/// A comment, which keeps a quiet connection from being closed on its way.
pub(super) const COMMENT: &str = ":\n\n";

/// The part of a frame that tells its kind.
#[derive(Deserialize)]
struct Head<'a> {
    /// The kind of a frame that is no entry.
    #[serde(borrow, default)]
    event: Option<Cow<'a, str>>,
    /// The Seq of an entry.
    #[serde(default)]
    seq: Option<Seq>,
}

/// Reads the id of an event: an epoch and a Seq, such as `00c0ffee00c0ffee:42`.
///
/// # Errors
/// [`Refusal::FieldWrong`], with the name of the field or header.
pub(super) fn cursor(id: &str, field: &'static str) -> Result<Cursor, Refusal> {
    let parts = id.split_once(':').and_then(|(epoch, seq)| {
        let epoch = epoch.parse::<Epoch>().ok()?;
        let seq = seq.parse::<u64>().ok().filter(|seq| i64::try_from(*seq).is_ok())?;
        Some(Cursor { epoch, seq: Seq(seq) })
    });
    parts.ok_or_else(|| Refusal::FieldWrong { field: field.into(), wants: Expected::EventId })
}

/// The frame has neither an event nor a Seq, so it is none that this server sends.
#[derive(Debug)]
pub(super) struct UnknownFrame;

/// Appends the event of a frame: an entry with its id, or an ephemeral event with its name.
pub(super) fn push(text: &mut String, epoch: Epoch, frame: &str) -> Result<(), UnknownFrame> {
    let head = serde_json::from_str::<Head<'_>>(frame).map_err(|_| UnknownFrame)?;
    match (head.event, head.seq) {
        (Some(name), _) => push_named(text, &name, None, frame),
        (None, Some(seq)) => push_event(text, None, Some(&id(Cursor { epoch, seq })), frame),
        (None, None) => return Err(UnknownFrame),
    }
    Ok(())
}

/// Returns true if a frame is an entry, or cannot be read.
pub(super) fn is_entry(frame: &[u8]) -> bool {
    serde_json::from_slice::<Head<'_>>(frame).map_or(true, |head| head.event.is_none())
}

/// Appends the pause before a client reconnects.
pub(super) fn push_retry(text: &mut String, pause: Duration) {
    text.push_str(&format!("retry: {}\n\n", pause.as_millis()));
}

/// Appends a reset: the entries up to its cursor were skipped, and the next events follow it.
pub(super) fn push_reset(text: &mut String, cursor: Cursor, frame: &ServerFrame) {
    push_named(text, "reset", Some(cursor), &frame.encode());
}

/// Appends an event with a name, and an id if clients are to resume after it.
pub(super) fn push_named(text: &mut String, name: &str, cursor: Option<Cursor>, data: &str) {
    push_event(text, Some(name), cursor.map(id).as_deref(), data);
}

/// Returns the id of an event after which a reader of a log has this cursor.
fn id(Cursor { epoch, seq }: Cursor) -> String {
    format!("{epoch}:{seq}")
}

/// Appends an event, with a name and an id if it has them.
pub(super) fn push_event(text: &mut String, name: Option<&str>, id: Option<&str>, data: &str) {
    if let Some(id) = id {
        text.push_str(&format!("id: {id}\n"));
    }
    if let Some(name) = name {
        text.push_str(&format!("event: {name}\n"));
    }
    // JSON as a publisher wrote it may have line breaks between its parts; the client puts the lines together again.
    for line in data.split(['\r', '\n']) {
        text.push_str(&format!("data: {line}\n"));
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_anything_else_is_refused_by_the_name_of_its_field() {
        let expected = Cursor { epoch: Epoch(0x00c0_ffee_00c0_ffee), seq: Seq(42) };
        assert_eq!(cursor("00c0ffee00c0ffee:42", "since"), Ok(expected));
        for bad in
            ["", ":", "42", "00c0ffee00c0ffee", "00c0ffee00c0ffee:", "c0ffee:42", "00c0ffee00c0ffee:-1"]
        {
            let refused = Refusal::FieldWrong { field: "since".into(), wants: Expected::EventId };
            assert_eq!(cursor(bad, "since"), Err(refused), "{bad:?}");
        }
        assert!(cursor("00c0ffee00c0ffee:18446744073709551615", "since").is_err());
    }

    #[test]
    fn entries_have_an_id_and_ephemeral_events_a_name() {
        let mut text = String::new();
        let entry = r#"{"id":"a","topic":"t","seq":3,"data":{"event":"typing"},"timestamp":"x"}"#;
        push(&mut text, Epoch(7), entry).unwrap();
        push(&mut text, Epoch(7), r#"{"event":"typing","topic":"t","seq":9}"#).unwrap();
        assert!(push(&mut text, Epoch(7), "{}").is_err() && push(&mut text, Epoch(7), "").is_err());
        let expected = "id: 0000000000000007:3\n\
                        data: {\"id\":\"a\",\"topic\":\"t\",\"seq\":3,\"data\":{\"event\":\"typing\"},\"timestamp\":\"x\"}\n\n\
                        event: typing\ndata: {\"event\":\"typing\",\"topic\":\"t\",\"seq\":9}\n\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn data_with_line_breaks_of_any_kind_is_one_event() {
        let mut text = String::new();
        push(&mut text, Epoch(7), "{\"seq\":1,\"data\":{\r\n\n \"a\":\r1}}").unwrap();
        let data =
            ["data: {\"seq\":1,\"data\":{", "data: ", "data: ", "data:  \"a\":", "data: 1}}"].join("\n");
        assert_eq!(text, format!("id: 0000000000000007:1\n{data}\n\n"));
    }
}
