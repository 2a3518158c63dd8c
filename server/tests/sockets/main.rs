//! The server as the world outside meets it: over real sockets.

mod bad_input;
mod conversation;
mod people;
mod topics;
