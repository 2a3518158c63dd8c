//! An avatar: a letter on a color, and the user's picture over it.

use leptos::prelude::*;

use crate::letter_case::to_upper;

/// The number of tints in the style sheet.
const TINTS: u32 = 8;

/// Renders an avatar: the first letter on a color that belongs to the id, so that users differ at a glance, and over
/// it the picture that a user has chosen. It is decorative: the name stands beside it.
#[component]
pub(crate) fn Avatar(
    id: String,
    name: String,
    /// True if it is a user's: users may have a picture.
    #[prop(optional)]
    person: bool,
    #[prop(optional)] large: bool,
    /// The class that the enclosing component sets.
    #[prop(optional)]
    class: &'static str,
) -> impl IntoView {
    let tint = id.bytes().fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % TINTS;
    let letter = to_upper(name.chars().find(|c| c.is_alphanumeric()).unwrap_or('·').encode_utf8(&mut [0; 4]));
    let size = if large { " avatar-large" } else { "" };
    let shape = if person { " avatar-person" } else { "" };
    view! {
        <span class=format!("avatar avatar-tint-{tint}{size}{shape} {class}") aria-hidden="true">
            {letter}
            {person.then(|| view! { <img src=format!("/avatar/{id}") alt="" loading="lazy"/> })}
        </span>
    }
}
