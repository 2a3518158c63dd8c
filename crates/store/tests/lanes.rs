//! Lanes of jobs in a file that something else has changed: whatever happened to one job, the others are run.

use std::path::Path;

use chat::store::{
    Checked, ClaimJobs, Commit, Job, JobKind, JobQueue, JobWrite, LeaseId, NewJob, Store, TypedWrite,
};
use chat::testing::SeededChance;
use rusqlite::Connection;
use store::SqliteStore;
use wire::{ApplicationId, Json, Seq, Timestamp};

const NOW: Timestamp = Timestamp(100);

#[tokio::test]
async fn a_job_whose_predecessor_ended_unnoticed_runs_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    with_three_jobs(folder.path()).await;
    // A node of a version that does not know that jobs wait ends the first one so.
    change(folder.path(), "DELETE FROM jobs WHERE id = (SELECT min(id) FROM jobs)");
    let store = open(folder.path());
    begin(&store).await;
    assert_eq!(claimed(&store).await, [2]);
}

#[tokio::test]
async fn a_job_that_cannot_be_read_does_not_stop_its_lane() {
    let folder = tempfile::tempdir().unwrap();
    with_three_jobs(folder.path()).await;
    change(folder.path(), "UPDATE jobs SET kind = 'brew' WHERE id = (SELECT min(id) FROM jobs)");
    let store = open(folder.path());
    begin(&store).await;
    assert_eq!(claimed(&store).await, [0; 0], "it is found to be unreadable");
    assert_eq!(claimed(&store).await, [2]);
}

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, &SeededChance::new(1)).unwrap()
}

/// Closes a store in whose one lane the jobs 1, 2 and 3 are due.
async fn with_three_jobs(folder: &Path) {
    let store = open(folder);
    let job = |number: u64| NewJob {
        application: ApplicationId(5),
        kind: JobKind::Broadcast,
        lane: "李雷".into(),
        key: None,
        arguments: Json::of(&number),
        run_at: NOW,
    };
    assert_eq!(commit(&store, JobWrite::Add((1..=3).map(job).collect())).await, Checked::Done);
}

/// Changes the file while no server has it open.
fn change(folder: &Path, sql: &str) {
    let changed = Connection::open(folder.join("hubbub.db")).unwrap().execute(sql, []).unwrap();
    assert_eq!(changed, 1, "{sql}");
}

/// Does what a node does at its start.
async fn begin(store: &SqliteStore) {
    let begin = JobWrite::Begin { now: NOW, latest: NOW, periodic: Vec::new() };
    assert_eq!(commit(store, begin).await, Checked::Done);
}

/// Claims what is due; returns the numbers in the jobs.
async fn claimed(store: &SqliteStore) -> Vec<u64> {
    let (queue, lease) = (JobQueue::Own, LeaseId(*b"the first worker"));
    let jobs = commit(store, ClaimJobs { queue, lease, now: NOW, until: Timestamp(160), limit: 4 }).await;
    jobs.iter().map(|job: &Job| serde_json::from_str(job.arguments.as_str()).unwrap()).collect()
}

async fn commit<W: TypedWrite>(store: &SqliteStore, write: W) -> W::Outcome {
    let commit = Commit { application: ApplicationId::BUILT_IN, write: write.into() };
    let mut outcomes = store.commit(vec![commit], Seq(0)).await.unwrap().outcomes;
    W::outcome(outcomes.remove(0)).unwrap()
}
