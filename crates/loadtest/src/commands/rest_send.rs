//! The command `loadtest rest-send`: sends over HTTP with the token of an application.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use probe::durable::Acknowledged;
use probe::rest::{RestSend, RestSent};
use probe::server::Server;

use super::write;

/// Sends per second over the REST API and their latency, each after the commit.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Path of the server binary to start
    #[arg(long)]
    server: PathBuf,
    /// sqlite or memory
    #[arg(long, default_value = "sqlite")]
    store: String,
    /// Number of connections, each with one message in flight
    #[arg(long, default_values_t = [1, 16, 64])]
    connections: Vec<u32>,
    /// Duration of each measurement in seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures, and prints a table.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let Arguments { server, store, connections, seconds, json } = arguments;
    println!(
        "rest-send, {store}: messages over connections that stay open, one in flight on each, {seconds} s"
    );
    println!("connections   sends/s  median ms    p99 ms  per server-CPU-s");
    let mut all = Vec::new();
    for connections in connections {
        let mut server = Server::start(&server, &store, None).await?;
        let sent = RestSend { connections, time: Duration::from_secs(seconds) }.run_on(&server).await?;
        server.kill().await?;
        let RestSent { acknowledged: Acknowledged { acks_per_s, median_ms, p99_ms }, sends_per_cpu_s } = sent;
        println!(
            "{connections:<11}  {acks_per_s:>8.0}  {median_ms:>9.2}  {p99_ms:>8.2}  {sends_per_cpu_s:>16.0}"
        );
        all.push((connections, sent));
    }
    write(json.as_deref(), &all)?;
    Ok(true)
}
