//! Damaged rows: each affects nothing but itself.

mod damage;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chat::OsRandom;
use chat::store::{Range, RowRange};
use chat::testing::{Listener, Node, User};
use damage::{LOG_DAMAGE, PEOPLE_DAMAGE, damage};
use store::SqliteStore;
use wire::{Event, GroupId, GroupView, PageStart, Seq, Timestamp, Topic};

/// Ann, Zoë and 李雷 in a group; Zoë has sent three messages, at Seq 4 to 6.
struct Tea {
    folder: tempfile::TempDir,
    ann: User,
    group: GroupId,
}

impl Tea {
    async fn pour(accounts: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let node = node(folder.path());
        let [ann, zoe, li] =
            [node.introduce("Ann").await, node.introduce("Zoë").await, node.introduce("李雷").await];
        if accounts {
            for person in [&ann, &zoe, &li] {
                node.chat.create_account(person, "one pot of oolong").await.unwrap();
            }
        }
        let group = node.group(&ann, "茶").await;
        node.chat.join(&zoe, group, None).await.unwrap();
        node.chat.join(&li, group, None).await.unwrap();
        for text in ["hello @Ann", "two", "three"] {
            node.say(&zoe, group, text).await;
        }
        node.chat.shut_down().await.unwrap();
        Self { folder, ann, group }
    }

    /// Starts the same server, after damage to its file.
    fn after(&self, sql: &str) -> Node {
        damage(self.folder.path(), sql);
        node(self.folder.path())
    }
}

#[tokio::test]
async fn a_damaged_entry_keeps_its_place_and_everybody_reads_on() {
    for sql in LOG_DAMAGE {
        let tea = Tea::pour(false).await;
        let node = tea.after(sql);
        let (topic, caller) = (Topic::group(tea.group), tea.ann.caller());
        let head = node.say(&tea.ann, tea.group, "it goes on").await.seq;
        let places = |after: u64, head: Seq| (after + 1..=head.0).collect::<Vec<u64>>();
        let from = |after, before, limit| Range { after, before, limit };
        for (range, expected) in [
            (from(Some(Seq::ZERO), None, 100), places(0, head)),
            (from(None, None, 100), places(0, head)),
            (from(Some(Seq(3)), None, 1), vec![4]),
            (from(Some(Seq(2)), Some(Seq(5)), 9), vec![3, 4]),
            (from(None, Some(Seq(5)), 1), vec![4]),
            (from(None, Some(Seq(6)), 3), vec![3, 4, 5]),
            (from(Some(head), None, 9), vec![]),
            (from(None, Some(Seq(1)), 9), vec![]),
        ] {
            let page = node.chat.events(&caller, &topic, range).await.unwrap();
            let seqs: Vec<u64> = page.entries.iter().map(|entry| entry.seq.0).collect();
            assert_eq!(seqs, expected, "{sql}: {range:?}");
        }
        let rows = node.chat.rows(&caller, &topic, RowRange::newest(50)).await.unwrap();
        let said = rows.entries.iter().filter(|entry| matches!(entry.data, Event::Message { .. })).count();
        assert!(said >= 3, "{sql}: {said} messages are left");
        for place in [PageStart::Newest, PageStart::From(Timestamp(0)), PageStart::Around(Seq(4))] {
            let view = node.chat.open_group(&tea.ann, tea.group, place, None).await.unwrap();
            assert!(matches!(view, GroupView::Inside(_)), "{sql}: {view:?}");
        }
        assert_eq!(node.chat.overview(&tea.ann).await.unwrap().mine.len(), 1, "{sql}");
        node.chat.shut_down().await.unwrap();
    }
}

#[tokio::test]
async fn a_reader_who_resumes_over_damaged_entries_hears_of_every_place() {
    for sql in LOG_DAMAGE.into_iter().chain([
        "DELETE FROM entries WHERE seq < 3",
        "DELETE FROM entries WHERE seq > 6",
        "DELETE FROM entries",
    ]) {
        let folder = tempfile::tempdir().unwrap();
        let before = node(folder.path());
        let news = Topic::new("news").unwrap();
        for number in 1..=9 {
            before.publish(&news, number).await;
        }
        before.chat.shut_down().await.unwrap();
        damage(folder.path(), sql);

        let node = node(folder.path());
        let mut listener = Listener::new(&node.chat, None);
        listener.subscribe(&news, Some(node.beginning())).await.unwrap();
        listener.until_seq(&news, 9).await;
        assert_eq!(node.publish(&news, 10).await.seq, Seq(10), "{sql}");
        listener.until_seq(&news, 10).await;
        assert_eq!(listener.seqs(&news), (1..=10).collect::<Vec<u64>>(), "{sql}");
        node.chat.shut_down().await.unwrap();
    }
}

#[tokio::test]
async fn a_damaged_row_of_a_list_is_passed_over_and_the_others_are_there() {
    for sql in PEOPLE_DAMAGE {
        let tea = Tea::pour(true).await;
        let node = tea.after(sql);
        let ann = &tea.ann;
        let has_li = |people: &[wire::Person]| people.iter().any(|person| person.name.as_str() == "李雷");
        assert!(has_li(&node.chat.people(ann, "").await.unwrap()), "{sql}");
        assert!(has_li(&node.chat.people(ann, "李").await.unwrap()), "{sql}");
        node.chat.people(ann, "zo").await.unwrap();
        let (_, accounts) = node.chat.accounts(ann, "", None).await.unwrap();
        assert!(accounts.items.iter().any(|listed| listed.person == ann.person()), "{sql}");
        let (_, members) = node.chat.members(ann, tea.group, "", None).await.unwrap();
        assert!(members.items.iter().any(|member| member.person == ann.person()), "{sql}");
        node.chat.all_groups(ann, "", None).await.unwrap();
        node.chat.sessions(ann).await.unwrap();
        node.chat.blocked(ann).await.unwrap();
        node.chat.overview(ann).await.unwrap();
        let view = node.chat.open_group(ann, tea.group, PageStart::Newest, None).await.unwrap();
        assert!(matches!(view, GroupView::Inside(_)), "{sql}: {view:?}");
        node.chat.management(ann, tea.group, "", None).await.unwrap();
        node.say(ann, tea.group, "it goes on").await;
        node.chat.sweep().await.unwrap();
        node.chat.shut_down().await.unwrap();
    }
}

#[tokio::test]
async fn a_log_whose_counter_is_damaged_goes_on_after_its_newest_entry() {
    for sql in [
        "UPDATE logs SET head = 2",
        "UPDATE logs SET head = -7",
        "UPDATE logs SET head = 'many'",
        "UPDATE logs SET head = NULL, at = NULL",
    ] {
        let tea = Tea::pour(false).await;
        let node = tea.after(sql);
        assert_eq!(node.say(&tea.ann, tea.group, "it goes on").await.seq, Seq(7), "{sql}");
        node.chat.open_group(&tea.ann, tea.group, PageStart::Newest, None).await.unwrap();
        node.chat.shut_down().await.unwrap();
    }
}

/// Nodes over one store need seeds of their own.
static CHANCE: AtomicU64 = AtomicU64::new(1);

fn node(folder: &Path) -> Node {
    Node::start(
        Arc::new(SqliteStore::open(folder, &OsRandom).unwrap()),
        Arc::new(chat::LocalBus::default()),
        Node::patient(),
        CHANCE.fetch_add(1, Ordering::Relaxed),
    )
}
