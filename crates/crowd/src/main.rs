//! The command `crowd`.

mod commands;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::commands::{
    check, churn, crash, durable, end_to_end, fanout, groups, history_page, idle, mixed, pages, resume_storm,
    slow_consumer, soak, told,
};

/// People over real sockets, and a checker of what they saw.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One run: a group, messages, kills, a verdict
    Crash(crash::Arguments),
    /// One run in which people also edit, react, come and go, rise, fall and broadcast
    Mixed(mixed::Arguments),
    /// How fast one message reaches many, beside other servers if they are named
    Fanout(fanout::Arguments),
    /// What it costs that many are there and nothing happens
    Idle(idle::Arguments),
    /// How fast what is sent is a fact
    Durable(durable::Arguments),
    /// How long a message takes to others, on disk before it is told, beside the same without a disk
    EndToEnd(end_to_end::Arguments),
    /// How long a page of history takes when the log is long
    HistoryPage(history_page::Arguments),
    /// What a page costs where there is much of everything
    Pages(pages::Arguments),
    /// What it costs that many people are in many groups
    Groups(groups::Arguments),
    /// What it does that some stop reading
    SlowConsumer(slow_consumer::Arguments),
    /// Everybody falls away at once and comes back at once
    ResumeStorm(resume_storm::Arguments),
    /// Many come, read a little and go, all the time
    Churn(churn::Arguments),
    /// A mixed load that goes on and on
    Soak(soak::Arguments),
    /// A server that only writes, to be measured beside the others: the most that one thread can do
    Raw {
        /// How many subscribers will come before the publisher
        subscribers: usize,
        /// Where to listen
        addr: SocketAddr,
    },
    /// A short run of each kind, for the tests
    Check(check::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    // Sockets are descriptors. Where the system gives no more, opening them fails, and says so.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let good = match Cli::parse().command {
        Command::Crash(arguments) => told("crash", crash::run(arguments).await),
        Command::Mixed(arguments) => told("mixed", mixed::run(arguments).await),
        Command::Fanout(arguments) => told("fan-out", fanout::run(arguments).await),
        Command::Idle(arguments) => told("idle", idle::run(arguments).await),
        Command::Durable(arguments) => told("durable", durable::run(arguments).await),
        Command::EndToEnd(arguments) => told("end-to-end", end_to_end::run(arguments).await),
        Command::Pages(arguments) => told("pages", pages::run(arguments).await),
        Command::Groups(arguments) => told("groups", groups::run(arguments).await),
        Command::HistoryPage(arguments) => told("history-page", history_page::run(arguments).await),
        Command::SlowConsumer(arguments) => told("slow-consumer", slow_consumer::run(arguments).await),
        Command::ResumeStorm(arguments) => told("resume-storm", resume_storm::run(arguments).await),
        Command::Churn(arguments) => told("churn", churn::run(arguments).await),
        Command::Soak(arguments) => told("soak", soak::run(arguments).await),
        Command::Raw { subscribers, addr } => {
            told("raw", crowd::raw::serve(addr, subscribers).map(|()| true))
        }
        Command::Check(arguments) => check::run(arguments).await,
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
