//! The command `loadtest resume-storm`: everybody resumes at once.

use std::io;
use std::path::PathBuf;

use clap::Args;
use loadtest::resume_storm::{ResumeStorm, Returned};

use super::{judge, write};

/// Everybody disconnects and resumes at once.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Path of the server binary to start
    #[arg(long)]
    server: PathBuf,
    /// Number of sockets that listen to one group
    #[arg(long, default_value_t = 5_000)]
    connections: u32,
    /// Number of messages sent while nobody is connected
    #[arg(long, default_value_t = 200)]
    messages: u64,
    /// File for the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures, and prints the result.
pub(crate) async fn run(arguments: Arguments) -> io::Result<bool> {
    let Arguments { server, connections, messages, json } = arguments;
    let returned = ResumeStorm { server, connections, messages }.run().await?;
    let Returned { median_ms, p99_ms, all_ms, cpu_s, store_reads, .. } = &returned;
    write(json.as_deref(), &returned)?;
    println!(
        "resume-storm: {connections} sockets fall away, miss {messages} messages, and come back at once"
    );
    println!("everything is there after: median {median_ms:.0} ms, p99 {p99_ms:.0} ms, all {all_ms:.0} ms");
    println!("the server took {cpu_s:.2} s of processor time");
    if let Some(reads) = store_reads {
        println!("it read its store {reads:.0} times");
    }
    Ok(judge("resume-storm", &returned.findings, &returned.summary()))
}
