//! The chat client: the state of the page in the browser and its changes. It is pure, without a socket, a clock or a
//! page, so that every step of it is tested on the host.
//!
//! [`ChatClient`] is the handle; its behavior is in `connection`, `incoming`, `outgoing` and `read_state`; `counts`
//! asks the server for unread counts. [`Link`](link::Link) decides when to connect, ping and give up; the
//! [`Timeline`] is the browser's view of one log; the [`Outbox`](outbox::Outbox) keeps sends that are not
//! acknowledged, and `uploads` the files that are uploaded before they are sent. `frontend` drives it: it carries out [`Effect`]s and reports what the socket did.

mod apply;
mod connection;
mod counts;
mod draft_files;
mod incoming;
mod link;
mod outbox;
mod outgoing;
mod pending;
mod read_state;
mod receipt;
mod row;
mod row_content;
mod row_header;
mod sorted;
mod state;
mod timeline;
mod uploads;

pub use counts::count;
pub use draft_files::{DraftFile, HeldMessage, UploadState, draft_keys};
pub use link::LinkState;
pub use receipt::Receipt;
pub use row::Row;
pub use row_content::{RowContent, RowState};
pub use row_header::RowHeader;
pub use state::{ChatClient, Effect, RefusedEdit, TopicPresence, TypingUser};
pub(crate) use state::{find, in_order};
pub use timeline::Timeline;
pub(crate) use timeline::role_of;
pub use uploads::SendOutcome;
