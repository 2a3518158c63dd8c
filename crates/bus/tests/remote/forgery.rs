//! Messages that are forged, replayed, misplaced or missing.

use std::sync::Arc;
use std::time::Duration;

use bus::BusSettings;
use chat::{Bus, Hint, NodeId};
use futures::StreamExt;
use tokio::time::{sleep, timeout};
use wire::Seq;

use crate::backend::{Backend, control, open, settings, until, until_carried, until_healthy, until_heard};

/// Two nodes that are connected, and a stream of what the second hears.
struct Pair {
    url: String,
    settings: BusSettings,
    here: Arc<dyn Bus>,
    there: Arc<dyn Bus>,
    stream: Box<dyn chat::bus::HintStream>,
}

impl Pair {
    async fn connect<B: Backend>() -> Option<Self> {
        let (url, settings) = (B::shared()?, settings());
        let [here, there] = [(); 2].map(|()| open(&url, settings.clone()));
        let mut stream = there.listen();
        until_healthy(&[&here, &there]).await;
        until_carried(&here, &mut *stream, &revoked(1)).await;
        Some(Self { url, settings, here, there, stream })
    }

    /// Takes the hints up to one that is announced now, and returns those before it.
    async fn heard_before(&mut self, hint: &Hint) -> Vec<Hint> {
        self.here.announce(hint.clone());
        let mut before = Vec::new();
        let all = async {
            loop {
                let heard = self.stream.next().await.unwrap();
                if heard == *hint {
                    return;
                }
                before.push(heard);
            }
        };
        assert!(timeout(Duration::from_secs(60), all).await.is_ok(), "never received: {hint:?}");
        before
    }
}

fn revoked(seq: u64) -> Hint {
    Hint::Revoked { seq: Seq(seq) }
}

/// Announces a hint until a message with it passes by, and returns that message.
async fn capture<B: Backend>(pair: &Pair, hint: &Hint, part: &str) -> Vec<u8> {
    let mut passing = B::eavesdrop(&pair.url, &control(&pair.settings)).await;
    pair.here.announce(hint.clone());
    loop {
        let message = timeout(Duration::from_secs(60), passing.next()).await.unwrap().unwrap();
        if String::from_utf8_lossy(&message).contains(part) {
            return message;
        }
    }
}

pub(crate) async fn forged_messages_are_dropped_and_counted<B: Backend>() {
    let Some(mut pair) = Pair::connect::<B>().await else { return };
    let real = capture::<B>(&pair, &revoked(100), r#""revoked":100"#).await;
    let mut changed = real.clone();
    let at = changed.windows(3).position(|bytes| bytes == b"100").unwrap();
    changed[at] = b'9';
    let mut without_code = real.clone();
    without_code.truncate(real.len() - 16);
    let forged = [changed, without_code, b"{}".to_vec(), Vec::new(), vec![0; 100_000]];
    let before = pair.there.metrics().forged;
    let count = forged.len() as u64;
    for payload in forged {
        B::publish(&pair.url, &control(&pair.settings), payload).await;
    }
    until("all are counted", || pair.there.metrics().forged == before + count).await;
    let heard = pair.heard_before(&revoked(101)).await;
    assert!(!heard.contains(&revoked(900)), "{heard:?}");
}

pub(crate) async fn a_message_counts_once_and_on_its_own_channel<B: Backend>() {
    let Some(mut pair) = Pair::connect::<B>().await else { return };
    let real = capture::<B>(&pair, &revoked(100), r#""revoked":100"#).await;
    until_heard(&mut *pair.stream, &revoked(100)).await;
    let before = pair.there.metrics();
    for _ in 0..3 {
        B::publish(&pair.url, &control(&pair.settings), real.clone()).await;
    }
    until("all are counted", || pair.there.metrics().repeated == before.repeated + 3).await;
    let heard = pair.heard_before(&revoked(101)).await;
    assert!(!heard.contains(&revoked(100)), "{heard:?}");

    let log = crate::backend::log();
    pair.there.follow(&log);
    until_carried(&pair.here, &mut *pair.stream, &crate::backend::news(1)).await;
    // The channel of the log is one of these.
    for bucket in 0..pair.settings.buckets.get() {
        B::publish(&pair.url, &format!("hubbub.{}.{bucket}", pair.settings.cluster), real.clone()).await;
    }
    until("it is of another channel", || pair.there.metrics().forged == before.forged + 1).await;
}

pub(crate) async fn a_cluster_with_another_secret_is_not_heard<B: Backend>() {
    let Some(mut pair) = Pair::connect::<B>().await else { return };
    let other = open(&pair.url, BusSettings { key: [8; 32], ..pair.settings.clone() });
    until_healthy(&[&other]).await;
    other.announce(revoked(900));
    until("its messages are dropped", || pair.there.metrics().forged > 0).await;
    let sent = other.metrics().sent;
    until("its hint was among them", || other.metrics().sent > sent).await;
    let heard = pair.heard_before(&revoked(101)).await;
    assert!(!heard.contains(&revoked(900)), "{heard:?}");
    assert_eq!(other.metrics().received, 0);
}

pub(crate) async fn a_node_that_the_store_does_not_have_is_not_heard_until_it_has<B: Backend>() {
    let Some(url) = B::shared() else { return };
    let settings = settings();
    let node = |id| open(&url, BusSettings { node: Some(NodeId(id)), ..settings.clone() });
    let (here, there, stranger) = (node(1), node(2), node(3));
    let mut stream = there.listen();
    until_healthy(&[&here, &there, &stranger]).await;
    let both = [NodeId(1), NodeId(2)];
    there.know_nodes(&both);
    until_carried(&here, &mut *stream, &revoked(1)).await;
    stranger.announce(revoked(900));
    until("its message is dropped", || {
        // As each report does.
        there.know_nodes(&both);
        there.metrics().strangers > 0
    })
    .await;
    let mut pair = Pair { url: url.clone(), settings: settings.clone(), here, there, stream };
    let heard = pair.heard_before(&revoked(101)).await;
    assert!(!heard.contains(&revoked(900)), "{heard:?}");
    // It was about to start: the next look at the store finds it.
    stranger.announce(revoked(901));
    pair.there.know_nodes(&[NodeId(1), NodeId(2), NodeId(3)]);
    until_carried(&stranger, &mut *pair.stream, &revoked(902)).await;
}

/// The code is right, as only a node of the cluster can make it.
fn sealed(settings: &BusSettings, message: &str) -> Vec<u8> {
    use hmac::{Hmac, KeyInit, Mac};
    let channel = control(settings);
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&settings.key).unwrap();
    mac.update(&(channel.len() as u64).to_be_bytes());
    mac.update(channel.as_bytes());
    mac.update(message.as_bytes());
    [message.as_bytes(), &mac.finalize().into_bytes()[..16]].concat()
}

pub(crate) async fn messages_of_another_version_are_passed_over<B: Backend>() {
    let Some(mut pair) = Pair::connect::<B>().await else { return };
    let channel = control(&pair.settings);
    for unreadable in
        [r#"{"v":2,"node":5,"n":1,"revoked":900}"#, r#"{"v":1,"node":5,"n":2,"revoked":"x"}"#, "[]"]
    {
        B::publish(&pair.url, &channel, sealed(&pair.settings, unreadable)).await;
    }
    until("they are counted", || pair.there.metrics().unreadable == 3).await;
    let newer = r#"{"v":1,"node":5,"n":3,"weather":{"rain":[1]},"revoked":50}"#;
    B::publish(&pair.url, &channel, sealed(&pair.settings, newer)).await;
    until_heard(&mut *pair.stream, &revoked(50)).await;
    let heard = pair.heard_before(&revoked(101)).await;
    assert!(!heard.contains(&revoked(900)), "{heard:?}");
}

pub(crate) async fn missing_messages_are_noticed<B: Backend>() {
    let Some(mut pair) = Pair::connect::<B>().await else { return };
    let channel = control(&pair.settings);
    let send = async |number: u64| {
        let message = format!(r#"{{"v":1,"node":5,"n":{number},"revoked":{}}}"#, 1_000 + number);
        B::publish(&pair.url, &channel, sealed(&pair.settings, &message)).await;
    };
    send(1).await;
    until_heard(&mut *pair.stream, &revoked(1_001)).await;
    send(2).await;
    let next = async { pair.stream.next().await };
    assert_eq!(
        timeout(Duration::from_secs(60), next).await.unwrap(),
        Some(revoked(1_002)),
        "nothing is missing"
    );
    send(5).await;
    let next = async { [pair.stream.next().await, pair.stream.next().await] };
    let heard = timeout(Duration::from_secs(60), next).await.unwrap();
    assert_eq!(heard, [Some(Hint::Lost), Some(revoked(1_005))]);
    assert_eq!(pair.there.metrics().missing, 2);
    // It comes late: what it says is found by the comparison.
    send(4).await;
    until("the late one is dropped", || pair.there.metrics().repeated == 1).await;
    sleep(Duration::from_millis(10)).await;
    assert_eq!(pair.there.metrics().missing, 2);
}
