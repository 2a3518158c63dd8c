//! A crash run: a server, people in one group, kills in between, and the verdict.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::background::Background;
use crate::checker::{Finding, check};
use crate::history::whole_log;
use crate::person::{Person, Progress, Setting};
use probe::guest::introduce;
use probe::server::Server;
use probe::setup::{TestGroup, gather};

/// The parameters of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The server binary.
    pub server: PathBuf,
    /// The server's store.
    pub store: String,
    /// A deliberate bug to activate in it.
    pub plant: Option<String>,
    /// The number of people.
    pub people: usize,
    /// The number of messages of all people together.
    pub messages: usize,
    /// The number of times that the server is killed.
    pub kills: usize,
    /// The average number of frames after which a person's connection breaks; 0 for never.
    pub cuts: usize,
    /// The pause before each send, if people also edit and react, and the group has a background load.
    pub mixed: Option<Duration>,
    /// The seed of the random numbers, so that a run can be repeated.
    pub seed: u64,
    /// The time after which the run is given up.
    pub limit: Duration,
}

/// The result of a run.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// The broken promises; empty if all is well.
    pub findings: Vec<Finding>,
    /// A one-line summary.
    pub summary: String,
}

/// Seeded random numbers: `SplitMix64` (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
#[derive(Clone, Debug)]
pub struct Chaos {
    state: Arc<Mutex<u64>>,
    cuts: usize,
}

impl Chaos {
    pub(crate) fn new(seed: u64, cuts: usize) -> Self {
        Self { state: Arc::new(Mutex::new(seed)), cuts }
    }

    /// Returns a number in 0..1.
    #[must_use]
    pub fn chance(&self) -> f64 {
        let mut state = self.state.lock();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = *state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        f64::from(u32::try_from(bits >> 32).unwrap_or_default()) / f64::from(u32::MAX)
    }

    /// Returns a number below `count`, or 0.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "small counts"
    )]
    pub(crate) fn below(&self, count: usize) -> usize {
        ((self.chance() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// Returns the number of frames after which a connection breaks, if it does.
    #[must_use]
    pub fn cut_after(&self) -> Option<usize> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "small counts"
        )]
        (self.cuts > 0).then(|| 1 + (self.cuts as f64 * 2.0 * self.chance()) as usize)
    }
}

/// The pause between two rounds of the background load, in runs of about a minute.
const ROUND: Duration = Duration::from_secs(3);

/// Runs a plan.
///
/// # Errors
/// If the server does not serve, or the run does not reach its end.
pub async fn run(plan: &Plan) -> io::Result<Outcome> {
    let began = Instant::now();
    let until = began + plan.limit;
    let mut server = Server::start(&plan.server, &plan.store, plan.plant.as_deref()).await?;
    let host = server.host();
    let chaos = Chaos::new(plan.seed, plan.cuts);
    let progress = Arc::new(Progress::default());

    let TestGroup { group, topic, people: guests } = gather(&host, plan.people).await?;
    let founder = guests.first().map(|(_, cookie)| cookie.clone()).unwrap_or_default();

    let setting = Setting {
        hosts: [host.clone()].into(),
        topic: topic.clone(),
        progress: Arc::clone(&progress),
        chaos,
        mixed: plan.mixed,
        pace: None,
    };
    let mut test_group = JoinSet::new();
    for (n, guest) in guests.into_iter().enumerate() {
        let share = plan.messages / plan.people + usize::from(n < plan.messages % plan.people);
        let person = Person::new(setting.clone(), guest, Some(share));
        test_group.spawn(person.live(until));
    }

    let stop = Arc::new(AtomicBool::new(false));
    let background = match plan.mixed {
        Some(_) => {
            let wanderer = introduce(&host, "wanderer").await?;
            let (host, group, founder) = (host.clone(), group.clone(), founder.clone());
            let (pause, stop) = (ROUND, Arc::clone(&stop));
            let background = Background { host, group, founder, wanderer, pause, stop };
            Some(tokio::spawn(background.keep()))
        }
        None => None,
    };

    for kill in 1..=plan.kills {
        let due = plan.messages * kill / (plan.kills + 1);
        if !reached(&progress, due, until).await {
            break;
        }
        server.kill().await?;
        server.up().await?;
    }
    let said = reached(&progress, plan.messages, until).await;
    stop.store(true, Ordering::Release);
    let mut records = Vec::new();
    if let Some(background) = background {
        records.push(background.await.map_err(io::Error::other)??);
    }
    let busybodies = records.len();
    let log = whole_log(&host, Some(&founder), topic.as_str()).await?;
    progress.head.store(log.last().map_or(0, |line| line.seq.0), Ordering::Release);

    while let Ok(Some(record)) = timeout_at(until + Duration::from_secs(5), test_group.join_next()).await {
        records.push(record.map_err(io::Error::other)?);
    }
    let finished = records.len() - busybodies;
    if finished < plan.people {
        return Err(io::Error::other(format!("{} people never finished", plan.people - finished)));
    }
    server.kill().await?;
    let count = |counter: &std::sync::atomic::AtomicUsize| counter.load(Ordering::Relaxed);
    let summary = format!(
        "{} people, {} messages, {} kills: {} acks ({} duplicates), {} connections, {} resets, {} entries read, {} marks told, {:.1} s",
        plan.people,
        plan.messages,
        plan.kills,
        count(&progress.acks),
        count(&progress.duplicates),
        count(&progress.connections),
        count(&progress.resets),
        count(&progress.reads),
        count(&progress.marks),
        began.elapsed().as_secs_f64(),
    );
    if !said {
        return Err(io::Error::other(format!("not everything was said in time: {summary}")));
    }
    Ok(Outcome { findings: check(&records, &log), summary })
}

/// Waits until this many messages are acknowledged; returns false if the time is over first.
pub(crate) async fn reached(progress: &Progress, acks: usize, until: Instant) -> bool {
    while progress.acks.load(Ordering::Acquire) < acks {
        if Instant::now() > until {
            return false;
        }
        sleep(Duration::from_millis(2)).await;
    }
    true
}
