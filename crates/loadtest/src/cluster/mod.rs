//! A cluster run: several nodes on one PostgreSQL database and one bus, people on all of them, rights that end and faults
//! of every part meanwhile, and the verdict.

mod deployment;
mod fault;
mod rights;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use probe::quantiles::quantile_ms;
use probe::setup::{TestGroup, found, gather_groups};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use self::deployment::Deployment;
use self::fault::Faults;
use self::rights::{EndedRights, PREPARED, Rights};
use crate::checker::{Finding, Nodes, check_on, closing_times};
use crate::history::whole_log;
use crate::lateness::{Late, Lateness, Phase};
use crate::person::{Person, Progress, Setting};
use crate::record::{Note, Record};
use crate::run::Chaos;

/// The parameters of a run.
#[derive(Clone, Debug)]
pub struct ClusterPlan {
    /// The server binary.
    pub server: PathBuf,
    /// The bus between the nodes.
    pub bus: BusKind,
    /// The number of nodes.
    pub nodes: usize,
    /// The number of people, who change the node with each socket, in groups of up to [`GROUP`].
    pub people: usize,
    /// The least number of messages of all people together. They send until the last fault has ended.
    pub messages: usize,
    /// The messages of all people per second; none for as many as are acknowledged.
    pub rate: Option<u32>,
    /// The number of faults.
    pub faults: usize,
    /// The time for which a node or the database fails. The bus fails for as long as it takes to notice that.
    pub hold: Duration,
    /// The pause of each group's admin between two rights that end.
    pub rights_pause: Duration,
    /// The seed of the random numbers, so that a run can be repeated.
    pub seed: u64,
    /// The time after which the run is given up.
    pub limit: Duration,
}

/// The bus of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusKind {
    /// None: nodes look for news of others each second.
    None,
    /// A Redis server of the run's own.
    Redis,
    /// A NATS server of the run's own.
    Nats,
}

impl BusKind {
    /// Returns Redis for an odd seed, and NATS for an even one.
    #[must_use]
    pub const fn of_seed(seed: u64) -> Self {
        if seed % 2 == 1 { Self::Redis } else { Self::Nats }
    }
}

/// The result of a run.
#[derive(Debug, Serialize)]
pub struct ClusterOutcome {
    /// The broken promises; empty if all is well.
    pub findings: Vec<Finding>,
    /// A one-line summary.
    pub summary: String,
    /// The delays after acks at other nodes while nothing failed.
    pub calm: Late,
    /// The same while the bus, or the connection of a node to it, failed.
    pub bus_fault: Late,
    /// The same during other faults.
    pub other_fault: Late,
}

/// The most people of a group.
pub const GROUP: usize = 10;
/// The average number of frames after which a person's connection breaks.
const CUTS: usize = 2_000;
/// The sessions that end while the connection of a node is slow, and the longest time that it is slow until they have.
const SLOW_SIGN_OUTS: usize = 12;
const SLOW: Duration = Duration::from_secs(5);
/// The time before that in which it gets no more requests of admins.
const QUIET: Duration = Duration::from_secs(1);
/// The longest time until everybody is ready for the first fault.
const PREPARING: Duration = Duration::from_secs(60);
/// The pause between two looks at the progress.
const LOOK: Duration = Duration::from_millis(5);
/// The longest time, in ms, until the sockets of an ended session are closed: a node that cannot reach the database closes
/// all after ten seconds, and may stand still for some more.
const CLOSING_MS: u64 = 15_000;

/// A group of the run.
struct Group {
    setting: Setting,
    founder: String,
    rights: JoinSet<io::Result<EndedRights>>,
    people: JoinSet<(usize, Record, Lateness)>,
    members: usize,
}

impl Group {
    /// Notes the state of the cluster, and the node whose connection to the database is slow.
    fn enter(&self, phase: Phase, slow_node: Option<usize>) {
        let progress = &self.setting.progress;
        progress.answered.enter(phase);
        progress.slow_server.store(slow_node.map_or(0, |node| node + 1), Ordering::Release);
        progress.is_slow.store(false, Ordering::Release);
    }
}

impl ClusterPlan {
    /// Runs the plan; none, with a line, if a service is not installed.
    ///
    /// # Errors
    /// If a server does not serve, or the run does not reach its end.
    pub async fn run(&self) -> io::Result<Option<ClusterOutcome>> {
        let began = Instant::now();
        let until = began + self.limit;
        let Some(mut deployment) = Deployment::start(self).await? else { return Ok(None) };
        // The faults have random numbers of their own, and so has each admin: people take theirs in no fixed order.
        let (chaos, order) = (Chaos::new(self.seed, CUTS), Chaos::new(self.seed, 0));
        let stop = Arc::new(AtomicBool::new(false));
        let hosts = deployment.hosts();
        let mut groups = Vec::new();
        let count = self.people.div_ceil(GROUP);
        let test_groups = gather_groups(&hosts[0], count, self.people.div_ceil(count)).await?;
        // Only people who share a group may be added to another.
        let everyone = test_groups.iter().flat_map(|group| group.people.clone()).collect();
        found(&hosts[0], everyone).await?;
        for (number, test_group) in (1..).zip(test_groups) {
            let admin = Chaos::new(self.seed.wrapping_add(number << 32), 0);
            groups.push(self.open(test_group, &hosts, [&chaos, &admin], &stop, until));
        }
        let prepared = groups.iter().map(|group| PREPARED.min(group.members.saturating_sub(1))).sum();
        reached(&groups, |progress| &progress.prepared, prepared, until.min(Instant::now() + PREPARING))
            .await;
        let mut faults = Faults::new(self.bus, &order);
        for number in 1..=self.faults {
            let due = self.messages * number / (self.faults + 1);
            if !reached(&groups, |progress| &progress.acks, due, until).await {
                break;
            }
            let fault = faults.next(&order, self.nodes);
            groups.iter().for_each(|group| group.enter(fault.phase(), fault.slow_node()));
            if fault.slow_node().is_some() {
                // Requests that it has by now would hold locks, for which others would wait.
                sleep(QUIET).await;
                groups.iter().for_each(|group| group.setting.progress.is_slow.store(true, Ordering::Release));
            }
            let enough = sum(&groups, |progress| &progress.slow_sign_outs) + SLOW_SIGN_OUTS;
            let most = Instant::now() + SLOW;
            deployment
                .inject(fault, reached(&groups, |progress| &progress.slow_sign_outs, enough, most))
                .await?;
            groups.iter().for_each(|group| group.enter(fault.phase(), None));
            deployment.recover(fault).await?;
            groups.iter().for_each(|group| group.enter(Phase::Calm, None));
        }
        let is_sent = reached(&groups, |progress| &progress.acks, self.messages, until).await;
        stop.store(true, Ordering::Release);
        let mut run = Run::default();
        for group in &mut groups {
            run.end_rights(group).await?;
        }
        groups.iter().for_each(|group| group.setting.progress.enough.store(true, Ordering::Release));
        let members = groups.iter().map(|group| group.members).sum();
        let is_answered = reached(&groups, |progress| &progress.finished, members, until).await;
        for group in &mut groups {
            run.end(group, &hosts[0], until).await?;
        }
        deployment.kill().await?;
        let summary = format!("{self}: {run}, {:.1} s", began.elapsed().as_secs_f64());
        if !(is_sent && is_answered) || run.finished < members {
            let unfinished = members - run.finished;
            return Err(io::Error::other(format!("{unfinished} people never finished: {summary}")));
        }
        Ok(Some(run.outcome(summary)))
    }

    /// Lets the people of a group begin, and the admin who ends their rights; each with random numbers.
    fn open(
        &self,
        test_group: TestGroup,
        hosts: &Arc<[String]>,
        [chaos, admin]: [&Chaos; 2],
        stop: &Arc<AtomicBool>,
        until: Instant,
    ) -> Group {
        let (progress, members) = (Arc::new(Progress::default()), test_group.people.len());
        let all = u32::try_from(self.people).unwrap_or(u32::MAX);
        let setting = Setting {
            hosts: Arc::clone(hosts),
            topic: test_group.topic.clone(),
            progress,
            chaos: chaos.clone(),
            mixed: None,
            pace: self.rate.map(|rate| Duration::from_secs(1) * all / rate.max(1)),
        };
        let founder = test_group.people.first().map(|(_, cookie)| cookie.clone()).unwrap_or_default();
        let (mut people, mut subjects) = (JoinSet::new(), Vec::new());
        for (number, guest) in test_group.people.into_iter().enumerate() {
            let id = guest.0.clone();
            let person = Person::new(setting.clone(), guest, None);
            subjects.push((id, person.session()));
            people.spawn(async move {
                let (record, late) = person.live_and_measure(until).await;
                (number, record, late)
            });
        }
        let mut rights = JoinSet::new();
        let ending = Rights::new(
            Setting { chaos: admin.clone(), ..setting.clone() },
            test_group.group,
            founder.clone(),
            subjects,
            self.rights_pause,
        );
        rights.spawn(ending.run(Arc::clone(stop), until));
        Group { setting, founder, rights, people, members }
    }
}

impl fmt::Display for ClusterPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bus = match self.bus {
            BusKind::None => "no bus",
            BusKind::Redis => "Redis",
            BusKind::Nats => "NATS",
        };
        write!(f, "{} nodes, {bus}, {} people, {} faults", self.nodes, self.people, self.faults)
    }
}

/// Returns the sum of a counter over all groups.
fn sum(groups: &[Group], counter: impl Fn(&Progress) -> &AtomicUsize) -> usize {
    groups.iter().map(|group| counter(&group.setting.progress).load(Ordering::Acquire)).sum()
}

/// Waits until a counter of all groups together has this value; returns false if the time is over first.
async fn reached(
    groups: &[Group],
    counter: impl Fn(&Progress) -> &AtomicUsize,
    value: usize,
    until: Instant,
) -> bool {
    while sum(groups, &counter) < value {
        if Instant::now() > until {
            return false;
        }
        sleep(LOOK).await;
    }
    true
}

/// The results of the groups.
#[derive(Default)]
struct Run {
    findings: Vec<Finding>,
    rights: EndedRights,
    /// The ends of sessions of the groups, in their order: the number of the member, and the note.
    sign_outs: Vec<Vec<(usize, Note)>>,
    late: Lateness,
    /// The times until the sockets of ended sessions were closed, in microseconds.
    closing: Vec<u64>,
    finished: usize,
    acks: usize,
    duplicates: usize,
    refusals: usize,
    connections: usize,
    resets: usize,
    reads: usize,
}

impl Run {
    /// Waits until the admin of a group is done, and everybody is a member again.
    async fn end_rights(&mut self, group: &mut Group) -> io::Result<()> {
        let mut sign_outs = Vec::new();
        while let Some(ended) = group.rights.join_next().await {
            let mut ended = ended.map_err(io::Error::other)??;
            sign_outs.append(&mut ended.notes);
            self.rights.add(ended);
        }
        self.sign_outs.push(sign_outs);
        Ok(())
    }

    /// Waits until everybody in a group has read everything, and checks what they saw.
    async fn end(&mut self, group: &mut Group, host: &str, until: Instant) -> io::Result<()> {
        let Setting { topic, progress, .. } = &group.setting;
        let log = whole_log(host, Some(&group.founder), topic.as_str()).await?;
        progress.head.store(log.last().map_or(0, |line| line.seq.0), Ordering::Release);
        let mut records: Vec<Record> = vec![Record::default(); group.members];
        while let Ok(Some(ended)) = timeout_at(until + Duration::from_secs(5), group.people.join_next()).await
        {
            let (number, record, late) = ended.map_err(io::Error::other)?;
            records[number] = record;
            self.late.add(late);
            self.finished += 1;
        }
        if !self.sign_outs.is_empty() {
            for (number, note) in self.sign_outs.remove(0) {
                records[number].notes.push(note);
            }
        }
        self.findings.extend(check_on(Nodes::Several, &records, &log));
        self.closing.append(&mut closing_times(&records));
        for (sum, counter) in [
            (&mut self.acks, &progress.acks),
            (&mut self.duplicates, &progress.duplicates),
            (&mut self.refusals, &progress.refusals),
            (&mut self.connections, &progress.connections),
            (&mut self.resets, &progress.resets),
            (&mut self.reads, &progress.reads),
        ] {
            *sum += counter.load(Ordering::Relaxed);
        }
        Ok(())
    }

    fn outcome(mut self, summary: String) -> ClusterOutcome {
        self.closing.sort_unstable();
        let longest_ms = self.closing.last().map_or(0, |micros| micros / 1_000);
        self.findings.append(&mut self.rights.findings);
        let what = "ms until a socket of an ended session was closed";
        self.findings.extend(Finding::if_too_much(what, longest_ms, CLOSING_MS));
        let [calm, bus_fault, other_fault] =
            [Phase::Calm, Phase::BusFault, Phase::OtherFault].map(|phase| self.late.during(phase));
        let closing = [50, 99, 100].map(|percent| quantile_ms(&self.closing, percent));
        let late =
            |name: &str, late: &Late| format!("{name} {:.0} and {:.0} ms", late.median_ms, late.p99_ms);
        let summary = format!(
            "{summary}; elsewhere after the ack, median and p99: {}, {}, {}; sockets of ended sessions closed after \
             {:.0} ms, p99 {:.0} ms, at most {:.0} ms",
            late("calm", &calm),
            late("bus down", &bus_fault),
            late("other faults", &other_fault),
            closing[0],
            closing[1],
            closing[2],
        );
        ClusterOutcome { findings: self.findings, summary, calm, bus_fault, other_fault }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rights, acks, duplicates, refusals, connections, resets, reads, .. } = self;
        write!(
            f,
            "{acks} acks ({duplicates} duplicates, {refusals} refused), {} removals, {} bans, {} sign-outs, \
             {connections} connections, {resets} resets, {reads} entries read",
            rights.removals, rights.bans, rights.sign_outs,
        )
    }
}
