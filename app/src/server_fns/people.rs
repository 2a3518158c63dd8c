//! Server functions of people: the guest's name, search, mentions, emoji, overview.

use leptos::prelude::*;
use wire::{Overview, Person};

use crate::failure::Failure;

/// Creates a guest with this name and a session; with the id of a group, also joins it.
///
/// # Errors
/// Returns a refusal if the name is invalid, or the reason for which they cannot join.
#[server(name = CreateGuest, prefix = "/do", endpoint = "create_guest")]
pub async fn create_guest(
    name: String,
    group: Option<String>,
    invite: Option<String>,
) -> Result<Person, Failure> {
    use super::context::{caller, chat, go_to, group_id, invite_id};
    use super::cookies::keep_token;

    let group = group.filter(|id| !id.is_empty()).map(|id| group_id(&id)).transpose()?;
    // A form left open in another tab must not create a second user for the same person.
    let caller = caller();
    let me = match caller.signed_in().cloned() {
        Some(me) => me,
        None => {
            let invited = group.zip(invite.as_deref().and_then(invite_id));
            let (me, token) = chat().create_guest_by(&caller, &name, invited).await?;
            keep_token(&token);
            me
        }
    };
    match group {
        Some(id) => {
            // The guest exists by now; if they cannot join, the group's page says why.
            go_to(&format!("/g/{id}"));
            chat().join(&caller.with_user(me.clone()), id, invite.as_deref().and_then(invite_id)).await?;
        }
        None => go_to("/"),
    }
    Ok(me)
}

/// Returns users to write to whose name contains these words.
///
/// # Errors
/// Returns a refusal if nobody is signed in.
#[server(name = FindPeople, prefix = "/do", endpoint = "find_people")]
pub async fn find_people(words: String) -> Result<Vec<Person>, Failure> {
    use super::context::{caller, chat};

    let mut people = chat().people(&caller(), &words).await?;
    people.truncate(10);
    Ok(people)
}

/// Returns mentions of members of a group that complete the text typed after the `@`, each with the name in it.
///
/// # Errors
/// Returns a refusal if the caller is no member.
#[server(name = FindMembers, prefix = "/do", endpoint = "find_members")]
pub async fn find_members(group: String, typed: String) -> Result<Vec<(String, String)>, Failure> {
    use super::context::{caller, chat, group_id};

    let mentions = chat().mentions(&caller(), group_id(&group)?, &typed, 8).await?;
    Ok(mentions.into_iter().map(|mention| (mention.clone(), mention[1..].to_owned())).collect())
}

/// Returns emoji whose names contain these words, each with its name; without words, common ones.
///
/// # Errors
/// Only on a fault of the server.
#[server(name = FindEmoji, prefix = "/do", endpoint = "find_emoji")]
pub async fn find_emoji(words: String) -> Result<Vec<(String, String)>, Failure> {
    Ok(super::context::chat().emoji(&words))
}

/// Returns the caller and their conversations; none if nobody is signed in.
///
/// # Errors
/// Only on a fault of the server.
#[server(name = GetOverview, prefix = "/do", endpoint = "overview")]
pub async fn overview() -> Result<Option<Overview>, Failure> {
    use super::context::{caller, chat};

    let caller = caller();
    match caller.signed_in() {
        Some(_) => Ok(Some(chat().overview(&caller).await?)),
        None => Ok(None),
    }
}
