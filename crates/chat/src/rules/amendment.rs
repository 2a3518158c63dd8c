//! The rule for amendments: edits, deletes, reactions and pins of a message.

use wire::limits::REACTIONS;
use wire::{Amendment, Event, Person, Refusal, RichText, Role, Seq};

use crate::text::emoji::is_same;

/// Returns the event that announces an amendment. `body` is the parsed new text of an edit.
#[must_use]
pub fn change(target: Seq, by: &Person, amendment: &Amendment, body: RichText) -> Event {
    let by = by.clone();
    match amendment {
        Amendment::Edit(text) => Event::Edited { target, text: text.clone(), body, by },
        Amendment::Delete => Event::Deleted { target, by },
        Amendment::React(emoji, on) => Event::Reacted { target, emoji: emoji.clone(), on: *on, by },
        Amendment::Pin(on) => Event::Pinned { target, on: *on, by },
    }
}

/// Decides on an amendment of a message; returns the event that announces it, or none if the message is already so.
/// `body` is the parsed new text of an edit.
///
/// # Errors
/// [`Refusal::NotFound`] if the message no longer exists, [`Refusal::NotAuthor`], [`Refusal::NotAdmin`],
/// [`Refusal::TooManyReactions`].
pub fn amend(
    message: &Event,
    target: Seq,
    by: &Person,
    role: Role,
    amendment: &Amendment,
    body: RichText,
) -> Result<Option<Event>, Refusal> {
    let Event::Message { author, text, reactions, pinned, .. } = message else {
        return Err(Refusal::NotFound);
    };
    let (is_author, is_admin) = (author.id == by.id, role == Role::Admin);
    let told = || Some(change(target, by, amendment, body));
    match amendment {
        Amendment::Edit(_) | Amendment::Delete if !is_author && !is_admin => Err(Refusal::NotAuthor),
        Amendment::Edit(_) if !is_author => Err(Refusal::NotAuthor),
        Amendment::Edit(new) if new == text => Ok(None),
        Amendment::Edit(_) | Amendment::Delete => Ok(told()),
        Amendment::React(emoji, on) => {
            let known = reactions.iter().find(|reaction| is_same(&reaction.emoji, emoji));
            if *on && known.is_none() && reactions.len() >= REACTIONS {
                return Err(Refusal::TooManyReactions);
            }
            let stands = known.is_some_and(|reaction| reaction.people.contains(&by.id));
            // An existing reaction keeps its spelling.
            let emoji = known.map_or(emoji, |reaction| &reaction.emoji).clone();
            let reacted = Event::Reacted { target, emoji, on: *on, by: by.clone() };
            Ok((stands != *on).then_some(reacted))
        }
        Amendment::Pin(_) if !is_admin => Err(Refusal::NotAdmin),
        Amendment::Pin(on) => Ok(if pinned == on { None } else { told() }),
    }
}

#[cfg(test)]
mod tests {
    use wire::{Emoji, Timestamp};

    use super::*;
    use crate::rules::cast::{ann, ben};

    fn said() -> Event {
        Event::message(ann(), "hello".into(), RichText::plain("hello"), None)
    }

    fn ask(by: &Person, role: Role, amendment: &Amendment) -> Result<Option<Event>, Refusal> {
        amend(&said(), Seq(7), by, role, amendment, RichText::default())
    }

    #[test]
    fn authors_edit_and_delete_and_admins_delete_too() {
        let edit = Amendment::Edit("bye".into());
        assert!(matches!(ask(&ann(), Role::Member, &edit), Ok(Some(Event::Edited { .. }))));
        assert_eq!(ask(&ann(), Role::Member, &Amendment::Edit("hello".into())), Ok(None));
        assert_eq!(ask(&ben(), Role::Admin, &edit), Err(Refusal::NotAuthor));
        assert_eq!(ask(&ben(), Role::Member, &Amendment::Delete), Err(Refusal::NotAuthor));
        for (who, role) in [(ann(), Role::Member), (ben(), Role::Admin)] {
            assert!(matches!(ask(&who, role, &Amendment::Delete), Ok(Some(Event::Deleted { .. }))));
        }
        let gone = Event::Tombstone { author: ann(), by: ann() };
        let again = amend(&gone, Seq(7), &ann(), Role::Admin, &Amendment::Delete, RichText::default());
        assert_eq!(again, Err(Refusal::NotFound));
    }

    #[test]
    fn anyone_reacts_and_takes_it_back_once() {
        let thumb = |on| Amendment::React(Emoji::new("👍").unwrap(), on);
        let on = ask(&ben(), Role::Member, &thumb(true)).unwrap().unwrap();
        assert_eq!(ask(&ben(), Role::Member, &thumb(false)), Ok(None));
        let now = said().changed_by(&on, Timestamp(0));
        let again = |on| amend(&now, Seq(7), &ben(), Role::Member, &thumb(on), RichText::default());
        assert_eq!(again(true), Ok(None));
        assert!(matches!(again(false), Ok(Some(Event::Reacted { on: false, .. }))));
    }

    #[test]
    fn two_spellings_of_an_emoji_are_one_reaction() {
        let heart = |spelling: &str, on| Amendment::React(Emoji::new(spelling).unwrap(), on);
        let on = ask(&ben(), Role::Member, &heart("❤", true)).unwrap().unwrap();
        let now = said().changed_by(&on, Timestamp(0));
        let again = |amendment| amend(&now, Seq(7), &ben(), Role::Member, &amendment, RichText::default());
        assert_eq!(again(heart("❤\u{fe0f}", true)), Ok(None));
        let off = again(heart("❤\u{fe0e}", false)).unwrap().unwrap();
        let Event::Message { reactions, .. } = now.clone().changed_by(&off, Timestamp(0)) else {
            panic!("a message")
        };
        assert_eq!(reactions, []);
    }

    #[test]
    fn a_message_has_only_so_many_different_reactions() {
        let mut message = said();
        for n in 0..u32::try_from(REACTIONS).unwrap() {
            let emoji = Emoji::new(&char::from_u32(0x1f600 + n).unwrap().to_string()).unwrap();
            let on = Event::Reacted { target: Seq(7), emoji, on: true, by: ann() };
            message = message.changed_by(&on, Timestamp(0));
        }
        let react = |emoji: &str| {
            let with = Amendment::React(Emoji::new(emoji).unwrap(), true);
            amend(&message, Seq(7), &ben(), Role::Member, &with, RichText::default())
        };
        assert_eq!(react("👍"), Err(Refusal::TooManyReactions));
        assert!(react("\u{1f600}").is_ok(), "one that is there");
    }

    #[test]
    fn admins_pin() {
        let pin = Amendment::Pin(true);
        assert_eq!(ask(&ann(), Role::Member, &pin), Err(Refusal::NotAdmin));
        assert!(matches!(ask(&ben(), Role::Admin, &pin), Ok(Some(Event::Pinned { on: true, .. }))));
        assert_eq!(ask(&ben(), Role::Admin, &Amendment::Pin(false)), Ok(None));
    }
}
