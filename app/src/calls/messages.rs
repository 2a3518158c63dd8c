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
    use super::context::{caller, chat, go_to, group_id};
    use wire::{SendId, Topic};

    let group = group_id(&group)?;
    chat().post(caller().me()?, Topic::group(group), SendId::new(&id)?, &text).await?;
    go_to(&format!("/g/{group}#end"));
    Ok(())
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
