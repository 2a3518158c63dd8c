//! What stands before every route: which hosts and origins are answered, and what every answer says about
//! itself.

mod address;
mod headers;
mod host;
mod origin;

pub(crate) use address::address;
pub(crate) use headers::set_headers;
pub(crate) use host::{check_host, is_loopback_name};
pub(crate) use origin::{explain_csrf, is_own_origin};
