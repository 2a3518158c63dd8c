//! The command `loadtest nodes`: two nodes on one database beside one.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use loadtest::nodes::{Latency, Nodes, Sends};

use super::{judge, missing, write};

/// Two nodes on one PostgreSQL database: acks per second beside one node, and latency from node to node.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Path of the server binary to start
    #[arg(long)]
    server: PathBuf,
    /// Number of senders, who share the nodes
    #[arg(long, default_value_t = 64)]
    senders: u32,
    /// Messages per second whose latency is measured
    #[arg(long, default_value_t = 1_000)]
    rate: u32,
    /// Duration of each measurement in seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Number of rounds; medians are printed
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures, and prints two tables.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let Arguments { server, senders, rate, seconds, rounds, json } = arguments;
    let nodes = Nodes { server, senders, rate, time: Duration::from_secs(seconds), rounds };
    let sends = nodes.sends().await?.ok_or_else(|| missing("PostgreSQL"))?;
    println!(
        "nodes: {senders} senders as fast as they are acknowledged, medians of {rounds} times {seconds} s"
    );
    println!("nodes  logs    acks/s  median ms    p99 ms");
    for Sends { nodes, logs, acks_per_s, median_ms, p99_ms } in &sends {
        println!("{nodes:<5}  {logs:<4}  {acks_per_s:>8.0}  {median_ms:>9.2}  {p99_ms:>8.2}");
    }
    if let [one_log, two_nodes, own_logs, two_with_own] = &sends[..] {
        let [one, own] = [(two_nodes, one_log), (two_with_own, own_logs)]
            .map(|(two, one)| two.acks_per_s / one.acks_per_s);
        println!(
            "two nodes acknowledge {one:.2} times as many in one log, {own:.2} times in logs of their own"
        );
    }
    let latencies = nodes.latencies().await?.ok_or_else(|| missing("PostgreSQL"))?;
    println!("\nlatency to listeners on the sender's node and on the other one, {rate} messages/s");
    println!("bus    own: median ms    p99 ms  other: median ms    p99 ms");
    for Latency { bus, own_ms, other_ms, .. } in &latencies {
        let [[own, own_p99], [other, other_p99]] = [own_ms, other_ms];
        println!("{bus:<5}  {own:>14.2}  {own_p99:>8.2}  {other:>16.2}  {other_p99:>8.2}");
    }
    write(json.as_deref(), &(&sends, &latencies))?;
    let findings: Vec<_> = latencies.iter().flat_map(|latency| latency.findings.clone()).collect();
    let deliveries: u64 = latencies.iter().map(|latency| latency.deliveries).sum();
    Ok(judge("nodes", &findings, &format!("{deliveries} entries read")))
}
