//! The test steps that run cargo: format, lints, unit tests and schedules.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::{Length, Tally};
use crate::Done;
use crate::process::{cargo, run};

/// The packages that are built for this machine. The app has its server-side mode here; cargo would otherwise unify the
/// features of both its modes and hide the errors of each.
const NATIVE: [&str; 32] = [
    "-p",
    "server",
    "-p",
    "store",
    "-p",
    "bus",
    "-p",
    "blobs",
    "-p",
    "chat",
    "-p",
    "egress",
    "-p",
    "archive",
    "-p",
    "broker",
    "-p",
    "wire",
    "-p",
    "loadtest",
    "-p",
    "probe",
    "-p",
    "services",
    "-p",
    "xtask",
    "-p",
    "setup",
    "-p",
    "app",
    "--features",
    "app/ssr",
];

pub(super) fn format() -> Done<Tally> {
    run(cargo(&["fmt", "--all", "--check"])).map(|()| Tally::ONE)
}

pub(super) fn clippy_native() -> Done<Tally> {
    let mut clippy = cargo(&["clippy"]);
    clippy.args(NATIVE).args(["--all-targets", "--", "-D", "warnings"]);
    run(clippy).map(|()| Tally::ONE)
}

pub(super) fn clippy_wasm() -> Done<Tally> {
    let wasm = "wasm32-unknown-unknown";
    run(cargo(&["clippy", "-p", "frontend", "--target", wasm, "--", "-D", "warnings"])).map(|()| Tally::ONE)
}

pub(super) fn unit(length: Length) -> Done<Tally> {
    let mut test = cargo(&["test", "--no-fail-fast"]);
    test.args(NATIVE).arg("--all-targets").env("HUBBUB_SERVICES", "required");
    length.tell(&mut test);
    let all = count(test)?;
    // Again for sockets that are not TCP, such as those under TLS: the same tests hold for them.
    let mut by_pipe = cargo(&["test", "--no-fail-fast"]);
    by_pipe.args(NATIVE).args(["--test", "sockets"]).env("HUBBUB_TEST_BY_PIPE", "1");
    let by_pipe = count(by_pipe)?;
    Ok(Tally { passed: all.passed + by_pipe.passed, failed: all.failed + by_pipe.failed })
}

/// Runs the broker's tests in many thread schedules. Its locks are replaced for that, so it is built separately.
pub(super) fn schedules(length: Length) -> Done<Tally> {
    let broker = ["-p", "broker", "--features", "schedules", "--test", "schedules"];
    let mut clippy = cargo(&["clippy"]);
    clippy.args(broker).args(["--", "-D", "warnings"]);
    run(clippy)?;
    let mut test = cargo(&["test"]);
    test.args(broker);
    length.tell(&mut test);
    count(test)
}

/// Runs the tests, shows their output, and adds up their results.
fn count(mut test: Command) -> Done<Tally> {
    let mut child = test.stdout(Stdio::piped()).spawn().map_err(|error| format!("cargo test: {error}"))?;
    let mut tally = Tally::default();
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            println!("{line}");
            if let Some(Tally { passed, failed }) = result(&line) {
                tally.passed += passed;
                tally.failed += failed;
            }
        }
    }
    let status = child.wait().map_err(|error| format!("cargo test: {error}"))?;
    // A test that does not compile, or crashes, has no result line.
    if !status.success() && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok(tally)
}

/// Parses `test result: ok. 5 passed; 0 failed; …`.
fn result(line: &str) -> Option<Tally> {
    let rest = line.strip_prefix("test result: ")?;
    let number = |word: &str| {
        rest.split([';', '.']).find_map(|part| part.trim().strip_suffix(word)?.trim().parse::<usize>().ok())
    };
    Some(Tally { passed: number("passed")?, failed: number("failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_line_is_counted_and_nothing_else_is() {
        let ok =
            "test result: ok. 17 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s";
        assert_eq!(result(ok), Some(Tally { passed: 17, failed: 0 }));
        let bad = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(result(bad), Some(Tally { passed: 3, failed: 2 }));
        for other in ["", "test a ... ok", "running 3 tests", "result: 1 passed; 1 failed"] {
            assert_eq!(result(other), None, "{other}");
        }
    }
}
