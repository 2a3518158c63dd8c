//! What the still pages show. They are made on the server alone, so these are no server functions.

use std::future::Future;

use wire::{Management, Timestamp};

use super::context::{caller, chat, group_id, link_to};
use crate::failure::Failure;

/// What the page needs on which admins manage a group.
pub(crate) struct Managed {
    pub(crate) management: Management,
    /// The group's own link.
    pub(crate) link: String,
    pub(crate) now: Timestamp,
}

/// What the page needs on which admins manage a group. Takes who asks from context at once.
pub(crate) fn management(group: String) -> impl Future<Output = Result<Managed, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    let id = group_id(&group);
    let link = id.as_ref().ok().map(|id| link_to(*id)).unwrap_or_default();
    async move {
        let management = chat.management(caller.me()?, id?).await?;
        Ok(Managed { management, link, now: chat.now() })
    }
}
