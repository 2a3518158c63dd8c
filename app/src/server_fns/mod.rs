//! Server functions: page data and forms. Each takes [`Chat`](chat::Chat) and the caller from context, makes one
//! call, and maps the error. A form without JavaScript is answered with a redirect.

mod accounts;
#[cfg(feature = "ssr")]
pub(crate) mod context;
mod directs;
mod groups;
mod manage;
mod messages;
mod people;

pub use accounts::{
    AppRank, BecomeOwner, ChangePassword, Claim, Describe, EndSession, OfferReset, ResetPassword,
};
pub use accounts::{SignIn, SignOut};
pub use accounts::{app_rank, change_password, claim, describe, end_session, offer_reset, reset_password};
pub use accounts::{become_owner, sign_in, sign_out};
#[cfg(feature = "ssr")]
pub(crate) use context::set_status;
pub use directs::{Block, Broadcast, Gather, block, broadcast, gather};
pub use groups::{CreateGroup, Enter, Join, Leave, Prefer, create_group, enter, join, leave, prefer};
pub use manage::{Archive, DeleteGroup, Invite, Manage, Revoke, Settle};
pub use manage::{archive, delete_group, invite, manage, revoke, settle};
pub use messages::{Amend, Post, Slice, amend, post, slice};
pub use people::{FindEmoji, FindPeople, Introduce, LookAround};
pub use people::{find_emoji, find_members, find_people, introduce, look_around};
