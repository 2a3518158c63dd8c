//! The REST API as programs see it: over real connections.

mod authorisation;
mod broadcasts;
mod browsers;
mod client;
mod conversations;
mod documents;
mod hostile;
mod implicit_creation;
mod inbox;
mod invites;
mod isolation;
mod limits;
mod messages;
mod operator;
mod retention;
mod users;
