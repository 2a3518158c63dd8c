//! Measures the inbox: `inbox FOLDER ENTRIES LOGS` fills a data folder with entries of a user's groups, and prints the
//! latencies of reads.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use chat::store::{
    BodyHash, Commit, Draft, Ends, Fact, GroupChange, InboxRequest, Mentions, Position, Sender, UserWrite,
    Write,
};
use chat::testing::person;
use chat::{OsRandom, Store};
use store::SqliteStore;
use tokio::time::Instant;
use wire::limits::PAGE_BYTES;
use wire::{
    ApplicationId, Description, Event, GroupId, GroupName, JoinPolicy, Json, Member, Person, RichText, Role,
    SendId, Seq, Settings, Timestamp, Topic,
};

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// The writes in one transaction.
const BATCH: u64 = 5_000;
/// The reads of each kind.
const READS: usize = 500;

#[tokio::main]
async fn main() -> Done {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("inbox FOLDER ENTRIES LOGS");
    let (folder, entries, logs) = (PathBuf::from(next()?), next()?.parse::<u64>()?, next()?.parse::<u64>()?);
    let store = SqliteStore::open(&folder, &OsRandom)?;
    let user = person("wanjiru");
    found(&store, &user, logs).await?;
    for first in (0..entries).step_by(usize::try_from(BATCH)?) {
        let last = entries.min(first + BATCH);
        // Scattered over the logs, as people write.
        let write = |number| message(group(number * 7_919 % logs), number);
        commit(&store, (first..last).map(write)).await?;
    }
    println!("{entries} entries in {logs} logs");
    let reader = store.reader(ApplicationId::BUILT_IN);
    let request = |after, limit| InboxRequest { user: user.id, after, limit, bytes: PAGE_BYTES };
    let head = reader.inbox(request(Position(0), 0)).await?.head;
    let first = head.0 - entries;
    let mut kinds = vec![("with nothing new", vec![head.0; READS]), ("from the beginning", vec![0; READS])];
    let behind = |entries: u64| vec![head.0.saturating_sub(entries); READS];
    kinds.extend([("200 entries behind", behind(200)), ("5,000 entries behind", behind(5_000))]);
    let anywhere = (1..=READS as u64).map(|number| first + number * 7_919 * 31 % entries).collect();
    kinds.push(("from anywhere", anywhere));
    for (kind, cursors) in kinds {
        let mut times = Vec::with_capacity(READS);
        for after in cursors {
            let begun = Instant::now();
            reader.inbox(request(Position(after), 100)).await?;
            times.push(begun.elapsed());
        }
        println!("{kind}: {}", quantiles(times));
    }
    store.close().await?;
    Ok(())
}

fn quantiles(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    format!("median {:.1?}, p90 {:.1?}, p99 {:.1?}, longest {:.1?}", at(50), at(90), at(99), at(100))
}

fn group(number: u64) -> GroupId {
    let mut id = [0; 10];
    id[2..].copy_from_slice(&number.to_be_bytes());
    GroupId::from_bytes(id)
}

/// Creates the groups, with the user in each.
async fn found(store: &SqliteStore, user: &Person, logs: u64) -> Done {
    let session =
        chat::store::NewSession { token: chat::TokenHash([1; 32]), label: String::new(), at: Timestamp(0) };
    commit(store, std::iter::once(UserWrite::CreateGuest { person: user.clone(), session })).await?;
    let mut writes = Vec::new();
    for number in 0..logs {
        let settings = Settings {
            name: GroupName::new(&format!("Group {number}")).map_err(|refusal| refusal.code())?,
            description: Description::default(),
            limit: 10,
            join_policy: JoinPolicy::Open,
            announcing: false,
            slow_s: 0,
            archived: false,
        };
        let member = Member::new(user.clone(), Role::Admin, Timestamp(0));
        let facts = vec![Fact::Created { settings, at: Timestamp(0) }, Fact::MemberAdded(member)];
        writes.push(GroupChange { group: group(number), version: None, facts, news: vec![] });
    }
    commit(store, writes.into_iter()).await
}

fn message(group: GroupId, number: u64) -> Draft {
    let author = person("lilei");
    let text = format!("message {number}, about as long as messages are on average");
    let event = Event::message(author.clone(), text.clone(), RichText::plain(&text), None);
    Draft {
        topic: Topic::group(group),
        sender: Sender::User(author.id),
        id: SendId::new(&number.to_string()).unwrap_or_else(|_| unreachable!("digits are an id")),
        body: BodyHash([0; 16]),
        data: Json::of(&event),
        at: Timestamp(1_795_234_657_250),
        right: None,
        about: None,
        counts: true,
        is_row: true,
        mentions: Mentions::default(),
        ends: Ends::Nobody,
    }
}

async fn commit(store: &SqliteStore, writes: impl Iterator<Item = impl Into<Write>>) -> Done {
    let commits = writes.map(|write| Commit { application: ApplicationId::BUILT_IN, write: write.into() });
    store.commit(commits.collect(), Seq(u64::MAX)).await?;
    Ok(())
}
