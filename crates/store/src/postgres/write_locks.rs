//! The locks of a write: those that it takes before it looks at anything.

use std::collections::BTreeSet;

use chat::store::{Commit, Draft, FileWrite, HookPost, LogWrite, RestrictedDraft, UserWrite, Write};
use wire::{ApplicationId, LogKey, Pair, Topic};

use crate::tables::Lock;

/// Returns the locks of a batch, in the one order in which every node takes them, so that no two wait for each other.
pub(super) fn of_batch(commits: &[Commit], others: &[Lock]) -> Vec<i64> {
    let mut locks = BTreeSet::from_iter(others.iter().map(|lock| lock.0));
    for Commit { application, write } in commits {
        of(*application, write, &mut locks);
    }
    locks.into_iter().collect()
}

/// A write of a log takes the lock of that log. Any other takes that of its application as well: they are few, and each
/// decides by rows that another may be about to write.
fn of(application: ApplicationId, write: &Write, locks: &mut BTreeSet<i64>) {
    let log = |topic: &Topic| Lock::log(&LogKey::new(application, topic.clone())).0;
    let all = |drafts: &[Draft]| drafts.iter().map(|draft| log(&draft.topic)).collect::<Vec<_>>();
    let own = Lock::application(application).0;
    match write {
        Write::Log(LogWrite::Post(draft)) => {
            locks.insert(log(&draft.topic));
        }
        // The bounds of open topics count those of the whole application.
        Write::Log(LogWrite::Publish { draft, .. }) => locks.extend([own, log(&draft.topic)]),
        Write::Log(
            LogWrite::PostRestricted(RestrictedDraft { draft, .. })
            | LogWrite::PostByHook(HookPost { draft, .. }),
        ) => {
            locks.insert(log(&draft.topic));
        }
        Write::Log(LogWrite::PostFirst { draft, creation }) => {
            locks.insert(log(&draft.topic));
            locks.extend(all(&creation.news));
        }
        // Only one message takes a file.
        Write::Log(LogWrite::WithFiles(with)) => {
            locks.insert(own);
            of(application, &Write::Log(with.message.clone()), locks);
        }
        Write::Files(FileWrite::Add { job: Some(_), .. }) => locks.extend([own, Lock::jobs().0]),
        Write::Amend(amend) => {
            locks.insert(log(&amend.news.topic));
        }
        Write::Trim(trim) => {
            locks.insert(log(&trim.topic));
        }
        Write::SetRetention(set) => {
            locks.insert(log(&set.topic));
        }
        Write::Groups(change) => {
            locks.extend([own, log(&Topic::group(change.group))]);
            locks.extend(all(&change.news));
        }
        Write::GroupWithMessage(new) => {
            locks.extend([own, log(&new.draft.topic)]);
            locks.extend(all(&new.change.news));
        }
        // A block takes away the right to write to a direct, whose log says nothing of it.
        Write::Users(UserWrite::Block { by, user, .. }) => {
            locks.insert(own);
            locks.extend(Pair::of(*by, *user).map(|pair| log(&Topic::direct(pair))));
        }
        // Marks only grow, or are set by their own user.
        Write::ReadState(_) => {}
        // Whatever changes a webhook or its deliveries holds the lock of the jobs, and that is enough.
        Write::Jobs(_) | Write::ClaimJobs(_) | Write::Webhooks(_) | Write::PlanWebhooks(_) => {
            locks.insert(Lock::jobs().0);
        }
        Write::CreateApplication(_) | Write::Applications(_) => locks.extend([own, Lock::jobs().0]),
        Write::Users(_)
        | Write::PutUser(_)
        | Write::CreateAccount(_)
        | Write::Accounts(_)
        | Write::Identities(_)
        | Write::Sessions(_)
        | Write::UserTokens(_)
        | Write::Files(_)
        | Write::Attempts(_)
        | Write::RemoveData(_)
        | Write::Sweep(_) => {
            locks.insert(own);
        }
        Write::WithAudit(audited) => {
            of(application, &audited.write, locks);
            locks.insert(log(&audited.note.topic));
        }
        Write::Transaction(transaction) => {
            of(application, &transaction.first, locks);
            for write in &transaction.then {
                of(application, write, locks);
            }
        }
    }
}
