//! The command `loadtest`: load tests and benchmarks of a server that it starts.

mod commands;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::commands::{
    background_work, check, churn, cluster, crash, durable, end_to_end, fanout, groups, history_page, idle,
    mixed, nodes, pages, rest_send, resume_storm, slow_consumer, soak, tenants, told,
};

/// Load tests with people over real sockets, and a checker of what they saw.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Cluster test: several nodes on one database and one bus, messages, rights that end, faults of every part, and a check
    /// of the result
    Cluster(cluster::Arguments),
    /// Crash test: a group, messages, kills, and a check of the result
    Crash(crash::Arguments),
    /// Mixed load: people also edit, react, join, leave, change roles and broadcast
    Mixed(mixed::Arguments),
    /// Fan-out benchmark: one message to many subscribers, beside other servers if any are named
    Fanout(fanout::Arguments),
    /// Memory and processor time per idle connection
    Idle(idle::Arguments),
    /// Acks per second and their latency, each after the commit
    Durable(durable::Arguments),
    /// End-to-end latency between people, with a store on disk and one in memory
    EndToEnd(end_to_end::Arguments),
    /// Two nodes beside one: acks per second, and latency from node to node
    Nodes(nodes::Arguments),
    /// Sends per second over the REST API and their latency
    RestSend(rest_send::Arguments),
    /// Many applications on one server: memory, and a quiet one beside a noisy one
    Tenants(tenants::Arguments),
    /// Latency of acks alone and beside uploads
    BackgroundWork(background_work::Arguments),
    /// Latency of a page of a long history
    HistoryPage(history_page::Arguments),
    /// Cost of pages with many people, groups and entries
    Pages(pages::Arguments),
    /// Latency and cost with many people in many groups
    Groups(groups::Arguments),
    /// Effect of subscribers that stop reading
    SlowConsumer(slow_consumer::Arguments),
    /// Everybody disconnects and resumes at once
    ResumeStorm(resume_storm::Arguments),
    /// Many short connections, all the time
    Churn(churn::Arguments),
    /// Mixed load for a long time, to find leaks
    Soak(soak::Arguments),
    /// Server that only writes, as a baseline: the most that one thread can do
    Raw {
        /// Number of subscribers that connect before the publisher
        subscribers: usize,
        /// Address to listen on
        addr: SocketAddr,
    },
    /// Short run of each test
    Check(check::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    // Each socket is a descriptor. Where the system does not raise the limit, opening one fails with an error.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let good = match Cli::parse().command {
        Command::Cluster(arguments) => told("cluster", cluster::run(arguments).await),
        Command::Crash(arguments) => told("crash", crash::run(arguments).await),
        Command::Mixed(arguments) => told("mixed", mixed::run(arguments).await),
        Command::Fanout(arguments) => told("fan-out", fanout::run(arguments).await),
        Command::Idle(arguments) => told("idle", idle::run(arguments).await),
        Command::Durable(arguments) => told("durable", durable::run(arguments).await),
        Command::EndToEnd(arguments) => told("end-to-end", end_to_end::run(arguments).await),
        Command::Nodes(arguments) => told("nodes", nodes::run(arguments).await),
        Command::Pages(arguments) => told("pages", pages::run(arguments).await),
        Command::Groups(arguments) => told("groups", groups::run(arguments).await),
        Command::RestSend(arguments) => told("rest-send", rest_send::run(arguments).await),
        Command::Tenants(arguments) => told("tenants", tenants::run(arguments).await),
        Command::BackgroundWork(arguments) => told("background-work", background_work::run(arguments).await),
        Command::HistoryPage(arguments) => told("history-page", history_page::run(arguments).await),
        Command::SlowConsumer(arguments) => told("slow-consumer", slow_consumer::run(arguments).await),
        Command::ResumeStorm(arguments) => told("resume-storm", resume_storm::run(arguments).await),
        Command::Churn(arguments) => told("churn", churn::run(arguments).await),
        Command::Soak(arguments) => told("soak", soak::run(arguments).await),
        Command::Raw { subscribers, addr } => {
            told("raw", loadtest::baseline::serve(addr, subscribers).map(|()| true))
        }
        Command::Check(arguments) => check::run(arguments).await,
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
