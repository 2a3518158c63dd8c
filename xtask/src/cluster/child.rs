//! A running service: its process, its output, and its end with this process.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::Done;

/// A service that ends when this is dropped, and when this process ends in whatever way.
pub(crate) struct Running {
    name: String,
    shell: Child,
    last: Arc<Mutex<VecDeque<String>>>,
}

/// Runs a command until it ends, or until nobody holds the other end of the input any more. A command in the background
/// has no input, unless it is given one.
const WATCHDOG: &str = r#"
stop=$1; shift
exec 3<&0
"$@" 3<&- </dev/null &
pid=$!
(read -r _; kill -"$stop" "$pid") <&3 2>/dev/null &
wait "$pid"
"#;

/// The lines of output that are kept for a message.
const LINES: usize = 20;

impl Running {
    /// Starts a command, which ends at this signal. Each line of its output is shown behind its name, if it is one that
    /// people look at.
    pub(crate) fn start(
        name: &str,
        stop: &str,
        command: &Command,
        user: Option<User>,
        shown: bool,
    ) -> Done<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", WATCHDOG, "watchdog", stop]).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        run_as(&mut shell, user);
        Self::spawn(name, shell, shown)
    }

    #[cfg(unix)]
    fn spawn(name: &str, mut shell: Command, shown: bool) -> Done<Self> {
        use std::os::unix::process::CommandExt;

        // Ctrl-C is for this process, which ends the services in their order.
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut shell = shell.spawn().map_err(|error| format!("{name} cannot be started: {error}"))?;
        let last = Arc::new(Mutex::new(VecDeque::new()));
        if let Some(stdout) = shell.stdout.take() {
            follow(name, stdout, &last, shown);
        }
        if let Some(stderr) = shell.stderr.take() {
            follow(name, stderr, &last, shown);
        }
        Ok(Self { name: name.to_owned(), shell, last })
    }

    #[cfg(not(unix))]
    fn spawn(name: &str, _: Command, _: bool) -> Done<Self> {
        Err(format!("{name} is started on Unix only"))
    }

    /// Returns an error with its last lines, if the service has ended.
    pub(crate) fn check(&mut self) -> Done {
        match self.shell.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.ended(status)),
            Err(error) => Err(format!("{}: {error}", self.name)),
        }
    }

    fn ended(&self, status: ExitStatus) -> String {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let last: Vec<&str> = last.iter().map(String::as_str).collect();
        format!("{} has ended with {status}:\n{}", self.name, last.join("\n"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The other end of its input: the watchdog ends the service, and then itself.
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// A user of the system, by number, with the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl User {
    /// Finds the user that PostgreSQL runs as if this process is root, which it refuses; none if it is not.
    pub(crate) fn unprivileged() -> Option<Self> {
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        let users = is_root.then(|| std::fs::read_to_string("/etc/passwd").unwrap_or_default())?;
        ["postgres", "nobody"].iter().find_map(|name| Self::named(&users, name))
    }

    /// Finds a user in the text of `/etc/passwd`.
    fn named(users: &str, name: &str) -> Option<Self> {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(str::parse);
        Some(Self { uid: fields.next()?.ok()?, gid: fields.next()?.ok()? })
    }
}

/// Lets a command run as a user.
#[cfg(unix)]
pub(crate) fn run_as(command: &mut Command, user: Option<User>) {
    use std::os::unix::process::CommandExt;

    if let Some(User { uid, gid }) = user {
        command.uid(uid).gid(gid);
    }
}

/// Elsewhere there are no such users.
#[cfg(not(unix))]
pub(crate) fn run_as(_: &mut Command, _: Option<User>) {}

/// Reads the output of a service in a thread.
fn follow(
    name: &str,
    output: impl std::io::Read + Send + 'static,
    last: &Arc<Mutex<VecDeque<String>>>,
    shown: bool,
) {
    let (name, last) = (name.to_owned(), Arc::clone(last));
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if shown {
                println!("{name} | {line}");
            }
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.len() == LINES {
                last.pop_front();
            }
            last.push_back(line);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let users = "postgres-old:x:7:8::/:/bin/sh\npostgres:x:101:104:PostgreSQL:/var/lib:/bin/bash\n";
        assert_eq!(User::named(users, "postgres"), Some(User { uid: 101, gid: 104 }));
        assert_eq!(User::named(users, "nobody"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_service_ends_when_it_is_dropped_and_its_end_is_noticed_with_its_last_words() {
        let mut sleep = Command::new("sh");
        sleep.args(["-c", "echo brewing; exec sleep 600"]);
        let mut running = Running::start("kettle", "TERM", &sleep, None, false).unwrap();
        running.check().unwrap();
        // Dropping waits for the end, ten minutes before its time.
        drop(running);

        let mut dry = Command::new("sh");
        dry.args(["-c", "echo no water >&2; exit 3"]);
        let mut running = Running::start("kettle", "TERM", &dry, None, false).unwrap();
        let why = loop {
            match running.check() {
                Ok(()) => thread::yield_now(),
                Err(why) => break why,
            }
        };
        assert!(why.starts_with("kettle has ended with exit status: 3"), "{why}");
    }
}
