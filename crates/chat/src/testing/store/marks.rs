//! Store contract: read marks and unread counts.

use wire::{Conversation, Person, Role, Seq};

use super::Fresh;
use super::writing::{NOW, TEA, change, commit, commit_one, draft, message, seated, unseated, with_tea};
use crate::ports::store::{Amend, Draft, Outcome, Permission, PermissionTo, Sender, Store, Write};
use crate::testing::{ann, ben};

async fn say(store: &dyn Store, who: &Person, id: &str) -> Seq {
    let event = wire::Event::message(who.clone(), id.into(), wire::RichText::plain(id), None);
    let said = Draft { counts: true, data: wire::Json::of(&event), ..message(TEA, who, id, id) };
    match commit_one(store, said).await {
        Outcome::Posted { seq } => seq,
        other => panic!("{other:?}"),
    }
}

async fn read(store: &dyn Store, who: &Person, seq: u64, back: bool) {
    let read = Write::SetRead { conversation: Conversation::Group(TEA), user: who.id, seq: Seq(seq), back };
    assert_eq!(commit_one(store, read).await, Outcome::Done);
}

/// Returns a user's read mark and unread count; both ways to ask agree.
async fn mark(store: &dyn Store, who: &Person) -> (u64, u32) {
    let standing = store.standing(Conversation::Group(TEA), who.id).await.unwrap().unwrap();
    let unread = store.unread(Conversation::Group(TEA), who.id, standing.read).await.unwrap().messages;
    let groups = store.conversations(who.id, 99).await.unwrap().mine;
    assert!(groups.iter().all(|mine| mine.unread == unread), "{groups:?}");
    (standing.read.0, unread)
}

pub async fn messages_of_others_are_unread_until_the_mark_moves(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&*store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    for id in ["1", "2", "3"] {
        say(&*store, &ann(), id).await;
    }
    say(&*store, &ben(), "mine").await;
    assert_eq!(mark(&*store, &ben()).await, (1, 3), "one's own message is not unread");
    assert_eq!(mark(&*store, &ann()).await, (0, 1));
    read(&*store, &ben(), 3, false).await;
    assert_eq!(mark(&*store, &ben()).await, (3, 1));
    read(&*store, &ben(), 2, false).await;
    assert_eq!(mark(&*store, &ben()).await, (3, 1), "a mark does not go back by itself");
    read(&*store, &ben(), 1, true).await;
    assert_eq!(mark(&*store, &ben()).await, (1, 3));
    read(&*store, &ben(), 99, false).await;
    assert_eq!(mark(&*store, &ben()).await, (5, 0), "nor past the end");
}

pub async fn a_new_seat_begins_with_nothing_unread(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    say(&*store, &ann(), "1").await;
    commit_one(&*store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    assert_eq!(mark(&*store, &ben()).await, (2, 0));
    say(&*store, &ann(), "2").await;
    assert_eq!(mark(&*store, &ben()).await, (2, 1));
    commit_one(&*store, change(TEA, 2, vec![unseated(ben().id)])).await;
    read(&*store, &ben(), 3, false).await;
    commit_one(&*store, change(TEA, 3, vec![seated(&ben(), Role::Member)])).await;
    assert_eq!(mark(&*store, &ben()).await, (3, 0));
}

pub async fn notices_and_deleted_messages_are_not_unread(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&*store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    let said = say(&*store, &ann(), "1").await;
    say(&*store, &ann(), "2").await;
    let topic = wire::Topic::group(TEA);
    let notice = draft(&topic, Sender::User(ann().id), "n", "a notice");
    commit(&*store, vec![notice.into()]).await;
    assert_eq!(mark(&*store, &ben()).await, (1, 2));
    let told = crate::rules::change(said, &ann(), &wire::Amendment::Delete, wire::RichText::default());
    let right = Permission {
        conversation: Conversation::Group(TEA),
        user: ann().id,
        to: PermissionTo::Amend,
        now: NOW,
    };
    let gone = Amend {
        target: said,
        by: ann(),
        amendment: wire::Amendment::Delete,
        body: wire::RichText::default(),
        mentions: None,
        news: Draft {
            about: Some(said),
            right: Some(right),
            data: wire::Json::of(&told),
            ..draft(&topic, Sender::User(ann().id), "d", "deleted")
        },
    };
    commit_one(&*store, Write::Amend(gone)).await;
    assert_eq!(mark(&*store, &ben()).await, (1, 1));
}

/// Returns a user's read state as others see it: delivered and read; both ways to ask agree.
async fn seen(store: &dyn Store, who: &Person) -> (u64, u64) {
    let standing = store.standing(Conversation::Group(TEA), who.id).await.unwrap().unwrap();
    let roster = store.roster(TEA).await.unwrap().unwrap();
    assert_eq!(roster.member(who.id).unwrap().marks(), standing.marks(who.id));
    (standing.delivered.0, standing.seen.0)
}

pub async fn what_others_see_of_marks_only_moves_on(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    for id in ["1", "2", "3"] {
        say(&*store, &ann(), id).await;
    }
    commit_one(&*store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    assert_eq!(seen(&*store, &ben()).await, (0, 0), "a new seat has got nothing");
    let delivered = async |seq: u64| {
        let marks = vec![(Conversation::Group(TEA), ben().id, Seq(seq))];
        let Outcome::Delivered { moved } = commit_one(&*store, Write::SetDelivered { marks }).await else {
            panic!("it is about marks");
        };
        let now = seen(&*store, &ben()).await;
        for (conversation, marks) in &moved {
            assert_eq!((*conversation, marks.user), (Conversation::Group(TEA), ben().id));
            assert_eq!((marks.delivered.0, marks.read.0), now);
        }
        (now.0, now.1, moved.len())
    };
    assert_eq!(delivered(2).await, (2, 0, 1));
    assert_eq!(delivered(1).await, (2, 0, 0), "what did not move is not told");
    read(&*store, &ben(), 3, false).await;
    assert_eq!(seen(&*store, &ben()).await, (3, 3), "what was read was delivered");
    read(&*store, &ben(), 1, true).await;
    assert_eq!(mark(&*store, &ben()).await.0, 1);
    assert_eq!(seen(&*store, &ben()).await, (3, 3), "others do not see that it is unread again");
    assert_eq!(delivered(99).await, (4, 3, 1), "nor past the end");
    assert_eq!(delivered(99).await, (4, 3, 0));
    commit_one(&*store, change(TEA, 2, vec![unseated(ben().id)])).await;
    let gone = Write::SetDelivered { marks: vec![(Conversation::Group(TEA), ben().id, Seq(4))] };
    assert_eq!(commit_one(&*store, gone).await, Outcome::Delivered { moved: vec![] });
    commit_one(&*store, change(TEA, 3, vec![seated(&ben(), Role::Member)])).await;
    assert_eq!(seen(&*store, &ben()).await, (0, 0));
}
