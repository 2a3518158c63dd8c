//! Jobs in memory, and the tail of entries that may cause work.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use wire::{ApplicationId, Json, LogKey, Seq, Timestamp, WebhookId};

use crate::ports::store::{
    Checked, ClaimJobs, DELIVERIES_AT_ONCE, DeliveryArguments, FoundJob, Job, JobCount, JobEnd, JobId,
    JobKind, JobQueue, JobWrite, LeaseId, NewJob, Position, Webhook,
};

/// The jobs of all applications.
#[derive(Clone, Default)]
pub(super) struct MemoryJobs {
    jobs: BTreeMap<JobId, StoredJob>,
    next: u64,
    /// The position up to which jobs are planned.
    pub(super) relay: Position,
    /// The entries that may cause work and are not planned yet, oldest first.
    tail: VecDeque<(Position, LogKey, Seq)>,
}

#[derive(Clone)]
struct StoredJob {
    application: ApplicationId,
    kind: JobKind,
    lane: String,
    key: Option<String>,
    arguments: Json,
    run_at: Timestamp,
    attempts: u32,
    lease: Option<(LeaseId, Timestamp)>,
    is_dead: bool,
    error: Option<String>,
}

impl StoredJob {
    /// Returns the webhook of a delivery.
    fn webhook(&self) -> Option<(ApplicationId, WebhookId)> {
        let is_delivery = self.kind == JobKind::DeliverWebhook;
        let arguments = is_delivery.then(|| DeliveryArguments::parse(self.arguments.as_str())).flatten()?;
        Some((self.application, arguments.webhook))
    }

    /// Returns true if it has the key of another job, and is not dead.
    fn has_key_of(&self, job: &NewJob) -> bool {
        !self.is_dead
            && job.key.is_some()
            && (self.application, self.kind, &self.key) == (job.application, job.kind, &job.key)
    }
}

impl MemoryJobs {
    /// Notes an entry that may cause work.
    pub(super) fn note(&mut self, position: Position, log: LogKey, seq: Seq) {
        self.tail.push_back((position, log, seq));
    }

    /// Returns true if a lane of an application has a job that is not dead.
    pub(super) fn has_jobs(&self, application: ApplicationId, lane: &str) -> bool {
        self.jobs.values().any(|job| !job.is_dead && job.application == application && job.lane == lane)
    }

    /// Returns the number of deliveries of a webhook that wait.
    pub(super) fn waiting(&self, application: ApplicationId, webhook: WebhookId) -> usize {
        let lanes = Webhook::lanes(webhook);
        let is_of = |job: &&StoredJob| job.application == application && job.lane.starts_with(&lanes);
        self.jobs.values().filter(is_of).filter(|job| !job.is_dead).count()
    }

    /// Removes the deliveries of a webhook; returns the arguments of those that waited.
    pub(super) fn remove_lanes(&mut self, application: ApplicationId, webhook: WebhookId) -> Vec<Json> {
        let lanes = Webhook::lanes(webhook);
        let is_of = |job: &StoredJob| job.application == application && job.lane.starts_with(&lanes);
        let removed = self.jobs.extract_if(.., |_, job| is_of(job) && !job.is_dead);
        removed.map(|(_, job)| job.arguments).collect()
    }

    /// Returns the job of a kind with a key, unless it is dead.
    pub(super) fn job(&self, application: ApplicationId, kind: JobKind, key: &str) -> Option<FoundJob> {
        let (id, job) = self.jobs.iter().find(|(_, job)| {
            !job.is_dead
                && (job.application, job.kind) == (application, kind)
                && job.key.as_deref() == Some(key)
        })?;
        Some(FoundJob { id: *id, arguments: job.arguments.clone(), error: job.error.clone() })
    }

    /// Returns the entries after a position, and the position of the last of them.
    pub(super) fn tail(&self, after: Position, limit: usize) -> (Vec<(LogKey, Seq)>, Position) {
        let newer = self.tail.iter().filter(|(position, ..)| *position > after).take(limit);
        let last = newer.clone().last().map_or(after, |(position, ..)| *position);
        (newer.map(|(_, log, seq)| (log.clone(), *seq)).collect(), last)
    }

    pub(super) fn write(&mut self, write: &JobWrite) -> Checked {
        match write {
            JobWrite::Add(jobs) => self.add(jobs),
            JobWrite::Begin { now, latest, periodic } => {
                for job in self.jobs.values_mut().filter(|job| !job.is_dead && job.run_at > *latest) {
                    job.run_at = *now;
                }
                for job in periodic {
                    match self.jobs.values_mut().find(|other| other.has_key_of(job)) {
                        Some(other) => other.run_at = job.run_at,
                        None => self.add(std::slice::from_ref(job)),
                    }
                }
            }
            JobWrite::Plan { from, to, jobs } => {
                if self.relay != *from {
                    return Checked::Stale;
                }
                self.relay = *to;
                self.tail.retain(|(position, ..)| position > to);
                self.add(jobs);
            }
            JobWrite::Renew { lease, jobs, until } => {
                for id in jobs {
                    if let Some(job) = self.jobs.get_mut(id)
                        && let Some((held, expires)) = &mut job.lease
                        && held == lease
                    {
                        *expires = *until;
                    }
                }
            }
            JobWrite::End { id, lease, attempt, end } => return self.end(*id, *lease, *attempt, end),
            JobWrite::SetArguments { id, lease, attempt, arguments } => {
                let Some(job) = self.held(*id, *lease, *attempt) else { return Checked::Stale };
                job.arguments = arguments.clone();
            }
            JobWrite::Remove { id } => {
                if self.jobs.remove(id).is_none() {
                    return Checked::Stale;
                }
            }
            JobWrite::Release { lease } => {
                for job in
                    self.jobs.values_mut().filter(|job| job.lease.is_some_and(|(held, _)| held == *lease))
                {
                    job.lease = None;
                    job.attempts -= 1;
                }
            }
            JobWrite::RemoveOld { before } => {
                self.jobs.retain(|_, job| !job.is_dead || job.run_at >= *before);
            }
        }
        Checked::Done
    }

    /// Removes the jobs of an application, and its entries that are not planned yet.
    pub(super) fn remove_of(&mut self, application: ApplicationId) {
        self.jobs.retain(|_, job| job.application != application);
        self.tail.retain(|(_, log, _)| log.application != application);
    }

    fn add(&mut self, jobs: &[NewJob]) {
        for job in jobs {
            if job.key.is_some() && self.jobs.values().any(|other| other.has_key_of(job)) {
                continue;
            }
            self.next += 1;
            let NewJob { application, kind, lane, key, arguments, run_at } = job.clone();
            let (attempts, lease, is_dead) = (0, None, false);
            let stored = StoredJob {
                application,
                kind,
                lane,
                key,
                arguments,
                run_at,
                attempts,
                lease,
                is_dead,
                error: None,
            };
            self.jobs.insert(JobId(self.next), stored);
        }
    }

    /// Returns the jobs that may be claimed: those that are due and the first of their lane.
    fn due(&self, queue: JobQueue, now: Timestamp) -> impl Iterator<Item = (Timestamp, JobId)> {
        let mut lanes = BTreeSet::new();
        let alive = self.jobs.iter().filter(move |(_, job)| !job.is_dead && job.kind.queue() == queue);
        let first = alive.filter(move |(_, job)| lanes.insert((job.application, job.lane.as_str())));
        let due = first
            .filter(move |(_, job)| job.run_at <= now && job.lease.is_none_or(|(_, expires)| expires <= now));
        due.map(|(id, job)| (job.run_at, *id))
    }

    pub(super) fn has_due(&self, queue: JobQueue, now: Timestamp) -> bool {
        self.due(queue, now).next().is_some()
    }

    pub(super) fn claim(&mut self, ClaimJobs { queue, lease, now, until, limit }: ClaimJobs) -> Vec<Job> {
        let mut due: Vec<_> = self.due(queue, now).collect();
        due.sort();
        let mut leased = self.leased_deliveries(now);
        let mut claimed = Vec::with_capacity(due.len().min(limit));
        for (_, id) in due {
            if claimed.len() == limit {
                break;
            }
            let webhook = self.jobs.get(&id).and_then(StoredJob::webhook);
            if let Some(webhook) = webhook {
                let leased = leased.entry(webhook).or_default();
                if *leased == DELIVERIES_AT_ONCE {
                    continue;
                }
                *leased += 1;
            }
            let Some(job) = self.jobs.get_mut(&id) else { continue };
            job.lease = Some((lease, until));
            job.attempts += 1;
            let (application, kind, arguments) = (job.application, job.kind, job.arguments.clone());
            claimed.push(Job { id, application, kind, arguments, attempt: job.attempts });
        }
        claimed
    }

    /// Returns the number of leased deliveries of each webhook that has some.
    fn leased_deliveries(&self, now: Timestamp) -> HashMap<(ApplicationId, WebhookId), usize> {
        let mut leased = HashMap::new();
        let held = self.jobs.values().filter(|job| job.lease.is_some_and(|(_, expires)| expires > now));
        for webhook in held.filter_map(StoredJob::webhook) {
            *leased.entry(webhook).or_default() += 1;
        }
        leased
    }

    /// Returns a job that a lease holds for an attempt.
    fn held(&mut self, id: JobId, lease: LeaseId, attempt: u32) -> Option<&mut StoredJob> {
        let job = self.jobs.get_mut(&id)?;
        let is_held = job.lease.is_some_and(|(held, _)| held == lease);
        (is_held && job.attempts == attempt).then_some(job)
    }

    fn end(&mut self, id: JobId, lease: LeaseId, attempt: u32, end: &JobEnd) -> Checked {
        let Some(job) = self.held(id, lease, attempt) else { return Checked::Stale };
        (job.lease, job.error) = (None, None);
        match end {
            JobEnd::Done => drop(self.jobs.remove(&id)),
            JobEnd::Again { run_at } => (job.run_at, job.attempts) = (*run_at, 0),
            JobEnd::Failed { retry_at, error } => {
                job.run_at = retry_at.unwrap_or(job.run_at);
                (job.is_dead, job.error) = (retry_at.is_none(), Some(error.clone()));
            }
        }
        Checked::Done
    }

    pub(super) fn counts(&self) -> Vec<JobCount> {
        let count = |kind| {
            let of_kind = || self.jobs.values().filter(move |job| job.kind == kind);
            let number = |is: fn(&StoredJob) -> bool| of_kind().filter(|job| is(job)).count() as u64;
            of_kind().next()?;
            Some(JobCount {
                kind,
                ready: number(|job| !job.is_dead && job.lease.is_none()),
                leased: number(|job| !job.is_dead && job.lease.is_some()),
                dead: number(|job| job.is_dead),
                oldest: of_kind().filter(|job| !job.is_dead).map(|job| job.run_at).min(),
            })
        };
        JobKind::ALL.into_iter().filter_map(count).collect()
    }
}
