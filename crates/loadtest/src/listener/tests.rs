use std::net::{Ipv4Addr, SocketAddr};

use super::*;

const CURSOR: &str = r#"{"epoch":"0000000000000007","seq":0}"#;

fn target() -> Arc<Target> {
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    Arc::new(Target {
        host: addr.to_string(),
        addr,
        topic: Topic::new("news").unwrap(),
        lines: Arc::default(),
    })
}

fn frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    let header: &[u8] = if length < 126 { &[0x81, length] } else { &[0x81, 126, 0, length] };
    [header, text.as_bytes()].concat()
}

fn subscribed() -> Vec<u8> {
    frame(&format!(r#"{{"event":"subscribed","topic":"news","cursor":{CURSOR},"head":0}}"#))
}

fn entry(seq: u64) -> Vec<u8> {
    saying(seq, &format!("text {seq}"))
}

fn saying(seq: u64, text: &str) -> Vec<u8> {
    let data = format!(r#"{{"type":"message","text":"{text}"}}"#);
    let at = "2026-01-02T03:04:05.678Z";
    frame(&format!(r#"{{"id":"m{seq}","topic":"news","seq":{seq},"data":{data},"timestamp":"{at}"}}"#))
}

/// ann sent ten messages; every listener here got these frames.
fn judged(heard: &[Vec<Vec<u8>>]) -> Vec<Finding> {
    let target = target();
    let said = |seq: u64| (format!("m{seq}"), format!("text {seq}"));
    let notes = (1..=10).map(said).map(|(id, body)| Note::Invoke { id, body, at: Instant::now() }).collect();
    let log: Vec<Line> = (1..=10)
        .map(|seq| Line { seq: Seq(seq), id: said(seq).0, body: Some(said(seq).1), membership: None })
        .collect();
    let listener = |(number, frames): (u32, &Vec<Vec<u8>>)| {
        let mut listener = Listener::new(Arc::clone(&target), number, None, false);
        // In pieces, as from a socket.
        let mut cut = Frames::default();
        for piece in frames.concat().chunks(100) {
            listener.hear(&mut cut, piece).unwrap();
        }
        listener
    };
    let listeners: Vec<Listener> = (0..).zip(heard).map(listener).collect();
    judge(&target, &[Record { name: "ann".into(), user: None, notes }], &listeners, &log)
}

fn everything() -> Vec<Vec<u8>> {
    std::iter::once(subscribed()).chain((1..=10).map(entry)).collect()
}

#[test]
fn whoever_heard_everything_has_no_findings() {
    assert_eq!(judged(&[everything(), everything()]), []);
}

#[test]
fn one_frame_that_is_dropped_doubled_turned_or_changed_is_found() {
    let reader = || String::from("listener 1");
    let with = |break_it: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut broken = everything();
        break_it(&mut broken);
        judged(&[everything(), broken, everything()])
    };
    let dropped = with(&|frames| drop(frames.remove(4)));
    assert_eq!(dropped, [Finding::Gap { reader: reader(), after: 3, found: 5 }]);
    let last = with(&|frames| drop(frames.pop()));
    assert_eq!(last, [Finding::Unread { reader: reader(), last: 9, head: 10 }]);
    let doubled = with(&|frames| frames.insert(4, entry(4)));
    assert_eq!(doubled, [Finding::Repeat { reader: reader(), seq: 4 }]);
    let turned = with(&|frames| frames.swap(4, 5));
    assert_eq!(turned[0], Finding::Gap { reader: reader(), after: 3, found: 5 });
    let changed = with(&|frames| frames[4] = saying(4, "something else"));
    assert_eq!(changed, [Finding::TwoBodies { seq: 4, reader: reader() }]);
}

#[test]
fn a_gap_that_history_did_not_fill_is_found() {
    let mut heard = everything();
    let cursor = CURSOR.replace("\"seq\":0", "\"seq\":6");
    let reset =
        format!(r#"{{"event":"reset","topic":"news","reason":"trimmed","cursor":{cursor},"begins":1}}"#);
    heard.splice(4..7, [frame(&reset)]);
    let unfilled = Finding::Unfilled { reader: "listener 0".into(), after: 3, until: 6 };
    assert!(judged(&[heard]).contains(&unfilled));
}

#[test]
fn a_close_frame_and_what_is_no_frame_of_ours_end_a_socket() {
    let mut listener = Listener::new(target(), 0, None, false);
    let close = [&[0x88, 10][..], &4_409u16.to_be_bytes(), b"stalled."].concat();
    let error = listener.hear(&mut Frames::default(), &close).unwrap_err();
    assert_eq!(error.to_string(), "the server has closed: stalled.");
    assert!(listener.hear(&mut Frames::default(), &frame("hello")).is_err());
}
