//! Writes a data folder with realistic data: *Tea at Anna's*, ten people, seven groups, 2,000 messages over 40 days.
//!
//! `tea FOLDER` makes `FOLDER/data`, which a server can serve, and `FOLDER/tea.json`, which describes the people and
//! the content. Everything goes through the domain as on a server, only with a simulated clock, so the data obeys every
//! rule. The browser tests and their screenshots use it (`end2end/fixtures.ts`).

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use chat::testing::{ManualClock, Node, User};
use chat::{Ack, Caller, Chat, Clock, LocalBus, MemoryBlobs, NoHttpClient, OsRandom, Parts, SystemClock};
use serde_json::{Map, Value, json};
use store::SqliteStore;
use wire::{Amendment, Emoji, GroupId, JoinPolicy, Pair, Role, Seq, Setting, Timestamp, Topic};

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// The password of every account.
const PASSWORD: &str = "correct horse battery";
/// The messages in the largest group.
const MESSAGES: usize = 2_000;
/// The days over which they were written.
const DAYS: i64 = 40;
const DAY: i64 = 86_400_000;
/// The sends that wait for one commit together.
const BATCH: usize = 64;

/// The cast: Anna is the viewer, the others have names that are hard on layouts and sentences. Two names are equal:
/// their owners stay guests.
const CAST: [(&str, &str, bool); 10] = [
    ("anna", "Anna", true),
    ("ben", "Ben", true),
    ("long", "Wilhelmina Featherstonehaugh-Cholmondele", true),
    ("wide", "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW", true),
    ("chinese", "歐陽曉明", true),
    ("sara", "سارا", true),
    ("dawud", "داود", true),
    ("hebrew", "דוד לוי", true),
    ("kim", "Kim Lee", false),
    ("kim2", "Kim Lee", false),
];

/// The groups: the busy one, one of 60 letters without a space, one with eight messages and 60 reactions, names in
/// other scripts, and an empty one.
const GROUPS: [(&str, &str, &str); 7] = [
    ("tea", "Tea at Anna's", "Every Sunday at four. Bring cake, or a story."),
    ("long", "Donaudampfschifffahrtsgesellschaftskapitaenswitwenverbandtag", ""),
    ("reactions", "Product team", "Releases on Thursdays"),
    ("chinese", "周末登山俱乐部", "每个星期六早上七点出发"),
    ("arabic", "مجموعة الشاي", "كل يوم أحد في الساعة الرابعة"),
    ("hebrew", "קבוצת הקריאה", ""),
    ("empty", "Quiet corner", ""),
];

const LINES: [&str; 20] = [
    "Morning, all",
    "Who brings the cake this time?",
    "I can be there a little after four, the train is late again.",
    "Yes",
    "The kettle is **on**, the door is open, come up whenever you like.",
    "见 https://example.org/日历 ，星期天下午四点",
    "أنا قادم بعد قليل",
    "אני מביא עוגה",
    "Has anybody seen the blue teapot? It was on the upper shelf, behind the tins, and now there is only a ring of dust where it stood.",
    "- lemon\n- sugar\n- the good cups",
    "```\nkettle   1\ncups    10\n```",
    "> the blue teapot\n\nIt is at mine, sorry!",
    "https://example.org/recipes/lemon-drizzle-cake?servings=10",
    "ok 👍",
    "Donaudampfschifffahrtsgesellschaftskapitaenspatentpruefungskommissionsvorsitzender",
    "*Thank you*, that was a lovely afternoon.",
    "~~Saturday~~ Sunday it is",
    "Let me check `calendar.ics` first",
    "Lemon or milk?",
    "Half past three would suit me better, but do not wait for me.",
];

#[tokio::main]
async fn main() -> Done {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("say which folder: tea FOLDER")?);
    let data = folder.join("data");
    std::fs::create_dir_all(&folder)?;
    let clock = Arc::new(ManualClock::at(Timestamp(SystemClock.now().0 - DAYS * DAY)));
    let store = Arc::new(SqliteStore::open(&data, &OsRandom)?);
    let secret = store.master_secret(&OsRandom)?;
    let limits = chat::Limits { newcomer_burst: u32::MAX, ..Node::patient() };
    let chat = Chat::start(Parts {
        store,
        blobs: Arc::new(MemoryBlobs::default()),
        bus: Arc::new(LocalBus::default()),
        http: Arc::new(NoHttpClient),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        chance: Arc::new(OsRandom),
        limits,
        providers: Vec::new(),
        secret,
    });
    let tea = Tea { chat, clock };
    let report = tea.pour().await?;
    tea.chat.shut_down().await.map_err(said)?;
    std::fs::write(folder.join("tea.json"), report)?;
    Ok(())
}

/// The domain and its simulated clock.
struct Tea {
    chat: Arc<Chat>,
    clock: Arc<ManualClock>,
}

impl Tea {
    /// Makes all data; returns a description as JSON.
    async fn pour(&self) -> Done<String> {
        let people = self.people().await?;
        let groups = self.groups(&people).await?;
        self.small_groups(&people, &groups).await?;
        self.directs(&people).await?;
        self.tea(&people, groups[0]).await?;
        Ok(report(&people, &groups))
    }

    async fn people(&self) -> Done<Vec<User>> {
        let mut people = Vec::new();
        for (_, name, has_account) in CAST {
            let (person, _) = self.chat.create_guest(&Caller::default(), name).await.map_err(said)?;
            let person = User::from(person);
            if has_account {
                self.chat.create_account(&person, PASSWORD).await.map_err(said)?;
            }
            people.push(person);
        }
        Ok(people)
    }

    /// Makes the groups, all founded by Anna but the Arabic one, with everybody in them.
    async fn groups(&self, people: &[User]) -> Done<Vec<GroupId>> {
        let mut groups = Vec::new();
        for (key, name, about) in GROUPS {
            let founder = if key == "arabic" { &people[5] } else { &people[0] };
            let group = self.chat.create_group(founder, name, JoinPolicy::Listed).await.map_err(said)?.id;
            if !about.is_empty() {
                let about = Setting::Description(wire::Description::new(about)?);
                self.chat.update_settings(founder, group, vec![about]).await.map_err(said)?;
            }
            for person in people.iter().filter(|person| *person != founder) {
                self.clock.advance(20_000);
                self.chat.join(person, group, None).await.map_err(said)?;
            }
            groups.push(group);
        }
        Ok(groups)
    }

    /// Sends the messages outside of the busy group.
    async fn small_groups(&self, people: &[User], groups: &[GroupId]) -> Done {
        for group in [groups[1], groups[3], groups[5]] {
            for (author, line) in [(3, 1), (4, 5), (7, 7), (2, 14), (8, 3), (9, 2)] {
                self.clock.advance(90_000);
                self.say(&people[author], Topic::group(group), LINES[line], None).await?;
            }
        }
        self.chat.set_role(&people[5], groups[4], people[6].id, Role::Admin).await.map_err(said)?;
        self.say(&people[6], Topic::group(groups[4]), LINES[6], None).await?;
        // Eight messages, then 60 reactions to the last of them: more than a page of history.
        let topic = Topic::group(groups[2]);
        let mut last = Seq::ZERO;
        for (n, line) in LINES.iter().take(8).enumerate() {
            self.clock.advance(60_000);
            last = self.say(&people[n], topic.clone(), line, None).await?.seq;
        }
        for person in people {
            for emoji in ["👍", "🎉", "😂", "👀", "✅", "😮"] {
                self.clock.advance(1_000);
                let reaction = Amendment::React(Emoji::new(emoji)?, true);
                self.amend(person, &topic, last, reaction).await?;
            }
        }
        Ok(())
    }

    async fn directs(&self, people: &[User]) -> Done {
        for (with, line) in [(1, 2), (5, 6), (3, 0), (8, 1)] {
            self.clock.advance(60_000);
            let topic = Pair::of(people[0].id, people[with].id).map(Topic::direct).ok_or("a pair of one")?;
            self.say(&people[with], topic.clone(), LINES[line], None).await?;
            self.say(&people[0], topic, "Gladly", None).await?;
        }
        Ok(())
    }

    /// Sends the messages of the busy group: 2,000 over 40 days, up to now.
    async fn tea(&self, people: &[User], group: GroupId) -> Done {
        let topic = Topic::group(group);
        let (start, end) = (self.clock.now().0, SystemClock.now().0);
        let step = (end - start) / i64::try_from(MESSAGES + 20)?;
        let mut batch = Vec::new();
        let mut seqs = Vec::with_capacity(MESSAGES);
        for n in 0..MESSAGES {
            // Bursts of ten, as people talk, and a pause after each.
            self.clock.advance(if n % 10 == 0 { step * 10 - 9 * 20_000.min(step) } else { 20_000.min(step) });
            let author = &people[(n * 7 + n / 10) % people.len()];
            let text = match n {
                // The last thirty are unread; three of them mention Anna.
                n if n + 30 >= MESSAGES && n % 10 == 5 => format!("@Anna what do you think? ({n})"),
                n if n % 97 == 0 => format!("@Anna {}", LINES[n % LINES.len()]),
                n => format!("{} · {n}", LINES[n % LINES.len()]),
            };
            let text = if text.contains("```") || text.starts_with("- ") {
                LINES[n % LINES.len()].to_owned()
            } else {
                text
            };
            let reply_to = if n % 31 == 30 { seqs.get(n.saturating_sub(60)).copied() } else { None };
            let id = self.chat.new_send_id();
            batch.push(self.chat.begin_post(author, topic.clone(), id, &text, reply_to).await.map_err(said)?);
            if batch.len() == BATCH || n + 1 == MESSAGES {
                for sending in batch.drain(..) {
                    seqs.push(self.chat.finish(sending).await.map_err(said)?.seq);
                }
            }
        }
        for (n, emoji) in ["👍", "❤️", "🎉", "😂"].into_iter().enumerate() {
            let reaction = Amendment::React(Emoji::new(emoji)?, true);
            self.amend(&people[n + 1], &topic, seqs[MESSAGES - 40 - n], reaction).await?;
        }
        for person in people {
            let reaction = Amendment::React(Emoji::new("🎂")?, true);
            self.amend(person, &topic, seqs[MESSAGES - 12], reaction).await?;
        }
        for target in [3, 700, MESSAGES - 15] {
            self.amend(&people[0], &topic, seqs[target], Amendment::Pin(true)).await?;
        }
        self.amend(&people[0], &topic, seqs[MESSAGES - 20], Amendment::Delete).await?;
        let read = seqs[MESSAGES - 31];
        for person in people {
            self.chat.set_read(person, &topic, read, false).await.map_err(said)?;
        }
        Ok(())
    }

    async fn say(&self, me: &User, topic: Topic, text: &str, reply_to: Option<Seq>) -> Done<Ack> {
        self.chat.post(me, topic, self.chat.new_send_id(), text, reply_to).await.map_err(said)
    }

    async fn amend(&self, me: &User, topic: &Topic, target: Seq, amendment: Amendment) -> Done {
        let id = self.chat.new_send_id();
        self.chat.amend(me, topic, id, target, amendment).await.map_err(said)?;
        Ok(())
    }
}

/// Describes the people and groups for the tests.
fn report(people: &[User], groups: &[GroupId]) -> String {
    let people: Map<String, Value> = (people.iter().zip(CAST))
        .map(|(person, (key, name, has_account))| {
            (key.to_owned(), json!({ "id": person.id.to_string(), "name": name, "hasAccount": has_account }))
        })
        .collect();
    let groups: Map<String, Value> = (groups.iter().zip(GROUPS))
        .map(|(id, (key, name, _))| (key.to_owned(), json!({ "path": format!("/g/{id}"), "name": name })))
        .collect();
    json!({ "password": PASSWORD, "people": people, "groups": groups }).to_string()
}

/// Turns a refusal or fault of the domain into an error that can be printed.
fn said(no: chat::Error) -> Box<dyn Error> {
    format!("{no:?}").into()
}
