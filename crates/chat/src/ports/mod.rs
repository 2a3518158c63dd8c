//! Ports: the contracts that the domain needs from outside. [`store`] keeps facts, [`mod@search`] finds messages,
//! [`bus`] reaches other nodes, and the clock and the random source are arguments.

pub mod bus;
pub(crate) mod clock;
pub(crate) mod position;
pub(crate) mod random;
pub mod search;
pub mod store;

pub use bus::{Bus, Hint, LocalBus};
pub use clock::{Clock, SystemClock};
pub use random::{OsRandom, RandomSource};
pub use store::Store;
