//! The test step `deny`: licences, bans, sources and advisories of dependencies.

use std::process::Command;

use super::Tally;
use crate::Done;
use crate::process::{find, root, run};

/// Checks licences, bans and sources with `cargo deny`, if that tool is installed, and advisories if their database is
/// present or can be fetched.
pub(super) fn deny() -> Done<Tally> {
    if find("cargo-deny").is_none() {
        println!("cargo-deny is not installed (cargo install cargo-deny); nothing is checked");
        return Ok(Tally::default());
    }
    run(check(&["bans", "licenses", "sources"]))?;
    let mut fetch = Command::new("cargo-deny");
    fetch.args(["fetch", "db"]).current_dir(root());
    if run(fetch).is_err() {
        println!("the database of advisories cannot be fetched; advisories are not checked");
        return Ok(Tally::ONE);
    }
    run(check(&["advisories"]))?;
    Ok(Tally { passed: 2, failed: 0 })
}

fn check(parts: &[&str]) -> Command {
    let mut deny = Command::new("cargo-deny");
    deny.args(["--all-features", "check"]).args(parts).current_dir(root());
    deny
}
