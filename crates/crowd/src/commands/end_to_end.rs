use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use crowd::end_to_end::{Delivered, EndToEnd};

use super::{judge, write};

/// How long a message takes from one who says it to another who reads it.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The binary of the product
    #[arg(long)]
    server: PathBuf,
    /// How many groups
    #[arg(long, default_value_t = 8)]
    groups: u32,
    /// How many people each of them has; everybody talks and listens
    #[arg(long, default_value_t = 8)]
    each: u32,
    /// How many messages a second all of them say
    #[arg(long, default_value_t = 1_000)]
    rate: u32,
    /// For how long each is measured
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// How often; medians are told
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Where to write the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures, and says what came of it.
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
