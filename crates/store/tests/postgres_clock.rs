//! Nodes on machines whose clocks are wrong: everything they stamp and judge follows the clock of the database.

use std::sync::Arc;
use std::time::Duration;

use chat::store::{ExternalKey, Range};
use chat::testing::{Node, SeededChance, guest};
use chat::{
    Caller, Chat, Clock, LocalBus, MasterSecret, MemoryBlobs, NoHttpClient, Parts, Store, SystemClock,
    TokenScope, UserRef,
};
use services::Postgres;
use store::{PostgresConfig, PostgresStore};
use tempfile::TempDir;
use wire::{JoinPolicy, Timestamp, Topic};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const SECRET: [u8; 32] = [7; 32];

/// The clock of a machine that is wrong by a number of milliseconds.
struct WrongClock(i64);

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + self.0)
    }

    fn elapsed(&self) -> Duration {
        SystemClock.elapsed()
    }
}

/// A node on a machine with a wrong clock.
struct Wrong {
    chat: Arc<Chat>,
    store: Arc<PostgresStore>,
    _folder: TempDir,
}

impl Wrong {
    fn start(database: &str, by: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = PostgresConfig::new(database, None, folder.path().to_owned()).unwrap();
        // As for real nodes, no two draw the same ids.
        let chance = Arc::new(SeededChance::new(by.unsigned_abs() + u64::from(by < 0)));
        let secret = MasterSecret::from_bytes(SECRET);
        let store = Arc::new(PostgresStore::open(config.with_connections(2, 2), &secret, &*chance).unwrap());
        let clock = Arc::new(WrongClock(by));
        let parts = Parts {
            store: Arc::clone(&store) as Arc<dyn Store>,
            blobs: Arc::new(MemoryBlobs::new(1_024, Arc::clone(&clock) as Arc<dyn Clock>)),
            bus: Arc::new(LocalBus::default()),
            http: Arc::new(NoHttpClient),
            clock,
            chance,
            limits: Node::patient(),
            secret,
            providers: Vec::new(),
        };
        Self { chat: Chat::start(parts), store, _folder: folder }
    }
}

/// Returns the time of the database, in milliseconds since 1970.
fn time_of(server: &Postgres, database: &str) -> i64 {
    let name = database.rsplit('/').next().unwrap();
    let select = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    server.run(name, select).parse().unwrap()
}

/// Two nodes, one behind and one ahead by as much.
fn pair(database: &str, by: i64) -> [Wrong; 2] {
    [Wrong::start(database, -by), Wrong::start(database, by)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_have_the_time_of_the_database_whatever_the_clocks_of_the_nodes() {
    let Some(server) = services::postgres() else { return };
    let database = server.database();
    let nodes = pair(&database, HOUR);
    let (ann, _) = guest(&nodes[0].chat, "ann").await;
    let group = nodes[0].chat.create_group(&ann, "tea", JoinPolicy::Open).await.unwrap().id;
    let topic = Topic::group(group);
    let before = time_of(server, &database);
    for round in 0..3 {
        for node in &nodes {
            let text = format!("tea {round}");
            let id = node.chat.new_send_id();
            node.chat.post(&ann, topic.clone(), id, &text, None).await.unwrap();
        }
    }
    let after = time_of(server, &database);
    let range = Range { limit: 10, ..Range::default() };
    let page = nodes[1].chat.history(&ann.caller(), &topic, range).await.unwrap();
    let times: Vec<i64> = page.entries.iter().rev().take(6).map(|entry| entry.timestamp.0).collect();
    // The clocks of both nodes are within half a round trip of that of the database, and rounded to milliseconds.
    let fine = before - 1_000..=after + 1_000;
    assert!(times.len() == 6 && times.iter().all(|at| fine.contains(at)), "{fine:?}: {times:?}");
    for node in nodes {
        let told = node.store.time().unwrap().0 - time_of(server, &database);
        assert!(told.abs() < 60_000, "off by {told} ms");
        node.chat.shut_down().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_signed_out_and_no_token_expires_by_the_wrong_clock_of_a_node() {
    let Some(server) = services::postgres() else { return };
    // An hour matters to tokens and links, and a year to sessions.
    for by in [HOUR, 365 * DAY] {
        let database = server.database();
        let nodes = pair(&database, by);
        for (here, there) in [(&nodes[0].chat, &nodes[1].chat), (&nodes[1].chat, &nodes[0].chat)] {
            let (ann, token) = guest(here, "ann").await;
            let found = there.authenticate(&token).await.unwrap();
            assert_eq!(found.map(|session| session.person), Some(ann.person()));
            assert_eq!(there.sessions(&ann).await.unwrap().len(), 1);

            let made = here.create_application(&Caller::operator(), "Shop", "").await.unwrap();
            let shop = there.authenticate_api_token(&made.token).await.unwrap().unwrap();
            here.put_user(&shop, &ExternalKey::new("zoë").unwrap(), "Zoë", None, None).await.unwrap();
            let zoe = UserRef::parse("zoë").unwrap();
            let minted = here.create_user_token(&shop, &zoe, Some(120), TokenScope::default()).await.unwrap();
            let caller = there.authenticate_user_token(&minted.token).await.unwrap().unwrap();
            assert!(there.is_alive(&caller).await.unwrap());
            let link = here.create_sign_in_link(&shop, &zoe).await.unwrap();
            there.use_sign_in_link(&Caller::default(), link.application, &link.token).await.unwrap();
        }
        for node in nodes {
            assert_eq!(node.chat.sweep().await.unwrap(), 0, "nobody is removed as long gone");
            node.chat.shut_down().await.unwrap();
        }
    }
}
