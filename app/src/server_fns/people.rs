use leptos::prelude::*;
use wire::{Overview, Person};

use crate::failure::Failure;

/// Gives a name and gets a session; with the id of a group, also a seat in it.
///
/// # Errors
/// What is wrong with the name, or why there is no seat.
#[server(name = Introduce, prefix = "/do", endpoint = "introduce")]
pub async fn introduce(
    name: String,
    group: Option<String>,
    invite: Option<String>,
) -> Result<Person, Failure> {
    use super::context::{caller, chat, go_to, group_id, invite_id, keep_token};

    let group = group.filter(|id| !id.is_empty()).map(|id| group_id(&id)).transpose()?;
    // A form that stood open in another tab must not make somebody a second person.
    let me = match caller().me {
        Some(me) => me,
        None => {
            let invited = group.zip(invite.as_deref().and_then(invite_id));
            let (me, token) = chat().create_guest_by(&caller(), &name, invited).await?;
            keep_token(&token);
            me
        }
    };
    match group {
        Some(id) => {
            // The name is given by now; if the seat is refused, the group's page says why.
            go_to(&format!("/g/{id}"));
            chat().join(&me, id, invite.as_deref().and_then(invite_id)).await?;
        }
        None => go_to("/"),
    }
    Ok(me)
}

/// People to write to whose name has these words in it.
///
/// # Errors
/// If nobody is signed in.
#[server(name = FindPeople, prefix = "/do", endpoint = "find_people")]
pub async fn find_people(words: String) -> Result<Vec<Person>, Failure> {
    use super::context::{caller, chat};

    let mut people = chat().people(caller().me()?, &words).await?;
    people.truncate(10);
    Ok(people)
}

/// Mentions of members of a group that complete what was typed after the `@`.
///
/// # Errors
/// If the viewer is no member.
#[server(name = FindMembers, prefix = "/do", endpoint = "find_members")]
pub async fn find_members(group: String, typed: String) -> Result<Vec<String>, Failure> {
    use super::context::{caller, chat, group_id};

    Ok(chat().mentions(caller().me()?, group_id(&group)?, &typed, 8).await?)
}

/// Emoji whose names have these words in them, each with its name; common ones without words.
///
/// # Errors
/// Only if the server cannot tell.
#[server(name = FindEmoji, prefix = "/do", endpoint = "find_emoji")]
pub async fn find_emoji(words: String) -> Result<Vec<(String, String)>, Failure> {
    Ok(super::context::chat().emoji(&words))
}

/// Who is looking, and their groups; none if nobody is signed in.
///
/// # Errors
/// Only if the server cannot tell.
#[server(name = LookAround, prefix = "/do", endpoint = "look_around")]
pub async fn look_around() -> Result<Option<Overview>, Failure> {
    use super::context::{caller, chat};

    match caller().me {
        Some(me) => Ok(Some(chat().overview(&me).await?)),
        None => Ok(None),
    }
}
