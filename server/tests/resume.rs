//! Resuming: a page that was disconnected and resumed has the same state as one that is loaded anew.

use app::client::{Effect, Timeline};
use app::{ChatClient, Zone};
use chat::RandomSource;
use chat::store::Range;
use chat::testing::{Node, SeededChance, User};
use leptos::prelude::*;
use serde_json::Value;
use wire::{
    Amendment, ConversationView, Emoji, GroupId, GroupView, JoinPolicy, PageStart, Role, Seq, Setting, Topic,
};

const RUNS: u64 = 2_000;
const STEPS: u8 = 24;

struct Dice(SeededChance);

impl Dice {
    /// Returns a number below `n`.
    fn below(&self, n: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes) % n
    }
}

/// Performs one random action in the group; a refused one changes nothing.
async fn happens(node: &Node, dice: &Dice, group: GroupId, people: &[User]) {
    let topic = Topic::group(group);
    let chat = &node.chat;
    let pick = || &people[usize::try_from(dice.below(people.len() as u64)).unwrap()];
    let (by, other, id) = (pick(), pick(), chat.new_send_id());
    let target = Seq(dice.below(30) + 1);
    let on = dice.below(3) > 0;
    let amend = async |amendment| {
        let _ = chat.amend(by, &topic, id.clone(), target, amendment).await;
    };
    match dice.below(16) {
        0..=4 => {
            let reply_to = (dice.below(3) == 0).then_some(target);
            let _ = chat.post(by, topic.clone(), id.clone(), "some @ann words", reply_to).await;
        }
        5 => amend(Amendment::Edit("other words".into())).await,
        6 => amend(Amendment::Delete).await,
        7 | 8 => {
            let emoji = Emoji::new(["👍", "🎉"][usize::from(on)]).unwrap();
            amend(Amendment::React(emoji, on)).await;
        }
        9 => amend(Amendment::Pin(on)).await,
        10 => {
            let _ = chat.join(other, group, None).await;
        }
        11 if other.name.as_str() != "ann" => {
            let _ = chat.leave(other, group).await;
        }
        12 if other.name.as_str() != "ann" => {
            let _ = chat.remove_member(&people[0], group, other.id, false).await;
        }
        13 => {
            let role = [Role::Admin, Role::Member][usize::from(on)];
            let _ = chat.set_role(&people[0], group, other.id, role).await;
        }
        14 => {
            let _ = chat.mute(&people[0], group, other.id, u32::from(on) * 60).await;
        }
        _ => {
            let setting = match dice.below(4) {
                0 => Setting::Name(wire::GroupName::new(["tea", "coffee"][usize::from(on)]).unwrap()),
                1 => Setting::Limit(4 + u32::from(on)),
                2 => Setting::JoinPolicy([JoinPolicy::Open, JoinPolicy::Invite][usize::from(on)]),
                _ => Setting::Announcing(!on),
            };
            let _ = chat.update_settings(&people[0], group, vec![setting]).await;
        }
    }
}

async fn opened(node: &Node, me: &User, group: GroupId) -> ConversationView {
    match node.chat.open_group(me, group, PageStart::Newest, None).await.unwrap() {
        GroupView::Inside(opened) => *opened,
        GroupView::Outside { .. } => panic!("{} has a seat", me.name),
    }
}

/// Brings a page everything that a connection after its last Seq would bring it, up to `until`.
async fn resume(node: &Node, client: &ChatClient, me: &User, until: Seq) {
    let caller = me.caller();
    client.opened(0.0);
    for order in client.due(0.0) {
        let Effect::Send(frame) = order else { continue };
        let frame: Value = serde_json::from_str(&frame).unwrap();
        if frame["action"] != "subscribe" {
            continue;
        }
        let topic = Topic::new(frame["topic"].as_str().unwrap()).unwrap();
        let since = Seq(frame["since"]["seq"].as_u64().unwrap());
        let before = if topic.conversation().is_some() { Some(until.next()) } else { None };
        let range = Range { after: Some(since), before, limit: 100 };
        for entry in node.chat.history(&caller, &topic, range).await.unwrap().entries {
            client.heard(&entry.encode(), 0.0);
        }
    }
    client.closed(1012, 0.0, 0.0);
}

/// Returns everything a page shows of a group.
fn shown(client: &ChatClient, timeline: &Timeline) -> String {
    let rows: Vec<_> = timeline.rows.with_untracked(|rows| {
        let row =
            |row: &app::client::Row| (row.key.clone(), row.content.get_untracked(), row.lead.get_untracked());
        rows.iter().map(row).collect()
    });
    let mine = client.mine.get_untracked();
    let topics: Vec<_> = mine.iter().map(|mine| (mine.what.clone(), mine.notify)).collect();
    format!(
        "{rows:#?} {:#?} {:#?} {:#?} {:?} {topics:#?}",
        timeline.settings.get_untracked(),
        timeline.members.get_untracked(),
        timeline.pins.get_untracked(),
        timeline.cursor(),
    )
}

fn page(visit: wire::Overview, opened: ConversationView) -> (ChatClient, Timeline) {
    let me = visit.me.id;
    let client = ChatClient::new(visit);
    let timeline = Timeline::new(opened, me, Zone::UTC);
    client.follow(&timeline);
    (client, timeline)
}

#[tokio::test]
async fn a_resumed_page_knows_what_a_fresh_one_knows() {
    let mut kinds = std::collections::BTreeMap::<String, u32>::new();
    for seed in 0..RUNS {
        let owner = Owner::new();
        owner.set();
        let dice = Dice(SeededChance::new(seed));
        let node = Node::volatile();
        let mut people = Vec::new();
        for name in ["ann", "ben", "cal", "dan"] {
            people.push(node.introduce(name).await);
        }
        let group = node.group(&people[0], "tea").await;
        for person in &people[1..3] {
            node.chat.join(person, group, None).await.unwrap();
        }
        let ann = &people[0];
        let begins = dice.below(u64::from(STEPS));
        let mut watched = None;
        for step in 0..u64::from(STEPS) {
            if step == begins {
                watched = Some(page(node.chat.overview(ann).await.unwrap(), opened(&node, ann, group).await));
            }
            happens(&node, &dice, group, &people).await;
            if let Some((client, timeline)) = &watched
                && dice.below(5) == 0
            {
                // The connection breaks somewhere on the way.
                let head = opened(&node, ann, group).await.page.head;
                let seen = timeline.cursor().seq;
                resume(&node, client, ann, Seq(seen.0 + dice.below(head.0 - seen.0 + 1))).await;
            }
        }
        let (client, timeline) = watched.unwrap();
        resume(&node, &client, ann, Seq(u64::MAX - 1)).await;
        let caller = ann.caller();
        let whole = Range { after: Some(Seq::ZERO), before: None, limit: 100 };
        let all = node.chat.events(&caller, &Topic::group(group), whole).await.unwrap();
        for entry in all.entries {
            let kind = serde_json::to_value(&entry.data).unwrap()["type"].as_str().unwrap().to_owned();
            *kinds.entry(kind).or_default() += 1;
        }
        let fresh = page(node.chat.overview(ann).await.unwrap(), opened(&node, ann, group).await);
        let (resumed, loaded) = (shown(&client, &timeline), shown(&fresh.0, &fresh.1));
        assert!(resumed == loaded, "seed {seed}:\n{}", difference(&resumed, &loaded));
        node.chat.shut_down().await.unwrap();
    }
    let expected = [
        "changed",
        "created",
        "deleted",
        "edited",
        "joined",
        "left",
        "message",
        "muted",
        "pinned",
        "ranked",
        "reacted",
        "removed",
        "tombstone",
    ];
    assert_eq!(kinds.keys().map(String::as_str).collect::<Vec<_>>(), expected, "every kind has come");
}

/// Returns the lines that differ.
fn difference(one: &str, other: &str) -> String {
    let pairs = one.lines().zip(other.lines()).filter(|(one, other)| one != other).take(12);
    pairs.map(|(one, other)| format!("- {one}\n+ {other}\n")).collect()
}
