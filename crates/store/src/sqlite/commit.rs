//! Commits: a batch of writes in one transaction.

use chat::store::{
    Amend, Amended, Commit, Committed, DirectCreation, Draft, OpenTopicBounds, Outcome, Revocation, Sessions,
    Write, is_placeholder, requoted,
};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use wire::{ApplicationId, Conversation, GroupId, Refusal, Seq, Timestamp, Topic, UserId, UserKey};

use super::append::{Heads, append, append_at, grow, mention, sent_before};
use super::marks::{delivered, read, seat};
use super::scope::{News, Positions, Scope};
use super::trim::length;
use super::values::{notify, sql};
use super::{
    accounts, applications, attempts, changes, conversations, ended_sessions, guests, jobs, keyed, logs,
    meta, names, people, receipts, restricted, sessions, trim, usage, user_tokens,
};

/// Commits a batch of writes in one transaction. A refused write is refused before it has changed anything, so the
/// others are not affected. A mark is set in the same transaction. The entries get the next positions. Also returns the
/// revocations after a position.
pub(super) fn commit(
    db: &mut Connection,
    commits: Vec<Commit>,
    positions: &Positions,
    mark: Option<u64>,
    revocations_after: Seq,
) -> rusqlite::Result<Committed> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (mut outcomes, mut heads) = (Vec::with_capacity(commits.len()), Heads::default());
    let news = News::default();
    for Commit { application, write } in commits {
        let scope = Scope { db: &transaction, application, positions, news: &news };
        outcomes.push(match write {
            Write::Post(draft) => post(scope, draft, &mut heads)?,
            Write::Publish { draft, bounds } => publish(scope, draft, bounds, &mut heads)?,
            other => {
                // Later writes must see these entries in the file.
                heads.settle(&transaction)?;
                carry_out(scope, &other)?
            }
        });
    }
    heads.settle(&transaction)?;
    if let Some(mark) = mark {
        meta::set_mark(&transaction, mark)?;
    }
    let revocations = ended_sessions::after(&transaction, revocations_after)?;
    transaction.commit()?;
    let (appended, closed) = news.into_parts();
    Ok(Committed { outcomes, appended, closed, revocations })
}

fn carry_out(scope: Scope<'_>, write: &Write) -> rusqlite::Result<Outcome> {
    let Scope { db, application, .. } = scope;
    match write {
        Write::Post(draft) | Write::Publish { draft, .. } => post_alone(scope, draft),
        Write::KeepRefusals { user, seq, refused } => {
            jobs::keep_refusals(db, application, *user, *seq, refused)?;
            Ok(Outcome::Done)
        }
        Write::Trim { topic, before } => trim::trim(scope, topic, *before),
        Write::SetRetention { topic, retention } => usage::set_retention(scope, topic, retention.as_ref()),
        Write::Jobs(write) => jobs::write(db, write),
        Write::Applications(write) => applications::write(scope, write),
        Write::UserTokens(write) => user_tokens::write(scope, write),
        Write::PostRestricted(message) => restricted::post(scope, message),
        Write::Amend(amend) => carry_out_amend(scope, amend),
        Write::ChangeGroup(change) => changes::apply(scope, change),
        Write::CreateGuest { person, session } => {
            let mut user =
                db.prepare_cached("INSERT INTO users (application, id, name, since) VALUES (?, ?, ?, ?)")?;
            user.execute(params![application.0, person.id.to_string(), person.name.as_str(), session.at.0])?;
            guests::came(db, application, person.id, session.at)?;
            names::note_user(db, application, person.id, person.name.as_str(), false)?;
            accounts::begin(db, application, person.id, session)
        }
        Write::SetRead { conversation, user, seq, back } => read(scope, *conversation, *user, *seq, *back),
        Write::SetOwnDelivered { marks } => {
            let mut moved = Vec::new();
            for (user, seq) in marks {
                moved.extend(receipts::deliver(scope, *user, *seq)?);
            }
            Ok(Outcome::Receipts { moved })
        }
        Write::SetDelivered { marks } => {
            let mut moved = Vec::new();
            for (conversation, user, seq) in marks {
                if let Some(marks) = delivered(scope, *conversation, *user, *seq)?
                    && !conversations::is_blocked(db, application, *conversation)?
                {
                    moved.push((*conversation, marks));
                }
            }
            Ok(Outcome::Delivered { moved })
        }
        Write::PostFirst { draft, creation } => {
            let outcome = post_alone(scope, draft)?;
            if matches!(outcome, Outcome::Posted { .. }) {
                list_direct(scope, creation)?;
            }
            Ok(outcome)
        }
        Write::PostFirstInGroup { change, draft, recipients } => {
            changes::apply_with(scope, change, draft, recipients.as_deref())
        }
        Write::Block { by, user, on } => {
            let statement = if *on {
                "INSERT OR REPLACE INTO blocks (application, user, blocked) VALUES (?, ?, ?)"
            } else {
                "DELETE FROM blocks WHERE application = ? AND user = ? AND blocked = ?"
            };
            let key = params![application.0, by.to_string(), user.to_string()];
            db.prepare_cached(statement)?.execute(key)?;
            Ok(Outcome::Done)
        }
        Write::SetPreferences { conversation, user, notify: wish, hidden, news } => {
            let (table, seat) = seat(*conversation, *user);
            let mut update = db.prepare_cached(&format!(
                "UPDATE {table} SET notify = ?1, hidden = ?2 WHERE application = ?3 AND {} = ?4 AND user = ?5",
                seat.column
            ))?;
            let key = params![notify(*wish), hidden, application.0, seat.value, user.to_string()];
            if update.execute(key)? > 0 {
                append(scope, news)?;
            }
            Ok(Outcome::Done)
        }
        Write::SetBio { user, bio } => people::describe(db, application, *user, bio),
        Write::SetAvatar { user, picture } => people::portray(db, application, *user, picture.as_ref()),
        Write::PutUser(put) => keyed::put_user(db, application, put),
        Write::RemoveUser { user, name, tokens_valid_from, at } => {
            user_tokens::end_user(db, application, *user, *tokens_valid_from)?;
            let before = Timestamp(i64::MAX);
            let mut ended = vec![Revocation::Issued { application, user: Some(*user), before }];
            if keyed::remove_user(db, application, *user, name)? {
                let user = UserKey { application, user: *user };
                ended.push(Revocation::Sessions { user, which: Sessions::All });
            }
            ended_sessions::note(scope, *at, &ended)?;
            Ok(Outcome::Done)
        }
        Write::CreateAccount { user, login, password, rank } => {
            accounts::claim(db, application, *user, login, password, *rank)
        }
        Write::MakeOwner { user } => accounts::own(db, application, *user),
        Write::SetPassword { user, checked, password } => {
            accounts::set_password(db, application, *user, checked, password)
        }
        Write::SetApplicationRole { user, role } => accounts::rank(db, application, *user, *role),
        Write::CreateReset { token, user, by, until } => {
            accounts::offer_reset(db, application, *token, *user, *by, *until)
        }
        Write::ResetPassword { token, password } => accounts::use_reset(db, application, *token, password),
        Write::SignIn { user, checked, session } => match checked {
            Some(checked) if !accounts::is_password(db, application, *user, checked)? => Ok(Outcome::Stale),
            _ => accounts::begin(db, application, *user, session),
        },
        Write::SignOut { user, which, at } => {
            if accounts::sign_out(db, application, *user, *which)? {
                let user = UserKey { application, user: *user };
                ended_sessions::note(scope, *at, &[Revocation::Sessions { user, which: *which }])?;
            }
            Ok(Outcome::Done)
        }
        Write::WithAudit { write, note } => {
            let outcome = carry_out(scope, write)?;
            if outcome == Outcome::Done {
                append(scope, note)?;
            }
            Ok(outcome)
        }
        Write::Transaction { first, then } => {
            let outcome = carry_out(scope, first)?;
            if outcome == Outcome::Done {
                for write in then {
                    carry_out(scope, write)?;
                }
            }
            Ok(outcome)
        }
        Write::TakeAttempts { attempts, at } => attempts::take(db, application, attempts, *at),
        Write::ReturnAttempts { attempts } => attempts::give_back(db, application, attempts),
        Write::RememberDevice { user, device, at } => {
            accounts::know_device(db, application, *user, *device, *at)
        }
        Write::Sweep(sweep) => {
            attempts::sweep(db, application, sweep.attempts_before)?;
            sweep_links(db, application, sweep.links_before)?;
            user_tokens::sweep(db, application, sweep.links_before)?;
            let mut ended =
                sessions::sweep(db, application, sweep.sessions_seen_before, sweep.sessions_begun_before)?;
            let guests = guests::sweep(db, application, sweep.guests_before, sweep.guests)?;
            let all = |user: &UserId| Revocation::Sessions {
                user: UserKey { application, user: *user },
                which: Sessions::All,
            };
            ended.extend(guests.iter().map(all));
            ended_sessions::note(scope, sweep.at, &ended)?;
            ended_sessions::trim(scope, sweep.revocations_before)?;
            Ok(Outcome::Swept { guests })
        }
        Write::TouchSession { token, at } => {
            let mut touch = db.prepare_cached(
                "UPDATE sessions SET seen = ?1, since = min(since, ?1) WHERE application = ?2 AND token_hash = ?3",
            )?;
            touch.execute(params![at.0, application.0, token.0])?;
            Ok(Outcome::Done)
        }
    }
}

fn post(scope: Scope<'_>, draft: Draft, heads: &mut Heads) -> rusqlite::Result<Outcome> {
    let db = scope.db;
    let watched = match right(scope, &draft)? {
        Ok(watched) => watched,
        // A draft that was sent before keeps its outcome, even if the permission was lost since.
        Err(refused) => return Ok(sent_before(scope, &draft)?.unwrap_or(refused)),
    };
    let key = scope.log(&draft.topic);
    let (log, seq, begins) = heads.next(db, &key, &draft)?;
    if draft.about.is_some_and(|about| about < begins) {
        heads.take_back(&key);
        return Ok(sent_before(scope, &draft)?.unwrap_or(Outcome::Refused(Refusal::NotFound)));
    }
    if append_at(scope, log, seq, &draft)? {
        heads.keep(scope, &key, &draft, seq)?;
        note_spoken(scope, &draft, watched)?;
        scope.appended(draft, seq);
        return Ok(Outcome::Posted { seq });
    }
    heads.take_back(&key);
    sent_before(scope, &draft)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

/// Notes the time of a message, in a group whose slow mode applies to the sender.
pub(super) fn note_spoken(scope: Scope<'_>, draft: &Draft, watched: Option<GroupId>) -> rusqlite::Result<()> {
    let (Some(group), Some(right)) = (watched, draft.right) else { return Ok(()) };
    let mut spoke = scope.db.prepare_cached(
        "UPDATE members SET spoke_at = ? WHERE application = ? AND \"group\" = ? AND user = ?",
    )?;
    let key = params![right.now.0, scope.application.0, group.to_string(), right.user.to_string()];
    spoke.execute(key).map(|_| ())
}

fn publish(
    scope: Scope<'_>,
    draft: Draft,
    bounds: OpenTopicBounds,
    heads: &mut Heads,
) -> rusqlite::Result<Outcome> {
    let begins = heads.begins(scope.db, &scope.log(&draft.topic))?;
    let checked =
        bounds.check(heads.open_topics(scope.db, scope.application)?, begins, draft.data.as_str().len());
    // A used `SendId` creates no topic, which would not be counted; and it is not refused.
    if (begins || checked.is_err())
        && let Some(outcome) = sent_before(scope, &draft)?
    {
        return Ok(outcome);
    }
    match checked {
        Ok(()) => post(scope, draft, heads),
        Err(refusal) => Ok(Outcome::Refused(refusal)),
    }
}

/// As [`post`], where other statements may read the log next.
fn post_alone(scope: Scope<'_>, draft: &Draft) -> rusqlite::Result<Outcome> {
    let mut heads = Heads::default();
    let outcome = post(scope, draft.clone(), &mut heads)?;
    heads.settle(scope.db)?;
    Ok(outcome)
}

fn carry_out_amend(scope: Scope<'_>, amend: &Amend) -> rusqlite::Result<Outcome> {
    let Scope { db, application, .. } = scope;
    let (news, target) = (&amend.news, sql(amend.target));
    if let Some(outcome) = sent_before(scope, news)? {
        return Ok(outcome);
    }
    let Some(right) = news.right else { return Ok(Outcome::Refused(Refusal::NotFound)) };
    let standing = conversations::standing(db, application, right.conversation, right.user)?;
    if let Err(refusal) = right.check(standing.as_ref()) {
        return Ok(Outcome::Refused(refusal));
    }
    let Some(role) = right.role(standing.as_ref()) else {
        return Ok(Outcome::Refused(Refusal::NotMember));
    };
    let key = scope.log(&news.topic);
    let Some(kept) = logs::kept(db, &key, amend.target)? else {
        return Ok(Outcome::Refused(Refusal::NotFound));
    };
    if is_placeholder(&kept.entry.data)
        && let Some(found) = restricted::find(db, &key, amend.target)?
    {
        return restricted::amend(scope, amend, found, right, role);
    }
    let Amended { data, pinned, counts, mentions, excerpt } = match amend.decide(&kept, role) {
        Ok(Some(amended)) => amended,
        Ok(None) => return Ok(Outcome::Unchanged { seq: kept.entry.seq, at: kept.entry.timestamp }),
        Err(refusal) => return Ok(Outcome::Refused(refusal)),
    };
    let mut find = db.prepare_cached("SELECT id FROM logs WHERE application = ? AND topic = ?")?;
    let log: i64 = find.query_row(params![application.0, news.topic.as_str()], |row| row.get(0))?;
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
    let mut growth = length(data.as_str()) - length(kept.entry.data.as_str());
    if mentions != kept.mentions {
        db.prepare_cached("DELETE FROM mentions WHERE log = ? AND seq = ?")?.execute(params![log, target])?;
        mention(db, log, amend.target, &mentions)?;
    }
    if let Some(excerpt) = excerpt {
        for entry in logs::about(db, &key, amend.target)? {
            if let Some(data) = requoted(&entry.data, &excerpt) {
                let mut rewrite =
                    db.prepare_cached("UPDATE entries SET data = ? WHERE log = ? AND seq = ?")?;
                rewrite.execute(params![data.as_str(), log, sql(entry.seq)])?;
                growth += length(data.as_str()) - length(entry.data.as_str());
            }
        }
        restricted::requote(scope, &news.topic, amend.target, &excerpt)?;
    }
    grow(db, log, growth)?;
    Ok(Outcome::Posted { seq: append(scope, news)? })
}

/// Checks the permission to append a draft. Returns the group whose slow mode applies to the sender, if any, or the
/// outcome of a refusal.
pub(super) fn right(scope: Scope<'_>, draft: &Draft) -> rusqlite::Result<Result<Option<GroupId>, Outcome>> {
    let Some(right) = draft.right else { return Ok(Ok(None)) };
    let standing = conversations::standing(scope.db, scope.application, right.conversation, right.user)?;
    Ok(match (right.check(standing.as_ref()), right.conversation) {
        (Err(refusal), _) => Err(Outcome::Refused(refusal)),
        (Ok(()), Conversation::Group(group)) if right.is_watched(standing.as_ref()) => Ok(Some(group)),
        (Ok(()), _) => Ok(None),
    })
}

/// Lists a direct for both its users, with the entries about it, unless it was listed before.
fn list_direct(scope: Scope<'_>, DirectCreation { pair, news }: &DirectCreation) -> rusqlite::Result<()> {
    let [low, high] = pair.people().map(|user| user.to_string());
    let mut insert = scope.db.prepare_cached(
        "INSERT OR IGNORE INTO directs (application, user, other, at) VALUES (?1, ?2, ?3, ?4), (?1, ?3, ?2, ?4)",
    )?;
    let at = logs::newest(scope.db, &scope.log(&Topic::direct(*pair)))?.map_or(0, |(_, at)| at.0);
    if insert.execute(params![scope.application.0, low, high, at])? == 0 {
        return Ok(());
    }
    news.iter().try_for_each(|draft| append(scope, draft).map(|_| ()))
}

/// Deletes password resets and invites that can no longer be used.
fn sweep_links(db: &Transaction<'_>, application: ApplicationId, before: Timestamp) -> rusqlite::Result<()> {
    let key = params![application.0, before.0];
    db.prepare_cached("DELETE FROM resets WHERE application = ? AND until < ?")?.execute(key)?;
    db.prepare_cached("DELETE FROM invites WHERE application = ? AND until < ?")?.execute(key)?;
    db.prepare_cached("DELETE FROM invites WHERE application = ? AND uses = 0")?
        .execute([application.0])
        .map(|_| ())
}
