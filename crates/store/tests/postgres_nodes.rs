//! The nodes of a PostgreSQL database: their rows, and how each notices that the data is no longer the same.

use chat::store::{NodeReport, NodeRow, ReportAnswer, RevocationSlice};
use chat::testing::SeededChance;
use chat::{MasterSecret, Store};
use services::Postgres;
use store::{Failover, OpenError, PostgresConfig, PostgresStore};
use wire::Seq;

const SECRET: [u8; 32] = [7; 32];

fn open(database: &str, name: &str, failover: Failover) -> Result<PostgresStore, OpenError> {
    let config = PostgresConfig::new(database, None, tempfile::tempdir().unwrap().path().to_owned()).unwrap();
    let config = config.with_connections(1, 1).with_node(name).with_failover(failover);
    // As for real nodes, no two draw the same id.
    let seed = name.bytes().map(u64::from).sum();
    PostgresStore::open(config, &MasterSecret::from_bytes(SECRET), &SeededChance::new(seed))
}

fn report() -> NodeReport {
    NodeReport { sockets: 3, is_stopping: false, revocations_after: Seq::ZERO }
}

fn current() -> ReportAnswer {
    ReportAnswer::Current(RevocationSlice::default())
}

fn name(database: &str) -> &str {
    database.rsplit('/').next().unwrap()
}

/// Returns a shared server, with a database of the test's own.
fn database() -> Option<(&'static Postgres, String)> {
    let postgres = services::postgres()?;
    Some((postgres, postgres.database()))
}

#[tokio::test]
async fn a_node_with_another_folder_of_files_does_not_start() {
    let Some((_, database)) = database() else { return };
    let [first, same, other] =
        ["one", "two", "three"].map(|name| open(&database, name, Failover::Epoch).unwrap());
    first.claim_blobs("aaaa").unwrap();
    same.claim_blobs("aaaa").unwrap();
    let refused = other.claim_blobs("bbbb").unwrap_err();
    let says = |sentence: &str| sentence.contains("folder.id has aaaa") && sentence.contains("--blobs");
    assert!(matches!(&refused, OpenError::Refused(sentence) if says(sentence)), "{refused}");
    first.claim_blobs("aaaa").unwrap();
    for store in [first, same, other] {
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn each_node_sees_all_that_report_until_they_stop_or_are_not_heard_of() {
    let Some((postgres, database)) = database() else { return };
    let left = open(&database, "left", Failover::Epoch).unwrap();
    let right = open(&database, "right", Failover::Epoch).unwrap();
    assert!(left.is_shared());
    assert_eq!(left.report(report()).await.unwrap(), current());
    assert_eq!(right.report(NodeReport { is_stopping: true, ..report() }).await.unwrap(), current());
    assert_eq!(left.report(NodeReport { sockets: 5, ..report() }).await.unwrap(), current());
    let nodes = left.nodes().await.unwrap();
    let shown = |node: &NodeRow| (node.name.clone(), node.sockets, node.is_stopping, node.is_alive);
    let both = [("left".to_owned(), 5, false, true), ("right".to_owned(), 3, true, true)];
    assert_eq!(nodes.iter().map(shown).collect::<Vec<_>>(), both);
    assert!(nodes.iter().all(|node| node.started <= node.seen && node.version == env!("CARGO_PKG_VERSION")));
    let metrics = left.shared_metrics().unwrap();
    assert_eq!((metrics.live_nodes, metrics.retries, metrics.unknown_outcomes), (2, 0, 0));
    assert!(metrics.connections >= 1);

    // As if the right one had not been heard of for eleven seconds, and then for over a minute.
    postgres.run(name(&database), "UPDATE nodes SET seen = seen - 11000 WHERE name = 'right'");
    assert_eq!(
        left.nodes().await.unwrap().iter().map(|node| node.is_alive).collect::<Vec<_>>(),
        [true, false]
    );
    postgres.run(name(&database), "UPDATE nodes SET seen = seen - 50000 WHERE name = 'right'");
    for _ in 0..10 {
        left.report(report()).await.unwrap();
    }
    assert_eq!(left.nodes().await.unwrap().len(), 1);
    // It was only paused.
    right.report(report()).await.unwrap();
    assert_eq!(left.nodes().await.unwrap().len(), 2);
    right.close().await.unwrap();
    assert_eq!(left.nodes().await.unwrap().iter().map(|node| &*node.name).collect::<Vec<_>>(), ["left"]);
    left.close().await.unwrap();
}

#[tokio::test]
async fn a_standby_that_took_over_gives_a_new_epoch_unless_it_lost_nothing() {
    let Some((postgres, database)) = database() else { return };
    let careful = open(&database, "careful", Failover::Epoch).unwrap();
    let epoch = careful.epoch();
    let sure = open(&database, "sure", Failover::Lossless).unwrap();
    assert_eq!(sure.epoch(), epoch);
    // As if the data had been on another timeline before.
    let take_over = "UPDATE meta SET timeline = '00000000'";
    postgres.run(name(&database), take_over);
    assert_eq!(careful.report(report()).await.unwrap(), ReportAnswer::Replaced);
    assert_eq!(sure.report(report()).await.unwrap(), current());
    assert_eq!(careful.report(report()).await.unwrap(), current(), "the timeline is known by now");
    postgres.run(name(&database), take_over);
    assert_eq!(open(&database, "next", Failover::Lossless).unwrap().epoch(), epoch);

    postgres.run(name(&database), take_over);
    let anew = open(&database, "anew", Failover::Epoch).unwrap();
    assert_ne!(anew.epoch(), epoch);
    for node in [&careful, &sure] {
        assert_eq!(node.report(report()).await.unwrap(), ReportAnswer::Replaced, "the epoch is another one");
    }
    assert_eq!(anew.report(report()).await.unwrap(), current());
}

#[tokio::test]
async fn a_dump_restored_into_the_same_database_is_noticed() {
    let Some((postgres, database)) = database() else { return };
    for failover in [Failover::Epoch, Failover::Lossless] {
        let before = open(&database, "before", failover).unwrap();
        let epoch = before.epoch();
        postgres.run(
            name(&database),
            "BEGIN; CREATE TABLE restored (LIKE meta INCLUDING ALL); INSERT INTO restored SELECT * FROM meta; \
             DROP TABLE meta; ALTER TABLE restored RENAME TO meta; COMMIT",
        );
        assert_eq!(before.report(report()).await.unwrap(), ReportAnswer::Replaced);
        let seed = if failover == Failover::Epoch { "after" } else { "afterwards" };
        assert_ne!(open(&database, seed, failover).unwrap().epoch(), epoch);
    }
}

#[test]
fn a_server_that_is_not_there_may_be_worth_waiting_for() {
    let Some(postgres) = Postgres::start() else { return };
    let database = postgres.database();
    postgres.kill();
    let refused = open(&database, "early", Failover::Epoch).err().unwrap();
    assert!(matches!(refused, OpenError::Unreachable(_)), "{refused}");
    assert!(refused.to_string().contains(&postgres.address().to_string()), "{refused}");
    let nowhere = database.replace(name(&database), "nowhere");
    postgres.start();
    let refused = open(&nowhere, "lost", Failover::Epoch).err().unwrap();
    assert!(matches!(&refused, OpenError::Refused(sentence) if sentence.contains("createdb")), "{refused}");
    assert!(open(&database, "late", Failover::Epoch).is_ok());
}
