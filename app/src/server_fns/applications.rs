//! Server functions of the owner: applications and their tokens.

use leptos::prelude::*;

use crate::failure::Failure;

/// Creates an application; its token is shown once.
///
/// # Errors
/// Returns a refusal if the caller is not the owner of the server, or if the title is invalid.
#[server(name = CreateApplication, prefix = "/do", endpoint = "create_application")]
pub async fn create_application(title: String, description: String) -> Result<String, Failure> {
    use super::context::{caller, chat, show_once};

    let created = chat().create_application(&caller(), &title, &description).await?;
    let token = created.token.reveal().to_owned();
    show_once(&token);
    Ok(token)
}

/// Changes an application. Each line of `origins` is one; a setting is on if it is sent at all, as a ticked box is.
///
/// # Errors
/// Returns a refusal if the caller is not the owner of the server, or if a field is invalid.
#[server(name = ChangeApplication, prefix = "/do", endpoint = "change_application")]
pub async fn change_application(
    application: String,
    title: String,
    description: String,
    origins: String,
    implicit_creation: Option<String>,
    user_conversations: Option<String>,
    directory: Option<String>,
) -> Result<(), Failure> {
    use super::context::{application_id, caller, chat};

    let origins = origins.split_whitespace().map(str::to_owned).collect();
    let change = chat::ApplicationChange {
        implicit_creation: Some(implicit_creation.is_some()),
        user_conversations: Some(user_conversations.is_some()),
        directory: Some(directory.is_some()),
        title: Some(title),
        description: Some(description),
        allowed_origins: Some(origins),
        ..chat::ApplicationChange::default()
    };
    chat().change_managed(&caller(), application_id(&application)?, change, None).await?;
    Ok(())
}

/// Creates a token of an application, which is shown once; with `rotate` its other tokens are revoked.
///
/// # Errors
/// Returns a refusal if the caller is not the owner of the server, or if the label is too long.
#[server(name = CreateApplicationToken, prefix = "/do", endpoint = "create_application_token")]
pub async fn create_application_token(
    application: String,
    label: String,
    rotate: bool,
) -> Result<String, Failure> {
    use super::context::{application_id, caller, chat, show_once};

    let id = application_id(&application)?;
    let token = chat().create_api_token(&caller(), id, &label, None, rotate).await?;
    let token = token.reveal().to_owned();
    show_once(&token);
    Ok(token)
}

/// Deletes an application with everything in it; `typed` must be its title.
///
/// # Errors
/// Returns a refusal if the caller is not the owner of the server, or if the title differs.
#[server(name = DeleteApplication, prefix = "/do", endpoint = "delete_application")]
pub async fn delete_application(application: String, typed: String) -> Result<(), Failure> {
    use super::context::{application_id, caller, chat, go_to};

    chat().delete_application(&caller(), application_id(&application)?, &typed).await?;
    go_to("/server/applications");
    Ok(())
}
