//! Keys of keyboard events, without those that an input method handles.

use leptos::web_sys::KeyboardEvent;

/// The key code that browsers report for keys that an input method handles.
const INPUT_METHOD: u32 = 229;

/// Returns the key of an event, or none while an input method handles it: an Enter that chooses a word does not send,
/// an Escape that cancels it closes nothing. All key handlers use this.
///
/// Safari ends the composition before the event of the Enter that ended it, so only the key code tells them apart.
pub(crate) fn key(event: &KeyboardEvent) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place where it is known that nobody composes")]
    let key = || event.key();
    (!event.is_composing() && event.key_code() != INPUT_METHOD).then(key)
}
