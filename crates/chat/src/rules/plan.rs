//! The planning of jobs: those that a committed entry causes.

use serde_json::{Value, json};
use wire::{BroadcastRecord, Entry, Json, LogKey, Seq, Timestamp, TopicKind, UserId};

use crate::ports::store::{JobKind, NewJob};

/// The most targets of one slice of a broadcast.
pub const SLICE: usize = 100;

/// The arguments of a job that sends a slice of a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceArguments {
    /// The sender, in whose own log the broadcast is.
    pub user: UserId,
    /// The entry of the broadcast there.
    pub seq: Seq,
    /// The number of the first target of the slice.
    pub from: usize,
}

impl SliceArguments {
    fn to_json(self) -> Json {
        Json::of(&json!({ "user": self.user, "seq": self.seq.0, "from": self.from }))
    }

    /// Reads the arguments of a job; none if they are those of another kind.
    #[must_use]
    pub fn parse(arguments: &Json) -> Option<Self> {
        let fields: Value = serde_json::from_str(arguments.as_str()).ok()?;
        Some(Self {
            user: fields["user"].as_str()?.parse().ok()?,
            seq: Seq(fields["seq"].as_u64()?),
            from: usize::try_from(fields["from"].as_u64()?).ok()?,
        })
    }
}

/// Returns the lane of the slices of a broadcast.
#[must_use]
pub fn lane(user: UserId, seq: Seq) -> String {
    format!("broadcast/{user}/{seq}")
}

/// Returns the jobs that an entry causes. A broadcast is sent in slices, in the order of its targets.
#[must_use]
pub fn plan(log: &LogKey, entry: &Entry<Json>, now: Timestamp) -> Vec<NewJob> {
    let TopicKind::User(user) = log.topic.kind() else { return Vec::new() };
    let Ok(record) = serde_json::from_str::<BroadcastRecord>(entry.data.as_str()) else { return Vec::new() };
    let slice = |from| NewJob {
        application: log.application,
        kind: JobKind::Broadcast,
        lane: lane(user, entry.seq),
        key: None,
        arguments: SliceArguments { user, seq: entry.seq, from }.to_json(),
        run_at: now,
    };
    (0..record.to.len()).step_by(SLICE).map(slice).collect()
}

#[cfg(test)]
mod tests {
    use wire::{ApplicationId, GroupId, RichText, SendId, Topic};

    use super::*;

    fn entry(topic: &Topic, data: Json) -> Entry<Json> {
        let id = SendId::new("1").unwrap();
        Entry { seq: Seq(4), id, topic: topic.clone(), timestamp: Timestamp(0), data }
    }

    #[test]
    fn a_broadcast_is_planned_in_slices_in_one_lane_and_nothing_else_is_planned() {
        let user = UserId::from_bytes(*b"..wanjiru.");
        let targets = |count: usize| BroadcastRecord {
            text: "hello".into(),
            body: RichText::plain("hello"),
            to: (0..count).map(|_| Topic::group(GroupId::from_bytes([1; 10]))).collect(),
            refused: Vec::new(),
        };
        let planned = |topic: Topic, data| {
            let entry = entry(&topic, data);
            plan(&LogKey::new(ApplicationId(3), topic), &entry, Timestamp(9))
        };
        for (count, slices) in [(1, 1), (100, 1), (101, 2), (1_000, 10)] {
            let jobs = planned(Topic::user(user), Json::of(&targets(count)));
            let from: Vec<usize> =
                jobs.iter().map(|job| SliceArguments::parse(&job.arguments).unwrap().from).collect();
            assert_eq!(from, (0..slices).map(|number| number * SLICE).collect::<Vec<_>>());
            assert!(jobs.iter().all(|job| job.application == ApplicationId(3) && job.lane == jobs[0].lane));
        }
        assert_eq!(planned(Topic::user(user), Json::of(&"a note")), []);
        assert_eq!(planned(Topic::new("news").unwrap(), Json::of(&targets(1))), []);
    }
}
