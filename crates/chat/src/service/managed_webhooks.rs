//! Outgoing webhooks of an application, as the owner of the server manages them on its pages.

use wire::{ApplicationId, PublicId, WebhookChange};

use crate::auth::caller::{Caller, Principal};
use crate::auth::webhook_secret::WebhookSecret;
use crate::chat::Chat;
use crate::names::{self, HookName};
use crate::ports::store::{Checked, Webhook, WebhookState, WebhookWrite};
use crate::service::error::Error;
use crate::service::permissions::needs_application;
use crate::service::webhooks::{NewWebhook, WebhookStatus};

/// Managing outgoing webhooks on pages.
impl Chat {
    /// Returns the caller as whom the owner or the operator does something for an application. The audit log names the
    /// owner in their own application, and in another one, which has no such user, the application.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotOperator`], [`Refusal::NotOwner`].
    pub async fn for_application(&self, caller: &Caller, application: PublicId) -> Result<Caller, Error> {
        let application = self.application(caller, application).await?;
        let owner = caller.signed_in().filter(|_| application.id == ApplicationId::BUILT_IN);
        let author = owner.cloned().unwrap_or_else(|| application.author());
        Ok(Caller {
            application: application.id,
            principal: Principal::Application(author),
            from: caller.from,
            revocations: caller.revocations,
            ..Caller::default()
        })
    }

    /// Creates a webhook whose own name is like a title, with a secret that is shown this once.
    ///
    /// # Errors
    /// Those of [`Chat::put_webhook`], and those of a name.
    pub async fn create_webhook(
        &self,
        caller: &Caller,
        title: &str,
        new: NewWebhook,
    ) -> Result<(WebhookStatus, WebhookSecret), Error> {
        needs_application(caller)?;
        let title = names::person_name(title)?;
        let webhook = self.checked_webhook(caller, HookName::like(title.as_str(), &[]), new).await?;
        loop {
            let all = self.reader(caller).webhooks().await?;
            let taken: Vec<&HookName> = all.iter().map(|webhook| &webhook.name).collect();
            let named = Webhook { name: HookName::like(title.as_str(), &taken), ..webhook.clone() };
            if let Some(added) = self.add_webhook(caller, &all, &named).await? {
                return Ok(added);
            }
        }
    }

    /// Changes what a webhook gets, and where. It stays as it is otherwise.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], and those of [`Chat::put_webhook`].
    pub async fn change_webhook(
        &self,
        caller: &Caller,
        name: &HookName,
        new: NewWebhook,
    ) -> Result<(), Error> {
        let checked = self.checked_webhook(caller, name.clone(), new).await?;
        self.update_webhook(caller, name, |present| Webhook {
            url: checked.url.clone(),
            events: checked.events.clone(),
            conversations: checked.conversations.clone(),
            ..present.clone()
        })
        .await
    }

    /// Switches a webhook on or off, and changes nothing else. One that the server has stopped goes on when it is switched
    /// on.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], [`Refusal::NotFound`].
    pub async fn switch_webhook(&self, caller: &Caller, name: &HookName, on: bool) -> Result<(), Error> {
        self.update_webhook(caller, name, |present| {
            let state = match (on, present.state) {
                (true, _) => WebhookState::Active,
                (false, WebhookState::Active) => WebhookState::Off,
                // It goes on to say why the server has stopped it.
                (false, stopped) => stopped,
            };
            Webhook { state, ..present.clone() }
        })
        .await
    }

    /// Commits a change of a webhook; if another one was committed first, makes it again.
    async fn update_webhook(
        &self,
        caller: &Caller,
        name: &HookName,
        change: impl Fn(&Webhook) -> Webhook,
    ) -> Result<(), Error> {
        loop {
            let present = self.find_webhook(caller, name).await?;
            let changed = change(&present);
            if changed == present {
                return Ok(());
            }
            let write = WebhookWrite::Change(changed);
            if self.note_webhook(caller, write, name, WebhookChange::Changed).await? == Checked::Done {
                return Ok(());
            }
        }
    }
}
