//! The domain of Hubbub: who may do what, and in which order it happened.
//!
//! [`Chat`] is the one handle everything outside calls. An act checks the pure [`rules`], hands its writes to
//! the committer, and is answered when they are facts; the committer publishes what it committed, in Seq
//! order. Facts live behind the [`Store`] port, other nodes behind the [`Bus`] port. With [`VolatileStore`] and
//! [`LocalBus`] the crate is a full product mode of its own, without any database.
//!
//! It must never know of axum, HTTP, cookies, SQL or Leptos. Time and chance are arguments: [`Clock`], [`Chance`].
//!
//! Start reading at [`Chat`], then `acts/`, then `committer.rs`; the [`Store`] port carries the contract.

mod acts;
pub mod bus;
mod chat;
mod committer;
mod endings;
mod fault_log;
mod gaps;
mod limits;
pub mod names;
mod network;
mod no;
mod outside;
mod pace;
mod part;
mod passwords;
mod pictures;
mod pulse;
pub mod rules;
mod session;
mod sign_ins;
pub mod store;
mod tally;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod typing;
mod volatile;
mod workshop;
mod writability;

pub use crate::acts::{Audience, Broadcast, CatchUp, ManagementPage, Sending, Sent, Subscribed};
pub use crate::bus::{Bus, Hint, LocalBus};
pub use crate::chat::{Ack, Caller, Chat, Parts};
pub use crate::endings::{Ending, Endings};
pub use crate::limits::{Limits, SignUp};
pub use crate::network::Network;
pub use crate::no::{Fault, No};
pub use crate::outside::{Chance, Clock, OsChance, SystemClock};
pub use crate::part::Part;
pub use crate::session::{Session, SessionSummary, Token, TokenHash};
pub use crate::store::Store;
pub use crate::tally::{Histogram, Tally};
pub use crate::volatile::{VolatileStore, Window};
