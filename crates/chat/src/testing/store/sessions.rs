//! Store contract: sessions.

use wire::{ApplicationId, Person, PersonName, Seq, Timestamp, UserId};

use super::Fresh;
use super::writing::{batch, commit, commit_one, hash, session, with_people};
use crate::auth::session::{Session, TokenHash};
use crate::ports::store::{Checked, Done, Outcome, SessionWrite, UserWrite};
use crate::testing::ann;

pub async fn a_session_is_found_by_its_token(fresh: impl Fresh) {
    let store = fresh();
    let zoe = Person {
        id: UserId::from_bytes([0xff; 10]), name: PersonName::new("Zoë 👩‍💻 O'Neil").unwrap()
    };
    let at = Timestamp(1_000);
    let introduce = UserWrite::CreateGuest { person: zoe.clone(), session: session(hash(9), at) };
    assert_eq!(commit_one(&store, introduce).await, Done);
    let application = ApplicationId::BUILT_IN;
    let expected =
        Session { application, person: zoe, since: at, seen: at, linked: None, revocations: Seq::ZERO };
    assert_eq!(store.session(hash(9)).await.unwrap(), Some(expected));
}

pub async fn a_touch_moves_only_when_it_was_seen(fresh: impl Fresh) {
    let store = fresh();
    let (at, later) = (Timestamp(1_000), Timestamp(2_000));
    let introduce = |token| UserWrite::CreateGuest {
        person: Person { id: UserId::from_bytes([token; 10]), ..ann() },
        session: session(hash(token), at),
    };
    let touch = SessionWrite::Touch { token: hash(1), at: later };
    let outcomes = commit(&store, batch![introduce(1), introduce(2), touch]).await;
    let touched = Outcome::Sessions(Checked::Done);
    assert_eq!(outcomes, [Outcome::Users(Done), Outcome::Users(Done), touched]);
    let touched = store.session(hash(1)).await.unwrap().unwrap();
    assert_eq!((touched.since, touched.seen), (at, later));
    let other = store.session(hash(2)).await.unwrap().unwrap();
    assert_eq!((other.since, other.seen), (at, at));
}

pub async fn a_session_that_began_in_the_future_begins_when_it_is_touched(fresh: impl Fresh) {
    let store = fresh();
    let introduce = UserWrite::CreateGuest { person: ann(), session: session(hash(1), Timestamp(9_000)) };
    commit(&store, batch![introduce, SessionWrite::Touch { token: hash(1), at: Timestamp(2_000) }]).await;
    let touched = store.session(hash(1)).await.unwrap().unwrap();
    assert_eq!((touched.since, touched.seen), (Timestamp(2_000), Timestamp(2_000)));
}

pub async fn an_unknown_token_is_nobody(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let near = TokenHash(std::array::from_fn(|place| if place == 31 { 0 } else { 1 }));
    assert_eq!(store.session(near).await.unwrap(), None);
    let touch = SessionWrite::Touch { token: near, at: Timestamp(1) };
    assert_eq!(commit_one(&store, touch).await, Checked::Done);
    assert_eq!(store.session(near).await.unwrap(), None);
}

pub async fn one_name_may_be_two_people(fresh: impl Fresh) {
    let store = fresh();
    for token in [1, 2] {
        let person = Person { id: UserId::from_bytes([token; 10]), ..ann() };
        let introduce =
            UserWrite::CreateGuest { person: person.clone(), session: session(hash(token), Timestamp(0)) };
        commit_one(&store, introduce).await;
        assert_eq!(store.session(hash(token)).await.unwrap().unwrap().person, person);
    }
}
