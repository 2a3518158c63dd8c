//! A node that reads too slowly for Redis, which closes its connection.

use services::{Link, Mode, Redis};

use crate::backend::{Backend, log, news, open, settings, until_carried, until_healthy, until_heard};
use chat::Hint;
use chat::bus::NodeId;

/// Returns the number of connections that listen.
fn listeners(redis: &Redis) -> usize {
    redis.run("CLIENT LIST TYPE pubsub").unwrap().matches("cmd=subscribe").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_redis_drops_comes_back_and_knows_that_hints_are_missing() {
    let Some(redis) = Redis::start() else { return };
    let limits = redis.run("CONFIG SET client-output-buffer-limit \"pubsub 1mb 1mb 1\"").unwrap();
    assert_eq!(limits, "+OK\r\n", "{limits}");
    let link = Link::to(redis.address()).await;
    let settings = settings();
    let here = open(&redis.url(), settings.clone());
    let there = open(&redis.at(link.address()), settings);
    let mut stream = there.listen();
    there.follow(&log());
    until_healthy(&[&here, &there]).await;
    until_carried(&here, &mut *stream, &news(1)).await;

    assert_eq!(listeners(&redis), 2);
    link.set(Mode::Freeze);
    let frame = format!(r#""{}""#, "x".repeat(50_000));
    for attempt in 0.. {
        here.announce(Hint::Signal { from: NodeId(1), log: log(), frame: frame.clone() });
        if listeners(&redis) == 1 {
            break;
        }
        assert!(attempt < 20_000, "Redis keeps a node that reads nothing");
    }
    link.set(Mode::Pass);
    until_heard(&mut *stream, &Hint::Lost).await;
    until_healthy(&[&there]).await;
    until_carried(&here, &mut *stream, &news(2)).await;
    assert!(there.metrics().connections >= 2);
}
