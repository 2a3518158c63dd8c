//! The server as the world outside meets it: over real sockets.

mod authorisation;
mod bad_input;
mod conversation;
mod devices;
mod handshake;
mod metrics;
mod people;
mod revocation;
mod topics;
