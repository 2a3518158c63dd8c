//! The command `loadtest tenants`: many applications on one server.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use loadtest::tenants::{Load, Tenancy, Tenants};

use super::write;

/// Memory of many applications, and the latency of a quiet one beside a noisy one.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Path of the server binary to start
    #[arg(long)]
    server: PathBuf,
    /// Number of applications
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..))]
    applications: u32,
    /// Number of people in each
    #[arg(long, default_value_t = 100)]
    people: u32,
    /// Messages per second of the quiet application
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// Duration of each measurement in seconds
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures, and prints the result.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let Arguments { server, applications, people, rate, seconds, json } = arguments;
    let time = Duration::from_secs(seconds);
    let tenancy = Tenants { server, applications, people, rate, time }.run().await?;
    write(json.as_deref(), &tenancy)?;
    let Tenancy { loaded_per_s, rss_mib, rss_kib_each, loads } = &tenancy;
    println!(
        "tenants: {applications} applications of {people} people, created with {loaded_per_s:.0} requests/s, {seconds} s"
    );
    println!("memory after that: {rss_mib:.1} MiB, {rss_kib_each:.1} KiB for each application");
    println!("load                 deliveries/s  median ms    p99 ms  server CPU");
    for Load { name, deliveries_per_s, median_ms, p99_ms, cpu_percent } in loads {
        println!(
            "{name:<19}  {deliveries_per_s:>12.0}  {median_ms:>9.2}  {p99_ms:>8.2}  {cpu_percent:>8.0} %"
        );
    }
    Ok(true)
}
