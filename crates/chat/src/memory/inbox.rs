//! The inbox of a user, in memory.

use std::collections::HashMap;

use wire::{Pair, Seq, Topic};

use super::log::MemoryLog;
use super::records::MemberView;
use super::state::ApplicationState;
use crate::ports::store::{InboxPage, InboxRequest};

impl ApplicationState {
    /// Returns a part of a user's inbox.
    pub(super) fn inbox(&self, request: &InboxRequest) -> InboxPage {
        let InboxRequest { user, after, limit, bytes } = *request;
        let mut page = InboxPage { position: after, head: after, ..InboxPage::default() };
        let (mut newer, mut trimmed) = (Vec::new(), Vec::new());
        let groups = self.joined.get(&user).into_iter().flatten().filter_map(|id| {
            let view = self.groups.get(id)?.views.get(&user)?;
            Some((Topic::group(*id), Some(*view)))
        });
        let directs = self.directs.get(&user).into_iter().flat_map(HashMap::iter);
        let directs =
            directs.filter_map(|(other, view)| Some((Topic::direct(Pair::of(user, *other)?), Some(*view))));
        for (topic, view) in std::iter::once((Topic::user(user), None)).chain(groups).chain(directs) {
            let Some(log) = self.log(&topic) else { continue };
            let joined = view.map_or(Seq::ZERO, |view: MemberView| view.joined);
            page.head = page.head.max(log.newest_position());
            newer.extend(log.after(after).filter(|held| held.entry.seq > joined));
            if log.trimmed > after && log.begins() > joined.next() {
                trimmed.push((log.trimmed, topic.clone()));
            }
            let last = before(log, request);
            match (topic.conversation(), view) {
                (Some(conversation), Some(view)) if last > view.delivered && last > view.joined => {
                    page.delivered.push((conversation, last));
                }
                (None, None) if last > self.restricted.delivered(user) => page.own_delivered = Some(last),
                _ => {}
            }
        }
        newer.sort_by_key(|held| held.position);
        let mut taken = 0;
        for held in newer {
            taken += held.entry.data.as_str().len();
            let is_full = page.entries.len() >= limit || taken > bytes;
            if is_full && (!page.entries.is_empty() || limit == 0) {
                page.more = true;
                break;
            }
            page.position = held.position;
            page.positions.push(held.position);
            page.entries.push(self.shown(held.entry.clone()));
        }
        let is_passed = |(at, _): &(_, Topic)| !page.more || *at <= page.position;
        let passed: Vec<_> = trimmed.into_iter().filter(is_passed).collect();
        if !page.more {
            page.position = page.head;
        }
        page.trimmed = passed.into_iter().map(|(_, topic)| topic).collect();
        page
    }
}

/// Returns the last Seq of a log at or before the position that was asked for.
fn before(log: &MemoryLog, request: &InboxRequest) -> Seq {
    let newer = log.after(request.after).next();
    newer.map_or(log.head, |held| Seq(held.entry.seq.0 - 1))
}
