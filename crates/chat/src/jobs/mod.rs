//! Jobs: work after a commit. The relay plans jobs from committed entries, workers lease and run them, and a failed
//! attempt is retried with backoff. Every job runs at least once; the jobs of one lane run in order.

mod backoff;
mod ended;
mod relay;
mod wake;
mod webhook_delivery;
mod webhook_planner;
mod worker;

pub(crate) use wake::{JOBS_AT_ONCE, JobWake, Wakes};

use wire::{ApplicationId, Json, Timestamp};

use self::ended::Ended;
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::store::{Job, JobEnd, JobKind, JobWrite, LeaseId, NewJob, WebhookWrite};
use crate::service::error::Error;

/// The time between two sweeps, and two passes over the logs, in milliseconds.
const SWEEP_EVERY_MS: i64 = 60 * 60 * 1_000;
/// The time between two looks at all blobs, in milliseconds.
const BLOBS_EVERY_MS: i64 = 24 * SWEEP_EVERY_MS;
/// The time for which a dead job stays, in milliseconds.
const DEAD_MS: i64 = 14 * 24 * 60 * 60 * 1_000;

/// The most deliveries of a webhook that are kept.
const DELIVERIES: usize = 10_000;

/// Runs one job; returns its end, or the error for which it is retried.
async fn run(chat: &Chat, lease: LeaseId, job: &Job) -> Result<Ended, Error> {
    match job.kind {
        JobKind::DeliverWebhook => webhook_delivery::deliver(chat, job).await,
        kind => run_own(chat, lease, job, kind).await.map(Ended::from),
    }
}

async fn run_own(chat: &Chat, lease: LeaseId, job: &Job, kind: JobKind) -> Result<JobEnd, Error> {
    match kind {
        JobKind::Broadcast => {
            chat.send_broadcast_slice(job.application, &job.arguments).await?;
            Ok(JobEnd::Done)
        }
        JobKind::Sweep => {
            let now = chat.monotonic.now();
            while chat.sweep().await? > 0 {}
            chat.sweep_api_tokens().await?;
            let old = JobWrite::RemoveOld { before: Timestamp(now.0 - DEAD_MS) };
            chat.commit_in(ApplicationId::SERVER, old).await?;
            let old = WebhookWrite::RemoveOld { before: Timestamp(now.0 - DEAD_MS), most: DELIVERIES };
            chat.commit_in(ApplicationId::SERVER, old).await?;
            Ok(JobEnd::Again { run_at: Timestamp(now.0 + SWEEP_EVERY_MS) })
        }
        JobKind::Retention => {
            let begun = chat.monotonic.now();
            chat.apply_retention().await?;
            Ok(JobEnd::Again { run_at: Timestamp(begun.0 + SWEEP_EVERY_MS) })
        }
        JobKind::Trim => {
            let is_done = chat.trim_log(job.application, &job.arguments).await?;
            Ok(if is_done { JobEnd::Done } else { JobEnd::Again { run_at: chat.monotonic.now() } })
        }
        JobKind::Thumbnail => {
            chat.make_thumbnail(job.application, &job.arguments).await?;
            Ok(JobEnd::Done)
        }
        JobKind::Files => {
            let begun = chat.monotonic.now();
            chat.sweep_files().await?;
            Ok(JobEnd::Again { run_at: Timestamp(begun.0 + SWEEP_EVERY_MS) })
        }
        JobKind::Blobs => {
            let begun = chat.monotonic.now();
            chat.sweep_blobs().await?;
            Ok(JobEnd::Again { run_at: Timestamp(begun.0 + BLOBS_EVERY_MS) })
        }
        JobKind::Import => chat.run_import(lease, job).await,
        JobKind::RemoveApplication => chat.remove_application(&job.arguments).await,
        JobKind::DeliverWebhook => Ok(JobEnd::Done),
    }
}

/// Begins the work of this node: adds the jobs that run again and again, with their first pause before them.
async fn begin(chat: &Chat) -> Result<(), Error> {
    let now = chat.monotonic.now();
    let hourly = |kind: JobKind| NewJob {
        application: Caller::operator().application,
        kind,
        lane: kind.as_str().into(),
        key: Some("hourly".into()),
        arguments: Json::of(&()),
        run_at: Timestamp(now.0 + SWEEP_EVERY_MS),
    };
    let latest = Timestamp(now.0 + backoff::LONGEST_MS);
    let periodic = [JobKind::Sweep, JobKind::Retention, JobKind::Files, JobKind::Blobs].map(hourly).into();
    let begin = JobWrite::Begin { now, latest, periodic };
    chat.commit_in(ApplicationId::SERVER, begin).await.map(|_| ())
}
