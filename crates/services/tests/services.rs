//! The services that tests run on: they start, survive what tests do to them, and end with the process.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::{sleep, spawn};
use std::time::Duration;

use services::{Nats, Postgres, Redis, Service};

/// Waits until a condition holds.
fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if holds() {
            return;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("never: {what}");
}

/// Returns the state of a process as the kernel names it: `S` sleeping, `T` stopped, and so on; none if it is gone.
fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

fn is_gone(pid: u32) -> bool {
    state(pid).is_none_or(|state| state == 'Z')
}

/// Kills a service, and starts it again at the same address.
fn kill_and_start(service: &Service) {
    let (address, first) = (service.address(), service.pid().unwrap());
    service.kill();
    assert!(is_gone(first));
    assert_eq!(service.pid(), None);
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
    service.start();
    assert_eq!(service.address(), address);
    assert_ne!(service.pid().unwrap(), first);
}

#[test]
fn each_database_is_empty_and_keeps_its_rows_over_a_kill() {
    let Some(postgres) = Postgres::start() else { return };
    let [one, other] = [postgres.database(), postgres.database()];
    assert_eq!(one, postgres.url("test_1"));
    assert_eq!(other, postgres.url("test_2"));
    postgres.run("test_1", "CREATE TABLE tea (kind text); INSERT INTO tea VALUES ('oolong')");
    assert_eq!(postgres.run("test_2", "SELECT count(*) FROM pg_tables WHERE tablename = 'tea'"), "0");
    assert_eq!(postgres.run("test_1", "SELECT current_setting('fsync'), current_user"), "on|postgres");
    kill_and_start(&postgres);
    assert_eq!(postgres.run("test_1", "SELECT kind FROM tea"), "oolong");
    postgres.restart();
    assert_eq!(postgres.run("test_1", "SELECT kind FROM tea"), "oolong");
}

#[test]
fn a_paused_redis_answers_when_it_goes_on() {
    let Some(redis) = Redis::start() else { return };
    assert_eq!(redis.run("PING").unwrap(), "+PONG\r\n");
    let pid = redis.pid().unwrap();
    redis.pause();
    until("it is stopped", || state(pid) == Some('T'));
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| redis.run("PING").unwrap());
        sleep(Duration::from_millis(50));
        assert!(!asked.is_finished());
        redis.resume();
        assert_eq!(asked.join().unwrap(), "+PONG\r\n");
    });
    // A paused process can be killed as well.
    redis.pause();
    kill_and_start(&redis);
    assert_eq!(redis.run("PING").unwrap(), "+PONG\r\n");
}

#[test]
fn nats_comes_back_at_its_address() {
    let Some(nats) = Nats::start() else { return };
    kill_and_start(&nats);
    nats.restart();
    let mut info = [0; 5];
    TcpStream::connect(nats.address()).unwrap().read_exact(&mut info).unwrap();
    assert_eq!(&info, b"INFO ");
}

#[test]
fn services_end_when_they_are_dropped() {
    let Some(redis) = Redis::start() else { return };
    let pid = redis.pid().unwrap();
    let folder = fs::read_link(format!("/proc/{pid}/cwd")).unwrap();
    assert!(folder.is_dir());
    drop(redis);
    assert!(is_gone(pid));
    assert!(!folder.exists());
}

/// The process to be killed: this test again, started with a variable in its environment.
#[test]
fn services_end_with_a_process_that_is_killed() {
    const CHILD: &str = "HUBBUB_SERVICES_CHILD";
    let start = || Some((Postgres::start()?, Redis::start()?, Nats::start()?));
    if std::env::var_os(CHILD).is_some() {
        if let Some((postgres, redis, nats)) = start() {
            let pids = [postgres.pid(), redis.pid(), nats.pid()].map(Option::unwrap);
            println!("pids {} {} {}", pids[0], pids[1], pids[2]);
            loop {
                sleep(Duration::from_secs(1));
            }
        }
        return;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "services_end_with_a_process_that_is_killed", "--nocapture"]).env(CHILD, "1");
    let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let Some(pids) = lines.find_map(|line| line.split_once("pids ").map(|(_, pids)| pids.to_owned())) else {
        child.wait().unwrap();
        assert!(start().is_none(), "the services are installed, but the child did not start them");
        return;
    };
    let pids: Vec<u32> = pids.split(' ').map(|pid| pid.parse().unwrap()).collect();
    let folders: Vec<_> = pids.iter().map(|pid| fs::read_link(format!("/proc/{pid}/cwd")).unwrap()).collect();
    // Without its end, the lines would wait for a child that writes nothing more.
    let rest = spawn(move || lines.count());
    child.kill().unwrap();
    child.wait().unwrap();
    rest.join().unwrap();
    for pid in pids {
        until("the service has ended", || is_gone(pid));
    }
    for folder in folders {
        let folder: &Path = folder.ancestors().find(|folder| is_of_service(folder)).unwrap();
        until("its folder is removed", || !folder.exists());
    }
}

fn is_of_service(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("hubbub-"))
}
