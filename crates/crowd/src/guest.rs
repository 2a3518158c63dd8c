use std::io;

use wire::Person as Guest;

use crate::http;

/// A name and a session for somebody new.
///
/// # Errors
/// If the server gives none.
pub async fn introduce(host: &str, name: &str) -> io::Result<(Guest, String)> {
    let answer = http::post(host, "/do/introduce", None, &[("name", name)]).await?;
    let cookie = answer.cookie.clone().ok_or_else(|| io::Error::other("introduce gives no cookie"))?;
    Ok((answer.json()?, cookie))
}
