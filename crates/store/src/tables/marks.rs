//! Read states of members: read and delivered marks, as rows.

use chat::store::{MovedReceipt, ReadStateOutcome, ReadStateWrite};
use wire::{Conversation, ReadState, Seq, Topic, UserId};

use super::scope::Scope;
use super::values::{seq, sql};
use super::{conversations, damaged, groups, logs, receipts};
use crate::sql::{OptionalExtension, SqlResult, params};

/// The key of a user's membership row in a conversation, besides its `application` and its `user`.
pub(super) struct Seat {
    pub(super) column: &'static str,
    pub(super) value: String,
}

pub(super) fn seat(conversation: Conversation, user: UserId) -> (&'static str, Seat) {
    match conversation {
        Conversation::Group(id) => ("members", Seat { column: "\"group\"", value: id.to_string() }),
        Conversation::Direct(pair) => {
            ("directs", Seat { column: "other", value: pair.other(user).to_string() })
        }
    }
}

/// Carries out a change of read states.
pub(super) fn write(scope: Scope<'_>, write: &ReadStateWrite) -> SqlResult<ReadStateOutcome> {
    let mut outcome = ReadStateOutcome::default();
    match write {
        ReadStateWrite::SetRead { conversation, user, seq, back } => {
            outcome.receipts = read(scope, *conversation, *user, *seq, *back)?;
        }
        ReadStateWrite::SetDelivered { marks } => {
            for (conversation, user, seq) in marks {
                if let Some(marks) = delivered(scope, *conversation, *user, *seq)?
                    && !conversations::is_blocked(scope.db, scope.application, *conversation)?
                {
                    outcome.states.push((*conversation, marks));
                }
            }
        }
        ReadStateWrite::SetOwnDelivered { marks } => {
            for (user, seq) in marks {
                outcome.receipts.extend(receipts::deliver(scope, *user, *seq)?);
            }
        }
    }
    Ok(outcome)
}

fn read(
    scope: Scope<'_>,
    conversation: Conversation,
    user: UserId,
    seq: Seq,
    back: bool,
) -> SqlResult<Vec<MovedReceipt>> {
    let topic = Topic::of(conversation);
    let place = seq.min(logs::head(scope.db, &scope.log(&topic))?);
    let before = match conversation {
        Conversation::Group(group) if !back => groups::standing(scope.db, scope.application, group, user)?,
        _ => None,
    };
    let (table, seat) = seat(conversation, user);
    let marks = if back {
        "read_mark = ?1"
    } else {
        "read_mark = max(read_mark, ?1), seen_mark = max(seen_mark, ?1),
         delivered_mark = max(delivered_mark, ?1)"
    };
    let mut update = scope.db.prepare_cached(&format!(
        "UPDATE {table} SET {marks} WHERE application = ?2 AND {} = ?3 AND user = ?4",
        seat.column
    ))?;
    update.execute(params![sql(place), scope.application.0, seat.value, user.to_string()])?;
    match before.filter(|before| before.role.is_some()) {
        Some(before) => receipts::read(scope, &topic, user, before.seen, place),
        None => Ok(Vec::new()),
    }
}

fn delivered(
    scope: Scope<'_>,
    conversation: Conversation,
    user: UserId,
    place: Seq,
) -> SqlResult<Option<ReadState>> {
    let place = place.min(logs::head(scope.db, &scope.log(&Topic::of(conversation)))?);
    let (table, seat) = seat(conversation, user);
    let mut update = scope.db.prepare_cached(&format!(
        "UPDATE {table} SET delivered_mark = ?1
         WHERE application = ?2 AND {} = ?3 AND user = ?4 AND delivered_mark < ?1 RETURNING seen_mark",
        seat.column
    ))?;
    let key = params![sql(place), scope.application.0, seat.value, user.to_string()];
    let moved = update.query_row(key, |row| {
        let read = damaged::or(row, "members", seq(row, 0), Seq::ZERO)?;
        Ok(ReadState { user, delivered: place, read })
    });
    moved.optional()
}
