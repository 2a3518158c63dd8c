//! The login throttle, and other limits that a restart must not forget: attempts to sign in, by account, network and
//! device.
//!
//! An attempt is taken before the password is hashed and given back when it was right, so of any number of guesses at
//! once, only as many are hashed as the limits allow. The counters are facts in the store: a restart forgets nothing.
//! Others cannot lock out a user whose device has signed in before, because that device has attempts of its own.

use wire::{Refusal, UserId};

use crate::auth::network::Network;
use crate::auth::session::TokenHash;
use crate::ports::store::{Attempt, AttemptKey, Login};

const MINUTE_MS: i64 = 60_000;
/// The window of all attempts but the guesses from everywhere.
const WINDOW_MS: i64 = 15 * MINUTE_MS;
/// The most failures of one account from one network in a window, or from one known device.
const PER_ACCOUNT: u32 = 5;
/// The most failures from one network in a window.
const PER_NETWORK: u32 = 30;
/// The most failures of one account from all unknown devices in [`FROM_EVERYWHERE_MS`].
const FROM_EVERYWHERE: u32 = 50;
const FROM_EVERYWHERE_MS: i64 = 60 * MINUTE_MS;
/// The longest window: older attempts no longer count.
pub(crate) const LONGEST_WINDOW_MS: i64 = 24 * 60 * MINUTE_MS;

/// Returns the attempts to sign in to an account with a device that has signed in to it before.
pub(crate) fn with_known_device(user: UserId, device: TokenHash) -> Vec<Attempt> {
    let key = AttemptKey::of(&[b"device", user.to_string().as_bytes(), &device.0]);
    vec![Attempt { key, max: PER_ACCOUNT, window_ms: WINDOW_MS }]
}

/// Returns the attempts to sign in to an account, or with the name of none, from an unknown device; no network is this
/// machine itself.
pub(crate) fn from_elsewhere(login: &Login, user: Option<UserId>, network: Option<Network>) -> Vec<Attempt> {
    // All spellings of the name share the account's counter.
    let login = user.map_or_else(|| login.as_str().to_owned(), |user| format!("user {user}"));
    let (login, from) = (login.as_bytes(), network.map(|network| network.to_string()));
    let place = from.as_deref().unwrap_or_default().as_bytes();
    let of_account = AttemptKey::of(&[b"account from network", login, place]);
    let from_everywhere = AttemptKey::of(&[b"account", login]);
    let mut attempts = vec![
        Attempt { key: of_account, max: PER_ACCOUNT, window_ms: WINDOW_MS },
        Attempt { key: from_everywhere, max: FROM_EVERYWHERE, window_ms: FROM_EVERYWHERE_MS },
    ];
    if network.is_some() {
        let key = AttemptKey::of(&[b"network", place]);
        attempts.push(Attempt { key, max: PER_NETWORK, window_ms: WINDOW_MS });
    }
    attempts
}

/// Returns the attempts to confirm one's own password before a change: guesses at sign-in do not use these up.
pub(crate) fn to_change_password(user: UserId) -> Vec<Attempt> {
    let key = AttemptKey::of(&[b"change password", user.to_string().as_bytes()]);
    vec![Attempt { key, max: PER_ACCOUNT, window_ms: WINDOW_MS }]
}

/// Returns the attempts for one more guest from a network, within a day.
pub(crate) fn as_guest(network: Network, max: u32) -> Vec<Attempt> {
    let key = AttemptKey::of(&[b"guest", network.to_string().as_bytes()]);
    vec![Attempt { key, max, window_ms: LONGEST_WINDOW_MS }]
}

/// Returns the attempt for one more user added to a group by another, within a day.
pub(crate) fn to_add(by: UserId, user: UserId, max: usize) -> Attempt {
    let key = AttemptKey::of(&[b"add", by.to_string().as_bytes(), user.to_string().as_bytes()]);
    Attempt { key, max: u32::try_from(max).unwrap_or(u32::MAX), window_ms: LONGEST_WINDOW_MS }
}

/// Returns the attempt to end a sign-in at a provider: there is one for each `state`.
pub(crate) fn to_end_sign_in(state: &str) -> Vec<Attempt> {
    let key = AttemptKey::of(&[b"provider state", state.as_bytes()]);
    vec![Attempt { key, max: 1, window_ms: FROM_EVERYWHERE_MS }]
}

/// Returns the refusal of one attempt too many.
pub(crate) fn too_many(wait_ms: i64) -> Refusal {
    Refusal::TooManySignIns { minutes: minutes(wait_ms) }
}

/// Returns minutes, rounded up.
pub(crate) fn minutes(wait_ms: i64) -> u32 {
    u32::try_from((wait_ms + MINUTE_MS - 1) / MINUTE_MS).unwrap_or(u32::MAX)
}
