//! Adding users to groups.

use chat::testing::{Node, User};
use chat::{Caller, Error};
use futures::future::join_all;
use wire::{GroupId, Refusal, Role, Setting, Topic};

fn refusal<T>(answer: Result<T, Error>) -> Option<Refusal> {
    match answer {
        Ok(_) => None,
        Err(Error::Refusal(refusal)) => Some(refusal),
        Err(Error::Fault(fault)) => panic!("{fault}"),
    }
}

async fn add(node: &Node, by: &User, group: GroupId, person: &User) -> Option<Refusal> {
    refusal(node.chat.add_member(by, group, person.id).await)
}

async fn write(node: &Node, from: &User, to: &User) {
    let topic = Topic::direct(wire::Pair::of(from.id, to.id).unwrap());
    node.chat.post(from, topic, node.chat.new_send_id(), "hello", None).await.unwrap();
}

#[tokio::test]
async fn nobody_is_put_into_a_group_by_a_stranger() {
    let node = Node::volatile();
    let (eve, noor) = (node.introduce("eve").await, node.introduce("نور").await);
    let trap = node.group(&eve, "trap").await;
    assert_eq!(add(&node, &eve, trap, &noor).await, Some(Refusal::NoContact));
    write(&node, &eve, &noor).await;
    assert_eq!(add(&node, &eve, trap, &noor).await, Some(Refusal::NoContact), "noor has not answered");
    let gathered = node.chat.create_group_with(&eve, "us", &[noor.id]).await;
    assert_eq!(refusal(gathered), Some(Refusal::NoContact));
    write(&node, &noor, &eve).await;
    assert_eq!(add(&node, &eve, trap, &noor).await, None);

    let owner = node.introduce("owner").await;
    node.chat.create_account(&owner, "correct horse battery").await.unwrap();
    let all = node.group(&owner, "all").await;
    assert_eq!(add(&node, &owner, all, &noor).await, None, "who manages the server adds everybody");
}

#[tokio::test]
async fn groups_that_others_added_somebody_to_leave_them_room_for_their_own() {
    let node = Node::volatile();
    let (eve, noor) = (node.introduce("eve").await, node.introduce("نور").await);
    node.acquaint(&eve, &noor).await;
    let mut traps = Vec::new();
    for n in 0..60 {
        traps.push(node.group(&eve, &format!("trap {n}")).await);
    }
    let added = join_all(traps.iter().map(|trap| add(&node, &eve, *trap, &noor))).await;
    assert_eq!(added.iter().filter(|refused| refused.is_none()).count(), 20, "however many at once");
    assert!(added.iter().flatten().all(|refused| *refused == Refusal::AddedTooOften));
    node.clock.advance(24 * 60 * 60_000);
    assert_eq!(add(&node, &eve, traps[59], &noor).await, Some(Refusal::AddedTooOften), "also tomorrow");
    let own = node.group(&noor, "my own").await;
    assert_eq!(refusal(node.chat.leave(&noor, traps[0]).await), None);
    assert!(node.chat.overview(&noor).await.unwrap().mine.len() < 25);
    let caller = noor.caller();
    assert!(node.chat.history(&caller, &Topic::group(own), chat::store::Range::default()).await.is_ok());
}

#[tokio::test]
async fn the_invites_of_an_admin_who_was_removed_banned_or_made_a_member_let_nobody_in() {
    for end in ["remove", "ban", "demote", "leave"] {
        let node = Node::volatile();
        let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
        let tea = node.group(&ann, "tea").await;
        node.chat.join(&ben, tea, None).await.unwrap();
        node.chat.set_role(&ann, tea, ben.id, Role::Admin).await.unwrap();
        let (bens, anns) = (
            node.chat.create_invite(&ben, tea, 0, 0).await.unwrap(),
            node.chat.create_invite(&ann, tea, 0, 0).await.unwrap(),
        );
        node.chat
            .update_settings(&ann, tea, vec![Setting::JoinPolicy(wire::JoinPolicy::Invite)])
            .await
            .unwrap();
        match end {
            "remove" => node.chat.remove_member(&ann, tea, ben.id, false).await.unwrap(),
            "ban" => node.chat.remove_member(&ann, tea, ben.id, true).await.unwrap(),
            "demote" => node.chat.set_role(&ann, tea, ben.id, Role::Member).await.unwrap(),
            _ => node.chat.leave(&ben, tea).await.map(|_| ()).unwrap(),
        }
        let cal = node.introduce("cal").await;
        let come = async |invite| refusal(node.chat.join(&cal, tea, Some(invite)).await);
        assert_eq!(come(bens).await, Some(Refusal::InviteOver), "{end}");
        assert_eq!(come(anns).await, None, "{end}");
    }
}

#[tokio::test]
async fn a_clock_that_steps_back_makes_no_mute_invite_slow_mode_or_link_last_longer() {
    let hour = 3_600_000;
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    node.chat.create_account(&ann, "correct horse battery").await.unwrap();
    let tea = node.group(&ann, "tea").await;
    node.chat.join(&ben, tea, None).await.unwrap();
    let say = async || {
        let id = node.chat.new_send_id();
        refusal(node.chat.post(&ben, Topic::group(tea), id, "hello", None).await)
    };
    node.chat.update_settings(&ann, tea, vec![Setting::SlowS(60)]).await.unwrap();
    assert_eq!(say().await, None);
    let (invite, link) = (
        node.chat.create_invite(&ann, tea, 10, 0).await.unwrap(),
        node.chat.create_password_reset_by_name(&Caller::operator(), "ann").await.unwrap(),
    );
    node.clock.step(-hour);
    assert_eq!(say().await, Some(Refusal::TooFast { retry_ms: 60_000 }));
    node.clock.advance(60_000);
    assert_eq!(say().await, None);
    node.chat.mute(&ann, tea, ben.id, 5).await.unwrap();
    node.clock.step(-hour);
    assert_eq!(say().await, Some(Refusal::Muted { minutes: 5 }));
    node.clock.advance(5 * 60_000);
    assert_eq!(say().await, None);
    node.clock.advance(4 * 60_000);
    let cal = node.introduce("cal").await;
    assert_eq!(refusal(node.chat.join(&cal, tea, Some(invite)).await), Some(Refusal::InviteOver));
    node.clock.advance(24 * hour - 10 * 60_000 - 1);
    assert!(node.chat.reset_of(&Caller::default(), &link).await.is_ok());
    node.clock.advance(1);
    assert_eq!(refusal(node.chat.reset_of(&Caller::default(), &link).await), Some(Refusal::ResetOver));
    // Rate limits are durations as well.
    node.clock.step(-hour);
    assert_eq!(say().await, None);
    node.clock.step(4 * hour);
    assert_eq!(say().await, None);
}
