//! The server as its clients see it: over real sockets.

mod api_tokens;
mod authorisation;
mod bad_input;
mod conversation;
mod damaged;
mod devices;
#[cfg(unix)]
mod failover;
mod forms;
mod handshake;
mod hostile_names;
mod http;
mod markup;
mod message_form;
mod metrics;
#[cfg(unix)]
mod nodes;
mod open_topics;
mod operating;
mod owner_applications;
mod owner_webhooks;
mod people;
mod providers;
mod pseudo;
mod revocation;
mod socket_page;
mod topics;
#[cfg(unix)]
mod unwritable;
mod user_tokens;
