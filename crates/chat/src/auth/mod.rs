//! Authentication: callers, passwords, sessions, the login throttle and the revocation of sessions.

pub(crate) mod caller;
pub(crate) mod login_throttle;
pub(crate) mod network;
pub(crate) mod passwords;
pub(crate) mod revocations;
pub(crate) mod session;

pub use caller::{Caller, Principal};
pub use network::Network;
pub use revocations::{RevocationWatch, Revocations};
pub use session::{Session, SessionSummary, Token, TokenHash};
