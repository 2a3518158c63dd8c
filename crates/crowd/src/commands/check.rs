use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use crowd::checker::Finding;
use crowd::churn::Churn;
use crowd::resume_storm::ResumeStorm;
use crowd::run::{Outcome, Plan, run as carry_out};
use crowd::slow_consumer::SlowConsumer;

use super::{idle, judge, mixed, told};

/// A short run of each kind, for the tests.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The binary under test
    #[arg(long)]
    server: PathBuf,
    /// A binary with deliberate bugs, which must be found
    #[arg(long)]
    planted: Option<PathBuf>,
}

/// Runs them all; whether each is good.
pub(crate) async fn run(Arguments { server, planted }: Arguments) -> bool {
    let short = Plan {
        server: server.clone(),
        store: "sqlite".into(),
        plant: None,
        people: 20,
        messages: 1_500,
        kills: 4,
        cuts: 0,
        mixed: None,
        seed: 1,
        limit: Duration::from_secs(120),
    };
    let mut good = judged("sqlite, killed four times", carry_out(&short).await);
    let cut = Plan { store: "memory".into(), kills: 0, cuts: 400, ..short.clone() };
    good &= judged("memory, connections cut", carry_out(&cut).await);
    for store in ["sqlite", "memory"] {
        let plan = mixed::plan(server.clone(), store, 4);
        good &= judged(&format!("{store}, a mixed crowd"), carry_out(&plan).await);
    }
    if let Some(planted) = planted {
        good &= finds_the_bug(&Plan { server: planted, ..short }).await;
    }
    good &= idle::is_small(&server).await;
    let name = "some stop reading, and read again";
    let slow = SlowConsumer {
        server: server.clone(),
        subscribers: 300,
        stalled: 100,
        rate: 100,
        payload: 512,
        time: Duration::from_secs(4),
    };
    good &= told(name, slow.run().await.map(|seen| judge(name, &seen.findings, &seen.summary())));
    let name = "all fall away, and come back at once";
    let storm = ResumeStorm { server: server.clone(), connections: 400, messages: 200 };
    good &= told(name, storm.run().await.map(|seen| judge(name, &seen.findings, &seen.summary())));
    let name = "many come and go";
    let churn = Churn { server, rate: 100, time: Duration::from_secs(3) };
    good & told(name, churn.run().await.map(|seen| judge(name, &seen.findings, &seen.summary())))
}

fn judged(name: &str, outcome: io::Result<Outcome>) -> bool {
    told(name, outcome.map(|Outcome { findings, summary }| judge(name, &findings, &summary)))
}

/// Whether the checker finds a server that acknowledges before it commits. A kill must fall between the two,
/// so a few runs may be needed.
async fn finds_the_bug(plan: &Plan) -> bool {
    let name = "a planted ack before the commit is found";
    for seed in 1..=5 {
        let plan = Plan { seed, plant: Some("ack-before-commit".into()), ..plan.clone() };
        match carry_out(&plan).await {
            Ok(outcome) if outcome.findings.iter().any(|finding| matches!(finding, Finding::Lost { .. })) => {
                println!("ok {name} ({} findings)", outcome.findings.len());
                return true;
            }
            Ok(_) => {}
            Err(error) => println!("   {error}"),
        }
    }
    println!("FAILED {name}: five runs found nothing");
    false
}
