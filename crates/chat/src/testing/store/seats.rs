//! Store contract: sending needs a membership.

use wire::{GroupId, Refusal, Role, Seq, Topic};

use super::Fresh;
use super::writing::{
    NOW, TEA, batch, change, commit, commit_one, message, seated, texts, topic, unseated, whole, with_tea,
};
use crate::ports::store::{Checked, Draft, LogOutcome, Outcome, Sender};
use crate::testing::{ann, ben, cal};

pub async fn without_a_seat_nothing_is_posted(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let no_group = GroupId::from_bytes([0; wire::ID_BYTES]);
    assert_eq!(
        commit_one(&store, message(TEA, &ben(), "1", "hello")).await,
        LogOutcome::Refused(Refusal::NotMember)
    );
    assert_eq!(
        commit_one(&store, message(no_group, &ann(), "1", "hello")).await,
        LogOutcome::Refused(Refusal::NotFound)
    );
    assert_eq!(whole(&store, &Topic::group(no_group)).await.head, Seq::ZERO);
    assert_eq!(texts(&store, &Topic::group(TEA)).await, ["created"]);
    // A refused draft has not used its id.
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    let posted = commit_one(&store, message(TEA, &ben(), "1", "other words")).await;
    assert_eq!(posted, LogOutcome::Posted { seq: Seq(2) });
}

pub async fn who_left_earlier_in_the_batch_posts_nothing(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    let writes = batch![
        message(TEA, &ben(), "1", "still here"),
        change(TEA, 2, vec![unseated(ben().id)]),
        message(TEA, &ben(), "2", "gone"),
        message(TEA, &ann(), "2", "bye ben"),
    ];
    let outcomes = commit(&store, writes).await;
    let posted = |seq| Outcome::Log(LogOutcome::Posted { seq: Seq(seq) });
    let refused = Outcome::Log(LogOutcome::Refused(Refusal::NotMember));
    assert_eq!(outcomes, [posted(2), Outcome::Groups(Checked::Done), refused, posted(3)]);
    assert_eq!(texts(&store, &Topic::group(TEA)).await, ["created", "still here", "bye ben"]);
    assert_eq!(
        commit_one(&store, message(TEA, &ben(), "3", "gone")).await,
        LogOutcome::Refused(Refusal::NotMember)
    );
}

pub async fn who_joined_earlier_in_the_batch_posts(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let writes = batch![
        message(TEA, &ben(), "1", "too early"),
        change(TEA, 1, vec![seated(&ben(), Role::Member)]),
        message(TEA, &ben(), "2", "hello"),
        message(TEA, &cal(), "1", "not me"),
    ];
    let outcomes = commit(&store, writes).await;
    let refused = Outcome::Log(LogOutcome::Refused(Refusal::NotMember));
    let posted = Outcome::Log(LogOutcome::Posted { seq: Seq(2) });
    assert_eq!(outcomes, [refused.clone(), Outcome::Groups(Checked::Done), posted, refused]);
}

pub async fn a_retry_is_answered_even_after_the_seat_is_gone(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    let hello = message(TEA, &ben(), "1", "hello");
    commit_one(&store, hello.clone()).await;
    commit_one(&store, change(TEA, 2, vec![unseated(ben().id)])).await;
    assert_eq!(commit_one(&store, hello).await, LogOutcome::Repeated { seq: Seq(2), at: NOW });
    // The draft names its permission's conversation, whatever topic it goes to.
    let aside = Draft { topic: topic("aside"), sender: Sender::Open, ..message(TEA, &ben(), "2", "x") };
    assert_eq!(commit_one(&store, aside).await, LogOutcome::Refused(Refusal::NotMember));
}
