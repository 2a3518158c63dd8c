//! Commits that take long to end on PostgreSQL: what another node commits meanwhile is neither missed nor overtaken.

use std::sync::Arc;
use std::time::Duration;

use chat::store::{
    BodyHash, Commit, Draft, Ends, LogWrite, Mentions, NewSession, Position, Revocation, Sender,
    SessionWrite, Sessions, Tail, UserWrite, Write,
};
use chat::testing::{ann, ben};
use chat::{MasterSecret, OsRandom, Store, TokenHash};
use services::Postgres;
use store::{PostgresConfig, PostgresStore};
use tempfile::TempDir;
use tokio::task::{JoinHandle, block_in_place};
use tokio::time::sleep;
use wire::{ApplicationId, Json, Person, SendId, Seq, Timestamp, Topic, UserKey};

const HERE: ApplicationId = ApplicationId::BUILT_IN;
const SESSION: TokenHash = TokenHash([1; 32]);
const AT: Timestamp = Timestamp(1);

/// A transaction that has appended the entry `held` does not end before there is a row in `gate`.
const HOLD: &str = "
    CREATE TABLE gate (open boolean);
    CREATE FUNCTION wait_for_gate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            WHILE NOT EXISTS (SELECT 1 FROM gate) LOOP PERFORM pg_sleep(0.01); END LOOP;
            RETURN NULL;
        END $$;
    CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON entries DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.send_id = 'held') EXECUTE FUNCTION wait_for_gate();";
/// The number of transactions that have everything but their end.
const HELD: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND query = 'COMMIT'";

fn open(url: &str, folder: &TempDir) -> Arc<PostgresStore> {
    let config = PostgresConfig::new(url, None, folder.path().to_owned()).unwrap().with_connections(2, 2);
    Arc::new(PostgresStore::open(config, &MasterSecret::from_bytes([7; 32]), &OsRandom).unwrap())
}

async fn commit(store: &PostgresStore, write: impl Into<Write>) -> Vec<(Seq, Vec<Revocation>)> {
    let commits = vec![Commit { application: HERE, write: write.into() }];
    store.commit(commits, Seq::ZERO).await.unwrap().revocations.entries
}

fn post(topic: Topic, sender: Sender, id: &str) -> LogWrite {
    LogWrite::Post(Draft {
        topic,
        sender,
        id: SendId::new(id).unwrap(),
        body: BodyHash([1; 16]),
        data: Json::of(&"x"),
        at: AT,
        right: None,
        about: None,
        counts: false,
        is_row: false,
        mentions: Mentions::default(),
        ends: Ends::Nobody,
    })
}

/// Two nodes, and their database, in which a transaction with the entry `held` waits.
struct Nodes {
    postgres: &'static Postgres,
    name: String,
    left: Arc<PostgresStore>,
    right: Arc<PostgresStore>,
    _folders: [TempDir; 2],
}

impl Nodes {
    async fn start() -> Option<Self> {
        let postgres = services::postgres()?;
        let url = postgres.database();
        let name = url.rsplit('/').next().unwrap().to_owned();
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [left, right] = [open(&url, &folders[0]), open(&url, &folders[1])];
        let session = NewSession { token: SESSION, label: "a browser".into(), at: AT };
        commit(&left, UserWrite::CreateGuest { person: ann(), session }).await;
        let nodes = Self { postgres, name, left, right, _folders: folders };
        nodes.run(HOLD);
        Some(nodes)
    }

    /// Lets the left node commit an entry. Returns once everything but the end of its transaction is done.
    async fn hold(&self, write: LogWrite) -> JoinHandle<Vec<(Seq, Vec<Revocation>)>> {
        let left = Arc::clone(&self.left);
        let posting = tokio::spawn(async move { commit(&left, write).await });
        while self.run(HELD) != "1" {
            sleep(Duration::from_millis(5)).await;
        }
        posting
    }

    fn let_go(&self) {
        self.run("INSERT INTO gate VALUES (true)");
    }

    fn run(&self, sql: &str) -> String {
        block_in_place(|| self.postgres.run(&self.name, sql))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_returns_what_was_revoked_on_another_node_until_it_ended() {
    let Some(nodes) = Nodes::start().await else { return };
    let posting = nodes.hold(post(Topic::new("news").unwrap(), Sender::Open, "held")).await;
    // The session ends on the other node while the entry is not there yet.
    let out = SessionWrite::SignOut { user: ann().id, which: Sessions::One(SESSION), at: AT };
    commit(&nodes.right, out).await;
    nodes.let_go();
    let user = UserKey { application: HERE, user: ann().id };
    let ended = Revocation::Sessions { user, which: Sessions::One(SESSION) };
    assert_eq!(posting.await.unwrap(), [(Seq(1), vec![ended])], "read after the commit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_of_positions_does_not_pass_a_transaction_under_way() {
    let Some(nodes) = Nodes::start().await else { return };
    let record = |user: Person, id| post(Topic::user(user.id), Sender::User(user.id), id);
    let posting = nodes.hold(record(ann(), "held")).await;
    commit(&nodes.right, record(ben(), "later")).await;
    let before = nodes.right.tail(Position::default(), 10).await.unwrap();
    assert_eq!(ids(&before), Vec::<String>::new(), "the earlier one may still come");
    nodes.let_go();
    posting.await.unwrap();
    let mut found = Vec::new();
    let mut after = before.position;
    while found.len() < 2 {
        let tail = nodes.right.tail(after, 10).await.unwrap();
        found.extend(ids(&tail));
        after = tail.position;
    }
    assert_eq!(found, ["held", "later"]);
}

fn ids(tail: &Tail) -> Vec<String> {
    tail.entries.iter().map(|(_, entry)| entry.id.as_str().to_owned()).collect()
}
