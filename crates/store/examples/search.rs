//! Measures the search of messages: `search FOLDER MESSAGES WORDS` fills a data folder with messages, lets the index
//! catch up, and prints sizes, latencies and rates.
//!
//! `WORDS` is a file with a language, a word and its frequency in each line, between tabs, such as one made from the
//! lists of the Python package `wordfreq`. Words are drawn by frequency. Those of `zh` and `ja` are written without
//! blanks.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chat::search::SearchQuery;
use chat::search_index::{CandidateRequest, IndexUpdate, SearchIndex};
use chat::store::{
    Application, ApplicationKey, BodyHash, Commit, Committed, Draft, Ends, FoundHook, JobCount, JobQueue,
    Mentions, MessageTail, Position, Sender, Slices, StoreReader, Tail, Webhook, WebhookTail,
};
use chat::testing::{Node, User};
use chat::{
    ApiTokenRecord, Fault, LocalBus, OsRandom, RandomSource, SearchRequest, Session, Store, TokenHash,
};
use store::SqliteStore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use wire::{ApplicationId, Epoch, Event, GroupId, Json, LogKey, RichText, SendId, Seq, Timestamp, Topic};

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// The groups, all of one user.
const GROUPS: usize = 100;
/// The writes in one transaction.
const BATCH: usize = 2_000;
/// The queries of each kind.
const QUERIES: usize = 400;
/// The messages that are on their way at once, and the time of each run.
const SENDERS: usize = 64;
const RUN: Duration = Duration::from_secs(5);
/// The runs with the index, and as many without it.
const RUNS: usize = 5;

#[tokio::main]
async fn main() -> Done {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("search FOLDER MESSAGES WORDS");
    let (folder, count, words) = (PathBuf::from(next()?), next()?.parse::<usize>()?, next()?);
    let words = Words::read(&words)?;
    let sqlite: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder, &OsRandom)?);
    let (node, user, groups) = begin(Arc::new(Unindexed(Arc::clone(&sqlite)))).await;
    let filled = fill(&*sqlite, &user, &groups, &words, count).await?;
    shut_down(&node).await?;
    println!("{count} messages, {} bytes of text, {} MB of memory", filled.bytes, resident());

    let sqlite: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder, &OsRandom)?);
    let begun = Instant::now();
    let node = over(Arc::clone(&sqlite));
    until_indexed(&*sqlite).await?;
    let (took, bytes) = (begun.elapsed(), size(&folder)?);
    #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
    let ratio = bytes as f64 / filled.bytes as f64;
    println!(
        "indexed in {took:.1?}; {bytes} bytes of index, {ratio:.2} of the text; {} MB of memory",
        resident()
    );

    for (kind, queries) in filled.queries() {
        let mut times = Vec::new();
        let mut hits = 0;
        let mut slowest = (Duration::ZERO, String::new());
        for words in queries {
            let Ok(query) = SearchQuery::parse(&words) else { continue };
            let request = SearchRequest { query, limit: 20, ..SearchRequest::default() };
            let begun = Instant::now();
            hits += found(&node, &user, &request).await?;
            times.push(begun.elapsed());
            slowest = slowest.max((begun.elapsed(), words));
        }
        println!("{kind}: {}, {hits} hits; the slowest: {}", Quantiles::of(times), slowest.1);
    }
    println!("found after sending: {}", fresh(&node, &user, groups[0]).await?);
    println!("{} MB of memory after the searches", resident());
    shut_down(&node).await?;

    for run in 0..RUNS {
        for is_indexed in if run % 2 == 0 { [true, false] } else { [false, true] } {
            let sqlite: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder, &OsRandom)?);
            if is_indexed {
                let node = over(Arc::clone(&sqlite));
                until_indexed(&*sqlite).await?;
                send(&node, &user, &groups, &words, "with the index").await?;
            } else {
                let node = over(Arc::new(Unindexed(sqlite)));
                send(&node, &user, &groups, &words, "without the index").await?;
            }
        }
    }
    Ok(())
}

fn over(store: Arc<dyn Store>) -> Node {
    let [seed] = draw();
    Node::start(store, Arc::new(LocalBus::default()), Node::patient(), u64::from(seed))
}

/// Creates the user and the groups.
async fn begin(store: Arc<dyn Store>) -> (Node, User, Vec<GroupId>) {
    let node = over(store);
    let user = node.introduce("ann").await;
    let mut groups = Vec::new();
    for number in 0..GROUPS {
        groups.push(node.group(&user, &format!("Group {number}")).await);
    }
    (node, user, groups)
}

/// The messages that were written.
struct Filled {
    bytes: usize,
    /// The number of messages that have each word.
    counts: BTreeMap<String, usize>,
}

impl Filled {
    /// Returns the queries of each kind.
    fn queries(&self) -> Vec<(&'static str, Vec<String>)> {
        let some = |fits: &dyn Fn(&str, usize) -> bool| {
            let found: Vec<&String> = self
                .counts
                .iter()
                .filter(|(word, count)| fits(word, **count))
                .map(|(word, _)| word)
                .collect();
            let step = found.len().div_ceil(QUERIES).max(1);
            found.into_iter().step_by(step).cloned().collect::<Vec<_>>()
        };
        let letters = |word: &str| word.chars().count();
        vec![
            ("rare words", some(&|word, count| word.is_ascii() && letters(word) > 4 && count < 20)),
            ("frequent words", some(&|word, count| word.is_ascii() && letters(word) > 4 && count > 500)),
            ("three letters", some(&|word, _| word.is_ascii() && letters(word) == 3)),
            ("one or two letters", some(&|word, _| word.is_ascii() && letters(word) < 3)),
            ("two CJK characters", some(&|word, _| !word.is_ascii() && letters(word) == 2)),
            ("one CJK character", some(&|word, _| !word.is_ascii() && letters(word) == 1)),
        ]
    }
}

/// Writes the messages straight into the store.
async fn fill(
    store: &dyn Store,
    user: &User,
    groups: &[GroupId],
    words: &Words,
    count: usize,
) -> Done<Filled> {
    let mut filled = Filled { bytes: 0, counts: BTreeMap::new() };
    let mut commits = Vec::with_capacity(BATCH);
    for number in 0..count {
        let (text, used) = words.message();
        filled.bytes += text.len();
        for word in used {
            *filled.counts.entry(word.to_owned()).or_default() += 1;
        }
        let data = Json::of(&Event::Message {
            author: user.person(),
            body: RichText::plain(&text),
            text,
            reply_to: None,
            edited: None,
            reactions: Vec::new(),
            pinned: false,
            recipients: Vec::new(),
            attachments: Vec::new(),
            bot: false,
        });
        let draft = Draft {
            topic: Topic::group(groups[number % groups.len()]),
            sender: Sender::User(user.id),
            id: SendId::from_bytes(draw()),
            body: BodyHash([0; 16]),
            data,
            at: Timestamp(1_790_000_000_000 + i64::try_from(number)? * 60_000),
            right: None,
            about: None,
            counts: true,
            is_row: true,
            mentions: Mentions::default(),
            ends: Ends::Nobody,
        };
        commits.push(Commit { application: ApplicationId::BUILT_IN, write: draft.into() });
        if commits.len() == BATCH || number + 1 == count {
            store.commit(std::mem::take(&mut commits), Seq::ZERO).await?;
        }
    }
    Ok(filled)
}

async fn until_indexed(store: &dyn Store) -> Done {
    let index = store.search_index();
    loop {
        let position = index.position().await?;
        if store.message_tail(position, 1).await?.position == position {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Returns the number of hits on the first page of a search.
async fn found(node: &Node, user: &User, request: &SearchRequest) -> Done<usize> {
    let page = node.chat.search(user, request).await.map_err(|error| format!("{error:?}"))?;
    Ok(page.hits.len())
}

async fn shut_down(node: &Node) -> Done {
    Ok(node.chat.shut_down().await.map_err(|error| format!("{error:?}"))?)
}

/// Sends messages, each with a word of its own, and waits until it is found.
async fn fresh(node: &Node, user: &User, group: GroupId) -> Done<Quantiles> {
    let mut times = Vec::new();
    for number in 0..50 {
        let word = format!("fresh{number}word");
        let begun = Instant::now();
        node.say(user, group, &word).await;
        let request = SearchRequest {
            query: SearchQuery::parse(&word).unwrap_or_default(),
            limit: 1,
            ..SearchRequest::default()
        };
        while found(node, user, &request).await? == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        times.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(37)).await;
    }
    Ok(Quantiles::of(times))
}

/// Sends messages for a while, and prints the rate and the time of a commit.
async fn send(node: &Node, user: &User, groups: &[GroupId], words: &Words, how: &str) -> Done {
    let sent = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let (chat, user, group) = (Arc::clone(&node.chat), user.clone(), groups[sender % groups.len()]);
        let sent = Arc::clone(&sent);
        let texts: Vec<String> = (0..200).map(|_| words.message().0).collect();
        senders.spawn(async move {
            let mut times = Vec::new();
            for text in texts.iter().cycle().take_while(|_| begun.elapsed() < RUN) {
                let at = Instant::now();
                let id = SendId::from_bytes(draw());
                if chat.post(&user, Topic::group(group), id, text, None).await.is_ok() {
                    sent.fetch_add(1, Ordering::Relaxed);
                    times.push(at.elapsed());
                }
            }
            times
        });
    }
    let times = senders.join_all().await.concat();
    #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
    let rate = sent.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    println!("{how}: {rate:.0} messages/s, {}", Quantiles::of(times));
    shut_down(node).await
}

/// Words and their frequencies, by language.
struct Words(Vec<(Vec<(String, f64)>, &'static str)>);

/// The languages, the share of each, and the blank between its words.
const LANGUAGES: [(&str, f64, &str); 3] = [("en", 0.7, " "), ("zh", 0.2, ""), ("ja", 0.1, "")];

impl Words {
    fn read(file: &str) -> Done<Self> {
        let text = std::fs::read_to_string(file)?;
        let of = |(language, _, blank): (&str, f64, &'static str)| {
            let mut sum = 0.0;
            let words = text.lines().filter_map(|line| {
                let mut fields = line.split('\t');
                let (found, word) = (fields.next()?, fields.next()?);
                let frequency: f64 = fields.next()?.parse().ok()?;
                sum += frequency;
                (found == language).then(|| (word.to_owned(), frequency))
            });
            let mut words: Vec<(String, f64)> = words.collect();
            // Each word's share of all that come up to it.
            let all: f64 = words.iter().map(|(_, frequency)| frequency).sum();
            let mut up_to = 0.0;
            for (_, frequency) in &mut words {
                up_to += *frequency / all;
                *frequency = up_to;
            }
            (words, blank)
        };
        Ok(Self(LANGUAGES.map(of).into()))
    }

    /// Returns a message, and the words in it.
    fn message(&self) -> (String, Vec<&str>) {
        let mut share = chance();
        let language = LANGUAGES.iter().position(|(_, of, _)| {
            share -= of;
            share < 0.0
        });
        let (words, blank) = &self.0[language.unwrap_or_default()];
        let [length] = draw();
        let count = 3 + usize::from(length) % 22;
        let word = |_| {
            let at = chance();
            let place = words.partition_point(|(_, up_to)| *up_to < at).min(words.len() - 1);
            words[place].0.as_str()
        };
        let used: Vec<&str> = (0..count).map(word).collect();
        (used.join(blank), used)
    }
}

fn draw<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRandom.fill(&mut bytes);
    bytes
}

/// Returns a random number from 0 up to 1.
fn chance() -> f64 {
    f64::from(u32::from_be_bytes(draw())) / (f64::from(u32::MAX) + 1.0)
}

/// Quantiles of times.
struct Quantiles(Vec<Duration>);

impl Quantiles {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(times)
    }
}

impl std::fmt::Display for Quantiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = |part: usize| self.0.get((self.0.len() * part / 1_000).min(self.0.len().saturating_sub(1)));
        let [half, most, last] = [500, 990, 1_000].map(|part| at(part).copied().unwrap_or_default());
        write!(f, "p50 {half:.2?}, p99 {most:.2?}, max {last:.2?} ({})", self.0.len())
    }
}

/// Returns the bytes of the index and its write-ahead log.
fn size(folder: &Path) -> Done<u64> {
    let mut bytes = 0;
    for file in std::fs::read_dir(folder)? {
        let file = file?;
        if file.file_name().to_string_lossy() == "search.db" {
            bytes += file.metadata()?.len();
        }
    }
    Ok(bytes)
}

/// Returns the memory of the process in megabytes; 0 where the system does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or_default() / 1_024
}

/// A store whose messages are not indexed.
struct Unindexed(Arc<dyn Store>);

/// An index that is always up to date and finds nothing.
struct NoIndex;

#[async_trait]
impl SearchIndex for NoIndex {
    async fn position(&self) -> Result<Position, Fault> {
        Ok(Position(u64::MAX >> 1))
    }

    async fn apply(&self, _: IndexUpdate) -> Result<bool, Fault> {
        Ok(false)
    }

    async fn remove_application(&self, _: ApplicationId) -> Result<(), Fault> {
        Ok(())
    }

    async fn candidates(&self, _: CandidateRequest) -> Result<Vec<Position>, Fault> {
        Ok(Vec::new())
    }

    fn rebuilds(&self) -> u64 {
        0
    }

    async fn close(&self) -> Result<(), Fault> {
        Ok(())
    }
}

#[async_trait]
impl Store for Unindexed {
    fn epoch(&self) -> Epoch {
        self.0.epoch()
    }

    fn reads(&self) -> u64 {
        self.0.reads()
    }

    async fn commit(&self, commits: Vec<Commit>, revocations_after: Seq) -> Result<Committed, Fault> {
        self.0.commit(commits, revocations_after).await
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.0.probe().await
    }

    async fn snapshot(&self, application: ApplicationId) -> Result<Arc<dyn StoreReader>, Fault> {
        self.0.snapshot(application).await
    }

    fn reader(&self, application: ApplicationId) -> Arc<dyn StoreReader> {
        self.0.reader(application)
    }

    async fn session(&self, token: TokenHash) -> Result<Option<Session>, Fault> {
        self.0.session(token).await
    }

    async fn api_token(&self, token: TokenHash) -> Result<Option<ApiTokenRecord>, Fault> {
        self.0.api_token(token).await
    }

    async fn hook(&self, token: TokenHash) -> Result<Option<FoundHook>, Fault> {
        self.0.hook(token).await
    }

    async fn lists_origin(&self, origin: String) -> Result<bool, Fault> {
        self.0.lists_origin(origin).await
    }

    async fn application(&self, key: ApplicationKey) -> Result<Option<Application>, Fault> {
        self.0.application(key).await
    }

    async fn applications(&self, after: ApplicationId, limit: usize) -> Result<Vec<Application>, Fault> {
        self.0.applications(after, limit).await
    }

    async fn heads(&self, logs: Arc<[LogKey]>) -> Result<Vec<Option<Seq>>, Fault> {
        self.0.heads(logs).await
    }

    async fn slices(&self, after: Arc<[(LogKey, Seq)]>, revocations_after: Seq) -> Result<Slices, Fault> {
        self.0.slices(after, revocations_after).await
    }

    async fn relay(&self) -> Result<Position, Fault> {
        self.0.relay().await
    }

    async fn tail(&self, after: Position, limit: usize) -> Result<Tail, Fault> {
        self.0.tail(after, limit).await
    }

    async fn message_tail(&self, after: Position, _: usize) -> Result<MessageTail, Fault> {
        Ok(MessageTail { position: after, head: after, ..MessageTail::default() })
    }

    fn search_index(&self) -> Arc<dyn SearchIndex> {
        Arc::new(NoIndex)
    }

    async fn active_webhooks(&self) -> Result<Vec<(ApplicationId, Webhook)>, Fault> {
        self.0.active_webhooks().await
    }

    async fn webhook_tail(&self, after: Position, limit: usize) -> Result<WebhookTail, Fault> {
        self.0.webhook_tail(after, limit).await
    }

    async fn position_at(&self, at: Timestamp) -> Result<Position, Fault> {
        self.0.position_at(at).await
    }

    async fn has_due_jobs(&self, queue: JobQueue, now: Timestamp) -> Result<bool, Fault> {
        self.0.has_due_jobs(queue, now).await
    }

    async fn job_counts(&self) -> Result<Vec<JobCount>, Fault> {
        self.0.job_counts().await
    }

    async fn close(&self) -> Result<(), Fault> {
        self.0.close().await
    }
}
