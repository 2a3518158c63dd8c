//! The JSON fields of an action.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::id::SendId;
use crate::json::Json;
use crate::refusal::Refusal;
use crate::seq::Cursor;
use crate::topic::Topic;

/// The fields of a frame, each still unread: nothing is built for a field that nobody asks for.
pub(super) type Fields<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

pub(super) const ID: &str = "a string of your choice that you use for this message only";
pub(super) const PLACE: &str = "the seq of a message in this topic";
pub(super) const ON: &str = "true or false";
const CURSOR: &str = "an object {\"epoch\": 16 hexadecimal digits, \"seq\": whole number}";

pub(super) fn read_fields(text: &str) -> Result<Fields<'_>, Refusal> {
    serde_json::from_str(text).map_err(|_| {
        let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
        if is_json { Refusal::JsonNotObject } else { Refusal::JsonBad }
    })
}

pub(super) fn take_publish(fields: &mut Fields<'_>) -> Result<(Topic, Option<SendId>, Json), Refusal> {
    Ok((take_topic(fields)?, take_id(fields)?, take(fields, "data", "any JSON")?))
}

pub(super) fn take_topic(fields: &mut Fields<'_>) -> Result<Topic, Refusal> {
    Topic::new(&take_string(fields, "topic", "a string")?)
}

pub(super) fn take_id(fields: &mut Fields<'_>) -> Result<Option<SendId>, Refusal> {
    take_optional::<String>(fields, "id", ID)?.map(|id| SendId::new(&id)).transpose()
}

pub(super) fn take_text(fields: &mut Fields<'_>) -> Result<String, Refusal> {
    take_string(fields, "text", "a string of Markdown")
}

pub(super) fn take_cursor(fields: &mut Fields<'_>) -> Result<Option<Cursor>, Refusal> {
    take_optional(fields, "since", CURSOR)
}

pub(super) fn take_string(
    fields: &mut Fields<'_>,
    field: &'static str,
    wants: &'static str,
) -> Result<String, Refusal> {
    take(fields, field, wants)
}

pub(super) fn take<T: for<'de> Deserialize<'de>>(
    fields: &mut Fields<'_>,
    field: &'static str,
    wants: &'static str,
) -> Result<T, Refusal> {
    let raw = fields.remove(field).ok_or(Refusal::FieldMissing { field, wants })?;
    serde_json::from_str(raw.get()).map_err(|_| Refusal::FieldWrong { field, wants })
}

/// As [`take`], but the field may be missing or null.
pub(super) fn take_optional<T: for<'de> Deserialize<'de>>(
    fields: &mut Fields<'_>,
    field: &'static str,
    wants: &'static str,
) -> Result<Option<T>, Refusal> {
    match fields.get(field) {
        None => Ok(None),
        Some(_) => take(fields, field, wants),
    }
}
