//! The command `run --cluster`: the services of `deploy/compose.yaml` on this machine, without Docker, for anyone to try.
//! The commands, the environment and the order are those of the file; ports are free ones of the loopback.

mod balancer;
mod child;
mod compose;
mod programs;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use self::child::Running;
use self::compose::{Compose, Program, Service};
use crate::Done;
use crate::dist::{Build, dist};
use crate::process::root;

/// The pause between two looks at a service.
const PAUSE: Duration = Duration::from_millis(100);
/// The looks until a service must be ready: a minute.
const LOOKS: usize = 600;

/// The cluster while it runs. The services end in the opposite order in which they started.
struct Cluster {
    folder: tempfile::TempDir,
    /// The address of each service by its name.
    addresses: BTreeMap<String, SocketAddr>,
    running: Vec<Running>,
}

/// Builds the binary, starts everything, and waits for Ctrl-C.
pub(crate) fn run(arguments: &[String]) -> Done<ExitCode> {
    let options = Options::parse(arguments)?;
    let text = std::fs::read_to_string(root().join("deploy/compose.yaml"))
        .map_err(|error| format!("deploy/compose.yaml cannot be read: {error}"))?;
    // As for Docker, these come from the environment, unless they are drawn anew.
    let secrets = BTreeMap::from([("HUBBUB_SECRET", random(32)?), ("DATABASE_PASSWORD", random(16)?)]);
    let variable = |name: &str| {
        let given = std::env::var(name).ok().filter(|value| !value.is_empty());
        let origin = options.port.filter(|_| name == "HUBBUB_ORIGIN");
        given.or(origin.map(|port| format!("http://localhost:{port}"))).or_else(|| secrets.get(name).cloned())
    };
    let compose = Compose::parse(&text, &variable)?;
    let binary = match options.binary {
        Some(binary) => binary,
        None => dist(options.build)?,
    };
    let mut cluster = Cluster::new(&compose)?;
    for service in &compose.services {
        cluster.start(service, &binary, &compose, options.port)?;
    }
    println!("Ctrl-C ends all of it, and removes what it has kept");
    let ended = cluster.wait();
    println!("the cluster stops …");
    drop(cluster);
    ended.map(|()| ExitCode::SUCCESS)
}

/// The arguments behind `--cluster`.
struct Options {
    build: Build,
    /// A binary that is there already.
    binary: Option<PathBuf>,
    /// The port of the one address, if it is not that of the file.
    port: Option<u16>,
}

impl Options {
    fn parse(arguments: &[String]) -> Done<Self> {
        let mut options = Self { build: Build::Release, binary: None, port: None };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--quick" => options.build = Build::Quick,
                "--binary" => options.binary = Some(value()?.into()),
                "--port" => {
                    let port = value()?.parse().map_err(|error| format!("--port: {error}"))?;
                    options.port = Some(port);
                }
                _ => return Err("run --cluster takes --quick, --binary FILE and --port PORT".into()),
            }
        }
        Ok(options)
    }
}

impl Cluster {
    fn new(compose: &Compose) -> Done<Self> {
        let folder = tempfile::Builder::new().prefix("hubbub-cluster-").tempdir();
        let folder = folder.map_err(|error| format!("there is no temporary folder: {error}"))?;
        let mut addresses = BTreeMap::new();
        let mut taken = Vec::new();
        for service in &compose.services {
            // All at once, so that no two get the same.
            let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
            addresses.insert(service.name.clone(), bound.local_addr().map_err(|error| error.to_string())?);
            taken.push(bound);
        }
        Ok(Self { folder, addresses, running: Vec::new() })
    }

    /// Starts a service, and waits until it is ready.
    fn start(&mut self, service: &Service, binary: &Path, compose: &Compose, port: Option<u16>) -> Done {
        let address = self.addresses[&service.name];
        println!("{} at {address}", service.name);
        let folder = self.folder.path();
        match service.program {
            Program::Postgres => {
                let running = programs::postgres(service, address, folder)?;
                self.until_ready(running, || programs::has_database(service, address))
            }
            Program::Redis => {
                let running = programs::redis(service, address, folder)?;
                self.until_ready(running, || Ok(TcpStream::connect(address).is_ok()))
            }
            Program::Hubbub => {
                let running = programs::node(service, &self.addresses, binary, folder)?;
                self.until_ready(running, || Ok(is_healthy(address)))
            }
            Program::Caddy => {
                let nodes = compose.of(Program::Hubbub).map(|node| self.addresses[&node.name]).collect();
                let port = port.or(service.ports.first().copied()).ok_or("compose.yaml publishes no port")?;
                let address = balancer::start(port, nodes)?;
                println!("Hubbub serves http://localhost:{} from all nodes", address.port());
                Ok(())
            }
        }
    }

    /// Waits for a service that was just started.
    fn until_ready(&mut self, mut running: Running, is_ready: impl Fn() -> Done<bool>) -> Done {
        for _ in 0..LOOKS {
            running.check()?;
            if is_ready()? {
                self.running.push(running);
                return Ok(());
            }
            sleep(PAUSE);
        }
        Err("a service is not ready after a minute".into())
    }

    /// Waits for Ctrl-C, or for a service that ends by itself.
    fn wait(&mut self) -> Done {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("there is no event loop: {error}"))?;
        runtime.block_on(async {
            let stop = tokio::signal::ctrl_c();
            let mut stop = std::pin::pin!(stop);
            loop {
                tokio::select! {
                    stopped = &mut stop => return stopped.map_err(|error| error.to_string()),
                    () = tokio::time::sleep(PAUSE) => {
                        for running in &mut self.running {
                            running.check()?;
                        }
                    }
                }
            }
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        while let Some(running) = self.running.pop() {
            drop(running);
        }
    }
}

/// Returns true if a node is ready.
fn is_healthy(node: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(node)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {node}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 "))
}

/// Draws random bytes, in hexadecimal.
#[expect(clippy::disallowed_methods, reason = "the secrets of a real cluster are drawn, not given")]
fn random(bytes: usize) -> Done<String> {
    let mut drawn = vec![0; bytes];
    getrandom::fill(&mut drawn).map_err(|error| format!("there is no randomness: {error}"))?;
    Ok(drawn.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
}
