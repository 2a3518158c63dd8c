//! Restricted messages as rows: their content, their readers, and the copies in the logs of these.

use chat::rules::{self, Audience, Viewer};
use chat::store::{
    Amend, AmendOutcome, Amended, CopyPointer, Draft, Kept, LogOutcome, Mentions, Permission, Recipients,
    Restricted, RestrictedDraft, Sender, Unread, copy, is_placeholder, placeholder, requoted,
};
use wire::limits::MAX_UNREAD;
use wire::{
    Amendment, ApplicationId, Conversation, Entry, Json, LogKey, Refusal, Role, Seq, Topic, UserId, UserKey,
};

use super::append::{append, append_copy, sent_before};
use super::scope::Scope;
use super::values::{checked, sender, seq, sql};
use super::{commit, damaged, files, logs, people};
use crate::sql::{Db, OptionalExtension, Row, SqlError, SqlResult, params};

/// The statement that selects the rows of a log that a reader has in place of placeholders.
macro_rules! rows {
    () => {
        "SELECT restricted.seq, restricted.send_id, restricted.at, restricted.data
         FROM recipients CROSS JOIN restricted ON restricted.application = recipients.application
             AND restricted.log = recipients.log AND restricted.seq = recipients.seq
         WHERE recipients.application = ? AND recipients.log = ? AND recipients.user = ? AND recipients.is_row "
    };
}

/// Appends a message for some members of a group, if its author may speak and its recipients have seats.
pub(super) fn post(scope: Scope<'_>, restricted: &RestrictedDraft) -> SqlResult<LogOutcome> {
    let RestrictedDraft { draft, recipients } = restricted;
    let watched = match commit::right(scope, draft)? {
        Ok(watched) => watched,
        Err(refused) => return Ok(sent_before(scope, draft)?.unwrap_or(refused)),
    };
    if let Some(outcome) = sent_before(scope, draft)? {
        return Ok(outcome);
    }
    let Some(author) = author(draft) else { return Ok(LogOutcome::Refused(Refusal::NotFound)) };
    let audience = match recipients {
        Recipients::Chosen(users) => {
            let mut missing = Vec::new();
            for user in users {
                if !has_seat(scope.db, scope.application, &draft.topic, *user)? {
                    let person = people::user(scope.db, scope.application, *user)?;
                    missing.push(person.map_or_else(|| user.to_string(), |person| person.name.to_string()));
                }
            }
            if !missing.is_empty() {
                return Ok(LogOutcome::Refused(rules::not_members(missing)));
            }
            Audience::of(std::iter::once(author).chain(users.iter().copied()).collect())
        }
        Recipients::Inherited(users) => inherited(scope, &draft.topic, &Audience::of(users.clone()), author)?,
    };
    commit::note_spoken(scope, draft, watched)?;
    Ok(LogOutcome::Posted { seq: append_to(scope, draft, &audience)? })
}

/// Returns the audience of a change by one of the readers: those who still have a seat, and the one who acts.
pub(super) fn inherited(
    scope: Scope<'_>,
    topic: &Topic,
    audience: &Audience,
    by: UserId,
) -> SqlResult<Audience> {
    let mut seated = Vec::new();
    for user in audience.users() {
        if has_seat(scope.db, scope.application, topic, *user)? {
            seated.push(*user);
        }
    }
    Ok(audience.inherited(by, |user| seated.contains(&user)))
}

/// Appends the placeholder of a message or a change, and a copy for each of its readers.
pub(super) fn append_to(scope: Scope<'_>, draft: &Draft, audience: &Audience) -> SqlResult<Seq> {
    let Scope { db, application, .. } = scope;
    let key = scope.log(&draft.topic);
    let next = logs::head(db, &key)?.next();
    let place = append(scope, &placeholder(draft, next))?;
    let log: i64 = match logs::log(db, &key)? {
        Some((log, head)) if place == next && head == next => log,
        // The counter was damaged: the id of the placeholder would name another place.
        _ => return Err(SqlError::ChangedRows(0)),
    };
    let mut insert = db.prepare_cached(
        "INSERT INTO restricted (application, log, seq, sender, send_id, at, about, data)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    insert.execute(params![
        application.0,
        log,
        sql(place),
        sender(draft.sender),
        draft.id.as_str(),
        draft.at.0,
        draft.about.map(sql),
        draft.data.as_str()
    ])?;
    let mut add = db.prepare_cached(
        "INSERT INTO recipients (application, log, seq, user, copy_seq, is_author, is_row, counts, mentions)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let mut find = db.prepare_cached(
        "SELECT copy_seq FROM recipients WHERE application = ? AND log = ? AND seq = ? AND user = ?",
    )?;
    for user in audience.users() {
        let about = match draft.about {
            Some(about) => find
                .query_row(params![application.0, log, sql(about), user.to_string()], |row| seq(row, 0))
                .optional()?,
            None => None,
        };
        let is_author = Some(*user) == author(draft);
        let counts = draft.counts && !is_author;
        let copied = append_copy(scope, &copy(draft, place, *user, about), &draft.data)?;
        add.execute(params![
            application.0,
            log,
            sql(place),
            user.to_string(),
            sql(copied),
            is_author,
            draft.is_row,
            counts,
            counts && draft.mentions.has(*user)
        ])?;
    }
    Ok(place)
}

/// Changes a restricted message, if the rules allow it, for those of its readers who still have a seat.
pub(super) fn amend(
    scope: Scope<'_>,
    amend: &Amend,
    Restricted { entry, mentions, audience }: Restricted,
    right: Permission,
    role: Role,
) -> SqlResult<AmendOutcome> {
    if let Err(refusal) = audience.may_amend(right.viewer(), &amend.amendment) {
        return Ok(AmendOutcome::Refused(refusal));
    }
    let (seq, at) = (entry.seq, entry.timestamp);
    let amended = match amend.decide(&Kept { entry, mentions }, role) {
        Ok(Some(amended)) => amended,
        Ok(None) => return Ok(AmendOutcome::Unchanged { seq, at }),
        Err(refusal) => return Ok(AmendOutcome::Refused(refusal)),
    };
    rewrite(scope, &amend.news.topic, amend.target, &amended)?;
    if amend.amendment == Amendment::Delete {
        files::detach(scope, &amend.news.topic, amend.target)?;
    }
    let audience = inherited(scope, &amend.news.topic, &audience, amend.by.id)?;
    Ok(AmendOutcome::Posted { seq: append_to(scope, &amend.news, &audience)? })
}

/// Returns a restricted message as it is now.
pub(super) fn find(db: Db<'_>, key: &LogKey, at: Seq) -> SqlResult<Option<Restricted>> {
    let Some((log, _)) = logs::log(db, key)? else { return Ok(None) };
    let mut find = db.prepare_cached(
        "SELECT seq, send_id, at, data FROM restricted WHERE application = ? AND log = ? AND seq = ?",
    )?;
    let found = find.query_row(params![key.application.0, log, sql(at)], |row| logs::entry(row, key));
    let Some(entry) = found.optional()? else { return Ok(None) };
    let mut select = db.prepare_cached(
        "SELECT user, is_author, mentions FROM recipients WHERE application = ? AND log = ? AND seq = ?
         ORDER BY user",
    )?;
    let mut readers =
        damaged::list(&mut select, params![key.application.0, log, sql(at)], "recipients", |row| {
            Ok((user_of(row, 0)?, row.get::<bool>(1)?, row.get::<bool>(2)?))
        })?;
    readers.sort_by_key(|(_, is_author, _)| !is_author);
    let mentioned = readers.iter().filter(|(_, _, mentions)| *mentions);
    Ok(Some(Restricted {
        entry,
        mentions: Mentions { people: mentioned.map(|(user, ..)| *user).collect(), everyone: false },
        audience: Audience::of(readers.iter().map(|(user, ..)| *user).collect()),
    }))
}

/// Changes the content of a restricted message, and its quotes in others.
pub(super) fn rewrite(scope: Scope<'_>, topic: &Topic, at: Seq, change: &Amended) -> SqlResult<()> {
    let Scope { db, application, .. } = scope;
    let key = scope.log(topic);
    let Some((log, _)) = logs::log(db, &key)? else { return Ok(()) };
    let mut update =
        db.prepare_cached("UPDATE restricted SET data = ? WHERE application = ? AND log = ? AND seq = ?")?;
    update.execute(params![change.data.as_str(), application.0, log, sql(at)])?;
    let mut count = db.prepare_cached(
        "UPDATE recipients SET counts = ?1 AND NOT is_author, mentions = false
         WHERE application = ?2 AND log = ?3 AND seq = ?4",
    )?;
    count.execute(params![change.counts, application.0, log, sql(at)])?;
    let mut mention = db.prepare_cached(
        "UPDATE recipients SET mentions = counts WHERE application = ? AND log = ? AND seq = ? AND user = ?",
    )?;
    for user in &change.mentions.people {
        mention.execute(params![application.0, log, sql(at), user.to_string()])?;
    }
    if change.mentions.everyone {
        let mut all = db.prepare_cached(
            "UPDATE recipients SET mentions = counts WHERE application = ? AND log = ? AND seq = ?",
        )?;
        all.execute(params![application.0, log, sql(at)])?;
    }
    change.excerpt.as_ref().map_or(Ok(()), |excerpt| requote(scope, topic, at, excerpt))
}

/// Changes the quotes of a message in the restricted messages that are about it.
pub(super) fn requote(scope: Scope<'_>, topic: &Topic, at: Seq, excerpt: &str) -> SqlResult<()> {
    let Scope { db, application, .. } = scope;
    let key = scope.log(topic);
    let Some((log, _)) = logs::log(db, &key)? else { return Ok(()) };
    let mut update =
        db.prepare_cached("UPDATE restricted SET data = ? WHERE application = ? AND log = ? AND seq = ?")?;
    let mut about = db.prepare_cached(
        "SELECT seq, send_id, at, data FROM restricted
         WHERE application = ? AND log = ? AND about = ? ORDER BY seq",
    )?;
    let entries = damaged::list(&mut about, params![application.0, log, sql(at)], "restricted", |row| {
        logs::entry(row, &key)
    })?;
    for entry in entries {
        if let Some(data) = requoted(&entry.data, excerpt) {
            update.execute(params![data.as_str(), application.0, log, sql(entry.seq)])?;
        }
    }
    Ok(())
}

/// Removes the messages before a Seq, and their words from those that quote or change them.
pub(super) fn trim(scope: Scope<'_>, log: i64, key: &LogKey, before: Seq) -> SqlResult<()> {
    let Scope { db, application, .. } = scope;
    let mut about = db.prepare_cached(
        "SELECT seq, send_id, at, data FROM restricted
         WHERE application = ?1 AND log = ?2 AND about < ?3 AND seq >= ?3 ORDER BY about, seq",
    )?;
    let bounds = params![application.0, log, sql(before)];
    let about = damaged::list(&mut about, bounds, "restricted", |row| logs::entry(row, key))?;
    let mut update =
        db.prepare_cached("UPDATE restricted SET data = ? WHERE application = ? AND log = ? AND seq = ?")?;
    for entry in about {
        if let Some(data) = requoted(&entry.data, "") {
            update.execute(params![data.as_str(), application.0, log, sql(entry.seq)])?;
        }
    }
    db.prepare_cached("DELETE FROM recipients WHERE application = ? AND log = ? AND seq < ?")?
        .execute(bounds)?;
    db.prepare_cached("DELETE FROM restricted WHERE application = ? AND log = ? AND seq < ?")?
        .execute(bounds)?;
    Ok(())
}

/// Puts the messages that a viewer may read in the places of their placeholders.
pub(super) fn reveal(db: Db<'_>, key: &LogKey, viewer: Viewer, entries: &mut [Entry<Json>]) -> SqlResult<()> {
    if viewer == Viewer::Anyone {
        return Ok(());
    }
    for entry in entries.iter_mut().filter(|entry| is_placeholder(&entry.data)) {
        if let Some(restricted) = find(db, key, entry.seq)?.filter(|found| found.audience.admits(viewer)) {
            *entry = restricted.entry;
        }
    }
    Ok(())
}

/// Fills the copies in a user's own log with the messages as they are now.
pub(super) fn fill_copies(
    db: Db<'_>,
    application: ApplicationId,
    entries: &mut [Entry<Json>],
) -> SqlResult<()> {
    for entry in entries {
        if let Some((user, pointer)) = CopyPointer::of(&entry.topic, &entry.data) {
            entry.data = filled(db, application, user, &pointer)?;
        }
    }
    Ok(())
}

fn filled(db: Db<'_>, application: ApplicationId, user: UserId, pointer: &CopyPointer) -> SqlResult<Json> {
    let found = find(db, &LogKey::new(application, pointer.topic.clone()), pointer.seq)?;
    let message = match found.filter(|found| found.audience.admits(Viewer::User(user))) {
        Some(found) if has_seat(db, application, &pointer.topic, user)? => Some(found.entry.data),
        _ => None,
    };
    Ok(pointer.filled(message.as_ref()))
}

/// Counts the rows before a Seq that only their readers have, up to a limit.
pub(super) fn count_rows(
    db: Db<'_>,
    key: &LogKey,
    log: i64,
    viewer: UserId,
    before: Seq,
    most: usize,
) -> SqlResult<usize> {
    let mut count = db.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM recipients
         WHERE application = ? AND log = ? AND user = ? AND seq < ? AND is_row LIMIT ?) AS counted",
    )?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let key = params![key.application.0, log, viewer.to_string(), sql(before), most];
    count.query_row(key, |row| row.get(0))
}

/// Returns the rows from a Seq on that only their readers have, the first one first.
pub(super) fn rows_after(
    db: Db<'_>,
    key: &LogKey,
    log: i64,
    viewer: UserId,
    from: Seq,
    most: i64,
) -> SqlResult<Vec<Entry<Json>>> {
    let select = concat!(rows!(), "AND recipients.seq >= ? ORDER BY recipients.seq LIMIT ?");
    let params = params![key.application.0, log, viewer.to_string(), sql(from), most];
    damaged::list(&mut db.prepare_cached(select)?, params, "restricted", |row| logs::entry(row, key))
}

/// Returns the rows before a Seq that only their readers have, the last one first.
pub(super) fn rows_before(
    db: Db<'_>,
    key: &LogKey,
    log: i64,
    viewer: UserId,
    before: Seq,
    most: i64,
) -> SqlResult<Vec<Entry<Json>>> {
    let select = concat!(rows!(), "AND recipients.seq < ? ORDER BY recipients.seq DESC LIMIT ?");
    let params = params![key.application.0, log, viewer.to_string(), sql(before), most];
    damaged::list(&mut db.prepare_cached(select)?, params, "restricted", |row| logs::entry(row, key))
}

/// Counts the messages to a user that they have not read.
pub(super) fn unread(
    db: Db<'_>,
    UserKey { application, user }: UserKey,
    log: i64,
    mark: Seq,
    head: Seq,
) -> SqlResult<Unread> {
    let mut count = db.prepare_cached(
        "SELECT (SELECT count(*) FROM (
                    SELECT 1 FROM recipients WHERE application = ?1 AND log = ?2 AND user = ?3 AND seq > ?4
                        AND seq <= ?5 AND counts LIMIT ?6) AS counted),
                (SELECT count(*) FROM (
                    SELECT 1 FROM recipients WHERE application = ?1 AND log = ?2 AND user = ?3 AND seq > ?4
                        AND seq <= ?5 AND mentions LIMIT ?6) AS counted)",
    )?;
    let key = params![application.0, log, user.to_string(), sql(mark), sql(head), MAX_UNREAD];
    count.query_row(key, |row| Ok(Unread { messages: row.get(0)?, mentions: row.get(1)? }))
}

/// Returns true if a user has a seat in the group of a topic.
fn has_seat(db: Db<'_>, application: ApplicationId, topic: &Topic, user: UserId) -> SqlResult<bool> {
    let Some(Conversation::Group(group)) = topic.conversation() else { return Ok(false) };
    let mut find =
        db.prepare_cached("SELECT 1 FROM members WHERE application = ? AND \"group\" = ? AND user = ?")?;
    find.exists(params![application.0, group.to_string(), user.to_string()])
}

/// Returns the user whose message a draft is.
pub(super) fn author(draft: &Draft) -> Option<UserId> {
    match draft.sender {
        Sender::User(user) => Some(user),
        Sender::Open | Sender::Server => None,
    }
}

fn user_of(row: Row<'_>, column: usize) -> SqlResult<UserId> {
    checked(row, column, |user: String| user.parse().ok())
}
