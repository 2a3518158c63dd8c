//! Directs and broadcasts.

use chat::store::Range;
use chat::testing::{Listener, Node, User};
use chat::{Audience, Error, SendResult};
use wire::{
    ConversationSummary, ConversationView, Event, GroupView, NotificationLevel, PageStart, Pair, Refusal,
    Role, SendId, Seq, Topic,
};

async fn opened(node: &Node, me: &User, with: &User) -> ConversationView {
    match node.chat.open_direct(me, with.id, PageStart::Newest).await.unwrap() {
        GroupView::Inside(opened) => *opened,
        GroupView::Outside { .. } => panic!("{} has a seat", me.name),
    }
}

async fn write(node: &Node, me: &User, to: &User, text: &str) -> Result<Seq, Error> {
    let topic = Topic::direct(Pair::of(me.id, to.id).unwrap());
    node.chat.post(me, topic, node.chat.new_send_id(), text, None).await.map(|ack| ack.seq)
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Error>) -> Refusal {
    match answer {
        Err(Error::Refusal(refusal)) => refusal,
        other => panic!("{other:?} is no refusal"),
    }
}

#[tokio::test]
async fn two_people_have_one_direct_and_nobody_else_is_in_it() {
    let node = Node::volatile();
    let (ann, ben, cal) =
        (node.introduce("ann").await, node.introduce("ben").await, node.introduce("cal").await);
    let empty = opened(&node, &ann, &ben).await;
    assert_eq!((empty.what.title(), empty.page.head, empty.settings), ("ben", Seq::ZERO, None));
    assert!(node.chat.overview(&ben).await.unwrap().mine.is_empty(), "nothing was said yet");
    let mut listener = Listener::new(&node.chat, Some(&ben));
    listener.subscribe(&Topic::user(ben.id), Some(node.beginning())).await.unwrap();

    assert_eq!(write(&node, &ann, &ben, "hello").await, Ok(Seq(1)));
    assert_eq!(write(&node, &ben, &ann, "oh, hello").await, Ok(Seq(2)));
    listener.take_all().await;
    assert_eq!(listener.events(&Topic::user(ben.id)), [Event::DirectAdded { person: ann.person() }]);
    assert_eq!(opened(&node, &ben, &ann).await.what.topic(), empty.what.topic());
    let mine = node.chat.overview(&ben).await.unwrap().mine;
    assert_eq!((mine[0].what.title(), mine[0].unread, mine[0].mentions), ("ann", 1, 1));

    let topic = empty.what.topic();
    let caller = cal.caller();
    assert_eq!(refused(node.chat.history(&caller, &topic, Range::default()).await), Refusal::NotFound);
    let mut nosy = Listener::new(&node.chat, Some(&cal));
    assert_eq!(refused(nosy.subscribe(&topic, None).await), Refusal::NotFound);
    let id = node.chat.new_send_id();
    assert_eq!(refused(node.chat.post(&cal, topic.clone(), id, "me too", None).await), Refusal::NotFound);
    assert_eq!(refused(node.chat.set_read(&cal, &topic, Seq(1), false).await), Refusal::NotFound);
    assert_eq!(refused(node.chat.typing(&cal, &topic).await), Refusal::NotFound);
    let oneself = node.chat.open_direct(&ann, ann.id, PageStart::Newest).await;
    assert_eq!(refused(oneself), Refusal::DirectWithOneself);
}

#[tokio::test]
async fn a_block_stops_both_ways_until_it_is_lifted() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    write(&node, &ann, &ben, "hello").await.unwrap();
    node.chat.block(&ben, ann.id, true).await.unwrap();
    assert_eq!(refused(write(&node, &ann, &ben, "hello?").await), Refusal::Blocked);
    assert_eq!(refused(write(&node, &ben, &ann, "no").await), Refusal::Blocked);
    assert!(opened(&node, &ann, &ben).await.blocked);
    assert_eq!(refused(node.chat.create_group_with(&ann, "us", &[ben.id]).await), Refusal::Blocked);
    assert_eq!(refused(node.chat.block(&ben, ben.id, true).await), Refusal::NotOneself);
    node.chat.block(&ben, ann.id, false).await.unwrap();
    assert_eq!(write(&node, &ann, &ben, "again").await, Ok(Seq(2)));
}

#[tokio::test]
async fn people_begin_a_group_together() {
    let node = Node::volatile();
    let (ann, ben, cal) =
        (node.introduce("ann").await, node.introduce("ben").await, node.introduce("cal").await);
    node.acquaint(&ann, &ben).await;
    write(&node, &cal, &ann, "hello").await.unwrap();
    let group = node.chat.create_group_with(&ann, "us", &[ben.id, cal.id, ben.id, ann.id]).await.unwrap();
    let GroupView::Inside(page) =
        node.chat.open_group(&cal, group.id, PageStart::Newest, None).await.unwrap()
    else {
        panic!("cal has a seat");
    };
    let seats: Vec<_> = page.members.iter().map(|member| (member.person.clone(), member.role)).collect();
    assert_eq!(
        seats,
        [(ann.person(), Role::Admin), (ben.person(), Role::Member), (cal.person(), Role::Member)]
    );
    assert_eq!(node.chat.overview(&ben).await.unwrap().mine.len(), 2);
    let stranger = node.introduce("dan").await;
    assert_eq!(refused(node.chat.join(&stranger, group.id, None).await), Refusal::InviteNeeded);
    assert_eq!(refused(node.chat.create_group_with(&ann, "nobody", &[]).await), Refusal::TargetsBad);
}

#[tokio::test]
async fn a_name_in_a_message_tells_its_owner_and_counts_apart() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    let tea = node.group(&ann, "tea").await;
    node.chat.join(&ben, tea, None).await.unwrap();
    node.say(&ann, tea, "kettle is on").await;
    let asked = node.say(&ann, tea, "@ben, milk?").await;
    node.say(&ann, tea, "@all sit down").await;
    let unread = async || {
        let mine = node.chat.overview(&ben).await.unwrap().mine;
        (mine[0].unread, mine[0].mentions)
    };
    assert_eq!(unread().await, (3, 2));
    let topic = Topic::group(tea);
    let edit = wire::Amendment::Edit("milk, anyone?".into());
    node.chat.amend(&ann, &topic, node.chat.new_send_id(), asked.seq, edit).await.unwrap();
    assert_eq!(unread().await, (3, 1), "an edit can take a mention back");
    node.chat.set_preferences(&ben, &topic, NotificationLevel::Mentions, true).await.unwrap();
    let mine = node.chat.overview(&ben).await.unwrap().mine;
    assert_eq!((mine[0].notify, mine[0].hidden), (NotificationLevel::Mentions, true));
    let cal = node.introduce("cal").await;
    assert_eq!(
        refused(node.chat.set_preferences(&cal, &topic, NotificationLevel::All, false).await),
        Refusal::NotMember
    );
}

#[tokio::test]
async fn a_broadcast_reaches_who_it_may_and_says_why_the_others_not() {
    let node = Node::volatile();
    let (ann, ben, cal) =
        (node.introduce("ann").await, node.introduce("ben").await, node.introduce("cal").await);
    let (tea, chess) = (node.group(&ann, "tea").await, node.group(&ben, "chess").await);
    node.chat.block(&cal, ann.id, true).await.unwrap();
    let direct = |to: &User| Topic::direct(Pair::of(ann.id, to.id).unwrap());
    let to = vec![Topic::group(tea), Topic::group(chess), direct(&ben), direct(&cal), Topic::group(tea)];
    let send = async |id: &str, text: &str, audience| {
        node.chat.broadcast(&ann, SendId::new(id).unwrap(), text, audience).await
    };
    let sent = send("b", "cake!", Audience::These(to.clone())).await.unwrap();
    let results: Vec<_> = sent.results.iter().map(|sent| (sent.to.title(), sent.result.clone())).collect();
    let not = SendResult::Refused;
    let expected = [
        ("tea", SendResult::Sent(Seq(2))),
        ("chess", not(Refusal::NotMember)),
        ("ben", SendResult::Sent(Seq(1))),
        ("cal", not(Refusal::Blocked)),
    ];
    assert_eq!(results, expected);
    assert_eq!(
        send("b", "cake!", Audience::These(to.clone())).await.unwrap(),
        sent,
        "a retry is the same one"
    );
    assert_eq!(refused(send("b", "pie!", Audience::These(to)).await), Refusal::SendIdTaken);
    assert_eq!(refused(send("c", "cake!", Audience::These(vec![])).await), Refusal::TargetsBad);
    let everyone = send("d", "cake!", Audience::Everyone).await;
    assert_eq!(refused(everyone), Refusal::NotAppAdmin);
    let groups = send("e", "more cake!", Audience::MyGroups).await.unwrap();
    assert!(
        matches!(&groups.results[..], [one] if matches!(&one.to, ConversationSummary::Group(group) if group.id == tea))
    );
    assert_eq!(refused(node.chat.broadcast_results(&ben, sent.seq, 0).await), Refusal::NotFound);
}

#[tokio::test]
async fn an_admin_of_the_application_reaches_everyone_with_an_account() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    let guest = node.introduce("a guest").await;
    let tea = node.group(&ann, "tea").await;
    node.chat.join(&guest, tea, None).await.unwrap();
    for person in [&ann, &ben] {
        node.chat.create_account(person, "correct horse battery").await.unwrap();
    }
    let id = SendId::new("all").unwrap();
    let sent = node.chat.broadcast(&ann, id.clone(), "welcome", Audience::Everyone).await.unwrap();
    let names: Vec<_> = sent.results.iter().map(|sent| sent.to.title()).collect();
    assert_eq!(names, ["ben"]);
    assert_eq!(
        refused(node.chat.broadcast(&ben, id, "me too", Audience::Everyone).await),
        Refusal::NotAppAdmin
    );
}
