//! Messages between nodes: JSON of at most 64 KiB, with one or more hints.
//!
//! `{"v":1,"node":…,"n":…}` is in each: the version of the format, the random id of the node, and the number of the
//! message among those of the node on the channel. Unknown fields are passed over, so a newer node may send more.

use std::collections::{BTreeMap, HashMap};

use chat::bus::Presence;
use chat::{Hint, NodeId};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use wire::{ApplicationId, LogKey, Seq, Topic, UserId};

use super::channel::{Channel, Channels};
use super::queue::{Batch, Signal};

/// A message as it is received.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Message {
    v: u8,
    node: u64,
    n: u64,
    /// Application, topic and head of logs.
    news: Vec<(u32, Topic, Seq)>,
    /// Application and topic of a log, and a frame for its subscribers.
    signals: Vec<(u32, Topic, Box<RawValue>)>,
    presence: Vec<Present>,
    revoked: Option<Seq>,
    jobs: bool,
    /// True if the node ends.
    bye: bool,
    /// True if earlier hints of the node are missing.
    lost: bool,
    probe: Option<u64>,
}

/// Application and topic of a log, the users who are here and away on the node, and whether that was said before.
type Present = (u32, Topic, Vec<UserId>, Vec<UserId>, bool);

/// A message as it is sent.
#[derive(Serialize)]
struct Outgoing<'a> {
    v: u8,
    node: u64,
    n: u64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    news: &'a [Box<RawValue>],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    signals: &'a [Box<RawValue>],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    presence: &'a [Box<RawValue>],
    #[serde(flatten)]
    control: Control,
}

/// The hints that concern no log.
#[derive(Clone, Copy, Default, PartialEq, Serialize)]
struct Control {
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<Seq>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    jobs: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    bye: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    lost: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    probe: Option<u64>,
}

/// The writer of this node's messages, with the last number on each channel.
#[derive(Debug)]
pub(crate) struct Writer {
    node: NodeId,
    numbers: HashMap<Channel, u64>,
    messages: Vec<(Channel, Vec<u8>)>,
    dropped: u64,
}

/// The hints of one channel that are not yet in a message.
#[derive(Default)]
struct Pending {
    news: Vec<Box<RawValue>>,
    signals: Vec<Box<RawValue>>,
    presence: Vec<Box<RawValue>>,
    bytes: usize,
}

const VERSION: u8 = 1;
/// The most bytes of a message.
pub(crate) const MESSAGE_BYTES: usize = 64 * 1024;
/// Of these, the most of hints; the rest is more than enough for everything else.
const HINT_BYTES: usize = MESSAGE_BYTES - 512;

impl Message {
    /// Parses a message; none if it is none, or of a version that is not known.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|message: &Self| message.v == VERSION)
    }

    pub(crate) const fn node(&self) -> NodeId {
        NodeId(self.node)
    }

    /// Returns its number among those of its node on its channel.
    pub(crate) const fn number(&self) -> u64 {
        self.n
    }

    pub(crate) const fn probe(&self) -> Option<u64> {
        self.probe
    }

    /// Returns the hints in it.
    pub(crate) fn into_hints(self) -> impl Iterator<Item = Hint> {
        let from = self.node();
        let key = |application, topic| LogKey::new(ApplicationId(application), topic);
        let news = self.news.into_iter();
        let news =
            news.map(move |(application, topic, head)| Hint::News { log: key(application, topic), head });
        let signal = move |(application, topic, frame): (_, _, Box<RawValue>)| Hint::Signal {
            from,
            log: key(application, topic),
            frame: frame.get().to_owned(),
        };
        let present = move |(application, topic, here, away, is_refresh): Present| Hint::Presence {
            from,
            log: key(application, topic),
            presence: Presence { here, away },
            is_refresh,
        };
        let revoked = self.revoked.map(|seq| Hint::Revoked { seq });
        let control = revoked.into_iter().chain(self.jobs.then_some(Hint::Jobs));
        let control =
            control.chain(self.bye.then_some(Hint::Bye { from })).chain(self.lost.then_some(Hint::Lost));
        let signals = self.signals.into_iter().map(signal);
        control.chain(news).chain(signals).chain(self.presence.into_iter().map(present))
    }
}

impl Writer {
    pub(crate) fn new(node: NodeId) -> Self {
        Self { node, numbers: HashMap::new(), messages: Vec::new(), dropped: 0 }
    }

    /// Writes the messages of a batch, each with its channel, and counts the hints that are too large for one.
    pub(crate) fn write(&mut self, mut batch: Batch, channels: &Channels) -> (Vec<(Channel, Vec<u8>)>, u64) {
        let control = Control {
            revoked: batch.revoked,
            jobs: batch.jobs,
            bye: batch.bye,
            lost: batch.lost,
            probe: batch.probe,
        };
        if control != Control::default() {
            self.finish(Channel::Control, &Pending::default(), control);
        }
        let mut pending: BTreeMap<Channel, Pending> = BTreeMap::new();
        for (LogKey { application, topic }, head, channel) in
            batch.news().map(|(log, head)| (log, head, channels.of(log)))
        {
            let item = to_raw_value(&(application.0, topic, head)).ok();
            self.add(channel, &mut pending, item, |pending| &mut pending.news);
        }
        for Signal { log, frame } in batch.signals.drain(..) {
            let frame = RawValue::from_string(frame).ok();
            let item = frame.and_then(|frame| to_raw_value(&(log.application.0, &log.topic, frame)).ok());
            self.add(channels.of(&log), &mut pending, item, |pending| &mut pending.signals);
        }
        for (LogKey { application, topic }, (Presence { here, away }, is_refresh)) in batch.presence.drain() {
            let item = to_raw_value(&(application.0, &topic, here, away, is_refresh)).ok();
            let channel = channels.of(&LogKey { application, topic });
            self.add(channel, &mut pending, item, |pending| &mut pending.presence);
        }
        for (channel, pending) in pending {
            self.finish(channel, &pending, Control::default());
        }
        (std::mem::take(&mut self.messages), std::mem::take(&mut self.dropped))
    }

    /// Adds a hint to those of its channel; if the message is full, it goes into the next one.
    fn add(
        &mut self,
        channel: Channel,
        pending: &mut BTreeMap<Channel, Pending>,
        item: Option<Box<RawValue>>,
        kind: impl Fn(&mut Pending) -> &mut Vec<Box<RawValue>>,
    ) {
        let Some(item) = item.filter(|item| item.get().len() < HINT_BYTES) else {
            self.dropped += 1;
            return;
        };
        let pending = pending.entry(channel).or_default();
        // With the comma.
        let bytes = item.get().len() + 1;
        if pending.bytes + bytes > HINT_BYTES {
            let full = std::mem::take(pending);
            self.finish(channel, &full, Control::default());
        }
        pending.bytes += bytes;
        kind(pending).push(item);
    }

    /// Writes one message.
    fn finish(&mut self, channel: Channel, pending: &Pending, control: Control) {
        let number = self.numbers.entry(channel).or_default();
        *number += 1;
        let Pending { news, signals, presence, .. } = pending;
        let message =
            Outgoing { v: VERSION, node: self.node.0, n: *number, news, signals, presence, control };
        let message = serde_json::to_vec(&message);
        // Strings and numbers only, which JSON can express.
        self.messages.push((channel, message.unwrap_or_default()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::queue::Queue;
    use super::*;
    use crate::BusSettings;

    fn key(topic: &str) -> LogKey {
        LogKey::new(ApplicationId(2), Topic::new(topic).unwrap())
    }

    fn channels() -> Channels {
        Channels::new("tea", BusSettings::BUCKETS)
    }

    async fn batch(hints: &[Hint]) -> Batch {
        let queue = Queue::default();
        hints.iter().for_each(|hint| assert_eq!(queue.add(hint.clone()), 0));
        queue.take().await
    }

    #[tokio::test]
    async fn hints_come_out_as_they_went_in() {
        let hints = [
            Hint::Revoked { seq: Seq(12) },
            Hint::Jobs,
            Hint::Bye { from: NodeId(7) },
            Hint::Lost,
            Hint::News { log: key("wetter/zürich"), head: Seq(u64::MAX) },
            Hint::Signal {
                from: NodeId(7),
                log: key("wetter/zürich"),
                frame: r#"{"event":"typing"}"#.into(),
            },
            Hint::Presence {
                from: NodeId(7),
                log: key("wetter/zürich"),
                presence: Presence {
                    here: vec![UserId::from_bytes([1; 10])],
                    away: vec![UserId::from_bytes([2; 10])],
                },
                is_refresh: true,
            },
        ];
        let (messages, dropped) = Writer::new(NodeId(7)).write(batch(&hints).await, &channels());
        assert_eq!(dropped, 0);
        assert_eq!(messages.len(), 2);
        let parsed: Vec<_> =
            messages.iter().map(|(channel, bytes)| (*channel, Message::parse(bytes).unwrap())).collect();
        assert_eq!(parsed[0].0, Channel::Control);
        assert_eq!(parsed[1].0, channels().of(&key("wetter/zürich")));
        assert!(parsed.iter().all(|(_, message)| message.node() == NodeId(7) && message.number() == 1));
        assert_eq!(
            parsed.into_iter().flat_map(|(_, message)| message.into_hints()).collect::<Vec<_>>(),
            hints
        );
    }

    #[tokio::test]
    async fn the_format_is_the_one_that_other_versions_read() {
        let hints = [Hint::News { log: key("news"), head: Seq(3) }, Hint::Revoked { seq: Seq(9) }];
        let mut batch = batch(&hints).await;
        batch.probe = Some(4);
        let (messages, _) = Writer::new(NodeId(7)).write(batch, &channels());
        let texts = messages.iter().map(|(_, bytes)| std::str::from_utf8(bytes).unwrap());
        assert_eq!(
            texts.collect::<Vec<_>>(),
            [
                r#"{"v":1,"node":7,"n":1,"revoked":9,"probe":4}"#,
                r#"{"v":1,"node":7,"n":1,"news":[[2,"news",3]]}"#
            ]
        );
        let newer = Message::parse(br#"{"v":1,"node":7,"n":2,"news":[],"weather":{"rain":[1,2]}}"#).unwrap();
        assert_eq!((newer.number(), newer.into_hints().count()), (2, 0));
        for bad in [r#"{"v":2,"node":7,"n":2}"#, r#"{"node":7}"#, r#"{"v":1,"news":[[2,"a b",3]]}"#, "", "[]"]
        {
            assert!(Message::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[tokio::test]
    async fn many_hints_are_several_messages_none_of_them_too_large() {
        let mut hints: Vec<Hint> = (0..3_000)
            .map(|number| Hint::News { log: key(&format!("{}/{number}", "n".repeat(100))), head: Seq(1) })
            .collect();
        let frame = |bytes| format!(r#""{}""#, "x".repeat(bytes));
        hints.extend((0..20).map(|_| Hint::Signal {
            from: NodeId(7),
            log: key("news"),
            frame: frame(20_000),
        }));
        hints.push(Hint::Signal { from: NodeId(7), log: key("news"), frame: frame(MESSAGE_BYTES) });
        let one = Channels::new("tea", std::num::NonZeroU32::MIN);
        let (messages, dropped) = Writer::new(NodeId(7)).write(batch(&hints).await, &one);
        assert_eq!(dropped, 1, "the frame that fits into no message");
        assert!(messages.iter().all(|(_, bytes)| bytes.len() <= MESSAGE_BYTES));
        let parsed: Vec<_> = messages.iter().map(|(_, bytes)| Message::parse(bytes).unwrap()).collect();
        let numbers: Vec<u64> = parsed.iter().map(Message::number).collect();
        assert_eq!(numbers, (1..=parsed.len() as u64).collect::<Vec<_>>());
        let arrived: Vec<Hint> = parsed.into_iter().flat_map(Message::into_hints).collect();
        hints.pop();
        assert_eq!(arrived, hints, "all others, in their order");
    }
}
