//! Store contract: trimming, the retention of logs and their sizes.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use wire::{
    Amendment, ApplicationId, Conversation, Event, Json, LogKey, Person, Quote, Refusal, RichText, Role, Seq,
    Timestamp, Topic,
};

use super::writing::{
    NOW, TEA, batch, change, commit, commit_one, committed, draft, message, seated, topic, whole, with_tea,
};
use super::{Fresh, Tenant};
use crate::memory::{MemoryStore, Window};
use crate::ports::store::{
    Amend, AmendOutcome, Checked, Draft, LogOutcome, LogSlice, LogUsage, LogWrite, Mentions, OpenTopicBounds,
    Outcome, Permission, PermissionTo, Range, ReadStateWrite, Retention, Rewritten, RowRange, Sender,
    SetRetention, Shortened, TRIM_ENTRIES, Trim, Trimmed, Write, event_of,
};
use crate::testing::{SeededChance, ann, ben, cal, for_all};

fn tea() -> Topic {
    Topic::group(TEA)
}

fn trim(topic: &Topic, before: u64) -> Trim {
    Trim { topic: topic.clone(), before: Seq(before) }
}

const fn trimmed(begins: u64) -> Trimmed {
    Trimmed { begins: Seq(begins) }
}

/// Returns a message to the group, perhaps an answer that quotes another.
fn said(by: &Person, id: &str, quoted: Option<Quote>) -> Draft {
    let about = quoted.as_ref().map(|quote| quote.seq);
    let event = Event::message(by.clone(), id.into(), RichText::plain(id), quoted);
    Draft { data: Json::of(&event), counts: true, about, ..message(TEA, by, id, id) }
}

/// Returns an amendment of a message of the group.
fn amend(by: &Person, id: &str, target: u64, amendment: Amendment) -> Amend {
    let body = match &amendment {
        Amendment::Edit(text) => RichText::plain(text),
        _ => RichText::default(),
    };
    let told = crate::rules::change(Seq(target), by, &amendment, body.clone());
    let right =
        Permission { conversation: Conversation::Group(TEA), user: by.id, to: PermissionTo::Amend, now: NOW };
    let news = Draft {
        data: Json::of(&told),
        right: Some(right),
        about: Some(Seq(target)),
        is_row: !told.is_silent(),
        ..message(TEA, by, id, "changed")
    };
    Amend { target: Seq(target), by: by.clone(), amendment, body, mentions: None, version: None, news }
}

fn quote(seq: u64) -> Option<Quote> {
    Some(Quote { seq: Seq(seq), author: ann(), excerpt: "a secret".into(), files: None })
}

/// Returns the Seqs of a topic's entries, with where the log begins and ends; every way to read them agrees.
async fn places(store: &Tenant, topic: &Topic) -> (Vec<u64>, u64, u64) {
    let page = whole(store, topic).await;
    let rows = store.rows(topic, RowRange::newest(0)).await.unwrap();
    assert_eq!((rows.begins, rows.head), (page.begins, page.head));
    let from_start = Range { after: Some(Seq::ZERO), limit: usize::MAX, ..Range::default() };
    assert_eq!(store.page(topic, from_start).await.unwrap(), page, "a page from the start begins later");
    (page.entries.iter().map(|entry| entry.seq.0).collect(), page.begins.0, page.head.0)
}

pub async fn a_trimmed_log_begins_later_and_goes_on(fresh: impl Fresh) {
    let store = fresh();
    let news = topic("news");
    assert_eq!(commit_one(&store, trim(&news, 9)).await, trimmed(1), "there is no such log");
    for id in ["1", "2", "3", "4", "5"] {
        let at = Timestamp(id.parse().unwrap());
        commit_one(&store, Draft { at, ..draft(&news, Sender::Open, id, id) }).await;
    }
    assert_eq!(commit_one(&store, trim(&news, 1)).await, trimmed(1));
    assert_eq!(commit_one(&store, trim(&news, 3)).await, trimmed(3));
    assert_eq!(places(&store, &news).await, (vec![3, 4, 5], 3, 5));
    assert_eq!(store.kept(&news, Seq(2)).await.unwrap(), None);
    assert_eq!(store.position_of(&news, Seq(2)).await.unwrap(), None);
    assert_eq!(store.place_at(&news, Timestamp(0)).await.unwrap(), Some(Seq(3)));
    assert_eq!(store.place_at(&news, Timestamp(4)).await.unwrap(), Some(Seq(4)));
    assert_eq!(commit_one(&store, trim(&news, 2)).await, trimmed(3), "a log does not begin earlier again");
    let before = Range { before: Some(Seq(4)), limit: 100, ..Range::default() };
    assert_eq!(store.page(&news, before).await.unwrap().entries.len(), 1);

    assert_eq!(commit_one(&store, trim(&news, u64::MAX)).await, trimmed(6), "all of it");
    assert_eq!(places(&store, &news).await, (vec![], 6, 5));
    assert_eq!(store.place_at(&news, Timestamp(0)).await.unwrap(), None);
    let again = commit_one(&store, draft(&news, Sender::Open, "1", "1")).await;
    assert_eq!(again, LogOutcome::Posted { seq: Seq(6) }, "the ids went with their entries");
    assert_eq!(places(&store, &news).await, (vec![6], 6, 6));
}

pub async fn a_trim_removes_only_so_many_entries(fresh: impl Fresh) {
    let store = fresh();
    let news = topic("news");
    let all = TRIM_ENTRIES + 20;
    let posts = (0..all).map(|number| draft(&news, Sender::Open, &number.to_string(), "x"));
    commit(&store, posts.collect()).await;
    assert_eq!(commit_one(&store, trim(&news, all)).await, trimmed(TRIM_ENTRIES + 1));
    assert_eq!(commit_one(&store, trim(&news, all)).await, trimmed(all));
    assert_eq!(places(&store, &news).await, (vec![all], all, all));
}

pub async fn nothing_of_trimmed_messages_is_left_where_they_were_quoted(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    let mentions = Mentions { people: vec![ben().id], everyone: false };
    commit_one(&store, Draft { mentions, ..said(&ann(), "secret-1", None) }).await;
    commit_one(&store, said(&ann(), "secret-2", None)).await;
    let writes = batch![
        said(&ben(), "an-answer", quote(2)),
        amend(&ann(), "edit", 3, Amendment::Edit("secret-3".into())),
        amend(&ann(), "pin", 3, Amendment::Pin(true)),
        said(&ben(), "another-answer", quote(4)),
    ];
    commit(&store, writes).await;
    let unread = async || store.unread(Conversation::Group(TEA), ben().id, Seq(1)).await.unwrap();
    assert_eq!((unread().await.messages, unread().await.mentions), (2, 1));
    assert_eq!(store.pinned(&tea()).await.unwrap().len(), 1);

    let committed = committed(&store, trim(&tea(), 4)).await;
    assert_eq!(committed.outcomes, [Outcome::Trim(trimmed(4))]);
    let log = LogKey::new(ApplicationId::BUILT_IN, tea());
    assert_eq!(committed.shortened, [Shortened { log: log.clone(), from: Seq(1), to: Seq(4) }]);
    let page = whole(&store, &tea()).await;
    assert!(page.entries.iter().all(|entry| !entry.data.as_str().contains("secret-")), "{page:?}");
    let rewritten = [4, 5].map(|seq| Rewritten { log: log.clone(), entry: page.entries[seq - 4].clone() });
    assert_eq!(committed.rewritten, rewritten, "the answer and the edit");
    let excerpt = |seq: u64| match event_of(&page.entries[seq as usize - 4].data) {
        Event::Message { reply_to: Some(Quote { seq, excerpt, .. }), .. } => (seq.0, excerpt),
        other => panic!("{other:?}"),
    };
    assert_eq!((excerpt(4), excerpt(7)), ((2, String::new()), (4, "a secret".into())));
    assert_eq!((unread().await.messages, unread().await.mentions), (0, 0));
    assert_eq!(store.pinned(&tea()).await.unwrap(), []);
    let page_of = store.conversations(ben().id, 9).await.unwrap().mine.remove(0);
    assert_eq!((page_of.unread, page_of.head), (0, Seq(7)));
}

pub async fn what_is_about_a_trimmed_message_is_refused_unless_it_was_sent_before(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, said(&ann(), "one", None)).await;
    let answer = said(&ann(), "an-answer", quote(2));
    assert_eq!(commit_one(&store, answer.clone()).await, LogOutcome::Posted { seq: Seq(3) });
    commit_one(&store, trim(&tea(), 3)).await;
    let refused = Outcome::Log(LogOutcome::Refused(Refusal::NotFound));
    let change_refused = Outcome::Amend(AmendOutcome::Refused(Refusal::NotFound));
    assert_eq!(commit_one(&store, answer).await, LogOutcome::Repeated { seq: Seq(3), at: NOW });
    let writes = batch![
        said(&ann(), "another", quote(2)),
        amend(&ann(), "edit", 2, Amendment::Edit("two".into())),
        amend(&ann(), "delete", 2, Amendment::Delete),
        amend(&ann(), "pin", 2, Amendment::Pin(true)),
        said(&ann(), "a-third", quote(3)),
    ];
    let outcomes = commit(&store, writes).await;
    assert_eq!(outcomes[..4], [refused, change_refused.clone(), change_refused.clone(), change_refused]);
    let posted = Outcome::Log(LogOutcome::Posted { seq: Seq(4) });
    assert_eq!(outcomes[4], posted, "a refusal uses no Seq");
}

pub async fn a_reader_from_before_the_beginning_has_lost_entries(fresh: impl Fresh) {
    let store = fresh();
    let news = topic("news");
    for id in ["1", "2", "3"] {
        commit_one(&store, draft(&news, Sender::Open, id, id)).await;
    }
    commit_one(&store, trim(&news, 3)).await;
    let slice = async |after: u64| {
        let key = LogKey::new(ApplicationId::BUILT_IN, news.clone());
        let slices = store.store().slices(Arc::new([(key, Seq(after))]), Seq(u64::MAX)).await.unwrap();
        slices.logs.into_iter().next().unwrap()
    };
    assert_eq!((slice(0).await, slice(1).await), (LogSlice::Lost, LogSlice::Lost));
    assert!(matches!(slice(2).await, LogSlice::Entries(entries) if entries.len() == 1));
    commit_one(&store, trim(&news, 4)).await;
    assert_eq!(slice(2).await, LogSlice::Lost);
    assert_eq!(slice(3).await, LogSlice::Entries(vec![]));
}

pub async fn trimmed_data_makes_room_in_open_topics(fresh: impl Fresh) {
    let store = fresh();
    let news = topic("news");
    let full = OpenTopicBounds { topics: 1, bytes: 2 * "\"x\"".len() as u64 };
    let publish = |id: &str| LogWrite::Publish { draft: draft(&news, Sender::Open, id, "x"), bounds: full };
    commit(&store, vec![publish("1"), publish("2")]).await;
    let refused = LogOutcome::Refused(Refusal::OpenTopicsFull { max: full.bytes });
    assert_eq!(commit_one(&store, publish("3")).await, refused);
    commit_one(&store, trim(&news, 2)).await;
    let outcomes = commit(&store, vec![publish("4"), publish("5")]).await;
    assert_eq!(outcomes, [LogOutcome::Posted { seq: Seq(3) }, refused]);
}

pub async fn a_log_has_a_size_and_perhaps_a_retention_of_its_own(fresh: impl Fresh) {
    let store = fresh();
    let (news, weather) = (topic("news"), topic("weather"));
    assert_eq!(store.log_usage(&news).await.unwrap(), None);
    let mine = Retention { entries: Some(3), days: Some(7), ..Retention::default() };
    let set = |topic: &Topic, retention| SetRetention { topic: topic.clone(), retention };
    assert_eq!(commit_one(&store, set(&news, Some(mine))).await, Checked::Stale);
    for (id, at) in [("1", 10), ("2", 20), ("3", 30)] {
        commit_one(&store, Draft { at: Timestamp(at), ..draft(&news, Sender::Open, id, "四个") }).await;
    }
    commit_one(&store, draft(&weather, Sender::Open, "4", "x")).await;
    commit_one(&store, trim(&news, 2)).await;
    assert_eq!(commit_one(&store, set(&news, Some(mine))).await, Checked::Done);
    let usage = |topic: &Topic, begins, head, bytes, oldest, retention| LogUsage {
        topic: topic.clone(),
        begins: Seq(begins),
        head: Seq(head),
        bytes,
        oldest,
        retention,
    };
    let of_news = usage(&news, 2, 3, 16, Some(Timestamp(20)), Some(mine));
    assert_eq!(store.log_usage(&news).await.unwrap(), Some(of_news.clone()));
    let of_weather = usage(&weather, 1, 1, 3, Some(NOW), None);
    assert_eq!(store.logs(None, 9).await.unwrap(), [of_news.clone(), of_weather.clone()]);
    assert_eq!(store.logs(None, 1).await.unwrap(), [of_news]);
    assert_eq!(store.logs(Some(&news), 9).await.unwrap(), [of_weather]);
    assert_eq!(store.logs(Some(&weather), 9).await.unwrap(), []);
    let oldest = store.oldest(&news, 9).await.unwrap();
    let oldest: Vec<_> = oldest.iter().map(|old| (old.seq.0, old.at.0, old.bytes)).collect();
    assert_eq!(oldest, [(2, 20, 8), (3, 30, 8)]);
    assert_eq!(store.oldest(&news, 1).await.unwrap().len(), 1);
    let all = store.usage().await.unwrap();
    assert_eq!((all.users, all.groups, all.topics, all.entries, all.bytes), (0, 0, 2, 3, 19));
    commit(&store, batch![trim(&news, 9), set(&news, None)]).await;
    let of_news = usage(&news, 4, 3, 0, None, None);
    assert_eq!(store.log_usage(&news).await.unwrap(), Some(of_news));
}

/// A step of a history with trims. The numbers choose a person and an entry of the group.
#[derive(Clone, Debug)]
enum Step {
    Said { by: usize, mentioned: usize },
    Answered { by: usize, which: Index },
    Edited { by: usize, which: Index },
    Deleted { which: Index },
    Pinned { which: Index, on: bool },
    Reacted { by: usize, which: Index },
    Read { who: usize, which: Index },
    Trimmed { which: Index },
}

fn step() -> impl Strategy<Value = Step> {
    let (by, which) = (0..3usize, any::<Index>);
    prop_oneof![
        5 => (by.clone(), 0..5usize).prop_map(|(by, mentioned)| Step::Said { by, mentioned }),
        3 => (by.clone(), which()).prop_map(|(by, which)| Step::Answered { by, which }),
        2 => (by.clone(), which()).prop_map(|(by, which)| Step::Edited { by, which }),
        1 => which().prop_map(|which| Step::Deleted { which }),
        1 => (which(), any::<bool>()).prop_map(|(which, on)| Step::Pinned { which, on }),
        1 => (by.clone(), which()).prop_map(|(by, which)| Step::Reacted { by, which }),
        1 => (by, which()).prop_map(|(who, which)| Step::Read { who, which }),
        2 => which().prop_map(|which| Step::Trimmed { which }),
    ]
}

impl Step {
    fn write(self, number: usize, head: u64) -> Write {
        let people = [ann(), ben(), cal()];
        let (id, place) = (number.to_string(), |which: Index| 1 + which.index(head as usize) as u64);
        match self {
            Self::Said { by, mentioned } => {
                let named = people.get(mentioned).map(|person| person.id).into_iter().collect();
                let mentions = Mentions { people: named, everyone: mentioned == 3 };
                Draft { mentions, ..said(&people[by], &id, None) }.into()
            }
            Self::Answered { by, which } => said(&people[by], &id, quote(place(which))).into(),
            Self::Edited { by, which } => {
                amend(&people[by], &id, place(which), Amendment::Edit(format!("edited {id}"))).into()
            }
            Self::Deleted { which } => amend(&ann(), &id, place(which), Amendment::Delete).into(),
            Self::Pinned { which, on } => amend(&ann(), &id, place(which), Amendment::Pin(on)).into(),
            Self::Reacted { by, which } => {
                let emoji = wire::Emoji::new("🍵").unwrap();
                amend(&people[by], &id, place(which), Amendment::React(emoji, true)).into()
            }
            Self::Read { who, which } => ReadStateWrite::SetRead {
                conversation: Conversation::Group(TEA),
                user: people[who].id,
                seq: Seq(place(which)),
                back: true,
            }
            .into(),
            Self::Trimmed { which } => trim(&tea(), place(which)).into(),
        }
    }
}

pub async fn after_any_trims_every_store_reads_the_same(fresh: impl Fresh) {
    for_all(24, vec(step(), 1..40), move |steps| {
        let store = fresh();
        async move {
            let memory = MemoryStore::new(&SeededChance::new(3), Window::default());
            let model = seated_tea(Tenant::new(Arc::new(memory))).await;
            let store = seated_tea(store).await;
            for (number, step) in steps.into_iter().enumerate() {
                let head = whole(&store, &tea()).await.head.0;
                let write = step.write(number, head);
                let (stored, expected) =
                    (committed(&store, write.clone()).await, committed(&model, write).await);
                assert_eq!(stored.outcomes, expected.outcomes);
                assert_eq!(stored.rewritten, expected.rewritten);
                assert_eq!(stored.shortened, expected.shortened);
                for Rewritten { entry, .. } in stored.rewritten {
                    let kept = store.kept(&tea(), entry.seq).await.unwrap().map(|kept| kept.entry);
                    assert_eq!(kept, Some(entry));
                }
                assert_eq!(everything(&store).await, everything(&model).await);
            }
        }
    })
    .await;
}

async fn seated_tea(store: Arc<Tenant>) -> Arc<Tenant> {
    let store = with_tea(store).await;
    let seats = [ben(), cal()].map(|person| seated(&person, Role::Member));
    commit_one(&store, change(TEA, 1, seats.into())).await;
    store
}

/// Returns what can be read of the group, as text; checks that it is consistent.
async fn everything(store: &Tenant) -> Vec<String> {
    let tea = tea();
    let page = whole(store, &tea).await;
    let usage = store.log_usage(&tea).await.unwrap().unwrap();
    let places: Vec<u64> = page.entries.iter().map(|entry| entry.seq.0).collect();
    assert_eq!(places, (page.begins.0..=page.head.0).collect::<Vec<_>>(), "the log is dense");
    let bytes: usize = page.entries.iter().map(|entry| entry.data.as_str().len()).sum();
    assert_eq!((usage.bytes, usage.entries()), (bytes as u64, places.len() as u64));
    let mut all = vec![format!("{:?}", page.entries), format!("{usage:?}")];
    all.push(format!("{:?}", store.rows(&tea, RowRange::newest(50)).await.unwrap().entries));
    all.push(format!("{:?}", store.pinned(&tea).await.unwrap()));
    for seq in 0..=page.head.0 + 1 {
        all.push(format!("{:?}", store.kept(&tea, Seq(seq)).await.unwrap()));
        all.push(format!("{:?}", store.about(&tea, Seq(seq)).await.unwrap()));
    }
    for person in [ann(), ben(), cal()] {
        let mine = store.conversations(person.id, 9).await.unwrap().mine.remove(0);
        let read = store.standing(Conversation::Group(TEA), person.id).await.unwrap().unwrap().read;
        let newer = page.entries.iter().filter(|entry| entry.seq > read);
        let is_unread =
            |data: &Json| matches!(event_of(data), Event::Message { author, .. } if author.id != person.id);
        let unread = newer.filter(|entry| is_unread(&entry.data)).count();
        assert_eq!(mine.unread as usize, unread, "unread for {}", person.name);
        all.push(format!("{mine:?}"));
    }
    all
}
