use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use crowd::durable::{Acknowledged, Durable};

use super::write;

/// How fast what is sent is a fact.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The binary of the product
    #[arg(long)]
    server: PathBuf,
    /// sqlite or memory
    #[arg(long, default_value = "sqlite")]
    store: String,
    /// How many senders
    #[arg(long, default_value_t = 64)]
    senders: u32,
    /// How many topics they send to
    #[arg(long, default_value_t = 8)]
    topics: u32,
    /// How many messages a second all of them send; 0 for as fast as they are answered
    #[arg(long, default_values_t = [1_000, 10_000, 0])]
    rate: Vec<u32>,
    /// For how long each is measured
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Where to write the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures and prints a table.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let Arguments { server, store, senders, topics, rate, seconds, json } = arguments;
    println!("durable, {store}: {senders} senders to {topics} topics, {seconds} s");
    println!("offered/s    acks/s  median ms    p99 ms");
    let mut all = Vec::new();
    for rate in rate {
        let (server, store, time) = (server.clone(), store.clone(), Duration::from_secs(seconds));
        let measured =
            Durable { server, store, senders, topics, rate: (rate > 0).then_some(rate), time }.run().await?;
        let Acknowledged { acks_per_s, median_ms, p99_ms } = measured;
        let offered = if rate > 0 { rate.to_string() } else { "max".into() };
        println!("{offered:<9}  {acks_per_s:>8.0}  {median_ms:>9.2}  {p99_ms:>8.2}");
        all.push((offered, measured));
    }
    write(json.as_deref(), &all)?;
    Ok(true)
}
