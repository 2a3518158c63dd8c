//! `hubbub bench`: a benchmark of this machine for operators who have just installed the server.
//!
//! Every measurement comes from the `probe` crate, against a fresh process of this very binary with a folder and a port
//! of its own. The operator's data, port and running server are not touched, and nothing is left behind, however the
//! benchmark ends; only after SIGKILL the operator has to end its server and remove its folder.

mod advice;
mod args;
mod cancel;
mod figures;
mod folder;
mod json;
mod machine;
mod progress;
mod report;
mod stage;

use std::path::PathBuf;
use std::time::Duration;
use std::{env, fmt, io};

use probe::durable::{Acknowledged, Durable};
use probe::fanout::{Dialect, Fanout, Measured};
use probe::idle::{Idle, Rest};
use probe::server::{Server, Serving};
use tempfile::TempDir;
use tokio::time::timeout;

pub use self::args::BenchArgs;
pub use self::report::Report;

use self::args::Plan;
use self::cancel::Cancel;
use self::figures::{FanoutFigures, Figures, IdleFigures, SendFigures};
use self::json::JsonFile;
use self::machine::Machine;
use self::progress::Progress;
use self::stage::Stage;
use crate::config::{Config, ConfigError, StoreChoice};

/// The reason that there is no report.
#[derive(Debug)]
pub enum BenchError {
    /// The arguments are not possible; nothing was begun.
    Refused(ConfigError),
    /// A measurement was begun and failed: one sentence.
    Failed(String),
}

/// A checked benchmark, with everything that it needs.
struct Bench {
    binary: PathBuf,
    store: StoreChoice,
    plan: Plan,
    machine: Machine,
    folder: TempDir,
    progress: Progress,
    stop: Cancel,
}

/// The time that a server may take to end once its sockets are closed.
const GRACE: Duration = Duration::from_secs(1);
/// The messages in flight under concurrent load.
const MANY: usize = 128;
/// The bytes of a message's payload.
const PAYLOAD: usize = 128;
/// The number of senders.
const SENDERS: u32 = 64;
/// The number of topics they send to.
const TOPICS: u32 = 8;
/// The steady load that is offered, in messages per second.
const STEADY: u32 = 1_000;

/// Runs the benchmark. Must be called within a tokio runtime.
///
/// # Errors
/// If a measurement cannot begin or fails.
pub async fn bench(config: &Config, args: &BenchArgs) -> Result<Report, BenchError> {
    if config.store.postgres().is_some() {
        let right = "it measures this machine with a store of its own; add --store sqlite, or --store memory";
        return Err(BenchError::Refused(ConfigError(format!(
            "hubbub bench does not measure PostgreSQL: {right}"
        ))));
    }
    let failed = |error: io::Error| BenchError::Failed(format!("nothing could be measured: {error}"));
    // From here on a signal cleans up.
    let mut stop = Cancel::listen().map_err(failed)?;
    let plan = args.plan(machine::descriptors()).map_err(BenchError::Refused)?;
    let binary = env::current_exe().map_err(failed)?;
    let folder = folder::make(config, args).map_err(BenchError::Refused)?;
    let json = args.json().map(JsonFile::open).transpose().map_err(BenchError::Refused)?;
    let machine = tokio::select! {
        biased;
        () = stop.told() => return Err(stopped()),
        machine = Machine::look(config, folder.path()) => machine.map_err(failed)?,
    };
    let progress = Progress::over(&plan);
    let mut bench = Bench { binary, store: config.store.clone(), plan, machine, folder, progress, stop };
    let measured = bench.run().await;
    bench.progress.end();
    let place = bench.folder.path().display().to_string();
    let tidied = bench.folder.close();
    let report = Report::new(measured?, json);
    tidied
        .map_err(|error| BenchError::Failed(format!("{place} could not be removed ({error}); remove it")))?;
    Ok(report)
}

fn stopped() -> BenchError {
    BenchError::Failed("stopped before everything was measured".into())
}

impl Bench {
    /// Runs all stages, one after the other.
    async fn run(&mut self) -> Result<Figures, BenchError> {
        let Plan { subscribers, connections, time } = self.plan;
        let fan_out = FanoutFigures {
            subscribers,
            one_at_a_time: self.fan_out(Stage::OneAtATime, 1).await?,
            many_at_once: self.fan_out(Stage::ManyAtOnce, MANY).await?,
        };
        let idle = IdleFigures { connections, rest: self.idle().await? };
        let durable_send = SendFigures {
            senders: SENDERS,
            offered_per_s: STEADY,
            steady: self.durable_send(Stage::Steady, Some(STEADY)).await?,
            flat_out: self.durable_send(Stage::FlatOut, None).await?,
        };
        let Self { store, machine, .. } = self;
        Ok(Figures {
            store: store.name(),
            seconds: time.as_secs(),
            machine: machine.clone(),
            fan_out,
            idle,
            durable_send,
        })
    }

    async fn fan_out(&mut self, part: Stage, window: usize) -> Result<Measured, BenchError> {
        let Plan { subscribers, time, .. } = self.plan;
        self.measure(part, async |server, progress| {
            let Serving { addr, pid } = server;
            let (dialect, payload) = (Dialect::Topics, PAYLOAD);
            let fanout = Fanout { addr, dialect, subscribers, window, rate: None, payload, time, pid };
            fanout.run_watched(progress).await
        })
        .await
    }

    async fn idle(&mut self) -> Result<Rest, BenchError> {
        let (server, store) = (self.binary.clone(), self.store.name().into());
        let Plan { connections, time, .. } = self.plan;
        let idle = Idle { server, store, connections, time };
        self.measure(Stage::Idle, async |server, progress| idle.run_on(server, progress).await).await
    }

    async fn durable_send(&mut self, part: Stage, rate: Option<u32>) -> Result<Acknowledged, BenchError> {
        let (server, store) = (self.binary.clone(), self.store.name().into());
        let time = self.plan.time;
        let durable = Durable { server, store, senders: SENDERS, topics: TOPICS, first_topic: 0, rate, time };
        self.measure(part, async |server, progress| durable.run_on(server, progress).await).await
    }

    /// Measures a fresh server, and ends it whatever happens.
    async fn measure<T>(
        &mut self,
        part: Stage,
        measure: impl AsyncFnOnce(Serving, &Progress) -> io::Result<T>,
    ) -> Result<T, BenchError> {
        let Self { binary, store, folder, progress, stop, .. } = self;
        let failed =
            |why: &dyn fmt::Display| BenchError::Failed(format!("{part} could not be measured: {why}"));
        progress.begin(part);
        let mut server =
            Server::apart(binary, store.name(), folder.path()).await.map_err(|error| failed(&error))?;
        let measured = tokio::select! {
            biased;
            () = stop.told() => None,
            never = progress.moves() => match never {},
            measured = async {
                server.up().await?;
                tokio::select! {
                    measured = measure(server.serving(), progress) => measured,
                    ended = server.until_ended() => ended.and(Err(io::ErrorKind::UnexpectedEof.into())),
                }
            } => Some(measured),
        };
        if let Some(Err(_)) = measured {
            // Its sockets may report its end before the system does. If it has not ended, the error counts.
            let _ = timeout(GRACE, server.until_ended()).await;
        }
        let ended = server.ended().ok().flatten();
        let said = server.said();
        // A server that has ended by itself cannot be killed.
        let killed = server.kill().await;
        let why = match (measured, ended) {
            (None, _) => return Err(stopped()),
            (Some(Ok(measured)), None) if said.is_empty() => {
                killed.map_err(|error| failed(&error))?;
                return Ok(measured);
            }
            (Some(_), Some(status)) => format!("its server ended by itself ({status})"),
            (Some(Ok(_)), None) => "its server was in trouble".into(),
            (Some(Err(error)), None) => error.to_string(),
        };
        if said.is_empty() || why.contains(&said) {
            Err(failed(&why))
        } else {
            Err(failed(&format!("{why}; it said: {said}")))
        }
    }
}
