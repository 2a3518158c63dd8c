//! The role mark beside a name: admin, guest or bot.

use leptos::prelude::*;
use wire::{Member, Role, UserId};

use super::dynamic::dyn_view;
use crate::i18n::use_texts;

/// Renders the mark beside the name of an admin, a guest or a bot, so that nobody is mistaken for a user with an account who
/// only has the same name. A member with an account has no mark, nor has a former member.
#[component]
pub(crate) fn Mark(
    members: ArcRwSignal<Vec<Member>>,
    user: UserId,
    /// True if the words are those of a bot, which is no member.
    #[prop(optional)]
    bot: bool,
) -> impl IntoView {
    let t = use_texts();
    let mark = Memo::new(move |_| {
        if bot {
            return Some(("tag tag-bot", t.bot()));
        }
        members.with(|members| {
            let member = members.iter().find(|member| member.person.id == user)?;
            match (member.role, member.account) {
                (Role::Admin, true) => Some(("tag tag-accent", t.admin())),
                (Role::Admin, false) => Some(("tag tag-accent", t.admin_guest())),
                (Role::Member, false) => Some(("tag", t.guest())),
                (Role::Member, true) => None,
            }
        })
    });
    dyn_view(move || mark.get().map(|(class, label)| view! { " " <span class=class>{label}</span> }))
}
