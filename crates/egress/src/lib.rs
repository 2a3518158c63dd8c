//! Egress: the only HTTP client of the server. It calls addresses that users or operators give.
//!
//! [`Egress`] implements the port [`chat::HttpClient`]. Every connection that it opens goes through one connector, which
//! looks a name up once, checks each address that it leads to, and connects to one of these very addresses. So neither
//! a redirect, nor an address in the URL, nor a retry, nor a name that changes its address reaches what its
//! [policy](chat::HttpPolicy) does not allow. It must never know what a request is for.
//!
//! Start reading at `client.rs`, then `connector.rs`; `policy.rs` decides, `addresses.rs` has the ranges that are not
//! public, and `open_range.rs` what an operator opens.

#[cfg(all(feature = "testing", not(debug_assertions)))]
compile_error!("the feature `testing` of egress puts a network below the checks, and must be in no release");

mod addresses;
mod client;
mod connector;
mod exchange;
mod failures;
mod headers;
mod network;
mod open_range;
mod policy;
mod redirects;
mod slots;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;

pub use client::{Egress, EgressConfig};
pub use open_range::{OpenRange, OpenRangeError};
