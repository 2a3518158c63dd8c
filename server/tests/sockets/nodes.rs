//! Several nodes over one PostgreSQL database, as people with a socket at one of them see it.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chat::store::{NodeRow, Sessions};
use chat::testing::{User, guest};
use chat::{Caller, Error, Hint, MasterSecret, NodeId, Token};
use futures::StreamExt;
use serde_json::Value;
use server::{Config, ConfigError, Server, ServerHandle, StoreChoice};
use store::{Failover, PostgresConfig};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use wire::{ApplicationId, CloseCode, JoinPolicy, LogKey, Refusal, Topic};

use crate::markup::Markup;
use crate::metrics::{SHARED, metrics, names, scrape};
use crate::people::{Socket, cookie, get, raw};

/// A node in this process, with a data folder of its own.
pub(crate) struct Node {
    pub(crate) server: ServerHandle,
    _folder: TempDir,
}

/// The pause between two looks at a condition, and the most of them: two minutes. Only a failing test waits so long.
const PAUSE: Duration = Duration::from_millis(50);
const LOOKS: usize = 2_400;

/// Returns the folder of files that all nodes of a database have.
fn blobs(database: &str) -> PathBuf {
    let name = database.rsplit('/').next().unwrap_or_default();
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("blobs").join(name)
}

impl Node {
    async fn try_start(database: &str, secret: u8, failover: Failover) -> Result<Self, ConfigError> {
        Self::try_start_on(database, secret, failover, bus::Address::None).await
    }

    /// Starts a node that hears others over a bus.
    async fn start_on(database: &str, bus: &str) -> Self {
        let bus = bus::Address::parse(bus).unwrap();
        Self::try_start_on(database, 7, Failover::Epoch, bus).await.unwrap()
    }

    async fn try_start_on(
        database: &str,
        secret: u8,
        failover: Failover,
        bus: bus::Address,
    ) -> Result<Self, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let postgres = PostgresConfig::new(database, None, folder.path().to_owned()).unwrap();
        let postgres = postgres.with_failover(failover);
        let mut config = Config::volatile();
        config.store = StoreChoice::Postgres(Box::new(postgres.with_connections(2, 2).with_node("here")));
        config.data = folder.path().to_owned();
        config.bus = bus;
        config.blobs = Some(blobs(database));
        config.metrics = Some("127.0.0.1:0".into());
        config.limits = chat::testing::Node::patient();
        config.secret = Some(MasterSecret::from_bytes([secret; 32]));
        Ok(Self { server: Server::start(config).await?, _folder: folder })
    }

    pub(crate) async fn start(database: &str) -> Self {
        Self::start_with(database, Failover::Epoch).await
    }

    pub(crate) async fn start_with(database: &str, failover: Failover) -> Self {
        Self::try_start(database, 7, failover).await.unwrap()
    }

    /// Opens the socket of a session.
    pub(crate) async fn socket(&self, token: &Token) -> Socket {
        Socket::arrive(&self.server, &[("cookie", &cookie(&self.server, token))]).await
    }

    /// Returns a page as the user of a session sees it.
    pub(crate) async fn page(&self, path: &str, token: &Token) -> String {
        let cookie = cookie(&self.server, token);
        let (status, page) = raw(&self.server, &get(path, &format!("Cookie: {cookie}\r\n"))).await;
        assert_eq!(status, 200, "{page}");
        page
    }

    pub(crate) async fn post(&self, user: &User, topic: &Topic, text: &str) -> Result<(), Error> {
        let chat = self.server.chat();
        chat.post(user, topic.clone(), chat.new_send_id(), text, None).await.map(|_| ())
    }

    /// Returns the status of the readiness, and the answer.
    pub(crate) async fn ready(&self) -> (u16, String) {
        raw(&self.server, &get("/health/ready", "")).await
    }

    pub(crate) async fn until_ready(&self, status: u16) -> String {
        for _ in 0..LOOKS {
            let (found, answer) = self.ready().await;
            if found == status {
                return answer;
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("the readiness does not become {status}");
    }

    /// Waits for the state of a node with a name.
    async fn until_node(&self, name: &str, is: impl Fn(Option<&NodeRow>) -> bool) {
        for _ in 0..LOOKS {
            let nodes = self.server.chat().nodes(&Caller::operator()).await.unwrap();
            if is(nodes.iter().find(|node| node.name == name)) {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("the node {name} does not get there");
    }
}

/// Subscribes, and returns the answer.
pub(crate) async fn subscribe(socket: &mut Socket, topic: &Topic) -> Value {
    let answer = socket.asks(&format!(r#"{{"action":"subscribe","topic":"{topic}"}}"#)).await;
    assert_eq!(answer["event"], "subscribed", "{answer}");
    answer
}

/// Reads frames until one has this text.
pub(crate) async fn hears(socket: &mut Socket, text: &str) {
    while let Some(frame) = socket.hears_anything().await {
        if frame.contains(text) {
            return;
        }
    }
    panic!("the socket has ended without {text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signs_in_at_one_node_reads_and_writes_at_the_other() {
    let Some(postgres) = services::postgres() else { return };
    let database = postgres.database();
    let (left, right) = (Node::start(&database).await, Node::start(&database).await);
    let (ann, token) = guest(left.server.chat(), "Ангелина").await;
    let group = left.server.chat().create_group(&ann, "tea", JoinPolicy::Open).await.unwrap().id;
    let topic = Topic::group(group);
    left.post(&ann, &topic, "oolong or sencha?").await.unwrap();
    assert!(right.page("/", &token).await.contains("Ангелина"));
    assert!(right.page(&format!("/g/{group}"), &token).await.contains("oolong or sencha?"));

    let mut socket = right.socket(&token).await;
    subscribe(&mut socket, &topic).await;
    left.post(&ann, &topic, "both, then").await.unwrap();
    hears(&mut socket, "both, then").await;

    let (ben, _) = guest(right.server.chat(), "ben").await;
    right.server.chat().join(&ben, group, None).await.unwrap();
    right.post(&ben, &topic, "sencha for me").await.unwrap();
    assert!(left.page(&format!("/g/{group}"), &token).await.contains("sencha for me"));
    hears(&mut socket, "sencha for me").await;
    assert!(left.server.stop().await && right.server.stop().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_to_a_webhook_at_one_node_arrives_at_the_other_and_its_url_dies_on_both() {
    let Some(postgres) = services::postgres() else { return };
    let database = postgres.database();
    let (left, right) = (Node::start(&database).await, Node::start(&database).await);
    let (ann, token) = guest(left.server.chat(), "ann").await;
    let group = left.server.chat().create_group(&ann, "tea", JoinPolicy::Open).await.unwrap().id;
    let made = left.server.chat().create_hook(&ann, group, "Kettle").await.unwrap();
    let mut socket = right.socket(&token).await;
    subscribe(&mut socket, &Topic::group(group)).await;
    let path = format!("/hooks/{}", made.token.reveal());
    let post = |text: &str| crate::people::post(&path, "", &format!(r#"{{"text":"{text}"}}"#));
    assert_eq!(raw(&left.server, &post("the water boils")).await.0, 200);
    hears(&mut socket, "the water boils").await;
    assert_eq!(raw(&right.server, &post("and here")).await.0, 200);
    hears(&mut socket, "and here").await;
    left.server.chat().rotate_hook(&ann, group, &made.hook.name).await.unwrap();
    for node in [&right, &left] {
        let (status, answer) = raw(&node.server, &post("too late")).await;
        assert_eq!((status, answer.ends_with("invalid_token")), (403, true), "{answer}");
    }
    left.server.stop().await;
    right.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signs_out_at_one_node_loses_the_socket_at_the_other() {
    let Some(postgres) = services::postgres() else { return };
    let database = postgres.database();
    let (left, right) = (Node::start(&database).await, Node::start(&database).await);
    let (ann, token) = guest(left.server.chat(), "ann").await;
    let mut socket = right.socket(&token).await;
    left.server.chat().sign_out(&ann, Sessions::One(token.hash())).await.unwrap();
    let (_, code) = socket.hears_the_end().await;
    assert_eq!(code, Some(CloseCode::SignedOut.number()));
    assert!(left.server.stop().await && right.server.stop().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_sees_the_nodes_of_a_database_and_its_own_freshness() {
    let Some(postgres) = services::postgres() else { return };
    let database = postgres.database();
    let (left, right) = (Node::start(&database).await, Node::start(&database).await);
    let mut seen = metrics(&left.server).await;
    for _ in 0..LOOKS {
        if seen["hubbub_live_nodes"] == 2.0 {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        seen = metrics(&left.server).await;
    }
    assert_eq!(seen["hubbub_live_nodes"], 2.0, "{seen:?}");
    assert!(seen["hubbub_freshness_age_seconds"] < 60.0, "{seen:?}");
    assert!(seen["hubbub_database_connections_total"] >= 3.0, "{seen:?}");
    let names = names(&scrape(&left.server).await);
    assert!(SHARED.iter().all(|name| names.contains(*name)), "{names:?}");
    assert!(left.server.stop().await && right.server.stop().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_is_heard_from_the_nodes_of_the_database_and_from_no_other() {
    let (Some(postgres), Some(redis)) = (services::postgres(), services::redis()) else { return };
    let (database, url) = (postgres.database(), redis.url());
    let (left, right) = (Node::start_on(&database, &url).await, Node::start_on(&database, &url).await);
    let (ann, token) = guest(left.server.chat(), "ann").await;
    let group = left.server.chat().create_group(&ann, "tea", JoinPolicy::Open).await.unwrap().id;
    let topic = Topic::group(group);
    let (ben, others) = guest(right.server.chat(), "ben").await;
    right.server.chat().join(&ben, group, None).await.unwrap();
    let (mut hearing, mut typing) = (left.socket(&token).await, right.socket(&others).await);
    subscribe(&mut hearing, &topic).await;
    // A node with the right secret, whose row is in no table, says that somebody types, until that is dropped.
    let secret = MasterSecret::from_bytes([7; 32]);
    let settings = bus::BusSettings {
        cluster: secret.cluster_name(),
        key: secret.bus_key(),
        buckets: bus::BusSettings::BUCKETS,
        node: None,
    };
    let foreign = bus::open(&bus::Address::parse(&url).unwrap(), settings).unwrap();
    let log = LogKey::new(ApplicationId::BUILT_IN, topic.clone());
    let frame =
        r#"{"event":"typing","topic":"nobody","person":{"id":"00000000000000000000000000","name":"cal"}}"#;
    let mut seen = metrics(&left.server).await;
    for _ in 0..LOOKS {
        if seen["hubbub_bus_strangers_total"] > 0.0 {
            break;
        }
        let hint = Hint::Signal { from: NodeId(1), log: log.clone(), frame: frame.to_owned() };
        foreign.announce(hint);
        tokio::time::sleep(PAUSE).await;
        seen = metrics(&left.server).await;
    }
    assert!(seen["hubbub_bus_strangers_total"] > 0.0, "{seen:?}");
    // From now on nothing of the foreign node comes through, and ben's typing does.
    foreign.announce(Hint::Signal { from: NodeId(1), log, frame: frame.replace("cal", "dee") });
    let heard = loop {
        typing.says(&format!(r#"{{"action":"typing","topic":"{topic}"}}"#)).await;
        let frame = tokio::time::timeout(PAUSE * 20, hearing.hears_anything()).await;
        match frame {
            Ok(Some(frame)) if frame.contains("typing") && frame.contains("ben") => break frame,
            Ok(Some(frame)) => assert!(!frame.contains("dee"), "{frame}"),
            Ok(None) => panic!("the socket has ended"),
            Err(_) => {}
        }
    };
    assert!(heard.contains(topic.as_str()), "{heard}");
    assert!(left.server.stop().await && right.server.stop().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_with_another_secret_is_refused_and_the_others_go_on() {
    let Some(postgres) = services::postgres() else { return };
    let database = postgres.database();
    let node = Node::start(&database).await;
    let refused =
        Node::try_start(&database, 8, Failover::Epoch).await.err().expect("another secret is refused");
    assert!(refused.0.contains("the master secret is not that of this database"), "{refused}");
    assert_eq!(node.ready().await.0, 200);
    assert!(node.server.stop().await);
    let again = Node::start(&database).await;
    assert!(again.server.stop().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_hangs_a_node_serves_nobody_and_then_goes_on() {
    let Some(postgres) = services::Postgres::start() else { return };
    let node = Node::start(&postgres.database()).await;
    let (ann, token) = guest(node.server.chat(), "ann").await;
    let group = node.server.chat().create_group(&ann, "tea", JoinPolicy::Open).await.unwrap().id;
    let topic = Topic::group(group);
    let mut socket = node.socket(&token).await;
    subscribe(&mut socket, &topic).await;
    assert_eq!(node.ready().await.0, 200);

    postgres.pause();
    let refused = node.post(&ann, &topic, "into the void").await.unwrap_err();
    assert_eq!(refused.into_refusal(), Refusal::Unavailable);
    let answer = node.until_ready(503).await;
    assert!(answer.contains(r#""code":"database_unreachable""#), "{answer}");
    let (frames, code) = socket.hears_the_end().await;
    assert_eq!(code, Some(CloseCode::Restart.number()), "{frames:?}");
    let goodbye = frames.last().unwrap();
    assert!(goodbye["event"] == "goodbye" && goodbye["retry_ms"].as_u64() < Some(15_000), "{goodbye}");
    assert_eq!(Socket::open(&node.server, &[]).await.err(), Some(503));

    postgres.resume();
    node.until_ready(200).await;
    node.post(&ann, &topic, "there you are").await.unwrap();
    let mut socket = node.socket(&token).await;
    let head = subscribe(&mut socket, &topic).await["head"].as_u64().unwrap();
    assert!(head >= 2, "the notice of the creation, and what was acknowledged");
    assert!(node.page(&format!("/g/{group}"), &token).await.contains("there you are"));
    assert!(node.server.stop().await);
}

/// A node in a process of its own, which can be stopped and killed.
struct Elsewhere {
    process: Child,
    addr: String,
    _folder: TempDir,
}

impl Elsewhere {
    async fn start(database: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("site/pkg")).unwrap();
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_hubbub"));
        command.args(["serve", "--addr", "127.0.0.1:0", "--node-name", "there"]).current_dir(folder.path());
        command.env("HUBBUB_STORE", database).env("HUBBUB_SECRET", "07".repeat(32));
        command.env("HUBBUB_DATA", folder.path().join("data")).env("HUBBUB_BLOBS", blobs(database));
        command.env("LEPTOS_SITE_ROOT", folder.path().join("site"));
        let mut process: Child = {
            let command = command.as_std_mut();
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
        };
        let stdout = tokio::process::ChildStdout::from_std(process.stdout.take().unwrap()).unwrap();
        let mut lines = BufReader::new(stdout).lines();
        let first = lines.next_line().await.unwrap().expect("the node starts");
        let (_, port) = first.rsplit_once(':').expect("its first line has its address");
        let addr = format!("127.0.0.1:{port}");
        // Otherwise its last output would block it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { process, addr, _folder: folder }
    }

    fn signal(&self, name: &str) {
        let kill = Command::new("kill").arg(format!("-{name}")).arg(self.process.id().to_string()).status();
        assert!(kill.unwrap().success());
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        // It is gone already if the test has killed it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_paused_delivers_nothing_to_those_who_have_signed_out_meanwhile() {
    let Some(postgres) = services::postgres() else { return };
    let database = postgres.database();
    let here = Node::start(&database).await;
    let there = Elsewhere::start(&database).await;
    let (ann, token) = guest(here.server.chat(), "ann").await;
    let group = here.server.chat().create_group(&ann, "tea", JoinPolicy::Open).await.unwrap().id;
    let topic = Topic::group(group);
    let mut request = format!("ws://{}/ws", there.addr).into_client_request().unwrap();
    let (_, port) = there.addr.rsplit_once(':').unwrap();
    let session = format!("hubbub_session_{port}={}", token.reveal());
    request.headers_mut().insert("cookie", session.parse().unwrap());
    let stream = TcpStream::connect(&there.addr).await.unwrap();
    let (mut socket, _) = client_async(request, stream).await.unwrap();
    let subscribe = format!(r#"{{"action":"subscribe","topic":"{topic}"}}"#);
    futures::SinkExt::send(&mut socket, Message::text(subscribe)).await.unwrap();
    let mut heard = String::new();
    while !heard.contains("subscribed") {
        heard = socket.next().await.unwrap().unwrap().into_text().unwrap().to_string();
    }

    there.signal("STOP");
    here.server.chat().sign_out(&ann, Sessions::One(token.hash())).await.unwrap();
    here.post(&ann, &topic, "not for that socket").await.unwrap();
    here.until_node("there", |node| node.is_some_and(|node| !node.is_alive)).await;
    there.signal("CONT");
    let mut code = None;
    while let Some(Ok(message)) = tokio::time::timeout(PAUSE * 1_200, socket.next()).await.unwrap() {
        match message {
            Message::Close(close) => code = close.map(|close| u16::from(close.code)),
            other => assert!(!other.to_string().contains("not for that socket"), "{other}"),
        }
    }
    let codes = [CloseCode::Restart, CloseCode::SignedOut].map(|code| Some(code.number()));
    assert!(codes.contains(&code), "{code:?}");
    here.until_node("there", |node| node.is_some_and(|node| node.is_alive)).await;
    assert!(here.server.stop().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_link_of_one_node_works_at_another_and_once_for_all() {
    let Some(postgres) = services::postgres() else { return };
    let database = postgres.database();
    let (here, there) = (Node::start(&database).await, Node::start(&database).await);
    let token = here.server.chat().offer_ownership().await.unwrap().unwrap();
    assert_eq!(there.server.chat().offer_ownership().await.unwrap(), Some(token.clone()));
    let becomes_owner = async |node: &Node, name: &str| {
        let answer =
            node.server.chat().become_owner(&Caller::default(), &token, name, "correct horse battery").await;
        answer.map(|session| session.is_some())
    };
    assert_eq!(becomes_owner(&there, "Nguyễn Thị Ánh").await, Ok(true));
    assert_eq!(becomes_owner(&here, "Eve").await, Err(Refusal::ResetOver.into()));
    assert_eq!(here.server.chat().offer_ownership().await, Ok(None));
    assert!(here.server.stop().await && there.server.stop().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_killed_counts_as_dead_and_one_that_has_stopped_is_gone() {
    let Some(postgres) = services::postgres() else { return };
    let database = postgres.database();
    let here = Node::start(&database).await;
    let mut there = Elsewhere::start(&database).await;
    let is_alive = |node: Option<&NodeRow>| node.is_some_and(|node| node.is_alive);
    here.until_node("there", is_alive).await;
    there.signal("KILL");
    there.process.wait().unwrap();
    here.until_node("there", |node| node.is_some_and(|node| !node.is_alive)).await;

    let (owner, token) = guest(here.server.chat(), "Wanjirũ").await;
    here.server.chat().create_account(&owner, "correct horse battery").await.unwrap();
    assert!(here.page("/server", &token).await.contains("href=\"/server/nodes\""));
    let page = Markup::of(&here.page("/server/nodes", &token).await);
    assert_eq!(page.texts(".listing strong"), ["here", "there"]);
    assert_eq!(page.texts(".listing .tag"), ["Running", "Not responding"]);

    let next = Node::start(&database).await;
    let both = |nodes: Vec<NodeRow>| nodes.iter().filter(|node| node.name == "here").count();
    here.until_node("here", is_alive).await;
    for _ in 0..LOOKS {
        if both(here.server.chat().nodes(&Caller::operator()).await.unwrap()) == 2 {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    assert_eq!(both(here.server.chat().nodes(&Caller::operator()).await.unwrap()), 2);
    assert!(next.server.stop().await);
    assert_eq!(both(here.server.chat().nodes(&Caller::operator()).await.unwrap()), 1, "its row goes with it");
    assert!(here.server.stop().await);
}
