//! A run of posts: what they depend on is read at once, and what they append is written at once, so that the number of
//! round trips does not grow with that of the posts.

use std::collections::{HashMap, HashSet};

use chat::store::{Draft, MembershipState};
use futures::future::{try_join4, try_join5};
use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;
use wire::{ApplicationId, Conversation, LogKey, Seq, Timestamp, UserId};

use super::connection::PostgresConnection;
use crate::sql::{Row, SqlResult};
use crate::tables::values::{ends, sender, sql};
use crate::tables::{LogHead, MovedHead, direct_standing, member_standing};

/// The state of a run.
pub(crate) struct Run {
    logs: HashMap<LogKey, LogHead>,
    standings: HashMap<SeatKey, Option<MembershipState>>,
    /// The ids of entries that are there or were appended in this run; none if a taken id fails the statement.
    sent: Option<HashSet<SentKey>>,
    entries: Entries,
    mentions: Mentioned,
    /// The times at which members spoke in groups with slow mode.
    spoken: HashMap<SeatKey, Timestamp>,
}

/// A user in a conversation.
type SeatKey = (ApplicationId, Conversation, UserId);
/// The application, sender and id of an entry.
type SentKey = (u32, String, String);

/// Entries to append, column by column.
#[derive(Default)]
struct Entries {
    position: Vec<i64>,
    log: Vec<i64>,
    seq: Vec<i64>,
    application: Vec<i64>,
    sender: Vec<String>,
    send_id: Vec<String>,
    body_hash: Vec<Vec<u8>>,
    at: Vec<i64>,
    data: Vec<String>,
    about: Vec<Option<i64>>,
    counts: Vec<bool>,
    is_row: Vec<bool>,
    ends: Vec<Option<String>>,
}

/// Mentions to insert, column by column.
#[derive(Default)]
struct Mentioned {
    log: Vec<i64>,
    user: Vec<String>,
    seq: Vec<i64>,
}

const LOGS: &str = "
    SELECT wanted.place, logs.id, logs.head, logs.at, logs.begins, logs.newest_position
    FROM unnest(CAST(? AS bigint[]), CAST(? AS text[])) WITH ORDINALITY AS wanted (application, topic, place)
    JOIN logs ON logs.application = wanted.application AND logs.topic = wanted.topic";
const GROUPS: &str = "
    SELECT groups.id, groups.archived, groups.announcing, groups.slow_s,
           members.role, members.muted_until, members.spoke_at, coalesce(members.read_mark, 0),
           coalesce(members.notify, 'all'), coalesce(members.hidden, false),
           coalesce(members.delivered_mark, 0), coalesce(members.seen_mark, 0), wanted.place
    FROM unnest(CAST(? AS bigint[]), CAST(? AS text[]), CAST(? AS text[]))
        WITH ORDINALITY AS wanted (application, conversation, person, place)
    JOIN groups ON groups.application = wanted.application AND groups.id = wanted.conversation
    LEFT JOIN members ON members.application = wanted.application AND members.\"group\" = wanted.conversation
        AND members.user = wanted.person";
const DIRECTS: &str = "
    SELECT wanted.person, coalesce(directs.read_mark, 0), coalesce(directs.notify, 'all'),
           coalesce(directs.hidden, false), coalesce(directs.delivered_mark, 0), coalesce(directs.seen_mark, 0),
           directs.user IS NOT NULL,
           EXISTS (SELECT 1 FROM blocks WHERE blocks.application = wanted.application
                       AND blocks.user = wanted.person AND blocks.blocked = wanted.other),
           EXISTS (SELECT 1 FROM blocks WHERE blocks.application = wanted.application
                       AND blocks.user = wanted.other AND blocks.blocked = wanted.person),
           wanted.place
    FROM unnest(CAST(? AS bigint[]), CAST(? AS text[]), CAST(? AS text[]))
        WITH ORDINALITY AS wanted (application, person, other, place)
    JOIN users AS mine ON mine.application = wanted.application AND mine.id = wanted.person AND mine.kind <> 'system'
    JOIN users AS theirs ON theirs.application = wanted.application AND theirs.id = wanted.other
        AND theirs.kind <> 'system'
    LEFT JOIN directs ON directs.application = wanted.application AND directs.user = wanted.person
        AND directs.other = wanted.other";
const SENT: &str = "
    SELECT entries.application, entries.sender, entries.send_id
    FROM unnest(CAST(? AS bigint[]), CAST(? AS text[]), CAST(? AS text[])) AS wanted (application, sender, send_id)
    JOIN entries ON entries.application = wanted.application AND entries.sender = wanted.sender
        AND entries.send_id = wanted.send_id";
const APPEND: &str = "
    INSERT INTO entries (position, log, seq, application, sender, send_id, body_hash, at, data, about, counts, is_row, ends)
    SELECT * FROM unnest(CAST(? AS bigint[]), CAST(? AS bigint[]), CAST(? AS bigint[]), CAST(? AS bigint[]),
        CAST(? AS text[]), CAST(? AS text[]), CAST(? AS bytea[]), CAST(? AS bigint[]), CAST(? AS text[]),
        CAST(? AS bigint[]), CAST(? AS boolean[]), CAST(? AS boolean[]), CAST(? AS text[]))";
const MENTION: &str = "
    INSERT INTO mentions (log, user, seq)
    SELECT * FROM unnest(CAST(? AS bigint[]), CAST(? AS text[]), CAST(? AS bigint[]))";
const SPOKEN: &str = "
    UPDATE members SET spoke_at = said.at
    FROM unnest(CAST(? AS bigint[]), CAST(? AS text[]), CAST(? AS text[]), CAST(? AS bigint[]))
        AS said (application, conversation, person, at)
    WHERE members.application = said.application AND members.\"group\" = said.conversation
        AND members.user = said.person";
const MOVE_DIRECTS: &str = "
    UPDATE directs SET at = moved.at
    FROM unnest(CAST(? AS bigint[]), CAST(? AS text[]), CAST(? AS text[]), CAST(? AS bigint[]))
        AS moved (application, person, other, at)
    WHERE directs.application = moved.application AND directs.user = moved.person AND directs.other = moved.other";
const HEADS: &str = "
    UPDATE logs SET head = moved.head, at = moved.at, bytes = logs.bytes + moved.bytes,
                    newest_position = greatest(logs.newest_position, moved.position)
    FROM unnest(CAST(? AS bigint[]), CAST(? AS bigint[]), CAST(? AS bigint[]), CAST(? AS bigint[]), CAST(? AS bigint[]))
        AS moved (log, head, at, bytes, position)
    WHERE logs.id = moved.log";

impl Run {
    /// Reads what the posts of a run depend on. With `checked` it also reads which of their ids are taken; without, a
    /// taken one fails the statement that appends, and the transaction with it.
    pub(crate) fn begin<'d>(
        connection: &PostgresConnection,
        drafts: impl Iterator<Item = (ApplicationId, &'d Draft)>,
        checked: bool,
    ) -> SqlResult<Self> {
        let mut wanted = Wanted::default();
        for (application, draft) in drafts {
            wanted.add(application, draft, checked);
        }
        let Wanted { logs, groups, directs, sent, .. } = wanted;
        let topics = columns(&logs, |log| (log.application.0, log.topic.as_str().to_owned()));
        let seats = columns3(&groups, |(application, conversation, user)| {
            (application.0, group_of(*conversation), user.to_string())
        });
        let pairs = columns3(&directs, |(application, conversation, user)| {
            (application.0, user.to_string(), other_of(*conversation, *user))
        });
        let ids = columns3(&sent, Clone::clone);
        let [find_logs, find_groups, find_directs, find_sent] =
            connection.prepare_all([LOGS, GROUPS, DIRECTS, SENT])?;
        let client = connection.client();
        let read = async |is_empty: bool, statement: &Statement, values: &[&(dyn ToSql + Sync)]| {
            if is_empty { Ok(Vec::new()) } else { client.query(statement, values).await }
        };
        let (log_rows, group_rows, direct_rows, sent_rows) = connection.within_transaction(try_join4(
            read(logs.is_empty(), &find_logs, &[&topics.0, &topics.1]),
            read(groups.is_empty(), &find_groups, &[&seats.0, &seats.1, &seats.2]),
            read(directs.is_empty(), &find_directs, &[&pairs.0, &pairs.1, &pairs.2]),
            read(sent.is_empty(), &find_sent, &[&ids.0, &ids.1, &ids.2]),
        ))?;
        let mut run = Self {
            logs: HashMap::with_capacity(logs.len()),
            standings: HashMap::with_capacity(groups.len() + directs.len()),
            sent: checked.then(HashSet::new),
            entries: Entries::default(),
            mentions: Mentioned::default(),
            spoken: HashMap::new(),
        };
        run.standings.extend(groups.iter().chain(&directs).map(|key| (*key, None)));
        for row in log_rows.iter().map(Row::postgres) {
            let head = LogHead {
                log: row.get(1)?,
                seq: Seq(row.get(2)?),
                at: Timestamp(row.get(3)?),
                begins: Seq(row.get(4)?),
                newest_position: row.get(5)?,
            };
            run.logs.insert(logs[place(row, 0)?].clone(), head);
        }
        for row in group_rows.iter().map(Row::postgres) {
            run.standings.insert(groups[place(row, 12)?], Some(member_standing(row)?));
        }
        for row in direct_rows.iter().map(Row::postgres) {
            run.standings.insert(directs[place(row, 9)?], Some(direct_standing(row)?));
        }
        if let Some(sent) = &mut run.sent {
            for row in sent_rows.iter().map(Row::postgres) {
                sent.insert((row.get(0)?, row.get(1)?, row.get(2)?));
            }
        }
        Ok(run)
    }

    /// Returns a log as the run has found it; none if there was none.
    pub(crate) fn log(&self, log: &LogKey) -> Option<LogHead> {
        self.logs.get(log).copied()
    }

    /// Returns a membership state; none if the run has not read it, and nothing inside if there is none.
    pub(crate) fn standing(
        &self,
        application: ApplicationId,
        conversation: Conversation,
        user: UserId,
    ) -> Option<Option<MembershipState>> {
        self.standings.get(&(application, conversation, user)).copied()
    }

    /// Notes when a member spoke in a group with slow mode.
    pub(crate) fn spoke(
        &mut self,
        application: ApplicationId,
        conversation: Conversation,
        user: UserId,
        at: Timestamp,
    ) {
        if let Some(Some(standing)) = self.standings.get_mut(&(application, conversation, user)) {
            standing.spoke_at = Some(at);
        }
        self.spoken.insert((application, conversation, user), at);
    }

    /// Adds an entry; returns false if its id is known to be taken.
    pub(crate) fn append(
        &mut self,
        application: ApplicationId,
        log: i64,
        seq: Seq,
        position: i64,
        draft: &Draft,
    ) -> bool {
        let (sender, id) = (sender(draft.sender), draft.id.as_str().to_owned());
        if let Some(sent) = &mut self.sent
            && !sent.insert((application.0, sender.clone(), id.clone()))
        {
            return false;
        }
        let entries = &mut self.entries;
        entries.position.push(position);
        entries.log.push(log);
        entries.seq.push(sql(seq));
        entries.application.push(application.0.into());
        entries.sender.push(sender);
        entries.send_id.push(id);
        entries.body_hash.push(draft.body.0.to_vec());
        entries.at.push(draft.at.0);
        entries.data.push(draft.data.as_str().to_owned());
        entries.about.push(draft.about.map(sql));
        entries.counts.push(draft.counts);
        entries.is_row.push(draft.is_row);
        entries.ends.push(ends(&draft.ends));
        let everyone = draft.mentions.everyone.then(String::new);
        for user in draft.mentions.people.iter().map(UserId::to_string).chain(everyone) {
            self.mentions.log.push(log);
            self.mentions.user.push(user);
            self.mentions.seq.push(sql(seq));
        }
        true
    }

    /// Writes what was added since the last time, and the heads that have moved.
    pub(crate) fn write(&mut self, connection: &PostgresConnection, heads: &[MovedHead]) -> SqlResult<()> {
        let entries = std::mem::take(&mut self.entries);
        let mentions = std::mem::take(&mut self.mentions);
        let spoken: Vec<_> = self.spoken.drain().collect();
        let speakers = columns3(&spoken, |((application, conversation, user), _)| {
            (application.0, group_of(*conversation), user.to_string())
        });
        let spoken_at: Vec<i64> = spoken.iter().map(|(_, at)| at.0).collect();
        let numbers = |column: fn(&MovedHead) -> i64| heads.iter().map(column).collect::<Vec<i64>>();
        let (ids, seqs, times) =
            (numbers(|head| head.log), numbers(|head| head.seq), numbers(|head| head.at));
        let (bytes, positions) = (numbers(|head| head.bytes), numbers(|head| head.position));
        let directs: Vec<_> = heads.iter().flat_map(MovedHead::directs).collect();
        let pairs =
            columns3(&directs, |(application, user, other, _)| (*application, user.clone(), other.clone()));
        let moved_at: Vec<i64> = directs.iter().map(|(.., at)| *at).collect();
        let [append, mention, note, move_heads, move_directs] =
            connection.prepare_all([APPEND, MENTION, SPOKEN, HEADS, MOVE_DIRECTS])?;
        let client = connection.client();
        let run = async |is_empty: bool, statement: &Statement, values: &[&(dyn ToSql + Sync)]| {
            if is_empty { Ok(0) } else { client.execute(statement, values).await }
        };
        connection.within_transaction(try_join5(
            run(
                entries.log.is_empty(),
                &append,
                &[
                    &entries.position,
                    &entries.log,
                    &entries.seq,
                    &entries.application,
                    &entries.sender,
                    &entries.send_id,
                    &entries.body_hash,
                    &entries.at,
                    &entries.data,
                    &entries.about,
                    &entries.counts,
                    &entries.is_row,
                    &entries.ends,
                ],
            ),
            run(mentions.log.is_empty(), &mention, &[&mentions.log, &mentions.user, &mentions.seq]),
            run(spoken.is_empty(), &note, &[&speakers.0, &speakers.1, &speakers.2, &spoken_at]),
            run(heads.is_empty(), &move_heads, &[&ids, &seqs, &times, &bytes, &positions]),
            run(directs.is_empty(), &move_directs, &[&pairs.0, &pairs.1, &pairs.2, &moved_at]),
        ))?;
        Ok(())
    }
}

/// The things that a run has to read, each once.
#[derive(Default)]
struct Wanted {
    logs: Vec<LogKey>,
    groups: Vec<SeatKey>,
    directs: Vec<SeatKey>,
    sent: Vec<SentKey>,
    known_logs: HashSet<LogKey>,
    known_seats: HashSet<SeatKey>,
}

impl Wanted {
    fn add(&mut self, application: ApplicationId, draft: &Draft, checked: bool) {
        let log = LogKey::new(application, draft.topic.clone());
        if self.known_logs.insert(log.clone()) {
            self.logs.push(log);
        }
        if let Some(right) = draft.right
            && self.known_seats.insert((application, right.conversation, right.user))
        {
            let key = (application, right.conversation, right.user);
            match right.conversation {
                Conversation::Group(_) => self.groups.push(key),
                Conversation::Direct(_) => self.directs.push(key),
            }
        }
        if checked {
            self.sent.push((application.0, sender(draft.sender), draft.id.as_str().to_owned()));
        }
    }
}

/// Reads a place in a list of things that were asked for, which PostgreSQL counts from 1.
fn place(row: Row<'_>, column: usize) -> SqlResult<usize> {
    Ok(row.get::<usize>(column)?.saturating_sub(1))
}

/// Returns the id of a group; nothing of a direct.
fn group_of(conversation: Conversation) -> String {
    match conversation {
        Conversation::Group(group) => group.to_string(),
        Conversation::Direct(_) => String::new(),
    }
}

/// Returns the id of the other user of a direct; nothing if it is not one of the user's.
fn other_of(conversation: Conversation, user: UserId) -> String {
    match conversation {
        Conversation::Direct(pair) if pair.has(user) => pair.other(user).to_string(),
        _ => String::new(),
    }
}

fn columns<T>(wanted: &[T], split: impl Fn(&T) -> (u32, String)) -> (Vec<i64>, Vec<String>) {
    wanted.iter().map(split).map(|(application, text)| (i64::from(application), text)).unzip()
}

fn columns3<T>(
    wanted: &[T],
    split: impl Fn(&T) -> (u32, String, String),
) -> (Vec<i64>, Vec<String>, Vec<String>) {
    wanted.iter().map(split).map(|(application, one, two)| (i64::from(application), one, two)).collect()
}
