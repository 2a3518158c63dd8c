use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use wire::{Login, Refusal, Timestamp};

use crate::network::Network;

/// Counts attempts to sign in that came to nothing, so that nobody tries all passwords.
#[derive(Debug, Default)]
pub(crate) struct SignIns {
    accounts: Mutex<HashMap<Login, Window>>,
    networks: Mutex<HashMap<Network, Window>>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    since: Timestamp,
    failures: u32,
}

const WINDOW_MILLIS: i64 = 15 * 60_000;
/// How many failures an account may have in a window.
const PER_ACCOUNT: u32 = 5;
/// How many failures may come from one network in a window.
const PER_NETWORK: u32 = 30;
/// With so many keys those whose window is over are dropped.
const TIDY_AT: usize = 10_000;

impl SignIns {
    /// Refuses another attempt if there were too many.
    pub(crate) fn check(&self, login: &Login, from: Option<IpAddr>, now: Timestamp) -> Result<(), Refusal> {
        look(&self.accounts, login, PER_ACCOUNT, now)?;
        from.map_or(Ok(()), |from| look(&self.networks, &Network::of(from), PER_NETWORK, now))
    }

    pub(crate) fn note_failure(&self, login: &Login, from: Option<IpAddr>, now: Timestamp) {
        count(&self.accounts, login.clone(), now);
        if let Some(from) = from {
            count(&self.networks, Network::of(from), now);
        }
    }

    /// An account was signed in to: its failures are forgiven.
    pub(crate) fn forget(&self, login: &Login) {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).remove(login);
    }
}

fn look<K: Eq + Hash>(
    windows: &Mutex<HashMap<K, Window>>,
    key: &K,
    most: u32,
    now: Timestamp,
) -> Result<(), Refusal> {
    let windows = windows.lock().unwrap_or_else(PoisonError::into_inner);
    let left = match windows.get(key) {
        Some(window) if window.failures >= most => window.since.0 + WINDOW_MILLIS - now.0,
        _ => 0,
    };
    if left <= 0 {
        return Ok(());
    }
    Err(Refusal::TooManySignIns { minutes: u32::try_from((left + 59_999) / 60_000).unwrap_or(u32::MAX) })
}

fn count<K: Eq + Hash>(windows: &Mutex<HashMap<K, Window>>, key: K, now: Timestamp) {
    let mut windows = windows.lock().unwrap_or_else(PoisonError::into_inner);
    let is_over = |window: &Window| now.0 - window.since.0 >= WINDOW_MILLIS;
    if windows.len() >= TIDY_AT {
        windows.retain(|_, window| !is_over(window));
    }
    let window = windows.entry(key).or_insert(Window { since: now, failures: 0 });
    if is_over(window) {
        *window = Window { since: now, failures: 0 };
    }
    window.failures += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_and_a_network_have_only_so_many_failures() {
        let sign_ins = SignIns::default();
        let login = |name: &str| Login::new(name).unwrap();
        let home: IpAddr = "2001:db8::1".parse().unwrap();
        let next_door: IpAddr = "2001:db8::2".parse().unwrap();
        let at = |minutes: i64| Timestamp(minutes * 60_000);
        for _ in 0..5 {
            assert_eq!(sign_ins.check(&login("ann"), Some(home), at(0)), Ok(()));
            sign_ins.note_failure(&login("Ann"), Some(home), at(0));
        }
        let refused = Err(Refusal::TooManySignIns { minutes: 5 });
        assert_eq!(sign_ins.check(&login("ann"), None, at(10)), refused);
        assert_eq!(sign_ins.check(&login("ben"), Some(home), at(10)), Ok(()));
        assert_eq!(sign_ins.check(&login("ann"), None, at(15)), Ok(()));

        for n in 0..25 {
            sign_ins.note_failure(&login(&format!("guess {n}")), Some(home), at(10));
        }
        let refused = Err(Refusal::TooManySignIns { minutes: 4 });
        assert_eq!(sign_ins.check(&login("ben"), Some(next_door), at(11)), refused);
        sign_ins.forget(&login("ann"));
        assert_eq!(sign_ins.check(&login("ann"), None, at(0)), Ok(()));
    }
}
