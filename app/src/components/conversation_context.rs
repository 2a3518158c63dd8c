//! The context of the open conversation, with permalinks: shared by the composer and the message rows.

use leptos::prelude::*;
use wire::{Amendment, Emoji, Quote, Refused, Role, SendId, Seq, Topic};

use super::toast::Toasts;
use crate::browser::{use_browser, wake};
use crate::client::{ChatClient, Timeline, role_of};

/// The context of the open conversation: client, timeline and composer mode, shared by the composer and the rows.
#[derive(Clone)]
pub(crate) struct ConversationContext {
    pub(crate) client: ChatClient,
    pub(crate) timeline: Timeline,
    /// The message whose actions are shown.
    pub(crate) open: RwSignal<Option<Seq>>,
    /// The composer mode.
    pub(crate) mode: RwSignal<ComposerMode>,
    /// True if the viewer is an admin here.
    pub(crate) is_admin: Memo<bool>,
    /// The toasts at the lower edge, such as *Undo*.
    pub(crate) toasts: Toasts,
}

/// The composer's mode: a new message, a reply or an edit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum ComposerMode {
    /// A new message.
    #[default]
    Say,
    /// A reply to a message.
    Reply(Quote),
    /// An edit of one of the viewer's messages.
    Edit(Seq),
}

impl ComposerMode {
    pub(crate) const fn edits(&self) -> bool {
        matches!(self, Self::Edit(_))
    }
}

impl ConversationContext {
    pub(crate) fn new(client: ChatClient, timeline: Timeline) -> Self {
        let (members, me) = (timeline.members.clone(), client.me.clone());
        let is_admin = Memo::new(move |_| members.with(|members| role_of(members, &me)) == Some(Role::Admin));
        let toasts = expect_context();
        Self { client, timeline, open: RwSignal::new(None), mode: RwSignal::default(), is_admin, toasts }
    }

    pub(crate) fn topic(&self) -> Topic {
        self.timeline.topic()
    }

    /// Returns the path of the conversation's page.
    pub(crate) fn path(&self) -> String {
        self.timeline.what.path()
    }

    /// Returns the address of a message.
    pub(crate) fn link_to(&self, seq: Seq) -> String {
        format!("{}?at={seq}#m{seq}", self.path())
    }

    /// Sends an amendment of a message over the socket; without a connection returns false and shows that.
    pub(crate) fn amend(&self, target: Seq, amendment: Amendment) -> bool {
        self.open.set(None);
        let Some(browser) = use_browser() else { return false };
        let id = SendId::from_bytes((browser.random)());
        let asked = self.client.amend(&self.timeline.topic(), id, target, amendment);
        if !asked {
            self.client.trouble.set(Some(Refused::by_code("needs_connection")));
        }
        (browser.wake)();
        asked
    }

    /// Deletes a message after some seconds, unless it is undone.
    pub(crate) fn delete(&self, target: Seq) {
        self.open.set(None);
        self.toasts.delete(self.topic(), target);
    }

    /// Toggles the viewer's reaction to a message.
    pub(crate) fn react(&self, target: Seq, emoji: &str) {
        let (Ok(emoji), Some(content)) = (Emoji::new(emoji), self.timeline.content(target)) else { return };
        let on = !content
            .reactions()
            .iter()
            .any(|reaction| reaction.emoji == emoji && reaction.people.contains(&self.client.me.id));
        self.amend(target, Amendment::React(emoji, on));
    }

    /// Sets the composer to reply to this message.
    pub(crate) fn reply(&self, seq: Seq) {
        self.open.set(None);
        if let Some(quote) = self.timeline.quote(seq) {
            self.mode.set(ComposerMode::Reply(quote));
        }
    }

    /// Sets the composer to edit this message.
    pub(crate) fn edit(&self, seq: Seq) {
        self.open.set(None);
        self.mode.set(ComposerMode::Edit(seq));
    }

    /// Marks everything from this message on as unread, until the conversation is opened again.
    pub(crate) fn mark_unread(&self, seq: Seq) {
        self.open.set(None);
        self.timeline.stays_unread.set(true);
        self.client.unread_from(&self.timeline.topic(), seq);
        wake();
    }

    /// Shows the newest messages again.
    pub(crate) fn back_to_now(&self) {
        self.client.refresh(&self.timeline.topic());
        wake();
    }
}
