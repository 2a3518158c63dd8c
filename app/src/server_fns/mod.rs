//! Server functions: page data and forms. Each takes [`Chat`](chat::Chat) and the caller from context, makes one
//! call, and maps the error. A form without JavaScript is answered with a redirect.

mod accounts;
mod applications;
#[cfg(feature = "ssr")]
pub(crate) mod context;
#[cfg(feature = "ssr")]
mod cookies;
mod directs;
mod groups;
mod hooks;
mod manage;
mod messages;
mod people;
mod webhooks;

pub use accounts::{
    BecomeOwner, ChangePassword, CreateAccount, CreateResetLink, EndSession, Enter, ResetPassword,
    SetApplicationRole, SetBio,
};
pub use accounts::{SignIn, SignOut};
pub use accounts::{become_owner, sign_in, sign_out};
pub use accounts::{
    change_password, create_account, create_reset_link, end_session, enter, reset_password,
    set_application_role, set_bio,
};
pub use applications::{ChangeApplication, CreateApplication, CreateApplicationToken, DeleteApplication};
pub use applications::{
    change_application, create_application, create_application_token, delete_application,
};
#[cfg(feature = "ssr")]
pub use context::ServerOrigin;
#[cfg(feature = "ssr")]
pub(crate) use context::set_status;
#[cfg(feature = "ssr")]
pub use cookies::SessionCookie;
pub use directs::{Block, Broadcast, CreateGroupWith, block, broadcast, create_group_with};
pub use groups::{
    CreateGroup, GetConversationView, Join, Leave, SetPreferences, conversation_view, create_group, join,
    leave, set_preferences,
};
pub use hooks::{CreateHook, DeleteHook, RotateHook, create_hook, delete_hook, rotate_hook};
pub use manage::{Archive, CreateInvite, DeleteGroup, ManageMembers, RevokeInvite, UpdateSettings};
pub use manage::{archive, create_invite, delete_group, manage_members, revoke_invite, update_settings};
pub use messages::{Amend, History, Post, amend, history, post};
pub use people::{CreateGuest, FindEmoji, FindPeople, GetOverview};
pub use people::{create_guest, find_emoji, find_members, find_people, overview};
pub use webhooks::{
    ChangeWebhook, CreateWebhook, DeleteWebhook, ReplayDelivery, ReplayWebhook, RotateWebhook, SwitchWebhook,
    TestWebhook,
};
pub use webhooks::{
    change_webhook, create_webhook, delete_webhook, replay_delivery, replay_webhook, rotate_webhook,
    switch_webhook, test_webhook,
};
