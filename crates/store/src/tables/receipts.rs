//! Receipts: the progress of the recipients of a message, and the receipts that a moving mark changes.

use chat::store::{ExternalKey, MOVED_RECEIPTS, MessageReceipts, MovedReceipt, RecipientReceipt};
use wire::{ApplicationId, Conversation, DeliveryState, LogKey, Receipt, Seq, Topic, UserId};

use super::scope::Scope;
use super::values::{checked, seq, sql};
use super::{conversations, damaged, logs};
use crate::sql::{Db, OptionalExtension, Row, SqlResult, params};

/// Returns how far the recipients of a message are.
pub(super) fn of_message(
    db: Db<'_>,
    application: ApplicationId,
    conversation: Conversation,
    at: Seq,
) -> SqlResult<Option<MessageReceipts>> {
    let key = LogKey::new(application, Topic::of(conversation));
    let Some((log, _)) = logs::log(db, &key)? else { return Ok(None) };
    let mut find = db.prepare_cached(
        "SELECT seq, sender FROM restricted WHERE application = ? AND log = ? AND seq = ? AND EXISTS (
             SELECT 1 FROM recipients WHERE recipients.application = restricted.application
                 AND recipients.log = restricted.log AND recipients.seq = restricted.seq AND is_row)",
    )?;
    let restricted =
        damaged::one(&mut find, params![application.0, log, sql(at)], "restricted", |row| author(row, 1))?;
    let (author, recipients) = match (restricted, conversation) {
        (Some(author), Conversation::Group(group)) => {
            let mut select = db.prepare_cached(
                "SELECT recipients.user, user_keys.key, recipients.copy_seq <= users.delivered_mark,
                        coalesce(members.seen_mark, 0)
                 FROM recipients
                 CROSS JOIN users ON users.application = recipients.application AND users.id = recipients.user
                 LEFT JOIN members ON members.application = recipients.application
                     AND members.\"group\" = ?4 AND members.user = recipients.user
                 LEFT JOIN user_keys
                     ON user_keys.application = recipients.application AND user_keys.user = recipients.user
                 WHERE recipients.application = ?1 AND recipients.log = ?2 AND recipients.seq = ?3
                     AND NOT recipients.is_author
                 ORDER BY recipients.user",
            )?;
            let key = params![application.0, log, sql(at), group.to_string()];
            let recipients = damaged::list(&mut select, key, "recipients", |row| {
                let read = damaged::or(row, "members", seq(row, 3), Seq::ZERO)?;
                recipient(row, state(row.get(2)?, read >= at))
            })?;
            (author, recipients)
        }
        _ => {
            let mut find =
                db.prepare_cached("SELECT seq, sender FROM entries WHERE log = ? AND seq = ? AND counts")?;
            let found = damaged::one(&mut find, params![log, sql(at)], "entries", |row| author(row, 1))?;
            let Some(author) = found else { return Ok(None) };
            (author, members(db, application, conversation, author, at)?)
        }
    };
    Ok(Some(MessageReceipts { author, is_restricted: restricted.is_some(), recipients }))
}

/// Returns how far the members who had joined before a message are with it, but its author.
fn members(
    db: Db<'_>,
    application: ApplicationId,
    conversation: Conversation,
    author: UserId,
    at: Seq,
) -> SqlResult<Vec<RecipientReceipt>> {
    match conversation {
        Conversation::Group(group) => {
            let mut select = db.prepare_cached(
                "SELECT members.user, user_keys.key, members.delivered_mark, members.seen_mark
                 FROM members LEFT JOIN user_keys
                     ON user_keys.application = members.application AND user_keys.user = members.user
                 WHERE members.application = ? AND members.\"group\" = ? AND members.joined_seq < ?
                 ORDER BY members.user",
            )?;
            let key = params![application.0, group.to_string(), sql(at)];
            let mut members = damaged::list(&mut select, key, "members", |row| {
                let mark = |column| damaged::or(row, "members", seq(row, column), Seq::ZERO);
                recipient(row, state(mark(2)? >= at, mark(3)? >= at))
            })?;
            members.retain(|member| member.receipt.user != author);
            Ok(members)
        }
        Conversation::Direct(pair) => {
            let mut recipients = Vec::new();
            for user in pair.people().into_iter().filter(|user| *user != author) {
                let standing = conversations::standing(db, application, conversation, user)?;
                // Marks are hidden from both while one has blocked the other.
                let marks = standing.filter(|standing| !standing.blocked).unwrap_or_default();
                let mut find =
                    db.prepare_cached("SELECT ?2, key FROM user_keys WHERE application = ?1 AND user = ?2")?;
                let state = state(marks.delivered >= at, marks.seen >= at);
                let key = params![application.0, user.to_string()];
                let found = find.query_row(key, |row| recipient(row, state)).optional()?;
                let without_key = RecipientReceipt { receipt: Receipt { user, state }, key: None };
                recipients.push(found.unwrap_or(without_key));
            }
            Ok(recipients)
        }
    }
}

/// Marks a user's own log as delivered up to a Seq; returns the receipts that have moved.
pub(super) fn deliver(scope: Scope<'_>, user: UserId, at: Seq) -> SqlResult<Vec<MovedReceipt>> {
    let Scope { db, application, .. } = scope;
    let place = at.min(logs::head(db, &scope.log(&Topic::user(user)))?);
    let before = delivered(db, application, user)?;
    if place <= before {
        return Ok(Vec::new());
    }
    let mut update =
        db.prepare_cached("UPDATE users SET delivered_mark = ? WHERE application = ? AND id = ?")?;
    update.execute(params![sql(place), application.0, user.to_string()])?;
    let mut select = db.prepare_cached(
        "SELECT recipients.seq, logs.topic, restricted.sender
         FROM recipients
         CROSS JOIN logs ON logs.application = recipients.application AND logs.id = recipients.log
         CROSS JOIN restricted ON restricted.application = recipients.application
             AND restricted.log = recipients.log AND restricted.seq = recipients.seq
         WHERE recipients.application = ? AND recipients.user = ? AND recipients.copy_seq > ?
             AND recipients.copy_seq <= ? AND recipients.is_row AND NOT recipients.is_author
         ORDER BY recipients.copy_seq DESC LIMIT ?",
    )?;
    let most = i64::try_from(MOVED_RECEIPTS).unwrap_or(i64::MAX);
    let key = params![application.0, user.to_string(), sql(before), sql(place), most];
    damaged::list(&mut select, key, "recipients", |row| {
        let (seq, topic) = (seq(row, 0)?, checked(row, 1, |topic: String| Topic::new(&topic).ok())?);
        let standing = match topic.conversation() {
            Some(conversation) => conversations::standing(db, application, conversation, user)?,
            None => None,
        };
        let state = state(true, standing.is_some_and(|standing| standing.seen >= seq));
        Ok(MovedReceipt { author: author(row, 2)?, topic, seq, receipt: Receipt { user, state } })
    })
}

/// Returns the receipts of messages to a user that their read mark has moved over.
pub(super) fn read(
    scope: Scope<'_>,
    topic: &Topic,
    user: UserId,
    before: Seq,
    now: Seq,
) -> SqlResult<Vec<MovedReceipt>> {
    let Scope { db, application, .. } = scope;
    let Some((log, _)) = logs::log(db, &scope.log(topic))?.filter(|_| now > before) else {
        return Ok(Vec::new());
    };
    let mut select = db.prepare_cached(
        "SELECT recipients.seq, recipients.copy_seq, restricted.sender
         FROM recipients
         CROSS JOIN restricted ON restricted.application = recipients.application
             AND restricted.log = recipients.log AND restricted.seq = recipients.seq
         WHERE recipients.application = ? AND recipients.log = ? AND recipients.user = ?
             AND recipients.seq > ? AND recipients.seq <= ? AND recipients.is_row AND NOT recipients.is_author
         ORDER BY recipients.seq DESC LIMIT ?",
    )?;
    let most = i64::try_from(MOVED_RECEIPTS).unwrap_or(i64::MAX);
    let delivered = delivered(db, application, user)?;
    let key = params![application.0, log, user.to_string(), sql(before), sql(now), most];
    damaged::list(&mut select, key, "recipients", |row| {
        let state = state(seq(row, 1)? <= delivered, true);
        let (author, topic) = (author(row, 2)?, topic.clone());
        Ok(MovedReceipt { author, topic, seq: seq(row, 0)?, receipt: Receipt { user, state } })
    })
}

/// Returns the last Seq of a user's own log that one of their devices has.
pub(super) fn delivered(db: Db<'_>, application: ApplicationId, user: UserId) -> SqlResult<Seq> {
    let mut find =
        db.prepare_cached("SELECT id, delivered_mark FROM users WHERE application = ? AND id = ?")?;
    let key = params![application.0, user.to_string()];
    Ok(damaged::one(&mut find, key, "users", |row| seq(row, 1))?.unwrap_or_default())
}

/// Returns the state of a message that a device has, or not, and whose place was read.
const fn state(is_delivered: bool, is_read: bool) -> DeliveryState {
    match (is_delivered, is_read) {
        (false, _) => DeliveryState::Sent,
        (true, false) => DeliveryState::Delivered,
        (true, true) => DeliveryState::Read,
    }
}

/// Reads a recipient from the columns `user` and `key`.
fn recipient(row: Row<'_>, state: DeliveryState) -> SqlResult<RecipientReceipt> {
    let user = checked(row, 0, |user: String| user.parse().ok())?;
    let key = checked(row, 1, |key: Option<String>| match key {
        None => Some(None),
        Some(key) => ExternalKey::new(&key).ok().map(Some),
    });
    let key = damaged::or(row, "user_keys", key, None)?;
    Ok(RecipientReceipt { receipt: Receipt { user, state }, key })
}

/// Reads the author of a message from its sender.
fn author(row: Row<'_>, column: usize) -> SqlResult<UserId> {
    checked(row, column, |sender: String| sender.strip_prefix("user/")?.parse().ok())
}
