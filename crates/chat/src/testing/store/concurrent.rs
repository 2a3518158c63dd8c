//! Store contract: two nodes that commit at the same time.
//!
//! Each case gets two stores over the same facts: two connections to one database, or one store twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wire::{ApplicationId, GroupId, Json, LogKey, Person, Role, Seq, Timestamp, Topic};

use super::writing::{NOW, draft, founding, hash, message, seated, session, topic, unseated};
use crate::names::{ExternalKey, Login};
use crate::ports::store::{
    Attempt, AttemptKey, AttemptOutcome, AttemptWrite, Checked, ClaimJobs, Commit, Committed, CreateAccount,
    CreateAccountOutcome, Draft, Ends, FirstRole, GroupChange, JobId, JobKind, JobQueue, JobWrite, LeaseId,
    LogOutcome, LogWrite, NewJob, Outcome, PasswordHash, Position, PutUser, PutUserOutcome, Range, Sender,
    SessionWrite, Sessions, Store, TypedWrite, UserWrite, Version, Write,
};
use crate::testing::{ann, ben, cal, person};

/// Two stores over the same facts.
pub type Pair = [Arc<dyn Store>; 2];

const TEA: GroupId = GroupId::from_bytes(*b"..tea.....");
const HERE: ApplicationId = ApplicationId::BUILT_IN;

/// Makes a test of each case. Takes a factory of pairs of stores.
///
/// The crate that calls it needs tokio with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! concurrent_contract {
    ($fresh:expr) => {
        $crate::concurrent_contract! { $fresh;
            entries_of_two_nodes_in_one_log_have_one_order
            of_two_sends_with_one_id_one_is_posted
            a_batch_with_a_repeat_keeps_its_other_entries
            whoever_is_removed_on_one_node_posts_nothing_later_on_another
            of_two_changes_of_one_version_one_is_made
            positions_are_followed_without_a_gap
            a_commit_returns_every_revocation_from_before_its_entries
            a_key_a_login_and_the_owner_are_given_once
            a_job_is_claimed_once
            only_so_many_attempts_are_taken_on_all_nodes_together
            logs_of_many_topics_are_locked_in_any_order;
        }
    };
    ($fresh:expr; $($case:ident)*;) => {
        mod concurrent {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $case() {
                    $crate::testing::store::concurrent::$case($fresh()).await;
                }
            )*
        }
    };
}

async fn commit_all(store: &dyn Store, writes: Vec<Write>) -> Committed {
    let commits = writes.into_iter().map(|write| Commit { application: HERE, write }).collect();
    store.commit(commits, Seq::ZERO).await.unwrap()
}

async fn commit<W: TypedWrite>(store: &dyn Store, write: W) -> W::Outcome {
    let committed = commit_all(store, vec![write.into()]).await;
    W::outcome(committed.outcomes.into_iter().next().unwrap()).unwrap()
}

async fn with_people(store: &dyn Store) {
    for (person, token) in [(ann(), 1), (ben(), 2), (cal(), 3)] {
        commit(store, UserWrite::CreateGuest { person, session: session(hash(token), NOW) }).await;
    }
}

/// Runs something on both stores at once.
async fn on_both<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    stores: &Pair,
    act: impl Fn(Arc<dyn Store>, usize) -> F,
) -> Vec<T> {
    let tasks: Vec<_> =
        stores.iter().enumerate().map(|(node, store)| tokio::spawn(act(Arc::clone(store), node))).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

fn seqs(committed: &Committed) -> Vec<Seq> {
    let seq = |outcome: &Outcome| match LogWrite::outcome(outcome.clone()) {
        Ok(LogOutcome::Posted { seq }) => seq,
        other => panic!("{other:?}"),
    };
    committed.outcomes.iter().map(seq).collect()
}

async fn whole(store: &dyn Store, topic: &Topic) -> wire::Page<Json> {
    store.reader(HERE).page(topic, Range { limit: usize::MAX, ..Range::default() }).await.unwrap()
}

pub async fn entries_of_two_nodes_in_one_log_have_one_order(stores: Pair) {
    let news = topic("news");
    let acked = on_both(&stores, |store, node| {
        let news = news.clone();
        async move {
            let mut acked = Vec::new();
            for batch in 0..40 {
                let id = |number| format!("{node}-{batch}-{number}");
                let drafts = (0..=batch % 4).map(|number| draft(&news, Sender::Open, &id(number), "x"));
                let own = draft(&topic(&format!("own-{node}")), Sender::Open, &id(9), "x");
                let writes = drafts.chain([own]).map(Into::into).collect();
                let committed = commit_all(&*store, writes).await;
                let seqs = seqs(&committed);
                assert_eq!(seqs[seqs.len() - 1], Seq(batch + 1), "a log of its own");
                acked.extend(seqs[..seqs.len() - 1].iter().zip(0..).map(|(seq, number)| (*seq, id(number))));
            }
            acked
        }
    })
    .await;
    let acked: BTreeMap<Seq, String> = acked.into_iter().flatten().collect();
    for store in &stores {
        let page = whole(&**store, &news).await;
        assert_eq!(page.head, Seq(200));
        let found: BTreeMap<_, _> =
            page.entries.into_iter().map(|entry| (entry.seq, entry.id.as_str().to_owned())).collect();
        assert_eq!(found, acked);
    }
}

pub async fn of_two_sends_with_one_id_one_is_posted(stores: Pair) {
    for number in 0..40 {
        let send = |store: Arc<dyn Store>, node: usize| async move {
            // One of the two may be in a batch with others.
            let other = draft(&topic("other"), Sender::Open, &format!("{node}-{number}"), "x");
            let same = draft(&topic("news"), Sender::Open, &number.to_string(), "x");
            let writes = if node == 0 { vec![same.into()] } else { vec![other.into(), same.into()] };
            let outcome = commit_all(&*store, writes).await.outcomes.pop().unwrap();
            LogWrite::outcome(outcome).unwrap()
        };
        let mut outcomes = on_both(&stores, send).await;
        outcomes.sort_by_key(|outcome| matches!(outcome, LogOutcome::Repeated { .. }));
        let seq = Seq(number + 1);
        assert_eq!(outcomes, [LogOutcome::Posted { seq }, LogOutcome::Repeated { seq, at: NOW }]);
    }
    assert_eq!(whole(&*stores[0], &topic("other")).await.head, Seq(40));
}

pub async fn a_batch_with_a_repeat_keeps_its_other_entries(stores: Pair) {
    commit(&*stores[0], draft(&topic("news"), Sender::Open, "same", "x")).await;
    let id = |number: usize| if number == 7 { "same".to_owned() } else { format!("new-{number}") };
    let drafts = (0..20).map(|number| draft(&topic("news"), Sender::Open, &id(number), "x").into());
    let committed = commit_all(&*stores[1], drafts.collect()).await;
    let outcomes: Vec<_> =
        committed.outcomes.into_iter().map(|outcome| LogWrite::outcome(outcome).unwrap()).collect();
    for (number, outcome) in outcomes.into_iter().enumerate() {
        let expected = match number {
            7 => LogOutcome::Repeated { seq: Seq(1), at: NOW },
            ..7 => LogOutcome::Posted { seq: Seq(number as u64 + 2) },
            _ => LogOutcome::Posted { seq: Seq(number as u64 + 1) },
        };
        assert_eq!(outcome, expected, "{number}");
    }
    assert_eq!(committed.appended.len(), 19);
    assert_eq!(whole(&*stores[0], &topic("news")).await.entries.len(), 20);
}

pub async fn whoever_is_removed_on_one_node_posts_nothing_later_on_another(stores: Pair) {
    with_people(&*stores[0]).await;
    assert_eq!(commit(&*stores[0], founding(TEA, "tea", &ann())).await, Checked::Done);
    let log = Topic::group(TEA);
    for round in 0..12_u64 {
        let joined = GroupChange {
            group: TEA,
            version: Some(Version(2 * round + 1)),
            facts: vec![seated(&ben(), Role::Member)],
            news: vec![],
        };
        assert_eq!(commit(&*stores[0], joined).await, Checked::Done);
        on_both(&stores, |store, node| {
            let log = log.clone();
            async move {
                if node == 0 {
                    for number in 0..30 {
                        commit(&*store, message(TEA, &ben(), &format!("{round}-{number}"), "x")).await;
                    }
                } else {
                    let gone = draft(&log, Sender::User(ann().id), &format!("gone-{round}"), "gone");
                    let removed = GroupChange {
                        group: TEA,
                        version: Some(Version(2 * round + 2)),
                        facts: vec![unseated(ben().id)],
                        news: vec![Draft { ends: Ends::Users(vec![ben().id]), ..gone }],
                    };
                    assert_eq!(commit(&*store, removed).await, Checked::Done);
                }
            }
        })
        .await;
        let page = whole(&*stores[1], &log).await;
        let id = format!("gone-{round}");
        let gone = page.entries.iter().position(|entry| entry.id.as_str() == id).unwrap();
        assert_eq!(gone + 1, page.entries.len(), "round {round}: entries after the removal");
    }
}

pub async fn of_two_changes_of_one_version_one_is_made(stores: Pair) {
    with_people(&*stores[0]).await;
    assert_eq!(commit(&*stores[0], founding(TEA, "tea", &ann())).await, Checked::Done);
    for version in 1..=20 {
        let outcomes = on_both(&stores, |store, node| async move {
            let who = [ben(), cal()];
            let facts = if version % 2 == 1 {
                vec![seated(&who[node], Role::Member)]
            } else {
                vec![unseated(ben().id), unseated(cal().id)]
            };
            commit(&*store, GroupChange { group: TEA, version: Some(Version(version)), facts, news: vec![] })
                .await
        })
        .await;
        let done = outcomes.iter().filter(|outcome| **outcome == Checked::Done).count();
        assert_eq!(done, 1, "version {version}: {outcomes:?}");
    }
}

pub async fn positions_are_followed_without_a_gap(stores: Pair) {
    with_people(&*stores[0]).await;
    let writing = {
        let stores = stores.clone();
        tokio::spawn(async move {
            on_both(&stores, |store, node| async move {
                for batch in 0..60 {
                    // Records of users, which the relay reads. Both nodes write to the same two logs.
                    let record = |user: Person, number| {
                        let id = format!("{node}-{batch}-{number}");
                        let record = draft(&Topic::user(user.id), Sender::User(user.id), &id, "x");
                        Draft { is_row: false, ..record }.into()
                    };
                    let writes = vec![record(ann(), 1), record(ben(), 2), record(ann(), 3)];
                    commit_all(&*store, writes).await;
                }
            })
            .await;
        })
    };
    let (mut after, mut found) = (Position::default(), Vec::new());
    while found.len() < 360 {
        let tail = stores[1].tail(after, 7).await.unwrap();
        assert!(tail.position >= after);
        after = tail.position;
        found.extend(tail.entries.into_iter().map(|(log, entry)| (log, entry.seq)));
    }
    writing.await.unwrap();
    assert_eq!(stores[0].tail(after, 7).await.unwrap().entries, []);
    let mut heads: BTreeMap<LogKey, Seq> = BTreeMap::new();
    for (log, seq) in found {
        let head = heads.entry(log).or_default();
        assert_eq!(seq, head.next(), "in the order of the log, and none twice");
        *head = seq;
    }
    assert_eq!(heads.into_values().collect::<Vec<_>>(), [Seq(240), Seq(120)]);
}

pub async fn a_commit_returns_every_revocation_from_before_its_entries(stores: Pair) {
    with_people(&*stores[0]).await;
    let news = topic("news");
    let results = on_both(&stores, |store, node| {
        let news = news.clone();
        async move {
            let mut seen = Vec::new();
            for number in 0..60_u8 {
                if node == 0 {
                    let token = hash(100 + number);
                    let user = ann().id;
                    let begin = SessionWrite::SignIn { user, checked: None, session: session(token, NOW) };
                    commit(&*store, begin).await;
                    let which = Sessions::One(token);
                    commit(&*store, SessionWrite::SignOut { user, which, at: NOW }).await;
                }
                let id = format!("{node}-{number}");
                let committed = commit_all(&*store, vec![draft(&news, Sender::Open, &id, "x").into()]).await;
                seen.push((seqs(&committed)[0], committed.revocations));
            }
            seen
        }
    })
    .await;
    let page = whole(&*stores[0], &news).await;
    let ended_before = |seq: Seq| {
        page.entries.iter().filter(|entry| entry.seq < seq && entry.id.as_str().starts_with("0-")).count()
    };
    for (seq, revocations) in &results[1] {
        let heard = revocations.entries.len();
        assert!(heard >= ended_before(*seq), "{seq}: {heard} revocations");
        assert_eq!(revocations.head, Seq(heard as u64));
    }
}

pub async fn a_key_a_login_and_the_owner_are_given_once(stores: Pair) {
    with_people(&*stores[0]).await;
    for number in 0..20 {
        let outcomes = on_both(&stores, |store, node| async move {
            let put = PutUser {
                key: ExternalKey::new(&format!("customer-{number}")).unwrap(),
                person: person(&format!("Zoë {node}-{number}")),
                bio: None,
                version: None,
                sign_up: None,
                at: NOW,
            };
            commit(&*store, put).await
        })
        .await;
        let ids: BTreeSet<_> = outcomes
            .iter()
            .map(|outcome| match outcome {
                PutUserOutcome::Put { user, .. } => user.person.id,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(ids.len(), 1, "one key, one user");
    }
    let outcomes = on_both(&stores, |store, node| async move {
        let user = [ann(), ben()][node].id;
        let password = PasswordHash(format!("hash of {node}"));
        let login = Login::new("Anneliese Müller").unwrap();
        commit(&*store, CreateAccount { user, login, password, rank: FirstRole::FirstIsOwner }).await
    })
    .await;
    let done = outcomes.iter().filter(|outcome| **outcome == CreateAccountOutcome::Done).count();
    assert_eq!(done, 1, "{outcomes:?}");
    assert!(outcomes.contains(&CreateAccountOutcome::LoginTaken), "{outcomes:?}");
}

pub async fn a_job_is_claimed_once(stores: Pair) {
    let job = |lane| NewJob {
        application: HERE,
        kind: JobKind::Broadcast,
        lane: format!("lane {lane}"),
        key: None,
        arguments: Json::of(&lane),
        run_at: Timestamp(100),
    };
    commit(&*stores[0], JobWrite::Add((0..60).map(job).collect())).await;
    let claimed = on_both(&stores, |store, node| async move {
        let lease = LeaseId([u8::try_from(node).unwrap(); 16]);
        let mut claimed: Vec<JobId> = Vec::new();
        for _ in 0..30 {
            let (now, until) = (Timestamp(100), Timestamp(9_000));
            let claim = ClaimJobs { queue: JobQueue::Own, lease, now, until, limit: 3 };
            claimed.extend(commit(&*store, claim).await.into_iter().map(|job| job.id));
        }
        claimed
    })
    .await;
    let all: BTreeSet<_> = claimed.iter().flatten().map(|id| id.0).collect();
    assert_eq!(all.len(), 60);
    assert_eq!(claimed.iter().map(Vec::len).sum::<usize>(), 60, "none twice");
}

pub async fn only_so_many_attempts_are_taken_on_all_nodes_together(stores: Pair) {
    let key = AttemptKey::of(&["Zürich".as_bytes(), b"password"]);
    let taken = on_both(&stores, |store, _| async move {
        let mut taken = 0;
        for _ in 0..20 {
            let attempts = vec![Attempt { key, max: 7, window_ms: 60_000 }];
            taken += u32::from(
                commit(&*store, AttemptWrite::Take { attempts, at: NOW }).await == AttemptOutcome::Done,
            );
        }
        taken
    })
    .await;
    assert_eq!(taken.iter().sum::<u32>(), 7);
}

pub async fn logs_of_many_topics_are_locked_in_any_order(stores: Pair) {
    on_both(&stores, |store, node| async move {
        for batch in 0..25_u64 {
            let named = |number: u64| topic(&format!("room-{}", (number * 7 + batch) % 23));
            let mut numbers: Vec<u64> = (0..23).collect();
            if node == 1 {
                numbers.reverse();
            }
            let drafts = numbers.into_iter().map(|number| {
                draft(&named(number), Sender::Open, &format!("{node}-{batch}-{number}"), "x").into()
            });
            seqs(&commit_all(&*store, drafts.collect()).await);
        }
    })
    .await;
    for number in 0..23 {
        assert_eq!(whole(&*stores[0], &topic(&format!("room-{number}"))).await.entries.len(), 50);
    }
}
