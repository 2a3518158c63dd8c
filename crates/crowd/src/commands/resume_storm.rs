use std::io;
use std::path::PathBuf;

use clap::Args;
use crowd::resume_storm::{ResumeStorm, Returned};

use super::{judge, write};

/// Everybody falls away at once and comes back at once.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The binary of the product
    #[arg(long)]
    server: PathBuf,
    /// How many sockets listen to one group
    #[arg(long, default_value_t = 5_000)]
    connections: u32,
    /// How many messages are said while nobody is there
    #[arg(long, default_value_t = 200)]
    messages: u64,
    /// Where to write the result as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures, and says what came of it.
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
