//! PostgreSQL for tests, with a database for each.

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{panicking, sleep};
use std::time::Duration;

use crate::programs::{find_postgres, skip};
use crate::service::{Plan, Service};
use crate::small_disk;

/// A PostgreSQL server with its usual durability. The superuser `postgres` needs no password on the loopback.
#[derive(Debug)]
pub struct Postgres {
    service: Service,
    psql: PathBuf,
    has_small_disk: bool,
    databases: AtomicU32,
    /// The names of databases that are empty again.
    empty: Mutex<Vec<String>>,
}

/// The pause between two looks at a server, and the most of them: a minute.
const PAUSE: Duration = Duration::from_millis(50);
const LOOKS: usize = 1_200;

/// Ends the connections to a database, and waits up to ten seconds for each.
const END: &str = "count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity";

/// Returns the PostgreSQL server that all tests of this process share; none, with a line, if it is not installed.
///
/// # Panics
/// If it is not installed and `HUBBUB_SERVICES=required` is set, or it does not start.
pub fn postgres() -> Option<&'static Postgres> {
    static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
    SHARED.get_or_init(Postgres::start).as_ref()
}

impl Postgres {
    /// Starts a server of the caller's own; none, with a line, if it is not installed.
    ///
    /// # Panics
    /// As [`postgres`].
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::start_with(None)
    }

    /// As [`Postgres::start`], with a file system of this many MiB besides, in memory, which is gone with the server. The
    /// databases are on it, and the write-ahead log is not: PostgreSQL would not survive that one's end. None, with a
    /// line, if the system allows no user namespaces.
    ///
    /// # Panics
    /// As [`postgres`].
    #[must_use]
    pub fn start_on_small_disk(mebibytes: u32) -> Option<Self> {
        if !small_disk::is_allowed() {
            eprintln!(
                "skipped: this system does not let its users mount a file system in a namespace of their own"
            );
            return None;
        }
        let server = Self::start_with(Some(mebibytes))?;
        let place = server.service.folder().join(small_disk::FOLDER);
        server.run("postgres", &format!("CREATE TABLESPACE small LOCATION '{}'", place.display()));
        Some(server)
    }

    /// Starts a standby that follows this server, with what it has at that moment.
    ///
    /// # Panics
    /// As [`postgres`], and if this server cannot be copied.
    #[must_use]
    pub fn start_standby(&self) -> Self {
        let programs = ["pg_basebackup", "postgres"].map(find_postgres);
        let [Some(copy), Some(postgres)] = programs else { panic!("pg_basebackup is not installed") };
        let primary = self.service.address();
        let service = Service::start_new(PostgresPlan { postgres, small_disk: None }, |folder, run_as| {
            let mut copy = Command::new(copy);
            copy.args(["--username=postgres", "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
            copy.args(["--host", &primary.ip().to_string(), "--port", &primary.port().to_string()]);
            copy.arg("--pgdata").arg(folder.join("data")).current_dir(folder);
            run_as(&mut copy);
            output(copy);
        });
        let databases = AtomicU32::new(self.databases.load(Ordering::Relaxed));
        Self { service, psql: self.psql.clone(), has_small_disk: false, databases, empty: Mutex::default() }
    }

    /// Waits until a standby has everything that is committed here.
    ///
    /// # Panics
    /// If that takes a minute.
    pub fn wait_for(&self, standby: &Self) {
        let here = self.run("postgres", "SELECT pg_current_wal_lsn()");
        standby.wait_until(&format!("SELECT coalesce(pg_last_wal_replay_lsn() >= '{here}', false)"));
    }

    /// Lets this standby receive nothing any more: what the primary commits from now on it lacks.
    ///
    /// # Panics
    /// If its connection does not end within a minute.
    pub fn stop_following(&self) {
        self.run("postgres", "ALTER SYSTEM SET primary_conninfo = ''");
        self.run("postgres", "SELECT pg_reload_conf()");
        self.wait_until("SELECT NOT EXISTS (SELECT 1 FROM pg_stat_wal_receiver)");
    }

    /// Lets commits wait until a standby that follows has them, too.
    ///
    /// # Panics
    /// If there is none after a minute.
    pub fn commit_synchronously(&self) {
        self.run("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.run("postgres", "SELECT pg_reload_conf()");
        self.wait_until("SELECT EXISTS (SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync')");
    }

    /// Makes this standby a primary.
    ///
    /// # Panics
    /// If it is none after a minute.
    pub fn promote(&self) {
        self.run("postgres", "SELECT pg_promote()");
        self.wait_until("SELECT NOT pg_is_in_recovery()");
    }

    /// Waits until a query returns true.
    fn wait_until(&self, query: &str) {
        for _ in 0..LOOKS {
            if self.run("postgres", query) == "t" {
                return;
            }
            sleep(PAUSE);
        }
        panic!("not within a minute: {query}");
    }

    fn start_with(small_disk: Option<u32>) -> Option<Self> {
        let programs = ["initdb", "postgres", "psql"].map(find_postgres);
        let [Some(initdb), Some(postgres), Some(psql)] = programs else {
            skip("PostgreSQL", "postgresql");
            return None;
        };
        let service = Service::start_new(PostgresPlan { postgres, small_disk }, |folder, run_as| {
            let mut init = Command::new(initdb);
            init.args([
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ]);
            init.arg("--pgdata").arg(folder.join("data")).current_dir(folder);
            run_as(&mut init);
            output(init);
            if small_disk.is_some() {
                small_disk::make(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            }
        });
        let (databases, empty) = (AtomicU32::new(0), Mutex::default());
        Some(Self { service, psql, has_small_disk: small_disk.is_some(), databases, empty })
    }

    /// Creates an empty database, and returns its URL, such as `postgres://postgres@127.0.0.1:41893/test_1`.
    ///
    /// # Panics
    /// If the server does not create it.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed) + 1);
        let place = if self.has_small_disk { " TABLESPACE small" } else { "" };
        self.run("postgres", &format!("CREATE DATABASE {name}{place}"));
        self.url(&name)
    }

    /// Returns an empty database for as long as its handle lives. It is used again afterwards, as hundreds of them would
    /// fill a disk.
    ///
    /// # Panics
    /// As [`Postgres::database`].
    pub fn temporary_database(&'static self) -> TemporaryDatabase {
        let empty = self.empty.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let url = empty.map_or_else(|| self.database(), |name| self.url(&name));
        TemporaryDatabase { server: self, url }
    }

    /// Returns the URL of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_at(database, self.service.address())
    }

    /// Returns the URL of a database by another address, such as that of a [`Link`](crate::Link).
    #[must_use]
    pub fn url_at(&self, database: &str, address: SocketAddr) -> String {
        format!("postgres://postgres@{address}/{database}")
    }

    /// Runs an SQL statement in a database with `psql`, and returns the rows, with `|` between columns.
    ///
    /// # Panics
    /// If the statement fails; the message is that of the server.
    pub fn run(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(&self.psql);
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, &self.url(database)]);
        output(psql)
    }
}

/// A database for one test.
#[derive(Debug)]
pub struct TemporaryDatabase {
    server: &'static Postgres,
    url: String,
}

impl TemporaryDatabase {
    /// Returns its URL, such as `postgres://postgres@127.0.0.1:41893/test_1`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TemporaryDatabase {
    /// Ends the connections that are left, and empties the database. That of a failed test stays as it is.
    fn drop(&mut self) {
        if self.server.pid().is_none() || panicking() {
            return;
        }
        let name = self.url.rsplit('/').next().unwrap_or_default();
        self.server.run("postgres", &format!("SELECT {END} WHERE datname = '{name}'"));
        self.server.run(name, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
        self.server.empty.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_owned());
    }
}

impl Deref for Postgres {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

/// Runs a command, and returns its output without the last line end.
fn output(mut command: Command) -> String {
    let done = command.stdin(Stdio::null()).output();
    let done = done.unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim_end().to_owned()
}

struct PostgresPlan {
    postgres: PathBuf,
    /// The size of the small file system in MiB, if there is one.
    small_disk: Option<u32>,
}

impl Plan for PostgresPlan {
    fn name(&self) -> &'static str {
        "postgres"
    }

    /// The immediate shutdown: a fast one would wait for a checkpoint, and crash recovery is no risk to a test.
    fn stop_signal(&self) -> &'static str {
        "QUIT"
    }

    fn command(&self, folder: &Path, port: u16) -> Vec<OsString> {
        let mut command = self.small_disk.map_or_else(Vec::new, |size| small_disk::command(folder, size));
        command.extend([self.postgres.clone().into(), "-D".into()]);
        command.push(folder.join("data").into());
        let mut sockets = OsString::from("unix_socket_directories=");
        sockets.push(folder);
        let settings = [format!("port={port}").into(), sockets];
        let fixed = [
            "listen_addresses=127.0.0.1",
            "max_connections=300",
            "log_min_messages=warning",
            // A new database is copied through the log: without a bound it grows to a gigabyte.
            "max_wal_size=256MB",
        ];
        for setting in fixed.into_iter().map(OsString::from).chain(settings) {
            command.extend(["-c".into(), setting]);
        }
        command
    }

    fn is_ready(&self, folder: &Path, _: u16, pid: u32) -> bool {
        // Its first line is the process, its eighth the state.
        let file = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
        let mut lines = file.lines();
        lines.next() == Some(&pid.to_string()) && lines.nth(6).map(str::trim) == Some("ready")
    }
}
