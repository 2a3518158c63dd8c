//! Middleware in front of every route: request ids, accepted hosts and origins, client addresses, and security headers.

mod address;
mod authority;
mod headers;
mod host;
mod origin;
mod request_id;

pub(crate) use address::{address, is_local_client};
pub(crate) use authority::{host, origin_parts};
pub(crate) use headers::set_headers;
pub(crate) use host::{check_host, check_source};
pub(crate) use origin::{explain_csrf, is_own_origin};
pub(crate) use request_id::{LogId, record_route, trace};
