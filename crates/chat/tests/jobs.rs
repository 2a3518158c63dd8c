//! Jobs at the level of the domain: a broadcast is sent whole and once, however its node ended.

use std::sync::Arc;

use chat::store::{
    BodyHash, ClaimJobs, Commit, Draft, JobKind, JobQueue, JobWrite, LeaseId, LogOutcome, Mentions, NewJob,
    Outcome, Position, Range, Sender, UserWrite, Write,
};
use chat::testing::{Gate, Listener, Node, SeededChance, User};
use chat::{Audience, MemoryStore, SendResult, Store, Window};
use wire::{ApplicationId, BroadcastRecord, GroupId, Json, Refusal, RichText, SendId, Seq, Topic};

const GROUPS: usize = 130;

/// A node, a sender, and groups that they are in.
struct Setup {
    store: Arc<dyn Store>,
    node: Node,
    sender: User,
    groups: Vec<Topic>,
}

impl Setup {
    async fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
        let node = Node::over(Arc::clone(&store));
        let sender = node.introduce("Đặng Thị Ngọc Hân").await;
        let mut groups = Vec::with_capacity(GROUPS);
        for number in 0..GROUPS {
            groups.push(Topic::group(node.group(&sender, &format!("群 {number}")).await));
        }
        Self { store, node, sender, groups }
    }

    /// Commits the entry of a broadcast without a node, as one that ended at once had done.
    async fn record(&self, to: &[Topic]) -> Seq {
        let record = BroadcastRecord {
            text: "schedule".into(),
            body: RichText::plain("schedule"),
            to: to.to_vec(),
            refused: Vec::new(),
        };
        let draft = Draft {
            topic: Topic::user(self.sender.id),
            sender: Sender::User(self.sender.id),
            id: SendId::new("all").unwrap(),
            body: BodyHash([1; 16]),
            data: Json::of(&record),
            at: self.node.chat.now(),
            right: None,
            about: None,
            counts: false,
            is_row: false,
            mentions: Mentions::default(),
            ends: chat::store::Ends::Nobody,
        };
        let commit = Commit { application: ApplicationId::BUILT_IN, write: draft.into() };
        match self.store.commit(vec![commit], wire::Seq(u64::MAX)).await.unwrap().outcomes.remove(0) {
            Outcome::Log(LogOutcome::Posted { seq }) => seq,
            other => panic!("{other:?}"),
        }
    }

    /// Returns the number of messages in each group, without the entry of its creation.
    async fn messages(&self) -> Vec<u64> {
        let reader = self.store.reader(ApplicationId::BUILT_IN);
        let mut counts = Vec::with_capacity(self.groups.len());
        for topic in &self.groups {
            counts.push(reader.page(topic, Range::default()).await.unwrap().head.0 - 1);
        }
        counts
    }
}

#[tokio::test]
async fn a_broadcast_in_slices_reaches_each_target_once_and_in_order() {
    let setup = Setup::new().await;
    let chat = &setup.node.chat;
    let mut listener = Listener::new(chat, Some(&setup.sender));
    listener.subscribe(&setup.groups[GROUPS - 1], None).await.unwrap();
    let stranger = Topic::group(GroupId::from_bytes(*b"..nobody.."));
    let to: Vec<_> = setup.groups.iter().cloned().chain([stranger]).collect();
    let id = SendId::new("b").unwrap();
    let send =
        async || chat.broadcast(&setup.sender, id.clone(), "*hello*", Audience::These(to.clone())).await;
    let sent = send().await.unwrap();
    assert_eq!((sent.count, sent.next), (GROUPS + 1, Some(100)));
    assert!(sent.results.iter().all(|sent| sent.result == SendResult::Sent(Seq(2))));
    setup.node.until_sent(&setup.sender, sent.seq).await;
    assert_eq!(setup.messages().await, [1; GROUPS]);
    listener.until_seq(&setup.groups[GROUPS - 1], 2).await;
    let rest = chat.broadcast_results(&setup.sender, sent.seq, 100).await.unwrap();
    // A group that does not exist is in no list; a group that was left is.
    assert_eq!((rest.results.len(), rest.sent), (GROUPS - 100, GROUPS));
    assert_eq!(send().await.unwrap().seq, sent.seq, "a retry is the same broadcast");
    assert_eq!(setup.messages().await, [1; GROUPS]);
}

#[tokio::test]
async fn a_broadcast_whose_node_ended_is_sent_by_the_next_one() {
    let setup = Setup::new().await;
    setup.node.chat.shut_down().await.unwrap();
    let seq = setup.record(&setup.groups).await;
    let next = Node::start(Arc::clone(&setup.store), Arc::new(chat::LocalBus::default()), Node::patient(), 2);
    next.until_sent(&setup.sender, seq).await;
    assert_eq!(setup.messages().await, [1; GROUPS]);
    let count = next.chat.job_counts().await.unwrap();
    assert!(count.iter().all(|count| count.kind != JobKind::Broadcast || count.ready + count.dead == 0));
}

#[tokio::test]
async fn a_slice_that_another_worker_began_is_continued_when_its_lease_expires() {
    let setup = Setup::new().await;
    setup.node.chat.shut_down().await.unwrap();
    let seq = setup.record(&setup.groups).await;
    // Another worker has planned the broadcast, leased the first slice, and sent one message of it.
    let store = &setup.store;
    let tail = store.tail(Position::default(), 10_000).await.unwrap();
    let now = setup.node.chat.now();
    let jobs: Vec<NewJob> =
        tail.entries.iter().flat_map(|(log, entry)| chat::rules::plan(log, entry, now)).collect();
    assert_eq!(jobs.len(), 2);
    let commit = |write: Write| Commit { application: ApplicationId::SERVER, write };
    let until = wire::Timestamp(now.0 + 60_000);
    let plan = JobWrite::Plan { from: Position::default(), to: tail.position, jobs };
    let claim = ClaimJobs { queue: JobQueue::Own, lease: LeaseId([9; 16]), now, until, limit: 16 };
    store.commit(vec![commit(plan.into()), commit(claim.into())], wire::Seq(u64::MAX)).await.unwrap();
    let message = |topic: &Topic| Draft {
        topic: topic.clone(),
        sender: Sender::User(setup.sender.id),
        id: SendId::new("all/0").unwrap(),
        body: BodyHash([2; 16]),
        data: Json::of(&"schedule"),
        at: now,
        right: None,
        about: None,
        counts: true,
        is_row: true,
        mentions: Mentions::default(),
        ends: chat::store::Ends::Nobody,
    };
    let first = Commit { application: ApplicationId::BUILT_IN, write: message(&setup.groups[0]).into() };
    store.commit(vec![first], wire::Seq(u64::MAX)).await.unwrap();
    let next = Node::start(Arc::clone(store), Arc::new(chat::LocalBus::default()), Node::patient(), 2);
    next.clock.advance(59_000);
    // The worker has looked for jobs when it has sent another broadcast.
    let group = next.group(&setup.sender, "another").await;
    let (id, to) = (SendId::new("later").unwrap(), Audience::These(vec![Topic::group(group)]));
    let later = next.chat.broadcast(&setup.sender, id, "meanwhile", to).await.unwrap();
    next.until_sent(&setup.sender, later.seq).await;
    assert_eq!(setup.messages().await.iter().sum::<u64>(), 1, "the lease still lasts");
    next.clock.advance(2_000);
    next.until_sent(&setup.sender, seq).await;
    assert_eq!(setup.messages().await, [1; GROUPS]);
}

#[tokio::test]
async fn a_store_that_fails_for_a_while_delays_a_broadcast_and_loses_nothing() {
    let setup = Setup::new().await;
    setup.node.chat.shut_down().await.unwrap();
    let seq = setup.record(&setup.groups).await;
    let gate = Gate::before(Arc::clone(&setup.store));
    gate.set_broken(true);
    let node = Node::start(gate.clone(), Arc::new(chat::LocalBus::default()), Node::patient(), 2);
    while node.chat.write_fault().is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(setup.messages().await.iter().sum::<u64>(), 0);
    gate.set_broken(false);
    node.until_sent(&setup.sender, seq).await;
    assert_eq!(setup.messages().await, [1; GROUPS]);
}

#[tokio::test]
async fn an_id_that_is_too_long_for_a_broadcast_is_refused_before_anything_is_sent() {
    let setup = Setup::new().await;
    let send = async |length: usize| {
        let id = SendId::new(&"x".repeat(length)).unwrap();
        let to = Audience::These(vec![setup.groups[0].clone()]);
        setup.node.chat.broadcast(&setup.sender, id, "hello", to).await
    };
    assert_eq!(send(124).await.map(|_| ()), Err(Refusal::SendIdBad.into()));
    assert_eq!(send(128).await.map(|_| ()), Err(Refusal::SendIdBad.into()));
    assert_eq!(setup.messages().await[0], 0);
    send(123).await.unwrap();
    assert_eq!(setup.messages().await[0], 1);
}

#[tokio::test]
async fn a_target_that_was_refused_gets_nothing_when_its_slice_runs_again() {
    let setup = Setup::new().await;
    setup.node.chat.shut_down().await.unwrap();
    let seq = setup.record(&setup.groups[..3]).await;
    // An attempt has kept a refusal, and its process ended before the end of the job was committed.
    let refused = vec![(1, Refusal::NotMember)];
    let write = UserWrite::KeepRefusals { user: setup.sender.id, seq, refused };
    let commit = Commit { application: ApplicationId::BUILT_IN, write: write.into() };
    setup.store.commit(vec![commit], wire::Seq(u64::MAX)).await.unwrap();
    let next = Node::start(setup.store.clone(), Arc::new(chat::LocalBus::default()), Node::patient(), 2);
    next.until_sent(&setup.sender, seq).await;
    assert_eq!(setup.messages().await[..4], [1, 0, 1, 0]);
    let sent = next.chat.broadcast_results(&setup.sender, seq, 0).await.unwrap();
    assert_eq!((sent.sent, sent.count), (2, 3));
}

#[tokio::test]
async fn a_message_that_is_no_longer_kept_is_not_shown_as_waiting() {
    let setup = Setup::new().await;
    let id = SendId::new("b").unwrap();
    let to = Audience::These(setup.groups[..2].to_vec());
    let sent = setup.node.chat.broadcast(&setup.sender, id, "hello", to).await.unwrap();
    let wire::TopicKind::Group(group) = setup.groups[0].kind() else { panic!("it is a group") };
    setup.node.chat.delete_group(&setup.sender, group, "群 0").await.unwrap();
    let left = setup.node.chat.broadcast_results(&setup.sender, sent.seq, 0).await.unwrap();
    assert!(!left.is_pending && left.results.iter().all(|sent| sent.result != SendResult::Pending));
}

#[tokio::test]
async fn a_target_that_refuses_is_told_with_its_reason() {
    let setup = Setup::new().await;
    let node = &setup.node;
    let other = node.introduce("O'Brien").await;
    let foreign = node.group(&other, "theirs").await;
    let to = vec![setup.groups[0].clone(), Topic::group(foreign), setup.groups[1].clone()];
    let id = SendId::new("b").unwrap();
    let sent = node.chat.broadcast(&setup.sender, id, "hello", Audience::These(to)).await.unwrap();
    let results: Vec<_> = sent.results.iter().map(|sent| sent.result.clone()).collect();
    let refused = SendResult::Refused(Refusal::NotMember);
    assert_eq!(results, [SendResult::Sent(Seq(2)), refused, SendResult::Sent(Seq(2))]);
    assert_eq!((sent.sent, sent.count, sent.is_pending), (2, 3, false));
}
