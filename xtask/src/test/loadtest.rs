//! The test step `loadtest`: load and crash tests of the binary.

use std::process::Command;

use super::{Length, Tally};
use crate::process::{cargo, run, target};
use crate::{Done, dist};

/// Runs simulated people against the real binary, which is killed in between; and against one with a planted bug,
/// which the checker must find.
pub(super) fn loadtest(length: Length) -> Done<Tally> {
    run(cargo(&["build", "-p", "loadtest"]))?;
    run(cargo(&["build", "-p", "server", "--bin", "hubbub", "--features", "planted"]))?;
    let mut check = Command::new(target().join("debug/loadtest"));
    check.arg("check");
    check.arg("--server").arg(target().join("dist/hubbub"));
    check.arg("--planted").arg(target().join("debug/hubbub"));
    if !dist::returns_memory() {
        check.arg("--keeps-memory");
    }
    if length == Length::Long {
        check.arg("--long");
    }
    let answer = check.output().map_err(|error| format!("loadtest cannot be started: {error}"))?;
    let said = String::from_utf8_lossy(&answer.stdout);
    print!("{said}{}", String::from_utf8_lossy(&answer.stderr));
    let passed = said.lines().filter(|line| line.starts_with("ok ")).count();
    let failed = said.lines().filter(|line| line.starts_with("FAILED ")).count();
    Ok(Tally { passed, failed: if answer.status.success() { failed } else { failed.max(1) } })
}
