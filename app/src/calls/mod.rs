//! Server functions: page data and forms. Each takes [`Chat`](chat::Chat) and the caller from context, makes
//! one call, and maps the no. A form without JavaScript is answered with a redirect.

#[cfg(feature = "ssr")]
mod context;
mod groups;
mod manage;
mod messages;
mod people;
#[cfg(feature = "ssr")]
mod still;

#[cfg(feature = "ssr")]
pub(crate) use context::set_status;
pub use groups::{CreateGroup, Enter, Join, Leave, create_group, enter, join, leave};
pub use manage::{Archive, DeleteGroup, Invite, Manage, Revoke, Settle};
pub use manage::{archive, delete_group, invite, manage, revoke, settle};
pub use messages::{Amend, Post, Slice, amend, post, slice};
pub use people::{Introduce, LookAround, introduce, look_around};
#[cfg(feature = "ssr")]
pub(crate) use still::{Told, management, message};
