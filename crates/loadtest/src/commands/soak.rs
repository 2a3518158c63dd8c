//! The command `loadtest soak`: a mixed load, to find leaks.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use loadtest::leak_check::Thirds;
use loadtest::soak::Soak;

use super::{judge, write};

/// Mixed load for a long time, to find leaks.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Path of the server binary to start
    #[arg(long)]
    server: PathBuf,
    /// Number of connections that stay
    #[arg(long, default_value_t = 200)]
    steady: u32,
    /// Number of connections that reconnect every few seconds
    #[arg(long, default_value_t = 40)]
    restless: u32,
    /// Short connections per second
    #[arg(long, default_value_t = 20)]
    visitors: u32,
    /// Messages per second
    #[arg(long, default_value_t = 40)]
    rate: u32,
    /// Duration in seconds
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Runs for the whole duration, and prints the result.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let Arguments { server, steady, restless, visitors, rate, seconds, json } = arguments;
    let time = Duration::from_secs(seconds);
    let soaked = Soak { server, steady, restless, visitors, rate, time }.run().await?;
    write(json.as_deref(), &soaked)?;
    println!(
        "soak: {steady} sockets stay, {restless} come back, {visitors} a second come and go, {rate} messages/s, {seconds} s"
    );
    println!("median of a third   first    middle      last  may grow by");
    for Thirds { what, first, middle, last, most } in &soaked.thirds {
        println!("{what:<15}  {first:>8}  {middle:>8}  {last:>8}  {most:>11}");
    }
    Ok(judge("soak", &soaked.findings, &soaked.summary()))
}
