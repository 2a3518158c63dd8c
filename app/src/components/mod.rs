//! Components, one in each file, and the context that those of one conversation share. No component knows a page.

mod attach;
mod attachment;
mod autocomplete;
mod avatar;
mod centered_page;
mod composer;
mod confirm;
mod connection;
mod conversation_context;
mod dynamic;
mod form;
mod header;
mod history_loader;
mod keyboard;
mod keys;
mod lightbox;
mod mark;
mod members;
mod message;
mod message_actions;
mod message_list;
mod new_group;
mod picker;
mod preferences;
mod presence;
mod refusal;
mod rich_text;
mod scroll_anchor;
mod search_box;
mod sidebar;
mod status_line;
mod switcher;
mod time;
mod toast;

#[cfg(feature = "ssr")]
pub(crate) use attachment::Attachments;
pub(crate) use avatar::Avatar;
pub(crate) use centered_page::Plain;
pub(crate) use composer::Composer;
#[cfg(feature = "ssr")]
pub(crate) use confirm::Confirm;
pub(crate) use connection::Connection;
pub(crate) use conversation_context::ConversationContext;
pub(crate) use dynamic::{dyn_effect, dyn_text, dyn_view};
#[cfg(feature = "ssr")]
pub(crate) use form::Enter;
pub(crate) use form::Form;
#[cfg(feature = "ssr")]
pub(crate) use form::{FormState, PageField};
pub(crate) use header::Header;
pub(crate) use keyboard::answer_to_keys;
#[cfg(feature = "ssr")]
pub(crate) use lightbox::Lightbox;
pub(crate) use lightbox::open_pictures;
pub(crate) use members::Members;
pub(crate) use message_list::MessageList;
pub(crate) use new_group::NewGroup;
pub(crate) use refusal::Refusal;
#[cfg(feature = "ssr")]
pub(crate) use rich_text::Rich;
pub(crate) use search_box::SearchBox;
pub(crate) use sidebar::Sidebar;
pub(crate) use status_line::Footnote;
pub(crate) use time::Moment;
pub(crate) use toast::{ToastRegion, Toasts};
