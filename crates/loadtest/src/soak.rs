//! Soak test: a mixed load for a long time, so that leaks add up. Bounded caches are filled before it begins.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use wire::Seq;

use crate::background::Background;
use crate::checker::Finding;
use crate::churn::{Visit, come_and_go};
use crate::history_page::fill_caches;
use crate::leak_check::{Sample, Thirds, grown, thirds};
use crate::listener::{Audience, Link, Listener, Target, assemble};
use crate::record::Record;
use crate::speaker::Speaker;
use probe::guest::introduce;
use probe::http;
use probe::process::holding;
use probe::server::Server;
use probe::setup::{TestGroup, gather};

/// The parameters of a soak test: some connections stay, some reconnect every few seconds, some are short; people send,
/// read pages and history, join and leave, are promoted and demoted, and the founder broadcasts.
#[derive(Clone, Debug)]
pub struct Soak {
    /// The server binary.
    pub server: PathBuf,
    /// The number of connections that stay.
    pub steady: u32,
    /// The number of connections that reconnect every few seconds.
    pub restless: u32,
    /// Short connections per second.
    pub visitors: u32,
    /// Messages sent per second.
    pub rate: u32,
    /// The time for which the load keeps going.
    pub time: Duration,
}

/// The result of a soak test.
#[derive(Clone, Debug, Serialize)]
pub struct Soaked {
    /// Entries read, all together.
    pub deliveries: u64,
    /// The number of reconnects.
    pub returns: u64,
    /// The number of short connections.
    pub visits: u64,
    /// The number of times that the server disconnected somebody.
    pub kicked: u64,
    /// The server's resources, in thirds of the time.
    pub thirds: Vec<Thirds>,
    /// The same, sample by sample.
    pub samples: Vec<Sample>,
    /// The broken promises and leaks; empty if all is well.
    pub findings: Vec<Finding>,
}

/// The number of people; each has many sockets.
const PEOPLE: usize = 40;
/// The number of people who send.
const SPEAKERS: u32 = 4;
/// The payload of a message, in bytes.
const PAYLOAD: usize = 128;
/// The shortest stay of a connection that reconnects, and the difference to the next one's.
const STAY: Duration = Duration::from_millis(1_500);
const LONGER: Duration = Duration::from_millis(100);
/// The time before the end when the last short connections start, so that nobody waits for a message that never comes.
const LAST: Duration = Duration::from_secs(2);
/// The longest interval between two rounds of the background load.
const ROUND: Duration = Duration::from_secs(8);
/// The number of samples, and the shortest interval between two.
const LOOKS: u32 = 120;
const LOOK: Duration = Duration::from_secs(1);
/// The timeout for reading everything after the last send.
const PATIENCE: Duration = Duration::from_secs(60);

impl Soak {
    /// Runs for the whole duration, and checks the result.
    ///
    /// # Errors
    /// If the server cannot be started or reached, or somebody gets no answer.
    pub async fn run(&self) -> io::Result<Soaked> {
        let mut server = Server::start(&self.server, "sqlite", None).await?;
        let host = server.host();
        fill_caches(&server).await?;
        let test_group = gather(&host, PEOPLE).await?;
        let over = Instant::now() + self.time;
        let audience = Audience::seat(&server, test_group, 0..self.steady, over + PATIENCE).await?;
        let Audience { target, test_group, .. } = &audience;
        let sockets = self.steady + self.restless;
        let mut restless = JoinSet::new();
        let moving = assemble(target, test_group, self.steady..sockets, false).await?;
        for (number, (listener, link)) in (0..).zip(moving) {
            let stay = STAY + LONGER * (number % 30);
            restless.spawn(move_about(listener, link, stay, over, audience.goal()));
        }
        let speakers = self.speak(target, test_group, sockets).await?;
        let visitors = {
            let (target, test_group, first) =
                (Arc::clone(target), Arc::clone(test_group), sockets + SPEAKERS);
            let (rate, time) = (self.visitors, self.time.saturating_sub(LAST));
            tokio::spawn(async move { come_and_go(&target, &test_group, first, rate, time).await })
        };
        let stop = Arc::new(AtomicBool::new(false));
        let background = tokio::spawn(self.background(&host, test_group, &stop).await?.keep());

        let samples = self.watch(&server, test_group, over).await?;
        stop.store(true, Ordering::Release);
        let mut records = speakers.join_all().await.into_iter().collect::<io::Result<Vec<_>>>()?;
        records.push(background.await.map_err(io::Error::other)??);
        let visits = visitors.await.map_err(io::Error::other)??;

        let mut ended = audience.end().await?;
        let mut returns = 0;
        while let Some(moved) = restless.join_next().await {
            let (listener, times) = moved.map_err(io::Error::other)??;
            returns += times;
            ended.listeners.push(listener);
        }
        server.kill().await?;
        let kicked = ended.listeners.iter().map(|listener| listener.falls).sum();
        let thirds = thirds(&samples);
        let mut findings = grown(&thirds);
        let failed = visits.iter().filter(|visit| visit.came.is_err()).count() as u64;
        findings.extend(Finding::if_too_much("visitors who did not come to read", failed, 0));
        let visited = visits.len() as u64;
        ended.listeners.extend(visits.into_iter().map(|Visit { listener, .. }| listener));
        findings.extend(ended.judge(&records));
        let deliveries = ended.listeners.iter().map(|listener| listener.trail.count()).sum();
        Ok(Soaked { deliveries, returns, visits: visited, kicked, thirds, samples, findings })
    }

    /// Has the speakers send for the whole time.
    async fn speak(
        &self,
        target: &Arc<Target>,
        test_group: &TestGroup,
        first: u32,
    ) -> io::Result<JoinSet<io::Result<Record>>> {
        let mut speakers = JoinSet::new();
        let count = u64::from(self.rate) * self.time.as_secs() / u64::from(SPEAKERS);
        let pause = Duration::from_secs(1) * SPEAKERS / self.rate.max(1);
        for number in 0..SPEAKERS {
            let (name, cookie) = (format!("speaker{number}"), test_group.cookie(number + 1));
            let mut speaker = Speaker::open(target, first + number, cookie, &name, PAYLOAD).await?;
            speakers.spawn(async move {
                // Speakers are spread over the pause.
                sleep(pause * number / SPEAKERS).await;
                speaker.say(count, pause).await?;
                Ok(speaker.record)
            });
        }
        Ok(speakers)
    }

    async fn background(
        &self,
        host: &str,
        test_group: &TestGroup,
        stop: &Arc<AtomicBool>,
    ) -> io::Result<Background> {
        Ok(Background {
            host: host.to_owned(),
            group: test_group.group.clone(),
            founder: test_group.cookie(0).unwrap_or_default().to_owned(),
            wanderer: introduce(host, "wanderer").await?,
            pause: ROUND,
            stop: Arc::clone(stop),
        })
    }

    /// Samples the server's resources until the end, and requests a page and some history each time.
    async fn watch(&self, server: &Server, test_group: &TestGroup, over: Instant) -> io::Result<Vec<Sample>> {
        let (pid, host) = (server.running()?, server.host());
        let mut looks = interval(LOOK.max(self.time / LOOKS));
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut samples = Vec::new();
        while Instant::now() < over {
            looks.tick().await;
            let cookie = test_group.cookie(u32::try_from(samples.len()).unwrap_or_default());
            http::get(&host, &format!("/g/{}", test_group.group), cookie).await?.text()?;
            http::get(&host, &format!("/topics/{}/history", test_group.topic), cookie).await?.text()?;
            let holding = holding(pid).ok_or_else(|| io::Error::other("the server has ended"))?;
            samples.push(Sample::of(holding, &server.metrics().await?));
        }
        Ok(samples)
    }
}

impl Soaked {
    /// Returns a one-line summary.
    #[must_use]
    pub fn summary(&self) -> String {
        let Self { deliveries, returns, visits, kicked, .. } = self;
        format!("{deliveries} entries read, {returns} came back, {visits} came and went, {kicked} let go of")
    }
}

/// Reads, disconnects and resumes, again and again, and then follows to the end; returns the number of reconnects.
async fn move_about(
    mut listener: Listener,
    mut link: Link,
    stay: Duration,
    over: Instant,
    goal: watch::Receiver<Option<Seq>>,
) -> io::Result<(Listener, u64)> {
    let mut returns = 0;
    loop {
        link = listener.listen(link, over.min(Instant::now() + stay)).await?;
        if Instant::now() >= over {
            listener.follow(link, goal, over + PATIENCE).await;
            return Ok((listener, returns));
        }
        link.reset()?;
        link = listener.resume(over + PATIENCE).await?;
        returns += 1;
    }
}
