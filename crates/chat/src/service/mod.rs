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
pub use limits::{Limits, SignUp};
pub use operator::Created;
pub use part::ListPart;
pub use search::{SearchHit, SearchPage, SearchRequest};
pub use send::PendingSend;
pub use subscribe::{CatchUp, Subscribed};
