use leptos::prelude::*;
use wire::{Entrance, GroupId};

use crate::failure::Failure;

/// Makes a group and goes there.
///
/// # Errors
/// What is wrong with the name.
#[server(name = CreateGroup, prefix = "/do", endpoint = "create_group")]
pub async fn create_group(name: String) -> Result<GroupId, Failure> {
    use super::context::{caller, chat, go_to};

    let group = chat().create_group(caller().me()?, &name).await?;
    go_to(&format!("/g/{}", group.id));
    Ok(group.id)
}

/// What a group's page needs; with `before`, it shows the messages before that place.
///
/// # Errors
/// If there is no such group.
#[server(name = Enter, prefix = "/do", endpoint = "enter")]
pub async fn enter(group: String, before: Option<u64>) -> Result<Entrance, Failure> {
    use super::context::{caller, chat, group_id, link_to};

    let id = group_id(&group)?;
    let (chat, me) = (chat(), caller().me);
    let view = chat.open_group(me.as_ref(), id, before.map(wire::Seq)).await?;
    let visit = match &me {
        Some(me) => Some(chat.visit(me).await?),
        None => None,
    };
    Ok(Entrance { visit, view, link: link_to(id), form_id: chat.new_send_id() })
}

/// Takes a seat in a group.
///
/// # Errors
/// If it is full, or there is no such group.
#[server(name = Join, prefix = "/do", endpoint = "join")]
pub async fn join(group: String) -> Result<(), Failure> {
    use super::context::{caller, chat, go_to, group_id};

    let id = group_id(&group)?;
    chat().join(caller().me()?, id).await?;
    go_to(&format!("/g/{id}"));
    Ok(())
}

/// Gives up a seat.
///
/// # Errors
/// If others would be left without an admin.
#[server(name = Leave, prefix = "/do", endpoint = "leave")]
pub async fn leave(group: String) -> Result<(), Failure> {
    use super::context::{caller, chat, go_to, group_id};

    chat().leave(caller().me()?, group_id(&group)?).await?;
    go_to("/");
    Ok(())
}

/// Makes a member an admin.
///
/// # Errors
/// If the caller is no admin.
#[server(name = Promote, prefix = "/do", endpoint = "promote")]
pub async fn promote(group: String, user: String) -> Result<(), Failure> {
    use super::context::{caller, chat, group_id};

    let user = user.parse().map_err(|_| wire::Refusal::NotFound)?;
    chat().promote(caller().me()?, group_id(&group)?, user).await?;
    Ok(())
}
