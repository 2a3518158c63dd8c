use leptos::prelude::*;
use wire::Page;

use crate::failure::Failure;

/// Says something in a group: the composer's form, for a page whose script has not come. The same `id` with
/// the same text is the same message.
///
/// # Errors
/// What is wrong with the text.
#[server(name = Post, prefix = "/do", endpoint = "post")]
pub async fn post(group: String, id: String, text: String, reply_to: Option<u64>) -> Result<(), Failure> {
    use super::context::{caller, chat, go_to, group_id};
    use wire::{SendId, Topic};

    let group = group_id(&group)?;
    chat()
        .post(caller().me()?, Topic::group(group), SendId::new(&id)?, &text, reply_to.map(wire::Seq))
        .await?;
    go_to(&format!("/g/{group}#end"));
    Ok(())
}

/// Changes a message: `deed` is `edit` (with a text), `delete`, `react` or `unreact` (with an emoji), `pin` or
/// `unpin`. For pages without a script; the live page does it over the socket.
///
/// # Errors
/// If there is no such message, or the caller may not.
#[server(name = Amend, prefix = "/do", endpoint = "amend")]
pub async fn amend(
    group: String,
    target: u64,
    deed: String,
    text: Option<String>,
    emoji: Option<String>,
) -> Result<(), Failure> {
    use super::context::{caller, chat, go_to, group_id};
    use wire::{Amendment, Emoji, Refusal, Seq, Topic};

    let group = group_id(&group)?;
    let emoji = || Emoji::new(emoji.as_deref().unwrap_or_default().trim());
    let amendment = match deed.as_str() {
        "edit" => Amendment::Edit(text.unwrap_or_default()),
        "delete" => Amendment::Delete,
        "react" => Amendment::React(emoji()?, true),
        "unreact" => Amendment::React(emoji()?, false),
        "pin" => Amendment::Pin(true),
        "unpin" => Amendment::Pin(false),
        _ => return Err(Refusal::FieldWrong { field: "deed", wants: "one of the buttons" }.into()),
    };
    let (me, chat) = (caller(), chat());
    chat.amend(me.me()?, &Topic::group(group), chat.new_send_id(), Seq(target), amendment).await?;
    go_to(&format!("/g/{group}?at={target}#m{target}"));
    Ok(())
}

/// Messages of a group, oldest first: those after a place if there is one, else those before one.
///
/// # Errors
/// If the caller has no seat.
#[server(name = Slice, prefix = "/do", endpoint = "slice")]
pub async fn slice(group: String, after: Option<u64>, before: Option<u64>) -> Result<Page, Failure> {
    use super::context::{caller, chat, group_id};
    use chat::store::Range;
    use wire::{Seq, Topic};

    let range = Range { after: after.map(Seq), before: before.map(Seq), limit: 50 };
    Ok(chat().events(&caller(), &Topic::group(group_id(&group)?), range).await?)
}
