//! Test support for every crate, and the contract suites of the ports. With the feature `testing` only.
//!
//! A store is done when [`store_contract!`](crate::store_contract) and [`search_contract!`](crate::search_contract) pass
//! on it unchanged, a bus when [`bus_contract!`](crate::bus_contract) does, and a place of blobs when
//! [`blobs_contract!`](crate::blobs_contract) does. The macros take a factory of fresh ones and
//! make a test of each case. The cast is [`ann`], [`ben`] and [`cal`]; time is a [`ManualClock`], randomness a [`SeededChance`],
//! so nothing here sleeps and every run is the same but for the order in which tasks take turns.
//!
//! Start reading at [`Node`] and [`Listener`], then `store/mod.rs`.

pub mod blobs;
pub mod bus;
mod cast;
mod chance;
mod clock;
mod gate;
mod http_client;
mod listener;
mod node;
mod property;
pub mod recent;
pub mod search;
mod slack_archive;
pub mod store;
mod user;

pub use cast::{ann, ben, cal, person};
pub use chance::SeededChance;
pub use clock::ManualClock;
pub use gate::Gate;
pub use http_client::{HttpReply, ScriptedHttpClient, http_answer};
pub use listener::{Heard, Listener, reader};
pub use node::Node;
pub use property::for_all;
pub use slack_archive::SlackArchive;
pub use user::{User, guest};
