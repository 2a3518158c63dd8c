//! Mentions: names of members in typed text.

use std::collections::HashMap;

use wire::{EVERYONE, ID_CHARS, Inline, Member, UserId};

use super::words::{folded, folded_letters, goes_on};

/// The people who can be mentioned in a text, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Named {
    /// By the folded name; people with the same name in the order of the list.
    people: HashMap<String, Vec<(UserId, String)>>,
    longest: usize,
    everyone: bool,
}

/// A mention at the beginning of a text: its visible text, and its length in bytes after the `@`.
pub(super) struct Found {
    pub(super) inline: Inline,
    pub(super) len: usize,
}

impl Named {
    /// Indexes these members, by the time they joined, and if `everyone` all of them at once.
    pub(crate) fn new(members: &[Member], everyone: bool) -> Self {
        let mut people: HashMap<String, Vec<(UserId, String)>> = HashMap::with_capacity(members.len());
        for Member { person, .. } in members {
            people
                .entry(folded(person.name.as_str()))
                .or_default()
                .push((person.id, person.name.to_string()));
        }
        let longest = people.keys().map(String::len).max().unwrap_or_default().max(EVERYONE.len());
        Self { people, longest, everyone }
    }

    /// Finds the longest name at the beginning of a text. Of several people with that name it is the one with the same
    /// spelling, then the one who joined first; a part of an id after the name makes it unambiguous.
    pub(super) fn at(&self, text: &str) -> Option<Found> {
        let (mut form, mut len) = (String::new(), 0);
        let mut best = None;
        for (letter, folded) in folded_letters(text) {
            if letter == "\n" {
                break;
            }
            form.push_str(&folded);
            len += letter.len();
            if form.len() > self.longest {
                break;
            }
            let last = letter.chars().next_back().unwrap_or_default();
            if let Some(found) = self.ending(&form, text, len)
                && !goes_on(last, &text[len..])
            {
                best = Some(found);
            }
        }
        best
    }

    /// Returns the mention of the user whose name a text is.
    pub(crate) fn whole(&self, text: &str) -> Option<Inline> {
        self.at(text).filter(|found| found.len == text.len()).map(|found| found.inline)
    }

    /// Returns the user whose name ends here.
    fn ending(&self, form: &str, text: &str, len: usize) -> Option<Found> {
        let people = self.people.get(form).map(Vec::as_slice).unwrap_or_default();
        let mention = |(id, name): &(UserId, String), len| Found {
            inline: Inline::Mention { id: *id, name: name.clone() },
            len,
        };
        if let Some(id) = id_part(&text[len..]) {
            let lower = id.to_ascii_lowercase();
            if let Some(person) = people.iter().find(|(id, _)| id.to_string().starts_with(&lower)) {
                return Some(mention(person, len + 1 + id.len()));
            }
        }
        // A member who is called "all" must not capture mentions of everyone.
        if form == EVERYONE && self.everyone {
            return Some(Found { inline: Inline::Everyone, len });
        }
        let spelled = people.iter().find(|(_, name)| name == &text[..len]);
        spelled.or_else(|| people.first()).map(|person| mention(person, len))
    }
}

/// Returns the part of an id after a `#`, if it is a whole word of that form.
fn id_part(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('#')?;
    let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(rest.len());
    (ID_CHARS..=16).contains(&end).then(|| &rest[..end])
}
