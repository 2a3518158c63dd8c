//! The limits of uploads at once: for a user, a network, an application and the node.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use wire::{ApplicationId, Refusal, UserKey};

use crate::auth::network::Network;
use crate::service::limits::FileLimits;

/// Counts the uploads in progress.
#[derive(Debug)]
pub(crate) struct UploadLimits {
    limits: FileLimits,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    users: HashMap<UserKey, usize>,
    networks: HashMap<Network, usize>,
    applications: HashMap<ApplicationId, usize>,
}

/// An upload in progress, until it is dropped.
#[derive(Debug)]
pub(crate) struct UploadPermit {
    limits: Arc<UploadLimits>,
    user: UserKey,
    network: Option<Network>,
}

impl UploadLimits {
    /// Creates the limits of a node.
    pub(crate) fn new(limits: FileLimits) -> Self {
        Self { limits, counts: Mutex::default() }
    }

    /// Begins an upload of a user, from a network if there is one that counts.
    ///
    /// # Errors
    /// [`Refusal::TooManyUploads`].
    pub(crate) fn begin(
        self: &Arc<Self>,
        user: UserKey,
        network: Option<Network>,
    ) -> Result<UploadPermit, Refusal> {
        let mut counts = self.counts.lock();
        let is_full = counts.all >= self.limits.uploads
            || count(&counts.users, &user) >= self.limits.user_uploads
            || count(&counts.applications, &user.application) >= self.limits.application_uploads
            || network
                .is_some_and(|network| count(&counts.networks, &network) >= self.limits.network_uploads);
        if is_full {
            return Err(Refusal::TooManyUploads);
        }
        counts.all += 1;
        *counts.users.entry(user).or_default() += 1;
        *counts.applications.entry(user.application).or_default() += 1;
        if let Some(network) = network {
            *counts.networks.entry(network).or_default() += 1;
        }
        Ok(UploadPermit { limits: Arc::clone(self), user, network })
    }
}

impl Drop for UploadPermit {
    fn drop(&mut self) {
        let mut counts = self.limits.counts.lock();
        counts.all -= 1;
        one_less(&mut counts.users, self.user);
        one_less(&mut counts.applications, self.user.application);
        if let Some(network) = self.network {
            one_less(&mut counts.networks, network);
        }
    }
}

fn count<K: Eq + Hash>(counts: &HashMap<K, usize>, key: &K) -> usize {
    counts.get(key).copied().unwrap_or_default()
}

fn one_less<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: K) {
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use wire::UserId;

    use super::*;

    fn user(application: u32, id: u8) -> UserKey {
        UserKey { application: ApplicationId(application), user: UserId::from_bytes([id; 10]) }
    }

    fn limits(user: usize, network: usize, application: usize, node: usize) -> Arc<UploadLimits> {
        Arc::new(UploadLimits::new(FileLimits {
            user_uploads: user,
            network_uploads: network,
            application_uploads: application,
            uploads: node,
            ..FileLimits::default()
        }))
    }

    #[test]
    fn a_user_uploads_so_many_files_at_once_and_so_do_all_together() {
        let limits = limits(2, 9, 9, 3);
        let begin = |id| limits.begin(user(1, id), None);
        let (first, _second) = (begin(1).unwrap(), begin(1).unwrap());
        assert_eq!(begin(1).unwrap_err(), Refusal::TooManyUploads, "ann has two");
        let _third = begin(2).unwrap();
        assert_eq!(begin(3).unwrap_err(), Refusal::TooManyUploads, "all have three");
        drop(first);
        let _fourth = begin(1).unwrap();
    }

    #[test]
    fn many_users_of_one_network_or_one_application_leave_room_for_others() {
        let limits = limits(1, 2, 3, 9);
        let [home, away] = ["203.0.113.1", "2001:db8::1"].map(|ip| Network::of(ip.parse().unwrap()));
        let first = limits.begin(user(1, 1), Some(home)).unwrap();
        let second = limits.begin(user(1, 2), Some(home)).unwrap();
        assert_eq!(
            limits.begin(user(1, 3), Some(home)).unwrap_err(),
            Refusal::TooManyUploads,
            "home has two"
        );
        let third = limits.begin(user(1, 3), Some(away)).unwrap();
        let of_shop = limits.begin(user(1, 4), None).unwrap_err();
        assert_eq!(of_shop, Refusal::TooManyUploads, "the application has three");
        let other = limits.begin(user(2, 1), Some(away)).unwrap();
        drop((first, second, third, other));
        let counts = limits.counts.lock();
        assert_eq!(
            (counts.all, counts.users.len(), counts.networks.len(), counts.applications.len()),
            (0, 0, 0, 0)
        );
    }
}
