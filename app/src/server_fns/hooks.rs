//! Server functions of group admins: incoming webhooks.

use leptos::prelude::*;

use crate::failure::Failure;

/// Creates an incoming webhook that posts under a name; its URL is shown once.
///
/// # Errors
/// Returns a refusal if the caller is no admin, if the name is invalid, or if there are too many webhooks.
#[server(name = CreateHook, prefix = "/do", endpoint = "create_hook")]
pub async fn create_hook(group: String, name: String) -> Result<String, Failure> {
    use super::context::{caller, chat, group_id, show_hook_url};

    let created = chat().create_hook(&caller(), group_id(&group)?, &name).await?;
    Ok(show_hook_url(&created.token))
}

/// Gives an incoming webhook another URL, which is shown once; the old one no longer works. `hook` is the name of the
/// webhook in the API.
///
/// # Errors
/// Returns a refusal if the caller is no admin, or if there is no such webhook.
#[server(name = RotateHook, prefix = "/do", endpoint = "rotate_hook")]
pub async fn rotate_hook(group: String, hook: String) -> Result<String, Failure> {
    use super::context::{caller, chat, group_id, hook_name, show_hook_url};

    let rotated = chat().rotate_hook(&caller(), group_id(&group)?, &hook_name(&hook)?).await?;
    Ok(show_hook_url(&rotated.token))
}

/// Deletes an incoming webhook. `hook` is its name in the API.
///
/// # Errors
/// Returns a refusal if the caller is no admin, or if there is no such webhook.
#[server(name = DeleteHook, prefix = "/do", endpoint = "delete_hook")]
pub async fn delete_hook(group: String, hook: String) -> Result<(), Failure> {
    use super::context::{caller, chat, group_id, hook_name};

    Ok(chat().delete_hook(&caller(), group_id(&group)?, &hook_name(&hook)?).await?)
}
