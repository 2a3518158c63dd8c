//! The command `loadtest churn`: many short connections.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use loadtest::churn::{Churn, Churned};

use super::{judge, write};

/// Many short connections, all the time.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Path of the server binary to start
    #[arg(long)]
    server: PathBuf,
    /// New connections per second
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// Duration in seconds
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures, and prints the result.
pub(crate) async fn run(Arguments { server, rate, seconds, json }: Arguments) -> io::Result<bool> {
    let churned = Churn { server, rate, time: Duration::from_secs(seconds) }.run().await?;
    let Churned { median_ms, p99_ms, before, after, .. } = &churned;
    write(json.as_deref(), &churned)?;
    println!("churn: {rate} come a second, subscribe, read one or two messages and go, {seconds} s");
    println!("subscribed after: median {median_ms:.1} ms, p99 {p99_ms:.1} ms");
    println!("the server          before    after");
    for (what, before, after) in [
        ("resident KiB", before.rss_kib, after.rss_kib),
        ("descriptors", before.descriptors, after.descriptors),
        ("threads", before.threads, after.threads),
    ] {
        println!("{what:<16}  {before:>8} {after:>8}");
    }
    if let Some(first) = &churned.first_failure {
        println!("the first who failed: {first}");
    }
    Ok(judge("churn", &churned.findings, &churned.summary()))
}
