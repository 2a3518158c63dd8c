//! The REST API as programs see it: over real connections.

mod authorisation;
mod broadcasts;
mod browsers;
mod client;
mod conversations;
mod documents;
mod files;
mod hooks;
mod hostile;
mod hostile_files;
mod implicit_creation;
mod inbox;
mod invites;
mod isolation;
mod limits;
mod messages;
mod operator;
mod retention;
mod streams;
mod users;
mod webhooks;
