//! Store contract: attempts and the sweep.

use wire::{Invite, InviteId, Role, Timestamp, UserId};

use super::Fresh;
use super::writing::{
    NOW, TEA, batch, change, commit, commit_one, draft, hash, seated, session, with_people, with_tea,
};
use crate::ports::store::{
    AccountWrite, Attempt, AttemptKey, AttemptOutcome, AttemptWrite, CreateAccount, Fact, Login, NewMembers,
    Outcome, PasswordHash, Sender, SessionWrite, Sweep, Swept, UserWrite,
};
use crate::testing::{ann, ben, cal, person};

const WINDOW_MS: i64 = 1_000;

fn key(name: &str) -> AttemptKey {
    AttemptKey::of(&[name.as_bytes()])
}

/// Takes one attempt in each of these windows, of two attempts each, at a number of milliseconds from now.
fn take(names: &[&str], at: i64) -> AttemptWrite {
    let attempt = |name: &&str| Attempt { key: key(name), max: 2, window_ms: WINDOW_MS };
    AttemptWrite::Take { attempts: names.iter().map(attempt).collect(), at: Timestamp(NOW.0 + at) }
}

pub async fn only_so_many_attempts_are_taken_within_a_window(fresh: impl Fresh) {
    let store = fresh();
    let writes =
        vec![take(&["a"], 0), take(&["a"], 400), take(&["a"], 999), take(&["a"], 1_000), take(&["a"], 1_000)];
    let outcomes = commit(&store, writes).await;
    let (done, wait) = (AttemptOutcome::Done, |wait_ms| AttemptOutcome::Exhausted { wait_ms });
    assert_eq!(outcomes, [done, done, wait(1), done, wait(400)], "the window slides");
    let writes =
        vec![take(&["b", "a"], 1_100), take(&["b"], 1_100), take(&["b"], 1_100), take(&["b"], 1_100)];
    let outcomes = commit(&store, writes).await;
    assert_eq!(outcomes, [wait(300), done, done, wait(1_000)], "all windows have room, or none is used");
    assert_eq!(commit_one(&store, take(&[], 0)).await, AttemptOutcome::Done);
}

pub async fn an_attempt_that_is_given_back_does_not_count(fresh: impl Fresh) {
    let store = fresh();
    let give_back = |name| AttemptWrite::Return { attempts: vec![key(name)] };
    let writes = vec![
        take(&["a"], 0),
        take(&["a"], 1),
        give_back("a"),
        give_back("never"),
        take(&["a"], 2),
        take(&["a"], 3),
    ];
    let outcomes = commit(&store, writes).await;
    let full = AttemptOutcome::Exhausted { wait_ms: 997 };
    let done = AttemptOutcome::Done;
    assert_eq!(outcomes, [done, done, done, done, done, full]);
}

pub async fn a_clock_that_is_set_back_makes_no_window_longer(fresh: impl Fresh) {
    let store = fresh();
    let hour = 3_600_000;
    commit(&store, vec![take(&["a"], hour), take(&["a"], hour)]).await;
    assert_eq!(commit_one(&store, take(&["a"], 0)).await, AttemptOutcome::Exhausted { wait_ms: WINDOW_MS });
    assert_eq!(commit_one(&store, take(&["a"], WINDOW_MS)).await, AttemptOutcome::Done);
}

pub async fn attempts_that_are_over_are_swept(fresh: impl Fresh) {
    let store = fresh();
    let sweep = |before: i64| Sweep { attempts_before: Timestamp(NOW.0 + before), ..Sweep::default() };
    let writes = batch![take(&["a"], 0), take(&["a"], 5), sweep(5), take(&["a"], 6), take(&["a"], 6)];
    let outcomes = commit(&store, writes).await;
    let swept = Outcome::Sweep(Swept { guests: vec![] });
    let [done, full] =
        [AttemptOutcome::Done, AttemptOutcome::Exhausted { wait_ms: 999 }].map(Outcome::Attempts);
    assert_eq!(outcomes, [done.clone(), done.clone(), swept, done, full]);
}

pub async fn links_and_invites_that_nobody_can_use_are_swept(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let (login, password) = (Login::new("ann").unwrap(), PasswordHash("hash".into()));
    let claim =
        CreateAccount { user: ann().id, login, password, rank: crate::ports::store::FirstRole::Member };
    let offer = |token, until| AccountWrite::CreateReset {
        token: hash(token),
        user: ann().id,
        by: None,
        until: Timestamp(NOW.0 + until),
    };
    let invite = |id, until: Option<i64>, uses| {
        let until = until.map(|until| Timestamp(NOW.0 + until));
        Invite { id: InviteId::from_bytes([id; 10]), by: ann(), until, uses }
    };
    let kept = [
        invite(1, Some(10), Some(1)),
        invite(2, None, None),
        invite(3, Some(10), None),
        invite(4, None, Some(2)),
    ];
    let over = [
        invite(5, Some(9), None),
        invite(6, Some(9), Some(1)),
        invite(7, None, Some(0)),
        invite(8, Some(90), Some(0)),
    ];
    let facts = kept.iter().chain(&over).cloned().map(Fact::Invited).collect();
    let sweep = Sweep { links_before: Timestamp(NOW.0 + 10), ..Sweep::default() };
    commit(&store, batch![claim, offer(20, 9), offer(21, 10), change(TEA, 1, facts), sweep]).await;
    assert_eq!(store.reset(hash(20)).await.unwrap(), None);
    assert_eq!(store.reset(hash(21)).await.unwrap(), Some((ann().id, Timestamp(NOW.0 + 10))));
    assert_eq!(store.roster(TEA).await.unwrap().unwrap().invites, kept);
}

pub async fn guests_who_never_did_anything_are_removed(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    // ann is in a group; ben, who came with her, has blocked cal.
    commit_one(&store, UserWrite::Block { by: ben().id, user: cal().id, on: true }).await;
    let guests = ["idle", "visitor", "writer", "member", "claimer"].map(person);
    for (guest, token) in guests.iter().zip(10..) {
        let session = session(hash(token), Timestamp(NOW.0 + i64::from(token)));
        commit_one(&store, UserWrite::CreateGuest { person: guest.clone(), session }).await;
    }
    let [idle, visitor, writer, member, claimer] = &guests;
    let open = draft(&wire::Topic::user(ann().id), Sender::User(writer.id), "1", "once");
    let (login, password) = (Login::new("claimer").unwrap(), PasswordHash("hash".into()));
    let later = Timestamp(NOW.0 + 1_000);
    let writes = batch![
        open,
        change(TEA, 1, vec![seated(member, Role::Member)]),
        CreateAccount { user: claimer.id, login, password, rank: crate::ports::store::FirstRole::Member },
        SessionWrite::Touch { token: hash(11), at: later },
    ];
    commit(&store, writes).await;
    let sweep =
        |before: i64, guests| Sweep { guests_before: Timestamp(NOW.0 + before), guests, ..Sweep::default() };
    assert_eq!(commit_one(&store, sweep(0, 100)).await, Swept { guests: vec![] }, "all came later");
    assert_eq!(commit_one(&store, sweep(500, 100)).await, Swept { guests: vec![idle.id] });
    assert_eq!(store.person(idle.id).await.unwrap(), None);
    assert_eq!(store.session(hash(10)).await.unwrap(), None);
    assert_eq!(commit_one(&store, sweep(1_000, 100)).await, Swept { guests: vec![] });
    assert_eq!(commit_one(&store, sweep(1_001, 100)).await, Swept { guests: vec![visitor.id] });
    for kept in [&ann(), &ben(), &cal(), writer, member, claimer] {
        assert_eq!(store.person(kept.id).await.unwrap().as_ref(), Some(kept));
    }
}

pub async fn a_sweep_looks_at_so_many_guests(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let sweep = || Sweep { guests_before: Timestamp(NOW.0 + 1), guests: 2, ..Sweep::default() };
    let mut gone = Vec::new();
    for expected in [2, 1, 0] {
        let Swept { guests } = commit_one(&store, sweep()).await;
        assert_eq!(guests.len(), expected);
        gone.extend(guests);
    }
    gone.sort_unstable();
    let mut all = [ann().id, ben().id, cal().id];
    all.sort_unstable();
    assert_eq!(gone, all);
}

pub async fn seats_that_others_gave_are_counted_apart(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let nobody = UserId::from_bytes([0; 10]);
    assert_eq!(store.seats(ben().id, ann().id).await.unwrap(), NewMembers::default());
    assert!(!store.share_group(ann().id, ben().id).await.unwrap());
    let given = vec![seated(&ben(), Role::Member), Fact::AddedBy { to: ben().id, by: ann().id }];
    commit_one(&store, change(TEA, 1, given)).await;
    assert!(store.share_group(ann().id, ben().id).await.unwrap());
    assert!(!store.share_group(ann().id, nobody).await.unwrap());
    assert_eq!(
        store.seats(ben().id, ann().id).await.unwrap(),
        NewMembers { taken: 0, given: 1, given_by: 1 }
    );
    assert_eq!(
        store.seats(ben().id, cal().id).await.unwrap(),
        NewMembers { taken: 0, given: 1, given_by: 0 }
    );
    assert_eq!(
        store.seats(ann().id, ben().id).await.unwrap(),
        NewMembers { taken: 1, given: 0, given_by: 0 }
    );
    commit_one(&store, change(TEA, 2, vec![Fact::MemberRemoved(ben().id)])).await;
    commit_one(&store, change(TEA, 3, vec![seated(&ben(), Role::Member)])).await;
    assert_eq!(
        store.seats(ben().id, ann().id).await.unwrap(),
        NewMembers { taken: 1, given: 0, given_by: 0 }
    );
}

pub async fn sessions_that_have_expired_are_swept(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let begin = |token, at: i64| SessionWrite::SignIn {
        user: ann().id,
        checked: None,
        session: session(hash(token), Timestamp(NOW.0 + at)),
    };
    let touch = |token, at: i64| SessionWrite::Touch { token: hash(token), at: Timestamp(NOW.0 + at) };
    commit(&store, vec![begin(10, -50), begin(11, -50), touch(11, 40), begin(12, 30), touch(12, 40)]).await;
    let sweep = |seen: i64, begun: i64| Sweep {
        sessions_seen_before: Timestamp(NOW.0 + seen),
        sessions_begun_before: Timestamp(NOW.0 + begun),
        ..Sweep::default()
    };
    let left = async || {
        let sessions = store.sessions(ann().id).await.unwrap();
        sessions.iter().map(|session| session.token.0[0]).collect::<Vec<_>>()
    };
    commit_one(&store, sweep(-50, -50)).await;
    assert_eq!(left().await, [12, 11, 10, 1], "what is as old as the bound stays");
    commit_one(&store, sweep(-49, -50)).await;
    assert_eq!(left().await, [12, 11, 1], "one that nobody has used");
    commit_one(&store, sweep(0, -49)).await;
    assert_eq!(left().await, [12, 1], "and one that began long ago");
    assert_eq!(store.session(hash(11)).await.unwrap(), None);
    assert_eq!(store.sessions(ben().id).await.unwrap().len(), 1);
}
