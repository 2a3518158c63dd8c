use std::sync::Arc;

use wire::UserId;
use wire::{
    GroupId, GroupName, Json, Member, Person, PersonName, Refusal, Role, SendId, Seq, Timestamp, Topic,
};

use super::outside::chat_over;
use crate::limits::Limits;
use crate::no::No;
use crate::session::TokenHash;
use crate::store::{BodyHash, Change, Draft, Fact, Outcome, Range, Sender, Store, Version, Write};

/// A store of a test, with whatever it needs to live.
pub type Fresh = Arc<dyn Store>;

const TEA: GroupId = GroupId::from_bytes([7; 10]);

/// Somebody of the cast.
pub(super) fn person(name: &str) -> Person {
    let mut bytes = [0; 10];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    Person { id: UserId::from_bytes(bytes), name: PersonName::new(name).unwrap() }
}

/// A draft to an open topic.
pub(super) fn draft(topic: &str, sender: Sender, id: &str, body: u8) -> Draft {
    Draft {
        topic: Topic::new(topic).unwrap(),
        sender,
        id: SendId::new(id).unwrap(),
        body: BodyHash([body; 16]),
        data: Json::of(&body),
        at: Timestamp(i64::from(body)),
        seat: None,
    }
}

fn post(topic: &str, id: &str) -> Write {
    Write::Post(draft(topic, Sender::Open, id, 1))
}

fn posted(seq: u64) -> Outcome {
    Outcome::Posted { seq: Seq(seq) }
}

pub(super) async fn commit(store: &Fresh, writes: Vec<Write>) -> Vec<Outcome> {
    let count = writes.len();
    let outcomes = store.commit(writes.into()).await.unwrap();
    assert_eq!(outcomes.len(), count, "one outcome for each write");
    outcomes
}

fn introduce(name: &str) -> Write {
    let person = person(name);
    let mut token = [0; 32];
    token[..name.len()].copy_from_slice(name.as_bytes());
    Write::Introduce { person, token: TokenHash(token), at: Timestamp(5) }
}

fn member(name: &str, role: Role) -> Member {
    Member { person: person(name), role, since: Timestamp(9) }
}

fn change(version: Option<u64>, facts: Vec<Fact>) -> Write {
    Write::Change(Change { group: TEA, version: version.map(Version), facts, news: vec![] })
}

fn found_tea() -> Write {
    let name = GroupName::new("tea").unwrap();
    let created = Fact::Created { name, limit: 3, at: Timestamp(1) };
    change(None, vec![created, Fact::Seated(member("ann", Role::Admin))])
}

/// The places of the entries on a page.
async fn seqs(store: &Fresh, topic: &str, range: Range) -> Vec<u64> {
    let page = store.page(&Topic::new(topic).unwrap(), range).await.unwrap();
    page.entries.iter().map(|entry| entry.seq.0).collect()
}

/// Every log counts 1, 2, 3 on its own, in the order of the writes.
pub async fn entries_are_dense_in_every_log(store: Fresh) {
    let first = commit(&store, vec![post("a", "1"), post("b", "2"), post("a", "3")]).await;
    assert_eq!(first, [posted(1), posted(1), posted(2)]);
    assert_eq!(commit(&store, vec![post("a", "4")]).await, [posted(3)]);
    let page = store.page(&Topic::new("a").unwrap(), Range { limit: 9, ..Range::default() }).await.unwrap();
    let ids: Vec<_> = page.entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids, ["1", "3", "4"]);
    assert_eq!((page.begins, page.head, page.epoch), (Seq(1), Seq(3), store.epoch()));
}

/// The same id with the same body is the message that is there already, also within one batch.
pub async fn a_repeat_is_the_same_message(store: Fresh) {
    let again = Outcome::Repeated { seq: Seq(1), at: Timestamp(1) };
    assert_eq!(commit(&store, vec![post("a", "x"), post("a", "x")]).await, [posted(1), again.clone()]);
    let mut later = draft("a", Sender::Open, "x", 1);
    later.at = Timestamp(99);
    later.data = Json::of(&"said otherwise, meant the same");
    assert_eq!(commit(&store, vec![Write::Post(later), post("a", "y")]).await, [again, posted(2)]);
}

/// An id belongs to one message of its sender.
pub async fn an_id_is_not_taken_twice(store: Fresh) {
    let ann = Sender::User(person("ann").id);
    let ben = Sender::User(person("ben").id);
    let by = |sender, topic, body| Write::Post(draft(topic, sender, "x", body));
    let outcomes =
        commit(&store, vec![by(ann, "a", 1), by(ann, "a", 2), by(ann, "b", 1), by(ben, "a", 1)]).await;
    assert_eq!(outcomes, [posted(1), Outcome::SendIdTaken, Outcome::SendIdTaken, posted(2)]);
    assert_eq!(seqs(&store, "b", Range { limit: 9, ..Range::default() }).await, [0u64; 0]);
}

/// A seat is checked inside the commit, after everything before it in the batch.
pub async fn nobody_posts_without_a_seat(store: Fresh) {
    let ben = person("ben");
    let says = |id: &str| {
        let mut draft = draft(&format!("group/{TEA}"), Sender::User(ben.id), id, 1);
        draft.seat = Some((TEA, ben.id));
        Write::Post(draft)
    };
    commit(&store, vec![introduce("ann"), introduce("ben"), found_tea()]).await;
    let outcomes = commit(
        &store,
        vec![
            says("1"),
            change(Some(1), vec![Fact::Seated(member("ben", Role::Member))]),
            says("2"),
            change(Some(2), vec![Fact::Unseated(ben.id)]),
            says("3"),
        ],
    )
    .await;
    let changed = Outcome::Changed { places: vec![] };
    assert_eq!(outcomes, [Outcome::NoSeat, changed.clone(), posted(1), changed, Outcome::NoSeat]);
    // What was sent while there was a seat is still the same message when it is sent again.
    assert_eq!(commit(&store, vec![says("2")]).await, [Outcome::Repeated { seq: Seq(1), at: Timestamp(1) }]);
}

/// Pages are asked for in either direction, and are always oldest first.
pub async fn pages_go_both_ways(store: Fresh) {
    let empty = store.page(&Topic::new("a").unwrap(), Range { limit: 5, ..Range::default() }).await.unwrap();
    assert_eq!((empty.entries.len(), empty.begins, empty.head), (0, Seq(1), Seq(0)));
    commit(&store, (1..=9).map(|n| post("a", &n.to_string())).collect()).await;
    let range = |after: u64, before: u64, limit| Range {
        after: (after > 0).then_some(Seq(after)),
        before: (before > 0).then_some(Seq(before)),
        limit,
    };
    for (after, before, limit, expected) in [
        (0, 0, 3, &[7, 8, 9][..]),
        (0, 7, 3, &[4, 5, 6]),
        (0, 3, 9, &[1, 2]),
        (4, 0, 3, &[5, 6, 7]),
        (8, 0, 9, &[9]),
        (9, 0, 9, &[]),
        (99, 0, 9, &[]),
        (2, 5, 9, &[3, 4]),
        (2, 9, 2, &[3, 4]),
        (5, 5, 9, &[]),
        (7, 3, 9, &[]),
        (0, 1, 9, &[]),
        (0, 0, 0, &[]),
    ] {
        assert_eq!(
            seqs(&store, "a", range(after, before, limit)).await,
            expected,
            "{after} {before} {limit}"
        );
    }
    let all = Range { after: Some(Seq::ZERO), before: Some(Seq(u64::MAX)), limit: usize::MAX };
    assert_eq!(seqs(&store, "a", all).await.len(), 9);
}

/// A change decided on another version writes nothing, and the rest of its batch goes through.
pub async fn a_stale_change_writes_nothing(store: Fresh) {
    commit(&store, vec![introduce("ann"), introduce("ben"), found_tea()]).await;
    let seat_ben = |version| change(version, vec![Fact::Seated(member("ben", Role::Member))]);
    let outcomes = commit(&store, vec![post("a", "1"), seat_ben(Some(7)), found_tea(), post("a", "2")]).await;
    assert_eq!(outcomes, [posted(1), Outcome::Stale, Outcome::Stale, posted(2)]);
    let roster = store.roster(TEA).await.unwrap().unwrap();
    assert_eq!((roster.version, roster.members.len()), (Version(1), 1));
    let other = GroupId::from_bytes([8; 10]);
    let nowhere = Change { group: other, version: Some(Version(1)), facts: vec![], news: vec![] };
    assert_eq!(commit(&store, vec![Write::Change(nowhere)]).await, [Outcome::Stale]);
    assert_eq!(store.roster(other).await.unwrap(), None);
}

/// Members stand in the order in which they came, groups of a user the other way round, and both know where
/// their logs stood.
pub async fn a_roster_has_its_order(store: Fresh) {
    commit(&store, vec![introduce("ann"), introduce("ben"), introduce("cal"), found_tea()]).await;
    let seat = |name| Fact::Seated(member(name, Role::Member));
    let news = vec![
        draft(&format!("group/{TEA}"), Sender::Open, "n1", 1),
        draft(&format!("user/{}", person("ben").id), Sender::Open, "n2", 1),
    ];
    let both = Change { group: TEA, version: Some(Version(1)), facts: vec![seat("cal"), seat("ben")], news };
    let places = Outcome::Changed { places: vec![Seq(1), Seq(1)] };
    assert_eq!(commit(&store, vec![Write::Change(both)]).await, [places]);
    commit(&store, vec![change(Some(2), vec![Fact::Ranked(person("ben").id, Role::Admin)])]).await;

    let roster = store.roster(TEA).await.unwrap().unwrap();
    let seats: Vec<_> = roster.members.iter().map(|m| (m.person.name.as_str(), m.role, m.since)).collect();
    let since = Timestamp(9);
    assert_eq!(
        seats,
        [("ann", Role::Admin, since), ("cal", Role::Member, since), ("ben", Role::Admin, since)]
    );
    assert_eq!((roster.limit, roster.version, roster.head), (3, Version(3), Seq(1)));
    assert_eq!(store.seat(TEA, person("ben").id).await.unwrap(), Some(Role::Admin));
    assert_eq!(store.seat(TEA, person("dee").id).await.unwrap(), None);

    let milk = GroupId::from_bytes([9; 10]);
    let created = Fact::Created { name: GroupName::new("milk").unwrap(), limit: 1, at: Timestamp(1) };
    let facts = vec![created, Fact::Seated(member("ben", Role::Admin))];
    commit(&store, vec![Write::Change(Change { group: milk, version: None, facts, news: vec![] })]).await;
    let mine = store.groups(person("ben").id).await.unwrap();
    assert_eq!(mine.groups.iter().map(|g| g.name.as_str()).collect::<Vec<_>>(), ["milk", "tea"]);
    assert_eq!(mine.head, Seq(1));
    let nobody = store.groups(person("dee").id).await.unwrap();
    assert_eq!((nobody.groups.len(), nobody.head), (0, Seq::ZERO));
}

/// A session is found by the hash of its token, and knows when it was seen.
pub async fn sessions_are_found_by_their_token(store: Fresh) {
    commit(&store, vec![introduce("ann")]).await;
    let mut token = [0; 32];
    token[..3].copy_from_slice(b"ann");
    let session = store.session(TokenHash(token)).await.unwrap().unwrap();
    assert_eq!((session.person, session.since, session.seen), (person("ann"), Timestamp(5), Timestamp(5)));
    commit(&store, vec![Write::Touch { token: TokenHash(token), at: Timestamp(77) }]).await;
    assert_eq!(store.session(TokenHash(token)).await.unwrap().unwrap().seen, Timestamp(77));
    assert_eq!(store.session(TokenHash([9; 32])).await.unwrap(), None);
}

/// What an entry carries comes back as it was written.
pub async fn data_is_kept_to_the_letter(store: Fresh) {
    let odd = r#"{"z":123456789012345678901234567890, "a":[1.10, "\u0000 \ud83d\udc4b ü"], "z":null}"#;
    let mut kept = draft("a", Sender::Open, "x", 1);
    kept.data = Json::new(odd).unwrap();
    commit(&store, vec![Write::Post(kept)]).await;
    let page = store.page(&Topic::new("a").unwrap(), Range { limit: 1, ..Range::default() }).await.unwrap();
    assert_eq!(page.entries[0].data.as_str(), odd);
}

/// Fifty people join at once, and there is one seat: exactly one of them gets it.
pub async fn fifty_race_for_the_last_seat(store: Fresh) {
    let limits = Limits { group_members: 2, ..Limits::default() };
    let (chat, _) = chat_over(store, None, limits);
    let (ann, _) = chat.introduce("ann").await.unwrap();
    let group = chat.create_group(&ann, "tea").await.unwrap();
    let mut racers = Vec::new();
    for n in 0..50 {
        racers.push(chat.introduce(&format!("racer {n}")).await.unwrap().0);
    }
    let race = racers.into_iter().map(|racer| {
        let chat = Arc::clone(&chat);
        tokio::spawn(async move { chat.join(&racer, group.id).await })
    });
    let mut seated = 0;
    for run in race.collect::<Vec<_>>() {
        match run.await.unwrap() {
            Ok(_) => seated += 1,
            Err(no) => assert_eq!(no, No::Refusal(Refusal::GroupFull { limit: 2 })),
        }
    }
    assert_eq!(seated, 1);
    chat.shut_down().await.unwrap();
}
