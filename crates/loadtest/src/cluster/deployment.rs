//! The processes of a cluster run: nodes, database and bus, and the links between them.

use std::io;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use probe::http::get;
use probe::server::Server;
use services::{Link, Mode, Nats, Postgres, Redis, Service};
use tempfile::TempDir;
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

use super::fault::{Fault, Part};
use super::{BusKind, ClusterPlan};

/// The nodes and their services.
pub(super) struct Deployment {
    // Declared first, so that the nodes end before their services.
    nodes: Vec<Node>,
    database: Postgres,
    bus: Option<BusService>,
    /// The folder of files of all nodes.
    _files: TempDir,
    /// The time for which a node or the database fails.
    hold: Duration,
}

struct Node {
    server: Server,
    database: Link,
    bus: Option<Link>,
}

enum BusService {
    Redis(Redis),
    Nats(Nats),
}

/// The time for which the bus fails: a node notices a deaf one after three seconds.
const BUS_HOLD: Duration = Duration::from_millis(3_300);
/// The time of one way to the database while answers get lost. A transaction of a node takes three round trips and then the
/// commit, so the database has heard that after seven ways, and the node hears of it after eight.
const TRIP: Duration = Duration::from_millis(100);
/// The number of times that the connections break then.
const ROUNDS: u32 = 3;
/// The time in which every node must be ready again after a fault.
const READY: Duration = Duration::from_secs(30);
/// The pause between two looks at a node.
const LOOK: Duration = Duration::from_millis(20);

impl Deployment {
    /// Starts everything; none, with a line, if a service is not installed.
    pub(super) async fn start(plan: &ClusterPlan) -> io::Result<Option<Self>> {
        let Some(database) = block_in_place(Postgres::start) else { return Ok(None) };
        let bus = match plan.bus {
            BusKind::None => None,
            BusKind::Redis => block_in_place(Redis::start).map(BusService::Redis),
            BusKind::Nats => block_in_place(Nats::start).map(BusService::Nats),
        };
        if bus.is_none() && plan.bus != BusKind::None {
            return Ok(None);
        }
        let url = block_in_place(|| database.database());
        let name = url.rsplit('/').next().unwrap_or_default();
        let files = tempfile::tempdir()?;
        let mut nodes = Vec::new();
        for _ in 0..plan.nodes {
            let to_database = Link::to(database.address()).await;
            let to_bus = match &bus {
                Some(bus) => Some(Link::to(bus.service().address()).await),
                None => None,
            };
            let store = database.url_at(name, to_database.address());
            let hints = bus.as_ref().zip(to_bus.as_ref()).map(|(bus, link)| bus.url_at(link.address()));
            let server = Server::node(&plan.server, &store, hints.as_deref(), files.path()).await?;
            nodes.push(Node { server, database: to_database, bus: to_bus });
        }
        Ok(Some(Self { nodes, database, bus, _files: files, hold: plan.hold }))
    }

    /// Returns the hosts of the nodes.
    pub(super) fn hosts(&self) -> Arc<[String]> {
        self.nodes.iter().map(|node| node.server.host()).collect()
    }

    /// Lets a fault begin and end. A slow connection lasts until `slow` has passed.
    pub(super) async fn inject(&mut self, fault: Fault, slow: impl Future) -> io::Result<()> {
        match fault {
            Fault::KillNode(node) => {
                let server = &mut self.nodes[node].server;
                server.kill().await?;
                server.up().await
            }
            Fault::PauseNode(node) => {
                let pid = self.nodes[node].server.running()?;
                signal(pid, "-STOP")?;
                sleep(self.hold).await;
                signal(pid, "-CONT")
            }
            Fault::Kill(part) => {
                let Some(service) = self.service(part) else { return Ok(()) };
                block_in_place(|| service.kill());
                if part == Part::Bus {
                    sleep(BUS_HOLD).await;
                }
                block_in_place(|| service.start());
                Ok(())
            }
            Fault::Pause(part) => {
                let Some(service) = self.service(part) else { return Ok(()) };
                block_in_place(|| service.pause());
                sleep(self.hold_of(part)).await;
                block_in_place(|| service.resume());
                Ok(())
            }
            Fault::LoseAnswers(node) => {
                let link = &self.nodes[node].database;
                for round in 0..ROUNDS {
                    link.set(Mode::Delay(TRIP));
                    sleep(TRIP * 7 + TRIP * round / ROUNDS).await;
                    link.set(Mode::Cut);
                    sleep(LOOK).await;
                    link.set(Mode::Pass);
                    sleep(TRIP * 4).await;
                }
                Ok(())
            }
            Fault::Link(node, part, mode) => {
                let node = &self.nodes[node];
                let Some(link) = (match part {
                    Part::Database => Some(&node.database),
                    Part::Bus => node.bus.as_ref(),
                }) else {
                    return Ok(());
                };
                link.set(mode);
                match mode {
                    Mode::Delay(_) => drop(slow.await),
                    _ => sleep(self.hold_of(part)).await,
                }
                link.set(Mode::Pass);
                Ok(())
            }
        }
    }

    /// Waits until every node is ready.
    ///
    /// # Errors
    /// If one is not, or has ended by itself.
    pub(super) async fn recover(&mut self, after: Fault) -> io::Result<()> {
        let give_up = Instant::now() + READY;
        for Node { server, .. } in &mut self.nodes {
            while !get(&server.host(), "/health/ready", None).await.is_ok_and(|answer| answer.status == 200) {
                if server.ended()?.is_some() || Instant::now() > give_up {
                    let said = server.said();
                    return Err(io::Error::other(format!("a node is not ready after {after:?}: {said}")));
                }
                sleep(LOOK).await;
            }
        }
        Ok(())
    }

    /// Kills the nodes.
    pub(super) async fn kill(&mut self) -> io::Result<()> {
        for Node { server, .. } in &mut self.nodes {
            server.kill().await?;
        }
        Ok(())
    }

    const fn hold_of(&self, part: Part) -> Duration {
        match part {
            Part::Database => self.hold,
            Part::Bus => BUS_HOLD,
        }
    }

    fn service(&self, part: Part) -> Option<&Service> {
        match part {
            Part::Database => Some(&self.database),
            Part::Bus => self.bus.as_ref().map(BusService::service),
        }
    }
}

impl BusService {
    fn service(&self) -> &Service {
        match self {
            Self::Redis(redis) => redis,
            Self::Nats(nats) => nats,
        }
    }

    fn url_at(&self, address: SocketAddr) -> String {
        match self {
            Self::Redis(redis) => redis.url_at(address),
            Self::Nats(nats) => nats.url_at(address),
        }
    }
}

fn signal(pid: u32, name: &str) -> io::Result<()> {
    let sent = Command::new("kill").args([name, &pid.to_string()]).status()?;
    if sent.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("kill {name} {pid} ended with {sent}")))
    }
}
