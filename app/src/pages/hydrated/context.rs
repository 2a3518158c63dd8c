use leptos::prelude::*;
use wire::{Amendment, Emoji, Quote, Role, SendId, Seq, Topic};

use crate::browser::use_browser;
use crate::client::{ChatClient, Timeline, role_of};
use crate::components::Toasts;
use crate::pages::wake;

/// What the viewer is about to do in the conversation that is open. Shared by the composer and the rows.
#[derive(Clone)]
pub(crate) struct ConversationContext {
    pub(crate) live: ChatClient,
    pub(crate) timeline: Timeline,
    /// The message whose acts are shown.
    pub(crate) open: RwSignal<Option<Seq>>,
    /// What the next message will be.
    pub(crate) intent: RwSignal<ComposerMode>,
    /// Whether the viewer is an admin here.
    pub(crate) is_admin: Memo<bool>,
    /// The messages at the lower edge, such as *Undo*.
    pub(crate) toasts: Toasts,
}

/// What the composer's text will be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum ComposerMode {
    /// A new message.
    #[default]
    Say,
    /// An answer to a message.
    Reply(Quote),
    /// Other words for a message of one's own.
    Edit(Seq),
}

impl ConversationContext {
    pub(crate) fn new(live: ChatClient, timeline: Timeline) -> Self {
        let (members, me) = (timeline.members.clone(), live.me.clone());
        let is_admin = Memo::new(move |_| members.with(|members| role_of(members, &me)) == Some(Role::Admin));
        let toasts = expect_context();
        Self { live, timeline, open: RwSignal::new(None), intent: RwSignal::default(), is_admin, toasts }
    }

    pub(crate) fn topic(&self) -> Topic {
        self.timeline.topic()
    }

    /// The path of the conversation's page.
    pub(crate) fn path(&self) -> String {
        self.timeline.what.path()
    }

    /// The address of a message.
    pub(crate) fn link_to(&self, seq: Seq) -> String {
        format!("{}?at={seq}#m{seq}", self.path())
    }

    /// Changes a message over the socket; false if there is no connection, which the page says.
    pub(crate) fn amend(&self, target: Seq, amendment: Amendment) -> bool {
        self.open.set(None);
        let Some(browser) = use_browser() else { return false };
        let id = SendId::from_bytes((browser.random)());
        let asked = self.live.amend(&self.timeline.topic(), id, target, amendment);
        if !asked {
            self.live.trouble.set(Some(crate::text::NEEDS_CONNECTION.into()));
        }
        (browser.wake)();
        asked
    }

    /// Deletes a message, unless it is undone within some seconds.
    pub(crate) fn delete(&self, target: Seq) {
        self.open.set(None);
        self.toasts.delete(self.topic(), target);
    }

    /// Reacts, or takes the reaction back if there is one.
    pub(crate) fn react(&self, target: Seq, emoji: &str) {
        let (Ok(emoji), Some(content)) = (Emoji::new(emoji), self.timeline.content(target)) else { return };
        let on = !content
            .reactions()
            .iter()
            .any(|reaction| reaction.emoji == emoji && reaction.people.contains(&self.live.me.id));
        self.amend(target, Amendment::React(emoji, on));
    }

    /// The next message answers this one.
    pub(crate) fn reply(&self, seq: Seq) {
        self.open.set(None);
        if let Some(quote) = self.timeline.quote(seq) {
            self.intent.set(ComposerMode::Reply(quote));
        }
    }

    /// The composer's text will be other words for this message.
    pub(crate) fn edit(&self, seq: Seq) {
        self.open.set(None);
        self.intent.set(ComposerMode::Edit(seq));
    }

    /// From this message on everything is unread, until the group is opened again.
    pub(crate) fn mark_unread(&self, seq: Seq) {
        self.open.set(None);
        self.timeline.stays_unread.set(true);
        self.live.unread_from(&self.timeline.topic(), seq);
        wake();
    }

    /// Shows the newest messages again.
    pub(crate) fn back_to_now(&self) {
        self.live.refresh(&self.timeline.topic());
        wake();
    }
}
