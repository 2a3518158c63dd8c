//! The process of a service: start, kill, stop, restart, and its end with this process.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

use crate::programs::{SystemUser, descendants};

/// A service in a temporary folder, on a port of the loopback that stays the same over restarts. Dropping it ends the
/// service and removes the folder.
pub struct Service {
    plan: Box<dyn Plan>,
    folder: PathBuf,
    port: u16,
    user: Option<SystemUser>,
    running: Mutex<Option<Running>>,
}

/// The parts in which the services differ.
pub(crate) trait Plan: Send + Sync + 'static {
    /// The name for messages.
    fn name(&self) -> &'static str;

    /// The signal by which the service ends in an orderly way.
    fn stop_signal(&self) -> &'static str;

    /// The command line that serves on a port.
    fn command(&self, folder: &Path, port: u16) -> Vec<OsString>;

    /// Returns true if this very process, and no other that has the port, accepts connections.
    fn is_ready(&self, folder: &Path, port: u16, pid: u32) -> bool;
}

/// A running service, and the shell that watches over it.
struct Running {
    watchdog: Child,
    pid: u32,
}

/// Runs the command line of a service, prints its process id, and waits for a line. If there is none, because the
/// process of the tests has ended and with it the pipe, the service is ended and its folder removed.
const WATCHDOG: &str = r#"
folder=$1 stop=$2; shift 2
"$@" >>"$folder/log" 2>&1 </dev/null &
pid=$!
echo "$pid"
if read -r _; then
    wait "$pid"
else
    kill -CONT "$pid"; kill -"$stop" "$pid"; wait "$pid"; rm -rf "$folder"
fi 2>/dev/null
"#;

/// The pause between two looks at a process.
const PAUSE: Duration = Duration::from_millis(10);
/// The number of looks until a service must be ready or gone: a minute.
const LOOKS: usize = 6_000;
/// The number of ports that are tried: between the choice of a free one and its use somebody else may take it.
const PORTS: usize = 10;

impl Service {
    /// Prepares a folder, and starts the service.
    ///
    /// # Panics
    /// If that fails; the message has the last lines of the service's own log.
    pub(crate) fn start_new(plan: impl Plan, prepare: impl FnOnce(&Path, &dyn Fn(&mut Command))) -> Self {
        let name = plan.name();
        let folder = tempfile::Builder::new().prefix(&format!("hubbub-{name}-")).tempdir();
        // Removed by the watchdog, which runs however this process ends.
        let folder = folder.map(TempDir::keep).unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let user = SystemUser::unprivileged();
        if let Some(SystemUser { uid, gid }) = user {
            chown(&folder, Some(uid), Some(gid))
                .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        }
        prepare(&folder, &|command| run_as(command, user));
        let mut service = Self { plan: Box::new(plan), folder, port: 0, user, running: Mutex::default() };
        for _ in 0..PORTS {
            service.port = free_port();
            if service.try_start() {
                return service;
            }
        }
        panic!("{name} does not start: {}", service.log());
    }

    /// Returns its address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Returns its folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts the service again, after [`Service::kill`] or [`Service::stop`], and waits until it accepts connections.
    /// Does nothing if it runs.
    ///
    /// # Panics
    /// If it is not ready within a minute.
    pub fn start(&self) {
        // The port of a killed process may be free only after a moment.
        for _ in 0..PORTS {
            if self.try_start() {
                return;
            }
            sleep(10 * PAUSE);
        }
        panic!("{} does not start again: {}", self.plan.name(), self.log());
    }

    /// Kills the service with SIGKILL, and waits until its process is gone. Does nothing if none runs.
    pub fn kill(&self) {
        self.end("KILL");
    }

    /// Ends the service as an administrator would, and waits until its process is gone. Does nothing if none runs.
    pub fn stop(&self) {
        self.end(self.plan.stop_signal());
    }

    /// Ends the service in an orderly way and starts it again.
    ///
    /// # Panics
    /// As [`Service::start`].
    pub fn restart(&self) {
        self.stop();
        self.start();
    }

    /// Stops all its processes with SIGSTOP: connections stay open, and nobody answers.
    pub fn pause(&self) {
        if let Some(pid) = self.pid() {
            // The parent first, so that it has no new children meanwhile.
            signal("STOP", &[pid]);
            signal("STOP", &descendants(pid));
        }
    }

    /// Lets all its processes go on, after [`Service::pause`].
    pub fn resume(&self) {
        if let Some(pid) = self.pid() {
            signal("CONT", &descendants(pid));
            signal("CONT", &[pid]);
        }
    }

    /// Returns the id of its process; none while it does not run.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.running().as_ref().map(|running| running.pid)
    }

    /// Returns the last lines of the service's log.
    #[must_use]
    pub fn log(&self) -> String {
        let log = fs::read(self.folder.join("log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log).into_owned();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Returns false if the process ended before it was ready.
    fn try_start(&self) -> bool {
        let mut running = self.running();
        if running.is_some() {
            return true;
        }
        let mut command = Command::new("sh");
        command.args(["-c", WATCHDOG, "watchdog"]).arg(&self.folder).arg(self.plan.stop_signal());
        command.args(self.plan.command(&self.folder, self.port)).current_dir(&self.folder);
        // Signals from the keyboard are for the tests; the watchdog ends after them.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        run_as(&mut command, self.user);
        let mut watchdog = command.spawn().unwrap_or_else(|error| panic!("sh does not start: {error}"));
        let mut first = String::new();
        let read = watchdog.stdout.take().map(|stdout| BufReader::new(stdout).read_line(&mut first));
        let pid = first.trim().parse().unwrap_or_else(|_| panic!("no process id, but {first:?}: {read:?}"));
        let started = Running { watchdog, pid };
        for _ in 0..LOOKS {
            if self.plan.is_ready(&self.folder, self.port, pid) {
                *running = Some(started);
                return true;
            }
            if !is_alive(pid) {
                started.wait();
                return false;
            }
            sleep(PAUSE);
        }
        panic!("{} is not ready after a minute: {}", self.plan.name(), self.log());
    }

    fn end(&self, with: &str) {
        let Some(running) = self.running().take() else { return };
        let processes: Vec<u32> = descendants(running.pid).into_iter().chain([running.pid]).collect();
        signal(with, &[running.pid]);
        // It may be paused.
        signal("CONT", &processes);
        running.wait();
        // The children of a killed process end a moment later, and hold what it shared with them.
        for _ in 0..LOOKS {
            if !processes.iter().any(|pid| is_alive(*pid)) {
                return;
            }
            sleep(PAUSE);
        }
        panic!("{} does not end on {with}: {}", self.plan.name(), self.log());
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// Waits until the service, which is about to end, is gone.
    fn wait(mut self) {
        if let Some(mut stdin) = self.watchdog.stdin.take() {
            // An error is a watchdog that is gone as well.
            let _ = stdin.write_all(b"\n");
        }
        let _ = self.watchdog.wait();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(Running { mut watchdog, .. }) = self.running().take() {
            // The watchdog ends the service and removes the folder.
            drop(watchdog.stdin.take());
            let _ = watchdog.wait();
        } else {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service({} at {})", self.plan.name(), self.address())
    }
}

/// Returns a port that was free a moment ago.
fn free_port() -> u16 {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    bound.unwrap_or_else(|error| panic!("no free port: {error}")).port()
}

pub(crate) fn run_as(command: &mut Command, user: Option<SystemUser>) {
    if let Some(SystemUser { uid, gid }) = user {
        command.uid(uid).gid(gid);
    }
}

/// Returns true unless the process is gone, or nothing of it is left but its exit code.
fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // Behind the name, which may have spaces and parentheses in it.
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

fn signal(name: &str, processes: &[u32]) {
    if !processes.is_empty() {
        let mut kill = Command::new("kill");
        kill.arg(format!("-{name}")).args(processes.iter().map(u32::to_string));
        // One that is gone already needs no signal.
        let _ = kill.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}
