//! Server functions of messages: post, amend, history.

use leptos::prelude::*;
use wire::Rows;

use crate::failure::Failure;

/// Posts a message in a conversation: the composer's form, for a page whose script has not loaded. The same `id` with
/// the same text is the same message.
///
/// # Errors
/// Returns a refusal if the text is invalid.
#[server(name = Post, prefix = "/do", endpoint = "post")]
pub async fn post(topic: String, id: String, text: String, reply_to: Option<u64>) -> Result<(), Failure> {
    use super::context::{caller, chat, go_to, path_of, topic_of};
    use wire::SendId;

    let (caller, topic) = (caller(), topic_of(&topic)?);
    let path = path_of(&topic, caller.user()?)?;
    chat().post(&caller, topic, SendId::new(&id)?, &text, reply_to.map(wire::Seq)).await?;
    go_to(&format!("{path}#end"));
    Ok(())
}

/// Amends a message: `action` is `edit` (with a text), `delete`, `react` or `unreact` (with an emoji), `pin` or
/// `unpin`. For pages without a script; a hydrated page does it over the socket.
///
/// # Errors
/// Returns a refusal if there is no such message, or if the caller may not do it.
#[server(name = Amend, prefix = "/do", endpoint = "amend")]
pub async fn amend(
    topic: String,
    target: u64,
    action: String,
    text: Option<String>,
    emoji: Option<String>,
) -> Result<(), Failure> {
    use super::context::{caller, chat, go_to, path_of, topic_of};
    use wire::{Amendment, Emoji, Expected, Refusal, Seq};

    let topic = topic_of(&topic)?;
    let emoji = || Emoji::new(emoji.as_deref().unwrap_or_default().trim());
    let amendment = match action.as_str() {
        "edit" => Amendment::Edit(text.unwrap_or_default()),
        "delete" => Amendment::Delete,
        "react" => Amendment::React(emoji()?, true),
        "unreact" => Amendment::React(emoji()?, false),
        "pin" => Amendment::Pin(true),
        "unpin" => Amendment::Pin(false),
        _ => return Err(Refusal::FieldWrong { field: "action".into(), wants: Expected::Button }.into()),
    };
    let (caller, chat) = (caller(), chat());
    chat.amend(&caller, &topic, chat.new_send_id(), Seq(target), amendment).await?;
    go_to(&format!("{}?at={target}#m{target}", path_of(&topic, caller.user()?)?));
    Ok(())
}

/// Returns rows of a conversation, oldest first: those after a Seq if one is given, else those before one, else the
/// newest.
///
/// # Errors
/// Returns a refusal if the caller is no member.
#[server(name = History, prefix = "/do", endpoint = "history")]
pub async fn history(topic: String, after: Option<u64>, before: Option<u64>) -> Result<Rows, Failure> {
    use super::context::{caller, chat, topic_of};
    use chat::store::RowRange;
    use wire::Seq;
    use wire::limits::PAGE_ROWS;

    let range = match (after, before) {
        (Some(after), _) => RowRange::after(Seq(after), PAGE_ROWS),
        (None, before) => RowRange::before(Seq(before.unwrap_or(u64::MAX)), PAGE_ROWS),
    };
    Ok(chat().rows(&caller(), &topic_of(&topic)?, range).await?)
}
