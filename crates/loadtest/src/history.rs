//! The history client: logs as `GET /topics/{topic}/history` returns them.

use std::collections::HashSet;
use std::io;

use serde_json::Value;
use wire::{Entry, Seq, UserId};

use crate::record::{Line, MembershipChange};
use probe::http::get;

/// The most entries of a page.
pub(crate) const PAGE: u64 = 100;

/// Converts an entry into a line of a record.
pub(crate) fn line(entry: Entry<Value>) -> Line {
    let Entry { id, seq, data, .. } = entry;
    let said = || data["text"].as_str().unwrap_or_default().lines().next().unwrap_or_default().to_owned();
    let body = match data["type"].as_str() {
        Some("message") => Some(said()),
        Some(kind @ ("edited" | "reacted")) => Some(kind.to_owned()),
        _ => None,
    };
    Line { seq, id: id.to_string(), body, membership: membership(&data) }
}

/// Returns the membership that an event begins or ends.
fn membership(data: &Value) -> Option<MembershipChange> {
    let (person, is_member) = match data["type"].as_str()? {
        "created" => (&data["by"], true),
        "joined" => (&data["member"]["person"], true),
        "left" | "removed" => (&data["person"], false),
        _ => return None,
    };
    let user: UserId = person["id"].as_str()?.parse().ok()?;
    Some(MembershipChange { user, is_member })
}

/// Reads the whole log, page by page.
pub(crate) async fn whole_log(host: &str, cookie: Option<&str>, topic: &str) -> io::Result<Vec<Line>> {
    slice(host, cookie, topic, Seq::ZERO, None).await
}

/// Reads the entries after a Seq, page by page, up to and including another one if it is given.
pub(crate) async fn slice(
    host: &str,
    cookie: Option<&str>,
    topic: &str,
    after: Seq,
    until: Option<Seq>,
) -> io::Result<Vec<Line>> {
    let before = until.map(|until| format!("&before={}", until.next())).unwrap_or_default();
    let (mut log, mut seen) = (Vec::<Line>::new(), HashSet::new());
    loop {
        let after = log.last().map_or(after, |line| line.seq);
        let path = format!("/topics/{topic}/history?after={after}{before}&limit={PAGE}");
        let page: Vec<Entry<Value>> = get(host, &path, cookie).await?.json()?;
        if page.is_empty() {
            return Ok(log);
        }
        for entry in page {
            // A history that repeats itself would never end.
            if !seen.insert(entry.seq) {
                return Err(io::Error::other(format!("history gives {} twice", entry.seq)));
            }
            log.push(line(entry));
        }
    }
}
