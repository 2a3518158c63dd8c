//! Server functions of directs, blocks, ad-hoc groups and broadcasts.

use leptos::prelude::*;

use crate::failure::Failure;

/// Blocks or unblocks a user: while blocked, neither of the two can write to the other directly.
///
/// # Errors
/// Returns a refusal if there is no such user, or if it is the caller.
#[server(name = Block, prefix = "/do", endpoint = "block")]
pub async fn block(user: String, on: bool) -> Result<(), Failure> {
    use super::context::{caller, chat, user_id};

    Ok(chat().block(&caller(), user_id(&user)?, on).await?)
}

/// Creates an invite-only group with these users as members.
///
/// # Errors
/// Returns a refusal if the name is invalid or nobody was chosen.
#[server(name = CreateGroupWith, prefix = "/do", endpoint = "create_group_with")]
pub async fn create_group_with(name: String, #[server(default)] users: Vec<String>) -> Result<(), Failure> {
    use super::context::{caller, chat, go_to, user_id};

    let users = users.iter().map(|user| user_id(user)).collect::<Result<Vec<_>, _>>()?;
    let group = chat().create_group_with(&caller(), &name, &users).await?;
    go_to(&format!("/g/{}", group.id));
    Ok(())
}

/// Sends one message to many conversations: to the chosen ones, or, by `audience`, to all `groups` of the caller or
/// to `everyone`. Redirects to the page with the results.
///
/// # Errors
/// Returns a refusal if the text is invalid or nothing was chosen.
#[server(name = Broadcast, prefix = "/do", endpoint = "broadcast")]
pub async fn broadcast(
    id: String,
    text: String,
    #[server(default)] to: Vec<String>,
    audience: Option<String>,
) -> Result<(), Failure> {
    use super::context::{caller, chat, go_to, topic_of};
    use chat::Audience;
    use wire::{Expected, Refusal, SendId};

    let audience = match audience.as_deref() {
        None | Some("these") => {
            Audience::These(to.iter().map(|topic| topic_of(topic)).collect::<Result<_, _>>()?)
        }
        Some("groups") => Audience::MyGroups,
        Some("everyone") => Audience::Everyone,
        Some(_) => {
            return Err(Refusal::FieldWrong { field: "audience".into(), wants: Expected::Audience }.into());
        }
    };
    let sent = chat().broadcast(&caller(), SendId::new(&id)?, &text, audience).await?;
    go_to(&format!("/broadcast/{}", sent.seq));
    Ok(())
}
