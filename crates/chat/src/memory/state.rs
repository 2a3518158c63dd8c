//! The state of one application in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use wire::{
    ApplicationId, Description, GroupId, Person, ReadState, Refusal, SendId, Seq, Timestamp, Topic, UserId,
};

use super::log::MemoryLog;
use super::records::{
    Group, MemberView, StoredAccount, StoredLink, StoredProfile, StoredReset, StoredSession, Window,
};
use super::restricted_messages::RestrictedMessages;
use crate::auth::session::TokenHash;
use crate::ports::store::{
    Appended, AttemptKey, ExternalKey, NameIndex, OpenTopicUsage, Outcome, Position, Sender, SentBefore,
    Sessions, Version, Write,
};

/// The facts of one application.
pub(super) struct ApplicationState {
    pub(super) id: ApplicationId,
    pub(super) window: Window,
    pub(super) logs: HashMap<Topic, MemoryLog>,
    /// The logs by the order of their last writes: the first is the one to shorten.
    pub(super) by_age: BTreeMap<u64, Topic>,
    pub(super) ages: HashMap<Topic, u64>,
    pub(super) next_age: u64,
    pub(super) bytes: usize,
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
    /// The entries of the present write, and whether each may cause work.
    pub(super) appended: Vec<(Appended, bool)>,
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
            appended: Vec::new(),
            closed: Vec::new(),
            forgotten: Vec::new(),
            trimmed: Vec::new(),
            ended: Vec::new(),
        }
    }

    pub(super) fn write(&mut self, write: &Write) -> Outcome {
        match write {
            Write::Post(draft) => self.post(draft.clone()),
            Write::Publish { draft, bounds } => self.publish(draft.clone(), *bounds),
            Write::KeepRefusals { user, seq, refused } => {
                let kept = self.refusals.entry((*user, *seq)).or_default();
                for (number, refusal) in refused {
                    kept.entry(*number).or_insert_with(|| refusal.clone());
                }
                Outcome::Done
            }
            Write::Trim { topic, before } => self.trim(topic, *before),
            Write::SetRetention { topic, retention } => match self.logs.get_mut(topic) {
                Some(log) => {
                    log.retention = *retention;
                    Outcome::Done
                }
                None => Outcome::Stale,
            },
            // They are those of all applications.
            Write::Jobs(_) | Write::Applications(_) | Write::UserTokens(_) => Outcome::Done,
            Write::PostRestricted(restricted) => self.post_restricted(restricted.clone()),
            Write::Amend(amend) => self.amend(amend),
            Write::ChangeGroup(change) => self.change(change),
            Write::CreateGuest { person, session } => {
                self.people.insert(person.id, person.clone());
                self.guest_names.insert(person.name.as_str(), person.id);
                let told = StoredProfile { since: session.at, bio: Description::default(), picture: None };
                self.profiles.insert(person.id, told);
                self.newcomers.insert((session.at, person.id));
                self.begin(person.id, session)
            }
            Write::PutUser(put) => self.put_user(put),
            Write::RemoveUser { user, name, tokens_valid_from, at } => {
                self.end_user(*user, *tokens_valid_from);
                self.remove_user(*user, name, *at)
            }
            Write::CreateAccount { user, login, password, rank } => self.claim(*user, login, password, *rank),
            Write::MakeOwner { user } => self.own(*user),
            Write::SetPassword { user, checked, password } => self.set_password(*user, checked, password),
            Write::SetBio { user, bio } => {
                if let Some(told) = self.profiles.get_mut(user) {
                    told.bio = bio.clone();
                }
                Outcome::Done
            }
            Write::SetAvatar { user, picture } => {
                if let Some(told) = self.profiles.get_mut(user) {
                    told.picture = picture.clone();
                }
                Outcome::Done
            }
            Write::SetRead { conversation, user, seq, back } => {
                let topic = Topic::of(*conversation);
                let (head, mut moved) = (self.head(&topic), Vec::new());
                if let Some(view) = self.view_mut(*conversation, *user) {
                    let (place, before) = ((*seq).min(head), view.seen);
                    view.read = if *back { place } else { place.max(view.read) };
                    if !back {
                        view.seen = view.seen.max(place);
                        view.delivered = view.delivered.max(place);
                        moved = self.read_copies(&topic, *user, before, place);
                    }
                }
                Outcome::Receipts { moved }
            }
            Write::SetOwnDelivered { marks } => {
                let moved = marks.iter().flat_map(|(user, seq)| self.deliver_copies(*user, *seq)).collect();
                Outcome::Receipts { moved }
            }
            Write::SetDelivered { marks } => {
                let mut moved = Vec::new();
                for (conversation, user, seq) in marks {
                    let place = (*seq).min(self.head(&Topic::of(*conversation)));
                    let Some(view) = self.view_mut(*conversation, *user) else { continue };
                    if place <= view.delivered {
                        continue;
                    }
                    view.delivered = place;
                    let marks = ReadState { user: *user, delivered: place, read: view.seen };
                    if !self.is_blocked(*conversation) {
                        moved.push((*conversation, marks));
                    }
                }
                Outcome::Delivered { moved }
            }
            Write::PostFirst { draft, creation } => {
                let outcome = self.post(draft.clone());
                if matches!(outcome, Outcome::Posted { .. }) {
                    self.list_direct(creation);
                }
                outcome
            }
            Write::PostFirstInGroup { change, draft, recipients } => {
                self.change_with(change, draft.clone(), recipients.as_deref())
            }
            Write::Block { by, user, on } => {
                let blocks = self.blocks.entry(*by).or_default();
                blocks.retain(|blocked| blocked != user);
                if *on {
                    blocks.push(*user);
                }
                Outcome::Done
            }
            Write::SetPreferences { conversation, user, notify, hidden, news } => {
                if let Some(view) = self.view_mut(*conversation, *user) {
                    (view.notify, view.hidden) = (*notify, *hidden);
                    self.append(news.clone());
                }
                Outcome::Done
            }
            Write::SetApplicationRole { user, role } => {
                if let Some(account) = self.accounts.get_mut(user) {
                    account.role = *role;
                }
                self.resets.retain(|_, reset| reset.user != *user && reset.by != Some(*user));
                Outcome::Done
            }
            Write::CreateReset { token, user, by, until } => {
                self.resets.insert(*token, StoredReset { user: *user, by: *by, until: *until });
                Outcome::Done
            }
            Write::ResetPassword { token, password } => self.use_reset(*token, password),
            Write::SignIn { user, checked, session } => match checked {
                Some(checked) if !self.is_password(*user, checked) => Outcome::Stale,
                _ => self.begin(*user, session),
            },
            Write::SignOut { user, which, at } => self.sign_out(*user, *which, *at),
            Write::WithAudit { write, note } => {
                let outcome = self.write(write);
                if outcome == Outcome::Done {
                    self.append(note.clone());
                }
                outcome
            }
            Write::Transaction { first, then } => {
                let outcome = self.write(first);
                if outcome == Outcome::Done {
                    for write in then {
                        self.write(write);
                    }
                }
                outcome
            }
            Write::TakeAttempts { attempts, at } => self.take_attempts(attempts, *at),
            Write::ReturnAttempts { attempts } => self.give_back(attempts),
            Write::RememberDevice { user, device, .. } => self.know_device(*user, *device),
            Write::Sweep(sweep) => {
                self.sweep_attempts(sweep.attempts_before);
                self.sweep_links(sweep.links_before);
                self.sweep_user_tokens(sweep.links_before);
                let expired = self.sweep_sessions(sweep.sessions_seen_before, sweep.sessions_begun_before);
                let guests = self.sweep_guests(sweep.guests_before, sweep.guests);
                let ended = expired.into_iter().map(|(user, token)| (sweep.at, user, Sessions::One(token)));
                self.ended.extend(ended.chain(guests.iter().map(|user| (sweep.at, *user, Sessions::All))));
                Outcome::Swept { guests }
            }
            Write::TouchSession { token, at } => {
                if let Some(session) = self.sessions.get_mut(token) {
                    session.seen = *at;
                    session.since = session.since.min(*at);
                }
                Outcome::Done
            }
        }
    }

    pub(super) fn person(&self, user: UserId) -> Option<Person> {
        self.people.get(&user).cloned()
    }
}
