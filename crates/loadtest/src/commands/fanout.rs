//! The command `loadtest fanout`: one message to many subscribers.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use probe::fanout::Measured;
use probe::fanout::compare::{Comparison, Line, Peer};

use super::write;

/// Fan-out benchmark: one message to many subscribers, beside other servers if any are named.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Path of the server binary to start
    #[arg(long)]
    server: PathBuf,
    /// Another server to measure in turn: its name, its dialect (echo, joined, nats, socketio), and its command, to
    /// which the listen address is appended
    #[arg(long, value_name = "NAME=DIALECT=COMMAND")]
    beside: Vec<Peer>,
    /// Number of subscribers
    #[arg(long, default_value_t = 1_000)]
    subscribers: u32,
    /// Most messages in flight [default: 1, 16 and 128]
    #[arg(long)]
    window: Vec<usize>,
    /// Messages per second, instead of as many as the window allows
    #[arg(long)]
    rate: Vec<u32>,
    /// Payload of a message in bytes
    #[arg(long, default_value_t = 128)]
    payload: usize,
    /// Duration of each measurement in seconds
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Number of rounds; medians are printed
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures, and prints a table.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let Arguments { server, beside, subscribers, window, rate, payload, seconds, rounds, json } = arguments;
    let time = Duration::from_secs(seconds);
    let windows = if window.is_empty() && rate.is_empty() { vec![1, 16, 128] } else { window };
    let comparison = Comparison { server, beside, subscribers, windows, rates: rate, payload, time, rounds };
    let lines = comparison.run().await?;
    println!("fan-out to {subscribers}, {payload} bytes, medians of {rounds} times {seconds} s");
    println!(
        "load    server        deliveries/s  median ms    p99 ms  per server-CPU-s  KiB each  surplus  kicked"
    );
    for Line { load, name, measured } in &lines {
        let Measured { deliveries_per_s, median_ms, p99_ms, surplus, kicked, .. } = measured;
        let per_cpu = measured.deliveries_per_cpu_s.unwrap_or_default();
        let each = measured.rss_kib_each.unwrap_or_default();
        let load = load.to_string();
        println!(
            "{load:<6}  {name:<12}  {deliveries_per_s:>12.0}  {median_ms:>9.1}  {p99_ms:>8.1}  {per_cpu:>16.0}  {each:>8.1}  {surplus:>7}  {kicked:>6}"
        );
    }
    write(json.as_deref(), &lines)?;
    Ok(true)
}
