//! The state of the whole store in memory: applications, jobs, and the entries by their positions.

use std::collections::{BTreeMap, HashMap};

use wire::{ApplicationId, LogKey, Seq, Timestamp, UserKey};

use super::applications::MemoryApplications;
use super::ended_sessions::MemoryRevocations;
use super::jobs::MemoryJobs;
use super::log::MemoryLog;
use super::records::Window;
use super::state::ApplicationState;
use crate::ports::random::RandomSource;
use crate::ports::store::{
    ApplicationWrite, Commit, Committed, JobWrite, Outcome, Position, Revocation, Rewritten, Sessions,
    Shortened, Write,
};

/// The facts of all applications.
pub(super) struct MemoryState {
    window: Window,
    pub(super) applications: HashMap<ApplicationId, ApplicationState>,
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
            applications: HashMap::new(),
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
        let mut removed = None;
        let trim = match &write {
            Write::Jobs(write) => return self.jobs.write(write),
            Write::Applications(write) => return self.write_applications(application, write),
            Write::UserTokens(write) => return self.write_user_tokens(application, write),
            Write::Sweep(sweep) => Some(sweep.revocations_before),
            Write::RemoveUser { user, at, .. } => {
                removed = Some((*user, *at));
                None
            }
            _ => None,
        };
        let mut head = self.head;
        let state = self.application(application);
        let outcome = match write {
            Write::Post(draft) => state.post(draft),
            Write::Publish { draft, bounds } => state.publish(draft, bounds),
            other => state.write(&other),
        };
        let ended = std::mem::take(&mut state.ended);
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
        for (at, user, which) in ended {
            let user = UserKey { application, user };
            self.revocations.append(at, vec![Revocation::Sessions { user, which }]);
        }
        if let Some((user, at)) = removed {
            let before = Timestamp(i64::MAX);
            self.revocations.append(at, vec![Revocation::Issued { application, user: Some(user), before }]);
        }
        if let Some(before) = trim {
            self.revocations.trim(before);
        }
        while self.applications.values().map(|state| state.bytes).sum::<usize>() > self.window.bytes {
            let largest = self.applications.values_mut().max_by_key(|state| state.bytes);
            if !largest.is_some_and(ApplicationState::forget_oldest) {
                break;
            }
        }
        for (application, state) in &mut self.applications {
            for (topic, from) in std::mem::take(&mut state.shortened) {
                let to = state.logs.get(&topic).map(MemoryLog::begins);
                let log = LogKey::new(*application, topic);
                committed.shortened.extend(to.map(|to| Shortened { log, from, to }));
            }
            for position in state.forgotten.drain(..) {
                self.positions.remove(&position);
                self.trims.remove(&position);
            }
        }
        outcome
    }

    fn write_applications(&mut self, application: ApplicationId, write: &ApplicationWrite) -> Outcome {
        let done = match write {
            ApplicationWrite::Create(new) => {
                return Outcome::Created { application: self.registry.create(new) };
            }
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
            ApplicationWrite::RemoveData { .. } => {
                if self.registry.is_deleted(application) {
                    self.applications.remove(&application);
                    self.positions.retain(|_, (log, _)| log.application != application);
                    self.trims.retain(|_, log| log.application != application);
                    self.jobs.remove_of(application);
                }
                return Outcome::Removed { all: true };
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
        if done { Outcome::Done } else { Outcome::Stale }
    }
}
