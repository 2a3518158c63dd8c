//! What can be done: each file adds an area to [`Chat`](crate::Chat). An act fetches, decides by the pure
//! rules, commits, and is answered; the committer publishes.

mod access;
mod accounts;
mod amend;
mod application;
mod broadcast;
mod contact;
mod directs;
mod groups;
mod manage;
mod marks;
mod owner;
mod people;
mod profiles;
mod read;
mod send;
mod sign_in;
mod subscribe;
mod sweep;
mod text;

pub use broadcast::{Audience, Broadcast, Sent};
pub use manage::ManagementPage;
pub use send::Sending;
pub use subscribe::{CatchUp, Subscribed};
