//! Amending messages, and its effect on live delivery and history.

use chat::testing::{Listener, Node, User};
use chat::{Ack, Audience, Error};
use wire::Topic;
use wire::{Amendment, Emoji, Event, GroupId, GroupView, PageStart, Quote, Reaction, Refusal, Role, Seq};

struct Tea {
    node: Node,
    ann: User,
    ben: User,
    id: GroupId,
}

impl Tea {
    async fn new() -> Self {
        let node = Node::volatile();
        let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
        let id = node.group(&ann, "tea").await;
        node.chat.join(&ben, id, None).await.unwrap();
        Self { node, ann, ben, id }
    }

    async fn amend(&self, me: &User, target: Seq, amendment: Amendment) -> Result<Ack, Error> {
        let id = self.node.chat.new_send_id();
        self.node.chat.amend(me, &self.topic(), id, target, amendment).await
    }

    async fn reply(&self, me: &User, to: Seq, text: &str) -> Seq {
        let id = self.node.chat.new_send_id();
        self.node.chat.post(me, self.topic(), id, text, Some(to)).await.unwrap().seq
    }

    /// Returns the event at a Seq now.
    async fn at(&self, seq: Seq) -> Event {
        let page = match self.node.chat.open_group(&self.ben, self.id, PageStart::Around(seq), None).await {
            Ok(GroupView::Inside(page)) => page,
            other => panic!("{other:?}"),
        };
        page.page.entries.into_iter().find(|entry| entry.seq == seq).unwrap().data
    }

    fn topic(&self) -> Topic {
        Topic::group(self.id)
    }
}

fn refused<T>(refusal: Refusal) -> Result<T, Error> {
    Err(Error::Refusal(refusal))
}

fn thumb(on: bool) -> Amendment {
    Amendment::React(Emoji::new("👍").unwrap(), on)
}

#[tokio::test]
async fn an_edit_is_heard_and_found_and_only_the_author_makes_one() {
    let tea = Tea::new().await;
    let said = tea.node.say(&tea.ann, tea.id, "helo").await.seq;
    let mut ben = Listener::new(&tea.node.chat, Some(&tea.ben));
    ben.subscribe(&tea.topic(), None).await.unwrap();
    let edit = Amendment::Edit("*hello*".into());
    let ack = tea.amend(&tea.ann, said, edit.clone()).await.unwrap();
    assert!(!ack.duplicate);
    ben.until_seq(&tea.topic(), ack.seq.0).await;
    let heard = ben.events(&tea.topic());
    assert!(
        matches!(&heard[..], [Event::Edited { target, text, .. }] if *target == said && text == "*hello*")
    );
    let Event::Message { text, edited: Some(_), .. } = tea.at(said).await else { panic!("edited") };
    assert_eq!(text, "*hello*");

    assert!(tea.amend(&tea.ann, said, edit.clone()).await.unwrap().duplicate, "nothing is left to change");
    assert_eq!(tea.amend(&tea.ben, said, edit.clone()).await, refused(Refusal::NotAuthor));
    assert_eq!(tea.amend(&tea.ann, said, Amendment::Edit(" ".into())).await, refused(Refusal::TextEmpty));
    assert_eq!(tea.amend(&tea.ann, Seq(1), edit).await, refused(Refusal::NotFound), "a notice is no message");
}

#[tokio::test]
async fn a_change_that_is_sent_again_is_answered_as_the_first_time_whatever_came_between() {
    let tea = Tea::new().await;
    let said = tea.node.say(&tea.ann, tea.id, "helo").await.seq;
    let id = tea.node.chat.new_send_id();
    let edit = async |text: &str| {
        let amendment = Amendment::Edit(text.into());
        tea.node.chat.amend(&tea.ann, &tea.topic(), id.clone(), said, amendment).await
    };
    let first = edit("hello").await.unwrap();
    assert!(!first.duplicate && first.seq > said);
    let again = Ack { duplicate: true, ..first };
    assert_eq!(edit("hello").await.unwrap(), again);
    assert_eq!(edit("hullo").await, refused(Refusal::SendIdTaken));
    tea.amend(&tea.ann, said, Amendment::Delete).await.unwrap();
    assert_eq!(edit("hello").await.unwrap(), again);
}

#[tokio::test]
async fn of_a_deleted_message_nothing_is_found_any_more() {
    let tea = Tea::new().await;
    let secret = tea.node.say(&tea.ben, tea.id, "the secret word").await.seq;
    tea.amend(&tea.ben, secret, Amendment::Edit("the other secret word".into())).await.unwrap();
    let reply = tea.reply(&tea.ann, secret, "which word?").await;
    let Event::Message { reply_to: Some(quote), .. } = tea.at(reply).await else { panic!("a reply") };
    let expected =
        Quote { seq: secret, author: tea.ben.person(), excerpt: "the other secret word".into(), files: None };
    assert_eq!(quote, expected);

    // The admin deletes it.
    tea.amend(&tea.ann, secret, Amendment::Delete).await.unwrap();
    let everything = tea.node.chat.open_group(&tea.ben, tea.id, PageStart::Newest, None).await.unwrap();
    assert!(!format!("{everything:?}").contains("secret word"), "{everything:?}");
    assert_eq!(tea.at(secret).await, Event::Tombstone { author: tea.ben.person(), by: tea.ann.person() });
    assert_eq!(tea.amend(&tea.ben, secret, thumb(true)).await, refused(Refusal::NotFound));
    let late = tea.reply(&tea.ann, secret, "too late").await;
    assert!(matches!(tea.at(late).await, Event::Message { reply_to: None, .. }));
}

#[tokio::test]
async fn a_quote_and_a_pin_show_what_the_message_says_now() {
    let tea = Tea::new().await;
    let said = tea.node.say(&tea.ann, tea.id, "the **old** words").await.seq;
    let reply = tea.reply(&tea.ben, said, "which `words`?").await;
    let second = tea.reply(&tea.ann, reply, "those").await;
    tea.amend(&tea.ann, said, Amendment::Pin(true)).await.unwrap();
    let quoted = async |seq| match tea.at(seq).await {
        Event::Message { reply_to: Some(quote), .. } => quote.excerpt,
        other => panic!("{other:?}"),
    };
    assert_eq!(quoted(reply).await, "the old words", "without markup");
    assert_eq!(quoted(second).await, "which words?");

    tea.amend(&tea.ann, said, Amendment::Edit("*other* words".into())).await.unwrap();
    tea.amend(&tea.ann, said, Amendment::Edit("> *new* words\n\n- at last".into())).await.unwrap();
    assert_eq!(quoted(reply).await, "new words at last");
    assert_eq!(quoted(second).await, "which words?", "only those that quote it");
    let everything = tea.node.chat.open_group(&tea.ben, tea.id, PageStart::Newest, None).await.unwrap();
    let everything = format!("{everything:?}");
    assert!(!everything.contains("old") && !everything.contains("other"), "{everything}");
    let GroupView::Inside(page) =
        tea.node.chat.open_group(&tea.ben, tea.id, PageStart::Newest, None).await.unwrap()
    else {
        panic!("inside")
    };
    let Event::Message { body, .. } = &page.pins[0].data else { panic!("a message") };
    assert_eq!(body.excerpt(), "new words at last");
}

#[tokio::test]
async fn one_emoji_is_one_reaction_however_it_is_spelled_and_nothing_else_is_one() {
    let tea = Tea::new().await;
    let said = tea.node.say(&tea.ann, tea.id, "tea?").await.seq;
    let react = |spelling: &str, on| Amendment::React(Emoji::new(spelling).unwrap(), on);
    tea.amend(&tea.ann, said, react("❤", true)).await.unwrap();
    tea.amend(&tea.ben, said, react("❤\u{fe0f}", true)).await.unwrap();
    tea.amend(&tea.ben, said, react("👍🏽", true)).await.unwrap();
    tea.amend(&tea.ben, said, react("👍", true)).await.unwrap();
    let reactions = async || match tea.at(said).await {
        Event::Message { reactions, .. } => {
            reactions.into_iter().map(|one| (one.emoji.to_string(), one.people.len())).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let (heart, dark, thumb) = ("❤\u{fe0f}".to_owned(), "👍🏽".to_owned(), "👍".to_owned());
    assert_eq!(reactions().await, [(heart.clone(), 2), (dark.clone(), 1), (thumb.clone(), 1)]);
    tea.amend(&tea.ann, said, react("❤\u{fe0e}", false)).await.unwrap();
    assert_eq!(reactions().await, [(heart, 1), (dark, 1), (thumb, 1)]);
    for none in ["→", "·", "日", "🏽", "√", "👍👍"] {
        assert_eq!(tea.amend(&tea.ben, said, react(none, true)).await, refused(Refusal::EmojiBad), "{none}");
    }
}

#[tokio::test]
async fn what_shows_nothing_is_neither_said_nor_made_of_a_message() {
    let tea = Tea::new().await;
    let said = tea.node.say(&tea.ann, tea.id, "hello").await.seq;
    for nothing in ["", " \n", "\u{200b}", "\u{2800}", "\u{3164}\n\u{ad}", "\u{e0041}\u{fe0f}"] {
        let id = tea.node.chat.new_send_id();
        let posted = tea.node.chat.post(&tea.ann, tea.topic(), id, nothing, None).await;
        assert_eq!(posted, refused(Refusal::TextEmpty), "{}", nothing.escape_unicode());
        let edited = tea.amend(&tea.ann, said, Amendment::Edit(nothing.into())).await;
        assert_eq!(edited, refused(Refusal::TextEmpty), "{}", nothing.escape_unicode());
        let (id, to) = (tea.node.chat.new_send_id(), Audience::These(vec![tea.topic()]));
        assert_eq!(tea.node.chat.broadcast(&tea.ann, id, nothing, to).await, refused(Refusal::TextEmpty));
    }
    let edited = tea.amend(&tea.ann, said, Amendment::Edit("[docs]: https://example.org/".into())).await;
    assert!(edited.is_ok());
    let Event::Message { body, .. } = tea.at(said).await else { panic!("a message") };
    assert_eq!(body.excerpt(), "[docs]: https://example.org/");
}

#[tokio::test]
async fn a_text_is_read_only_for_somebody_who_may_say_it() {
    let tea = Tea::new().await;
    let eve = tea.node.introduce("eve").await;
    let said = tea.node.say(&tea.ann, tea.id, "hello").await.seq;
    let long = "*a_".repeat(5_000);
    let readings = tea.node.chat.readings();
    assert_eq!(tea.amend(&eve, said, Amendment::Edit(long.clone())).await, refused(Refusal::NotMember));
    assert_eq!(tea.amend(&tea.ben, said, Amendment::Edit(long.clone())).await, refused(Refusal::NotAuthor));
    let id = tea.node.chat.new_send_id();
    let posted = tea.node.chat.post(&eve, tea.topic(), id, &long, None).await;
    assert_eq!(posted, refused(Refusal::NotMember));
    assert_eq!(tea.node.chat.readings(), readings, "nobody had to read it");
    tea.amend(&tea.ann, said, Amendment::Edit(long)).await.unwrap();
    assert_eq!(tea.node.chat.readings(), readings + 1);
}

#[tokio::test]
async fn people_who_react_at_once_are_all_counted() {
    let tea = Tea::new().await;
    let said = tea.node.say(&tea.ann, tea.id, "who comes?").await.seq;
    let mut people = vec![];
    for number in 0..20 {
        let person = tea.node.introduce(&format!("guest {number}")).await;
        tea.node.chat.join(&person, tea.id, None).await.unwrap();
        people.push(person);
    }
    let reacting = people.iter().map(|person| tea.amend(person, said, thumb(true)));
    for ack in futures::future::join_all(reacting).await {
        assert!(!ack.unwrap().duplicate);
    }
    assert!(tea.amend(&people[0], said, thumb(true)).await.unwrap().duplicate);
    tea.amend(&people[0], said, thumb(false)).await.unwrap();
    let Event::Message { reactions, .. } = tea.at(said).await else { panic!("a message") };
    let [Reaction { people: counted, .. }] = &reactions[..] else { panic!("{reactions:?}") };
    assert_eq!(counted.len(), 19);
}

#[tokio::test]
async fn admins_pin_and_everyone_finds_it() {
    let tea = Tea::new().await;
    let said = tea.node.say(&tea.ben, tea.id, "read this").await.seq;
    assert_eq!(tea.amend(&tea.ben, said, Amendment::Pin(true)).await, refused(Refusal::NotAdmin));
    tea.node.chat.set_role(&tea.ann, tea.id, tea.ben.id, Role::Admin).await.unwrap();
    tea.amend(&tea.ben, said, Amendment::Pin(true)).await.unwrap();
    let pins = async || match tea.node.chat.open_group(&tea.ben, tea.id, PageStart::Newest, None).await {
        Ok(GroupView::Inside(page)) => page.pins.into_iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(pins().await, [said]);
    tea.amend(&tea.ann, said, Amendment::Pin(false)).await.unwrap();
    assert_eq!(pins().await, []);
}

#[tokio::test]
async fn a_page_opens_around_a_message_or_a_day() {
    let tea = Tea::new().await;
    let mut places = vec![];
    for number in 0..120 {
        tea.node.clock.advance(60_000);
        places.push(tea.node.say(&tea.ann, tea.id, &number.to_string()).await.seq);
    }
    let seqs = async |place| match tea.node.chat.open_group(&tea.ben, tea.id, place, None).await {
        Ok(GroupView::Inside(page)) => page.page.entries.iter().map(|entry| entry.seq.0).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let middle = places[60];
    assert_eq!(seqs(PageStart::Around(middle)).await, (middle.0 - 25..middle.0 + 25).collect::<Vec<_>>());
    assert_eq!(seqs(PageStart::Around(Seq(3))).await, (1..=50).collect::<Vec<_>>());
    assert_eq!(seqs(PageStart::Before(Seq(4))).await, [1, 2, 3]);
    let at = wire::Timestamp(tea.node.chat.now().0 - 59 * 60_000);
    assert!(seqs(PageStart::From(at)).await.contains(&places[60].0));
    assert_eq!(seqs(PageStart::From(wire::Timestamp(i64::MAX))).await, seqs(PageStart::Newest).await);
}
