//! The JSON fields of an action.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::id::SendId;
use crate::json::Json;
use crate::refusal::{Expected, Refusal};
use crate::seq::Cursor;
use crate::topic::Topic;

/// The fields of a frame, each still unread: nothing is built for a field that nobody asks for.
pub(super) type Fields<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

pub(super) fn read_fields(text: &str) -> Result<Fields<'_>, Refusal> {
    serde_json::from_str(text).map_err(|_| {
        let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
        if is_json { Refusal::JsonNotObject } else { Refusal::JsonBad }
    })
}

pub(super) fn take_publish(fields: &mut Fields<'_>) -> Result<(Topic, Option<SendId>, Json), Refusal> {
    Ok((take_topic(fields)?, take_id(fields)?, take(fields, "data", Expected::Json)?))
}

pub(super) fn take_topic(fields: &mut Fields<'_>) -> Result<Topic, Refusal> {
    Topic::new(&take_string(fields, "topic", Expected::String)?)
}

pub(super) fn take_id(fields: &mut Fields<'_>) -> Result<Option<SendId>, Refusal> {
    take_optional::<String>(fields, "id", Expected::SendId)?.map(|id| SendId::new(&id)).transpose()
}

pub(super) fn take_text(fields: &mut Fields<'_>) -> Result<String, Refusal> {
    take_string(fields, "text", Expected::Markdown)
}

pub(super) fn take_cursor(fields: &mut Fields<'_>) -> Result<Option<Cursor>, Refusal> {
    take_optional(fields, "since", Expected::Cursor)
}

pub(super) fn take_string(
    fields: &mut Fields<'_>,
    field: &'static str,
    wants: Expected,
) -> Result<String, Refusal> {
    take(fields, field, wants)
}

pub(super) fn take<T: for<'de> Deserialize<'de>>(
    fields: &mut Fields<'_>,
    field: &'static str,
    wants: Expected,
) -> Result<T, Refusal> {
    let raw = fields.remove(field).ok_or(Refusal::FieldMissing { field: field.into(), wants })?;
    serde_json::from_str(raw.get()).map_err(|_| Refusal::FieldWrong { field: field.into(), wants })
}

/// As [`take`], but the field may be missing or null.
pub(super) fn take_optional<T: for<'de> Deserialize<'de>>(
    fields: &mut Fields<'_>,
    field: &'static str,
    wants: Expected,
) -> Result<Option<T>, Refusal> {
    match fields.get(field) {
        None => Ok(None),
        Some(_) => take(fields, field, wants),
    }
}
