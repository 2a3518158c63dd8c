//! The server as its clients see it: over real sockets.

mod api_tokens;
mod authorisation;
mod bad_input;
mod conversation;
mod damaged;
mod devices;
mod forms;
mod handshake;
mod hostile_names;
mod http;
mod markup;
mod metrics;
mod open_topics;
mod operating;
mod owner_applications;
mod people;
mod pseudo;
mod revocation;
mod socket_page;
mod topics;
mod user_tokens;
