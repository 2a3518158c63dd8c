//! Writes a large data folder: `town FOLDER PEOPLE GROUPS ENTRIES` fills `FOLDER/data`, which a server can serve, and
//! writes `FOLDER/town.json`, with the sessions of its people. The benchmark of pages uses it.
//!
//! The data goes straight into the store, in large batches, so a million entries take a minute and not an hour.

use std::error::Error;
use std::path::PathBuf;

use chat::names::Login;
use chat::store::{
    BodyHash, Commit, CreateAccount, DirectCreation, Draft, Fact, FirstRole, GroupChange, LogWrite, Mentions,
    NewSession, PasswordHash, ReadStateWrite, Sender, Store, UserWrite, Version, Write,
};
use chat::{Clock, OsRandom, SystemClock, Token};
use serde_json::json;
use store::SqliteStore;
use wire::{
    ApplicationId, Conversation, Description, Event, GroupId, GroupName, JoinPolicy, Json, Member, Pair,
    Person, PersonName, RichText, Role, SendId, Settings, Timestamp, Topic, UserId,
};

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// The writes in one transaction.
const BATCH: usize = 4_096;
/// The most members of a group, and the numbers of groups and directs of the busiest person.
const LARGEST: usize = 1_000;
const BUSY_GROUPS: usize = 300;
const BUSY_DIRECTS: usize = 200;
/// Of this many entries one is a reaction, and of this many one mentions the busiest person.
const REACTIONS: usize = 12;
const MENTIONS: usize = 50;

/// The first people: one with everything, one with hardly anything, and one who was away for long.
const BUSY: usize = 0;
const LIGHT: usize = 1;
const AWAY: usize = 2;

struct Town {
    store: SqliteStore,
    commits: Vec<Commit>,
    at: i64,
    numbers: u64,
}

#[tokio::main]
async fn main() -> Done {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("town FOLDER PEOPLE GROUPS ENTRIES")?);
    let mut count = || -> Done<usize> { Ok(arguments.next().ok_or("a number is missing")?.parse()?) };
    let (people, groups, entries) = (count()?, count()?, count()?);
    let store = SqliteStore::open(&folder.join("data"), &OsRandom)?;
    let mut town = Town { store, commits: Vec::with_capacity(BATCH), at: 1_790_000_000_000, numbers: 0 };
    let people: Vec<Person> = (0..people).map(person).collect::<Done<_>>()?;
    town.introduce(&people).await?;
    let rosters = town.found(&people, groups).await?;
    town.talk(&people, &rosters, entries).await?;
    town.settle().await?;
    let largest = group_id(0);
    let session = |who| Ok::<_, Box<dyn Error>>(token(who)?.reveal());
    let told = json!({
        "busy": session(BUSY)?, "light": session(LIGHT)?, "away": session(AWAY)?,
        "group": largest.to_string(), "small": group_id(groups - 1).to_string(),
        "direct": people[BUSY_DIRECTS / 2].id.to_string(), "word": "ann",
    });
    std::fs::write(folder.join("town.json"), told.to_string())?;
    town.store.close().await?;
    Ok(())
}

impl Town {
    async fn write(&mut self, write: impl Into<Write>) -> Done {
        self.commits.push(Commit { application: ApplicationId::BUILT_IN, write: write.into() });
        if self.commits.len() >= BATCH { self.settle().await } else { Ok(()) }
    }

    async fn settle(&mut self) -> Done {
        let commits = std::mem::take(&mut self.commits);
        self.store.commit(commits, wire::Seq(u64::MAX)).await?;
        Ok(())
    }

    async fn introduce(&mut self, people: &[Person]) -> Done {
        for (number, person) in people.iter().enumerate() {
            let session = NewSession { token: token(number)?.hash(), label: String::new(), at: now() };
            self.write(UserWrite::CreateGuest { person: person.clone(), session }).await?;
            let login = Login::new(person.name.as_str())?;
            let (user, password) = (person.id, PasswordHash("none".into()));
            self.write(CreateAccount { user, login, password, rank: FirstRole::FirstIsOwner }).await?;
        }
        Ok(())
    }

    /// Creates the groups: a large one, and smaller ones; the busiest person is in many of them.
    async fn found(&mut self, people: &[Person], groups: usize) -> Done<Vec<Vec<usize>>> {
        let mut rosters = Vec::with_capacity(groups);
        for number in 0..groups {
            let size = if number == 0 { LARGEST } else { 3 + number * 7 % 60 }.min(people.len());
            let mut members: Vec<usize> =
                (0..size).map(|seat| (3 + number * 13 + seat) % people.len()).collect();
            members.retain(|member| *member > AWAY);
            if number < BUSY_GROUPS || number == groups - 1 {
                members.extend([BUSY, AWAY]);
            }
            if number == 0 || number == groups - 1 {
                members.push(LIGHT);
            }
            let settings = Settings {
                name: GroupName::new(&format!("Group {number} of {}", people[number % people.len()].name))?,
                description: Description::default(),
                limit: 2_000,
                join_policy: if number % 3 == 0 { JoinPolicy::Listed } else { JoinPolicy::Open },
                announcing: false,
                slow_s: 0,
                archived: false,
            };
            let mut facts = vec![Fact::Created { settings, at: now() }];
            for member in &members {
                let role = if *member == members[0] { Role::Admin } else { Role::Member };
                facts.push(Fact::MemberAdded(Member::new(people[*member].clone(), role, now())));
            }
            let change =
                GroupChange { group: group_id(number), version: None::<Version>, facts, news: vec![] };
            self.write(change).await?;
            rosters.push(members);
        }
        for other in 0..BUSY_DIRECTS.min(people.len() - 4) {
            if let Some(pair) = Pair::of(people[BUSY].id, people[other + 4].id) {
                let first =
                    self.message(&people[BUSY], Topic::direct(pair), usize::MAX - other, &people[BUSY])?;
                let creation = DirectCreation { pair, news: vec![] };
                self.write(LogWrite::PostFirst { draft: first, creation }).await?;
            }
        }
        Ok(rosters)
    }

    /// Fills the logs: a third in the large group, the rest everywhere. Nobody reads meanwhile but one of the first
    /// people.
    async fn talk(&mut self, people: &[Person], rosters: &[Vec<usize>], entries: usize) -> Done {
        for number in 0..entries {
            let place = if number % 3 == 0 { 0 } else { number * 31 % rosters.len() };
            let by = &people[rosters[place][number % rosters[place].len()]];
            let topic = if number % 40 == 7 {
                let other = &people[4 + number % BUSY_DIRECTS];
                let pair = Pair::of(people[BUSY].id, other.id).ok_or("one person")?;
                self.say(other, Topic::direct(pair), number, &people[BUSY]).await?;
                continue;
            } else {
                Topic::group(group_id(place))
            };
            self.say(by, topic, number, &people[BUSY]).await?;
        }
        // The busiest person has read everything but the last hundred groups; the one who was away has read nothing.
        for number in 100..BUSY_GROUPS.min(rosters.len()) {
            let conversation = Conversation::Group(group_id(number));
            let (user, seq) = (people[BUSY].id, wire::Seq(u64::MAX));
            self.write(ReadStateWrite::SetRead { conversation, user, seq, back: false }).await?;
        }
        Ok(())
    }

    async fn say(&mut self, by: &Person, topic: Topic, number: usize, busy: &Person) -> Done {
        let draft = self.message(by, topic, number, busy)?;
        self.write(LogWrite::Post(draft)).await
    }

    fn message(&mut self, by: &Person, topic: Topic, number: usize, busy: &Person) -> Done<Draft> {
        self.at += 997;
        self.numbers += 1;
        let in_group = matches!(topic.conversation(), Some(Conversation::Group(_)));
        let is_reaction = number % REACTIONS == 5 && in_group;
        let text = format!(
            "Message {number}: the train is late again, I can be there after four. Who brings the cake?"
        );
        let data = if is_reaction {
            let emoji = wire::Emoji::new("👍")?;
            Json::of(&Event::Reacted { target: wire::Seq(1), emoji, on: true, by: by.clone() })
        } else {
            Json::of(&Event::message(by.clone(), text.clone(), RichText::plain(&text), None))
        };
        let mentioned = number % MENTIONS == 3 && !is_reaction;
        Ok(Draft {
            topic,
            sender: Sender::User(by.id),
            id: SendId::new(&format!("{:08x}", self.numbers))?,
            body: BodyHash([0; 16]),
            data,
            at: Timestamp(self.at),
            right: None,
            about: is_reaction.then_some(wire::Seq(1)),
            counts: !is_reaction,
            is_row: !is_reaction,
            ends: chat::store::Ends::Nobody,
            mentions: Mentions {
                people: mentioned.then_some(busy.id).into_iter().collect(),
                everyone: false,
            },
        })
    }
}

fn person(number: usize) -> Done<Person> {
    const SYLLABLES: [&str; 16] =
        ["an", "na", "be", "mi", "lo", "ra", "to", "ke", "su", "di", "yu", "va", "he", "pi", "go", "el"];
    let syllable = |place: usize| SYLLABLES[number / 16usize.pow(u32::try_from(place).unwrap_or(0)) % 16];
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&(number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    let name =
        format!("{}{}{} {}{} {number}", syllable(0), syllable(1), syllable(2), syllable(3), syllable(1));
    Ok(Person { id: UserId::from_bytes(bytes), name: PersonName::new(&name)? })
}

fn group_id(number: usize) -> GroupId {
    let mut bytes = [7; 10];
    bytes[2..].copy_from_slice(&(number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    GroupId::from_bytes(bytes)
}

/// Returns the session token of a person.
fn token(number: usize) -> Done<Token> {
    Ok(Token::parse(&format!("{number:064x}")).ok_or("a token has 64 hexadecimal digits")?)
}

/// Returns the current time: sessions begin now, so that they are valid when the server starts.
fn now() -> Timestamp {
    SystemClock.now()
}
