//! Server functions of groups: create, open, join, leave, notification level.

use leptos::prelude::*;
use wire::{ConversationPageData, GroupId, PageStart};

use crate::failure::Failure;

/// Creates a group and redirects to it.
///
/// # Errors
/// Returns a refusal if the name is invalid.
#[server(name = CreateGroup, prefix = "/do", endpoint = "create_group")]
pub async fn create_group(name: String, join_policy: Option<String>) -> Result<GroupId, Failure> {
    use super::context::{caller, chat, go_to, join_policy_of};

    let join_policy =
        join_policy.map(|join_policy| join_policy_of(&join_policy)).transpose()?.unwrap_or_default();
    let group = chat().create_group(&caller(), &name, join_policy).await?;
    go_to(&format!("/g/{}", group.id));
    Ok(group.id)
}

/// Returns the page data of a group, or of the direct with a user: its newest messages, or those before a Seq, around
/// a Seq, or from a day on (`2026-11-21`, UTC).
///
/// # Errors
/// Returns a refusal if there is no such group or user.
#[server(name = GetConversationView, prefix = "/do", endpoint = "conversation_view")]
pub async fn conversation_view(
    group: Option<String>,
    person: Option<String>,
    #[server(default)] place: PageStart,
    invite: Option<String>,
) -> Result<ConversationPageData, Failure> {
    use super::context::{caller, chat, group_id, invite_id, link_to, user_id};

    let (chat, caller) = (chat(), caller());
    let (view, link) = match person {
        Some(person) => (chat.open_direct(&caller, user_id(&person)?, place).await?, None),
        None => {
            let id = group_id(&group.unwrap_or_default())?;
            let invite = invite.as_deref().and_then(invite_id);
            (chat.open_group(&caller, id, place, invite).await?, Some(link_to(id)))
        }
    };
    let visit = match caller.signed_in() {
        Some(_) => Some(chat.overview(&caller).await?),
        None => None,
    };
    Ok(ConversationPageData { visit, view, link, form_id: chat.new_send_id() })
}

/// Joins a group.
///
/// # Errors
/// Returns a refusal if it is full, or if there is no such group.
#[server(name = Join, prefix = "/do", endpoint = "join")]
pub async fn join(group: String, invite: Option<String>) -> Result<(), Failure> {
    use super::context::{caller, chat, go_to, group_id, invite_id};

    let id = group_id(&group)?;
    chat().join(&caller(), id, invite.as_deref().and_then(invite_id)).await?;
    go_to(&format!("/g/{id}"));
    Ok(())
}

/// Leaves a group.
///
/// # Errors
/// Returns a refusal if the group would be left without an admin.
#[server(name = Leave, prefix = "/do", endpoint = "leave")]
pub async fn leave(group: String) -> Result<(), Failure> {
    use super::context::{caller, chat, go_to, group_id};

    chat().leave(&caller(), group_id(&group)?).await?;
    go_to("/");
    Ok(())
}

/// Sets the caller's preferences for a conversation: `notify` is `all`, `mentions` or `nothing`. An unticked checkbox
/// is not sent.
///
/// # Errors
/// Returns a refusal if the caller has no such conversation.
#[server(name = SetPreferences, prefix = "/do", endpoint = "set_preferences")]
pub async fn set_preferences(topic: String, notify: String, hidden: Option<String>) -> Result<(), Failure> {
    use super::context::{caller, chat, topic_of};
    use wire::{Expected, NotificationLevel, Refusal};

    let notify = match notify.as_str() {
        "all" => NotificationLevel::All,
        "mentions" => NotificationLevel::Mentions,
        "nothing" => NotificationLevel::Nothing,
        _ => {
            return Err(
                Refusal::FieldWrong { field: "notify".into(), wants: Expected::NotificationLevel }.into()
            );
        }
    };
    Ok(chat().set_preferences(&caller(), &topic_of(&topic)?, notify, hidden.is_some()).await?)
}
