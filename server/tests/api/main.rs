//! The REST API as programs see it: over real connections.

mod authorisation;
mod broadcasts;
mod browsers;
mod client;
mod conversation_forms;
mod conversations;
mod documents;
mod event_source;
mod files;
mod hooks;
mod hostile;
mod hostile_files;
mod implicit_creation;
mod inbox;
mod inbox_streams;
mod invites;
mod isolation;
mod limits;
mod messages;
mod operator;
mod retention;
mod streams;
mod users;
mod webhooks;
