//! The command `hubbub bench`, as an operator runs it. The tests check that it measures and cleans up, and never how
//! fast it was.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Builds the command for an operator with data in this folder, and with settings that must not affect it.
fn bench(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubbub"));
    command.arg("bench").arg("--data").arg(data).args(arguments);
    command.env("HUBBUB_SIGN_UP", "closed").env("HUBBUB_METRICS", "127.0.0.1:1").stdin(Stdio::null());
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Returns the servers that have their data somewhere in this folder.
fn servers(data: &Path) -> usize {
    let data = data.canonicalize().unwrap();
    let data = data.to_str().unwrap();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let serves = |line: Vec<u8>| {
        let line = String::from_utf8_lossy(&line).into_owned();
        line.contains("\0serve\0") && line.contains(data)
    };
    processes.filter(|process| fs::read(process.path().join("cmdline")).is_ok_and(serves)).count()
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

fn measures(store: &str) {
    let (data, results) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    fs::write(data.path().join("hubbub.db"), "what the operator has").unwrap();
    let json = results.path().join("figures.json");
    fs::write(&json, "older figures, which were longer than the new ones. ".repeat(200)).unwrap();
    let few = ["--store", store, "--subscribers", "20", "--connections", "50", "--seconds", "1", "--json"];
    let output = bench(data.path(), &few).arg(&json).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));

    assert_eq!(said(&output).lines().count(), 3, "a line a scenario: {}", said(&output));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("20 people in one group") && told.contains("what the network takes"), "{told}");
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");

    let figures: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!((&figures["store"], &figures["seconds"]), (&store.into(), &1.into()));
    assert_eq!(figures["fan_out"]["subscribers"], 20);
    assert_eq!((&figures["idle"]["connections"], &figures["idle"]["lost"]), (&50.into(), &0.into()));
    assert_eq!(figures["machine"]["sync_ms"].is_number(), store == "sqlite");
    for path in [
        "/machine/cores",
        "/machine/descriptors",
        "/fan_out/one_at_a_time/deliveries_per_s",
        "/fan_out/one_at_a_time/p99_ms",
        "/fan_out/many_at_once/deliveries_per_s",
        "/durable_send/steady/acks_per_s",
        "/durable_send/steady/median_ms",
        "/durable_send/flat_out/acks_per_s",
    ] {
        let figure = figures.pointer(path).and_then(Value::as_f64);
        assert!(figure.is_some_and(|figure| figure > 0.0), "{path}: {figures}");
    }
    let verdict = figures["verdict"].as_array().unwrap();
    assert!(verdict.len() >= 5 && verdict.iter().all(Value::is_string), "{verdict:?}");

    assert_eq!(names(data.path()), ["hubbub.db"]);
    assert_eq!(fs::read_to_string(data.path().join("hubbub.db")).unwrap(), "what the operator has");
    assert_eq!(servers(data.path()), 0);
}

#[test]
fn an_operator_learns_what_the_machine_does_with_a_disk() {
    measures("sqlite");
}

#[test]
fn an_operator_learns_what_the_machine_does_without_a_disk() {
    measures("memory");
}

#[test]
fn who_stops_it_finds_nothing_left() {
    let data = TempDir::new().unwrap();
    let json = data.path().join("figures.json");
    let mut command = bench(data.path(), &["--subscribers", "20", "--connections", "50", "--json"]);
    let mut running = command.arg(&json).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(running.stderr.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "fan-out is measured");
    while servers(data.path()) == 0 {
        assert_eq!(running.try_wait().unwrap(), None, "it goes on until it is stopped");
    }
    let told = Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert_eq!(running.wait().unwrap().code(), Some(1));
    let said: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(said.last().unwrap(), "hubbub: stopped before everything was measured");
    assert_eq!(names(data.path()), [""; 0]);
    assert_eq!(servers(data.path()), 0);
}

#[test]
fn what_cannot_be_is_said_before_anything_is_measured() {
    let data = TempDir::new().unwrap();
    let file = data.path().join("a file");
    fs::write(&file, "").unwrap();
    let (missing, folder) = (data.path().join("missing"), data.path().to_str().unwrap());
    let no_folder = missing.join("figures.json");
    for (data, arguments, says) in [
        (data.path(), ["--subscribers", "0"], "0 is not in 1..=20000"),
        (data.path(), ["--subscribers", "20001"], "20001 is not in 1..=20000"),
        (data.path(), ["--connections", "99999999"], "99999999 is not in 1..=100000"),
        (data.path(), ["--seconds", "601"], "601 is not in 1..=600"),
        (data.path(), ["--seconds", "many"], "invalid value 'many' for '--seconds"),
        (data.path(), ["--store", "mysql"], "it is sqlite, memory, or an address"),
        (data.path(), ["--json", folder], "name a file"),
        (data.path(), ["--json", no_folder.to_str().unwrap()], "in a folder that you may write to"),
        (&missing, ["--store", "sqlite"], "make it, or name with --data"),
        (&missing, ["--store", "memory"], "make it, or name with --data"),
        (&file, ["--store", "sqlite"], "the folder for the data"),
        (Path::new("/proc"), ["--store", "sqlite"], "that you may write to"),
    ] {
        let output = bench(data, &arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(says) && output.stdout.is_empty(), "{arguments:?}: {}", said(&output));
    }
    assert_eq!(names(data.path()), ["a file"]);
}
