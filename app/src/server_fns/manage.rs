//! Server functions of group admins: settings, members, invites, archive, delete.

use leptos::prelude::*;

use crate::failure::Failure;

/// Updates the settings of a group. An unticked checkbox is not sent.
///
/// # Errors
/// Returns a refusal if a field is invalid or the caller is no admin.
#[server(name = UpdateSettings, prefix = "/do", endpoint = "update_settings")]
pub async fn update_settings(
    group: String,
    name: String,
    description: String,
    limit: String,
    join_policy: String,
    slow_s: u32,
    announcing: Option<String>,
) -> Result<(), Failure> {
    use super::context::{caller, chat, group_id, join_policy_of};
    use chat::names;
    use wire::{Refusal, Setting};

    let limit = limit.trim().parse().map_err(|_| Refusal::LimitBad { max: chat().max_limit() })?;
    let new = vec![
        Setting::Name(names::group_name(&name)?),
        Setting::Description(names::description(&description)?),
        Setting::Limit(limit),
        Setting::JoinPolicy(join_policy_of(&join_policy)?),
        Setting::SlowS(slow_s),
        Setting::Announcing(announcing.is_some()),
    ];
    Ok(chat().update_settings(&caller(), group_id(&group)?, new).await?)
}

/// Archives a group, or reopens it.
///
/// # Errors
/// Returns a refusal if the caller is no admin.
#[server(name = Archive, prefix = "/do", endpoint = "archive")]
pub async fn archive(group: String, archived: bool) -> Result<(), Failure> {
    use super::context::{caller, chat, group_id};

    let new = vec![wire::Setting::Archived(archived)];
    Ok(chat().update_settings(&caller(), group_id(&group)?, new).await?)
}

/// Deletes a group; `typed` must be its name.
///
/// # Errors
/// Returns a refusal if the name differs, or if the caller is no admin.
#[server(name = DeleteGroup, prefix = "/do", endpoint = "delete_group")]
pub async fn delete_group(group: String, typed: String) -> Result<(), Failure> {
    use super::context::{caller, chat, go_to, group_id};

    chat().delete_group(&caller(), group_id(&group)?, &typed).await?;
    go_to("/");
    Ok(())
}

/// Applies one action to one or many users: `action` is `add`, `promote`, `demote`, `mute`, `unmute`, `remove`, `ban`
/// or `unban`. The first refusal ends it; the users before that one stay changed.
///
/// # Errors
/// Returns a refusal if the caller may not do it, or if nobody was chosen.
#[server(name = ManageMembers, prefix = "/do", endpoint = "manage_members")]
pub async fn manage_members(
    group: String,
    #[server(default)] users: Vec<String>,
    action: String,
    minutes: Option<u32>,
) -> Result<(), Failure> {
    use super::context::{caller, chat, group_id};
    use wire::{Expected, Refusal, Role, UserId};

    let (caller, id, chat) = (caller(), group_id(&group)?, chat());
    let users = users.iter().map(|user| user.parse().map_err(|_| Refusal::NotFound));
    let users = users.collect::<Result<Vec<UserId>, Refusal>>()?;
    if users.is_empty() {
        return Err(Refusal::FieldMissing { field: "users".into(), wants: Expected::Members }.into());
    }
    for user in users {
        match action.as_str() {
            "add" => chat.add_member(&caller, id, user).await?,
            "promote" => chat.set_role(&caller, id, user, Role::Admin).await?,
            "demote" => chat.set_role(&caller, id, user, Role::Member).await?,
            "mute" => chat.mute(&caller, id, user, minutes.unwrap_or(60).max(1)).await?,
            "unmute" => chat.mute(&caller, id, user, 0).await?,
            "remove" => chat.remove_member(&caller, id, user, false).await?,
            "ban" => chat.remove_member(&caller, id, user, true).await?,
            "unban" => chat.unban(&caller, id, user).await?,
            _ => return Err(Refusal::FieldWrong { field: "action".into(), wants: Expected::Button }.into()),
        }
    }
    Ok(())
}

/// Creates an invite that expires after some minutes (0 for never) and admits a number of users (0 or nothing for no
/// limit).
///
/// # Errors
/// Returns a refusal if the caller is no admin, or if there are too many invites.
#[server(name = CreateInvite, prefix = "/do", endpoint = "create_invite")]
pub async fn create_invite(group: String, minutes: u32, uses: Option<String>) -> Result<(), Failure> {
    use super::context::{caller, chat, group_id};
    use wire::{Expected, Refusal};

    let uses = uses.unwrap_or_default();
    let uses = match uses.trim() {
        "" => 0,
        number => {
            let wrong = Refusal::FieldWrong { field: "uses".into(), wants: Expected::Uses };
            number.parse().map_err(|_| wrong)?
        }
    };
    chat().create_invite(&caller(), group_id(&group)?, minutes, uses).await?;
    Ok(())
}

/// Revokes an invite.
///
/// # Errors
/// Returns a refusal if the caller is no admin.
#[server(name = RevokeInvite, prefix = "/do", endpoint = "revoke_invite")]
pub async fn revoke_invite(group: String, invite: String) -> Result<(), Failure> {
    use super::context::{caller, chat, group_id, invite_id};

    let Some(invite) = invite_id(&invite) else { return Err(wire::Refusal::NotFound.into()) };
    Ok(chat().revoke_invite(&caller(), group_id(&group)?, invite).await?)
}
