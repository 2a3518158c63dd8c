//! The state of one application in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use wire::{ApplicationId, GroupId, Person, Refusal, SendId, Seq, Timestamp, Topic, UserId};

use super::files::MemoryFiles;
use super::hooks::MemoryHooks;
use super::log::MemoryLog;
use super::records::{
    Group, MemberView, StoredAccount, StoredLink, StoredProfile, StoredReset, StoredSession, Window,
};
use super::restricted_messages::RestrictedMessages;
use super::webhooks::MemoryWebhooks;
use crate::auth::session::TokenHash;
use crate::ports::store::{
    Appended, AttemptKey, ExternalKey, Identity, NameIndex, OpenTopicUsage, Position, Sender, SentBefore,
    Sessions, Version,
};

/// The facts of one application.
#[derive(Clone)]
pub(super) struct ApplicationState {
    pub(super) id: ApplicationId,
    pub(super) window: Window,
    pub(super) logs: HashMap<Topic, MemoryLog>,
    /// The logs by the order of their last writes: the first is the one to shorten.
    pub(super) by_age: BTreeMap<u64, Topic>,
    pub(super) ages: HashMap<Topic, u64>,
    pub(super) next_age: u64,
    pub(super) bytes: usize,
    /// The part of them that is in the count of all applications.
    pub(super) counted: usize,
    pub(super) open_topics: OpenTopicUsage,
    pub(super) sent: HashMap<(Sender, SendId), SentBefore>,
    pub(super) people: HashMap<UserId, Person>,
    /// The names of guests, and of users with an account.
    pub(super) guest_names: NameIndex<UserId>,
    pub(super) account_names: NameIndex<UserId>,
    pub(super) profiles: HashMap<UserId, StoredProfile>,
    pub(super) sessions: HashMap<TokenHash, StoredSession>,
    /// The sessions of each user, by the number that counts them.
    pub(super) sessions_of: HashMap<UserId, BTreeMap<u64, TokenHash>>,
    pub(super) next_session: u64,
    pub(super) accounts: HashMap<UserId, StoredAccount>,
    /// The account of each key of a login.
    pub(super) logins: HashMap<String, UserId>,
    pub(super) resets: HashMap<TokenHash, StoredReset>,
    /// The devices of each account, the one seen last at the end.
    pub(super) devices: HashMap<UserId, Vec<TokenHash>>,
    /// The times of the attempts that count, the first one first.
    pub(super) attempts: HashMap<AttemptKey, Vec<Timestamp>>,
    /// Guests who may never do anything, by the time they came.
    pub(super) newcomers: BTreeSet<(Timestamp, UserId)>,
    pub(super) groups: HashMap<GroupId, Group>,
    /// The users whom the application names by keys, each with a version.
    pub(super) user_keys: BTreeMap<ExternalKey, (UserId, Version)>,
    /// The key of each of them.
    pub(super) keys_of_users: HashMap<UserId, ExternalKey>,
    /// The keys of users who were deleted, each with the time from which tokens that name it must be issued.
    pub(super) ended_user_keys: HashMap<ExternalKey, Timestamp>,
    /// The times from which the tokens of users must be issued, where some were ended.
    pub(super) tokens_valid_from: HashMap<UserId, Timestamp>,
    /// The links that sign users in.
    pub(super) links: HashMap<TokenHash, StoredLink>,
    /// The groups that the application names by keys.
    pub(super) group_keys: BTreeMap<ExternalKey, GroupId>,
    /// The greatest number among the keys of groups.
    pub(super) last_number: i64,
    /// The users who were deleted.
    pub(super) deleted: HashSet<UserId>,
    /// The names of all groups, and of those that are listed and not archived.
    pub(super) group_names: NameIndex<GroupId>,
    pub(super) listed_names: NameIndex<GroupId>,
    /// The groups of each user, the one joined first first.
    pub(super) joined: HashMap<UserId, Vec<GroupId>>,
    /// The directs that have messages, with the state of each of the two users.
    pub(super) directs: HashMap<UserId, HashMap<UserId, MemberView>>,
    /// The users whom each user has blocked, the first one first.
    pub(super) blocks: HashMap<UserId, Vec<UserId>>,
    /// The refusals of each broadcast, by the number of the target.
    pub(super) refusals: HashMap<(UserId, Seq), BTreeMap<usize, Refusal>>,
    pub(super) restricted: RestrictedMessages,
    pub(super) files: MemoryFiles,
    pub(super) hooks: MemoryHooks,
    pub(super) identities: BTreeMap<Identity, (UserId, Timestamp)>,
    pub(super) webhooks: MemoryWebhooks,
    /// The entries of the present write, and whether each may cause work.
    pub(super) appended: Vec<(Appended, bool)>,
    /// The entries whose data the present write has replaced, in order.
    pub(super) rewritten: Vec<(Topic, Seq)>,
    /// The logs that have lost entries in the present write, with their beginnings before it.
    pub(super) shortened: BTreeMap<Topic, Seq>,
    /// The logs that are gone with the present write.
    pub(super) closed: Vec<Topic>,
    /// The positions of entries, and of trims, that are no longer kept since the present write.
    pub(super) forgotten: Vec<Position>,
    /// The logs that the present write has trimmed.
    pub(super) trimmed: Vec<Topic>,
    /// The sessions that the present write ends, with the times.
    pub(super) ended: Vec<(Timestamp, UserId, Sessions)>,
}

impl ApplicationState {
    pub(super) fn new(id: ApplicationId, window: Window) -> Self {
        Self {
            id,
            window,
            logs: HashMap::new(),
            by_age: BTreeMap::new(),
            ages: HashMap::new(),
            next_age: 0,
            bytes: 0,
            counted: 0,
            open_topics: OpenTopicUsage::default(),
            sent: HashMap::new(),
            people: HashMap::new(),
            guest_names: NameIndex::default(),
            account_names: NameIndex::default(),
            profiles: HashMap::new(),
            sessions: HashMap::new(),
            sessions_of: HashMap::new(),
            next_session: 0,
            accounts: HashMap::new(),
            logins: HashMap::new(),
            resets: HashMap::new(),
            devices: HashMap::new(),
            attempts: HashMap::new(),
            newcomers: BTreeSet::new(),
            groups: HashMap::new(),
            user_keys: BTreeMap::new(),
            keys_of_users: HashMap::new(),
            ended_user_keys: HashMap::new(),
            tokens_valid_from: HashMap::new(),
            links: HashMap::new(),
            group_keys: BTreeMap::new(),
            last_number: 0,
            deleted: HashSet::new(),
            group_names: NameIndex::default(),
            listed_names: NameIndex::default(),
            joined: HashMap::new(),
            directs: HashMap::new(),
            blocks: HashMap::new(),
            refusals: HashMap::new(),
            restricted: RestrictedMessages::default(),
            files: MemoryFiles::default(),
            hooks: MemoryHooks::default(),
            identities: BTreeMap::new(),
            webhooks: MemoryWebhooks::default(),
            appended: Vec::new(),
            rewritten: Vec::new(),
            shortened: BTreeMap::new(),
            closed: Vec::new(),
            forgotten: Vec::new(),
            trimmed: Vec::new(),
            ended: Vec::new(),
        }
    }

    pub(super) fn person(&self, user: UserId) -> Option<Person> {
        self.people.get(&user).cloned()
    }
}
