//! Store contract: jobs, their leases, and the tail of the relay.

use wire::{ApplicationId, Json, Seq, Timestamp, Topic};

use super::writing::{TEA, batch, commit_one, draft, message, with_tea};
use super::{Fresh, Tenant};
use crate::ports::store::{
    AccountWrite, Checked, ClaimJobs, Done, Draft, Job, JobCount, JobEnd, JobKind, JobQueue, JobWrite,
    LeaseId, NewJob, Position, Sender, Transaction, UserWrite,
};
use crate::testing::{ann, ben};

const FIRST: LeaseId = LeaseId(*b"the first worker");
const OTHER: LeaseId = LeaseId(*b"the other worker");

fn job(lane: &str, number: u64) -> NewJob {
    NewJob {
        application: ApplicationId(5),
        kind: JobKind::Broadcast,
        lane: lane.into(),
        key: None,
        arguments: Json::of(&number),
        run_at: Timestamp(100),
    }
}

async fn add(store: &Tenant, jobs: Vec<NewJob>) {
    assert_eq!(commit_one(store, JobWrite::Add(jobs)).await, Checked::Done);
}

async fn claim(store: &Tenant, lease: LeaseId, now: i64) -> Vec<Job> {
    let now = Timestamp(now);
    let claim = ClaimJobs { queue: JobQueue::Own, lease, now, until: Timestamp(now.0 + 60), limit: 4 };
    let is_due = store.store().has_due_jobs(JobQueue::Own, now).await.unwrap();
    let jobs = commit_one(store, claim).await;
    assert_eq!(is_due, !jobs.is_empty());
    jobs
}

async fn end(store: &Tenant, lease: LeaseId, job: &Job, end: JobEnd) -> Checked {
    let end = JobWrite::End { id: job.id, lease, attempt: job.attempt, end };
    commit_one(store, end).await
}

/// Returns the arguments of jobs, which are numbers here.
fn numbers(jobs: &[Job]) -> Vec<u64> {
    jobs.iter().map(|job| serde_json::from_str(job.arguments.as_str()).unwrap()).collect()
}

async fn counts(store: &Tenant) -> Vec<JobCount> {
    store.store().job_counts().await.unwrap()
}

pub async fn jobs_of_a_lane_run_one_after_the_other(fresh: impl Fresh) {
    let store = fresh();
    let elsewhere = NewJob { application: ApplicationId(6), ..job("a", 30) };
    let later = NewJob { run_at: Timestamp(200), ..job("c", 40) };
    add(&store, vec![job("a", 1), job("a", 2), job("b", 3), elsewhere, later]).await;
    assert_eq!(claim(&store, FIRST, 99).await, [], "none is due");
    let jobs = claim(&store, FIRST, 100).await;
    assert_eq!(numbers(&jobs), [1, 3, 30], "the first of each lane of each application");
    assert!(jobs.iter().all(|job| job.attempt == 1 && job.kind == JobKind::Broadcast));
    assert_eq!(jobs[2].application, ApplicationId(6));
    assert_eq!(claim(&store, OTHER, 101).await, [], "each is leased");
    assert_eq!(end(&store, FIRST, &jobs[0], JobEnd::Done).await, Checked::Done);
    assert_eq!(numbers(&claim(&store, OTHER, 101).await), [2]);
    let oldest = Some(Timestamp(100));
    let count = JobCount { kind: JobKind::Broadcast, ready: 1, leased: 3, dead: 0, oldest };
    assert_eq!(counts(&store).await, [count]);
    assert_eq!(numbers(&claim(&store, FIRST, 200).await), [2, 3, 30, 40], "leases have expired");
}

pub async fn a_job_is_added_with_the_write_that_causes_it_or_not_at_all(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let then = |number| batch![JobWrite::Add(vec![job("a", number)])];
    let refused = Transaction { first: AccountWrite::MakeOwner { user: ann().id }, then: then(1) };
    assert_eq!(commit_one(&store, refused).await, Checked::Stale, "she has no account");
    assert_eq!(counts(&store).await, []);
    let block = UserWrite::Block { by: ann().id, user: ben().id, on: true };
    assert_eq!(commit_one(&store, Transaction { first: block, then: then(2) }).await, Done);
    assert_eq!(numbers(&claim(&store, FIRST, 100).await), [2]);
}

pub async fn a_lost_lease_ends_nothing(fresh: impl Fresh) {
    let store = fresh();
    add(&store, vec![job("a", 1)]).await;
    let lost = claim(&store, FIRST, 100).await.remove(0);
    assert_eq!(claim(&store, OTHER, 159).await, []);
    let now = claim(&store, OTHER, 160).await.remove(0);
    assert_eq!((now.id, now.attempt), (lost.id, 2));
    for void in [JobEnd::Done, JobEnd::Again { run_at: Timestamp(0) }] {
        assert_eq!(end(&store, FIRST, &lost, void).await, Checked::Stale);
    }
    let renew = JobWrite::Renew { lease: OTHER, jobs: vec![now.id], until: Timestamp(500) };
    assert_eq!(commit_one(&store, renew).await, Checked::Done);
    assert_eq!(claim(&store, FIRST, 499).await, [], "a renewed lease lasts");
    assert_eq!(end(&store, OTHER, &now, JobEnd::Done).await, Checked::Done);
    assert_eq!(end(&store, OTHER, &now, JobEnd::Done).await, Checked::Stale, "it is done once");
    assert_eq!(counts(&store).await, []);
}

pub async fn only_the_named_jobs_of_a_lease_are_renewed(fresh: impl Fresh) {
    let store = fresh();
    add(&store, vec![job("a", 1), job("b", 2), job("c", 3)]).await;
    let held = claim(&store, FIRST, 100).await;
    let renew = |lease, job: &Job| JobWrite::Renew { lease, jobs: vec![job.id], until: Timestamp(500) };
    commit_one(&store, renew(FIRST, &held[1])).await;
    commit_one(&store, renew(OTHER, &held[2])).await;
    assert_eq!(numbers(&claim(&store, OTHER, 400).await), [1, 3], "the others have expired");
    assert_eq!(end(&store, FIRST, &held[1], JobEnd::Done).await, Checked::Done);
}

pub async fn at_the_beginning_periodic_jobs_get_their_time_and_none_is_far_ahead(fresh: impl Fresh) {
    let store = fresh();
    let keyed = |number, run_at| NewJob {
        key: Some("hourly".into()),
        run_at: Timestamp(run_at),
        ..job("sweep", number)
    };
    let ahead = NewJob { run_at: Timestamp(9_000_000), ..job("a", 3) };
    let soon = NewJob { run_at: Timestamp(900), ..job("b", 4) };
    add(&store, vec![keyed(1, 50), ahead, soon]).await;
    let begin = |number, run_at| {
        let periodic = vec![keyed(number, run_at)];
        JobWrite::Begin { now: Timestamp(500), latest: Timestamp(1_000), periodic }
    };
    commit_one(&store, begin(2, 700)).await;
    assert_eq!(numbers(&claim(&store, FIRST, 500).await), [3], "a clock was wrong");
    assert_eq!(numbers(&claim(&store, FIRST, 700).await), [3, 1], "it is the one that was there");
    let tried = claim(&store, FIRST, 900).await;
    assert_eq!(numbers(&tried), [3, 1, 4]);
    let dead = JobEnd::Failed { retry_at: None, error: "no answer".into() };
    assert_eq!(end(&store, FIRST, &tried[1], dead).await, Checked::Done);
    commit_one(&store, begin(5, 950)).await;
    assert_eq!(numbers(&claim(&store, OTHER, 955).await), [5], "a dead one does not keep its key");
}

pub async fn a_lane_has_jobs_until_the_last_is_done_or_dead(fresh: impl Fresh) {
    let store = fresh();
    let own = |lane, number| NewJob { application: ApplicationId::BUILT_IN, ..job(lane, number) };
    assert!(!store.has_jobs("a").await.unwrap());
    add(&store, vec![own("a", 1), own("a", 2), job("b", 3)]).await;
    assert!(store.has_jobs("a").await.unwrap());
    assert!(!store.has_jobs("b").await.unwrap(), "that one belongs to another application");
    for dead in [false, true] {
        let jobs = claim(&store, FIRST, 100).await;
        let own = jobs.iter().find(|job| job.application == ApplicationId::BUILT_IN).unwrap();
        let how = JobEnd::Failed { retry_at: None, error: String::new() };
        assert!(store.has_jobs("a").await.unwrap());
        end(&store, FIRST, own, if dead { how } else { JobEnd::Done }).await;
    }
    assert!(!store.has_jobs("a").await.unwrap());
}

pub async fn a_failed_job_waits_and_a_dead_one_lets_its_lane_go_on(fresh: impl Fresh) {
    let store = fresh();
    add(&store, vec![job("a", 1), job("a", 2)]).await;
    let tried = claim(&store, FIRST, 100).await.remove(0);
    let failed = |retry_at| JobEnd::Failed { retry_at, error: "no answer".into() };
    assert_eq!(end(&store, FIRST, &tried, failed(Some(Timestamp(150)))).await, Checked::Done);
    assert_eq!(claim(&store, FIRST, 149).await, [], "the next one of its lane waits with it");
    let tried = claim(&store, FIRST, 150).await.remove(0);
    assert_eq!(tried.attempt, 2);
    assert_eq!(end(&store, FIRST, &tried, JobEnd::Again { run_at: Timestamp(160) }).await, Checked::Done);
    let anew = claim(&store, FIRST, 160).await.remove(0);
    assert_eq!((anew.id, anew.attempt), (tried.id, 1), "it is as if it were new");
    assert_eq!(end(&store, FIRST, &anew, failed(None)).await, Checked::Done);
    assert_eq!(numbers(&claim(&store, FIRST, 161).await), [2]);
    let oldest = Some(Timestamp(100));
    assert_eq!(
        counts(&store).await,
        [JobCount { kind: JobKind::Broadcast, ready: 0, leased: 1, dead: 1, oldest }]
    );
}

pub async fn a_lane_goes_on_however_its_first_job_ends(fresh: impl Fresh) {
    let store = fresh();
    add(&store, (1..=4).map(|number| job("東京 🍵", number)).collect()).await;
    let first = claim(&store, FIRST, 100).await.remove(0);
    assert_eq!(commit_one(&store, JobWrite::Remove { id: first.id }).await, Checked::Done);
    let second = claim(&store, FIRST, 100).await.remove(0);
    assert_eq!(numbers(std::slice::from_ref(&second)), [2], "the first was removed while it ran");
    // Added behind those that wait, and it waits as they do.
    add(&store, vec![job("東京 🍵", 5)]).await;
    let dead = JobEnd::Failed { retry_at: None, error: "no answer".into() };
    assert_eq!(end(&store, FIRST, &second, dead).await, Checked::Done);
    assert_eq!(commit_one(&store, JobWrite::RemoveOld { before: Timestamp(101) }).await, Checked::Done);
    for number in 3..=5 {
        let next = claim(&store, FIRST, 100).await;
        assert_eq!(numbers(&next), [number]);
        assert_eq!(end(&store, FIRST, &next[0], JobEnd::Done).await, Checked::Done);
    }
    assert_eq!(claim(&store, FIRST, 100).await, []);
    add(&store, vec![job("東京 🍵", 6)]).await;
    assert_eq!(numbers(&claim(&store, FIRST, 100).await), [6], "an empty lane has nothing to wait for");
}

pub async fn a_key_is_one_job(fresh: impl Fresh) {
    let store = fresh();
    let keyed = |number, application| NewJob {
        key: Some("hourly".into()),
        application: ApplicationId(application),
        ..job("sweep", number)
    };
    add(&store, vec![keyed(1, 5), keyed(2, 5), keyed(3, 6)]).await;
    add(&store, vec![keyed(4, 5)]).await;
    let jobs = claim(&store, FIRST, 100).await;
    assert_eq!(numbers(&jobs), [1, 3]);
    add(&store, vec![keyed(5, 5)]).await;
    assert_eq!(end(&store, FIRST, &jobs[0], JobEnd::Done).await, Checked::Done);
    assert_eq!(claim(&store, FIRST, 101).await, []);
    add(&store, vec![keyed(6, 5)]).await;
    assert_eq!(numbers(&claim(&store, FIRST, 101).await), [6], "the key is free again");
}

pub async fn the_relay_plans_entries_once(fresh: impl Fresh) {
    let store = fresh();
    assert_eq!(store.store().relay().await.unwrap(), Position(0));
    let plan = |from, to, number| JobWrite::Plan {
        from: Position(from),
        to: Position(to),
        jobs: vec![job("a", number)],
    };
    assert_eq!(commit_one(&store, plan(0, 8, 1)).await, Checked::Done);
    assert_eq!(commit_one(&store, plan(0, 8, 2)).await, Checked::Stale, "another node has planned them");
    assert_eq!(store.store().relay().await.unwrap(), Position(8));
    assert_eq!(commit_one(&store, plan(8, 9, 3)).await, Checked::Done);
    let jobs = claim(&store, FIRST, 100).await;
    assert_eq!(numbers(&jobs), [1]);
    assert_eq!(end(&store, FIRST, &jobs[0], JobEnd::Done).await, Checked::Done);
    assert_eq!(numbers(&claim(&store, FIRST, 100).await), [3]);
}

pub async fn entries_that_may_cause_work_are_found_in_their_order(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let record =
        |id: &str| Draft { is_row: false, ..draft(&Topic::user(ann().id), Sender::User(ann().id), id, id) };
    let open = Draft { is_row: false, ..draft(&Topic::new("news").unwrap(), Sender::Open, "o", "open") };
    let about = Draft { about: Some(Seq(1)), ..record("about") };
    for write in [message(TEA, &ann(), "m", "a message"), record("1"), open, about] {
        commit_one(&store, write).await;
    }
    let bens = Draft { is_row: false, ..draft(&Topic::user(ben().id), Sender::User(ben().id), "2", "2") };
    commit_one(&store, bens).await;
    let (mut found, mut after) = (Vec::new(), Position::default());
    loop {
        let tail = store.store().tail(after, 2).await.unwrap();
        if tail.position == after {
            assert_eq!(tail.entries, []);
            break;
        }
        assert!(tail.position > after);
        after = tail.position;
        found.extend(tail.entries);
    }
    let found: Vec<_> = found
        .iter()
        .filter(|(log, _)| log.application == ApplicationId::BUILT_IN)
        .map(|(log, entry)| (log.topic.clone(), entry.id.as_str().to_owned(), entry.seq))
        .collect();
    let expected = [(ann(), "1", Seq(1)), (ben(), "2", Seq(1))];
    assert_eq!(found, expected.map(|(user, id, seq)| (Topic::user(user.id), id.to_owned(), seq)));
    // The same again from the beginning, in one read.
    let all = store.store().tail(Position::default(), 1_000).await.unwrap();
    assert_eq!((all.entries.len(), all.position), (4, after), "with those of the other application");
}

pub async fn a_released_job_has_not_been_tried(fresh: impl Fresh) {
    let store = fresh();
    add(&store, vec![job("a", 1), job("b", 2)]).await;
    let held = claim(&store, FIRST, 100).await;
    assert_eq!(held.len(), 2);
    commit_one(&store, JobWrite::Release { lease: OTHER }).await;
    assert_eq!(claim(&store, OTHER, 101).await, []);
    commit_one(&store, JobWrite::Release { lease: FIRST }).await;
    let jobs = claim(&store, OTHER, 101).await;
    assert_eq!((numbers(&jobs), jobs[0].attempt), (vec![1, 2], 1));
    assert_eq!(end(&store, FIRST, &held[0], JobEnd::Done).await, Checked::Stale);
}

pub async fn old_dead_jobs_are_removed(fresh: impl Fresh) {
    let store = fresh();
    let at = |number, run_at| NewJob { run_at: Timestamp(run_at), ..job(&format!("{number}"), number) };
    add(&store, vec![at(1, 10), at(2, 20), at(3, 10)]).await;
    let jobs = claim(&store, FIRST, 30).await;
    for job in jobs.iter().filter(|job| numbers(std::slice::from_ref(*job)) != [3]) {
        let dead = JobEnd::Failed { retry_at: None, error: "gone".into() };
        assert_eq!(end(&store, FIRST, job, dead).await, Checked::Done);
    }
    commit_one(&store, JobWrite::RemoveOld { before: Timestamp(20) }).await;
    let left = counts(&store).await.remove(0);
    assert_eq!((left.dead, left.leased), (1, 1), "a newer one stays, and one that is not dead");
}

pub async fn a_job_that_runs_gets_other_arguments_until_its_lease_is_lost(fresh: impl Fresh) {
    let store = fresh();
    add(&store, vec![job("a", 1)]).await;
    let running = claim(&store, FIRST, 100).await;
    let set = |lease, number: u64| JobWrite::SetArguments {
        id: running[0].id,
        lease,
        attempt: 1,
        arguments: Json::of(&number),
    };
    assert_eq!(commit_one(&store, set(FIRST, 2)).await, Checked::Done);
    assert_eq!(commit_one(&store, set(OTHER, 3)).await, Checked::Stale);
    let taken = claim(&store, OTHER, 160).await;
    assert_eq!(numbers(&taken), [2], "the next attempt begins where the first one was");
    assert_eq!(commit_one(&store, set(FIRST, 4)).await, Checked::Stale);
}

pub async fn a_job_is_found_by_its_key_and_removed_while_it_runs(fresh: impl Fresh) {
    let store = fresh();
    let keyed = |number: u64, application| NewJob {
        key: Some("tea".into()),
        application: ApplicationId(application),
        ..job("a", number)
    };
    let found = async || store.job(JobKind::Broadcast, "tea").await.unwrap();
    add(&store, vec![keyed(9, 6)]).await;
    assert_eq!(found().await, None, "that one belongs to another application");
    add(&store, vec![keyed(1, ApplicationId::BUILT_IN.0)]).await;
    let first = found().await.unwrap();
    assert_eq!((first.arguments, first.error), (Json::of(&1), None));
    let running = claim(&store, FIRST, 100).await;
    let own = |running: &[Job], id| running.iter().find(|job| job.id == id).unwrap().clone();
    let retry = JobEnd::Failed { retry_at: Some(Timestamp(100)), error: "no tea".into() };
    assert_eq!(end(&store, FIRST, &own(&running, first.id), retry).await, Checked::Done);
    let waits = found().await.unwrap();
    assert_eq!((waits.id, waits.error.as_deref()), (first.id, Some("no tea")));
    let running = claim(&store, FIRST, 100).await;
    let dead = JobEnd::Failed { retry_at: None, error: "no tea at all".into() };
    assert_eq!(end(&store, FIRST, &own(&running, first.id), dead).await, Checked::Done);
    assert_eq!(found().await, None, "it is dead");
    add(&store, vec![keyed(2, ApplicationId::BUILT_IN.0)]).await;
    let second = found().await.unwrap();
    let running = claim(&store, FIRST, 100).await;
    assert_eq!(commit_one(&store, JobWrite::Remove { id: second.id }).await, Checked::Done);
    assert_eq!(commit_one(&store, JobWrite::Remove { id: second.id }).await, Checked::Stale);
    assert_eq!(end(&store, FIRST, &own(&running, second.id), JobEnd::Done).await, Checked::Stale);
    assert_eq!(found().await, None);
}
