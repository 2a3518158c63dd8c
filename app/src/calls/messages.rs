use leptos::prelude::*;
use wire::Page;

use crate::failure::Failure;

/// Says something in a group: the composer's form, for a page whose script has not come. The same `id` with
/// the same text is the same message.
///
/// # Errors
/// What is wrong with the text.
#[server(name = Post, prefix = "/do", endpoint = "post")]
pub async fn post(group: String, id: String, text: String) -> Result<(), Failure> {
    use super::context::{caller, chat, go_to, group_id, is_plain_form};
    use wire::{SendId, Topic};

    let group = group_id(&group)?;
    let me = caller();
    let posted = chat().post(me.me()?, Topic::group(group), SendId::new(&id)?, &text).await.map(|_| ());
    if is_plain_form() {
        // The answer to a form is another page: what was typed goes along, so that it is not lost.
        let lost = posted.as_ref().err().map(|no| no.clone().outside());
        let query = lost.map(|refusal| refused_query(refusal.code(), &text)).unwrap_or_default();
        go_to(&format!("/g/{group}{query}#end"));
        return Ok(());
    }
    Ok(posted?)
}

/// Older messages of a group, oldest first: those before a place.
///
/// # Errors
/// If the caller has no seat.
#[server(name = Older, prefix = "/do", endpoint = "older")]
pub async fn older(group: String, before: u64) -> Result<Page, Failure> {
    use super::context::{caller, chat, group_id};
    use chat::store::Range;
    use wire::{Seq, Topic};

    let range = Range { after: None, before: Some(Seq(before)), limit: 50 };
    Ok(chat().events(&caller(), &Topic::group(group_id(&group)?), range).await?)
}

/// The longest draft that travels in an address.
#[cfg(feature = "ssr")]
const DRAFT_BYTES: usize = 8 * 1024;

#[cfg(feature = "ssr")]
fn refused_query(code: &str, text: &str) -> String {
    let draft = if text.len() <= DRAFT_BYTES { text } else { "" };
    let mut query = format!("?refused={code}&draft=");
    for byte in draft.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            query.push(char::from(byte));
        } else {
            query.push_str(&format!("%{byte:02X}"));
        }
    }
    query
}
