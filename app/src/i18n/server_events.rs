//! The sentences of audit events, invites and roles, on server-only pages.

use wire::{AppRole, AuditEvent, EndedSessions, Event, HookChange, Invite, Person, Timestamp, WebhookChange};

use super::sentence::{Sentence, Words};
use super::texts::Texts;

/// The default lifetime of an invite, a week, in minutes.
pub(crate) const WEEK: u32 = 10_080;

/// The sentences of audit events, invites and roles, and the choices of forms.
impl Texts {
    /// Returns the sentence of an entry of a group's audit log.
    pub(crate) fn group_event(self, event: &Event) -> Option<Sentence> {
        Some(match event {
            Event::Hook { change: HookChange::Created, hook, by } => self.created_hook(by, hook),
            Event::Hook { change: HookChange::Renamed, hook, by } => self.renamed_hook(by, hook),
            Event::Hook { change: HookChange::Rotated, hook, by } => self.rotated_hook(by, hook),
            Event::Hook { change: HookChange::Deleted, hook, by } => self.deleted_hook(by, hook),
            other => return self.happened(other),
        })
    }

    /// Returns a notice or the place of a deleted message as plain text, in which each name stands between isolates
    /// (U+2068 and U+2069); none for an event that has no row.
    #[must_use]
    pub fn notice(self, event: &Event) -> Option<String> {
        let sentence = match event {
            Event::Tombstone { author, by } => self.deleted(author, by),
            other => self.happened(other)?,
        };
        Some(sentence.plain())
    }

    /// Returns the sentence of an audit event.
    pub(crate) fn audit_event(self, event: &AuditEvent) -> Option<Sentence> {
        Some(match event {
            AuditEvent::Claimed { by } => self.created_account(by),
            AuditEvent::SignedIn { by, label } if label.is_empty() => self.signed_in(by),
            AuditEvent::SignedIn { by, label } => self.signed_in_with(by, label.to_string().as_str()),
            AuditEvent::SignedOut { by, sessions: EndedSessions::One } => self.signed_out_device(by),
            AuditEvent::SignedOut { by, sessions: EndedSessions::Others } => {
                self.signed_out_other_devices(by)
            }
            AuditEvent::SignedOut { by, sessions: EndedSessions::All } => self.signed_out_all_devices(by),
            AuditEvent::PasswordChanged { by } => self.changed_password(by),
            AuditEvent::PasswordSet { by } => self.set_password(by),
            AuditEvent::ProviderLinked { by, provider } => self.linked_provider(by, provider.as_str()),
            AuditEvent::ProviderUnlinked { by, provider } => self.unlinked_provider(by, provider.as_str()),
            AuditEvent::ResetOffered { by: Some(by), of } => self.offered_reset(by, of),
            AuditEvent::ResetOffered { by: None, of } => self.operator_offered_reset(of),
            AuditEvent::ResetUsed { by } => self.used_reset(by),
            AuditEvent::Ranked { by, of, role } => {
                let role = match role {
                    AppRole::Owner => "owner",
                    AppRole::Admin => "admin",
                    AppRole::Member => "member",
                    AppRole::Guest => "guest",
                };
                self.changed_role(by, of, Words(role))
            }
            AuditEvent::GroupDeleted { by, group } => self.deleted_group(by, &group.name),
            AuditEvent::Webhook { change, webhook, by } => {
                self.webhook_event(*change, webhook, by.as_ref())?
            }
            AuditEvent::Unknown => return None,
        })
    }

    /// None for a change that only a person makes, without one.
    fn webhook_event(self, change: WebhookChange, webhook: &str, by: Option<&Person>) -> Option<Sentence> {
        if change == WebhookChange::Stopped {
            return Some(self.stopped_webhook(webhook));
        }
        let change = match change {
            WebhookChange::Created => "created",
            WebhookChange::Changed => "changed",
            WebhookChange::Rotated => "rotated",
            WebhookChange::Replayed => "replayed",
            WebhookChange::Deleted | WebhookChange::Stopped => "deleted",
        };
        by.map(|by| self.changed_webhook(by, webhook, Words(change)))
    }

    pub(crate) fn app_role(self, role: AppRole) -> &'static str {
        match role {
            AppRole::Owner => self.role_owner(),
            AppRole::Admin => self.admin(),
            AppRole::Member => self.role_member(),
            AppRole::Guest => self.guest(),
        }
    }

    /// Returns the labels of a message's delivery states: read, delivered, not delivered.
    pub(crate) fn delivery_states(self) -> [&'static str; 3] {
        [self.read_by(), self.delivered_to_label(), self.not_delivered_to()]
    }

    /// Returns the waits of slow mode that the form offers, in seconds.
    pub(crate) fn slow_modes(self) -> [(u32, String); 8] {
        [0, 10, 30, 60, 300, 900, 3_600, 21_600].map(|seconds| {
            let label = match seconds {
                0 => self.pause_off().into(),
                1..60 => self.seconds(seconds),
                60..3_600 => self.minutes(seconds / 60),
                _ => self.hours(seconds / 3_600),
            };
            (seconds, label.plain())
        })
    }

    /// Returns the lifetimes of an invite that the form offers, in minutes.
    pub(crate) fn invite_lifetimes(self) -> [(u32, String); 4] {
        [
            (60, self.hours(1u32).plain()),
            (1_440, self.days(1u32).plain()),
            (WEEK, self.weeks(1u32).plain()),
            (0, self.never().to_owned()),
        ]
    }

    /// Returns the actions for several members at once.
    pub(crate) fn member_actions(self) -> [(&'static str, &'static str); 4] {
        [
            ("promote", self.make_admin()),
            ("demote", self.remove_as_admin()),
            ("mute", self.mute_for_an_hour()),
            ("unmute", self.unmute()),
        ]
    }

    pub(crate) fn invite_works(self, invite: &Invite, now: Timestamp) -> String {
        let uses = match invite.uses {
            None => self.unlimited_uses().into(),
            Some(uses) => self.uses_left(uses),
        };
        let hours = invite.until.map(|until| (until.0 - now.0).div_euclid(3_600_000));
        let sentence = match hours.map(|hours| u64::try_from(hours).unwrap_or_default()) {
            None => self.invite_never_expires(uses),
            Some(0) => self.invite_expires_soon(uses),
            Some(hours @ 1..48) => self.invite_expires_in(uses, self.hours(hours + 1)),
            Some(hours) => self.invite_expires_in(uses, self.days(hours / 24 + 1)),
        };
        sentence.plain()
    }
}
