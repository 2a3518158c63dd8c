//! Store contract: the inbox of a user.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use wire::{Conversation, Pair, Person, Role, Seq, Topic, UserId};

use super::writing::{TEA, change, commit, commit_one, draft, founding, message, seated, unseated, with_tea};
use super::{Fresh, Tenant};
use crate::ports::store::{
    DirectCreation, Draft, InboxPage, InboxRequest, LogOutcome, LogWrite, Position, Range, ReadStateWrite,
    Sender, Trim, Trimmed,
};
use crate::testing::{ann, ben, cal, for_all};

const BREAD: wire::GroupId = wire::GroupId::from_bytes(*b"..bread...");

async fn inbox(store: &Tenant, user: &Person, after: Position, limit: usize) -> InboxPage {
    let request = InboxRequest { user: user.id, after, limit, bytes: 1_000_000 };
    store.inbox(request).await.unwrap()
}

/// Returns the entries of a page by topic and Seq.
fn places(page: &InboxPage) -> Vec<(Topic, u64)> {
    page.entries.iter().map(|entry| (entry.topic.clone(), entry.seq.0)).collect()
}

fn direct() -> (Pair, Topic) {
    let pair = Pair::of(ann().id, ben().id).unwrap();
    (pair, Topic::direct(pair))
}

/// Returns the first message of ann to ben.
fn first_message(id: &str) -> LogWrite {
    let (pair, topic) = direct();
    let news =
        |of: &Person| draft(&Topic::user(of.id), Sender::User(ann().id), &format!("{id}-{}", of.name), "new");
    let creation = DirectCreation { pair, news: vec![news(&ann()), news(&ben())] };
    LogWrite::PostFirst { draft: draft(&topic, Sender::User(ann().id), id, "hello"), creation }
}

pub async fn entries_of_all_conversations_come_in_the_order_of_their_commits(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, message(TEA, &ann(), "before", "before")).await;
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    commit_one(&store, founding(BREAD, "bread", &cal())).await;
    let note = draft(&Topic::user(ben().id), Sender::User(ben().id), "note", "note");
    let writes = vec![message(TEA, &ann(), "1", "1"), note, message(BREAD, &cal(), "2", "2")];
    commit(&store, writes).await;
    commit_one(&store, first_message("3")).await;
    commit_one(&store, message(TEA, &ben(), "4", "4")).await;
    let (tea, own, (_, direct)) = (Topic::group(TEA), Topic::user(ben().id), direct());
    let expected =
        [(tea.clone(), 3), (own.clone(), 1), (direct.clone(), 1), (own.clone(), 2), (tea.clone(), 4)];
    let all = inbox(&store, &ben(), Position(0), 100).await;
    assert_eq!((places(&all), all.more), (expected.to_vec(), false), "from the moment he joined");
    assert_eq!(all.positions.len(), expected.len());
    for (number, position) in all.positions.iter().enumerate() {
        let rest = inbox(&store, &ben(), *position, 100).await;
        assert_eq!(places(&rest), expected[number + 1..], "after each entry");
    }
    // In parts, each after the one before.
    let (mut after, mut parts) = (Position(0), Vec::new());
    for number in 0..5 {
        let page = inbox(&store, &ben(), after, 1).await;
        assert_eq!((page.entries.len(), page.more), (1, number < 4));
        assert!(page.position > after);
        after = page.position;
        parts.extend(page.entries);
    }
    assert_eq!(parts, all.entries);
    let none = inbox(&store, &ben(), after, 100).await;
    assert_eq!((none.entries.len(), none.more, none.position), (0, false, after));
    assert_eq!(inbox(&store, &ben(), all.position, 100).await, none);
    commit_one(&store, message(TEA, &ann(), "5", "5")).await;
    assert_eq!(places(&inbox(&store, &ben(), after, 100).await), [(tea, 5)]);
    let nobody = inbox(&store, &crate::testing::person("nobody"), Position(0), 100).await;
    assert_eq!(nobody, InboxPage::default());
}

pub async fn an_inbox_has_no_more_bytes_than_asked_for_and_at_least_one_entry(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    for id in ["1", "2", "3"] {
        commit_one(&store, message(TEA, &ann(), id, "four")).await;
    }
    let request = |bytes| InboxRequest { user: ann().id, after: Position(0), limit: 100, bytes };
    for (bytes, expected) in [(0, 1), (9, 1), ("\"created\"\"four\"".len(), 2), (1_000, 4)] {
        let page = store.inbox(request(bytes)).await.unwrap();
        assert_eq!((page.entries.len(), page.more), (expected, expected < 4), "{bytes} bytes");
    }
}

pub async fn what_was_delivered_is_behind_the_cursor(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    commit_one(&store, first_message("1")).await;
    for id in ["2", "3", "4"] {
        commit_one(&store, message(TEA, &ann(), id, id)).await;
    }
    let (tea, (pair, _)) = (Conversation::Group(TEA), direct());
    let delivered = async |after| inbox(&store, &ben(), after, 2).await.delivered;
    assert_eq!(delivered(Position(0)).await, [], "nothing is passed yet");
    let first = inbox(&store, &ben(), Position(0), 3).await.position;
    assert_eq!(delivered(first).await, [(tea, Seq(2)), (Conversation::Direct(pair), Seq(1))]);
    let marks = vec![(tea, ben().id, Seq(2)), (Conversation::Direct(pair), ben().id, Seq(1))];
    commit_one(&store, ReadStateWrite::SetDelivered { marks }).await;
    assert_eq!(delivered(first).await, [], "it is marked");
    let all = inbox(&store, &ben(), first, 9).await.position;
    assert_eq!(delivered(all).await, [(tea, Seq(4))]);
    // His own log says since when he is a member, and that he has a direct.
    let own = async |after| inbox(&store, &ben(), after, 9).await.own_delivered;
    let own_head = store.page(&Topic::user(ben().id), Range::default()).await.unwrap().head;
    assert!(own_head > Seq::ZERO);
    assert_eq!((own(Position(0)).await, own(all).await), (None, Some(own_head)));
    commit_one(&store, ReadStateWrite::SetOwnDelivered { marks: vec![(ben().id, own_head)] }).await;
    assert_eq!(own(all).await, None);
}

pub async fn a_log_that_has_lost_entries_after_the_cursor_is_named_once(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, message(TEA, &ann(), "early", "early")).await;
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    let tea = Topic::group(TEA);
    let trim = |before| Trim { topic: tea.clone(), before: Seq(before) };
    for id in ["1", "2", "3", "4"] {
        commit_one(&store, message(TEA, &ann(), id, id)).await;
    }
    let before_all = Position(0);
    commit_one(&store, trim(3)).await;
    let page = inbox(&store, &ben(), before_all, 9).await;
    assert_eq!((places(&page).len(), page.trimmed), (4, vec![]), "he had not joined yet");
    let first = inbox(&store, &ben(), before_all, 1).await.position;
    commit_one(&store, trim(4)).await;
    assert_eq!(inbox(&store, &ben(), first, 9).await.trimmed, [], "he has had that one");
    let page = inbox(&store, &ben(), before_all, 1).await;
    assert_eq!(
        (places(&page), page.trimmed.clone(), page.more),
        (vec![(tea.clone(), 4)], vec![tea.clone()], true)
    );
    assert_eq!(inbox(&store, &ben(), page.position, 9).await.trimmed, []);
    commit_one(&store, trim(99)).await;
    let page = inbox(&store, &ben(), first, 9).await;
    assert_eq!((places(&page), page.trimmed, page.more), (vec![], vec![tea], false));
    assert_eq!(inbox(&store, &ben(), page.position, 9).await.trimmed, []);
}

/// A step of a history of two groups. The numbers choose a group and a person.
#[derive(Clone, Debug)]
enum Step {
    Said { group: usize, by: usize },
    Moved { group: usize, who: usize },
    Trimmed { group: usize, before: u64 },
    Asked { limit: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..2usize, 0..2usize).prop_map(|(group, by)| Step::Said { group, by }),
        2 => (0..2usize, 0..2usize).prop_map(|(group, who)| Step::Moved { group, who }),
        1 => (0..2usize, 1..20u64).prop_map(|(group, before)| Step::Trimmed { group, before }),
        3 => (1..6usize).prop_map(|limit| Step::Asked { limit }),
    ]
}

pub async fn whoever_reads_on_gets_everything_since_they_joined_once_and_in_order(fresh: impl Fresh) {
    for_all(16, vec(step(), 1..60), move |steps| {
        let store = fresh();
        async move {
            let store = with_tea(store).await;
            commit_one(&store, founding(BREAD, "bread", &ann())).await;
            Reader::default().follow(&store, steps).await;
        }
    })
    .await;
}

/// Ben, who reads his inbox from time to time; cal joins and leaves, too.
#[derive(Default)]
struct Reader {
    cursor: Position,
    /// The members of each group beside ann, and its version.
    seats: [(Vec<UserId>, u64); 2],
    /// The messages that ben has a right to and has not got, in their order.
    pending: Vec<(Topic, u64)>,
}

impl Reader {
    async fn follow(mut self, store: &Tenant, steps: Vec<Step>) {
        let groups = [TEA, BREAD];
        for (number, step) in steps.into_iter().enumerate() {
            let id = number.to_string();
            match step {
                Step::Said { group, by } => {
                    let by = if by == 0 { ann() } else { ben() };
                    let said = Draft { right: None, ..message(groups[group], &by, &id, &id) };
                    let LogOutcome::Posted { seq } = commit_one(store, said).await else {
                        panic!("it is refused")
                    };
                    if self.seats[group].0.contains(&ben().id) {
                        self.pending.push((Topic::group(groups[group]), seq.0));
                    }
                }
                Step::Moved { group, who } => {
                    let who = if who == 0 { ben() } else { cal() };
                    let (members, version) = &mut self.seats[group];
                    let is_in = members.contains(&who.id);
                    let fact = if is_in { unseated(who.id) } else { seated(&who, Role::Member) };
                    *version += 1;
                    commit_one(store, change(groups[group], *version, vec![fact])).await;
                    members.retain(|member| *member != who.id);
                    if !is_in {
                        members.push(who.id);
                    } else if who.id == ben().id {
                        self.pending.retain(|(topic, _)| *topic != Topic::group(groups[group]));
                    }
                }
                Step::Trimmed { group, before } => {
                    let topic = Topic::group(groups[group]);
                    let trim = Trim { topic: topic.clone(), before: Seq(before) };
                    let Trimmed { begins } = commit_one(store, trim).await;
                    self.pending.retain(|(of, seq)| *of != topic || *seq >= begins.0);
                }
                Step::Asked { limit } => self.ask(store, limit).await,
            }
        }
        while !self.pending.is_empty() {
            self.ask(store, 3).await;
        }
    }

    async fn ask(&mut self, store: &Tenant, limit: usize) {
        let page = inbox(store, &ben(), self.cursor, limit).await;
        let expected: Vec<_> = self.pending.drain(..self.pending.len().min(limit)).collect();
        assert_eq!(places(&page), expected);
        assert_eq!(page.more, !self.pending.is_empty());
        assert!(page.position >= self.cursor);
        self.cursor = page.position;
        // The marks that follow are those of what was given before.
        let mut given: BTreeMap<Topic, u64> = BTreeMap::new();
        given.extend(expected);
        let next = inbox(store, &ben(), self.cursor, 0).await;
        for (topic, seq) in given {
            let conversation = topic.conversation().unwrap();
            let mark = next.delivered.iter().find(|(of, _)| *of == conversation).map(|(_, seq)| seq.0);
            assert!(mark >= Some(seq), "{topic} is delivered up to {seq}, not {mark:?}");
        }
    }
}
