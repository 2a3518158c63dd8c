//! Store contract: read marks and unread counts.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use wire::{Conversation, Person, Role, Seq, UserId};

use super::writing::{NOW, TEA, change, commit_one, draft, message, seated, unseated, whole, with_tea};
use super::{Fresh, Tenant};
use crate::ports::store::{
    Amend, AmendOutcome, Draft, LogOutcome, Mentions, Permission, PermissionTo, ReadStateOutcome,
    ReadStateWrite, Sender,
};
use crate::testing::{ann, ben, cal, for_all};

async fn say(store: &Tenant, who: &Person, id: &str) -> Seq {
    let event = wire::Event::message(who.clone(), id.into(), wire::RichText::plain(id), None);
    let said = Draft { counts: true, data: wire::Json::of(&event), ..message(TEA, who, id, id) };
    match commit_one(store, said).await {
        LogOutcome::Posted { seq } => seq,
        other => panic!("{other:?}"),
    }
}

async fn read(store: &Tenant, who: &Person, seq: u64, back: bool) {
    let read =
        ReadStateWrite::SetRead { conversation: Conversation::Group(TEA), user: who.id, seq: Seq(seq), back };
    assert_eq!(commit_one(store, read).await, ReadStateOutcome::default());
}

/// Returns a user's read mark and unread count; both ways to ask agree.
async fn mark(store: &Tenant, who: &Person) -> (u64, u32) {
    let standing = store.standing(Conversation::Group(TEA), who.id).await.unwrap().unwrap();
    let unread = store.unread(Conversation::Group(TEA), who.id, standing.read).await.unwrap().messages;
    let groups = store.conversations(who.id, 99).await.unwrap().mine;
    assert!(groups.iter().all(|mine| mine.unread == unread), "{groups:?}");
    (standing.read.0, unread)
}

pub async fn messages_of_others_are_unread_until_the_mark_moves(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    for id in ["1", "2", "3"] {
        say(&store, &ann(), id).await;
    }
    say(&store, &ben(), "mine").await;
    assert_eq!(mark(&store, &ben()).await, (1, 3), "one's own message is not unread");
    assert_eq!(mark(&store, &ann()).await, (0, 1));
    read(&store, &ben(), 3, false).await;
    assert_eq!(mark(&store, &ben()).await, (3, 1));
    read(&store, &ben(), 2, false).await;
    assert_eq!(mark(&store, &ben()).await, (3, 1), "a mark does not go back by itself");
    read(&store, &ben(), 1, true).await;
    assert_eq!(mark(&store, &ben()).await, (1, 3));
    read(&store, &ben(), 99, false).await;
    assert_eq!(mark(&store, &ben()).await, (5, 0), "nor past the end");
}

pub async fn a_new_seat_begins_with_nothing_unread(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    say(&store, &ann(), "1").await;
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    assert_eq!(mark(&store, &ben()).await, (2, 0));
    say(&store, &ann(), "2").await;
    assert_eq!(mark(&store, &ben()).await, (2, 1));
    commit_one(&store, change(TEA, 2, vec![unseated(ben().id)])).await;
    read(&store, &ben(), 3, false).await;
    commit_one(&store, change(TEA, 3, vec![seated(&ben(), Role::Member)])).await;
    assert_eq!(mark(&store, &ben()).await, (3, 0));
}

pub async fn notices_and_deleted_messages_are_not_unread(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    let said = say(&store, &ann(), "1").await;
    say(&store, &ann(), "2").await;
    let topic = wire::Topic::group(TEA);
    let notice = draft(&topic, Sender::User(ann().id), "n", "a notice");
    commit_one(&store, notice).await;
    assert_eq!(mark(&store, &ben()).await, (1, 2));
    commit_one(&store, amend(&ann(), "d", said, wire::Amendment::Delete, Mentions::default())).await;
    assert_eq!(mark(&store, &ben()).await, (1, 1));
}

/// Returns a change of a message by its author, which mentions these people from then on.
fn amend(by: &Person, id: &str, target: Seq, amendment: wire::Amendment, mentions: Mentions) -> Amend {
    let told = crate::rules::change(target, by, &amendment, wire::RichText::default());
    let right =
        Permission { conversation: Conversation::Group(TEA), user: by.id, to: PermissionTo::Amend, now: NOW };
    let news = Draft {
        about: Some(target),
        right: Some(right),
        data: wire::Json::of(&told),
        is_row: !told.is_silent(),
        ..draft(&wire::Topic::group(TEA), Sender::User(by.id), id, "changed")
    };
    let (by, body, mentions) = (by.clone(), wire::RichText::default(), Some(mentions));
    Amend { target, by, amendment, body, mentions, version: None, news }
}

/// Something that may change what is unread. The numbers choose a person, and a message of the group.
#[derive(Clone, Debug)]
enum Happening {
    Said { by: usize, mentioned: usize },
    Edited { which: Index, mentioned: usize },
    Deleted { which: Index },
    Read { who: usize, seq: Index, back: bool },
}

fn happening() -> impl Strategy<Value = Happening> {
    let (who, mentioned) = (0..3usize, 0..5usize);
    prop_oneof![
        4 => (who.clone(), mentioned.clone()).prop_map(|(by, mentioned)| Happening::Said { by, mentioned }),
        2 => (any::<Index>(), mentioned).prop_map(|(which, mentioned)| Happening::Edited { which, mentioned }),
        2 => any::<Index>().prop_map(|which| Happening::Deleted { which }),
        1 => (who, any::<Index>(), any::<bool>())
            .prop_map(|(who, seq, back)| Happening::Read { who, seq, back }),
    ]
}

/// Returns the mentions of a number: nobody, one of the three, or everyone.
fn mention(number: usize) -> Mentions {
    let people = people().get(number).map(|person| person.id).into_iter().collect();
    Mentions { people, everyone: number == 3 }
}

fn people() -> [Person; 3] {
    [ann(), ben(), cal()]
}

/// A message that is still there: what counts of it.
struct Said {
    seq: Seq,
    by: UserId,
    mentions: Mentions,
}

pub async fn unread_counts_are_of_what_is_there_now_whatever_was_counted_before(fresh: impl Fresh) {
    for_all(24, vec(happening(), 1..30), move |happenings| {
        let store = fresh();
        async move {
            let store = with_tea(store).await;
            let seats = [ben(), cal()].map(|person| seated(&person, Role::Member));
            commit_one(&store, change(TEA, 1, seats.into())).await;
            let mut said: Vec<Said> = Vec::new();
            for (number, happening) in happenings.into_iter().enumerate() {
                happen(&store, &mut said, number, happening).await;
                for person in people() {
                    let read =
                        store.standing(Conversation::Group(TEA), person.id).await.unwrap().unwrap().read;
                    let of_others = said.iter().filter(|said| said.by != person.id && said.seq > read);
                    let mentions = of_others.clone().filter(|said| said.mentions.has(person.id)).count();
                    let expected = (of_others.count(), mentions);
                    let mine = store.conversations(person.id, 99).await.unwrap().mine.remove(0);
                    assert_eq!((mine.unread as usize, mine.mentions as usize), expected, "{}", person.name);
                    let unread = store.unread(Conversation::Group(TEA), person.id, read).await.unwrap();
                    assert_eq!((unread.messages as usize, unread.mentions as usize), expected);
                }
            }
        }
    })
    .await;
}

async fn happen(store: &Tenant, said: &mut Vec<Said>, number: usize, happening: Happening) {
    let id = number.to_string();
    let posted = |outcome| match outcome {
        LogOutcome::Posted { seq } => seq,
        other => panic!("{other:?}"),
    };
    let author = |user: UserId| people().into_iter().find(|person| person.id == user).unwrap();
    match happening {
        Happening::Said { by, mentioned } => {
            let (by, mentions) = (&people()[by], mention(mentioned));
            let event = wire::Event::message(by.clone(), id.clone(), wire::RichText::plain(&id), None);
            let (counts, data) = (true, wire::Json::of(&event));
            let draft = Draft { counts, data, mentions: mentions.clone(), ..message(TEA, by, &id, &id) };
            said.push(Said { seq: posted(commit_one(store, draft).await), by: by.id, mentions });
        }
        Happening::Edited { which, mentioned } if !said.is_empty() => {
            let place = which.index(said.len());
            let Said { seq, by, mentions } = &mut said[place];
            *mentions = mention(mentioned);
            let edit = wire::Amendment::Edit(format!("edited {id}"));
            let edited = commit_one(store, amend(&author(*by), &id, *seq, edit, mentions.clone())).await;
            assert!(matches!(edited, AmendOutcome::Posted { .. }), "{edited:?}");
        }
        Happening::Deleted { which } if !said.is_empty() => {
            let Said { seq, by, .. } = said.remove(which.index(said.len()));
            let delete = wire::Amendment::Delete;
            let deleted = commit_one(store, amend(&author(by), &id, seq, delete, Mentions::default())).await;
            assert!(matches!(deleted, AmendOutcome::Posted { .. }), "{deleted:?}");
        }
        Happening::Edited { .. } | Happening::Deleted { .. } => {}
        Happening::Read { who, seq, back } => {
            let head = whole(store, &wire::Topic::group(TEA)).await.head.0;
            read(store, &people()[who], seq.index(head as usize + 1) as u64, back).await;
        }
    }
}

/// Returns a user's read state as others see it: delivered and read; both ways to ask agree.
async fn seen(store: &Tenant, who: &Person) -> (u64, u64) {
    let standing = store.standing(Conversation::Group(TEA), who.id).await.unwrap().unwrap();
    let roster = store.roster(TEA).await.unwrap().unwrap();
    assert_eq!(roster.member(who.id).unwrap().marks(), standing.marks(who.id));
    (standing.delivered.0, standing.seen.0)
}

pub async fn what_others_see_of_marks_only_moves_on(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    for id in ["1", "2", "3"] {
        say(&store, &ann(), id).await;
    }
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    assert_eq!(seen(&store, &ben()).await, (0, 0), "a new seat has got nothing");
    let delivered = async |seq: u64| {
        let marks = vec![(Conversation::Group(TEA), ben().id, Seq(seq))];
        let moved = commit_one(&store, ReadStateWrite::SetDelivered { marks }).await.states;
        let now = seen(&store, &ben()).await;
        for (conversation, marks) in &moved {
            assert_eq!((*conversation, marks.user), (Conversation::Group(TEA), ben().id));
            assert_eq!((marks.delivered.0, marks.read.0), now);
        }
        (now.0, now.1, moved.len())
    };
    assert_eq!(delivered(2).await, (2, 0, 1));
    assert_eq!(delivered(1).await, (2, 0, 0), "what did not move is not told");
    read(&store, &ben(), 3, false).await;
    assert_eq!(seen(&store, &ben()).await, (3, 3), "what was read was delivered");
    read(&store, &ben(), 1, true).await;
    assert_eq!(mark(&store, &ben()).await.0, 1);
    assert_eq!(seen(&store, &ben()).await, (3, 3), "others do not see that it is unread again");
    assert_eq!(delivered(99).await, (4, 3, 1), "nor past the end");
    assert_eq!(delivered(99).await, (4, 3, 0));
    commit_one(&store, change(TEA, 2, vec![unseated(ben().id)])).await;
    let gone = ReadStateWrite::SetDelivered { marks: vec![(Conversation::Group(TEA), ben().id, Seq(4))] };
    assert_eq!(commit_one(&store, gone).await, ReadStateOutcome::default());
    commit_one(&store, change(TEA, 3, vec![seated(&ben(), Role::Member)])).await;
    assert_eq!(seen(&store, &ben()).await, (0, 0));
}
