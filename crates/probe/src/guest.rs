//! Guests: signs up new users.

use std::io;

use wire::Person as Guest;

use crate::http;

/// Creates a guest; returns the user and the session's cookie.
///
/// # Errors
/// If the server refuses.
pub async fn introduce(host: &str, name: &str) -> io::Result<(Guest, String)> {
    let answer = http::post(host, "/do/create_guest", None, &[("name", name)]).await?;
    let cookie = answer.cookie.clone().ok_or_else(|| io::Error::other("introduce gives no cookie"))?;
    Ok((answer.json()?, cookie))
}
