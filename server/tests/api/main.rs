//! The REST API as programs see it: over real connections.

mod authorisation;
mod browsers;
mod client;
mod conversations;
mod documents;
mod hostile;
mod isolation;
mod limits;
mod messages;
mod operator;
mod users;
