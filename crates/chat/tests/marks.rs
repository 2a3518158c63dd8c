//! Read state and ephemeral events.

use std::sync::Arc;
use std::time::Duration;

use broker::{BufferSink, OutboundConnection};
use chat::store::Range;
use chat::testing::{Listener, Node, SeededChance, User};
use chat::{Error, Limits, MemoryStore, Window};
use wire::{Amendment, Emoji, FromServer, GroupId, Json, ReadState, Refusal, Seq, ServerFrame, Topic};

/// A group of ann, who created it, and ben.
struct Tea {
    node: Node,
    ann: User,
    ben: User,
    tea: GroupId,
    topic: Topic,
}

impl Tea {
    async fn begun() -> Self {
        let node = Node::volatile();
        let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
        let tea = node.group(&ann, "tea").await;
        node.chat.join(&ben, tea, None).await.unwrap();
        Self { node, ann, ben, tea, topic: Topic::group(tea) }
    }
}

/// Returns the ephemeral events that a user's connection receives on a topic.
async fn told(node: &Node, me: &User, topic: &Topic, act: impl AsyncFnOnce()) -> Vec<ServerFrame> {
    let mut ear = Ear::new(node, me);
    let caller = me.caller();
    let log = caller.log(topic.clone());
    ear.reader.reserve(&log);
    let head = node.chat.history(&caller, topic, Range::default()).await.unwrap().head;
    assert_eq!(ear.reader.activate(&log, head, head), broker::Activation::Active);
    act().await;
    ear.told()
}

/// A user's connection.
struct Ear {
    reader: OutboundConnection,
    mailbox: Arc<BufferSink>,
}

impl Ear {
    fn new(node: &Node, me: &User) -> Self {
        let (reader, mailbox) = chat::testing::reader(&node.chat, me);
        Self { reader, mailbox }
    }

    /// Takes the ephemeral events among the pending frames.
    fn told(&mut self) -> Vec<ServerFrame> {
        self.reader.flush();
        let notice =
            |payload: &Vec<u8>| match FromServer::<Json>::decode(std::str::from_utf8(payload).unwrap()) {
                Some(FromServer::Frame(notice)) => Some(*notice),
                _ => None,
            };
        self.mailbox.take().iter().filter_map(notice).collect()
    }

    /// Takes nothing, as a connection whose peer is slow.
    fn take_nothing(&self) {
        self.mailbox.make_room(0);
    }

    fn take_everything(&self) {
        self.mailbox.make_room(usize::MAX);
        self.reader.unblock();
    }
}

#[tokio::test]
async fn reading_on_one_device_is_told_to_the_others() {
    let Tea { node, ann, ben, tea, topic } = Tea::begun().await;
    for text in ["one", "two", "three"] {
        node.say(&ann, tea, text).await;
    }
    assert_eq!(node.chat.overview(&ben).await.unwrap().mine[0].unread, 3);
    let read = async |seq: u64, back| node.chat.set_read(&ben, &topic, Seq(seq), back).await.unwrap();
    let heard = told(&node, &ben, &Topic::user(ben.id), async || {
        read(4, false).await;
        read(3, false).await;
        read(2, true).await;
    })
    .await;
    let notice = |seq, unread| ServerFrame::Read {
        topic: topic.clone(),
        seq: Seq(seq),
        unread,
        mentions: 0,
        reference: None,
    };
    assert_eq!(heard, [notice(4, 1), notice(2, 3)], "a mark that does not move is not told");
    assert_eq!(node.chat.overview(&ben).await.unwrap().mine[0].unread, 3);
    let cal = node.introduce("cal").await;
    let refused = node.chat.set_read(&cal, &topic, Seq(1), false).await;
    assert_eq!(refused, Err(Error::Refusal(Refusal::NotMember)));
}

#[tokio::test]
async fn ben_is_told_what_is_unread_after_each_kind_of_event() {
    let Tea { node, ann, ben, tea, topic } = Tea::begun().await;
    let unread = async || match node.chat.unread(&ben, &topic, None).await {
        Ok(ServerFrame::Read { unread, mentions, .. }) => Ok((unread, mentions)),
        Ok(other) => panic!("{other:?}"),
        Err(no) => Err(no),
    };
    let amend = async |target, amendment| {
        node.chat.amend(&ann, &topic, node.chat.new_send_id(), target, amendment).await.unwrap()
    };
    assert_eq!(unread().await, Ok((0, 0)));
    let one = node.say(&ann, tea, "one").await.seq;
    let two = node.say(&ann, tea, "two").await.seq;
    node.say(&ben, tea, "my own").await;
    assert_eq!(unread().await, Ok((2, 0)));
    amend(two, Amendment::Edit("two @ben".into())).await;
    assert_eq!(unread().await, Ok((2, 1)), "an edit that mentions him");
    amend(two, Amendment::React(Emoji::new("🎉").unwrap(), true)).await;
    assert_eq!(unread().await, Ok((2, 1)));
    amend(two, Amendment::Edit("two again".into())).await;
    assert_eq!(unread().await, Ok((2, 0)), "and one that does not");
    amend(one, Amendment::Delete).await;
    assert_eq!(unread().await, Ok((1, 0)));
    node.chat.set_read(&ben, &topic, two, false).await.unwrap();
    assert_eq!(unread().await, Ok((0, 0)), "read on another device");
    node.chat.remove_member(&ann, tea, ben.id, false).await.unwrap();
    assert_eq!(unread().await, Err(Error::Refusal(Refusal::NotMember)));
}

#[tokio::test(start_paused = true)]
async fn typing_is_told_to_those_who_listen_and_is_in_no_history() {
    let Tea { node, ann, ben, tea, topic } = Tea::begun().await;
    let mut anns = listens(&node, &ann, &topic).await;
    until(&mut anns, |told| *told == presence(&topic, &[&ann], &[])).await;
    let typing = |person: &User| ServerFrame::Typing { topic: topic.clone(), person: person.person() };
    for person in [&ben, &ann, &ben] {
        node.chat.typing(person, &topic).await.unwrap();
    }
    // A user who has sent their message is no longer typing.
    node.say(&ann, tea, "said").await;
    assert_eq!(until(&mut anns, |told| *told == typing(&ben)).await, [typing(&ben)]);
    time_passes(Duration::from_secs(1)).await;
    assert_eq!(anns.told(), [], "once, however often he says so in a moment");
    let mut late = Listener::new(&node.chat, Some(&ann));
    late.subscribe(&topic, Some(node.beginning())).await.unwrap();
    late.take_all().await;
    assert_eq!(late.seqs(&topic), [1, 2, 3]);

    node.chat.mute(&ann, tea, ben.id, 5).await.unwrap();
    let refused = node.chat.typing(&ben, &topic).await;
    assert_eq!(refused, Err(Error::Refusal(Refusal::Muted { minutes: 5 })));
}

/// Connects a user and subscribes to a topic.
async fn listens(node: &Node, me: &User, topic: &Topic) -> Ear {
    let mut ear = Ear::new(node, me);
    let caller = me.caller();
    node.chat.subscribe(&mut ear.reader, &caller, topic, None).await.unwrap();
    ear
}

/// Returns the ephemeral events up to the first that matches, which is the last one.
async fn until(ear: &mut Ear, fits: impl Fn(&ServerFrame) -> bool) -> Vec<ServerFrame> {
    let mut told = Vec::new();
    let waiting = async {
        loop {
            for notice in ear.told() {
                told.push(notice);
                if told.last().is_some_and(&fits) {
                    return;
                }
            }
            ear.mailbox.filled().await;
        }
    };
    // With a paused clock this ends at once when nothing else can happen.
    let in_time = tokio::time::timeout(Duration::from_secs(600), waiting).await.is_ok();
    assert!(in_time, "only {told:?}");
    told
}

fn presence(topic: &Topic, here: &[&User], away: &[&User]) -> ServerFrame {
    let ids = |people: &[&User]| {
        let mut ids: Vec<_> = people.iter().map(|person| person.id).collect();
        ids.sort();
        ids
    };
    ServerFrame::Presence { topic: topic.clone(), here: ids(here), away: ids(away) }
}

/// Lets time pass on a paused clock: it takes no real time, and everything due in it happens first.
async fn time_passes(how_long: Duration) {
    tokio::time::sleep(how_long).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_goes_away_or_leaves_is_seen_to() {
    let Tea { node, ann, ben, topic, .. } = Tea::begun().await;
    let mut anns = listens(&node, &ann, &topic).await;
    until(&mut anns, |told| *told == presence(&topic, &[&ann], &[])).await;
    let bens = listens(&node, &ben, &topic).await;
    until(&mut anns, |told| *told == presence(&topic, &[&ann, &ben], &[])).await;
    let bens_other = listens(&node, &ben, &topic).await;
    bens.reader.set_idle(true);
    bens_other.reader.set_idle(true);
    until(&mut anns, |told| *told == presence(&topic, &[&ann], &[&ben])).await;
    bens_other.reader.set_idle(false);
    until(&mut anns, |told| *told == presence(&topic, &[&ann, &ben], &[])).await;
    drop(bens_other);
    until(&mut anns, |told| *told == presence(&topic, &[&ann], &[&ben])).await;
    drop(bens);
    until(&mut anns, |told| *told == presence(&topic, &[&ann], &[])).await;
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_loaded_anew_is_no_leave() {
    let Tea { node, ann, ben, tea, topic } = Tea::begun().await;
    let cal = node.introduce("cal").await;
    node.chat.join(&cal, tea, None).await.unwrap();
    let mut anns = listens(&node, &ann, &topic).await;
    let bens = listens(&node, &ben, &topic).await;
    until(&mut anns, |told| *told == presence(&topic, &[&ann, &ben], &[])).await;
    drop(bens);
    time_passes(Duration::from_secs(1)).await;
    // A new subscriber does not reveal who is about to be gone.
    let _cals = listens(&node, &cal, &topic).await;
    time_passes(Duration::from_secs(2)).await;
    let bens = listens(&node, &ben, &topic).await;
    time_passes(Duration::from_secs(60)).await;
    bens.reader.set_idle(true);
    let told = until(&mut anns, |told| *told == presence(&topic, &[&ann, &cal], &[&ben])).await;
    for without in [&[&ann][..], &[&ann, &cal]] {
        assert!(!told.contains(&presence(&topic, without, &[])), "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_large_group_nothing_that_is_told_at_once_pushes_the_rest_out() {
    let node = Node::limited(
        Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default())),
        Limits { newcomer_burst: u32::MAX, ..Node::patient() },
    );
    let ann = node.introduce("ann").await;
    let tea = node.group(&ann, "tea").await;
    let topic = Topic::group(tea);
    let mut anns = listens(&node, &ann, &topic).await;
    anns.take_nothing();
    let (mut people, mut readers) = (Vec::new(), Vec::new());
    for n in 0..200 {
        let person = node.introduce(&format!("guest {n}")).await;
        node.chat.join(&person, tea, None).await.unwrap();
        readers.push(listens(&node, &person, &topic).await);
        people.push(person);
    }
    let head = node.say(&ann, tea, "hello, all").await.seq;
    for person in &people {
        node.chat.confirm_delivered(person, &topic, head).await.unwrap();
    }
    time_passes(Duration::from_secs(30)).await;
    anns.take_everything();
    let told = anns.told();
    // The remaining events are the newest, and they are whole.
    let whole = |told: &ServerFrame| match told {
        ServerFrame::Presence { here, .. } => here.len() == 201,
        ServerFrame::Marks { marks, .. } => marks.len() == 200,
        _ => false,
    };
    assert!(told.last().is_some_and(whole), "{told:?}");
    assert_eq!(node.chat.read_states(&ann, &topic).await.unwrap().len(), 200);
}

#[tokio::test(start_paused = true)]
async fn marks_are_told_however_often_people_come_and_go() {
    let Tea { node, ann, ben, tea, topic } = Tea::begun().await;
    let mut anns = listens(&node, &ann, &topic).await;
    let (mut marks, mut bens) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let head = node.say(&ann, tea, "hello").await.seq;
        node.chat.confirm_delivered(&ben, &topic, head).await.unwrap();
        bens.push(listens(&node, &ben, &topic).await);
        time_passes(Duration::from_millis(500)).await;
        marks.extend(anns.told().into_iter().filter_map(|told| match told {
            ServerFrame::Marks { marks, .. } => Some(marks[0].delivered),
            _ => None,
        }));
    }
    assert!(marks.len() > 5, "{marks:?}");
    assert!(marks.is_sorted(), "{marks:?}");
}

#[tokio::test]
async fn whoever_has_no_seat_is_not_seen() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    let topic = Topic::group(node.group(&ann, "tea").await);
    let _anns = listens(&node, &ann, &topic).await;
    let mut bens = Ear::new(&node, &ben);
    let log = ben.log(topic);
    bens.reader.reserve(&log);
    assert_eq!(node.chat.broker().presence(&log).here, [ann.id], "ben's right was not checked yet");
}

#[tokio::test(start_paused = true)]
async fn what_was_delivered_and_read_is_told_to_the_others_and_never_goes_back() {
    let Tea { node, ann, ben, tea, topic } = Tea::begun().await;
    let mut anns = listens(&node, &ann, &topic).await;
    let head = node.say(&ann, tea, "hello").await.seq;
    let of_ben = |delivered, read| ServerFrame::Marks {
        topic: topic.clone(),
        marks: vec![ReadState { user: ben.id, delivered, read }],
        reference: None,
    };
    node.chat.confirm_delivered(&ben, &topic, head).await.unwrap();
    until(&mut anns, |told| *told == of_ben(head, Seq::ZERO)).await;
    node.chat.set_read(&ben, &topic, head, false).await.unwrap();
    until(&mut anns, |told| *told == of_ben(head, head)).await;
    node.chat.set_read(&ben, &topic, Seq(1), true).await.unwrap();
    let all = node.chat.read_states(&ann, &topic).await.unwrap();
    assert_eq!(all, [ReadState { user: ben.id, delivered: head, read: head }]);

    let cal = node.introduce("cal").await;
    for refused in [
        node.chat.confirm_delivered(&cal, &topic, head).await,
        node.chat.read_states(&cal, &topic).await.map(|_| ()),
    ] {
        assert_eq!(refused, Err(Error::Refusal(Refusal::NotMember)));
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_resumes_has_what_came_before() {
    let Tea { node, ann, ben, tea, topic } = Tea::begun().await;
    let head = node.say(&ann, tea, "hello").await.seq;
    let mut anns = listens(&node, &ann, &topic).await;
    let mut bens = Listener::new(&node.chat, Some(&ben));
    let since = wire::Cursor { epoch: node.epoch(), seq: head };
    bens.subscribe(&topic, Some(since)).await.unwrap();
    until(&mut anns, |told| {
        matches!(told, ServerFrame::Marks { marks, .. } if marks[0].user == ben.id && marks[0].delivered == head)
    })
    .await;
    assert_eq!(node.chat.read_states(&ann, &topic).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn between_two_of_whom_one_has_blocked_the_other_nobody_sees_anything() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    let topic = Topic::direct(wire::Pair::of(ann.id, ben.id).unwrap());
    let said = node.chat.post(&ann, topic.clone(), node.chat.new_send_id(), "hi", None).await.unwrap();
    let mut anns = listens(&node, &ann, &topic).await;
    let bens = listens(&node, &ben, &topic).await;
    until(&mut anns, |told| *told == presence(&topic, &[&ann, &ben], &[])).await;
    node.chat.block(&ben, ann.id, true).await.unwrap();
    until(&mut anns, |told| *told == presence(&topic, &[], &[])).await;
    node.chat.set_read(&ben, &topic, said.seq, false).await.unwrap();
    node.chat.confirm_delivered(&ben, &topic, said.seq).await.unwrap();
    assert_eq!(node.chat.read_states(&ann, &topic).await.unwrap(), []);
    node.chat.block(&ben, ann.id, false).await.unwrap();
    let told = until(&mut anns, |told| *told == presence(&topic, &[&ann, &ben], &[])).await;
    assert!(told.iter().all(|told| !matches!(told, ServerFrame::Marks { .. })), "{told:?}");
    drop(bens);
}
