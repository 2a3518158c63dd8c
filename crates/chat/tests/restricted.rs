//! Messages to some members of a group, with receipts.

use chat::store::Range;
use chat::testing::{Listener, Node, User};
use chat::{Ack, Error, SearchRequest, search::SearchQuery};
use wire::{
    Amendment, Cursor, DeliveryState, Event, GroupId, GroupView, PageStart, Receipt, Refusal, SendId, Seq,
    Topic, UserId,
};

/// A group of Wanjirũ, who created it, Zoë, 李雷 and نور.
struct Team {
    node: Node,
    wanjiru: User,
    zoe: User,
    li: User,
    nur: User,
    group: GroupId,
    topic: Topic,
}

impl Team {
    async fn begun() -> Self {
        let node = Node::volatile();
        let wanjiru = node.introduce("Wanjirũ").await;
        let group = node.group(&wanjiru, "team").await;
        let mut others = Vec::new();
        for name in ["Zoë", "李雷", "نور"] {
            let user = node.introduce(name).await;
            node.chat.join(&user, group, None).await.unwrap();
            others.push(user);
        }
        let [zoe, li, nur] = others.try_into().unwrap_or_else(|_| panic!("three others"));
        Self { node, wanjiru, zoe, li, nur, group, topic: Topic::group(group) }
    }

    async fn send(&self, by: &User, id: &str, text: &str, to: &[&User]) -> Result<Ack, Error> {
        self.reply(by, id, text, None, Some(to)).await
    }

    async fn reply(
        &self,
        by: &User,
        id: &str,
        text: &str,
        about: Option<Seq>,
        to: Option<&[&User]>,
    ) -> Result<Ack, Error> {
        let users: Option<Vec<UserId>> = to.map(|to| to.iter().map(|user| user.id).collect());
        let id = SendId::new(id).unwrap();
        self.node.chat.post_to(by, self.topic.clone(), id, text, about, users.as_deref()).await
    }

    /// Returns the texts that a user's page of the group shows.
    async fn page(&self, user: &User) -> Vec<String> {
        let view = self.node.chat.open_group(user, self.group, PageStart::Newest, None).await.unwrap();
        let GroupView::Inside(view) = view else { panic!("{} is not inside", user.person().name) };
        view.page.entries.into_iter().filter_map(|entry| text(entry.data)).collect()
    }

    /// Returns the texts that a user's history of a topic has.
    async fn history(&self, user: &User, topic: &Topic) -> Vec<String> {
        let range = Range { limit: 100, ..Range::default() };
        let page = self.node.chat.events(user, topic, range).await.unwrap();
        page.entries.into_iter().filter_map(|entry| text(entry.data)).collect()
    }

    async fn receipts(&self, user: &User, seq: Seq) -> Result<Vec<Receipt>, Error> {
        let found = self.node.chat.receipts(user, &self.topic, seq).await?;
        Ok(found.into_iter().map(|one| one.receipt).collect())
    }

    async fn listens(&self, user: &User, topic: &Topic) -> Listener {
        let mut listener = Listener::new(&self.node.chat, Some(user));
        listener.subscribe(topic, None).await.unwrap();
        listener
    }

    async fn found(&self, user: &User, words: &str) -> Vec<Seq> {
        let query = SearchQuery::parse(words).unwrap();
        let request = SearchRequest { query, limit: 9, ..SearchRequest::default() };
        self.node.chat.search(user, &request).await.unwrap().hits.into_iter().map(|hit| hit.seq).collect()
    }
}

/// Returns the text of a message, or of the message that a copy carries.
fn text(event: Event) -> Option<String> {
    match event.carried() {
        Event::Message { text, .. } => Some(text),
        _ => None,
    }
}

fn refused<T>(refusal: Refusal) -> Result<T, Error> {
    Err(Error::Refusal(refusal))
}

#[tokio::test]
async fn only_the_author_and_the_recipients_see_a_message_to_some() {
    let team = Team::begun().await;
    let (wanjiru, zoe, li, nur) = (&team.wanjiru, &team.zoe, &team.li, &team.nur);
    let mut lis = team.listens(li, &team.topic).await;
    let mut zoes = team.listens(zoe, &Topic::user(zoe.id)).await;
    let sent = team.send(wanjiru, "1", "The cake is for *Nur*", &[zoe, li]).await.unwrap();
    for reader in [wanjiru, zoe, li] {
        assert_eq!(team.page(reader).await, ["The cake is for *Nur*"], "{}", reader.person().name);
        assert_eq!(team.history(reader, &team.topic).await, ["The cake is for *Nur*"]);
        assert_eq!(team.history(reader, &Topic::user(reader.id)).await, ["The cake is for *Nur*"]);
        assert_eq!(team.found(reader, "cake").await, [sent.seq]);
    }
    assert_eq!(team.page(nur).await, [""; 0]);
    assert_eq!(team.history(nur, &team.topic).await, [""; 0]);
    assert_eq!(team.found(nur, "cake").await, []);
    assert!(!format!("{:?}", team.node.chat.overview(nur).await.unwrap()).contains("cake"));

    lis.until_seq(&team.topic, sent.seq.0).await;
    assert_eq!(lis.events(&team.topic), [Event::Restricted], "the log of the group carries no content");
    zoes.until(|heard| !heard.is_empty()).await;
    let events = zoes.events(&Topic::user(zoe.id));
    let Event::RestrictedMessage { topic, seq, id, message: Some(message) } = &events[0] else {
        panic!("{events:?}")
    };
    assert_eq!((topic, *seq, id.as_str()), (&team.topic, sent.seq, "1"));
    let Event::Message { recipients, .. } = &**message else { panic!("{message:?}") };
    let mut names: Vec<_> = recipients.iter().map(|person| person.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Zoë", "李雷"]);
}

#[tokio::test]
async fn a_retry_is_the_same_message_and_other_recipients_make_another() {
    let team = Team::begun().await;
    let (wanjiru, zoe, li) = (&team.wanjiru, &team.zoe, &team.li);
    let first = team.send(wanjiru, "1", "hello", &[zoe, li]).await.unwrap();
    let again = team.send(wanjiru, "1", "hello", &[li, zoe, wanjiru, li]).await.unwrap();
    assert_eq!((again.seq, again.duplicate), (first.seq, true), "in any order");
    assert_eq!(team.send(wanjiru, "1", "hello", &[zoe]).await, refused(Refusal::SendIdTaken));
    let public = team.reply(wanjiru, "1", "hello", None, None).await;
    assert_eq!(public, refused(Refusal::SendIdTaken));
    assert_eq!(team.page(zoe).await, ["hello"]);
}

#[tokio::test]
async fn recipients_are_other_members_of_a_group() {
    let team = Team::begun().await;
    let (wanjiru, zoe) = (&team.wanjiru, &team.zoe);
    let stranger = team.node.introduce("Ölvir").await;
    let names = "Ölvir".to_owned();
    let to_stranger = team.send(wanjiru, "1", "hello", &[zoe, &stranger]).await;
    assert_eq!(to_stranger, refused(Refusal::RecipientsNotMembers { names }));
    assert_eq!(team.send(wanjiru, "1", "hello", &[]).await, refused(Refusal::RecipientsBad));
    assert_eq!(team.send(wanjiru, "1", "hello", &[wanjiru]).await, refused(Refusal::RecipientsBad));
    // A stranger learns nothing of the members, not even who is none.
    let by_stranger = team.send(&stranger, "1", "hello", &[zoe, wanjiru]).await;
    assert_eq!(by_stranger, refused(Refusal::NotMember));
    let direct = Topic::direct(wire::Pair::of(wanjiru.id, zoe.id).unwrap());
    let id = SendId::new("2").unwrap();
    let in_direct = team.node.chat.post_to(wanjiru, direct, id, "hello", None, Some(&[zoe.id])).await;
    assert_eq!(in_direct, refused(Refusal::RecipientsBad));
    assert_eq!(team.page(zoe).await, [""; 0]);
}

#[tokio::test]
async fn a_reply_stays_among_those_who_can_read_the_message() {
    let team = Team::begun().await;
    let (wanjiru, zoe, li, nur) = (&team.wanjiru, &team.zoe, &team.li, &team.nur);
    let sent = team.send(wanjiru, "1", "hello", &[zoe, li]).await.unwrap().seq;
    team.reply(zoe, "1", "to both", Some(sent), None).await.unwrap();
    team.reply(zoe, "2", "to you alone", Some(sent), Some(&[wanjiru])).await.unwrap();
    let public = team.reply(nur, "1", "what?", Some(sent), None).await;
    assert_eq!(public, refused(Refusal::ReplyRestricted));
    let wider = team.reply(zoe, "3", "look", Some(sent), Some(&[wanjiru, nur])).await;
    assert_eq!(wider, refused(Refusal::ReplyRestricted));
    assert_eq!(team.page(wanjiru).await, ["hello", "to both", "to you alone"]);
    assert_eq!(team.page(li).await, ["hello", "to both"]);
    assert_eq!(team.page(nur).await, [""; 0]);
}

#[tokio::test]
async fn others_change_nothing_of_a_message_they_cannot_read() {
    let team = Team::begun().await;
    let (wanjiru, zoe, nur) = (&team.wanjiru, &team.zoe, &team.nur);
    let sent = team.send(zoe, "1", "hello", &[nur]).await.unwrap().seq;
    let amend = async |by: &User, id: &str, amendment: Amendment| {
        let id = SendId::new(id).unwrap();
        team.node.chat.amend(by, &team.topic, id, sent, amendment).await.map(|_| ())
    };
    let thumb = || Amendment::React(wire::Emoji::new("👍").unwrap(), true);
    // Not even the admin of the group.
    for amendment in [Amendment::Edit("bye".into()), Amendment::Delete, thumb(), Amendment::Pin(true)] {
        assert_eq!(amend(wanjiru, "2", amendment).await, refused(Refusal::NotFound));
    }
    assert_eq!(amend(nur, "2", Amendment::Pin(true)).await, refused(Refusal::PinRestricted));
    assert_eq!(amend(nur, "2", thumb()).await, Ok(()));
    assert_eq!(amend(zoe, "3", Amendment::Edit("bye".into())).await, Ok(()));
    assert_eq!(amend(zoe, "3", Amendment::Edit("bye".into())).await, Ok(()), "a retry");
    assert_eq!(team.page(nur).await, ["bye"]);
    assert_eq!(team.found(nur, "bye").await, [sent]);
    assert_eq!(team.found(nur, "hello").await, []);
    assert_eq!(team.page(wanjiru).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_message_to_some_is_delivered_when_a_device_has_the_copy_and_read_when_it_was_read() {
    let team = Team::begun().await;
    let (wanjiru, zoe, li, nur) = (&team.wanjiru, &team.zoe, &team.li, &team.nur);
    let sent = team.send(wanjiru, "1", "hello", &[zoe, li]).await.unwrap().seq;
    let states = async || {
        let mut states = team.receipts(wanjiru, sent).await.unwrap();
        states.sort_by_key(|receipt| receipt.user == zoe.id);
        states.into_iter().map(|receipt| receipt.state).collect::<Vec<_>>()
    };
    use DeliveryState::{Delivered, Read, Sent};
    assert_eq!(states().await, [Sent, Sent]);
    // The group alone proves nothing: the content is in the copy.
    team.node.chat.confirm_delivered(zoe, &team.topic, sent).await.unwrap();
    team.node.chat.set_read(li, &team.topic, sent, false).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(states().await, [Sent, Sent]);
    for reader in [zoe, li] {
        let own = Topic::user(reader.id);
        let head = team.node.chat.history(reader, &own, Range::default()).await.unwrap().head;
        team.node.chat.confirm_delivered(reader, &own, head).await.unwrap();
    }
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(states().await, [Read, Delivered]);
    team.node.chat.set_read(zoe, &team.topic, sent, false).await.unwrap();
    assert_eq!(states().await, [Read, Read]);
    // A mark that goes back takes no receipt back.
    team.node.chat.set_read(zoe, &team.topic, Seq(1), true).await.unwrap();
    assert_eq!(states().await, [Read, Read]);
    assert_eq!(team.receipts(zoe, sent).await, refused(Refusal::NotSender));
    assert_eq!(team.receipts(nur, sent).await, refused(Refusal::NotFound));
}

#[tokio::test]
async fn a_device_that_resumes_its_own_topic_has_the_copies_before() {
    let team = Team::begun().await;
    let (wanjiru, zoe) = (&team.wanjiru, &team.zoe);
    let sent = team.send(wanjiru, "1", "hello", &[zoe]).await.unwrap().seq;
    let own = Topic::user(zoe.id);
    let head = team.node.chat.history(zoe, &own, Range::default()).await.unwrap().head;
    let mut device = Listener::new(&team.node.chat, Some(zoe));
    let since = Cursor { epoch: team.node.epoch(), seq: head };
    device.subscribe(&own, Some(since)).await.unwrap();
    let delivered = async {
        loop {
            let receipts = team.receipts(wanjiru, sent).await.unwrap();
            if receipts == [Receipt { user: zoe.id, state: DeliveryState::Delivered }] {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), delivered).await.expect("it is delivered");
}

#[tokio::test]
async fn an_ordinary_message_has_receipts_of_those_who_had_joined() {
    let team = Team::begun().await;
    let (wanjiru, zoe, li, nur) = (&team.wanjiru, &team.zoe, &team.li, &team.nur);
    let said = team.node.say(wanjiru, team.group, "hello").await.seq;
    let late = team.node.introduce("Ölvir").await;
    team.node.chat.join(&late, team.group, None).await.unwrap();
    team.node.chat.set_read(zoe, &team.topic, said, false).await.unwrap();
    let mut receipts = team.receipts(wanjiru, said).await.unwrap();
    let mut expected =
        [(zoe.id, DeliveryState::Read), (li.id, DeliveryState::Sent), (nur.id, DeliveryState::Sent)]
            .map(|(user, state)| Receipt { user, state });
    receipts.sort_by_key(|receipt| receipt.user);
    expected.sort_by_key(|receipt| receipt.user);
    assert_eq!(receipts, expected);
    assert_eq!(team.receipts(zoe, said).await, refused(Refusal::NotSender));
    assert_eq!(team.receipts(wanjiru, Seq(1)).await, refused(Refusal::NotFound), "no message");
}

#[tokio::test]
async fn a_repeat_is_answered_as_the_first_time_though_a_recipient_has_left() {
    let team = Team::begun().await;
    let first = team.send(&team.wanjiru, "m-1", "hello", &[&team.zoe]).await.unwrap();
    team.node.chat.leave(&team.zoe, team.group).await.unwrap();
    let again = team.send(&team.wanjiru, "m-1", "hello", &[&team.zoe]).await.unwrap();
    assert_eq!((again.seq, again.duplicate), (first.seq, true));
    let other = team.send(&team.wanjiru, "m-1", "goodbye", &[&team.zoe]).await;
    assert_eq!(other, Err(Refusal::SendIdTaken.into()));
    let new = team.send(&team.wanjiru, "m-2", "hello", &[&team.zoe]).await;
    assert_eq!(new, Err(Refusal::RecipientsNotMembers { names: "Zoë".into() }.into()));
}
