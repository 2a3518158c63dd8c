//! Server functions of the owner: outgoing webhooks of applications.

use leptos::prelude::*;

use crate::failure::Failure;

/// Creates an outgoing webhook whose own name is like `name`; its secret is shown once. Each line of `conversations` is a
/// key, an id or a link.
///
/// # Errors
/// Returns a refusal if the caller is not the owner of the server, if a field is invalid, or if there are too many
/// webhooks.
#[server(name = CreateWebhook, prefix = "/do", endpoint = "create_webhook")]
pub async fn create_webhook(
    application: String,
    name: String,
    url: String,
    #[server(default)] events: Vec<String>,
    #[server(default)] conversations: String,
) -> Result<String, Failure> {
    use super::context::{chat, conversation_names, for_application, show_once};

    let acting = for_application(&application).await?;
    let conversations = conversation_names(&conversations);
    let new = chat::NewWebhook { url: url.trim().into(), events, conversations, active: None };
    let (_, secret) = chat().create_webhook(&acting, &name, new).await?;
    let secret = secret.reveal();
    show_once(&secret);
    Ok(secret)
}

/// Changes the URL, the events and the conversations of an outgoing webhook.
///
/// # Errors
/// Returns a refusal if the caller is not the owner of the server, if there is no such webhook, or if a field is invalid.
#[server(name = ChangeWebhook, prefix = "/do", endpoint = "change_webhook")]
pub async fn change_webhook(
    application: String,
    webhook: String,
    url: String,
    #[server(default)] events: Vec<String>,
    #[server(default)] conversations: String,
) -> Result<(), Failure> {
    use super::context::{chat, conversation_names, for_application, hook_name};

    let acting = for_application(&application).await?;
    let conversations = conversation_names(&conversations);
    let new = chat::NewWebhook { url: url.trim().into(), events, conversations, active: None };
    Ok(chat().change_webhook(&acting, &hook_name(&webhook)?, new).await?)
}

/// Switches an outgoing webhook on or off.
///
/// # Errors
/// Returns a refusal if the caller is not the owner of the server, or if there is no such webhook.
#[server(name = SwitchWebhook, prefix = "/do", endpoint = "switch_webhook")]
pub async fn switch_webhook(application: String, webhook: String, on: bool) -> Result<(), Failure> {
    use super::context::{chat, for_application, hook_name};

    let acting = for_application(&application).await?;
    Ok(chat().switch_webhook(&acting, &hook_name(&webhook)?, on).await?)
}

/// Gives an outgoing webhook another secret, which is shown once. For a day deliveries are signed with both.
///
/// # Errors
/// Returns a refusal if the caller is not the owner of the server, or if there is no such webhook.
#[server(name = RotateWebhook, prefix = "/do", endpoint = "rotate_webhook")]
pub async fn rotate_webhook(application: String, webhook: String) -> Result<String, Failure> {
    use super::context::{chat, for_application, hook_name, show_once};

    let acting = for_application(&application).await?;
    let (_, secret) = chat().rotate_webhook(&acting, &hook_name(&webhook)?).await?;
    let secret = secret.reveal();
    show_once(&secret);
    Ok(secret)
}

/// Posts an event of the type `webhook.test` to an outgoing webhook, and shows the answer once. Returns true if the
/// receiver has taken it.
///
/// # Errors
/// Returns a refusal if the caller is not the owner of the server, if there is no such webhook, or if there were too many
/// tests.
#[server(name = TestWebhook, prefix = "/do", endpoint = "test_webhook")]
pub async fn test_webhook(application: String, webhook: String) -> Result<bool, Failure> {
    use super::context::{chat, for_application, hook_name, show_test};

    let acting = for_application(&application).await?;
    let test = chat().test_webhook(&acting, &hook_name(&webhook)?).await?;
    let is_taken = test.status.is_some_and(|status| (200..300).contains(&status));
    show_test(test);
    Ok(is_taken)
}

/// Sends an outgoing webhook everything since a time in UTC, such as `2026-11-30T09:00`.
///
/// # Errors
/// Returns a refusal if the caller is not the owner of the server, if there is no such webhook, or if the time is none or
/// in the future.
#[server(name = ReplayWebhook, prefix = "/do", endpoint = "replay_webhook")]
pub async fn replay_webhook(application: String, webhook: String, since: String) -> Result<(), Failure> {
    use super::context::{chat, for_application, hook_name, minute_in_utc};

    let acting = for_application(&application).await?;
    chat().replay_webhook(&acting, &hook_name(&webhook)?, minute_in_utc(&since)?).await?;
    Ok(())
}

/// Delivers one event to an outgoing webhook again.
///
/// # Errors
/// Returns a refusal if the caller is not the owner of the server, if there is no such delivery, or if the webhook is off.
#[server(name = ReplayDelivery, prefix = "/do", endpoint = "replay_delivery")]
pub async fn replay_delivery(application: String, webhook: String, delivery: u64) -> Result<(), Failure> {
    use super::context::{chat, for_application, hook_name};
    use chat::store::JobId;

    let acting = for_application(&application).await?;
    Ok(chat().replay_delivery(&acting, &hook_name(&webhook)?, JobId(delivery)).await?)
}

/// Deletes an outgoing webhook with the events that wait.
///
/// # Errors
/// Returns a refusal if the caller is not the owner of the server, or if there is no such webhook.
#[server(name = DeleteWebhook, prefix = "/do", endpoint = "delete_webhook")]
pub async fn delete_webhook(application: String, webhook: String) -> Result<(), Failure> {
    use super::context::{chat, for_application, go_to, hook_name};

    let acting = for_application(&application).await?;
    chat().delete_webhook(&acting, &hook_name(&webhook)?).await?;
    go_to(&format!("/server/applications/{application}/webhooks"));
    Ok(())
}
