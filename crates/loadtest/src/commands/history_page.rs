//! The command `loadtest history-page`: pages of a long history.

use std::io;
use std::path::PathBuf;

use clap::Args;
use loadtest::history_page::{HistoryPage, Turned};

use super::{judge, write};

/// Latency of a page of a long history.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Path of the server binary to start
    #[arg(long)]
    server: PathBuf,
    /// Approximate number of entries in the log
    #[arg(long, default_value_t = 1_000_000)]
    entries: u64,
    /// Number of pages to read at each position
    #[arg(long, default_value_t = 1_000)]
    pages: u64,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures, and prints the result.
pub(crate) async fn run(Arguments { server, entries, pages, json }: Arguments) -> io::Result<bool> {
    let paged = HistoryPage { server, entries, pages }.run().await?;
    write(json.as_deref(), &paged)?;
    println!(
        "history-page: {} entries, which came to disk at {:.0}/s, in pages of 100, {pages} at each place",
        paged.entries, paged.filled_per_s
    );
    println!("place      median ms    p99 ms");
    for Turned { place, median_ms, p99_ms } in &paged.places {
        println!("{place:<9}  {median_ms:>9.2}  {p99_ms:>8.2}");
    }
    Ok(judge("history-page", &paged.findings, &format!("{} pages", 3 * pages)))
}
