//! The command `loadtest idle`: the cost of idle connections.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use probe::idle::{Idle, Rest};

use super::write;

/// Memory and processor time per idle connection.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Path of the server binary to start
    #[arg(long)]
    server: PathBuf,
    /// sqlite or memory
    #[arg(long, default_value = "sqlite")]
    store: String,
    /// Number of sockets
    #[arg(long, default_value_t = 8_000)]
    connections: u32,
    /// Duration of the idle time in seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// The most resident memory of the server per idle connection, in KiB: it is 1.8 KiB, and the system counts in pages.
const MOST_KIB_EACH: f64 = 4.0;

/// Measures, and prints one line.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let Arguments { server, store, connections, seconds, json } = arguments;
    let idle = Idle { server, store: store.clone(), connections, time: Duration::from_secs(seconds) };
    let rest = idle.run().await?;
    println!("idle, {store}: {connections} sockets, signed in, in one group, for {seconds} s");
    let Rest { rss_kib_each, cpu_us_each, lost } = rest;
    println!("{rss_kib_each:.2} KiB and {cpu_us_each:.2} µs/s each, {lost} lost");
    write(json.as_deref(), &rest)?;
    Ok(true)
}

/// Returns true if idle connections stay small: memory that is not freed, or kept in a connection's task, is there ten
/// thousand times.
pub(crate) async fn is_small(server: &Path) -> bool {
    let name = "an idle connection is small";
    let (store, time) = ("memory".into(), Duration::from_secs(1));
    match (Idle { server: server.to_owned(), store, connections: 800, time }).run().await {
        Ok(Rest { rss_kib_each, lost: 0, .. }) if rss_kib_each <= MOST_KIB_EACH => {
            println!("ok {name}: {rss_kib_each:.1} KiB");
            true
        }
        Ok(Rest { rss_kib_each, lost, .. }) => {
            println!("FAILED {name}: {rss_kib_each:.1} KiB each, at most {MOST_KIB_EACH}; {lost} were lost");
            false
        }
        Err(error) => {
            println!("FAILED {name}: {error}");
            false
        }
    }
}
