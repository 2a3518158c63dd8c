//! Store contract: directs, blocks, people and broadcasts.

use std::collections::BTreeMap;

use wire::{
    Conversation, ConversationSummary, NotificationLevel, Pair, Person, Refusal, Role, Seq, Topic, UserId,
};

use super::writing::{NOW, TEA, batch, change, commit, commit_one, draft, message, seated, with_tea};
use super::{Fresh, Tenant};
use crate::ports::store::{
    CreateAccount, DirectCreation, Done, Draft, LogOutcome, LogWrite, MembershipState, Mentions, Outcome,
    Permission, PermissionTo, ReadStateOutcome, ReadStateWrite, Sender, Unread, UserWrite,
};
use crate::testing::{ann, ben, cal};

fn pair() -> Pair {
    Pair::of(ann().id, ben().id).unwrap()
}

const fn direct(pair: Pair) -> Conversation {
    Conversation::Direct(pair)
}

/// Returns a message in the direct of ann and ben.
fn said(by: &Person, id: &str) -> Draft {
    let right = Permission { conversation: direct(pair()), user: by.id, to: PermissionTo::Speak, now: NOW };
    let said = draft(&Topic::direct(pair()), Sender::User(by.id), id, id);
    Draft { right: Some(right), counts: true, ..said }
}

/// Returns the creation of the direct of ann and ben.
fn creation() -> DirectCreation {
    let told =
        |to: &Person| draft(&Topic::user(to.id), Sender::User(ann().id), &format!("to-{}", to.id), "listed");
    DirectCreation { pair: pair(), news: vec![told(&ben()), told(&ann())] }
}

/// Returns the first message of the direct, by ann.
fn first(id: &str) -> LogWrite {
    LogWrite::PostFirst { draft: said(&ann(), id), creation: creation() }
}

async fn stands(store: &Tenant, who: &Person) -> MembershipState {
    store.standing(direct(pair()), who.id).await.unwrap().unwrap()
}

pub async fn a_direct_is_there_for_its_two_people_only(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    for person in [ann(), ben()] {
        let standing = stands(&store, &person).await;
        assert_eq!(standing, MembershipState { role: Some(Role::Member), ..MembershipState::default() });
    }
    assert_eq!(store.standing(direct(pair()), cal().id).await.unwrap(), None);
    let nobody = Pair::of(ann().id, wire::UserId::from_bytes([0; 10])).unwrap();
    assert_eq!(store.standing(direct(nobody), ann().id).await.unwrap(), None);
    let eavesdropper = Draft {
        right: Some(Permission {
            conversation: direct(pair()),
            user: cal().id,
            to: PermissionTo::Speak,
            now: NOW,
        }),
        ..said(&cal(), "1")
    };
    assert_eq!(commit_one(&store, eavesdropper).await, LogOutcome::Refused(Refusal::NotFound));
}

pub async fn the_first_words_put_a_direct_on_both_lists(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let outcomes = commit(&store, vec![first("hello"), first("hello")]).await;
    let again = LogOutcome::Repeated { seq: Seq(1), at: NOW };
    assert_eq!(outcomes, [LogOutcome::Posted { seq: Seq(1) }, again]);
    for (person, other, unread) in [(ann(), ben(), 0), (ben(), ann(), 1)] {
        let mine = store.conversations(person.id, 99).await.unwrap().mine;
        let mine =
            mine.iter().find(|mine| mine.what == ConversationSummary::direct(pair(), other.clone())).unwrap();
        assert_eq!((mine.unread, mine.mentions, mine.head, mine.at), (unread, unread, Seq(1), NOW));
        assert!(stands(&store, &person).await.listed);
    }
    let read =
        ReadStateWrite::SetRead { conversation: direct(pair()), user: ben().id, seq: Seq(9), back: false };
    commit_one(&store, read).await;
    let standing = stands(&store, &ben()).await;
    assert_eq!(standing.read, Seq(1));
    assert_eq!(store.unread(direct(pair()), ben().id, Seq(1)).await.unwrap(), Unread::default());
    assert_eq!(
        store.unread(direct(pair()), ben().id, Seq::ZERO).await.unwrap(),
        Unread { messages: 1, mentions: 1 }
    );
    assert_eq!((standing.delivered, standing.seen), (Seq(1), Seq(1)));
    commit_one(&store, said(&ann(), "again")).await;
    let marks = vec![(direct(pair()), ben().id, Seq(2))];
    commit_one(&store, ReadStateWrite::SetDelivered { marks }).await;
    let standing = stands(&store, &ben()).await;
    assert_eq!((standing.delivered, standing.seen), (Seq(2), Seq(1)));
    commit_one(&store, UserWrite::Block { by: ann().id, user: ben().id, on: true }).await;
    let marks = vec![(direct(pair()), ann().id, Seq(2))];
    let blocked = commit_one(&store, ReadStateWrite::SetDelivered { marks }).await;
    assert_eq!(blocked, ReadStateOutcome::default(), "neither sees how far the other is");
    commit_one(&store, UserWrite::Block { by: ann().id, user: ben().id, on: false }).await;
    let mine = store.conversations(cal().id, 99).await.unwrap().mine;
    assert_eq!(mine, [], "cal hears nothing of it");
}

pub async fn whoever_is_blocked_says_nothing_direct(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let block = |on| UserWrite::Block { by: ben().id, user: ann().id, on };
    let outcomes = commit(&store, batch![block(true), block(true), first("1")]).await;
    let refused = Outcome::Log(LogOutcome::Refused(Refusal::Blocked));
    assert_eq!(outcomes, [Outcome::Users(Done), Outcome::Users(Done), refused]);
    for person in [ann(), ben()] {
        assert!(!stands(&store, &person).await.listed, "a refused message lists no direct");
    }
    assert_eq!(commit_one(&store, said(&ben(), "1")).await, LogOutcome::Refused(Refusal::Blocked));
    let (anns, bens) = (stands(&store, &ann()).await, stands(&store, &ben()).await);
    assert!(anns.blocked && bens.blocked && bens.blocks && !anns.blocks, "it is ben who blocks");
    assert_eq!(store.blocked(ben().id).await.unwrap(), [ann()]);
    assert_eq!(store.blocked(ann().id).await.unwrap(), []);
    commit_one(&store, message(TEA, &ann(), "2", "but in a group")).await;
    let outcomes = commit(&store, batch![block(false), said(&ann(), "1")]).await;
    assert_eq!(outcomes, [Outcome::Users(Done), Outcome::Log(LogOutcome::Posted { seq: Seq(1) })]);
    assert_eq!(store.blocked(ben().id).await.unwrap(), []);
}

pub async fn people_are_found_by_their_name(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let find = async |words: &str, everyone| store.people(ann().id, words, everyone, None, 9).await.unwrap();
    assert_eq!(find("", false).await, [], "nobody shares a group with ann yet");
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    assert_eq!(find("", false).await, [ben()]);
    assert_eq!(find("BE", false).await, [ben()]);
    assert_eq!(find("ann", true).await, [], "not oneself");
    let login = crate::ports::store::Login::new("cal").unwrap();
    let password = crate::ports::store::PasswordHash("hash".into());
    commit_one(
        &store,
        CreateAccount { user: cal().id, login, password, rank: crate::ports::store::FirstRole::Member },
    )
    .await;
    assert_eq!(find("", false).await, [ben()]);
    assert_eq!(find("", true).await, [ben(), cal()]);
    assert_eq!(find("al", true).await, [cal()]);
    assert_eq!(store.people(ann().id, "", true, None, 1).await.unwrap(), [ben()]);
    let after = store.people(ann().id, "", true, Some(ben().id), 9).await.unwrap();
    assert_eq!(after, [cal()]);
}

pub async fn mentions_are_counted_apart(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    let say = |id: &str, people: Vec<wire::UserId>, everyone| Draft {
        counts: true,
        mentions: Mentions { people, everyone },
        ..message(TEA, &ann(), id, id)
    };
    let drafts = [
        say("nobody", vec![], false),
        say("ben", vec![ben().id, cal().id], false),
        say("all", vec![ben().id], true),
    ];
    for draft in drafts {
        commit_one(&store, draft).await;
    }
    let unread = async |who: UserId| store.unread(Conversation::Group(TEA), who, Seq::ZERO).await.unwrap();
    assert_eq!(unread(ben().id).await, Unread { messages: 3, mentions: 2 });
    assert_eq!(unread(ann().id).await, Unread::default(), "nobody mentions themselves");
    let kept = store.kept(&Topic::group(TEA), Seq(3)).await.unwrap().unwrap();
    assert_eq!(kept.mentions.people.len(), 2);
    assert!(kept.mentions.has(ben().id) && !kept.mentions.everyone);
    let read = ReadStateWrite::SetRead {
        conversation: Conversation::Group(TEA),
        user: ben().id,
        seq: Seq(3),
        back: false,
    };
    commit_one(&store, read).await;
    let mine = store.conversations(ben().id, 99).await.unwrap().mine;
    assert_eq!((mine[0].unread, mine[0].mentions), (1, 1));
}

pub async fn what_a_member_wants_to_be_told_of_is_kept(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, first("hello")).await;
    for conversation in [Conversation::Group(TEA), direct(pair())] {
        let id = format!("{conversation:?}").replace(' ', "");
        let news = draft(&Topic::user(ann().id), Sender::User(ann().id), &id[..12], "preferred");
        let (notify, hidden) = (NotificationLevel::Mentions, true);
        let prefer = UserWrite::SetPreferences { conversation, user: ann().id, notify, hidden, news };
        assert_eq!(commit_one(&store, prefer).await, Done);
        let standing = store.standing(conversation, ann().id).await.unwrap().unwrap();
        assert_eq!((standing.notify, standing.hidden), (NotificationLevel::Mentions, true));
    }
    assert!(store.conversations(ann().id, 99).await.unwrap().mine.iter().all(|mine| mine.hidden));
    assert!(!stands(&store, &ben()).await.hidden, "everyone for themselves");
    let news = draft(&Topic::user(cal().id), Sender::User(cal().id), "1", "preferred");
    let (conversation, notify) = (Conversation::Group(TEA), NotificationLevel::Nothing);
    let stranger = UserWrite::SetPreferences { conversation, user: cal().id, notify, hidden: true, news };
    assert_eq!(commit_one(&store, stranger).await, Done, "without a seat there is nothing to prefer");
}

pub async fn the_refusals_of_a_broadcast_are_kept_once(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let keep = |user, refused: &[(usize, Refusal)]| UserWrite::KeepRefusals {
        user,
        seq: Seq(3),
        refused: refused.to_vec(),
    };
    let muted = Refusal::Muted { minutes: 7 };
    commit_one(&store, keep(ann().id, &[(4, Refusal::NotMember), (120, muted.clone())])).await;
    commit_one(&store, keep(ann().id, &[(4, Refusal::Blocked), (5, Refusal::TooFast { retry_ms: 900 })]))
        .await;
    commit_one(&store, keep(ben().id, &[(1, Refusal::Archived)])).await;
    let kept = store.broadcast_refusals(ann().id, Seq(3)).await.unwrap();
    let expected = [(4, Refusal::NotMember), (5, Refusal::TooFast { retry_ms: 900 }), (120, muted)];
    assert_eq!(kept, BTreeMap::from(expected), "the first refusal of a target stays");
    assert_eq!(store.broadcast_refusals(ann().id, Seq(4)).await.unwrap(), BTreeMap::new());
}
