//! Changes of outgoing webhooks, the plans of their deliveries, and the entries that these follow.

use wire::{ApplicationId, Entry, Json, LogKey, Timestamp, WebhookId};

use super::{Delivery, NewJob, Version, Webhook, WebhookState};
use crate::ports::position::Position;

/// A change of webhooks of the application of the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookWrite {
    /// Add a webhook. [`Checked::Stale`](super::Checked::Stale) if its name is taken, or the application has as many as
    /// it may.
    Add {
        /// The webhook.
        webhook: Webhook,
        /// The most webhooks of the application.
        most: usize,
    },
    /// Replace the URL, the events, the conversations, the state and the secret of the webhook with this id and version;
    /// it has the next version from then on. [`Checked::Stale`](super::Checked::Stale) if it has another version or does
    /// not exist. If it is no longer active, it [stops](WebhookWrite::Attempted).
    Change(Webhook),
    /// Continue a webhook of a version from another position; it has the next version from then on. Deliveries that wait
    /// are removed. [`Checked::Stale`](super::Checked::Stale) as above.
    Seek {
        /// The webhook.
        webhook: WebhookId,
        /// The version that it must have.
        version: Version,
        /// The position after which it gets events; none for the present.
        after: Option<Position>,
    },
    /// Remove a webhook with everything that belongs to it.
    Remove(WebhookId),
    /// Keep the result of an attempt, if the webhook exists. A success means that the webhook no longer fails. If it
    /// stops, the deliveries that wait are removed, and its position is before the first of them, so that it continues
    /// there when it is active again.
    Attempted {
        /// The delivery.
        delivery: Delivery,
        /// The state in which the webhook stops, if it does.
        stops: Option<WebhookState>,
    },
    /// Remove deliveries, of all applications, that were last attempted before a time, and of each webhook all but the
    /// newest.
    RemoveOld {
        /// Those that were attempted later stay.
        before: Timestamp,
        /// The most that stay of each webhook.
        most: usize,
    },
}

/// Adds the jobs that deliver the events of several webhooks, and moves the positions of these on. The outcome has one
/// result for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanWebhooks {
    /// The plans, at most one for each webhook.
    pub plans: Vec<WebhookPlan>,
    /// The most deliveries of a webhook that may wait.
    pub most: usize,
}

/// The plan for one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookPlan {
    /// The application.
    pub application: ApplicationId,
    /// The webhook.
    pub webhook: WebhookId,
    /// The version that it must have.
    pub version: Version,
    /// The position that it must have.
    pub from: Position,
    /// Its position from then on.
    pub to: Position,
    /// The jobs, in the order of the events.
    pub jobs: Vec<NewJob>,
}

/// The result of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planned {
    /// It is committed.
    Done,
    /// The webhook has changed. Nothing was written.
    Stale,
    /// More than may would wait. Nothing was written.
    Full,
}

/// Entries that webhooks may be interested in, in the order in which they were committed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WebhookTail {
    /// The entries of conversations, and of the audit log, of applications with a webhook, each with its position and
    /// its log. A restricted message, or its change, is there itself and not its placeholder.
    pub entries: Vec<(Position, LogKey, Entry<Json>)>,
    /// The position of the last entry that was looked at; the position that was asked for if there is none after it.
    pub position: Position,
}
