//! A PostgreSQL database that takes no writes: sends are refused, reading goes on, and nothing is lost or doubled.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chat::testing::{User, guest};
use chat::{Chat, Error};
use services::Postgres;
use wire::{JoinPolicy, Refusal, SendId, Seq, Topic};

use crate::nodes::{Node, hears, subscribe};
use crate::people::Socket;

/// The pause between two looks, and the number of looks while nothing may change: longer than a node without its database
/// keeps its sockets.
const PAUSE: Duration = Duration::from_millis(500);
const LOOKS: usize = 24;

/// The task of a sender, which returns the acknowledged Seqs by id.
type Sending = tokio::task::JoinHandle<BTreeMap<String, Seq>>;

/// A node with a group, its founder, and a sender who does not give up.
struct Tea {
    node: Node,
    ann: User,
    token: chat::Token,
    topic: Topic,
}

impl Tea {
    async fn start(database: &str) -> Self {
        let node = Node::start(database).await;
        let (ann, token) = guest(node.server.chat(), "ann").await;
        let group = node.server.chat().create_group(&ann, "tea", JoinPolicy::Open).await.unwrap().id;
        Self { node, ann, token, topic: Topic::group(group) }
    }

    fn path(&self) -> String {
        format!("/g/{}", self.topic.as_str().trim_start_matches("group/"))
    }

    /// Sends messages until `stop` is set. Each has an id of its own and is sent again until it is acknowledged. Returns the
    /// acknowledged Seqs by id.
    fn keep_sending(&self, stop: &Arc<AtomicBool>) -> Sending {
        let (chat, ann, topic) = (Arc::clone(self.node.server.chat()), self.ann.clone(), self.topic.clone());
        let stop = Arc::clone(stop);
        tokio::spawn(async move {
            let mut acked = BTreeMap::new();
            while !stop.load(Ordering::Relaxed) {
                let id = chat.new_send_id();
                let seq = send(&chat, &ann, &topic, &id).await;
                acked.insert(id.as_str().to_owned(), seq);
                tokio::time::sleep(PAUSE / 25).await;
            }
            acked
        })
    }

    /// Posts the first message, subscribes a listener, and keeps sending.
    async fn begin_conversation(&self, listener: &mut Socket, stop: &Arc<AtomicBool>) -> Sending {
        self.node.post(&self.ann, &self.topic, "first flush").await.unwrap();
        subscribe(listener, &self.topic).await;
        let sending = self.keep_sending(stop);
        hears(listener, "more tea").await;
        sending
    }

    /// Looks for longer than a node without its database would serve: pages are shown, and sockets are answered.
    async fn reading_goes_on(&self, socket: &mut Socket, code: &str) {
        self.node.until_ready(503).await;
        // On a full disk a page of a table may still have room for a few.
        let refused = loop {
            if let Err(refused) = self.node.post(&self.ann, &self.topic, "is there room?").await {
                break refused;
            }
        };
        assert_eq!(refused.into_refusal(), Refusal::Unavailable);
        for _ in 0..LOOKS {
            let (status, answer) = self.node.ready().await;
            // A report whose connection was ended may make the node late for a moment, and a write that fits a page ready.
            assert!(status == 200 || answer.contains(code) || answer.contains("unreachable"), "{answer}");
            assert!(self.node.page(&self.path(), &self.token).await.contains("first flush"));
            let asked = socket.asks(r#"{"action":"ping"}"#).await;
            assert_eq!(asked["event"], "pong", "{asked}");
            tokio::time::sleep(PAUSE).await;
        }
        let answer = self.node.until_ready(503).await;
        assert!(answer.contains(code), "{answer}");
        // A new one is opened as well, and reads what there was.
        let mut late = self.node.socket(&self.token).await;
        let head = subscribe(&mut late, &self.topic).await["head"].as_u64();
        assert!(head >= Some(2), "{head:?}");
    }

    /// Compares the log with the acknowledgements, each of which is there once.
    async fn has_all(&self, acked: &BTreeMap<String, Seq>) {
        let mut found = BTreeMap::new();
        let (mut after, mut head) = (Seq::ZERO, Seq(1));
        while after < head {
            let range = chat::store::Range { after: Some(after), limit: 50, ..chat::store::Range::default() };
            let page = self.node.server.chat().history(&self.ann.caller(), &self.topic, range).await.unwrap();
            let seqs = page.entries.iter().map(|entry| entry.seq.0);
            assert!(seqs.eq((after.0 + 1..).take(page.entries.len())), "a hole");
            head = page.head;
            after = page.entries.last().expect("entries up to the head").seq;
            for entry in page.entries {
                let twice = found.insert(entry.id.as_str().to_owned(), entry.seq);
                assert_eq!(twice, None, "{} stands twice", entry.id);
            }
        }
        for (id, seq) in acked {
            assert_eq!(found.get(id), Some(seq), "{id}");
        }
    }
}

/// Sends a message again and again until it is acknowledged.
async fn send(chat: &Chat, ann: &User, topic: &Topic, id: &SendId) -> Seq {
    loop {
        match chat.post(ann, topic.clone(), id.clone(), "more tea", None).await {
            Ok(ack) => return ack.seq,
            Err(Error::Fault(_)) => tokio::time::sleep(PAUSE / 10).await,
            Err(refused) => panic!("{refused:?}"),
        }
    }
}

fn name(database: &str) -> &str {
    database.rsplit('/').next().unwrap()
}

/// Ends the connections of nodes, which have the settings of the database from their beginning.
fn end_connections(server: &Postgres, database: &str) {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'hubbub'";
    server.run(name(database), end);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_read_only_people_read_and_afterwards_everything_is_there_once() {
    let Some(server) = services::postgres() else { return };
    let database = server.database();
    let tea = Tea::start(&database).await;
    let (mut socket, mut listener) = (tea.node.socket(&tea.token).await, tea.node.socket(&tea.token).await);
    let stop = Arc::new(AtomicBool::new(false));
    let sending = tea.begin_conversation(&mut listener, &stop).await;

    let alter = |set: &str| format!("ALTER DATABASE {} {set}", name(&database));
    server.run("postgres", &alter("SET default_transaction_read_only = on"));
    end_connections(server, &database);
    tea.reading_goes_on(&mut socket, r#""code":"read_only""#).await;
    // A node that starts meanwhile serves readers, too.
    let late = Node::start(&database).await;
    assert!(late.page(&tea.path(), &tea.token).await.contains("first flush"));
    assert!(late.server.stop().await);

    server.run("postgres", &alter("RESET default_transaction_read_only"));
    tea.node.until_ready(200).await;
    tea.node.post(&tea.ann, &tea.topic, "second flush").await.unwrap();
    hears(&mut listener, "second flush").await;
    stop.store(true, Ordering::Relaxed);
    tea.has_all(&sending.await.unwrap()).await;
    assert!(tea.node.server.stop().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_disk_of_the_database_is_full_people_read_and_afterwards_everything_is_there_once() {
    let Some(server) = Postgres::start_on_small_disk(48) else { return };
    let database = server.database();
    let tea = Tea::start(&database).await;
    let (mut socket, mut listener) = (tea.node.socket(&tea.token).await, tea.node.socket(&tea.token).await);
    let stop = Arc::new(AtomicBool::new(false));
    let sending = tea.begin_conversation(&mut listener, &stop).await;

    server.run(name(&database), "CREATE TABLE ballast (filler text)");
    // The last one finds no room, however small its piece.
    let fill = "DO $$ BEGIN
        FOR size IN REVERSE 7..0 LOOP
            BEGIN
                LOOP
                    INSERT INTO ballast SELECT repeat('x', 1000) FROM generate_series(1, 8 * (10 ^ (size / 2.0))::int);
                END LOOP;
            EXCEPTION WHEN disk_full THEN NULL;
            END;
        END LOOP;
    END $$";
    server.run(name(&database), fill);
    tea.reading_goes_on(&mut socket, r#""code":"disk_full""#).await;

    server.run(name(&database), "DROP TABLE ballast");
    tea.node.until_ready(200).await;
    tea.node.post(&tea.ann, &tea.topic, "second flush").await.unwrap();
    hears(&mut listener, "second flush").await;
    stop.store(true, Ordering::Relaxed);
    tea.has_all(&sending.await.unwrap()).await;
    assert!(tea.node.server.stop().await);
}
