//! Authentication: callers, API tokens, passwords, sessions, the login throttle and the revocation of sessions.

pub(crate) mod api_token;
pub(crate) mod caller;
pub(crate) mod file_link;
pub(crate) mod grant;
pub(crate) mod login_throttle;
pub(crate) mod master_secret;
pub(crate) mod network;
pub(crate) mod passwords;
pub(crate) mod provider;
pub(crate) mod revocations;
pub(crate) mod sealed_cursor;
pub(crate) mod session;
pub(crate) mod user_token;
pub(crate) mod webhook_secret;

pub use api_token::{ApiToken, ApiTokenRecord, TokenKind};
pub use caller::{Caller, Principal};
pub use grant::Grant;
pub use master_secret::MasterSecret;
pub use network::Network;
pub use provider::{Provider, ProviderSignUp};
pub use revocations::{RevocationWatch, Revocations};
pub use session::{Session, SessionSummary, Token, TokenHash};
pub use user_token::{SigningKey, TokenScope, is_user_token};
pub use webhook_secret::WebhookSecret;
