//! A killed process with an outgoing webhook: whatever it was doing between a commit, the plan and a delivery, every
//! message that was committed arrives at least once, in the order of its conversation, and signed.

mod receiver;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chat::store::HookName;
use chat::testing::{ManualClock, Node, SeededChance, User};
use chat::{Caller, Chat, LocalBus, MasterSecret, MemoryBlobs, NewWebhook, OsRandom, Parts, Store};
use rusqlite::Connection;
use store::SqliteStore;
use wire::{ConversationItem, ConversationSummary, JoinPolicy, SendId, Topic};

use receiver::{LoopbackClient, Receiver};

/// The environment variable with the folder of the process that is going to be killed.
const FOLDER: &str = "HUBBUB_TEST_WEBHOOKS_KILLED_IN";
/// The environment variable that asks for the long form of tests.
const LONG: &str = "HUBBUB_TEST_LONG";
const PASSWORD: &str = "one pot of oolong";
const GROUPS: usize = 5;
const HOUR: i64 = 3_600_000;

/// A node whose clock moves by hand.
struct Sender {
    chat: Arc<Chat>,
    clock: Arc<ManualClock>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_committed_before_a_kill_arrives_in_the_order_of_its_conversation() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path()).await;
    let script = open(folder.path(), 0);
    let caller = script.program().await;
    // The port is known only when the receiver has started, and that needs the secret.
    let name = HookName::new("orders").unwrap();
    let events = vec!["message.created".to_owned()];
    let to = |url: String| NewWebhook { url, events: events.clone(), ..NewWebhook::default() };
    let (_, secret) =
        script.chat.put_webhook(&caller, name.clone(), to("http://127.0.0.1:9/".into())).await.unwrap();
    let receiver = Receiver::start(secret.unwrap().reveal());
    script.chat.put_webhook(&caller, name.clone(), to(format!("http://{}/", receiver.addr))).await.unwrap();
    script.chat.shut_down().await.unwrap();

    let rounds = if std::env::var_os(LONG).is_some() { 200 } else { 20 };
    let (mut acknowledged, mut taken) = (BTreeSet::new(), Vec::new());
    for round in 1..=rounds {
        // From before the plan to after some deliveries.
        let after = Duration::from_millis(1 + 17 * (round % 9));
        acknowledged.extend(kill(speaker(folder.path(), round), after));
        taken.extend(receiver.taken());
    }
    assert!(acknowledged.len() >= usize::try_from(rounds).unwrap());

    let last = open(folder.path(), rounds + 1);
    let caller = last.program().await;
    let arrival = async {
        loop {
            last.clock.advance(60_000);
            tokio::time::sleep(Duration::from_millis(20)).await;
            taken.extend(receiver.taken());
            let ids: BTreeSet<_> = taken.iter().map(|event| (event.topic.clone(), event.seq)).collect();
            let waiting = last.chat.webhook(&caller, &name).await.unwrap().waiting;
            if waiting == 0 && committed(folder.path()).iter().all(|one| ids.contains(one)) {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(300), arrival).await.expect("every message arrives");
    last.chat.shut_down().await.unwrap();
    let committed = committed(folder.path());
    assert!(acknowledged.is_subset(&committed), "what was acknowledged is committed");

    let mut orders: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut ids: BTreeMap<(String, u64), String> = BTreeMap::new();
    for event in taken {
        let known = ids.entry((event.topic.clone(), event.seq)).or_insert_with(|| event.id.clone());
        assert_eq!(*known, event.id, "an event has one id");
        let order = orders.entry(event.topic).or_default();
        if !order.contains(&event.seq) {
            order.push(event.seq);
        }
    }
    assert_eq!(ids.values().collect::<BTreeSet<_>>().len(), ids.len(), "no two events have one id");
    assert_eq!(ids.keys().cloned().collect::<BTreeSet<_>>(), committed, "and nothing else arrives");
    for (topic, order) in orders {
        assert!(order.is_sorted(), "{topic}: {order:?}");
    }
}

/// The other process: it speaks in several groups, one after the other, and prints what is acknowledged. Without the name
/// of a folder it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_with_a_webhook_that_is_going_to_be_killed() {
    let Ok(told) = std::env::var(FOLDER) else { return };
    let (round, folder) = told.split_once(' ').unwrap();
    let node = open(Path::new(folder), round.parse().unwrap());
    let (owner, _) = node.chat.sign_in(&Caller::default(), "Ngũgĩ", PASSWORD).await.unwrap();
    let owner = User::from(owner);
    let groups = node.chat.overview(&owner).await.unwrap().mine;
    let group = |item: &ConversationItem| match &item.what {
        ConversationSummary::Group(group) => Topic::group(group.id),
        other => panic!("{other:?}"),
    };
    let mut topics: Vec<Topic> = groups.iter().map(group).collect();
    topics.sort();
    assert_eq!(topics.len(), GROUPS);
    for number in 0_usize.. {
        let topic = topics[number * number % GROUPS].clone();
        let id = SendId::new(&format!("r{round}n{number}")).unwrap();
        let ack = node.chat.post(&owner, topic, id, "chai", None).await.unwrap();
        println!("acknowledged {} {} end", ack.topic, ack.seq);
        // So that failed deliveries are tried again within the round.
        node.clock.advance(1_000);
    }
}

/// Opens a node that calls the receiver. Its clock goes on an hour after that of the round before.
fn open(folder: &Path, round: u64) -> Sender {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder, &OsRandom).unwrap());
    let clock = Arc::new(ManualClock::default());
    clock.advance(i64::try_from(round).unwrap() * HOUR);
    let parts = Parts {
        store,
        blobs: Arc::new(MemoryBlobs::default()),
        bus: Arc::new(LocalBus::default()),
        http: Arc::new(LoopbackClient),
        clock: clock.clone(),
        chance: Arc::new(OsRandom),
        limits: Node::patient(),
        secret: MasterSecret::from_bytes([7; 32]),
        providers: Vec::new(),
    };
    Sender { chat: Chat::start(parts), clock }
}

impl Sender {
    /// Returns a program of the application.
    async fn program(&self) -> Caller {
        let operator = Caller::operator();
        let built_in = self.chat.applications(&operator, None).await.unwrap().items.remove(0).public_id;
        let token = self.chat.create_api_token(&operator, built_in, "", None, false).await.unwrap();
        self.chat.authenticate_api_token(&token).await.unwrap().unwrap()
    }
}

/// Makes an account that is in several groups.
async fn prepare(folder: &Path) {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder, &SeededChance::new(1)).unwrap());
    let node = Node::start(store, Arc::new(LocalBus::default()), Node::patient(), 1);
    let owner = node.introduce("Ngũgĩ").await;
    node.chat.create_account(&owner, PASSWORD).await.unwrap();
    for number in 0..GROUPS {
        node.chat.create_group(&owner, &format!("Group {number}"), JoinPolicy::Open).await.unwrap();
    }
    node.chat.shut_down().await.unwrap();
}

/// Returns the messages that are committed, acknowledged or not.
fn committed(folder: &Path) -> BTreeSet<(String, u64)> {
    let db = Connection::open(folder.join("hubbub.db")).unwrap();
    let mut select = db
        .prepare("SELECT topic, seq FROM entries JOIN logs ON logs.id = entries.log WHERE send_id GLOB 'r*n*' AND counts")
        .unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// Starts this test binary again, with only the test that is going to be killed.
fn speaker(folder: &Path, round: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_with_a_webhook_that_is_going_to_be_killed", "--nocapture"])
        .env(FOLDER, format!("{round} {}", folder.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills it some time after its first acknowledgement; returns all that it has acknowledged.
fn kill(mut speaker: Child, after: Duration) -> Vec<(String, u64)> {
    let mut acknowledged = vec![];
    let mut is_killed = false;
    for line in BufReader::new(speaker.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some((_, told)) = line.split_once("acknowledged ") else { continue };
        // The end of the line proves that it was not cut off.
        let Some((topic, seq)) = told.strip_suffix(" end").and_then(|told| told.split_once(' ')) else {
            continue;
        };
        acknowledged.push((topic.to_owned(), seq.parse().unwrap()));
        if !is_killed {
            // Messages are planned and delivered meanwhile.
            std::thread::sleep(after);
            speaker.kill().unwrap();
            is_killed = true;
        }
    }
    speaker.wait().unwrap();
    assert!(is_killed, "it ended by itself");
    acknowledged
}
