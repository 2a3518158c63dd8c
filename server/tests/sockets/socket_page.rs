//! The exchanges of `docs/socket.md`, as they are written.

use serde_json::Value;

use crate::people::{Socket, server};
use crate::user_tokens::Shop;

const PAGE: &str = include_str!("../../../docs/socket.md");

/// Events that come at any time; with a `ref` they are answers.
const EPHEMERAL: [&str; 4] = ["presence", "typing", "marks", "read"];

/// Returns true if a frame is as the page shows it, where `…` stands for any value.
fn is_shown(shown: &Value, frame: &Value) -> bool {
    match (shown, frame) {
        (Value::String(any), _) if any == "…" => true,
        (Value::Object(shown), Value::Object(frame)) => {
            shown.len() == frame.len()
                && shown
                    .iter()
                    .all(|(name, shown)| frame.get(name).is_some_and(|frame| is_shown(shown, frame)))
        }
        (shown, frame) => shown == frame,
    }
}

async fn hears(socket: &mut Socket) -> Value {
    loop {
        let frame = socket.hears().await;
        let is_ephemeral = frame["event"].as_str().is_some_and(|event| EPHEMERAL.contains(&event));
        if !is_ephemeral || frame.get("ref").is_some() {
            return frame;
        }
    }
}

#[tokio::test]
async fn every_exchange_of_the_page_is_as_it_is_shown() {
    let server = server().await;
    let shop = Shop::on(&server).await;
    let epoch =
        server.chat().history(&shop.program, &shop.tea, chat::store::Range::default()).await.unwrap().epoch;
    let page = PAGE
        .replace("TOKEN", &shop.token(&server, "zoë", 60).await)
        .replace("NEXT", &shop.token(&server, "zoë", 600).await)
        .replace("TEA", shop.tea.as_str())
        .replace("EPOCH", &epoch.to_string());
    let mut socket = Socket::arrive(&server, &[]).await;
    let mut exchanges = 0;
    for block in page.split("```socket\n").skip(1) {
        let (lines, _) = block.split_once("```").unwrap();
        let mut lines = lines.lines().peekable();
        while let Some(line) = lines.next() {
            socket.says(line.strip_prefix("> ").unwrap_or_else(|| panic!("{line}"))).await;
            let mut shown: Vec<Value> = Vec::new();
            while let Some(answer) = lines.next_if(|line| line.starts_with("< ")) {
                shown.push(serde_json::from_str(&answer[2..]).unwrap());
            }
            // The acknowledgement of a message and the message come in either order.
            while !shown.is_empty() {
                let frame = hears(&mut socket).await;
                let at = shown.iter().position(|shown| is_shown(shown, &frame));
                let at =
                    at.unwrap_or_else(|| panic!("{line}\nis answered by\n{frame}\nand not by\n{shown:?}"));
                shown.remove(at);
            }
            exchanges += 1;
        }
    }
    assert!(exchanges >= 7, "{exchanges}");
    server.stop().await;
}

#[test]
fn the_page_has_every_action_and_every_close_code() {
    for action in wire::ACTIONS {
        assert!(PAGE.contains(&format!("`{action}`")), "{action}");
    }
    for event in ["group_added", "group_gone", "direct_added", "preferred", "restricted_message"] {
        assert!(PAGE.contains(&format!("`{event}`")), "{event}");
    }
    for code in [1000, 1002, 1007, 1009, 1012, 4400, 4401, 4403, 4408, 4409, 4429] {
        assert!(PAGE.contains(&code.to_string()), "{code}");
    }
}
