//! Commits: a batch of writes in one transaction.

use chat::store::{
    Amend, AmendOutcome, Amended, Commit, Committed, DirectCreation, Draft, LogOutcome, LogWrite,
    MembershipState, OpenTopicBounds, Outcome, Revocation, Sessions, Sweep, Swept, Write, is_placeholder,
    requoted,
};
use wire::{Amendment, ApplicationId, Conversation, GroupId, Refusal, Timestamp, Topic, UserId, UserKey};

use super::append::{Heads, append, grow, mention, sent_before};
use super::locks::Locks;
use super::scope::{News, Positions, Scope};
use super::trim::length;
use super::values::sql;
use super::{
    accounts, applications, attempts, changes, conversations, ended_sessions, files, guests, hooks,
    identities, jobs, keyed, logs, marks, restricted, sessions, trim, usage, user_tokens, users, webhooks,
};
use crate::sql::{Db, SqlError, SqlResult, params};

/// Carries out a batch of writes, in a transaction. A refused write is refused before it has changed anything, so the
/// others are not affected. The revocations are left to the caller. Unless `checked` is true, a `SendId` that is taken
/// may fail the batch on PostgreSQL.
pub(crate) fn carry_out_all(
    db: Db<'_>,
    commits: Vec<Commit>,
    positions: &Positions,
    locks: &Locks,
    checked: bool,
) -> SqlResult<Committed> {
    let (mut outcomes, mut heads) = (Vec::with_capacity(commits.len()), Heads::default());
    let news = News::default();
    let mut commits = commits.into_iter();
    while let Some(Commit { application, write }) = commits.next() {
        let scope = Scope { db, application, positions, locks, news: &news };
        if let Some(draft) = draft_of(&write) {
            let later =
                commits.as_slice().iter().map_while(|next| Some((next.application, draft_of(&next.write)?)));
            heads.begin(db, std::iter::once((application, draft)).chain(later), checked)?;
        }
        outcomes.push(match write {
            Write::Log(LogWrite::Post(draft)) => Outcome::Log(post(scope, draft, &mut heads)?),
            Write::Log(LogWrite::Publish { draft, bounds }) => {
                Outcome::Log(publish(scope, draft, bounds, &mut heads)?)
            }
            other => {
                // Later writes must see these entries.
                heads.settle(db)?;
                carry_out(scope, &other)?
            }
        });
    }
    heads.settle(db)?;
    Ok(Committed { outcomes, ..news.into_committed() })
}

/// Returns the draft of a post, of which a run may have many.
fn draft_of(write: &Write) -> Option<&Draft> {
    match write {
        Write::Log(LogWrite::Post(draft) | LogWrite::Publish { draft, .. }) => Some(draft),
        _ => None,
    }
}

fn carry_out(scope: Scope<'_>, write: &Write) -> SqlResult<Outcome> {
    let Scope { db, application, .. } = scope;
    Ok(match write {
        Write::Log(write) => Outcome::Log(append_to_log(scope, write)?),
        Write::Amend(amend) => Outcome::Amend(carry_out_amend(scope, amend)?),
        Write::Trim(trim) => Outcome::Trim(trim::trim(scope, trim)?),
        Write::SetRetention(write) => Outcome::SetRetention(usage::set_retention(scope, write)?),
        Write::Groups(change) => Outcome::Groups(changes::apply(scope, change)?),
        Write::GroupWithMessage(new) => Outcome::GroupWithMessage(changes::create_with_message(scope, new)?),
        Write::Users(write) => Outcome::Users(users::write(scope, write)?),
        Write::PutUser(put) => Outcome::PutUser(keyed::put_user(db, application, put)?),
        Write::CreateAccount(new) => Outcome::CreateAccount(accounts::create(db, application, new)?),
        Write::Accounts(write) => Outcome::Accounts(accounts::write(db, application, write)?),
        Write::Identities(write) => Outcome::Identities(identities::write(scope, write)?),
        Write::Sessions(write) => Outcome::Sessions(sessions::write(scope, write)?),
        Write::Files(write) => Outcome::Files(files::write(scope, write)?),
        Write::UserTokens(write) => Outcome::UserTokens(user_tokens::write(scope, write)?),
        Write::ReadState(write) => Outcome::ReadState(marks::write(scope, write)?),
        Write::Attempts(write) => Outcome::Attempts(attempts::write(db, application, write)?),
        Write::Jobs(write) => Outcome::Jobs(jobs::write(db, write)?),
        Write::Webhooks(write) => Outcome::Webhooks(webhooks::write(scope, write)?),
        Write::PlanWebhooks(plans) => Outcome::PlanWebhooks(webhooks::plan(db, plans)?),
        Write::ClaimJobs(claim) => Outcome::ClaimJobs(jobs::claim(db, *claim)?),
        Write::CreateApplication(new) => Outcome::CreateApplication(applications::create(db, new)?),
        Write::Applications(write) => Outcome::Applications(applications::write(scope, write)?),
        Write::RemoveData(remove) => Outcome::RemoveData(applications::remove_data(scope, *remove)?),
        Write::Sweep(bounds) => Outcome::Sweep(sweep(scope, bounds)?),
        Write::WithAudit(audited) => {
            let outcome = carry_out(scope, &audited.write)?;
            if outcome.is_done() {
                append(scope, &audited.note)?;
            }
            outcome
        }
        Write::Transaction(transaction) => {
            let outcome = carry_out(scope, &transaction.first)?;
            if outcome.is_done() {
                for write in &transaction.then {
                    carry_out(scope, write)?;
                }
            }
            outcome
        }
    })
}

/// Appends an entry, where other statements may read the log next.
pub(super) fn append_to_log(scope: Scope<'_>, write: &LogWrite) -> SqlResult<LogOutcome> {
    match write {
        LogWrite::Post(draft) | LogWrite::Publish { draft, .. } => post_alone(scope, draft),
        LogWrite::PostRestricted(message) => restricted::post(scope, message),
        LogWrite::PostFirst { draft, creation } => {
            let outcome = post_alone(scope, draft)?;
            if matches!(outcome, LogOutcome::Posted { .. }) {
                list_direct(scope, creation)?;
            }
            Ok(outcome)
        }
        LogWrite::PostByHook(message) => hooks::post(scope, message),
        LogWrite::WithFiles(with) => files::post(scope, with),
    }
}

fn sweep(scope: Scope<'_>, bounds: &Sweep) -> SqlResult<Swept> {
    let Scope { db, application, .. } = scope;
    attempts::sweep(db, application, bounds.attempts_before)?;
    sweep_links(db, application, bounds.links_before)?;
    user_tokens::sweep(db, application, bounds.links_before)?;
    let mut ended =
        sessions::sweep(db, application, bounds.sessions_seen_before, bounds.sessions_begun_before)?;
    let guests = guests::sweep(db, application, bounds.guests_before, bounds.guests)?;
    let all = |user: &UserId| Revocation::Sessions {
        user: UserKey { application, user: *user },
        which: Sessions::All,
    };
    ended.extend(guests.iter().map(all));
    ended_sessions::note(scope, bounds.at, &ended)?;
    ended_sessions::trim(scope, bounds.revocations_before)?;
    Ok(Swept { guests })
}

fn post(scope: Scope<'_>, draft: Draft, heads: &mut Heads) -> SqlResult<LogOutcome> {
    let key = scope.log(&draft.topic);
    scope.locks.take(scope.db, &key)?;
    let standing = match draft.right {
        Some(right) => heads.standing(scope, right.conversation, right.user)?,
        None => None,
    };
    let watched = match check(&draft, standing.as_ref()) {
        Ok(watched) => watched,
        // A draft that was sent before keeps its outcome, even if the permission was lost since.
        Err(refused) => return Ok(heads.sent_before(scope, &draft)?.unwrap_or(refused)),
    };
    let (log, seq, begins) = heads.next(scope, &key, &draft)?;
    if draft.about.is_some_and(|about| about < begins) {
        heads.take_back(&key);
        return Ok(heads.sent_before(scope, &draft)?.unwrap_or(LogOutcome::Refused(Refusal::NotFound)));
    }
    if heads.append_at(scope, log, seq, &draft)? {
        heads.keep(scope, &key, &draft, seq)?;
        heads.note_spoken(scope, &draft, watched)?;
        scope.appended(draft, seq);
        return Ok(LogOutcome::Posted { seq });
    }
    heads.take_back(&key);
    heads.sent_before(scope, &draft)?.ok_or(SqlError::NoRows)
}

/// Notes the time of a message, in a group whose slow mode applies to the sender.
pub(super) fn note_spoken(scope: Scope<'_>, draft: &Draft, watched: Option<GroupId>) -> SqlResult<()> {
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
) -> SqlResult<LogOutcome> {
    let begins = heads.begins(scope.db, &scope.log(&draft.topic))?;
    let checked =
        bounds.check(heads.open_topics(scope.db, scope.application)?, begins, draft.data.as_str().len());
    // A used `SendId` creates no topic, which would not be counted; and it is not refused.
    if (begins || checked.is_err())
        && let Some(outcome) = heads.sent_before(scope, &draft)?
    {
        return Ok(outcome);
    }
    match checked {
        Ok(()) => post(scope, draft, heads),
        Err(refusal) => Ok(LogOutcome::Refused(refusal)),
    }
}

/// As [`post`], where other statements may read the log next.
pub(super) fn post_alone(scope: Scope<'_>, draft: &Draft) -> SqlResult<LogOutcome> {
    let mut heads = Heads::default();
    let outcome = post(scope, draft.clone(), &mut heads)?;
    heads.settle(scope.db)?;
    Ok(outcome)
}

fn carry_out_amend(scope: Scope<'_>, amend: &Amend) -> SqlResult<AmendOutcome> {
    let Scope { db, application, .. } = scope;
    let (news, target) = (&amend.news, sql(amend.target));
    if let Some(outcome) = sent_before(scope, news)? {
        return Ok(outcome.into());
    }
    let Some(right) = news.right else { return Ok(AmendOutcome::Refused(Refusal::NotFound)) };
    let standing = conversations::standing(db, application, right.conversation, right.user)?;
    if let Err(refusal) = right.check(standing.as_ref()) {
        return Ok(AmendOutcome::Refused(refusal));
    }
    let Some(role) = right.role(standing.as_ref()) else {
        return Ok(AmendOutcome::Refused(Refusal::NotMember));
    };
    let key = scope.log(&news.topic);
    let Some(kept) = logs::kept(db, &key, amend.target)? else {
        return Ok(AmendOutcome::Refused(Refusal::NotFound));
    };
    if is_placeholder(&kept.entry.data)
        && let Some(found) = restricted::find(db, &key, amend.target)?
    {
        return restricted::amend(scope, amend, found, right, role);
    }
    let Amended { data, pinned, counts, mentions, excerpt } = match amend.decide(&kept, role) {
        Ok(Some(amended)) => amended,
        Ok(None) => return Ok(AmendOutcome::Unchanged { seq: kept.entry.seq, at: kept.entry.timestamp }),
        Err(refusal) => return Ok(AmendOutcome::Refused(refusal)),
    };
    let mut find = db.prepare_cached("SELECT id FROM logs WHERE application = ? AND topic = ?")?;
    let log: i64 = find.query_row(params![application.0, news.topic.as_str()], |row| row.get(0))?;
    // Before the entry itself, whose old value it compares. The remainder is for a damaged counter: it stays a number.
    let mut recount = db.prepare_cached(
        "UPDATE logs SET recounts = coalesce(CAST(recounts AS INTEGER), 0) % 4611686018427387904 + 1
         WHERE id = ?1 AND (?2 OR EXISTS (
             SELECT 1 FROM entries WHERE log = ?1 AND seq = ?3 AND counts IS DISTINCT FROM ?4))",
    )?;
    recount.execute(params![log, mentions != kept.mentions, target, counts])?;
    let mut update =
        db.prepare_cached("UPDATE entries SET data = ?, pinned = ?, counts = ? WHERE log = ? AND seq = ?")?;
    update.execute(params![data.as_str(), pinned, counts, log, target])?;
    if amend.amendment == Amendment::Delete {
        files::detach(scope, &news.topic, amend.target)?;
    }
    let mut growth = length(data.as_str()) - length(kept.entry.data.as_str());
    scope.rewritten(&key, kept.entry, data);
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
                scope.rewritten(&key, entry, data);
            }
        }
        restricted::requote(scope, &news.topic, amend.target, &excerpt)?;
    }
    grow(db, log, growth)?;
    Ok(AmendOutcome::Posted { seq: append(scope, news)? })
}

/// Checks the permission to append a draft. Returns the group whose slow mode applies to the sender, if any, or the
/// outcome of a refusal.
pub(super) fn right(scope: Scope<'_>, draft: &Draft) -> SqlResult<Result<Option<GroupId>, LogOutcome>> {
    let standing = match draft.right {
        Some(right) => conversations::standing(scope.db, scope.application, right.conversation, right.user)?,
        None => None,
    };
    Ok(check(draft, standing.as_ref()))
}

/// As [`right`], with the membership state that it depends on.
fn check(draft: &Draft, standing: Option<&MembershipState>) -> Result<Option<GroupId>, LogOutcome> {
    let Some(right) = draft.right else { return Ok(None) };
    match (right.check(standing), right.conversation) {
        (Err(refusal), _) => Err(LogOutcome::Refused(refusal)),
        (Ok(()), Conversation::Group(group)) if right.is_watched(standing) => Ok(Some(group)),
        (Ok(()), _) => Ok(None),
    }
}

/// Lists a direct for both its users, with the entries about it, unless it was listed before.
fn list_direct(scope: Scope<'_>, DirectCreation { pair, news }: &DirectCreation) -> SqlResult<()> {
    let [low, high] = pair.people().map(|user| user.to_string());
    let mut insert = scope.db.prepare_cached(
        "INSERT INTO directs (application, user, other, at) VALUES (?1, ?2, ?3, ?4), (?1, ?3, ?2, ?4)
         ON CONFLICT DO NOTHING",
    )?;
    let at = logs::newest(scope.db, &scope.log(&Topic::direct(*pair)))?.map_or(0, |(_, at)| at.0);
    if insert.execute(params![scope.application.0, low, high, at])? == 0 {
        return Ok(());
    }
    news.iter().try_for_each(|draft| append(scope, draft).map(|_| ()))
}

/// Deletes password resets and invites that can no longer be used.
fn sweep_links(db: Db<'_>, application: ApplicationId, before: Timestamp) -> SqlResult<()> {
    let key = params![application.0, before.0];
    db.prepare_cached("DELETE FROM resets WHERE application = ? AND until < ?")?.execute(key)?;
    db.prepare_cached("DELETE FROM invites WHERE application = ? AND until < ?")?.execute(key)?;
    db.prepare_cached("DELETE FROM invites WHERE application = ? AND uses = 0")?
        .execute([application.0])
        .map(|_| ())
}
