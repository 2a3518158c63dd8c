//! The timeline: rows as entries arrive, and as history is paged through.

use app::client::{Effect, Timeline};
use leptos::prelude::*;
use serde_json::json;
use wire::{
    Amendment, ConversationView, Emoji, Entry, Event, GroupId, GroupName, GroupSummary, Member, Refused,
    RichText, Role, Rows, SendId, Seq, Timestamp, Topic,
};

use crate::fixtures::{
    DELIVERED, EPOCH, SENDING, connected, content, entry, hear, page, person, post, row, rows, said, sent,
    tea, topic,
};

#[test]
fn seats_and_groups_follow_the_news() {
    let (client, timeline) = connected();
    let ben = Member::new(person("ben"), Role::Member, Timestamp(0));
    hear(&client, &entry(2, "n2", Event::Joined { member: ben }));
    hear(
        &client,
        &entry(3, "n3", Event::Ranked { person: person("ben"), role: Role::Admin, by: person("ann") }),
    );
    hear(&client, &entry(4, "n4", Event::Left { person: person("ann") }));
    let seats = timeline.members.get_untracked();
    assert_eq!(
        seats.iter().map(|m| (m.person.name.as_str(), m.role)).collect::<Vec<_>>(),
        [("ben", Role::Admin)]
    );

    let own =
        |seq, data| Entry { topic: Topic::user(person("ann").id), ..entry(seq, &format!("o{seq}"), data) };
    let milk = GroupSummary { id: GroupId::from_bytes([8; 10]), name: GroupName::new("milk").unwrap() };
    hear(&client, &own(2, Event::GroupAdded { group: milk }));
    hear(&client, &own(3, Event::GroupGone { id: tea().id }));
    hear(&client, &own(3, Event::GroupAdded { group: tea() }));
    let names: Vec<_> = client.mine.get_untracked().iter().map(|mine| mine.what.title().to_owned()).collect();
    assert_eq!(names, ["milk"]);
}

#[test]
fn who_reads_old_messages_keeps_them_on_the_page() {
    let (client, timeline) = connected();
    timeline.reads_old.set(true);
    for seq in 2..=400 {
        hear(&client, &said(seq, "ben", &format!("b{seq}")));
    }
    let seqs = || rows(&timeline).iter().filter_map(|(_, seq, _)| *seq).collect::<Vec<_>>();
    assert_eq!(seqs(), (1..=300).collect::<Vec<_>>(), "a full page loses none of them");
    assert!(timeline.has_newer.get_untracked(), "newer ones are history that is not on the page");
    timeline.reads_old.set(false);
    hear(&client, &said(401, "ben", "b401"));
    assert_eq!(seqs().last(), Some(&300), "no hole is shown");
}

#[test]
fn a_change_of_a_message_changes_its_row_and_adds_none() {
    let (client, timeline) = connected();
    let thumb = Emoji::new("👍").unwrap();
    let reacted = Event::Reacted { target: Seq(1), emoji: thumb.clone(), on: true, by: person("ann") };
    hear(&client, &entry(2, "n2", reacted.clone()));
    hear(&client, &entry(3, "n3", reacted));
    let body = RichText::plain("bye");
    hear(
        &client,
        &entry(4, "n4", Event::Edited { target: Seq(1), text: "bye".into(), body, by: person("ben") }),
    );
    assert_eq!(rows(&timeline), [row("b1", Some(1), DELIVERED)]);
    let Event::Message { text, reactions, edited: Some(_), .. } = content(&timeline, 1) else { panic!() };
    assert_eq!((text.as_str(), reactions.len(), reactions[0].people.len()), ("bye", 1, 1));
    hear(&client, &said(5, "ben", "b5"));
    assert_eq!(rows(&timeline).len(), 2, "places go on without a hole");
}

#[test]
fn a_deleted_message_leaves_its_pins_and_its_quotes() {
    let (client, timeline) = connected();
    hear(&client, &entry(2, "n2", Event::Pinned { target: Seq(1), on: true, by: person("ann") }));
    assert_eq!(timeline.pins.get_untracked(), [timeline.quote(Seq(1)).unwrap()]);
    let quote = timeline.quote(Seq(1)).unwrap();
    let answer = Event::message(person("ann"), "a3".into(), RichText::plain("a3"), Some(quote));
    hear(&client, &entry(3, "a3", answer));
    hear(&client, &entry(4, "n4", Event::Deleted { target: Seq(1), by: person("ben") }));
    assert!(timeline.pins.get_untracked().is_empty());
    assert!(matches!(content(&timeline, 1), Event::Tombstone { .. }));
    let Event::Message { reply_to: Some(quote), .. } = content(&timeline, 3) else { panic!() };
    assert_eq!(quote.excerpt, "");
}

#[test]
fn a_page_of_long_ago_pages_both_ways_and_comes_back_to_now() {
    let (client, _) = connected();
    let all: Vec<Entry> = (1..=100).map(|seq| said(seq, "ben", &format!("b{seq}"))).collect();
    let slice = |from: usize, to: usize| Rows {
        entries: all[from - 1..to].to_vec(),
        epoch: EPOCH,
        begins: Seq(1),
        head: Seq(100),
        from: Seq(from as u64),
        to: Seq(to as u64),
    };
    let old = ConversationView { page: slice(41, 60), ..page(vec![]) };
    let timeline = Timeline::new(old, person("ann").id, app::Zone::UTC);
    client.follow(&timeline);
    assert!(timeline.has_newer.get_untracked() && timeline.has_older.get_untracked());
    // New entries amend the rows on the page, but are not appended to them.
    hear(&client, &said(101, "ben", "b101"));
    hear(&client, &entry(102, "n102", Event::Deleted { target: Seq(50), by: person("ben") }));
    assert_eq!(rows(&timeline).len(), 20);
    assert!(matches!(content(&timeline, 50), Event::Tombstone { .. }));

    timeline.extend(slice(61, 90));
    timeline.prepend(slice(31, 40));
    assert_eq!((rows(&timeline).len(), timeline.first(), timeline.last()), (60, Seq(31), Seq(90)));
    timeline.extend(slice(95, 100));
    assert_eq!(timeline.last(), Seq(90), "a slice that does not fit is passed over");

    // Posting goes back to the newest messages.
    post(&client, "a1");
    assert!(client.due(0.0).contains(&Effect::Load(topic())));
    let now =
        ConversationView { page: Rows { head: Seq(102), to: Seq(102), ..slice(81, 100) }, ..page(vec![]) };
    client.reloaded(ConversationView {
        page: Rows { entries: [&all[80..], &[said(101, "ben", "b101")]].concat(), ..now.page.clone() },
        ..now
    });
    assert_eq!(rows(&timeline).last(), Some(&row("a1", None, SENDING)));
}

#[test]
fn a_page_whose_older_rows_were_trimmed_asks_for_them_no_longer() {
    let (client, _) = connected();
    let part = |entries: Vec<Entry>, begins: u64, from: u64, to: u64| Rows {
        entries,
        epoch: EPOCH,
        begins: Seq(begins),
        head: Seq(60),
        from: Seq(from),
        to: Seq(to),
    };
    let opened = |begins| {
        let page_now = part((51..=60).map(|n| said(n, "张伟", &format!("b{n}"))).collect(), begins, 51, 60);
        let timeline = Timeline::new(
            ConversationView { page: page_now, ..page(vec![]) },
            person("ann").id,
            app::Zone::UTC,
        );
        client.follow(&timeline);
        timeline
    };
    let timeline = opened(1);
    assert!(timeline.has_older.get_untracked() && !timeline.is_trimmed());
    // Meanwhile everything before 51 is trimmed, or some of the rows on the page as well.
    for (begins, from, to) in [(51, 51, 50), (55, 55, 54)] {
        let timeline = opened(1);
        timeline.prepend(part(vec![], begins, from, to));
        assert!(!timeline.has_older.get_untracked() && timeline.is_trimmed(), "begins {begins}");
        assert_eq!(rows(&timeline).len(), 10, "what was read stays");
    }
    assert!(!opened(51).has_older.get_untracked());
}

#[test]
fn pages_of_rows_fit_together_by_the_places_they_cover() {
    let (client, _) = connected();
    // Eight messages, each followed by many amendments, which have no row.
    let all: Vec<Entry> = (1..=8).map(|n| said(n * 100, "ben", &format!("b{n}"))).collect();
    let part = |rows: std::ops::Range<usize>, from: u64, to: u64| Rows {
        entries: all[rows].to_vec(),
        epoch: EPOCH,
        begins: Seq(1),
        head: Seq(860),
        from: Seq(from),
        to: Seq(to),
    };
    let opened = ConversationView { page: part(3..5, 400, 500), ..page(vec![]) };
    let timeline = Timeline::new(opened, person("ann").id, app::Zone::UTC);
    client.follow(&timeline);
    timeline.prepend(part(1..3, 200, 399));
    assert!(timeline.has_older.get_untracked());
    timeline.prepend(part(0..1, 1, 199));
    assert!(!timeline.has_older.get_untracked(), "nothing older has a row");
    timeline.extend(part(5..6, 501, 600));
    timeline.extend(part(7..8, 701, 860));
    assert_eq!(rows(&timeline).len(), 6, "a part that leaves a hole is passed over");
    timeline.extend(part(6..8, 601, 860));
    assert_eq!(rows(&timeline).len(), 8);
    assert!(!timeline.has_newer.get_untracked());
    hear(&client, &said(861, "ben", "b861"));
    assert_eq!(rows(&timeline).len(), 9);
}

#[test]
fn a_page_never_has_more_than_300_rows_however_far_one_reads() {
    let (client, _) = connected();
    let all: Vec<Entry> = (1..=2_000).map(|seq| said(seq, "ben", &format!("b{seq}"))).collect();
    let slice = |from: usize, to: usize| Rows {
        entries: all[from - 1..to].to_vec(),
        epoch: EPOCH,
        begins: Seq(1),
        head: Seq(2_000),
        from: Seq(from as u64),
        to: Seq(to as u64),
    };
    let newest = ConversationView { page: slice(1_951, 2_000), ..page(vec![]) };
    let timeline = Timeline::new(newest, person("ann").id, app::Zone::UTC);
    client.follow(&timeline);
    post(&client, "a1");
    let most = || rows(&timeline).iter().filter(|(_, seq, _)| seq.is_some()).count();
    while timeline.has_older.get_untracked() {
        let first = usize::try_from(timeline.first().0).unwrap();
        timeline.prepend(slice(first - 50, first - 1));
        assert!(most() <= 300);
    }
    assert_eq!((timeline.first(), timeline.last()), (Seq(1), Seq(300)));
    assert!(timeline.has_newer.get_untracked());
    assert_eq!(rows(&timeline).last(), Some(&row("a1", None, SENDING)), "what is on its way stays");
    while timeline.has_newer.get_untracked() {
        let last = usize::try_from(timeline.last().0).unwrap();
        timeline.extend(slice(last + 1, last + 50));
        assert!(most() <= 300);
    }
    assert_eq!((timeline.first(), timeline.last()), (Seq(1_701), Seq(2_000)));
    assert!(timeline.has_older.get_untracked());

    // A new entry removes nothing while the viewer reads older rows; it waits among the newer ones.
    timeline.reads_old.set(true);
    hear(&client, &said(2_001, "ben", "new"));
    assert_eq!((timeline.first(), timeline.last()), (Seq(1_701), Seq(2_000)));
    assert!(timeline.has_newer.get_untracked());
}

#[test]
fn a_row_in_sight_keeps_its_head_when_older_rows_come() {
    let (client, _) = connected();
    let all: Vec<Entry> = (1..=100).map(|seq| said(seq, "ben", &format!("b{seq}"))).collect();
    let slice = |from: usize, to: usize| Rows {
        entries: all[from - 1..to].to_vec(),
        epoch: EPOCH,
        begins: Seq(1),
        head: Seq(100),
        from: Seq(from as u64),
        to: Seq(to as u64),
    };
    let newest = ConversationView { page: slice(51, 100), ..page(vec![]) };
    let timeline = Timeline::new(newest, person("ann").id, app::Zone::UTC);
    client.follow(&timeline);
    let follows = |seq: u64| {
        let rows = timeline.rows.get_untracked();
        let row = rows.iter().find(|row| row.seq() == Some(Seq(seq))).unwrap();
        row.lead.with_untracked(|lead| lead.follows)
    };
    assert!(!follows(51), "the first row of a page says who speaks");
    timeline.prepend(slice(1, 50));
    assert!(!follows(51), "nothing changes under the eye");
    timeline.settle(|_| true);
    assert!(!follows(51));
    timeline.settle(|_| false);
    assert!(follows(51), "out of sight it goes on where the row above left off");
}

#[test]
fn a_change_goes_out_at_once_or_not_at_all() {
    let (client, _) = connected();
    sent(&client, 0.0);
    let id = || SendId::new("c1").unwrap();
    assert!(client.amend(&topic(), id(), Seq(1), Amendment::Delete));
    let frames = sent(&client, 0.0);
    assert_eq!((&frames[0]["action"], &frames[0]["target"]), (&json!("delete"), &json!(1)));
    let refused =
        json!({"event": "refused", "code": "not_author", "message": "No.", "ref": frames[0]["ref"]});
    client.heard(&refused.to_string(), 0.0);
    assert_eq!(client.trouble.get_untracked(), Some(Refused::by_code("not_author")));
    client.closed(1006, 0.0, 1.0);
    assert!(!client.amend(&topic(), id(), Seq(1), Amendment::Delete));
}

#[test]
fn the_text_of_a_refused_edit_goes_back_to_who_typed_it() {
    let (client, _) = connected();
    sent(&client, 0.0);
    let edit = Amendment::Edit("لا، الشاي أولاً".into());
    assert!(client.amend(&topic(), SendId::new("c1").unwrap(), Seq(1), edit));
    let frames = sent(&client, 0.0);
    let refused =
        json!({"event": "refused", "code": "text_too_long", "message": "Too long.", "ref": frames[0]["ref"]});
    client.heard(&refused.to_string(), 0.0);
    assert_eq!(client.trouble.get_untracked(), Some(Refused::by_code("text_too_long")));
    let back = client.refused_edit.get_untracked().unwrap();
    assert_eq!((back.topic, back.target, back.text.as_str()), (topic(), Seq(1), "لا، الشاي أولاً"));
}
