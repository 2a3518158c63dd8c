//! Store contract: restricted messages, which only their authors and recipients ever read.

use wire::{
    Amendment, Conversation, Entry, Event, Json, Person, Quote, Refusal, RichText, Role, Seq, Topic, UserId,
};

use super::writing::{
    NOW, TEA, change, commit, commit_one, message, seated, session, unseated, whole, with_tea,
};
use super::{Fresh, Tenant};
use crate::auth::session::TokenHash;
use crate::ports::store::{
    Amend, BodyHash, Checked, Draft, InboxRequest, LogOutcome, LogWrite, Mentions, OpenRequest, Permission,
    PermissionTo, Position, Range, ReadStateWrite, Recipients, RestrictedDraft, RowRange, Sender, SentBefore,
    Trim, Unread, UserWrite, event_of, is_placeholder,
};
use crate::rules::{self, Viewer};
use crate::testing::{ann, ben, cal, person};

/// Returns a member who is in nobody's audience unless a case says so.
fn zoe() -> Person {
    person("Zoë")
}

/// Prepares the group of ann, in which ben, cal and zoe are members; its log is at 1.
async fn with_members(fresh: &impl Fresh) -> std::sync::Arc<Tenant> {
    let store = with_tea(fresh()).await;
    let session = session(TokenHash([9; 32]), NOW);
    commit_one(&store, UserWrite::CreateGuest { person: zoe(), session }).await;
    let seats = [ben(), cal(), zoe()].map(|person| seated(&person, Role::Member));
    assert_eq!(commit_one(&store, change(TEA, 1, seats.into())).await, Checked::Done);
    store
}

fn group() -> Conversation {
    Conversation::Group(TEA)
}

fn tea() -> Topic {
    Topic::group(TEA)
}

/// Returns a message that counts as unread.
fn said(by: &Person, id: &str, text: &str) -> Draft {
    let event = Event::message(by.clone(), text.into(), RichText::plain(text), None);
    Draft { data: Json::of(&event), counts: true, ..message(TEA, by, id, text) }
}

/// Returns a message to some members.
fn to(recipients: &[Person], draft: Draft) -> LogWrite {
    let users = recipients.iter().map(|person| person.id).collect();
    LogWrite::PostRestricted(RestrictedDraft { draft, recipients: Recipients::Chosen(users) })
}

fn amend(by: &Person, id: &str, target: u64, amendment: Amendment) -> Amend {
    let (target, body) = (Seq(target), RichText::default());
    let told = rules::change(target, by, &amendment, body.clone());
    let right = Permission { conversation: group(), user: by.id, to: PermissionTo::Amend, now: NOW };
    let news = Draft {
        data: Json::of(&told),
        right: Some(right),
        about: Some(target),
        is_row: false,
        ..message(TEA, by, id, "changed")
    };
    Amend { target, by: by.clone(), amendment, body, mentions: None, version: None, news }
}

fn posted(seq: u64) -> LogOutcome {
    LogOutcome::Posted { seq: Seq(seq) }
}

/// Returns the text of a message; `-` for a tombstone, `*` for a change, `~` for a placeholder, and nothing for a copy
/// without a message.
fn text(entry: &Entry<Json>) -> String {
    match event_of(&entry.data) {
        Event::RestrictedMessage { message: None, .. } => String::new(),
        event => match event.carried() {
            Event::Message { text, .. } => text,
            Event::Tombstone { .. } => "-".into(),
            Event::Restricted => "~".into(),
            _ => "*".into(),
        },
    }
}

/// Returns the texts of a log after its first entries.
async fn texts(store: &Tenant, topic: &Topic, skip: usize) -> Vec<String> {
    whole(store, topic).await.entries.iter().skip(skip).map(text).collect()
}

async fn own(store: &Tenant, of: &Person) -> Vec<String> {
    texts(store, &Topic::user(of.id), 0).await
}

/// Returns the rows of a viewer's page.
async fn rows(store: &Tenant, viewer: Option<UserId>) -> Vec<String> {
    let range = RowRange::newest(50).seen_by(viewer);
    store.rows(&tea(), range).await.unwrap().entries.iter().skip(1).map(text).collect()
}

async fn unread(store: &Tenant, user: &Person) -> (u32, u32) {
    let Unread { messages, mentions } = store.unread(group(), user.id, Seq(1)).await.unwrap();
    let listed = store.conversations(user.id, 9).await.unwrap().mine;
    let read = store.standing(group(), user.id).await.unwrap().unwrap().read;
    if read == Seq(1) {
        assert_eq!((listed[0].unread, listed[0].mentions), (messages, mentions), "both ways to count agree");
    }
    (messages, mentions)
}

pub async fn a_message_to_some_is_a_placeholder_for_all_others(fresh: impl Fresh) {
    let store = with_members(&fresh).await;
    let outcomes = commit(
        &store,
        vec![
            LogWrite::Post(said(&ann(), "1", "for all")),
            to(&[ben()], said(&ann(), "2", "for ben")),
            LogWrite::Post(said(&zoe(), "3", "me, too")),
        ],
    )
    .await;
    assert_eq!(outcomes, [posted(2), posted(3), posted(4)], "the Seq is that of the group");
    assert_eq!(texts(&store, &tea(), 1).await, ["for all", "~", "me, too"]);
    let placeholder = store.kept(&tea(), Seq(3)).await.unwrap().unwrap();
    assert_eq!(placeholder.entry.id.as_str(), format!("~{}#3", tea()));
    assert!(is_placeholder(&placeholder.entry.data));
    assert_eq!(placeholder.mentions, Mentions::default());

    for (reader, theirs) in
        [(ann(), vec!["for ben"]), (ben(), vec!["for ben"]), (cal(), vec![]), (zoe(), vec![])]
    {
        assert_eq!(own(&store, &reader).await, theirs, "{}", reader.name);
        let all = [vec!["for all"], theirs.clone(), vec!["me, too"]].concat();
        assert_eq!(rows(&store, Some(reader.id)).await, all, "{}", reader.name);
    }
    assert_eq!(rows(&store, None).await, ["for all", "me, too"]);
    let found = store.restricted(&tea(), Seq(3)).await.unwrap().unwrap();
    assert_eq!(found.audience.users(), [ann().id, ben().id]);
    assert_eq!((found.entry.id.as_str(), found.entry.seq), ("2", Seq(3)));
    for other in [Seq(2), Seq(4), Seq(9)] {
        assert_eq!(store.restricted(&tea(), other).await.unwrap(), None);
    }
}

pub async fn an_opened_page_has_what_its_viewer_may_read(fresh: impl Fresh) {
    let store = with_members(&fresh).await;
    commit_one(&store, to(&[ben()], said(&ann(), "1", "for ben"))).await;
    let seen = async |user: Option<UserId>, viewer| {
        let range = Range { limit: 9, ..Range::default() };
        let request = OpenRequest { topic: tea(), user, session: None, viewer, range, rows: None };
        let page = store.open(request).await.unwrap().page;
        page.entries.iter().skip(1).map(text).collect::<Vec<_>>()
    };
    for reader in [ann(), ben()] {
        assert_eq!(seen(Some(reader.id), Viewer::User(reader.id)).await, ["for ben"]);
        assert_eq!(seen(Some(reader.id), Viewer::Anyone).await, ["~"]);
    }
    assert_eq!(seen(Some(cal().id), Viewer::User(cal().id)).await, ["~"]);
    assert_eq!(seen(None, Viewer::Application).await, ["for ben"]);
}

pub async fn a_repeat_of_a_message_to_some_is_answered_with_its_seq_in_the_group(fresh: impl Fresh) {
    let store = with_members(&fresh).await;
    let first = || to(&[ben(), cal()], said(&ann(), "1", "hello"));
    assert_eq!(commit_one(&store, first()).await, posted(2));
    commit_one(&store, said(&zoe(), "9", "in between")).await;
    assert_eq!(commit_one(&store, first()).await, LogOutcome::Repeated { seq: Seq(2), at: NOW });
    let other = Draft { body: BodyHash([1; 16]), ..said(&ann(), "1", "hello") };
    assert_eq!(commit_one(&store, to(&[ben()], other.clone())).await, LogOutcome::SendIdTaken);
    assert_eq!(commit_one(&store, other).await, LogOutcome::SendIdTaken, "nor is it an ordinary message");
    assert_eq!(own(&store, &ben()).await, ["hello"]);
    let sent = store.sent(Sender::User(ann().id), &wire::SendId::new("1").unwrap()).await.unwrap();
    let body = said(&ann(), "1", "hello").body;
    assert_eq!(sent, Some(SentBefore { topic: tea(), seq: Seq(2), body, at: NOW }));
    assert_eq!(
        commit_one(&store, to(&[ann()], said(&ben(), "1", "mine"))).await,
        posted(4),
        "ids are one's own"
    );
}

pub async fn recipients_without_a_seat_are_named_and_nothing_is_written(fresh: impl Fresh) {
    let store = with_members(&fresh).await;
    let nobody = person("李雷");
    commit_one(&store, change(TEA, 2, vec![unseated(cal().id)])).await;
    let refused = commit_one(&store, to(&[ben(), cal(), nobody.clone()], said(&ann(), "1", "hello"))).await;
    let names = format!("{}, {}", cal().name, nobody.id);
    assert_eq!(refused, LogOutcome::Refused(Refusal::RecipientsNotMembers { names }));
    assert_eq!(texts(&store, &tea(), 1).await, [""; 0]);
    assert_eq!(own(&store, &ben()).await, [""; 0]);
    let by_cal = commit_one(&store, to(&[ben()], said(&cal(), "1", "hello"))).await;
    assert_eq!(by_cal, LogOutcome::Refused(Refusal::NotMember));
}

pub async fn unread_counts_and_mentions_are_those_of_the_chosen(fresh: impl Fresh) {
    let store = with_members(&fresh).await;
    let mentions = |people: &[Person]| Mentions {
        people: people.iter().map(|person| person.id).collect(),
        everyone: false,
    };
    let to_ben = Draft { mentions: mentions(&[ben(), zoe()]), ..said(&ann(), "1", "@ben and @zoe") };
    commit(&store, vec![to(&[ben(), cal()], to_ben), LogWrite::Post(said(&ann(), "2", "for all"))]).await;
    assert_eq!(unread(&store, &ann()).await, (0, 0));
    assert_eq!(unread(&store, &ben()).await, (2, 1));
    assert_eq!(unread(&store, &cal()).await, (2, 0));
    assert_eq!(
        unread(&store, &zoe()).await,
        (1, 0),
        "a mention of somebody who cannot read it counts for nobody"
    );
    let everyone =
        Draft { mentions: Mentions { people: vec![], everyone: true }, ..said(&ann(), "3", "@everyone") };
    commit_one(&store, to(&[ben()], everyone)).await;
    assert_eq!(unread(&store, &ben()).await, (3, 2));
    assert_eq!(unread(&store, &zoe()).await, (1, 0));

    let read = ReadStateWrite::SetRead { conversation: group(), user: ben().id, seq: Seq(3), back: false };
    commit_one(&store, read).await;
    assert_eq!(store.unread(group(), ben().id, Seq(3)).await.unwrap(), Unread { messages: 1, mentions: 1 });
    commit_one(&store, amend(&ann(), "4", 4, Amendment::Delete)).await;
    assert_eq!(store.unread(group(), ben().id, Seq(3)).await.unwrap(), Unread::default());
    assert_eq!(unread(&store, &ben()).await, (2, 1));
    assert_eq!(unread(&store, &cal()).await, (2, 0));
}

pub async fn changes_of_a_message_to_some_are_seen_by_its_readers_alone(fresh: impl Fresh) {
    let store = with_members(&fresh).await;
    commit_one(&store, to(&[ben()], said(&ann(), "1", "at noon"))).await;
    for (by, wanted) in [(cal(), Refusal::NotFound), (ben(), Refusal::NotAuthor)] {
        let edit = amend(&by, "2", 2, Amendment::Edit("never".into()));
        assert_eq!(commit_one(&store, edit).await, LogOutcome::Refused(wanted).into(), "{}", by.name);
    }
    let edit = || amend(&ann(), "2", 2, Amendment::Edit("at one".into()));
    assert_eq!(commit_one(&store, edit()).await, posted(3).into());
    assert_eq!(commit_one(&store, edit()).await, LogOutcome::Repeated { seq: Seq(3), at: NOW }.into());
    assert_eq!(texts(&store, &tea(), 1).await, ["~", "~"], "not even the change is told to others");
    for reader in [ann(), ben()] {
        assert_eq!(own(&store, &reader).await, ["at one", "*"], "the copy shows the message as it is now");
        assert_eq!(rows(&store, Some(reader.id)).await, ["at one"]);
    }
    let pin = amend(&ann(), "3", 2, Amendment::Pin(true));
    assert_eq!(commit_one(&store, pin).await, LogOutcome::Refused(Refusal::PinRestricted).into());
    assert_eq!(commit_one(&store, amend(&ann(), "4", 2, Amendment::Delete)).await, posted(4).into());
    assert_eq!(own(&store, &ben()).await, ["-", "*", "*"]);
    assert_eq!(own(&store, &cal()).await, [""; 0]);
    assert_eq!(rows(&store, Some(ben().id)).await, ["-"]);
    assert_eq!(rows(&store, Some(cal().id)).await, [""; 0]);
}

pub async fn a_reply_to_a_message_to_some_quotes_it_as_it_is_now(fresh: impl Fresh) {
    let store = with_members(&fresh).await;
    commit_one(&store, to(&[ben()], said(&ann(), "1", "secret"))).await;
    let quote = Quote { seq: Seq(2), author: ann(), excerpt: "secret".into(), files: None };
    let event = Event::message(ben(), "really?".into(), RichText::plain("really?"), Some(quote));
    let draft = Draft { data: Json::of(&event), about: Some(Seq(2)), ..said(&ben(), "2", "really?") };
    let recipients = Recipients::Inherited(vec![ann().id]);
    assert_eq!(
        commit_one(&store, LogWrite::PostRestricted(RestrictedDraft { draft, recipients })).await,
        posted(3)
    );
    commit_one(&store, amend(&ann(), "3", 2, Amendment::Delete)).await;
    let excerpt = async |reader: &Person| {
        let page = whole(&store, &Topic::user(reader.id)).await;
        match event_of(&page.entries[1].data).carried() {
            Event::Message { reply_to: Some(quote), .. } => quote.excerpt,
            other => panic!("{other:?}"),
        }
    };
    for reader in [ann(), ben()] {
        assert_eq!(excerpt(&reader).await, "", "{}", reader.name);
    }
    assert!(!format!("{:?}", whole(&store, &tea()).await).contains("secret"));
    // A change of a copy is about that copy.
    let about = store.about(&Topic::user(ben().id), Seq(1)).await.unwrap();
    assert_eq!(about.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [Seq(2), Seq(3)]);
}

pub async fn a_reply_to_some_quotes_a_public_message_as_it_is_now(fresh: impl Fresh) {
    let store = with_members(&fresh).await;
    commit_one(&store, LogWrite::Post(said(&ann(), "1", "the code is 4711"))).await;
    let quote = Quote { seq: Seq(2), author: ann(), excerpt: "the code is 4711".into(), files: None };
    let event = Event::message(ben(), "thanks".into(), RichText::plain("thanks"), Some(quote));
    let draft = Draft { data: Json::of(&event), about: Some(Seq(2)), ..said(&ben(), "2", "thanks") };
    assert_eq!(commit_one(&store, to(&[ann()], draft)).await, posted(3));
    let quoted = async |reader: &Person| format!("{:?}", whole(&store, &Topic::user(reader.id)).await);
    assert!(quoted(&ann()).await.contains("4711"));
    commit_one(&store, amend(&ann(), "3", 2, Amendment::Delete)).await;
    for reader in [ann(), ben()] {
        let log = quoted(&reader).await;
        assert!(log.contains("thanks") && !log.contains("4711"), "{}: {log}", reader.name);
    }
}

pub async fn whoever_has_left_reads_no_message_to_some_any_more(fresh: impl Fresh) {
    let store = with_members(&fresh).await;
    commit_one(&store, to(&[ben(), cal()], said(&ann(), "1", "hello"))).await;
    commit_one(&store, change(TEA, 2, vec![unseated(ben().id)])).await;
    commit_one(&store, amend(&ann(), "2", 2, Amendment::Edit("bye".into()))).await;
    assert_eq!(own(&store, &ben()).await, [""], "neither the message nor a later change of it");
    assert_eq!(own(&store, &cal()).await, ["bye", "*"]);
    commit_one(&store, change(TEA, 3, vec![seated(&ben(), Role::Member)])).await;
    assert_eq!(own(&store, &ben()).await, ["bye"]);
}

pub async fn nothing_of_messages_to_some_outlives_their_group(fresh: impl Fresh) {
    let store = with_members(&fresh).await;
    commit_one(&store, to(&[ben()], said(&ann(), "1", "hello"))).await;
    commit_one(&store, change(TEA, 2, vec![crate::ports::store::Fact::Deleted])).await;
    assert_eq!(store.restricted(&tea(), Seq(2)).await.unwrap(), None);
    assert_eq!(own(&store, &ben()).await, [""]);
    assert_eq!(own(&store, &ann()).await, [""]);
}

pub async fn a_message_to_some_is_trimmed_with_its_placeholder(fresh: impl Fresh) {
    let store = with_members(&fresh).await;
    commit_one(&store, to(&[ben()], said(&ann(), "1", "secret"))).await;
    let quote = Quote { seq: Seq(2), author: ann(), excerpt: "secret".into(), files: None };
    let event = Event::message(ben(), "really?".into(), RichText::plain("really?"), Some(quote));
    let draft = Draft { data: Json::of(&event), about: Some(Seq(2)), ..said(&ben(), "2", "really?") };
    let recipients = Recipients::Inherited(vec![ann().id]);
    commit_one(&store, LogWrite::PostRestricted(RestrictedDraft { draft, recipients })).await;
    assert_eq!(unread(&store, &ann()).await, (1, 0));
    commit_one(&store, Trim { topic: tea(), before: Seq(3) }).await;
    assert_eq!(store.restricted(&tea(), Seq(2)).await.unwrap(), None);
    let copies = format!("{:?}", whole(&store, &Topic::user(ann().id)).await);
    assert!(!copies.contains("secret") && copies.contains("really?"), "{copies}");
    assert_eq!(own(&store, &ann()).await, ["", "really?"]);
    assert_eq!(unread(&store, &ben()).await, (0, 0), "what is gone is not unread");
    let request = InboxRequest { user: ann().id, after: Position::default(), limit: 9, bytes: usize::MAX };
    let inbox = store.inbox(request).await.unwrap();
    let inbox: Vec<String> = inbox.entries.iter().map(text).collect();
    assert!(inbox.contains(&"really?".to_owned()), "the inbox has the copies: {inbox:?}");
}
