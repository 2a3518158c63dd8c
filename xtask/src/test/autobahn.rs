//! The test step `autobahn`: the WebSocket conformance suite.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Tally, python};
use crate::Done;
use crate::process::{cargo, run, target};

/// The package on PyPI with the cases of the Autobahn test suite.
const SUITE: &str = "kosoku==0.1.0";
/// The cases of compression, which the broker does not offer.
const NOT_OURS: [&str; 2] = ["12.*", "13.*"];
/// The passing results. The suite reports non-strict where RFC 6455 only advises, and informational where it is silent.
const GOOD: [&str; 3] = ["OK", "NON-STRICT", "INFORMATIONAL"];

/// Runs every case of the Autobahn test suite, hostile peers included, against the broker's WebSocket.
pub(super) fn autobahn() -> Done<Tally> {
    let suite = python::install(SUITE, "kosoku")?;
    run(cargo(&["build", "-p", "broker", "--example", "echo"]))?;
    let report = target().join("autobahn");
    // Removes the old report, which would otherwise stand for a run that did not finish.
    let _ = fs::remove_dir_all(&report);
    let played = play(&suite, &report);
    let text = fs::read_to_string(report.join("index.json")).map_err(|_| match &played {
        Ok(()) => "the Autobahn cases left no report".to_owned(),
        Err(wrong) => wrong.clone(),
    })?;
    let tally = count(&text).ok_or("the report of the Autobahn cases cannot be read")?;
    Ok(Tally { failed: if played.is_err() { tally.failed.max(1) } else { tally.failed }, ..tally })
}

fn play(suite: &Path, report: &Path) -> Done {
    let mut echo = Command::new(target().join("debug/examples/echo"));
    let mut echo = echo
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("echo cannot be started: {error}"))?;
    let mut address = String::new();
    if let Some(out) = &mut echo.stdout {
        BufReader::new(out).read_line(&mut address).map_err(|error| format!("echo: {error}"))?;
    }
    let mut cases = Command::new(suite);
    cases.arg(format!("ws://{}", address.trim())).args(["--parallelism", "4", "--outdir"]).arg(report);
    cases.args(NOT_OURS.iter().flat_map(|case| ["--exclude", case]));
    let played = run(cases);
    // The echo server ends when its standard input closes, as it does here.
    echo.wait().map_err(|error| format!("echo: {error}"))?;
    played
}

/// Counts the results of a report and prints the failed cases.
fn count(report: &str) -> Option<Tally> {
    let report = serde_json::from_str::<Value>(report).ok()?;
    let mut tally = Tally::default();
    for (case, ended) in report.as_object()?.values().filter_map(Value::as_object).flatten() {
        let verdicts = ["behavior", "behaviorClose"].map(|what| ended[what].as_str().unwrap_or("unknown"));
        if verdicts.iter().all(|verdict| GOOD.contains(verdict)) {
            tally.passed += 1;
        } else {
            println!("FAILED case {case}: {}, and the end {}", verdicts[0], verdicts[1]);
            tally.failed += 1;
        }
    }
    // A suite without cases proves nothing.
    (tally != Tally::default()).then_some(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_counts_if_both_it_and_its_end_are_good() {
        let report = r#"{"echo":{
            "1.1.1":{"behavior":"OK","behaviorClose":"OK"},
            "6.4.1":{"behavior":"NON-STRICT","behaviorClose":"INFORMATIONAL"},
            "7.1.1":{"behavior":"OK","behaviorClose":"UNCLEAN"},
            "7.1.2":{"behavior":"FAILED","behaviorClose":"OK"},
            "7.1.3":{}
        }}"#;
        assert_eq!(count(report), Some(Tally { passed: 2, failed: 3 }));
        for nothing in ["", "[]", "{}", r#"{"echo":{}}"#] {
            assert_eq!(count(nothing), None, "{nothing}");
        }
    }
}
