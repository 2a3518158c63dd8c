//! `hubbub doctor`: checks everything that an operator can get wrong, and says what to do.

use std::fmt;
use std::path::Path;

use chat::{Clock, SystemClock};
use store::{Inspection, SqliteStore};

use super::backup::day_and_time;
use super::control::{self, Effective, Reply, Request, Status};
use super::files_doctor;
use super::postgres_doctor;
use super::room::free_bytes;
use super::seen_hosts::Seen;
use crate::config::{Cli, Config, OpenTopics, StoreChoice};

/// The findings, one line each.
pub struct Diagnosis(Vec<Finding>);

struct Finding {
    level: Level,
    about: &'static str,
    says: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Ok,
    /// A warning: the server works, but somebody should look at it.
    Look,
    Wrong,
}

/// Free bytes below which the disk gets a warning, and below which it counts as an error.
const LITTLE: u64 = 1 << 30;
const NEXT_TO_NONE: u64 = 64 << 20;
/// The largest difference of clocks that is fine, in milliseconds.
const CLOCKS_DIFFER: i64 = 60_000;
/// A time before this version was made: 2026-01-01.
const TOO_EARLY: i64 = 1_767_225_600_000;

/// Checks the data folder, the clock and the settings, and asks the running server, if there is one. Then the settings
/// are those of the server, as it was started, and not those of `config`.
pub async fn doctor(config: &Config) -> Diagnosis {
    let mut found = Diagnosis(Vec::new());
    let asked = control::ask(config, &Request::Status).await;
    let is_running = asked.is_some();
    let status = match asked {
        Some(Ok(Reply::Status(status))) => Some(*status),
        Some(Ok(Reply::Wrong(wrong))) => {
            found.look(
                "server",
                format!("{wrong}; the server that runs is of another version: start it anew"),
            );
            None
        }
        Some(Ok(_)) | None => None,
        Some(Err(wrong)) => {
            found.wrong("server", wrong.to_string());
            None
        }
    };
    let theirs = status.as_ref().and_then(|status| status.settings.clone());
    found.settings(config, theirs.as_ref(), is_running);
    let config = &theirs.map_or_else(|| config.clone(), |theirs| theirs.over(config));
    found.data(config, status.as_ref());
    if let Some(database) = config.store.postgres() {
        postgres_doctor::examine(&mut found, config, database);
        postgres_doctor::bus(&mut found, config).await;
    }
    if config.data.exists() {
        files_doctor::examine(&mut found, config);
    }
    // With PostgreSQL the server has the time of the database, and another check compares the clocks.
    found.clock(status.as_ref().filter(|_| config.store.postgres().is_none()));
    found.origin(config, status.as_ref().map(|status| &status.arrivals));
    found.proxies(config, status.as_ref().map(|status| &status.arrivals));
    if config.open_topics == OpenTopics::Everyone {
        let says = match config.origin {
            Some(_) => {
                "with an origin, open_topics = \"everyone\" lets nobody in; callers need open_topics_token"
            }
            None => "everyone may publish without a token; set open_topics = \"nobody\"",
        };
        found.look("open topics", says.into());
    }
    found
}

impl Diagnosis {
    /// Returns true if there is no error.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.0.iter().all(|finding| finding.level != Level::Wrong)
    }

    pub(super) fn ok(&mut self, about: &'static str, says: String) {
        self.0.push(Finding { level: Level::Ok, about, says });
    }

    pub(super) fn look(&mut self, about: &'static str, says: String) {
        self.0.push(Finding { level: Level::Look, about, says });
    }

    pub(super) fn wrong(&mut self, about: &'static str, says: String) {
        self.0.push(Finding { level: Level::Wrong, about, says });
    }

    /// Says which settings are judged.
    fn settings(&mut self, config: &Config, theirs: Option<&Effective>, is_running: bool) {
        match theirs.map(|theirs| theirs.differing(&Effective::of(config))) {
            Some(differing) if differing.is_empty() => {
                self.ok("settings", "those of the running server are judged; the same are set here".into());
            }
            Some(differing) => {
                let says = format!(
                    "those of the running server are judged; set otherwise here: {}; if the file has changed, restart \
                     the server, or else run this with the server's settings",
                    differing.join(", ")
                );
                self.look("settings", says);
            }
            None if is_running => {
                self.look(
                    "settings",
                    "those given here are judged: the running server does not tell its own".into(),
                );
            }
            None => self.ok("settings", "those given here are judged: no server runs on this data".into()),
        }
        for variable in Cli::unknown_variables() {
            self.look("settings", variable.to_string());
        }
    }

    fn data(&mut self, config: &Config, status: Option<&Status>) {
        let folder = &config.data;
        let shown = folder.display();
        if config.store == StoreChoice::Memory {
            self.look("data", "everything is kept in memory, and is gone when the server stops".into());
            return;
        }
        if !folder.exists() {
            self.look("data", format!("{shown} is not there yet; the first start makes it"));
            return;
        }
        self.modes(config);
        match free_bytes(folder) {
            Some(free) if free < NEXT_TO_NONE => {
                let free = megabytes(free);
                self.wrong("room", format!("the disk of {shown} has only {free} left; make room on it"));
            }
            Some(free) if free < LITTLE => {
                self.look(
                    "room",
                    format!("the disk of {shown} has {} left; make room soon", megabytes(free)),
                );
            }
            Some(free) => self.ok("room", format!("the disk of {shown} has {} left", megabytes(free))),
            None => self.look("room", format!("the room on the disk of {shown} cannot be found out")),
        }
        self.leftovers(folder);
        self.secret(config, status.is_some());
        if config.store.postgres().is_some() && status.is_none_or(|status| status.write_fault.is_none()) {
            return;
        }
        match status {
            Some(Status { write_fault: Some(fault), .. }) => {
                self.wrong(
                    "database",
                    format!("the server cannot write: {fault}; it goes on by itself once that is mended"),
                );
            }
            Some(Status { version, .. }) => {
                self.ok("database", format!("a server (version {version}) has it and can write"));
            }
            None => self.database(folder),
        }
    }

    /// Checks a database that no server has open.
    fn database(&mut self, folder: &Path) {
        match SqliteStore::inspect(folder) {
            Ok(Inspection { verified: None, .. }) => {
                self.look("database", "there is none yet; the first start makes it".into());
            }
            Ok(Inspection { verified: Some(verified), is_copy }) => {
                let of = format!(
                    "schema {}, {} people, {} accounts, {} entries",
                    verified.schema, verified.people, verified.accounts, verified.entries
                );
                if is_copy {
                    let says = format!(
                        "{of}; it is a copy or was restored, and the next start gives it a new epoch"
                    );
                    self.look("database", says);
                } else {
                    self.ok("database", format!("{of}; all of it is whole"));
                }
                let now = SystemClock.now().0;
                if let Some(newest) = verified.newest.filter(|newest| newest.0 > now + CLOCKS_DIFFER) {
                    let newest = day_and_time(newest.0);
                    let says = format!(
                        "the newest entry is of {newest}, which is still to come; set the clock right"
                    );
                    self.wrong("clock", says);
                }
            }
            Err(fault) => self.wrong("database", fault.to_string()),
        }
    }

    #[cfg(unix)]
    fn modes(&mut self, config: &Config) {
        use std::os::unix::fs::PermissionsExt;

        let socket = Some((control::path(config), 0o600)).filter(|(path, _)| path.exists());
        let mut open = Vec::new();
        for (path, mode) in SqliteStore::modes(&config.data).into_iter().chain(socket) {
            let is_open = std::fs::metadata(&path)
                .is_ok_and(|metadata| metadata.permissions().mode() & 0o777 & !mode != 0);
            if is_open {
                open.push(format!("chmod {mode:o} {}", path.display()));
            }
        }
        if open.is_empty() {
            self.ok("folder", format!("only its owner can read {}", config.data.display()));
        } else {
            self.wrong(
                "folder",
                format!("others on this machine can read the data; run: {}", open.join(" && ")),
            );
        }
    }

    #[cfg(not(unix))]
    fn modes(&mut self, _: &Config) {}

    fn secret(&mut self, config: &Config, is_running: bool) {
        match SqliteStore::has_master_secret(&config.data) {
            _ if config.secret.is_some() => self.ok("secret", "it is that of the settings".into()),
            Ok(true) if config.store.postgres().is_some() => {
                self.ok("secret", "secret.key has it, and no dump of the database: keep a copy".into());
            }
            Ok(true) => self.ok("secret", "secret.key has it, and so has every backup".into()),
            Ok(false) if is_running => {
                self.ok("secret", "there is no secret.key: the running server has it in its settings".into());
            }
            Ok(false) => {
                let says = "there is no secret.key, and none in these settings; the next start makes a new one, and \
                            signing keys that applications have stop working";
                self.look("secret", says.into());
            }
            Err(fault) => self.wrong("secret", fault.to_string()),
        }
    }

    fn leftovers(&mut self, folder: &Path) {
        let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.file_name());
        let left: Vec<_> = names
            .filter_map(|name| name.into_string().ok())
            .filter(|name| name.starts_with(".hubbub-") || name == "hubbub.db-journal")
            .collect();
        if !left.is_empty() {
            let left = left.join(", ");
            self.look("leftovers", format!("{left}: of a backup or restore that was cut off; remove it"));
        }
    }

    fn clock(&mut self, status: Option<&Status>) {
        let now = SystemClock.now().0;
        let shown = day_and_time(now);
        if now < TOO_EARLY {
            self.wrong("clock", format!("it says {shown}; set it right, and have it kept right (NTP)"));
        } else if status.is_some_and(|status| (status.now - now).abs() > CLOCKS_DIFFER) {
            self.wrong("clock", format!("here it is {shown}, for the server it is not; set the clock right"));
        } else {
            self.ok("clock", format!("it says {shown}"));
        }
    }

    fn origin(&mut self, config: &Config, seen: Option<&Seen>) {
        match (&config.origin, seen) {
            (None, _) if !config.is_local() => {
                let says = "none is set, so links carry whatever address people came by; set origin = \
                            \"https://chat.example.org\", with your name";
                self.look("origin", says.into());
            }
            (None, _) => self.ok("origin", "none is set; only this machine reaches the server".into()),
            (Some(origin), Some(Seen { foreign: foreign @ 1.., foreign_host: Some(host), .. })) => {
                let says = format!(
                    "it is {origin}, but {foreign} requests asked for {host}; have the proxy pass the Host header on, \
                     or set the origin to what people open"
                );
                self.wrong("origin", says);
            }
            (Some(origin), _) if origin.starts_with("http://") && !config.is_local() => {
                let says =
                    format!("it is {origin}: passwords travel in the clear; put a proxy with TLS in front");
                self.look("origin", says);
            }
            (Some(origin), Some(_)) => {
                self.ok("origin", format!("it is {origin}, and every request asked for it"))
            }
            (Some(origin), None) => self.ok("origin", format!("it is {origin}")),
        }
    }

    fn proxies(&mut self, config: &Config, seen: Option<&Seen>) {
        match seen {
            None => self.look("proxy", "no server runs here, so nobody has come by a proxy yet".into()),
            Some(Seen { untrusted: untrusted @ 1.., untrusted_proxy: Some(proxy), .. }) => {
                let says = format!(
                    "{untrusted} requests came through {proxy}, whose X-Forwarded-For is not believed: all people \
                     behind it share one address and its limits; if it is your proxy, set trusted_proxies = \
                     [\"{proxy}\"]"
                );
                self.wrong("proxy", says);
            }
            Some(Seen { proxied: 0, requests: 1.., .. })
                if config.origin.is_some() && config.trusts([127, 0, 0, 1].into()) =>
            {
                let says = "an origin is set, but no request had X-Forwarded-For: all people share one address and its \
                            limits; have the proxy add the header";
                self.wrong("proxy", says.into());
            }
            Some(Seen { proxied: 0, .. }) => self.ok("proxy", "nobody has come by a proxy".into()),
            Some(Seen { proxied, .. }) => {
                self.ok(
                    "proxy",
                    format!("{proxied} requests came through a trusted proxy, each with its address"),
                );
            }
        }
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes / 1_000_000)
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { level, about, says } in &self.0 {
            let level = match level {
                Level::Ok => "ok",
                Level::Look => "look",
                Level::Wrong => "WRONG",
            };
            writeln!(f, "{level:<6}{about:<12}{says}")?;
        }
        Ok(())
    }
}
