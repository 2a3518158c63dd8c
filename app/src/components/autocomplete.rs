//! Autocomplete in a text field, with mention completion: `@` for people and `:` for emoji.

use leptos::html::Textarea;
use leptos::prelude::*;
use leptos::web_sys::{Event, KeyboardEvent};
use wire::{ConversationSummary, EVERYONE, UserId, completes, mention_of};

use super::dynamic::{dyn_attr, dyn_text, dyn_view};
use super::keys::key;
use crate::client::Timeline;
use crate::i18n::use_texts;
use crate::letter_case::to_lower;
use crate::server_fns::{find_emoji, find_members};

/// The most suggestions shown at once.
const MOST: usize = 8;
/// The longest name that is matched before the caret, in characters.
const LONGEST: usize = 40;

/// Autocomplete for the word before the caret: `@` completes a member, `:` an emoji.
#[derive(Clone)]
pub(super) struct Autocomplete {
    field: NodeRef<Textarea>,
    timeline: Timeline,
    me: UserId,
    choices: RwSignal<Vec<Suggestion>>,
    at: RwSignal<usize>,
    /// A counter of requests and closings, so that a late response opens nothing.
    generation: StoredValue<u32>,
}

/// A member or an emoji that the word may become.
#[derive(Clone, Debug, PartialEq)]
struct Suggestion {
    /// The text that it inserts.
    text: String,
    /// The name that it shows.
    name: String,
    /// The number of bytes before the caret that it replaces.
    replaces: usize,
}

impl Autocomplete {
    pub(super) fn new(field: NodeRef<Textarea>, timeline: Timeline, me: UserId) -> Self {
        Self {
            field,
            timeline,
            me,
            choices: RwSignal::new(Vec::new()),
            at: RwSignal::new(0),
            generation: StoredValue::new(0),
        }
    }

    /// Updates the suggestions for the word before the caret.
    pub(super) fn look(&self) {
        let generation = self.next_generation();
        let (before, _) = self.split();
        match trigger(&before) {
            Some((':', words)) => {
                let replaces = words.len() + 1;
                let words = words.to_owned();
                self.show_later(generation, async move {
                    let found = find_emoji(words).await.unwrap_or_default().into_iter().take(MOST);
                    found.map(|(text, name)| Suggestion { text, name, replaces }).collect()
                });
            }
            Some((mark, words)) => match self.large_group() {
                Some(group) => {
                    let (this, words) = (self.clone(), words.to_owned());
                    self.show_later(generation, async move {
                        let found = find_members(group, words.clone()).await.unwrap_or_default();
                        this.mentions(mark, &words, found)
                    });
                }
                None => self.show(self.mentions(mark, words, self.members(words))),
            },
            None => self.close(),
        }
    }

    /// Shows suggestions when they arrive, unless the viewer has typed on, closed them, or left the field.
    fn show_later(&self, generation: Option<u32>, choices: impl Future<Output = Vec<Suggestion>> + 'static) {
        let this = self.clone();
        leptos::task::spawn_local(async move {
            let choices = choices.await;
            if this.generation.try_get_value() == generation {
                this.show(choices);
            }
        });
    }

    /// Handles a key for the suggestions; returns true if it was one.
    pub(super) fn takes(&self, event: &KeyboardEvent) -> bool {
        let count = self.choices.with_untracked(Vec::len);
        let Some(key) = key(event).filter(|_| count > 0) else { return false };
        let at = self.at.get_untracked();
        match key.as_str() {
            "ArrowDown" => self.at.set((at + 1) % count),
            "ArrowUp" => self.at.set((at + count - 1) % count),
            "Enter" | "Tab" => self.pick(at),
            "Escape" => self.close(),
            _ => return false,
        }
        event.prevent_default();
        true
    }

    /// Inserts a text at the caret.
    pub(super) fn insert(&self, text: &str) {
        let (before, after) = self.split();
        self.put(&(before + text), &after);
    }

    /// Focuses the field.
    pub(super) fn focus(&self) {
        if let Some(field) = self.field.get_untracked() {
            let _ = field.focus();
        }
    }

    pub(super) fn close(&self) {
        self.next_generation();
        self.show(Vec::new());
    }

    fn next_generation(&self) -> Option<u32> {
        self.generation.try_update_value(|generation| {
            *generation += 1;
            *generation
        })
    }

    fn show(&self, choices: Vec<Suggestion>) {
        // Removing a field blurs it, and its suggestions may be disposed of before it.
        if self.choices.try_with_untracked(|old| *old != choices) == Some(true) {
            self.at.set(0);
            self.choices.set(choices);
        }
    }

    fn pick(&self, at: usize) {
        let Some(choice) = self.choices.with_untracked(|choices| choices.get(at).cloned()) else { return };
        let (before, after) = self.split();
        let kept = before.len().saturating_sub(choice.replaces);
        self.put(&format!("{}{} ", &before[..kept], choice.text), &after);
        self.close();
    }

    /// Returns the id of the group, if it has members that are not on the page.
    fn large_group(&self) -> Option<String> {
        let ConversationSummary::Group(group) = &self.timeline.what else { return None };
        let here = self.timeline.members.with_untracked(Vec::len);
        let all = self.timeline.member_count.get_untracked();
        usize::try_from(all).is_ok_and(|all| all > here).then(|| group.id.to_string())
    }

    /// Returns mentions of members who are on the page.
    fn members(&self, typed: &str) -> Vec<(String, String)> {
        let typed = to_lower(typed);
        self.timeline.members.with_untracked(|members| {
            let found = members.iter().filter(|member| {
                member.person.id != self.me && completes(&to_lower(member.person.name.as_str()), &typed)
            });
            found.take(MOST).map(|member| named(mention_of(member, members))).collect()
        })
    }

    fn mentions(&self, mark: char, typed: &str, mut found: Vec<(String, String)>) -> Vec<Suggestion> {
        found.truncate(MOST);
        let members = self.timeline.member_count.try_get_untracked().unwrap_or_default();
        if completes(EVERYONE, &to_lower(typed)) && found.len() < MOST && members > 2 {
            found.push(named(format!("@{EVERYONE}")));
        }
        let replaces = typed.len() + mark.len_utf8();
        found.into_iter().map(|(text, name)| Suggestion { text, name, replaces }).collect()
    }

    /// Returns the text before the caret and after it.
    fn split(&self) -> (String, String) {
        let Some(field) = self.field.try_get_untracked().flatten() else { return Default::default() };
        let value = field.value();
        let caret = field.selection_start().ok().flatten().and_then(|caret| usize::try_from(caret).ok());
        // The browser counts in UTF-16.
        let units: Vec<u16> = value.encode_utf16().collect();
        let (before, after) = units.split_at(caret.unwrap_or(units.len()).min(units.len()));
        (String::from_utf16_lossy(before), String::from_utf16_lossy(after))
    }

    fn put(&self, before: &str, after: &str) {
        let Some(field) = self.field.get_untracked() else { return };
        field.set_value(&format!("{before}{after}"));
        let caret = u32::try_from(before.encode_utf16().count()).unwrap_or(u32::MAX);
        let _ = field.set_selection_range(caret, caret);
        let _ = field.focus();
        // Dispatched as if it had been typed: the draft is stored, and others are notified of typing.
        if let Ok(event) = Event::new("input") {
            let _ = field.dispatch_event(&event);
        }
    }
}

/// A mention with the name that the list shows.
fn named(mention: String) -> (String, String) {
    let name = mention[1..].to_owned();
    (mention, name)
}

/// Returns the trigger character that begins the word before the caret, and the word so far.
fn trigger(before: &str) -> Option<(char, &str)> {
    for (letters, (place, letter)) in before.char_indices().rev().enumerate() {
        if letter == '\n' || letters > LONGEST {
            return None;
        }
        if matches!(letter, '@' | '＠' | ':') {
            // In scripts without spaces a trigger follows the letters of a word directly.
            let begins =
                before[..place].chars().next_back().is_none_or(|above| !above.is_ascii_alphanumeric());
            let words = &before[place + letter.len_utf8()..];
            let fits = match letter {
                '@' | '＠' => !words.contains("  "),
                _ => letters >= 2 && words.chars().all(|c| c.is_ascii_graphic()),
            };
            return (begins && fits).then_some((letter, words));
        }
    }
    None
}

/// Renders the suggestions, above the field.
#[component]
pub(super) fn Completions(completer: Autocomplete) -> impl IntoView {
    let t = use_texts();
    let (choices, at) = (completer.choices, completer.at);
    let options = dyn_view(move || {
        let option = |(place, Suggestion { text, name, .. }): (usize, Suggestion)| {
            let completer = completer.clone();
            let shown = match text.strip_prefix('@') {
                Some(name) => ("@".into(), name.to_owned(), ""),
                None => (format!("{text} :"), name, ":"),
            };
            view! {
                <li
                    role="option"
                    id=format!("choice-{place}")
                    aria-selected=dyn_attr(move || Some((at.get() == place).to_string()))
                    on:mousedown=move |event| {
                        event.prevent_default();
                        completer.pick(place);
                    }
                >
                    {shown.0} <bdi>{shown.1}</bdi> {shown.2}
                </li>
            }
        };
        choices.get().into_iter().enumerate().map(option).collect::<Vec<_>>()
    });
    let told = dyn_text(move || {
        let told = |choices: &Vec<Suggestion>| {
            choices.get(at.get()).map(|choice| t.suggested(&choice.name, choices.len()).plain())
        };
        choices.with(told).unwrap_or_default()
    });
    view! {
        <ul class="autocomplete" id="completions" role="listbox" aria-label=t.suggestions()>{options}</ul>
        <p class="visually-hidden" role="status">{told}</p>
    }
}

/// Returns the id of the selected suggestion, for the field's `aria-activedescendant`.
pub(super) fn active(completer: &Autocomplete) -> impl Fn() -> Option<String> + Send + Sync + use<> {
    let (choices, at) = (completer.choices, completer.at);
    move || choices.with(|choices| (!choices.is_empty()).then(|| format!("choice-{}", at.get())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_at_the_beginning_of_a_word_asks_for_suggestions() {
        for (before, asked) in [
            ("@", Some(('@', ""))),
            ("hi @an", Some(('@', "an"))),
            ("@Ann L", Some(('@', "Ann L"))),
            ("(@an", Some(('@', "an"))),
            ("交给@", Some(('@', ""))),
            ("请＠王", Some(('＠', "王"))),
            ("做得好:tad", Some((':', "tad"))),
            ("well :tad", Some((':', "tad"))),
            (":t", None),
            ("12:30", None),
            ("ann@example", None),
            ("@ann\nhello", None),
            ("see: this", None),
            ("", None),
        ] {
            assert_eq!(trigger(before), asked, "{before:?}");
        }
    }
}
