//! The commands, one per module: arguments and output.

pub(crate) mod background_work;
pub(crate) mod check;
pub(crate) mod churn;
pub(crate) mod cluster;
pub(crate) mod crash;
pub(crate) mod durable;
pub(crate) mod end_to_end;
pub(crate) mod fanout;
pub(crate) mod groups;
pub(crate) mod history_page;
pub(crate) mod idle;
pub(crate) mod mixed;
pub(crate) mod nodes;
pub(crate) mod pages;
pub(crate) mod rest_send;
pub(crate) mod resume_storm;
pub(crate) mod slow_consumer;
pub(crate) mod soak;
pub(crate) mod tenants;

use std::fs;
use std::io;
use std::path::Path;

use loadtest::checker::Finding;
use serde::Serialize;

/// The most findings that are printed.
const MOST_TOLD: usize = 20;

/// Returns the verdict of a run; prints an error if it did not finish.
pub(crate) fn told(name: &str, good: io::Result<bool>) -> bool {
    good.unwrap_or_else(|error| {
        println!("FAILED {name}: {error}");
        false
    })
}

/// Prints the findings of a run; returns true if there are none.
fn judge(name: &str, findings: &[Finding], summary: &str) -> bool {
    if findings.is_empty() {
        println!("ok {name}: nothing lost, doubled or reordered; {summary}");
        return true;
    }
    println!("FAILED {name}: {} findings; {summary}", findings.len());
    for finding in findings.iter().take(MOST_TOLD) {
        println!("   {finding}");
    }
    false
}

/// Returns the error for a service that is not installed.
fn missing(service: &str) -> io::Error {
    io::Error::other(format!("{service} is not installed"))
}

fn write(path: Option<&Path>, result: &impl Serialize) -> io::Result<()> {
    match path {
        Some(path) => fs::write(path, serde_json::to_string_pretty(result)?),
        None => Ok(()),
    }
}
