//! The command `loadtest slow-consumer`: subscribers that stop reading.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use loadtest::slow_consumer::{SlowConsumer, Slowed};

use super::{judge, write};

/// Effect of subscribers that stop reading.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Path of the server binary to start
    #[arg(long)]
    server: PathBuf,
    /// Number of sockets that listen to one group
    #[arg(long, default_value_t = 1_000)]
    subscribers: u32,
    /// Percentage of them that stop reading
    #[arg(long, default_value_t = 5)]
    percent: u32,
    /// Messages per second
    #[arg(long, default_value_t = 400)]
    rate: u32,
    /// Payload of a message in bytes
    #[arg(long, default_value_t = 128)]
    payload: usize,
    /// Duration in seconds
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures without and with slow subscribers, and prints the result.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let Arguments { server, subscribers, percent, rate, payload, seconds, json } = arguments;
    let stalled = (subscribers * percent.min(100) / 100).max(1);
    let time = Duration::from_secs(seconds);
    let with = SlowConsumer { server, subscribers, stalled, rate, payload, time };
    let alone = SlowConsumer { stalled: 0, ..with.clone() }.run().await?;
    let slowed = with.run().await?;
    println!(
        "slow-consumer: {stalled} of {subscribers} stop reading, {rate} messages/s of {payload} bytes, {seconds} s"
    );
    println!("to those who read on    median ms    p99 ms  kicked  server grew KiB");
    for (name, Slowed { median_ms, p99_ms, kicked, rss_kib, .. }) in
        [("when all read", &alone), ("when some do not", &slowed)]
    {
        println!("{name:<22}  {median_ms:>9.1}  {p99_ms:>8.1}  {kicked:>6}  {rss_kib:>15}");
    }
    let more = slowed.rss_kib.saturating_sub(alone.rss_kib) * 100 / u64::from(stalled);
    println!("KiB more for 100 who do not read: {more}");
    write(json.as_deref(), &[&alone, &slowed])?;
    let good = judge("slow-consumer, when all read", &alone.findings, &alone.summary());
    Ok(judge("slow-consumer", &slowed.findings, &slowed.summary()) && good)
}
