//! The command `loadtest pages`: the cost of pages.

use std::io;
use std::path::PathBuf;

use clap::Args;
use loadtest::pages::{Cost, Costs, Pages, Size};

use super::write;

/// Cost of pages with many people, groups and entries.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Path of the server binary to start
    #[arg(long)]
    server: PathBuf,
    /// Program that fills a data folder: the example `town` of the crate `store`
    #[arg(long)]
    town: PathBuf,
    /// Number of people with an account
    #[arg(long, default_value_t = 20_000)]
    people: usize,
    /// Number of groups
    #[arg(long, default_value_t = 3_000)]
    groups: usize,
    /// Number of entries of all logs together
    #[arg(long, default_value_t = 1_000_000)]
    entries: usize,
    /// Number of requests for each page
    #[arg(long, default_value_t = 100)]
    rounds: usize,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures, and prints the result.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let Arguments { server, town, people, groups, entries, rounds, json } = arguments;
    let size = Size { people, groups, entries };
    let costs = Pages { server, town, size, rounds }.run().await?;
    write(json.as_deref(), &costs)?;
    let Costs { pages, beside, rss_mib: [rest, after], .. } = costs;
    println!("pages: {people} people, {groups} groups, {entries} entries; {rest} MiB at rest, {after} after");
    println!("{:<34}  cold ms  processor ms  median ms    p99 ms   KiB", "page");
    for Cost { page, cold_ms, cpu_ms, median_ms, p99_ms, kib } in pages.iter().chain([&beside]) {
        println!("{page:<34}  {cold_ms:>7.1}  {cpu_ms:>12.1}  {median_ms:>9.1}  {p99_ms:>8.1}  {kib:>4}");
    }
    Ok(true)
}
