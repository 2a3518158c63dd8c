use leptos::prelude::*;

use crate::failure::Failure;

/// Gives a guest an account under their own name.
///
/// # Errors
/// What is wrong with the password, or that the name is taken.
#[server(name = Claim, prefix = "/do", endpoint = "claim")]
pub async fn claim(password: String) -> Result<(), Failure> {
    use super::context::{caller, chat};

    chat().claim(caller().me()?, &password).await?;
    Ok(())
}

/// Signs in with a name and a password.
///
/// # Errors
/// If they are not those of an account, or too many attempts came to nothing.
#[server(name = SignIn, prefix = "/do", endpoint = "sign_in")]
pub async fn sign_in(name: String, password: String) -> Result<(), Failure> {
    use super::context::{caller, chat, go_to, keep_token};

    let (_, token) = chat().sign_in(&caller(), &name, &password).await?;
    keep_token(&token);
    go_to("/");
    Ok(())
}

/// Ends this session.
///
/// # Errors
/// Only if the server cannot.
#[server(name = SignOut, prefix = "/do", endpoint = "sign_out")]
pub async fn sign_out() -> Result<(), Failure> {
    use super::context::{caller, chat, forget_token, go_to};
    use chat::store::Sessions;

    let caller = caller();
    if let (Some(me), Some(session)) = (&caller.me, &caller.session) {
        chat().sign_out(me, Sessions::One(session.hash())).await?;
    }
    forget_token();
    go_to("/");
    Ok(())
}

/// Ends another session of one's own, named by its handle, or all others if there is none.
///
/// # Errors
/// If there is no such session.
#[server(name = EndSession, prefix = "/do", endpoint = "end_session")]
pub async fn end_session(handle: Option<String>) -> Result<(), Failure> {
    use super::context::{caller, chat};
    use chat::store::Sessions;
    use wire::Refusal;

    let (caller, chat) = (caller(), chat());
    let (me, own) = (caller.me()?, caller.session.as_ref().ok_or(Refusal::SignInNeeded)?);
    let which = match handle {
        None => Sessions::Others(own.hash()),
        Some(handle) => {
            let sessions = chat.sessions(me).await?;
            let found = sessions.iter().find(|session| session.token.handle() == handle);
            Sessions::One(found.ok_or(Refusal::NotFound)?.token)
        }
    };
    Ok(chat.sign_out(me, which).await?)
}

/// Changes the password; every other session ends.
///
/// # Errors
/// If the old one is wrong, or the new one is weak.
#[server(name = ChangePassword, prefix = "/do", endpoint = "change_password")]
pub async fn change_password(old: String, new: String) -> Result<(), Failure> {
    use super::context::{caller, chat};
    use wire::Refusal;

    let caller = caller();
    let (me, own) = (caller.me()?, caller.session.as_ref().ok_or(Refusal::SignInNeeded)?);
    Ok(chat().change_password(me, own, &old, &new).await?)
}
