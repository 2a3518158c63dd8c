//! Server functions: page data and forms. Each takes [`Chat`](chat::Chat) and the caller from context, makes
//! one call, and maps the no. A form without JavaScript is answered with a redirect.

#[cfg(feature = "ssr")]
mod context;
mod groups;
mod messages;
mod people;

#[cfg(feature = "ssr")]
pub(crate) use context::set_status;
pub use groups::{CreateGroup, Join, Leave, OpenGroup, Promote, create_group, join, leave, open_group, promote};
pub use messages::{Older, Post, older, post};
pub use people::{Introduce, LookAround, introduce, look_around};
