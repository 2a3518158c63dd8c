use leptos::web_sys::KeyboardEvent;

/// The key code that browsers give to keys which an input method handles.
const INPUT_METHOD: u32 = 229;

/// The key of an event, or none while an input method handles it: an Enter that chooses a word does not send, an Escape
/// that drops it closes nothing. All handlers of keys ask here.
///
/// Safari ends the composition before the event of the Enter that ended it, so only the key code still tells.
pub(crate) fn key(event: &KeyboardEvent) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place where it is known that nobody composes")]
    let key = || event.key();
    (!event.is_composing() && event.key_code() != INPUT_METHOD).then(key)
}
