//! The state of the whole store in memory: applications, jobs, and the entries by their positions.

use std::collections::{BTreeMap, BTreeSet};

use wire::{ApplicationId, LogKey, Seq, Timestamp, UserKey};

use super::applications::MemoryApplications;
use super::ended_sessions::MemoryRevocations;
use super::jobs::MemoryJobs;
use super::log::MemoryLog;
use super::records::Window;
use super::state::ApplicationState;
use crate::auth::session::TokenHash;
use crate::ports::random::RandomSource;
use crate::ports::store::{
    ApplicationWrite, Checked, Commit, Committed, Done, FileOutcome, FileWrite, FoundHook, JobWrite, Outcome,
    Position, RemoveData, Removed, Revocation, Rewritten, Sessions, Shortened, Transaction, UserWrite,
    WithAudit, Write,
};

/// The facts of all applications.
#[derive(Clone)]
pub(super) struct MemoryState {
    window: Window,
    pub(super) applications: BTreeMap<ApplicationId, ApplicationState>,
    /// The bytes that all of them hold, as of the last write.
    bytes: usize,
    pub(super) registry: MemoryApplications,
    pub(super) jobs: MemoryJobs,
    pub(super) revocations: MemoryRevocations,
    /// The position of the newest entry.
    pub(super) head: Position,
    /// The entries of all applications that are kept, by their positions.
    pub(super) positions: BTreeMap<Position, (LogKey, Seq)>,
    /// The last trim of each log that was trimmed, by their positions.
    pub(super) trims: BTreeMap<Position, LogKey>,
}

impl MemoryState {
    pub(super) fn new(window: Window, chance: &dyn RandomSource) -> Self {
        Self {
            window,
            applications: BTreeMap::new(),
            bytes: 0,
            registry: MemoryApplications::new(chance),
            jobs: MemoryJobs::default(),
            revocations: MemoryRevocations::default(),
            head: Position::default(),
            positions: BTreeMap::new(),
            trims: BTreeMap::new(),
        }
    }

    pub(super) fn application(&mut self, application: ApplicationId) -> &mut ApplicationState {
        let window = self.window;
        self.applications.entry(application).or_insert_with(|| ApplicationState::new(application, window))
    }

    pub(super) fn log(&self, log: &LogKey) -> Option<&MemoryLog> {
        self.applications.get(&log.application)?.log(&log.topic)
    }

    /// Carries out a commit; adds the entries that it appends, and the logs that it closes.
    pub(super) fn write(
        &mut self,
        Commit { application, write }: Commit,
        committed: &mut Committed,
    ) -> Outcome {
        let outcome = self.carry_out(application, write);
        self.settle(application, committed);
        outcome
    }

    fn carry_out(&mut self, application: ApplicationId, write: Write) -> Outcome {
        match write {
            Write::Log(write) => Outcome::Log(self.application(application).write_log(write)),
            Write::Amend(amend) => Outcome::Amend(self.application(application).amend(&amend)),
            Write::Trim(trim) => Outcome::Trim(self.application(application).trim(&trim)),
            Write::SetRetention(write) => {
                Outcome::SetRetention(self.application(application).set_retention(write))
            }
            Write::Groups(change) => Outcome::Groups(self.application(application).change(&change)),
            Write::GroupWithMessage(new) => {
                Outcome::GroupWithMessage(self.application(application).create_with_message(new))
            }
            Write::Users(write) => Outcome::Users(self.write_user(application, write)),
            Write::PutUser(put) => Outcome::PutUser(self.application(application).put_user(&put)),
            Write::CreateAccount(new) => {
                Outcome::CreateAccount(self.application(application).create_account(new))
            }
            Write::Accounts(write) => Outcome::Accounts(self.application(application).write_account(write)),
            Write::Identities(write) => {
                Outcome::Identities(self.application(application).write_identity(write))
            }
            Write::Sessions(write) => Outcome::Sessions(self.application(application).write_session(write)),
            Write::Files(write) => Outcome::Files(self.write_files(application, write)),
            Write::UserTokens(write) => Outcome::UserTokens(self.write_user_tokens(application, &write)),
            Write::ReadState(write) => {
                Outcome::ReadState(self.application(application).write_read_state(write))
            }
            Write::Attempts(write) => Outcome::Attempts(self.application(application).write_attempts(&write)),
            Write::Jobs(write) => Outcome::Jobs(self.jobs.write(&write)),
            Write::Webhooks(write) => Outcome::Webhooks(self.write_webhooks(application, &write)),
            Write::PlanWebhooks(plans) => Outcome::PlanWebhooks(self.plan_webhooks(&plans)),
            Write::ClaimJobs(claim) => Outcome::ClaimJobs(self.jobs.claim(claim)),
            Write::CreateApplication(new) => Outcome::CreateApplication(self.registry.create(&new)),
            Write::Applications(write) => Outcome::Applications(self.write_applications(application, &write)),
            Write::RemoveData(RemoveData { .. }) => Outcome::RemoveData(self.remove_data(application)),
            Write::Sweep(sweep) => {
                let swept = self.application(application).sweep(sweep);
                self.end_sessions(application);
                self.revocations.trim(sweep.revocations_before);
                Outcome::Sweep(swept)
            }
            Write::WithAudit(audited) => {
                let WithAudit { write, note } = *audited;
                let outcome = self.carry_out(application, write);
                if outcome.is_done() {
                    self.application(application).append(note);
                }
                outcome
            }
            Write::Transaction(transaction) => {
                let Transaction { first, then } = *transaction;
                let outcome = self.carry_out(application, first);
                if outcome.is_done() {
                    for write in then {
                        self.carry_out(application, write);
                    }
                }
                outcome
            }
        }
    }

    fn write_user(&mut self, application: ApplicationId, write: UserWrite) -> Done {
        let removed = match &write {
            UserWrite::Remove { user, at, .. } => Some((*user, *at)),
            _ => None,
        };
        let done = self.application(application).write_user(write);
        if let Some((user, at)) = removed {
            self.end_sessions(application);
            let before = Timestamp(i64::MAX);
            self.revocations.append(at, vec![Revocation::Issued { application, user: Some(user), before }]);
        }
        done
    }

    fn write_files(&mut self, application: ApplicationId, write: FileWrite) -> FileOutcome {
        let job = match &write {
            FileWrite::Add { job, .. } => job.clone(),
            _ => None,
        };
        let outcome = self.application(application).files.write(write);
        if let (FileOutcome::Done, Some(job)) = (&outcome, job) {
            self.jobs.write(&JobWrite::Add(vec![job]));
        }
        outcome
    }

    /// Records the sessions that the present write has ended.
    fn end_sessions(&mut self, application: ApplicationId) {
        let Some(state) = self.applications.get_mut(&application) else { return };
        for (at, user, which) in state.ended.drain(..) {
            let user = UserKey { application, user };
            self.revocations.append(at, vec![Revocation::Sessions { user, which }]);
        }
    }

    /// Gives the entries and trims of a write their positions, and keeps the logs within the window.
    fn settle(&mut self, application: ApplicationId, committed: &mut Committed) {
        self.end_sessions(application);
        let mut head = self.head;
        // A write that concerns no data of the application has none to settle.
        let Some(state) = self.applications.get_mut(&application) else { return };
        committed.closed.extend(state.closed.drain(..).map(|topic| LogKey::new(application, topic)));
        for (topic, seq) in std::mem::take(&mut state.rewritten) {
            let held = state.log(&topic).and_then(|log| log.at(seq));
            committed.rewritten.extend(
                held.map(|held| Rewritten {
                    log: LogKey::new(application, topic),
                    entry: held.entry.clone(),
                }),
            );
        }
        let mut kept = Vec::new();
        for (entry, may_cause_work) in state.appended.drain(..) {
            let (log, seq) = (entry.log.clone(), entry.entry.seq);
            committed.appended.push(entry);
            // It may be forgotten already.
            if let Some(held) = state.logs.get_mut(&log.topic).and_then(|log| log.at_mut(seq)) {
                head.0 += 1;
                held.position = head;
                kept.push((head, log, seq, may_cause_work));
            }
        }
        let mut trims = Vec::new();
        for topic in std::mem::take(&mut state.trimmed) {
            let Some(log) = state.logs.get_mut(&topic) else { continue };
            head.0 += 1;
            trims.push((head, log.trimmed_at.replace(head), LogKey::new(application, topic)));
        }
        self.head = head;
        for (position, earlier, log) in trims {
            earlier.and_then(|earlier| self.trims.remove(&earlier));
            self.trims.insert(position, log);
        }
        for (position, log, seq, may_cause_work) in kept {
            if may_cause_work {
                self.jobs.note(position, log.clone(), seq);
            }
            self.positions.insert(position, (log, seq));
        }
        let mut changed = BTreeSet::from([application]);
        self.count(application);
        while self.bytes > self.window.bytes {
            let largest = self.applications.iter_mut().max_by_key(|(_, state)| state.bytes);
            let Some((&largest, state)) = largest else { break };
            if !state.forget_oldest() {
                break;
            }
            changed.insert(largest);
            self.count(largest);
        }
        for application in changed {
            let Some(state) = self.applications.get_mut(&application) else { continue };
            for (topic, from) in std::mem::take(&mut state.shortened) {
                let to = state.logs.get(&topic).map(MemoryLog::begins);
                let log = LogKey::new(application, topic);
                committed.shortened.extend(to.map(|to| Shortened { log, from, to }));
            }
            for position in state.forgotten.drain(..) {
                self.positions.remove(&position);
                self.trims.remove(&position);
            }
        }
    }

    /// Counts the bytes that an application holds now.
    fn count(&mut self, application: ApplicationId) {
        let Some(state) = self.applications.get_mut(&application) else { return };
        self.bytes = self.bytes - state.counted + state.bytes;
        state.counted = state.bytes;
    }

    fn write_applications(&mut self, application: ApplicationId, write: &ApplicationWrite) -> Checked {
        let done = match write {
            ApplicationWrite::Change { version, title, description, config } => {
                self.registry.change(application, *version, |row| {
                    row.title = title.clone();
                    row.description = description.clone();
                    row.config = config.clone();
                })
            }
            ApplicationWrite::AddToken(new) => self.registry.add_token(application, new),
            ApplicationWrite::ReplaceTokens(new) => {
                let replaced = self.registry.replace_tokens(application, new);
                if replaced {
                    let which = Sessions::Others(new.token);
                    self.revocations.append(new.at, vec![Revocation::Tokens { application, which }]);
                }
                replaced
            }
            ApplicationWrite::RevokeToken { token, at } => {
                let revoked = self.registry.revoke_token(application, *token, *at);
                if revoked {
                    let which = Sessions::One(*token);
                    self.revocations.append(*at, vec![Revocation::Tokens { application, which }]);
                }
                revoked
            }
            ApplicationWrite::TouchToken { token, at } => {
                self.registry.touch_token(application, *token, *at);
                true
            }
            ApplicationWrite::Delete { at, job } => {
                let deleted = self.registry.delete(application, *at);
                if deleted {
                    self.revocations.append(*at, vec![Revocation::Application(application)]);
                    self.jobs.write(&JobWrite::Add(vec![job.clone()]));
                }
                deleted
            }
            ApplicationWrite::Forget => {
                self.registry.forget(application);
                true
            }
            ApplicationWrite::RemoveOldTokens { before } => {
                self.registry.remove_old_tokens(*before);
                true
            }
        };
        if done { Checked::Done } else { Checked::Stale }
    }

    /// Returns the incoming webhook with a token, unless its application is deleted.
    pub(super) fn hook(&self, token: TokenHash) -> Option<FoundHook> {
        let mut alive = self.applications.iter().filter(|(id, _)| !self.registry.is_deleted(**id));
        let found = alive.find_map(|(id, state)| Some((*id, state.hooks.with_token(token)?)));
        found.map(|(application, hook)| FoundHook { application, hook: hook.clone() })
    }

    fn remove_data(&mut self, application: ApplicationId) -> Removed {
        if self.registry.is_deleted(application) {
            let removed = self.applications.remove(&application);
            self.bytes -= removed.map_or(0, |state| state.counted);
            self.positions.retain(|_, (log, _)| log.application != application);
            self.trims.retain(|_, log| log.application != application);
            self.jobs.remove_of(application);
        }
        Removed { all: true }
    }
}
