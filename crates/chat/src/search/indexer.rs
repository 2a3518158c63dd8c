//! The indexer: follows the messages of the store and keeps the search index up to date.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::message::SearchedMessage;
use super::text::searched_text;
use crate::chat::Chat;
use crate::ports::search::{IndexUpdate, SearchDocument};
use crate::ports::store::{MessageTail, Position, Store, TailedMessage};
use crate::service::error::{Error, Fault};
use tokio::time::{sleep, timeout};

/// The most entries that are indexed at once.
const AT_ONCE: usize = 512;
/// The longest time without a look for new entries: another node may have committed.
const PAUSE: Duration = Duration::from_secs(1);
/// The time in which messages gather: each update of an index costs about as much as hundreds of messages in it.
const GATHER: Duration = Duration::from_millis(200);

/// The indexer of this node.
impl Chat {
    /// Indexes messages as long as the node is there.
    pub(crate) async fn run_indexer(node: Weak<Self>) {
        loop {
            let Some(chat) = node.upgrade() else { return };
            let wake = Arc::clone(&chat.job_wake);
            // A fault is in the log, and the next turn retries.
            let more = pass(&chat).await.unwrap_or_default();
            drop(chat);
            if !more {
                let _ = timeout(PAUSE, wake.messages.notified()).await;
                sleep(GATHER).await;
            }
        }
    }
}

/// Indexes the next entries; returns true if there are more.
async fn pass(chat: &Chat) -> Result<bool, Error> {
    let (index, head) = index_next(&*chat.store).await?;
    chat.index_progress.note(index, head);
    Ok(index < head)
}

/// Indexes the next entries; returns the position of the index, and that of the newest entry.
pub(crate) async fn index_next(store: &dyn Store) -> Result<(Position, Position), Fault> {
    let index = store.search_index();
    let from = index.position().await?;
    let tail = store.message_tail(from, AT_ONCE).await?;
    let (to, head) = (tail.position, tail.head);
    if to == from {
        // There is nothing after it, even if the newest entries were deleted.
        return Ok((head, head));
    }
    // An index that was reset meanwhile is somewhere else, and the next pass begins there.
    let is_applied = index.apply(update(from, tail)).await?;
    Ok((if is_applied { to } else { from }, head))
}

/// Returns the update that a part of the tail makes.
fn update(from: Position, tail: MessageTail) -> IndexUpdate {
    let MessageTail { messages, deleted_logs, trimmed, position, .. } = tail;
    let mut update = IndexUpdate { from, to: position, deleted_logs, trimmed, ..IndexUpdate::default() };
    for TailedMessage { position, log, entry } in messages {
        let Some(message) = SearchedMessage::of(&entry) else {
            update.deleted.push(position);
            continue;
        };
        update.documents.push(SearchDocument {
            position,
            application: log.application,
            conversation: message.conversation,
            reader: message.reader,
            author: message.author.id,
            at: message.at,
            text: searched_text(&message.body),
        });
    }
    update
}
