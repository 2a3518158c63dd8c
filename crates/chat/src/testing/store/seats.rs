//! Store contract: sending needs a membership.

use wire::{GroupId, Refusal, Role, Seq, Topic};

use super::Fresh;
use super::writing::{
    NOW, TEA, change, commit, commit_one, message, seated, texts, topic, unseated, whole, with_tea,
};
use crate::ports::store::{Draft, Outcome, Sender};
use crate::testing::{ann, ben, cal};

pub async fn without_a_seat_nothing_is_posted(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let no_group = GroupId::from_bytes([0; wire::ID_BYTES]);
    assert_eq!(
        commit_one(&store, message(TEA, &ben(), "1", "hello")).await,
        Outcome::Refused(Refusal::NotMember)
    );
    assert_eq!(
        commit_one(&store, message(no_group, &ann(), "1", "hello")).await,
        Outcome::Refused(Refusal::NotFound)
    );
    assert_eq!(whole(&store, &Topic::group(no_group)).await.head, Seq::ZERO);
    assert_eq!(texts(&store, &Topic::group(TEA)).await, ["created"]);
    // A refused draft has not used its id.
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    let posted = commit_one(&store, message(TEA, &ben(), "1", "other words")).await;
    assert_eq!(posted, Outcome::Posted { seq: Seq(2) });
}

pub async fn who_left_earlier_in_the_batch_posts_nothing(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    let writes = vec![
        message(TEA, &ben(), "1", "still here").into(),
        change(TEA, 2, vec![unseated(ben().id)]).into(),
        message(TEA, &ben(), "2", "gone").into(),
        message(TEA, &ann(), "2", "bye ben").into(),
    ];
    let outcomes = commit(&store, writes).await;
    let posted = |seq| Outcome::Posted { seq: Seq(seq) };
    assert_eq!(outcomes, [posted(2), Outcome::Done, Outcome::Refused(Refusal::NotMember), posted(3)]);
    assert_eq!(texts(&store, &Topic::group(TEA)).await, ["created", "still here", "bye ben"]);
    assert_eq!(
        commit_one(&store, message(TEA, &ben(), "3", "gone")).await,
        Outcome::Refused(Refusal::NotMember)
    );
}

pub async fn who_joined_earlier_in_the_batch_posts(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let writes = vec![
        message(TEA, &ben(), "1", "too early").into(),
        change(TEA, 1, vec![seated(&ben(), Role::Member)]).into(),
        message(TEA, &ben(), "2", "hello").into(),
        message(TEA, &cal(), "1", "not me").into(),
    ];
    let outcomes = commit(&store, writes).await;
    let changed = Outcome::Done;
    assert_eq!(
        outcomes,
        [
            Outcome::Refused(Refusal::NotMember),
            changed,
            Outcome::Posted { seq: Seq(2) },
            Outcome::Refused(Refusal::NotMember)
        ]
    );
}

pub async fn a_retry_is_answered_even_after_the_seat_is_gone(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    let hello = message(TEA, &ben(), "1", "hello");
    commit_one(&store, hello.clone()).await;
    commit_one(&store, change(TEA, 2, vec![unseated(ben().id)])).await;
    assert_eq!(commit_one(&store, hello).await, Outcome::Repeated { seq: Seq(2), at: NOW });
    // The draft names its permission's conversation, whatever topic it goes to.
    let aside = Draft { topic: topic("aside"), sender: Sender::Open, ..message(TEA, &ben(), "2", "x") };
    assert_eq!(commit_one(&store, aside).await, Outcome::Refused(Refusal::NotMember));
}
