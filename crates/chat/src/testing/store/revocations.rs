//! Store contract: ended sessions, as every node learns of them.

use std::sync::Arc;

use wire::{ApplicationId, LogKey, Seq, Timestamp, UserKey};

use super::Fresh;
use super::Tenant;
use super::writing::{NOW, batch, commit_one, draft, hash, session, topic, with_people};
use crate::auth::session::TokenHash;
use crate::ports::store::{
    AccountWrite, Checked, Commit, NewSession, REVOCATIONS, Revocation, RevocationSlice, Sender,
    SessionWrite, Sessions, Sweep, Transaction, UserWrite, Write,
};
use crate::testing::{ann, ben, person};

pub async fn every_session_that_ends_is_a_revocation_of_its_commit(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let begin =
        |user, token| SessionWrite::SignIn { user, checked: None, session: session(hash(token), NOW) };
    commit_one(&store, begin(ann().id, 11)).await;
    commit_one(&store, begin(ann().id, 12)).await;
    let first = commit(&store, vec![out(Sessions::One(hash(11))), out(Sessions::Others(hash(1)))], 0).await;
    assert_eq!(first.after, Seq::ZERO);
    assert_eq!(listed(&first), [(1, Sessions::One(hash(11))), (2, Sessions::Others(hash(1)))]);
    assert_eq!(first.head, Seq(2));
    let nothing = commit(&store, vec![out(Sessions::One(hash(11)))], 2).await;
    assert_eq!(
        nothing,
        RevocationSlice { after: Seq(2), entries: vec![], head: Seq(2) },
        "it had ended before"
    );
    let more = commit(&store, vec![out(Sessions::All)], 1).await;
    assert_eq!(listed(&more), [(2, Sessions::Others(hash(1))), (3, Sessions::All)], "all since the position");
}

pub async fn a_refused_write_ends_nothing_and_others_in_its_transaction_do(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let first = SessionWrite::SignIn { user: ann().id, checked: None, session: session(hash(11), NOW) };
    let both = Transaction { first, then: batch![out(Sessions::One(hash(1)))] };
    let slice = commit(&store, vec![both], 0).await;
    assert_eq!(listed(&slice), [(1, Sessions::One(hash(1)))]);
    let refused = AccountWrite::MakeOwner { user: ann().id };
    let both = Transaction { first: refused, then: batch![out(Sessions::All)] };
    assert_eq!(commit(&store, vec![both], 1).await.head, Seq(1), "she has no account");
}

pub async fn a_session_is_read_with_the_newest_revocation(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let read = async |token| store.session(token).await.unwrap().map(|session| session.revocations);
    assert_eq!(read(hash(2)).await, Some(Seq::ZERO));
    commit(&store, vec![out(Sessions::All)], 0).await;
    assert_eq!((read(hash(2)).await, read(hash(1)).await), (Some(Seq(1)), None));
}

pub async fn revocations_are_read_after_the_entries_of_logs(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let news = LogKey::new(ApplicationId::BUILT_IN, topic("news"));
    let writing = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in 0..60_u8 {
                let token = hash(100 + number);
                let begin =
                    SessionWrite::SignIn { user: ann().id, checked: None, session: session(token, NOW) };
                let said = draft(&topic("news"), Sender::Open, &number.to_string(), "x");
                // Each entry is committed after the end of a session.
                for write in batch![begin, out(Sessions::One(token)), said] {
                    commit(&store, vec![write], 0).await;
                }
            }
        })
    };
    let mut seen = Seq::ZERO;
    while seen < Seq(60) {
        let slices = store.store().slices(Arc::new([(news.clone(), seen)]), Seq::ZERO).await.unwrap();
        if let Some(crate::ports::store::LogSlice::Entries(entries)) = slices.logs.first() {
            seen = entries.last().map_or(seen, |(entry, _)| entry.seq);
        }
        assert!(slices.revocations.head >= seen, "{:?} after {seen}", slices.revocations.head);
        tokio::task::yield_now().await;
    }
    writing.await.unwrap();
}

pub async fn expired_sessions_and_removed_guests_are_revocations(fresh: impl Fresh) {
    let store = fresh();
    let (dan, eve) = (person("dan"), person("eve"));
    for (person, token, at) in [(&dan, 31, 0), (&eve, 32, 100)] {
        let session = session(hash(token), Timestamp(at));
        commit_one(&store, UserWrite::CreateGuest { person: person.clone(), session }).await;
    }
    let sweep = |sweep: Sweep| Sweep { at: NOW, ..sweep };
    let gone = sweep(Sweep { sessions_seen_before: Timestamp(50), ..Sweep::default() });
    assert_eq!(listed(&commit(&store, vec![gone], 0).await), [(1, Sessions::One(hash(31)))]);
    let gone = sweep(Sweep { guests_before: Timestamp(200), guests: 9, ..Sweep::default() });
    let slice = commit(&store, vec![gone], 1).await;
    let ended = slice.entries.iter().flat_map(|(_, ended)| ended);
    let mut users: Vec<_> = ended
        .map(|ended| match ended {
            Revocation::Sessions { user, which: Sessions::All } => user.user,
            other => panic!("{other:?}"),
        })
        .collect();
    users.sort();
    let mut both = vec![dan.id, eve.id];
    both.sort();
    assert_eq!(users, both);
}

pub async fn revocations_are_kept_for_a_time_and_a_position_before_them_hears_it(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    for number in 0..5 {
        end_one(&store, number, Timestamp(i64::from(number))).await;
    }
    let trim = |before| Sweep { revocations_before: Timestamp(before), ..Sweep::default() };
    let slice = commit(&store, vec![trim(3)], 0).await;
    assert_eq!(
        (slice.after, slice.head),
        (Seq(3), Seq(5)),
        "those before the fourth may have ended any session"
    );
    assert_eq!(slice.entries.iter().map(|(seq, _)| seq.0).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(commit(&store, Vec::<Write>::new(), 4).await.after, Seq(4));
    let slice = commit(&store, vec![trim(1_000)], 0).await;
    assert_eq!((slice.after, slice.entries.len(), slice.head), (Seq(4), 1, Seq(5)), "the newest stays");
    end_one(&store, 5, NOW).await;
    let slice = commit(&store, Vec::<Write>::new(), 5).await;
    assert_eq!((slice.after, slice.entries.len(), slice.head), (Seq(5), 1, Seq(6)), "none is counted twice");
}

pub async fn a_position_that_is_too_old_hears_only_that(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let last = u32::try_from(REVOCATIONS).unwrap() + 1;
    let mut writes = Vec::new();
    for number in 0..last {
        let token = token(number);
        writes.push(SessionWrite::SignIn { user: ann().id, checked: None, session: session(token, NOW) });
        writes.push(out(Sessions::One(token)));
    }
    let slice = commit(&store, writes, 0).await;
    let head = Seq(u64::from(last));
    assert_eq!(slice, RevocationSlice { after: head, entries: vec![], head });
    assert_eq!(
        commit(&store, Vec::<Write>::new(), 1).await.entries.len(),
        usize::try_from(REVOCATIONS).unwrap()
    );
}

/// Begins a session and ends it at a time.
async fn end_one(store: &Tenant, number: u32, at: Timestamp) {
    let token = token(number);
    let begin = SessionWrite::SignIn {
        user: ann().id,
        checked: None,
        session: NewSession { token, label: String::new(), at },
    };
    commit_one(store, begin).await;
    let out = SessionWrite::SignOut { user: ann().id, which: Sessions::One(token), at };
    assert_eq!(commit_one(store, out).await, Checked::Done);
}

fn token(number: u32) -> TokenHash {
    let mut token = [0x55; 32];
    token[..4].copy_from_slice(&number.to_be_bytes());
    TokenHash(token)
}

fn out(which: Sessions) -> SessionWrite {
    SessionWrite::SignOut { user: ann().id, which, at: NOW }
}

/// Commits in the first application alone; returns the revocations after a position.
async fn commit(store: &Tenant, writes: Vec<impl Into<Write>>, after: u64) -> RevocationSlice {
    let application = ApplicationId::BUILT_IN;
    let commits = writes.into_iter().map(|write| Commit { application, write: write.into() }).collect();
    store.store().commit(commits, Seq(after)).await.unwrap().revocations
}

/// Returns the ended sessions of ann, each with its Seq.
fn listed(slice: &RevocationSlice) -> Vec<(u64, Sessions)> {
    let all = slice.entries.iter().flat_map(|(seq, ended)| ended.iter().map(move |ended| (seq, ended)));
    all.map(|(seq, revocation)| {
        let Revocation::Sessions { user, which } = *revocation else { panic!("{revocation:?}") };
        assert_eq!(user.application, ApplicationId::BUILT_IN);
        assert_ne!(user, UserKey { application: ApplicationId::BUILT_IN, user: ben().id });
        (seq.0, which)
    })
    .collect()
}
