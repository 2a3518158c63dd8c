//! The parts pages are made of: one component a file.

mod acts;
mod avatar;
mod changing;
mod completer;
mod composer;
mod confirm;
mod connection;
mod footnote;
mod form;
mod header;
mod history_loader;
mod keyboard;
mod keys;
mod mark;
mod members;
mod message;
mod message_list;
mod moment;
mod new_group;
mod picker;
mod plain;
mod preferences;
mod presence;
mod refusal;
mod rich_text;
mod scroll_anchor;
mod sidebar;
mod switcher;
mod toast;

pub(crate) use avatar::Avatar;
pub(crate) use changing::{flag, part, says};
pub(crate) use composer::Composer;
#[cfg(feature = "ssr")]
pub(crate) use confirm::Confirm;
pub(crate) use connection::Connection;
pub(crate) use footnote::Footnote;
#[cfg(feature = "ssr")]
pub(crate) use form::Enter;
pub(crate) use form::Form;
#[cfg(feature = "ssr")]
pub(crate) use form::{FormState, PageField};
pub(crate) use header::Header;
pub(crate) use keyboard::answer_to_keys;
pub(crate) use members::Members;
pub(crate) use message_list::MessageList;
pub(crate) use moment::Moment;
pub(crate) use new_group::NewGroup;
pub(crate) use plain::Plain;
pub(crate) use refusal::Refusal;
#[cfg(feature = "ssr")]
pub(crate) use rich_text::Rich;
pub(crate) use sidebar::Sidebar;
pub(crate) use toast::{ToastRegion, Toasts};
