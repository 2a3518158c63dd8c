//! Cursors and links of lists in parts.

use chat::store::ExternalKey;
use data_encoding::BASE64URL_NOPAD;
use http::header::LINK;
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;
use utoipa::IntoParams;
use wire::{Expected, Refusal};

use super::ROOT;

/// The part of a list that is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// The cursor of the part, from `next` of the part before.
    cursor: Option<String>,
    /// The most items, 1 to 100.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

impl Paging {
    /// Returns the name after which the part begins.
    ///
    /// # Errors
    /// [`Refusal::CursorBad`].
    pub(crate) fn after(&self) -> Result<Option<String>, Refusal> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| Refusal::CursorBad)?;
        String::from_utf8(bytes).map(Some).map_err(|_| Refusal::CursorBad)
    }

    /// Returns the most items of the part.
    ///
    /// # Errors
    /// [`Refusal::FieldWrong`].
    pub(crate) fn limit(&self) -> Result<usize, Refusal> {
        limit(self.limit.as_deref())
    }

    /// Returns the cursor of the next part, which begins after the last name of this one, and the header that links it
    /// with the same limit; neither of them if no part follows.
    pub(crate) fn next(&self, path: &str, last: Option<&str>) -> (Option<String>, HeaderMap) {
        let Some(cursor) = last.map(cursor) else { return (None, HeaderMap::new()) };
        let limit = self.limit.as_ref().and_then(|_| self.limit().ok());
        let limit = limit.map(|limit| format!("&limit={limit}")).unwrap_or_default();
        // A path may have a query of its own.
        let mark = if path.contains('?') { '&' } else { '?' };
        let link = link(&format!("{path}{mark}cursor={cursor}{limit}"));
        (Some(cursor), link)
    }
}

/// Reads the most items of a part; 100 if it is left out.
///
/// # Errors
/// [`Refusal::FieldWrong`].
pub(crate) fn limit(limit: Option<&str>) -> Result<usize, Refusal> {
    let wrong = Refusal::FieldWrong { field: "limit".into(), wants: Expected::PageLimit };
    let Some(limit) = limit else { return Ok(100) };
    limit.parse().ok().filter(|limit| (1..=100).contains(limit)).ok_or(wrong)
}

/// Returns the header that links the next part of a list, a path below the root.
pub(crate) fn link(next: &str) -> HeaderMap {
    let link = HeaderValue::try_from(format!("<{ROOT}{next}>; rel=\"next\""));
    link.into_iter().map(|link| (LINK, link)).collect()
}

/// Returns the cursor of the part that begins after a name.
fn cursor(after: &str) -> String {
    BASE64URL_NOPAD.encode(after.as_bytes())
}

/// Returns the key after which the part begins.
///
/// # Errors
/// [`Refusal::CursorBad`].
pub(crate) fn key_after(paging: &Paging) -> Result<Option<ExternalKey>, Refusal> {
    let after = paging.after()?.map(|after| ExternalKey::new(&after));
    after.transpose().map_err(|_| Refusal::CursorBad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_a_limit_has_bounds() {
        let of = |cursor: &str| Paging { cursor: Some(cursor.into()), limit: None }.after();
        assert_eq!(of(&cursor("shop/42 ü")), Ok(Some("shop/42 ü".into())));
        for bad in ["?", "a", "_w"] {
            assert_eq!(of(bad), Err(Refusal::CursorBad), "{bad}");
        }
        let part = Paging { cursor: None, limit: Some("+07".into()) };
        let (next, headers) = part.next("/users", Some("ü"));
        assert_eq!(next.as_deref(), Some("w7w"));
        assert_eq!(headers[LINK], "</api/v1/users?cursor=w7w&limit=7>; rel=\"next\"");
        assert_eq!(part.next("/users", None), (None, HeaderMap::new()));
        let limit = |limit: &str| Paging { cursor: None, limit: Some(limit.into()) }.limit();
        assert_eq!((limit("1"), limit("100")), (Ok(1), Ok(100)));
        for bad in ["0", "101", "-1", "1.5", "", "99999999999999999999999"] {
            assert!(limit(bad).is_err(), "{bad}");
        }
    }
}
