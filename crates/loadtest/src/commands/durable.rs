//! The command `loadtest durable`: acks per second and their latency.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use probe::durable::{Acknowledged, Durable};
use services::Postgres;
use tokio::task::block_in_place;

use super::{missing, write};

/// Acks per second and their latency, each after the commit.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Path of the server binary to start
    #[arg(long)]
    server: PathBuf,
    /// sqlite, memory, or postgres, which starts a PostgreSQL server for the measurement
    #[arg(long, default_value = "sqlite")]
    store: String,
    /// Number of senders
    #[arg(long, default_value_t = 64)]
    senders: u32,
    /// Number of topics they send to
    #[arg(long, default_value_t = 8)]
    topics: u32,
    /// Messages per second of all senders together; 0 for as fast as they are acknowledged
    #[arg(long, default_values_t = [1_000, 10_000, 0])]
    rate: Vec<u32>,
    /// Duration of each measurement in seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures, and prints a table.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let Arguments { server, store, senders, topics, rate, seconds, json } = arguments;
    println!("durable, {store}: {senders} senders to {topics} topics, {seconds} s");
    println!("offered/s    acks/s  median ms    p99 ms");
    let mut all = Vec::new();
    let database = match store.as_str() {
        "postgres" => Some(block_in_place(Postgres::start).ok_or_else(|| missing("PostgreSQL"))?),
        _ => None,
    };
    for rate in rate {
        let store = match &database {
            Some(database) => block_in_place(|| database.database()),
            None => store.clone(),
        };
        let (server, time) = (server.clone(), Duration::from_secs(seconds));
        let durable = Durable {
            server,
            store,
            senders,
            topics,
            first_topic: 0,
            rate: (rate > 0).then_some(rate),
            time,
        };
        let measured = durable.run().await?;
        let Acknowledged { acks_per_s, median_ms, p99_ms } = measured;
        let offered = if rate > 0 { rate.to_string() } else { "max".into() };
        println!("{offered:<9}  {acks_per_s:>8.0}  {median_ms:>9.2}  {p99_ms:>8.2}");
        all.push((offered, measured));
    }
    write(json.as_deref(), &all)?;
    Ok(true)
}
