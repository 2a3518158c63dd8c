//! The command `loadtest background-work`: acks alone, and beside uploads.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use loadtest::background_work::{BackgroundWork, Round};
use probe::durable::Acknowledged;

use super::write;

/// Latency of acks alone and beside uploads, in turn on one server.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Path of the server binary to start
    #[arg(long)]
    server: PathBuf,
    /// sqlite or memory
    #[arg(long, default_value = "sqlite")]
    store: String,
    /// Messages per second whose acks are measured
    #[arg(long, default_value_t = 1_000)]
    rate: u32,
    /// Number of people who upload one file after the other
    #[arg(long, default_value_t = 20)]
    uploaders: u32,
    /// Size of a file in KiB
    #[arg(long, default_value_t = 2_048)]
    file_kib: usize,
    /// KiB per second that each of them sends; 0 for as many as the server takes
    #[arg(long, default_value_t = 2_048)]
    upload_rate: usize,
    /// Number of outgoing webhooks whose URL nobody answers
    #[arg(long, default_value_t = 0)]
    dead_webhooks: u32,
    /// Duration of each measurement in seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Number of rounds
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures, and prints a table.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let Arguments {
        server,
        store,
        rate,
        uploaders,
        file_kib,
        upload_rate,
        dead_webhooks,
        seconds,
        rounds,
        json,
    } = arguments;
    let (time, file_bytes) = (Duration::from_secs(seconds), file_kib * 1_024);
    let work = BackgroundWork {
        server,
        store,
        rate,
        uploaders,
        file_bytes,
        upload_rate: upload_rate * 1_024,
        dead_webhooks,
        time,
        rounds,
    };
    let rounds = work.run().await?;
    let pace =
        if upload_rate == 0 { "as fast as they can".into() } else { format!("{upload_rate} KiB/s each") };
    println!(
        "background-work: {rate} messages/s, {uploaders} people who upload files of {file_kib} KiB, {pace}; {dead_webhooks} \
         webhooks whose URL nobody answers"
    );
    println!("round  alone: median ms    p99 ms  beside: median ms    p99 ms  files  refused");
    for (number, Round { alone, beside, files, refused }) in (1..).zip(&rounds) {
        println!(
            "{number:<5}  {:>16.2}  {:>8.2}  {:>17.2}  {:>8.2}  {files:>5}  {refused:>7}",
            alone.median_ms, alone.p99_ms, beside.median_ms, beside.p99_ms
        );
    }
    let ratio = |of: fn(&Acknowledged) -> f64| {
        median(rounds.iter().map(|Round { alone, beside, .. }| of(beside) / of(alone)).collect())
    };
    let (median, p99) = (ratio(|acks| acks.median_ms), ratio(|acks| acks.p99_ms));
    println!("beside uploads the median is {median:.2} times that of alone, the p99 {p99:.2} times");
    write(json.as_deref(), &rounds)?;
    Ok(true)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
