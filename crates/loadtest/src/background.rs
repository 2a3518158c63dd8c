//! Background load in a group: people join and leave, roles change, and the founder broadcasts.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use wire::Person as Guest;

use crate::record::{Note, Record};
use probe::http::post;

/// The background load of one group.
pub(crate) struct Background {
    pub(crate) host: String,
    pub(crate) group: String,
    /// The founder's cookie.
    pub(crate) founder: String,
    /// A member who joins and leaves, sends nothing and keeps no record.
    pub(crate) wanderer: (Guest, String),
    /// The pause between two rounds. Each takes about six requests of the founder, who has a burst of sixty and then
    /// one per second.
    pub(crate) pause: Duration,
    pub(crate) stop: Arc<AtomicBool>,
}

impl Background {
    /// Joins, promotes, demotes, leaves and broadcasts, round after round, until it is stopped. Returns the founder's
    /// record of the broadcasts.
    pub(crate) async fn keep(self) -> io::Result<Record> {
        let mut record = Record { name: "the founder".into(), ..Record::default() };
        let (wanderer, cookie) = &self.wanderer;
        let wanderer = wanderer.id.to_string();
        let mut round = 0;
        while !self.stop.load(Ordering::Acquire) {
            self.act(cookie, "/do/join", &[("group", &self.group)]).await?;
            for action in ["promote", "demote"] {
                let fields = [("group", self.group.as_str()), ("users[]", &wanderer), ("action", action)];
                self.act(&self.founder, "/do/manage_members", &fields).await?;
            }
            let (id, text) = (format!("all-{round}"), format!("to all, number {round}"));
            // The first message of a broadcast has this id.
            let first = format!("{id}/0");
            record.notes.push(Note::Invoke { id: first.clone(), body: text.clone(), at: Instant::now() });
            let to = format!("group/{}", self.group);
            let fields = [("id", id.as_str()), ("text", &text), ("to[]", &to)];
            self.act(&self.founder, "/do/broadcast", &fields).await?;
            self.act(cookie, "/do/leave", &[("group", &self.group)]).await?;
            round += 1;
            sleep(self.pause).await;
        }
        Ok(record)
    }

    async fn act(&self, cookie: &str, path: &str, fields: &[(&'static str, &str)]) -> io::Result<()> {
        post(&self.host, path, Some(cookie), fields).await?.json::<()>()
    }
}
