use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use crowd::drift::Thirds;
use crowd::soak::Soak;

use super::{judge, write};

/// A mixed load that goes on and on.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The binary of the product
    #[arg(long)]
    server: PathBuf,
    /// How many sockets stay
    #[arg(long, default_value_t = 200)]
    steady: u32,
    /// How many come back every few seconds
    #[arg(long, default_value_t = 40)]
    restless: u32,
    /// How many a second come and go
    #[arg(long, default_value_t = 20)]
    visitors: u32,
    /// How many messages a second are said
    #[arg(long, default_value_t = 40)]
    rate: u32,
    /// For how long
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Where to write the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Goes on for so long, and says what came of it.
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
