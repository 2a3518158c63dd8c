use leptos::prelude::*;

use crate::failure::Failure;

/// Blocks somebody, or no longer: neither of the two can write to the other directly.
///
/// # Errors
/// If there is no such person, or it is oneself.
#[server(name = Block, prefix = "/do", endpoint = "block")]
pub async fn block(user: String, on: bool) -> Result<(), Failure> {
    use super::context::{caller, chat, user_id};

    Ok(chat().block(caller().me()?, user_id(&user)?, on).await?)
}

/// Makes a group by invitation whose members are these people from the beginning.
///
/// # Errors
/// What is wrong with the name, or that nobody was chosen.
#[server(name = Gather, prefix = "/do", endpoint = "gather")]
pub async fn gather(name: String, #[server(default)] users: Vec<String>) -> Result<(), Failure> {
    use super::context::{caller, chat, go_to, user_id};

    let users = users.iter().map(|user| user_id(user)).collect::<Result<Vec<_>, _>>()?;
    let group = chat().create_group_with(caller().me()?, &name, &users).await?;
    go_to(&format!("/g/{}", group.id));
    Ok(())
}

/// Says one thing in many conversations: in the chosen ones, or, by `audience`, in all `groups` of the caller's or
/// to `everyone`. Goes to the page that tells what became of each.
///
/// # Errors
/// What is wrong with the text, or that nothing was chosen.
#[server(name = Broadcast, prefix = "/do", endpoint = "broadcast")]
pub async fn broadcast(
    id: String,
    text: String,
    #[server(default)] to: Vec<String>,
    audience: Option<String>,
) -> Result<(), Failure> {
    use super::context::{caller, chat, go_to, topic_of};
    use chat::Audience;
    use wire::{Refusal, SendId};

    let audience = match audience.as_deref() {
        None | Some("these") => {
            Audience::These(to.iter().map(|topic| topic_of(topic)).collect::<Result<_, _>>()?)
        }
        Some("groups") => Audience::MyGroups,
        Some("everyone") => Audience::Everyone,
        Some(_) => {
            let wants = "these, groups or everyone";
            return Err(Refusal::FieldWrong { field: "audience", wants }.into());
        }
    };
    let sent = chat().broadcast(caller().me()?, SendId::new(&id)?, &text, audience).await?;
    go_to(&format!("/broadcast/{}", sent.seq));
    Ok(())
}
