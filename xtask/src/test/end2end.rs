//! The test steps `tools` and `end2end`: browser tests.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{Length, Tally};
use crate::process::{cargo, find, root, run, target};
use crate::{Done, browser};

/// Installs the npm packages of the browser tests, if the lock file has changed since.
pub(super) fn tools() -> Done<Tally> {
    if find("npm").is_none() {
        return Err(
            "npm is not on PATH; install Node.js 20 or newer, on Debian: sudo apt install nodejs npm".into(),
        );
    }
    let folder = root().join("end2end");
    let changed = |file: &Path| fs::metadata(file).and_then(|data| data.modified()).ok();
    let installed = changed(&folder.join("node_modules/.package-lock.json"));
    if installed.is_none() || installed < changed(&folder.join("package-lock.json")) {
        run(npm(&["ci", "--no-audit", "--no-fund"]))?;
    }
    Ok(Tally::ONE)
}

/// Runs the browser tests against the real binary.
pub(super) fn end2end(length: Length) -> Done<Tally> {
    tools()?;
    let chromium = browser::chromium()?;
    run(npm(&["run", "--silent", "typecheck"]))?;
    run(cargo(&["build", "-p", "store", "--example", "tea"]))?;
    let report = target().join("end2end.json");
    // Removes the old report, which would otherwise stand for a run that did not finish.
    let _ = fs::remove_file(&report);
    let mut play = Command::new("npx");
    play.args(["playwright", "test"]).current_dir(root().join("end2end"));
    play.env("HUBBUB_BIN", target().join("dist/hubbub")).env("PLAYWRIGHT_JSON_OUTPUT_NAME", &report);
    length.tell(&mut play);
    play.env("HUBBUB_TEA", target().join("debug/examples/tea"));
    if let Some(chromium) = chromium {
        play.env("HUBBUB_CHROMIUM", chromium);
    }
    let played = run(play);
    let text = fs::read_to_string(&report).map_err(|_| match &played {
        Ok(()) => "the browser tests left no report".to_owned(),
        Err(wrong) => wrong.clone(),
    })?;
    let tally = count(&text).ok_or("the report of the browser tests cannot be read")?;
    Ok(Tally { failed: if played.is_err() { tally.failed.max(1) } else { tally.failed }, ..tally })
}

fn npm(arguments: &[&str]) -> Command {
    let mut npm = Command::new("npm");
    npm.args(arguments).current_dir(root().join("end2end"));
    npm
}

/// Counts the results of a report. A test that passed only on a retry has failed.
fn count(report: &str) -> Option<Tally> {
    let stats = serde_json::from_str::<Value>(report).ok()?.get("stats")?.clone();
    let number = |name: &str| stats.get(name)?.as_u64().and_then(|n| usize::try_from(n).ok());
    Some(Tally { passed: number("expected")?, failed: number("unexpected")? + number("flaky")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_needed_a_second_try_has_failed() {
        let report = r#"{"stats":{"expected":12,"skipped":0,"unexpected":1,"flaky":2}}"#;
        assert_eq!(count(report), Some(Tally { passed: 12, failed: 3 }));
        assert_eq!(count("{}"), None);
    }
}
