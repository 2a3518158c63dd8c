use chat::store::{Change, Draft, Fact, Outcome, Version, Write};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use wire::{Member, Seq, Timestamp, Topic};

use super::groups;
use super::values::{APPLICATION, role, sender, seq};

/// Makes a batch of writes facts, in one transaction. A write that is refused is refused before it has
/// changed anything, so the others need not know.
pub(super) fn commit(db: &mut Connection, writes: &[Write]) -> rusqlite::Result<Vec<Outcome>> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let outcomes = writes.iter().map(|write| carry_out(&transaction, write)).collect::<Result<_, _>>()?;
    transaction.commit()?;
    Ok(outcomes)
}

fn carry_out(db: &Transaction<'_>, write: &Write) -> rusqlite::Result<Outcome> {
    match write {
        Write::Post(draft) => post(db, draft),
        Write::Change(change) => apply(db, change),
        Write::Introduce { person, token, at } => {
            let mut user =
                db.prepare_cached("INSERT INTO users (id, application, name, since) VALUES (?, ?, ?, ?)")?;
            user.execute(params![person.id.to_string(), APPLICATION, person.name.as_str(), at.0])?;
            let mut session = db
                .prepare_cached("INSERT INTO sessions (token_hash, user, since, seen) VALUES (?, ?, ?, ?)")?;
            session.execute(params![token.0, person.id.to_string(), at.0, at.0])?;
            Ok(Outcome::Done)
        }
        Write::Touch { token, at } => {
            db.prepare_cached("UPDATE sessions SET seen = ? WHERE token_hash = ?")?
                .execute(params![at.0, token.0])?;
            Ok(Outcome::Done)
        }
    }
}

fn post(db: &Transaction<'_>, draft: &Draft) -> rusqlite::Result<Outcome> {
    if let Some(outcome) = sent_before(db, draft)? {
        return Ok(outcome);
    }
    if let Some((group, user)) = draft.seat
        && groups::seat(db, group, user)?.is_none()
    {
        return Ok(Outcome::NoSeat);
    }
    Ok(Outcome::Posted { seq: append(db, draft)? })
}

fn sent_before(db: &Transaction<'_>, draft: &Draft) -> rusqlite::Result<Option<Outcome>> {
    let mut find = db.prepare_cached(
        "SELECT entries.seq, entries.at, entries.body_hash, logs.topic
         FROM entries JOIN logs ON logs.id = entries.log
         WHERE entries.application = ? AND entries.sender = ? AND entries.send_id = ?",
    )?;
    let key = params![APPLICATION, sender(draft.sender), draft.id.as_str()];
    find.query_row(key, |row| {
        let same =
            row.get::<_, [u8; 16]>(2)? == draft.body.0 && row.get::<_, String>(3)? == draft.topic.as_str();
        Ok(if same {
            Outcome::Repeated { seq: seq(row, 0)?, at: Timestamp(row.get(1)?) }
        } else {
            Outcome::SendIdTaken
        })
    })
    .optional()
}

fn append(db: &Transaction<'_>, draft: &Draft) -> rusqlite::Result<Seq> {
    let (log, seq) = next_place(db, &draft.topic)?;
    let mut insert = db.prepare_cached(
        "INSERT INTO entries (log, seq, application, sender, send_id, body_hash, at, data)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    insert.execute(params![
        log,
        super::values::sql(seq),
        APPLICATION,
        sender(draft.sender),
        draft.id.as_str(),
        draft.body.0,
        draft.at.0,
        draft.data.as_str()
    ])?;
    Ok(seq)
}

/// Takes the next place of a log, which begins with its first entry.
fn next_place(db: &Transaction<'_>, topic: &Topic) -> rusqlite::Result<(i64, Seq)> {
    let mut next = db.prepare_cached(
        "INSERT INTO logs (application, topic, head) VALUES (?, ?, 1)
         ON CONFLICT (application, topic) DO UPDATE SET head = head + 1
         RETURNING id, head",
    )?;
    next.query_row(params![APPLICATION, topic.as_str()], |row| Ok((row.get(0)?, seq(row, 1)?)))
}

fn apply(db: &Transaction<'_>, change: &Change) -> rusqlite::Result<Outcome> {
    let id = change.group.to_string();
    let mut find = db.prepare_cached("SELECT version FROM groups WHERE id = ?")?;
    let version = find.query_row([&id], |row| row.get::<_, u64>(0).map(Version)).optional()?;
    if version != change.version {
        return Ok(Outcome::Stale);
    }
    for fact in &change.facts {
        establish(db, &id, fact)?;
    }
    db.prepare_cached("UPDATE groups SET version = version + 1 WHERE id = ?")?.execute([&id])?;
    let places = change.news.iter().map(|draft| append(db, draft)).collect::<Result<_, _>>()?;
    Ok(Outcome::Changed { places })
}

fn establish(db: &Transaction<'_>, group: &str, fact: &Fact) -> rusqlite::Result<usize> {
    match fact {
        Fact::Created { name, limit, at } => {
            let mut insert = db.prepare_cached(
                "INSERT INTO groups (id, application, name, member_limit, version, since)
                 VALUES (?, ?, ?, ?, 0, ?)",
            )?;
            insert.execute(params![group, APPLICATION, name.as_str(), limit, at.0])
        }
        Fact::Seated(Member { person, role: as_role, since }) => {
            let mut insert =
                db.prepare_cached("INSERT INTO members (\"group\", user, role, since) VALUES (?, ?, ?, ?)")?;
            insert.execute(params![group, person.id.to_string(), role(*as_role), since.0])
        }
        Fact::Unseated(user) => {
            let mut delete = db.prepare_cached("DELETE FROM members WHERE \"group\" = ? AND user = ?")?;
            delete.execute(params![group, user.to_string()])
        }
        Fact::Ranked(user, as_role) => {
            let mut update =
                db.prepare_cached("UPDATE members SET role = ? WHERE \"group\" = ? AND user = ?")?;
            update.execute(params![role(*as_role), group, user.to_string()])
        }
    }
}
