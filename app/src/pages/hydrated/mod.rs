//! Hydrated pages: the start page and the conversation page.

mod conversation;
mod join;
mod landing;
mod place;

pub(crate) use conversation::ConversationPage;
pub(crate) use landing::Landing;
