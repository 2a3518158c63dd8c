//! The command `loadtest groups`: many people in many groups.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use loadtest::groups::{Groups, Spread};

use super::{judge, write};

/// Latency and cost with many people in many groups, a few of which have most of the traffic.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Path of the server binary to start
    #[arg(long)]
    server: PathBuf,
    /// Number of groups
    #[arg(long, default_value_t = 1_000)]
    groups: u32,
    /// Number of members of each group
    #[arg(long, default_value_t = 10)]
    each: u32,
    /// Messages per second of all groups together
    #[arg(long, default_value_t = 1_000)]
    rate: u32,
    /// Duration in seconds
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures, and prints the result.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let Arguments { server, groups, each, rate, seconds, json } = arguments;
    let spread = Groups { server, groups, each, rate, time: Duration::from_secs(seconds) }.run().await?;
    write(json.as_deref(), &spread)?;
    let Spread { median_ms, p99_ms, deliveries, deliveries_per_cpu_s, rss_kib_each, kicked, .. } = &spread;
    println!(
        "groups: {} people in {groups} groups, {rate} messages/s in all by Zipf's law, {seconds} s",
        groups * each
    );
    println!("median ms    p99 ms  per server-CPU-s  KiB each  kicked");
    println!(
        "{median_ms:>9.1}  {p99_ms:>8.1}  {deliveries_per_cpu_s:>16.0}  {rss_kib_each:>8.1}  {kicked:>6}"
    );
    Ok(judge("groups", &spread.findings, &format!("{deliveries} entries read")))
}
