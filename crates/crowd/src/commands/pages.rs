use std::io;
use std::path::PathBuf;

use clap::Args;
use crowd::pages::{Cost, Costs, Pages, Size};

use super::write;

/// What a page costs where there are many people, groups and entries.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The binary of the product
    #[arg(long)]
    server: PathBuf,
    /// The program that fills a data folder: the example `town` of the crate `store`
    #[arg(long)]
    town: PathBuf,
    /// How many people have an account
    #[arg(long, default_value_t = 20_000)]
    people: usize,
    /// How many groups there are
    #[arg(long, default_value_t = 3_000)]
    groups: usize,
    /// How many entries the logs have together
    #[arg(long, default_value_t = 1_000_000)]
    entries: usize,
    /// How often each page is asked for
    #[arg(long, default_value_t = 100)]
    rounds: usize,
    /// Where to write the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures, and says what came of it.
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
