use std::path::Path;

use chat::store::{
    Amend, BodyHash, Checked, Commit, Draft, Fact, GroupChange, LogWrite, Mentions, NewSession, Permission,
    PermissionTo, TypedWrite, UserWrite, Version,
};
use chat::testing::{ann, ben, cal};
use chat::{TokenHash, rules};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;
use rusqlite::Connection;
use wire::{
    Amendment, ApplicationId, Description, Event, GroupId, GroupName, JoinPolicy, Json, LogKey, Member, Pair,
    Person, RichText, Role, SendId, Settings, Timestamp, Topic,
};

use super::*;
use crate::sqlite::migrate;
use crate::sqlite::open::{self, SharedIndex};
use crate::tables::scope::Positions;
use crate::tables::{Locks, commit, conversations, logs};

/// One random operation. A conversation is chosen by its number: two groups, and the direct of ann and ben.
#[derive(Clone, Debug)]
enum Operation {
    /// Posts messages.
    Say { by: usize, place: usize, times: usize, mentions: Whom },
    /// Changes one of the entries, as its sender.
    Amend { place: usize, target: Index, how: How },
    /// Deletes a group and creates another one, whose log may get the same id.
    Replace { place: usize },
    /// A transaction that only reads begins, and the one before it ends.
    Look,
    /// Counts from a mark on, often from the beginning: all that is there, or what the transaction sees that began
    /// earlier.
    Count { user: usize, place: usize, mark: Option<Index>, earlier: bool },
}

#[derive(Clone, Copy, Debug)]
enum How {
    Edit(Whom),
    Delete,
    Pin(bool),
}

/// Mentioned people: each of ann, ben and cal, and everyone.
type Whom = [bool; 4];

const PLACES: usize = 3;

fn operation() -> impl Strategy<Value = Operation> {
    let (who, place) = (0..3usize, 0..PLACES);
    let whom = || any::<Whom>().prop_map(|whom| whom.map(|one| one && whom != [true; 4]));
    let times = prop_oneof![4 => 1..4usize, 1 => 90..110usize];
    let how = prop_oneof![
        2 => whom().prop_map(How::Edit),
        2 => Just(How::Delete),
        1 => any::<bool>().prop_map(How::Pin),
    ];
    prop_oneof![
        4 => (who.clone(), place.clone(), times, whom())
            .prop_map(|(by, place, times, mentions)| Operation::Say { by, place, times, mentions }),
        4 => (place.clone(), any::<Index>(), how)
            .prop_map(|(place, target, how)| Operation::Amend { place, target, how }),
        1 => (0..2usize).prop_map(|place| Operation::Replace { place }),
        2 => Just(Operation::Look),
        8 => (who, place, option::weighted(0.3, any::<Index>()), any::<bool>())
            .prop_map(|(user, place, mark, earlier)| Operation::Count { user, place, mark, earlier }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn what_is_kept_of_a_count_is_what_a_new_count_has(operations in vec(operation(), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        let mut house = House::in_folder(folder.path());
        let counts = UnreadCounts::default();
        for operation in operations {
            house.carry_out(&counts, operation);
        }
        // Marks as users mostly have them: at the beginning, in the middle and near the end.
        for (user, place) in (0..3).flat_map(|user| (0..PLACES).map(move |place| (user, place))) {
            let head = house.head(place);
            for mark in [0, head / 2, head.saturating_sub(1), head] {
                house.check(Db::sqlite(&house.writer), &counts, user, place, Seq(mark));
            }
        }
    }
}

#[test]
fn a_reader_who_began_earlier_counts_what_was_there_then() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::in_folder(folder.path());
    let counts = UnreadCounts::default();
    house.say(1, 0, 1, [true, false, false, false]);
    house.look();
    house.say(1, 0, 2, [true, false, false, false]);
    let count = |db: Db<'_>| house.count(db, &counts, 0, 0, Seq(0)).messages;
    assert_eq!(
        [
            count(Db::sqlite(&house.writer)),
            count(Db::sqlite(&house.reader)),
            count(Db::sqlite(&house.writer))
        ],
        [3, 1, 3]
    );
    house.check(Db::sqlite(&house.reader), &counts, 0, 0, Seq(0));
}

#[test]
fn a_users_own_messages_are_examined_up_to_the_bound_however_they_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::in_folder(folder.path());
    let counts = UnreadCounts::default();
    let whom = [true, false, false, true];
    let total =
        |house: &House, counts: &UnreadCounts| house.count(Db::sqlite(&house.writer), counts, 0, 0, Seq(0));
    for _ in 0..21 {
        house.say(0, 0, 99, whom);
        total(&house, &counts);
    }
    house.say(1, 0, 1, whom);
    assert_eq!(total(&house, &counts), Unread::default(), "ann would have to look at more than 2,000 rows");
    assert_eq!(total(&house, &UnreadCounts::default()), Unread::default());
    let later = |counts: &UnreadCounts| house.count(Db::sqlite(&house.writer), counts, 0, 0, Seq(900));
    assert_eq!(later(&counts), Unread { messages: 1, mentions: 1 });
    assert_eq!(later(&counts), Unread { messages: 1, mentions: 1 });
}

#[test]
fn a_log_whose_counter_of_recounts_is_damaged_is_counted_anew_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::in_folder(folder.path());
    let counts = UnreadCounts::default();
    house.say(1, 0, 3, [false; 4]);
    house.check(Db::sqlite(&house.writer), &counts, 0, 0, Seq(0));
    house.writer.execute("UPDATE logs SET recounts = 9223372036854775807", []).unwrap();
    house.amend(0, Seq(1), How::Delete);
    house.check(Db::sqlite(&house.writer), &counts, 0, 0, Seq(0));
    let log = logs::log_row(Db::sqlite(&house.writer), &log_key(house.places[0])).unwrap().unwrap();
    let log = LogRow { recounts: None, ..log };
    let again = || {
        counts
            .count(Db::sqlite(&house.writer), house.places[0], log, user_key(ann().id), Seq(0))
            .unwrap()
            .messages
    };
    assert_eq!(again(), 2);
    house.writer.execute("UPDATE entries SET counts = 0", []).unwrap();
    assert_eq!(again(), 0);
}

#[test]
fn only_so_many_counts_are_kept_and_those_in_use_stay() {
    let mut kept = Generations::default();
    let key = |number: usize| {
        let mut id = [0; wire::ID_BYTES];
        id[..8].copy_from_slice(&number.to_be_bytes());
        (Conversation::Group(GroupId::from_bytes(id)), user_key(ann().id))
    };
    let one = Kept { log: 1, recounts: Some(0), mark: Seq(0), tally: Tally::after(Seq(0)) };
    for number in 0..3 * GENERATION {
        kept.put(key(number), Kept { log: number as i64, ..one });
        assert!(kept.get(key(0)).is_some(), "{number}");
        assert!(kept.newer.len() <= GENERATION && kept.older.len() <= GENERATION);
    }
    assert!(kept.get(key(1)).is_none());
    assert_eq!(kept.get(key(3 * GENERATION - 1)).unwrap().log, 3 * GENERATION as i64 - 1);
}

/// A database with ann, ben and cal, and their conversations.
struct House {
    writer: Connection,
    /// A transaction that began earlier.
    reader: Connection,
    places: [Conversation; PLACES],
    /// The number of the newest send or group.
    number: u64,
    positions: Positions,
}

impl House {
    fn in_folder(folder: &Path) -> Self {
        let connect = || open::connection(&folder.join("hubbub.db"), SharedIndex::Processes).unwrap();
        let mut writer = connect();
        migrate::migrate(&mut writer).unwrap();
        writer.pragma_update(None, "synchronous", "OFF").unwrap();
        let direct = Conversation::Direct(Pair::of(ann().id, ben().id).unwrap());
        let mut house = Self {
            writer,
            reader: connect(),
            places: [direct; PLACES],
            number: 0,
            positions: Positions::default(),
        };
        for (person, token) in people().into_iter().zip(1..) {
            let session =
                NewSession { token: TokenHash([token; 32]), label: String::new(), at: Timestamp(1) };
            house.commit(UserWrite::CreateGuest { person, session });
        }
        for place in 0..2 {
            house.found(place);
        }
        house.look();
        house
    }

    fn carry_out(&mut self, counts: &UnreadCounts, operation: Operation) {
        match operation {
            Operation::Say { by, place, times, mentions } => self.say(by, place, times, mentions),
            Operation::Amend { place, target, how } => {
                self.amend(place, Seq(target.index(self.head(place) as usize + 1) as u64), how);
            }
            Operation::Replace { place } => {
                let Conversation::Group(group) = self.places[place] else { return };
                let (version, facts) = (Some(Version(1)), vec![Fact::Deleted]);
                let change = GroupChange { group, version, facts, news: vec![] };
                assert_eq!(self.commit(change), Checked::Done);
                self.found(place);
            }
            Operation::Look => self.look(),
            Operation::Count { user, place, mark, earlier } => {
                let mark = Seq(mark.map_or(0, |mark| mark.index(self.head(place) as usize + 1) as u64));
                let db = if earlier { &self.reader } else { &self.writer };
                self.check(Db::sqlite(db), counts, user, place, mark);
            }
        }
    }

    /// Compares the kept counts, a new count, and one by other means.
    fn check(&self, db: Db<'_>, counts: &UnreadCounts, user: usize, place: usize, mark: Seq) {
        let topic = Topic::of(self.places[place]);
        let expected = expected(db, &topic, people()[user].id, mark);
        assert_eq!(self.count(db, &UnreadCounts::default(), user, place, mark), expected, "counted anew");
        for time in 0..2 {
            assert_eq!(self.count(db, counts, user, place, mark), expected, "time {time}");
        }
    }

    fn count(&self, db: Db<'_>, counts: &UnreadCounts, user: usize, place: usize, mark: Seq) -> Unread {
        conversations::unread(db, BUILT_IN, counts, self.places[place], people()[user].id, mark).unwrap()
    }

    fn head(&self, place: usize) -> u64 {
        logs::head(Db::sqlite(&self.writer), &log_key(self.places[place])).unwrap().0
    }

    fn look(&mut self) {
        if !self.reader.is_autocommit() {
            self.reader.execute_batch("COMMIT").unwrap();
        }
        self.reader.execute_batch("BEGIN").unwrap();
        self.reader.query_row("SELECT count(*) FROM logs", [], |_| Ok(())).unwrap();
    }

    fn found(&mut self, place: usize) {
        self.number += 1;
        let mut id = [7; wire::ID_BYTES];
        id[..8].copy_from_slice(&self.number.to_be_bytes());
        let group = GroupId::from_bytes(id);
        let settings = Settings {
            name: GroupName::new("tea").unwrap(),
            description: Description::default(),
            limit: 10,
            join_policy: JoinPolicy::Open,
            announcing: false,
            slow_s: 0,
            archived: false,
        };
        let mut facts = vec![Fact::Created { settings, at: Timestamp(1) }];
        let seat = |person| Fact::MemberAdded(Member::new(person, Role::Admin, Timestamp(1)));
        facts.extend(people().map(seat));
        self.commit(GroupChange { group, version: None, facts, news: vec![] });
        self.places[place] = Conversation::Group(group);
    }

    fn say(&mut self, by: usize, place: usize, times: usize, whom: Whom) {
        for _ in 0..times {
            let by = &people()[by];
            let said = Event::message(by.clone(), "tea?".into(), RichText::plain("tea?"), None);
            let draft = self.draft(by, place, &said);
            let mentions = mentioned(whom);
            self.commit(LogWrite::Post(Draft { counts: true, is_row: true, mentions, ..draft }));
        }
    }

    fn amend(&mut self, place: usize, target: Seq, how: How) {
        let by = self.sender(place, target);
        let (amendment, mentions) = match how {
            // Each edit has a text of its own, or it would be no change.
            How::Edit(whom) => (Amendment::Edit(format!("tea {}", self.number)), Some(mentioned(whom))),
            How::Delete => (Amendment::Delete, Some(Mentions::default())),
            How::Pin(on) => (Amendment::Pin(on), None),
        };
        let body = RichText::plain("tea");
        let told = rules::change(target, &by, &amendment, body.clone());
        let draft = self.draft(&by, place, &told);
        let right = Some(Permission {
            conversation: self.places[place],
            user: by.id,
            to: PermissionTo::Amend,
            now: Timestamp(1),
        });
        let news = Draft { right, about: Some(target), is_row: !told.is_silent(), ..draft };
        self.commit(Amend { target, by, amendment, body, mentions, version: None, news });
    }

    /// Returns the sender of an entry; ann if there is no such entry.
    fn sender(&self, place: usize, target: Seq) -> Person {
        let mut find = Db::sqlite(&self.writer)
            .prepare_cached(
                "SELECT sender FROM entries JOIN logs ON logs.id = log WHERE topic = ? AND seq = ?",
            )
            .unwrap();
        let topic = Topic::of(self.places[place]);
        let key = params![topic.as_str(), super::sql(target)];
        let found: Option<String> = find.query_row(key, |row| row.get(0)).ok();
        let is_sender = |person: &Person| found.as_ref() == Some(&sender(Sender::User(person.id)));
        people().into_iter().find(is_sender).unwrap_or_else(ann)
    }

    fn draft(&mut self, by: &Person, place: usize, event: &Event) -> Draft {
        self.number += 1;
        Draft {
            topic: Topic::of(self.places[place]),
            sender: Sender::User(by.id),
            id: SendId::new(&self.number.to_string()).unwrap(),
            body: BodyHash([0; 16]),
            data: Json::of(event),
            at: Timestamp(1),
            right: None,
            about: None,
            counts: false,
            is_row: true,
            mentions: Mentions::default(),
            ends: chat::store::Ends::Nobody,
        }
    }

    fn commit<W: TypedWrite>(&mut self, write: W) -> W::Outcome {
        let commits = vec![Commit { application: BUILT_IN, write: write.into() }];
        let transaction = self.writer.transaction().unwrap();
        let db = Db::sqlite(&transaction);
        let committed =
            commit::carry_out_all(db, commits, &self.positions, &Locks::default(), false).unwrap();
        transaction.commit().unwrap();
        W::outcome(committed.outcomes.into_iter().next().unwrap()).unwrap()
    }
}

/// Counts in the simplest way, with no bound but that of the result.
fn expected(db: Db<'_>, topic: &Topic, user: UserId, mark: Seq) -> Unread {
    let of_others = "FROM entries JOIN logs ON logs.id = log WHERE topic = ?1 AND seq > ?2 AND counts
                     AND sender <> 'user/' || ?3";
    let mention = "EXISTS (SELECT 1 FROM mentions
                   WHERE mentions.log = entries.log AND mentions.seq = entries.seq AND user IN (?3, ''))";
    let sql = match topic.conversation() {
        Some(Conversation::Direct(_)) => format!("SELECT count(*), count(*) {of_others}"),
        _ => format!("SELECT count(*), coalesce(sum({mention}), 0) {of_others}"),
    };
    let key = params![topic.as_str(), super::sql(mark), user.to_string()];
    let all = db.query_row(&sql, key, |row| Ok(Unread { messages: row.get(0)?, mentions: row.get(1)? }));
    let Unread { messages, mentions } = all.unwrap();
    Unread { messages: messages.min(MAX_UNREAD), mentions: mentions.min(MAX_UNREAD) }
}

const BUILT_IN: ApplicationId = ApplicationId::BUILT_IN;

fn log_key(conversation: Conversation) -> LogKey {
    LogKey::new(BUILT_IN, Topic::of(conversation))
}

fn user_key(user: UserId) -> UserKey {
    UserKey { application: BUILT_IN, user }
}

fn people() -> [Person; 3] {
    [ann(), ben(), cal()]
}

fn mentioned(whom: Whom) -> Mentions {
    let [.., everyone] = whom;
    let people = people().into_iter().zip(whom).filter(|(_, is_meant)| *is_meant);
    Mentions { people: people.map(|(person, _)| person.id).collect(), everyone }
}
