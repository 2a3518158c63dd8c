//! The service: each file adds an area of calls to [`Chat`](crate::Chat). A call fetches, decides by the pure rules,
//! commits, and returns; the committer publishes.

mod accounts;
mod administration;
mod amend;
mod application;
pub(crate) mod avatar_images;
mod broadcast;
mod contact;
pub(crate) mod cpu_pool;
mod directs;
pub(crate) mod error;
mod external_application;
mod external_groups;
mod external_users;
pub(crate) mod fault_log;
mod groups;
mod history;
pub(crate) mod limits;
mod operator;
mod owner;
mod parsing;
pub(crate) mod part;
mod people;
mod permissions;
mod profiles;
mod programs;
pub(crate) mod rate_limiter;
mod read_state;
mod search;
mod send;
mod sign_in;
mod subscribe;
mod sweep;

pub use administration::ManagementPage;
pub use broadcast::{Audience, Broadcast, SendResult, Sent};
pub use error::{Error, Fault};
pub use external_application::ApplicationChange;
pub use external_groups::{ConversationRef, ExternalGroup, ListedGroup};
pub use external_users::{ExternalUser, UserRef};
pub use limits::{Limits, SignUp};
pub use operator::Created;
pub use part::ListPart;
pub use rate_limiter::Quota;
pub use search::{PAGE_HITS, SearchHit, SearchPage, SearchRequest};
pub use send::PendingSend;
pub use subscribe::{CatchUp, Subscribed};
