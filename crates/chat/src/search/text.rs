//! The searched text of a message: the words that its readers see.

use wire::RichText;

/// Returns the text of a message as search has it: without markup and addresses behind links.
#[must_use]
pub fn searched_text(body: &RichText) -> String {
    let mut text = String::new();
    body.each_text(&mut |piece| text.push_str(piece));
    text
}
