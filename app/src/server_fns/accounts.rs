//! Server functions of accounts: sign in and out, sessions, passwords, roles, reset links.

use leptos::prelude::*;

use crate::failure::Failure;

/// Creates an account for a guest, under their own name.
///
/// # Errors
/// Returns a refusal if the password is invalid or the name is taken.
#[server(name = CreateAccount, prefix = "/do", endpoint = "create_account")]
pub async fn create_account(password: String) -> Result<(), Failure> {
    use super::context::{caller_with_device, chat};
    use super::cookies::keep_device;

    let caller = caller_with_device();
    chat().create_account(&caller, &password).await?;
    keep_device(&caller);
    Ok(())
}

/// Sets the caller's bio.
///
/// # Errors
/// Returns a refusal if the text is invalid or the caller is a guest.
#[server(name = SetBio, prefix = "/do", endpoint = "set_bio")]
pub async fn set_bio(bio: String) -> Result<(), Failure> {
    use super::context::{caller, chat};

    Ok(chat().set_bio(&caller(), &bio).await?)
}

/// Signs in with a name and a password.
///
/// # Errors
/// Returns a refusal if they are not those of an account, or after too many failed attempts.
#[server(name = SignIn, prefix = "/do", endpoint = "sign_in")]
pub async fn sign_in(name: String, password: String) -> Result<(), Failure> {
    use super::context::{caller_with_device, chat, go_to};
    use super::cookies::{keep_device, keep_token};

    let caller = caller_with_device();
    let (_, token) = chat().sign_in(&caller, &name, &password).await?;
    keep_token(&token);
    keep_device(&caller);
    go_to("/");
    Ok(())
}

/// Ends this session.
///
/// # Errors
/// Only on a fault of the server.
#[server(name = SignOut, prefix = "/do", endpoint = "sign_out")]
pub async fn sign_out() -> Result<(), Failure> {
    use super::context::{caller, chat, go_to};
    use super::cookies::forget_token;
    use chat::store::Sessions;

    let caller = caller();
    if let (Some(_), Some(session)) = (caller.signed_in(), &caller.session) {
        chat().sign_out(&caller, Sessions::One(session.hash())).await?;
    }
    forget_token();
    go_to("/");
    Ok(())
}

/// Ends another session of the caller, named by its handle, or all others if there is none.
///
/// # Errors
/// Returns a refusal if there is no such session.
#[server(name = EndSession, prefix = "/do", endpoint = "end_session")]
pub async fn end_session(handle: Option<String>) -> Result<(), Failure> {
    use super::context::{caller, chat};
    use chat::store::Sessions;
    use wire::Refusal;

    let (caller, chat) = (caller(), chat());
    let own = caller.session.as_ref().ok_or(Refusal::SignInNeeded)?;
    let which = match handle {
        None => Sessions::Others(own.hash()),
        Some(handle) => {
            let sessions = chat.sessions(&caller).await?;
            let found = sessions.iter().find(|session| session.token.handle() == handle);
            Sessions::One(found.ok_or(Refusal::NotFound)?.token)
        }
    };
    Ok(chat.sign_out(&caller, which).await?)
}

/// Changes the password; every other session ends.
///
/// # Errors
/// Returns a refusal if the old password is wrong, or the new one is weak.
#[server(name = ChangePassword, prefix = "/do", endpoint = "change_password")]
pub async fn change_password(old: String, new: String) -> Result<(), Failure> {
    use super::context::{caller, chat};

    Ok(chat().change_password(&caller(), &old, &new).await?)
}

/// Sets the first password of an account without one.
///
/// # Errors
/// Returns a refusal if the account has a password, or the new one is weak.
#[server(name = SetPassword, prefix = "/do", endpoint = "set_password")]
pub async fn set_password(password: String) -> Result<(), Failure> {
    use super::context::{caller, chat};

    Ok(chat().set_first_password(&caller(), &password).await?)
}

/// Unlinks a provider from the caller's account.
///
/// # Errors
/// Returns a refusal if it is the last way to sign in.
#[server(name = UnlinkProvider, prefix = "/do", endpoint = "unlink_provider")]
pub async fn unlink_provider(provider: String) -> Result<(), Failure> {
    use super::context::{caller, chat};

    Ok(chat().unlink_provider(&caller(), &provider).await?)
}

/// Makes the caller the owner of the server, by the link that the operator has. A caller without an account gets one
/// with this name and password.
///
/// # Errors
/// Returns a refusal if the link no longer works, or if the name or the password is invalid.
#[server(name = BecomeOwner, prefix = "/do", endpoint = "become_owner")]
pub async fn become_owner(
    token: String,
    #[server(default)] name: String,
    #[server(default)] password: String,
) -> Result<(), Failure> {
    use super::context::{caller_with_device, chat, go_to};
    use super::cookies::{keep_device, keep_token};
    use wire::Refusal;

    let (token, caller) = (chat::Token::parse(&token).ok_or(Refusal::ResetOver)?, caller_with_device());
    if let Some(session) = chat().become_owner(&caller, &token, &name, &password).await? {
        keep_token(&session);
    }
    keep_device(&caller);
    go_to("/");
    Ok(())
}

/// Sets the application role of a user: `role` is `admin` or `member`.
///
/// # Errors
/// Returns a refusal if the caller is not the owner.
#[server(name = SetApplicationRole, prefix = "/do", endpoint = "set_application_role")]
pub async fn set_application_role(user: String, role: String) -> Result<(), Failure> {
    use super::context::{caller, chat, user_id};
    use wire::{AppRole, Expected, Refusal};

    let role = match role.as_str() {
        "admin" => AppRole::Admin,
        "member" => AppRole::Member,
        _ => return Err(Refusal::FieldWrong { field: "role".into(), wants: Expected::AppRole }.into()),
    };
    Ok(chat().set_application_role(&caller(), user_id(&user)?, role).await?)
}

/// Creates a link by which a user sets a new password. A page shows it once, in its response: it is in no address.
///
/// # Errors
/// Returns a refusal if the caller may not do that for this user.
#[server(name = CreateResetLink, prefix = "/do", endpoint = "create_reset_link")]
pub async fn create_reset_link(user: String) -> Result<String, Failure> {
    use super::context::{absolute, caller, chat, show_once, user_id};

    let token = chat().create_password_reset(&caller(), user_id(&user)?).await?;
    let link = absolute(&format!("/reset/{}", token.reveal()));
    show_once(&link);
    Ok(link)
}

/// Sets a new password by such a link, and signs in here.
///
/// # Errors
/// Returns a refusal if the password is invalid or the link no longer works.
#[server(name = ResetPassword, prefix = "/do", endpoint = "reset_password")]
pub async fn reset_password(token: String, password: String) -> Result<(), Failure> {
    use super::context::{caller_with_device, chat, go_to};
    use super::cookies::{keep_device, keep_token};
    use wire::Refusal;

    let (token, caller) = (chat::Token::parse(&token).ok_or(Refusal::ResetOver)?, caller_with_device());
    let session = chat().reset_password(&caller, &token, &password).await?;
    keep_token(&session);
    keep_device(&caller);
    go_to("/");
    Ok(())
}

/// Signs in by a link of an application, for the built-in pages, and goes to a conversation: `to` is its page, such as
/// `/g/…`. Any other path leads to the start page.
///
/// # Errors
/// Returns a refusal if the link no longer works.
#[server(name = Enter, prefix = "/do", endpoint = "enter")]
pub async fn enter(application: String, token: String, #[server(default)] to: String) -> Result<(), Failure> {
    use super::context::{caller, chat, conversation_page, go_to};
    use super::cookies::keep_token;
    use wire::Refusal;

    let application = application.parse().map_err(|_| Refusal::LinkOver)?;
    let token = chat::Token::parse(&token).ok_or(Refusal::LinkOver)?;
    let session = chat().use_sign_in_link(&caller(), application, &token).await?;
    keep_token(&session);
    go_to(&conversation_page(&to).unwrap_or_else(|| "/".into()));
    Ok(())
}
