use leptos::prelude::*;
use wire::{Entrance, GroupId, Place};

use crate::failure::Failure;

/// Makes a group and goes there.
///
/// # Errors
/// What is wrong with the name.
#[server(name = CreateGroup, prefix = "/do", endpoint = "create_group")]
pub async fn create_group(name: String, door: Option<String>) -> Result<GroupId, Failure> {
    use super::context::{caller, chat, door_of, go_to};

    let door = door.map(|door| door_of(&door)).transpose()?.unwrap_or_default();
    let group = chat().create_group(caller().me()?, &name, door).await?;
    go_to(&format!("/g/{}", group.id));
    Ok(group.id)
}

/// What a group's page needs. It shows the newest messages, or those before a place, around a place, or from
/// a day on (`2026-11-21`, UTC).
///
/// # Errors
/// If there is no such group.
#[server(name = Enter, prefix = "/do", endpoint = "enter")]
pub async fn enter(
    group: String,
    #[server(default)] place: Place,
    invite: Option<String>,
) -> Result<Entrance, Failure> {
    use super::context::{caller, chat, group_id, invite_id, link_to};

    let id = group_id(&group)?;
    let (chat, me) = (chat(), caller().me);
    let view = chat.open_group(me.as_ref(), id, place, invite.as_deref().and_then(invite_id)).await?;
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
pub async fn join(group: String, invite: Option<String>) -> Result<(), Failure> {
    use super::context::{caller, chat, go_to, group_id, invite_id};

    let id = group_id(&group)?;
    chat().join(caller().me()?, id, invite.as_deref().and_then(invite_id)).await?;
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
