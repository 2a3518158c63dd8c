//! Sessions that end on one node, with a socket on the other: nothing that was committed later reaches it.

use std::sync::Arc;

use broker::{BufferSink, FlushOutcome, OutboundConnection, SubscriptionError};
use chat::store::Sessions;
use chat::testing::{Listener, Node, SeededChance, User, for_all, guest, reader};
use chat::{Caller, CatchUp, MemoryStore, RevocationWatch, Store, Token, Window};
use proptest::collection::vec;
use proptest::prelude::*;
use wire::{GroupId, Topic};

use crate::faulty_bus::{FaultyBus, Mode};

/// One step of a history; nodes by their numbers.
#[derive(Clone, Copy, Debug)]
enum Step {
    Post(usize),
    Bus(Mode),
    /// The socket takes what there is.
    Take,
    /// The session of somebody else ends.
    EndOther,
}

/// Ben's socket on the second node.
struct Socket {
    node: Arc<chat::Chat>,
    caller: Caller,
    connection: OutboundConnection,
    sink: Arc<BufferSink>,
    _watch: RevocationWatch,
    got: Vec<u64>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let mode = prop_oneof![Just(Mode::Pass), Just(Mode::Drop), Just(Mode::Repeat), Just(Mode::Delay)];
    let step = prop_oneof![
        6 => (0..2_usize).prop_map(Step::Post),
        2 => mode.prop_map(Step::Bus),
        3 => Just(Step::Take),
        1 => Just(Step::EndOther),
    ];
    vec(step, 0..30)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_committed_after_a_sign_out_reaches_the_socket_on_the_other_node() {
    for_all(48, (steps(), steps(), any::<bool>()), |(before, after, lost)| async move {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
        let bus = FaultyBus::new();
        let nodes = [1, 2].map(|seed| Node::start(Arc::clone(&store), bus.clone(), Node::patient(), seed));
        let ann = nodes[0].introduce("ann").await;
        let (ben, token) = guest(&nodes[0].chat, "ben").await;
        let group = nodes[0].group(&ann, "tea").await;
        nodes[0].chat.join(&ben, group, None).await.unwrap();
        let topic = Topic::group(group);
        let mut witness = Listener::new(&nodes[1].chat, Some(&ann));
        witness.subscribe(&topic, None).await.unwrap();
        let mut socket = Socket::open(&nodes[1], &ben, &token, &topic).await;
        run(before, &nodes, &bus, (&ann, group), &mut socket).await;
        assert!(!socket.connection.is_closed(), "only other sessions have ended");

        if lost {
            bus.set(Mode::Drop);
        }
        nodes[0].chat.sign_out(&ben, Sessions::One(token.hash())).await.unwrap();
        let last = nodes[0].chat.history(&ann, &topic, chat::store::Range::default()).await.unwrap().head;
        run(after, &nodes, &bus, (&ann, group), &mut socket).await;
        // Without a hint the other node hears of the messages from a comparison of heads, or from its own.
        let said = nodes[0].say(&ann, group, "behind his back").await;
        bus.reconnect();
        witness.until_seq(&topic, said.seq.0).await;
        socket.take().await;
        assert!(socket.connection.is_closed());
        assert!(socket.got.iter().all(|seq| *seq <= last.0), "{:?} after {last}", socket.got);
        let first = socket.got.first().copied().unwrap_or_default();
        assert_eq!(socket.got, (first..).take(socket.got.len()).collect::<Vec<_>>(), "without a hole");
        assert_eq!(nodes[1].user_of(&token).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_session_that_ends_elsewhere_before_its_socket_is_watched_is_found_when_it_is() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
    let bus = FaultyBus::new();
    bus.set(Mode::Drop);
    let nodes = [1, 2].map(|seed| Node::start(Arc::clone(&store), bus.clone(), Node::patient(), seed));
    let ann = nodes[0].introduce("ann").await;
    let (ben, token) = guest(&nodes[0].chat, "ben").await;
    let session = nodes[1].chat.authenticate(&token).await.unwrap().unwrap();
    let caller = Caller { session: Some(token.clone()), revocations: session.revocations, ..ben.caller() };
    assert_eq!(nodes[1].chat.is_current(&caller).await, Ok(true));
    nodes[0].chat.sign_out(&ben, Sessions::All).await.unwrap();
    // A commit of this node brings what has ended on the other.
    nodes[1].group(&ann, "tea").await;
    assert_eq!(nodes[1].chat.is_current(&caller).await, Ok(false));
    let (mut connection, _) = reader(&nodes[1].chat, &caller);
    let refused = nodes[1].chat.subscribe(&mut connection, &caller, &Topic::user(ben.id), None).await;
    assert_eq!(refused, Err(wire::Refusal::SignInNeeded.into()));
}

#[tokio::test(start_paused = true)]
async fn a_socket_closes_soon_after_its_session_has_ended_elsewhere_though_nobody_says_anything() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
    let bus = FaultyBus::new();
    let nodes = [1, 2].map(|seed| Node::start(Arc::clone(&store), bus.clone(), Node::patient(), seed));
    let (ben, token) = guest(&nodes[0].chat, "ben").await;
    let mut socket = Socket::open(&nodes[1], &ben, &token, &Topic::user(ben.id)).await;
    bus.set(Mode::Drop);
    nodes[0].chat.sign_out(&ben, Sessions::All).await.unwrap();
    while !socket.connection.is_closed() {
        socket.connection.woken().await;
    }
    socket.take().await;
    assert_eq!(socket.got, Vec::<u64>::new());
}

async fn run(
    steps: Vec<Step>,
    nodes: &[Node; 2],
    bus: &FaultyBus,
    (ann, group): (&User, GroupId),
    socket: &mut Socket,
) {
    for step in steps {
        match step {
            Step::Post(node) => drop(nodes[node].say(ann, group, "tea?").await),
            Step::Bus(mode) => bus.set(mode),
            Step::Take => socket.take().await,
            Step::EndOther => {
                let (cal, _) = guest(&nodes[0].chat, "cal").await;
                nodes[0].chat.sign_out(&cal, Sessions::All).await.unwrap();
            }
        }
    }
}

impl Socket {
    async fn open(node: &Node, user: &User, token: &Token, topic: &Topic) -> Self {
        let session = node.chat.authenticate(token).await.unwrap().unwrap();
        let caller =
            Caller { session: Some(token.clone()), revocations: session.revocations, ..user.caller() };
        let (mut connection, sink) = reader(&node.chat, &caller);
        let watch = node.chat.watch_revocation(&caller, connection.close_handle(), connection.wake_handle());
        assert_eq!(node.chat.is_current(&caller).await, Ok(true));
        node.chat.subscribe(&mut connection, &caller, topic, None).await.unwrap();
        Self { node: Arc::clone(&node.chat), caller, connection, sink, _watch: watch, got: Vec::new() }
    }

    /// Takes what there is, as the task of a socket does.
    async fn take(&mut self) {
        loop {
            while self.connection.flush() == FlushOutcome::More {}
            match self.connection.subscription_error() {
                Some(SubscriptionError::Behind { key, cursor, until }) => {
                    let page = self.node.catch_up(&mut self.connection, &key, cursor, until).await.unwrap();
                    assert_eq!(page, CatchUp::Frames);
                }
                Some(SubscriptionError::Outdated { key, cursor }) => {
                    let caller = self.caller.clone();
                    let anew = self.node.reopen(&mut self.connection, &caller, &key.topic, cursor).await;
                    assert_eq!(anew, Ok(CatchUp::Frames));
                }
                Some(SubscriptionError::Ended { key }) => panic!("{key} has ended"),
                None => break,
            }
        }
        for payload in self.sink.take() {
            let frame: serde_json::Value = serde_json::from_slice(&payload).unwrap();
            if frame.get("event").is_none() {
                self.got.push(frame["seq"].as_u64().unwrap());
            }
        }
    }
}

/// Revocations before the position of a session do not close it.
#[tokio::test]
async fn a_session_that_began_after_others_had_ended_goes_on() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
    let bus = FaultyBus::new();
    bus.set(Mode::Drop);
    let nodes = [1, 2].map(|seed| Node::start(Arc::clone(&store), bus.clone(), Node::patient(), seed));
    let (ben, old) = guest(&nodes[0].chat, "ben").await;
    nodes[0].chat.create_account(&ben, "one pot of oolong").await.unwrap();
    nodes[0].chat.sign_out(&ben, Sessions::One(old.hash())).await.unwrap();
    nodes[0].chat.sign_out(&ben, Sessions::All).await.unwrap();
    let (_, new) = nodes[0].chat.sign_in(&Caller::default(), "ben", "one pot of oolong").await.unwrap();
    // The other node has applied nothing yet, and does so only now, with the socket open.
    let mut socket = Socket::open(&nodes[1], &ben, &new, &Topic::user(ben.id)).await;
    nodes[1].group(&ben, "tea").await;
    socket.take().await;
    assert!(!socket.connection.is_closed());
    assert_eq!(socket.got, [1]);
}
