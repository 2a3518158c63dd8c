//! What the still pages show. They are made on the server alone, so these are no server functions.

use std::future::Future;

use wire::{
    AppRole, Entry, GroupId, GroupView, Management, Person, Place, Refusal, Role, SendId, Seq, Timestamp,
};

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

/// One message, for somebody who may read it.
pub(crate) struct Told {
    pub(crate) group: GroupId,
    /// What the group is called.
    pub(crate) name: String,
    pub(crate) entry: Entry,
    /// Whether who asks has written it.
    pub(crate) mine: bool,
    /// Whether who asks is an admin of the group.
    pub(crate) is_admin: bool,
    /// A fresh id for the form that replies.
    pub(crate) form_id: SendId,
}

/// One message. Takes who asks from context at once.
pub(crate) fn message(
    group: String,
    seq: u64,
) -> impl Future<Output = Result<Told, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    let id = group_id(&group);
    async move {
        let (me, id) = (caller.me()?, id?);
        let view = chat.open_group(Some(me), id, Place::Around(Seq(seq)), None).await?;
        let GroupView::Inside(page) = view else { return Err(Refusal::NotMember.into()) };
        let found = page.page.entries.into_iter().find(|entry| entry.seq == Seq(seq));
        let entry = found.ok_or(Refusal::NotFound)?;
        let mine = matches!(&entry.data, wire::Event::Message { author, .. } if author.id == me.id);
        let seat = page.members.iter().find(|member| member.person.id == me.id);
        let is_admin = seat.is_some_and(|member| member.role == Role::Admin);
        let name = page.group.name.to_string();
        Ok(Told { group: id, name, entry, mine, is_admin, form_id: chat.new_send_id() })
    }
}

/// Who one is here, and where one is signed in.
pub(crate) struct Known {
    pub(crate) me: Person,
    /// The role of the account; none for a guest.
    pub(crate) role: Option<AppRole>,
    pub(crate) sessions: Vec<SessionLine>,
}

/// One browser that is signed in.
pub(crate) struct SessionLine {
    pub(crate) handle: String,
    /// What the browser said it was.
    pub(crate) label: String,
    pub(crate) since: Timestamp,
    /// Whether it is the one that asks.
    pub(crate) is_this: bool,
}

/// Who one is here. Takes who asks from context at once.
pub(crate) fn account() -> impl Future<Output = Result<Known, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        let me = caller.me()?.clone();
        let role = chat.account(&me).await?.map(|account| account.role);
        let own = caller.session.as_ref().map(chat::Token::hash);
        let line = |session: chat::SessionSummary| SessionLine {
            handle: session.token.handle(),
            is_this: Some(session.token) == own,
            label: session.label,
            since: session.since,
        };
        let sessions = chat.sessions(&me).await?.into_iter().map(line).collect();
        Ok(Known { me, role, sessions })
    }
}
