//! What the browser knows, and how it changes: pure, without a socket, a clock or a page, so that every turn
//! of it is tested on the host.
//!
//! [`Live`] is the handle; what it does stands in `driving`, `hearing`, `writing` and `marks`; `counts` has the
//! server say what is unread. [`Link`](link::Link)
//! decides when to connect, ping and give up; the [`Timeline`] is the browser's view of one log; the
//! [`Outbox`](outbox::Outbox) keeps what is not committed yet. `frontend` drives it: it carries out [`Order`]s and
//! tells what the socket did.

mod counts;
mod driving;
mod hearing;
mod lead;
mod link;
mod marks;
mod news;
mod outbox;
mod pending;
mod receipt;
mod row;
mod state;
mod timeline;
mod writing;

pub use counts::count;
pub use lead::Lead;
pub use link::LinkState;
pub use receipt::Receipt;
pub use row::{Content, Row, RowState};
pub use state::{Live, Order, Presence, RefusedEdit, Typing};
pub use timeline::Timeline;
pub(crate) use timeline::role_of;
