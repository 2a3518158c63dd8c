//! The command `loadtest end-to-end`: latency between people.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use loadtest::end_to_end::{Delivered, EndToEnd};

use super::{judge, write};

/// End-to-end latency between people, with a store on disk and one in memory.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Path of the server binary to start
    #[arg(long)]
    server: PathBuf,
    /// Number of groups
    #[arg(long, default_value_t = 8)]
    groups: u32,
    /// Number of people in each group; all of them send and listen
    #[arg(long, default_value_t = 8)]
    each: u32,
    /// Messages per second of all people together
    #[arg(long, default_value_t = 1_000)]
    rate: u32,
    /// Duration of each measurement in seconds
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Number of rounds; medians are printed
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures, and prints the result.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let Arguments { server, groups, each, rate, seconds, rounds, json } = arguments;
    let time = Duration::from_secs(seconds);
    let delivered = EndToEnd { server, groups, each, rate, time, rounds }.run().await?;
    write(json.as_deref(), &delivered)?;
    println!(
        "end-to-end: {} people talk in {groups} groups, {rate} messages/s in all, medians of {rounds} times {seconds} s",
        groups * each
    );
    println!("store   median ms    p99 ms");
    for Delivered { store, median_ms, p99_ms, .. } in &delivered {
        println!("{store:<6}  {median_ms:>9.2}  {p99_ms:>8.2}");
    }
    let [durable, volatile] = &delivered[..] else { return Ok(false) };
    println!("the disk adds {:.2} ms to the p99", durable.p99_ms - volatile.p99_ms);
    Ok(judge("end-to-end", &durable.findings, &format!("{} entries read", durable.deliveries)))
}
