//! Commits: a batch of writes in one transaction.

use chat::store::{
    Amend, Amended, BroadcastPart, DirectCreation, Draft, OpenTopicBounds, Outcome, Placed, Write, requoted,
};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use wire::{Conversation, GroupId, Refusal, Seq, Timestamp, Topic};

use super::append::{Heads, append, append_at, mention, sent_before};
use super::marks::{delivered, read, seat};
use super::values::{APPLICATION, notify, sql};
use super::{accounts, attempts, changes, conversations, guests, logs, meta, names, people};

/// Commits a batch of writes in one transaction. A refused write is refused before it has changed anything, so the
/// others are not affected. A mark is set in the same transaction.
pub(super) fn commit(
    db: &mut Connection,
    writes: &[Write],
    mark: Option<u64>,
) -> rusqlite::Result<Vec<Outcome>> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (mut outcomes, mut heads) = (Vec::with_capacity(writes.len()), Heads::default());
    for write in writes {
        outcomes.push(match write {
            Write::Post(draft) => post(&transaction, draft, &mut heads)?,
            Write::Publish { draft, bounds } => publish(&transaction, draft, *bounds, &mut heads)?,
            other => {
                // Later writes must see these entries in the file.
                heads.settle(&transaction)?;
                carry_out(&transaction, other)?
            }
        });
    }
    heads.settle(&transaction)?;
    if let Some(mark) = mark {
        meta::set_mark(&transaction, mark)?;
    }
    transaction.commit()?;
    Ok(outcomes)
}

fn carry_out(db: &Transaction<'_>, write: &Write) -> rusqlite::Result<Outcome> {
    match write {
        Write::Post(draft) | Write::Publish { draft, .. } => post_alone(db, draft),
        Write::Broadcast { record, parts } => broadcast(db, record, parts),
        Write::Amend(amend) => carry_out_amend(db, amend),
        Write::ChangeGroup(change) => changes::apply(db, change),
        Write::CreateGuest { person, session } => {
            let mut user =
                db.prepare_cached("INSERT INTO users (id, application, name, since) VALUES (?, ?, ?, ?)")?;
            user.execute(params![person.id.to_string(), APPLICATION, person.name.as_str(), session.at.0])?;
            guests::came(db, person.id, session.at)?;
            names::note_user(db, person.id, person.name.as_str(), false)?;
            accounts::begin(db, person.id, session)
        }
        Write::SetRead { conversation, user, seq, back } => read(db, *conversation, *user, *seq, *back),
        Write::SetDelivered { marks } => {
            let mut moved = Vec::new();
            for (conversation, user, seq) in marks {
                if let Some(marks) = delivered(db, *conversation, *user, *seq)?
                    && !conversations::is_blocked(db, *conversation)?
                {
                    moved.push((*conversation, marks));
                }
            }
            Ok(Outcome::Delivered { moved })
        }
        Write::PostFirst { draft, creation } => Ok(match post_first(db, draft, Some(creation))? {
            Ok(placed) => Outcome::PostedFirst(placed),
            Err(outcome) => outcome,
        }),
        Write::Block { by, user, on } => {
            let statement = if *on {
                "INSERT OR REPLACE INTO blocks (user, blocked) VALUES (?, ?)"
            } else {
                "DELETE FROM blocks WHERE user = ? AND blocked = ?"
            };
            db.prepare_cached(statement)?.execute([by.to_string(), user.to_string()])?;
            Ok(Outcome::Done)
        }
        Write::SetPreferences { conversation, user, notify: wish, hidden, news } => {
            let (table, seat) = seat(*conversation, *user);
            let mut update = db.prepare_cached(&format!(
                "UPDATE {table} SET notify = ?1, hidden = ?2 WHERE {} = ?3 AND user = ?4",
                seat.column
            ))?;
            let changed = update.execute(params![notify(*wish), hidden, seat.value, user.to_string()])?;
            if changed == 0 { Ok(Outcome::Done) } else { Ok(Outcome::Posted { seq: append(db, news)? }) }
        }
        Write::SetBio { user, bio } => people::describe(db, *user, bio),
        Write::SetAvatar { user, picture } => people::portray(db, *user, picture.as_ref()),
        Write::CreateAccount { user, login, password, rank } => {
            accounts::claim(db, *user, login, password, *rank)
        }
        Write::MakeOwner { user } => accounts::own(db, *user),
        Write::SetPassword { user, checked, password } => {
            accounts::set_password(db, *user, checked, password)
        }
        Write::SetApplicationRole { user, role } => accounts::rank(db, *user, *role),
        Write::CreateReset { token, user, by, until } => {
            accounts::offer_reset(db, *token, *user, *by, *until)
        }
        Write::ResetPassword { token, password } => accounts::use_reset(db, *token, password),
        Write::SignIn { user, checked, session } => match checked {
            Some(checked) if !accounts::is_password(db, *user, checked)? => Ok(Outcome::Stale),
            _ => accounts::begin(db, *user, session),
        },
        Write::SignOut { user, which } => accounts::sign_out(db, *user, *which),
        Write::WithAudit { write, note } => match carry_out(db, write)? {
            Outcome::Done => Ok(Outcome::Noted { seq: append(db, note)? }),
            other => Ok(other),
        },
        Write::Transaction { first, then } => {
            let outcome = carry_out(db, first)?;
            if outcome == Outcome::Done {
                for write in then {
                    carry_out(db, write)?;
                }
            }
            Ok(outcome)
        }
        Write::TakeAttempts { attempts, at } => attempts::take(db, attempts, *at),
        Write::ReturnAttempts { attempts } => attempts::give_back(db, attempts),
        Write::RememberDevice { user, device, at } => accounts::know_device(db, *user, *device, *at),
        Write::Sweep { guests_before, guests, attempts_before, links_before } => {
            attempts::sweep(db, *attempts_before)?;
            sweep_links(db, *links_before)?;
            Ok(Outcome::Swept { guests: guests::sweep(db, *guests_before, *guests)? })
        }
        Write::TouchSession { token, at } => {
            db.prepare_cached("UPDATE sessions SET seen = ?1, since = min(since, ?1) WHERE token_hash = ?2")?
                .execute(params![at.0, token.0])?;
            Ok(Outcome::Done)
        }
    }
}

fn post(db: &Transaction<'_>, draft: &Draft, heads: &mut Heads) -> rusqlite::Result<Outcome> {
    let watched = match right(db, draft)? {
        Ok(watched) => watched,
        // A draft that was sent before keeps its outcome, even if the permission was lost since.
        Err(refused) => return Ok(sent_before(db, draft)?.unwrap_or(refused)),
    };
    let (log, seq) = heads.next(db, draft)?;
    if append_at(db, log, seq, draft)? {
        heads.keep(db, draft, seq)?;
        if let Some(group) = watched {
            let mut spoke =
                db.prepare_cached("UPDATE members SET spoke_at = ? WHERE \"group\" = ? AND user = ?")?;
            let (user, now) =
                (draft.right.map(|right| right.user.to_string()), draft.right.map(|right| right.now.0));
            spoke.execute(params![now, group.to_string(), user])?;
        }
        return Ok(Outcome::Posted { seq });
    }
    heads.take_back(&draft.topic);
    sent_before(db, draft)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

fn publish(
    db: &Transaction<'_>,
    draft: &Draft,
    bounds: OpenTopicBounds,
    heads: &mut Heads,
) -> rusqlite::Result<Outcome> {
    let begins = heads.begins(db, draft)?;
    let checked = bounds.check(heads.open_topics(db)?, begins, draft.data.as_str().len());
    // A used `SendId` creates no topic, which would not be counted; and it is not refused.
    if (begins || checked.is_err())
        && let Some(outcome) = sent_before(db, draft)?
    {
        return Ok(outcome);
    }
    match checked {
        Ok(()) => post(db, draft, heads),
        Err(refusal) => Ok(Outcome::Refused(refusal)),
    }
}

/// As [`post`], where other statements may read the log next.
fn post_alone(db: &Transaction<'_>, draft: &Draft) -> rusqlite::Result<Outcome> {
    let mut heads = Heads::default();
    let outcome = post(db, draft, &mut heads)?;
    heads.settle(db)?;
    Ok(outcome)
}

fn broadcast(db: &Transaction<'_>, record: &Draft, parts: &[BroadcastPart]) -> rusqlite::Result<Outcome> {
    if let Some(outcome) = sent_before(db, record)? {
        return Ok(outcome);
    }
    let mut places = Vec::with_capacity(parts.len());
    for BroadcastPart { draft, creation } in parts {
        places.push(post_first(db, draft, creation.as_ref())?.ok());
    }
    Ok(Outcome::Broadcast { seq: append(db, record)?, places })
}

/// Appends a message, and lists its direct if this is the first one; returns the outcome if it is not appended.
fn post_first(
    db: &Transaction<'_>,
    draft: &Draft,
    creation: Option<&DirectCreation>,
) -> rusqlite::Result<Result<Placed, Outcome>> {
    Ok(match post_alone(db, draft)? {
        Outcome::Posted { seq } => {
            let listed = creation.map(|creation| list_direct(db, creation)).transpose()?;
            Ok(Placed { seq, listed: listed.unwrap_or_default() })
        }
        other => Err(other),
    })
}

fn carry_out_amend(db: &Transaction<'_>, amend: &Amend) -> rusqlite::Result<Outcome> {
    let (news, target) = (&amend.news, sql(amend.target));
    if let Some(outcome) = sent_before(db, news)? {
        return Ok(outcome);
    }
    let Some(right) = news.right else { return Ok(Outcome::Refused(Refusal::NotFound)) };
    let standing = conversations::standing(db, right.conversation, right.user)?;
    if let Err(refusal) = right.check(standing.as_ref()) {
        return Ok(Outcome::Refused(refusal));
    }
    let Some(role) = standing.and_then(|standing| standing.role) else {
        return Ok(Outcome::Refused(Refusal::NotMember));
    };
    let Some(kept) = logs::kept(db, &news.topic, amend.target)? else {
        return Ok(Outcome::Refused(Refusal::NotFound));
    };
    let Amended { data, pinned, counts, mentions, excerpt } = match amend.decide(&kept, role) {
        Ok(Some(amended)) => amended,
        Ok(None) => return Ok(Outcome::Unchanged { seq: kept.entry.seq, at: kept.entry.timestamp }),
        Err(refusal) => return Ok(Outcome::Refused(refusal)),
    };
    let mut find = db.prepare_cached("SELECT id FROM logs WHERE application = ? AND topic = ?")?;
    let log: i64 = find.query_row(params![APPLICATION, news.topic.as_str()], |row| row.get(0))?;
    // Before the entry itself, whose old value it compares. The remainder is for a damaged counter: it stays a number.
    let mut recount = db.prepare_cached(
        "UPDATE logs SET recounts = coalesce(CAST(recounts AS INTEGER), 0) % 4611686018427387904 + 1
         WHERE id = ?1 AND (?2 OR EXISTS (
             SELECT 1 FROM entries WHERE log = ?1 AND seq = ?3 AND counts IS NOT ?4))",
    )?;
    recount.execute(params![log, mentions != kept.mentions, target, counts])?;
    let mut update =
        db.prepare_cached("UPDATE entries SET data = ?, pinned = ?, counts = ? WHERE log = ? AND seq = ?")?;
    update.execute(params![data.as_str(), pinned, counts, log, target])?;
    if mentions != kept.mentions {
        db.prepare_cached("DELETE FROM mentions WHERE log = ? AND seq = ?")?.execute(params![log, target])?;
        mention(db, log, amend.target, &mentions)?;
    }
    if let Some(excerpt) = excerpt {
        for entry in logs::about(db, &news.topic, amend.target)? {
            if let Some(data) = requoted(&entry.data, &excerpt) {
                let mut rewrite =
                    db.prepare_cached("UPDATE entries SET data = ? WHERE log = ? AND seq = ?")?;
                rewrite.execute(params![data.as_str(), log, sql(entry.seq)])?;
            }
        }
    }
    Ok(Outcome::Posted { seq: append(db, news)? })
}

/// Checks the permission to append a draft. Returns the group whose slow mode applies to the sender, if any, or the
/// outcome of a refusal.
fn right(db: &Transaction<'_>, draft: &Draft) -> rusqlite::Result<Result<Option<GroupId>, Outcome>> {
    let Some(right) = draft.right else { return Ok(Ok(None)) };
    let standing = conversations::standing(db, right.conversation, right.user)?;
    Ok(match (right.check(standing.as_ref()), right.conversation) {
        (Err(refusal), _) => Err(Outcome::Refused(refusal)),
        (Ok(()), Conversation::Group(group)) if right.is_watched(standing.as_ref()) => Ok(Some(group)),
        (Ok(()), _) => Ok(None),
    })
}

/// Lists a direct for both its users; returns the Seqs of the entries about it, none if it was listed before.
fn list_direct(
    db: &Transaction<'_>,
    DirectCreation { pair, news }: &DirectCreation,
) -> rusqlite::Result<Vec<Seq>> {
    let [low, high] = pair.people().map(|user| user.to_string());
    let mut insert = db.prepare_cached(
        "INSERT OR IGNORE INTO directs (user, other, at) VALUES (?1, ?2, ?3), (?2, ?1, ?3)",
    )?;
    let at = logs::newest(db, &Topic::direct(*pair))?.map_or(0, |(_, at)| at.0);
    if insert.execute(params![low, high, at])? == 0 {
        return Ok(Vec::new());
    }
    news.iter().map(|draft| append(db, draft)).collect()
}

/// Deletes password resets and invites that can no longer be used.
fn sweep_links(db: &Transaction<'_>, before: Timestamp) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM resets WHERE until < ?")?.execute([before.0])?;
    db.prepare_cached("DELETE FROM invites WHERE until < ?")?.execute([before.0])?;
    db.prepare_cached("DELETE FROM invites WHERE uses = 0")?.execute([]).map(|_| ())
}
