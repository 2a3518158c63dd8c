use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use wire::{
    AppRole, Conversation, Description, Door, Epoch, GroupId, GroupSummary, Invite, Json, Login, Marks,
    Member, Mine, Notify, Page, Pair, Person, Role, SendId, Seq, Settings, Summary, Timestamp, Topic, UserId,
};

use super::Window;
use super::log::VolatileLog;
use crate::session::{Session, SessionSummary, TokenHash};
use crate::store::{Account, AccountKey, Listed, Listing, NewSession, PasswordHash, Profile};
use crate::store::{Amend, Change, Conversations, Draft, Fact, Outcome, Range, Roster, Sender};
use crate::store::{Meeting, Part, Placed, SentBefore, Standing};
use crate::store::{Version, Write};

/// Everything a volatile store knows.
pub(super) struct State {
    window: Window,
    logs: HashMap<Topic, VolatileLog>,
    /// Which log was written to when: the first is the one to shorten.
    by_age: BTreeMap<u64, Topic>,
    ages: HashMap<Topic, u64>,
    next_age: u64,
    bytes: usize,
    sent: HashMap<(Sender, SendId), SentBefore>,
    people: HashMap<UserId, Person>,
    profiles: HashMap<UserId, Told>,
    sessions: HashMap<TokenHash, Stored>,
    next_session: u64,
    accounts: HashMap<UserId, Claimed>,
    logins: HashMap<Login, UserId>,
    resets: HashMap<TokenHash, Reset>,
    groups: HashMap<GroupId, Group>,
    /// The groups of each user, the one joined first first.
    joined: HashMap<UserId, Vec<GroupId>>,
    /// The directs in which something was said: how each of the two sees it.
    directs: HashMap<UserId, HashMap<UserId, View>>,
    /// Whom each user has blocked, the first one first.
    blocks: HashMap<UserId, Vec<UserId>>,
}

/// How a member sees a conversation.
#[derive(Clone, Copy, Default)]
struct View {
    /// How far they have read.
    read: Seq,
    /// How far others see that they have got it, and read it.
    delivered: Seq,
    seen: Seq,
    notify: Notify,
    hidden: bool,
}

/// What somebody tells of themselves.
struct Told {
    since: Timestamp,
    bio: Description,
    picture: Option<Bytes>,
}

struct Stored {
    user: UserId,
    label: String,
    since: Timestamp,
    seen: Timestamp,
    /// Counts sessions: which one began last.
    number: u64,
}

/// What a token for a new password stands for.
struct Reset {
    user: UserId,
    by: Option<UserId>,
    until: Timestamp,
}

struct Claimed {
    password: PasswordHash,
    role: AppRole,
}

struct Group {
    settings: Settings,
    members: Vec<Member>,
    bans: Vec<Person>,
    invites: Vec<Invite>,
    /// When each member spoke last, where slow mode watches.
    spoke: HashMap<UserId, Timestamp>,
    /// How each member sees it.
    views: HashMap<UserId, View>,
    version: Version,
}

impl Group {
    fn establish(&mut self, fact: &Fact) {
        match fact {
            Fact::Created { .. } | Fact::Deleted => {}
            Fact::Settled(settings) => self.settings = settings.clone(),
            Fact::Seated(member) => self.members.push(member.clone()),
            Fact::Unseated(user) => {
                self.members.retain(|member| member.person.id != *user);
                self.spoke.remove(user);
                self.views.remove(user);
            }
            Fact::Ranked(user, role) => self.change_seat(*user, |member| member.role = *role),
            Fact::Muted(user, until) => self.change_seat(*user, |member| member.muted_until = *until),
            Fact::Banned(person) => self.bans.push(person.clone()),
            Fact::Unbanned(user) => self.bans.retain(|banned| banned.id != *user),
            Fact::Invited(invite) => self.invites.push(invite.clone()),
            Fact::InviteUsed(id) => {
                for invite in self.invites.iter_mut().filter(|invite| invite.id == *id) {
                    invite.uses = invite.uses.map(|uses| uses.saturating_sub(1));
                }
            }
            Fact::InviteGone(id) => self.invites.retain(|invite| invite.id != *id),
        }
    }

    /// A seat with how far the log has come to it.
    fn marked(&self, member: &Member) -> Member {
        let view = self.views.get(&member.person.id).copied().unwrap_or_default();
        Member { delivered: view.delivered, read: view.seen, ..member.clone() }
    }

    fn change_seat(&mut self, user: UserId, change: impl Fn(&mut Member)) {
        self.members.iter_mut().filter(|member| member.person.id == user).for_each(change);
    }
}

impl State {
    pub(super) fn new(window: Window) -> Self {
        Self {
            window,
            logs: HashMap::new(),
            by_age: BTreeMap::new(),
            ages: HashMap::new(),
            next_age: 0,
            bytes: 0,
            sent: HashMap::new(),
            people: HashMap::new(),
            profiles: HashMap::new(),
            sessions: HashMap::new(),
            next_session: 0,
            accounts: HashMap::new(),
            logins: HashMap::new(),
            resets: HashMap::new(),
            groups: HashMap::new(),
            joined: HashMap::new(),
            directs: HashMap::new(),
            blocks: HashMap::new(),
        }
    }

    pub(super) fn write(&mut self, write: &Write) -> Outcome {
        match write {
            Write::Post(draft) => self.post(draft),
            Write::Broadcast { record, parts } => self.broadcast(record, parts),
            Write::Amend(amend) => self.amend(amend),
            Write::Change(change) => self.change(change),
            Write::Introduce { person, session } => {
                self.people.insert(person.id, person.clone());
                let told = Told { since: session.at, bio: Description::default(), picture: None };
                self.profiles.insert(person.id, told);
                self.begin(person.id, session)
            }
            Write::Claim { user, login, password } => self.claim(*user, login, password),
            Write::SetPassword { user, password } => {
                if let Some(account) = self.accounts.get_mut(user) {
                    account.password = password.clone();
                }
                self.resets.retain(|_, reset| reset.user != *user);
                Outcome::Done
            }
            Write::Describe { user, bio } => {
                if let Some(told) = self.profiles.get_mut(user) {
                    told.bio = bio.clone();
                }
                Outcome::Done
            }
            Write::Portray { user, picture } => {
                if let Some(told) = self.profiles.get_mut(user) {
                    told.picture = picture.clone();
                }
                Outcome::Done
            }
            Write::Read { conversation, user, seq, back } => {
                let head = self.head(&Topic::of(*conversation));
                if let Some(view) = self.view_mut(*conversation, *user) {
                    let place = (*seq).min(head);
                    view.read = if *back { place } else { place.max(view.read) };
                    if !back {
                        view.seen = view.seen.max(place);
                        view.delivered = view.delivered.max(place);
                    }
                }
                Outcome::Done
            }
            Write::Delivered { marks } => {
                let mut moved = Vec::new();
                for (conversation, user, seq) in marks {
                    let place = (*seq).min(self.head(&Topic::of(*conversation)));
                    let Some(view) = self.view_mut(*conversation, *user) else { continue };
                    if place <= view.delivered {
                        continue;
                    }
                    view.delivered = place;
                    let marks = Marks { user: *user, delivered: place, read: view.seen };
                    if !self.is_blocked(*conversation) {
                        moved.push((*conversation, marks));
                    }
                }
                Outcome::Delivered { moved }
            }
            Write::Meet(meeting) => self.meet(meeting),
            Write::Block { by, user, on } => {
                let blocks = self.blocks.entry(*by).or_default();
                blocks.retain(|blocked| blocked != user);
                if *on {
                    blocks.push(*user);
                }
                Outcome::Done
            }
            Write::Prefer { conversation, user, notify, hidden, news } => {
                let Some(view) = self.view_mut(*conversation, *user) else { return Outcome::Done };
                (view.notify, view.hidden) = (*notify, *hidden);
                Outcome::Posted { seq: self.append(news) }
            }
            Write::AppRank { user, role } => {
                if let Some(account) = self.accounts.get_mut(user) {
                    account.role = *role;
                }
                self.resets.retain(|_, reset| reset.user != *user && reset.by != Some(*user));
                Outcome::Done
            }
            Write::OfferReset { token, user, by, until } => {
                self.resets.insert(*token, Reset { user: *user, by: *by, until: *until });
                Outcome::Done
            }
            Write::UseReset { token, password } => self.use_reset(*token, password),
            Write::SignIn { user, session } => self.begin(*user, session),
            Write::SignOut { user, which } => {
                self.sessions.retain(|token, session| session.user != *user || !which.contains(*token));
                Outcome::Done
            }
            Write::Noted { write, note } => match self.write(write) {
                Outcome::Done => Outcome::Noted { seq: self.append(note) },
                other => other,
            },
            Write::Touch { token, at } => {
                if let Some(session) = self.sessions.get_mut(token) {
                    session.seen = *at;
                }
                Outcome::Done
            }
        }
    }

    pub(super) fn page(&self, topic: &Topic, range: Range, epoch: Epoch) -> Page<Json> {
        match self.logs.get(topic) {
            Some(log) => {
                let entries = log.entries(topic, range);
                Page { entries, epoch, begins: log.begins(), head: log.head }
            }
            None => Page { entries: Vec::new(), epoch, begins: Seq(1), head: Seq::ZERO },
        }
    }

    pub(super) fn roster(&self, id: GroupId) -> Option<Roster> {
        self.groups.get(&id).map(|group| Roster {
            id,
            settings: group.settings.clone(),
            members: group.members.iter().map(|member| group.marked(member)).collect(),
            bans: group.bans.clone(),
            invites: group.invites.clone(),
            version: group.version,
            head: self.head(&Topic::group(id)),
        })
    }

    pub(super) fn standing(&self, conversation: Conversation, user: UserId) -> Option<Standing> {
        let topic = Topic::of(conversation);
        match conversation {
            Conversation::Group(id) => self.in_group(id, &topic, user),
            Conversation::Direct(pair) => self.in_direct(pair, &topic, user),
        }
    }

    /// Whether it is a direct in which one has blocked the other.
    fn is_blocked(&self, conversation: Conversation) -> bool {
        let Conversation::Direct(pair) = conversation else { return false };
        let [one, other] = pair.people();
        self.blocks(one, other) || self.blocks(other, one)
    }

    fn blocks(&self, by: UserId, user: UserId) -> bool {
        self.blocks.get(&by).is_some_and(|of| of.contains(&user))
    }

    fn in_direct(&self, pair: Pair, topic: &Topic, user: UserId) -> Option<Standing> {
        if !pair.has(user) || pair.people().iter().any(|user| !self.people.contains_key(user)) {
            return None;
        }
        let other = pair.other(user);
        let view = self.directs.get(&user).and_then(|views| views.get(&other)).copied();
        let View { read, delivered, seen, notify, hidden } = view.unwrap_or_default();
        let (unread, _) = self.unread(topic, read, user);
        Some(Standing {
            role: Some(Role::Member),
            read,
            delivered,
            seen,
            unread,
            mentions: unread,
            notify,
            hidden,
            blocked: self.is_blocked(Conversation::Direct(pair)),
            blocks: self.blocks(user, other),
            listed: view.is_some(),
            ..Standing::default()
        })
    }

    fn in_group(&self, id: GroupId, topic: &Topic, user: UserId) -> Option<Standing> {
        let group = self.groups.get(&id)?;
        let view = group.views.get(&user).copied();
        let View { read, delivered, seen, notify, hidden } = view.unwrap_or_default();
        let (unread, mentions) = view.map(|view| self.unread(topic, view.read, user)).unwrap_or_default();
        let member = group.members.iter().find(|member| member.person.id == user);
        Some(Standing {
            role: member.map(|member| member.role),
            muted_until: member.and_then(|member| member.muted_until),
            spoke_at: group.spoke.get(&user).copied(),
            archived: group.settings.archived,
            announcing: group.settings.announcing,
            slow_s: group.settings.slow_s,
            read,
            delivered,
            seen,
            unread,
            mentions,
            notify,
            hidden,
            blocked: false,
            blocks: false,
            listed: view.is_some(),
        })
    }

    pub(super) fn person(&self, user: UserId) -> Option<Person> {
        self.people.get(&user).cloned()
    }

    pub(super) fn conversations(&self, user: UserId) -> Conversations {
        let joined = self.joined.get(&user).map(Vec::as_slice).unwrap_or_default();
        let groups = joined.iter().filter_map(|id| {
            let group = self.groups.get(id)?;
            let since = group.members.iter().find(|member| member.person.id == user)?.since;
            let summary = Summary::Group(GroupSummary { id: *id, name: group.settings.name.clone() });
            self.mine(summary, Conversation::Group(*id), user, since)
        });
        let views = self.directs.get(&user);
        let directs = views.into_iter().flat_map(HashMap::keys).filter_map(|other| {
            let (pair, with) = (Pair::of(user, *other)?, self.person(*other)?);
            self.mine(Summary::direct(pair, with), Conversation::Direct(pair), user, Timestamp(0))
        });
        let mut mine: Vec<Mine> = groups.chain(directs).collect();
        mine.sort_by_key(|mine| std::cmp::Reverse((mine.at, mine.what.topic())));
        Conversations { mine, head: self.head(&Topic::user(user)) }
    }

    fn mine(
        &self,
        what: Summary,
        conversation: Conversation,
        user: UserId,
        since: Timestamp,
    ) -> Option<Mine> {
        let Standing { unread, mentions, notify, hidden, .. } = self.standing(conversation, user)?;
        let log = self.logs.get(&Topic::of(conversation));
        let (head, at) = (log.map(|log| log.head).unwrap_or_default(), log.and_then(VolatileLog::newest));
        Some(Mine { what, unread, mentions, notify, hidden, head, at: at.unwrap_or(since) })
    }

    pub(super) fn people(&self, user: UserId, words: &str, everyone: bool, limit: usize) -> Vec<Person> {
        let words = words.to_lowercase();
        let joined = self.joined.get(&user).map(Vec::as_slice).unwrap_or_default();
        let near = joined.iter().filter_map(|id| self.groups.get(id)).flat_map(|group| &group.members);
        let mut known: HashMap<UserId, &Person> =
            near.map(|member| (member.person.id, &member.person)).collect();
        if everyone {
            known.extend(self.accounts.keys().filter_map(|id| Some((*id, self.people.get(id)?))));
        }
        known.remove(&user);
        let fits = |person: &&Person| person.name.as_str().to_lowercase().contains(&words);
        let mut people: Vec<Person> = known.into_values().filter(fits).cloned().collect();
        people.sort_by_key(|person| (person.name.as_str().to_lowercase(), person.id));
        people.truncate(limit);
        people
    }

    pub(super) fn listings(&self, words: &str, all: bool, limit: usize) -> Vec<Listing> {
        let words = words.to_lowercase();
        let is_listed = |settings: &Settings| settings.door == Door::Listed && !settings.archived;
        let found = self.groups.iter().filter(|(_, group)| {
            (all || is_listed(&group.settings))
                && group.settings.name.as_str().to_lowercase().contains(&words)
        });
        let listing = |(id, group): (&GroupId, &Group)| Listing {
            group: GroupSummary { id: *id, name: group.settings.name.clone() },
            description: group.settings.description.clone(),
            members: u32::try_from(group.members.len()).unwrap_or(u32::MAX),
        };
        let mut found: Vec<Listing> = found.map(listing).collect();
        found.sort_by_key(|listing| (listing.group.name.as_str().to_lowercase(), listing.group.id));
        found.truncate(limit);
        found
    }

    pub(super) fn profile(&self, user: UserId) -> Option<Profile> {
        let (person, told) = (self.person(user)?, self.profiles.get(&user)?);
        let Told { since, bio, picture } = told;
        Some(Profile { person, since: *since, bio: bio.clone(), has_picture: picture.is_some() })
    }

    pub(super) fn picture(&self, user: UserId) -> Option<Bytes> {
        self.profiles.get(&user)?.picture.clone()
    }

    pub(super) fn blocked(&self, user: UserId) -> Vec<Person> {
        let blocked = self.blocks.get(&user).map(Vec::as_slice).unwrap_or_default();
        blocked.iter().rev().filter_map(|user| self.person(*user)).collect()
    }

    fn meet(&mut self, Meeting { pair, news }: &Meeting) -> Outcome {
        let [low, high] = pair.people();
        if self.directs.get(&low).is_some_and(|views| views.contains_key(&high)) {
            return Outcome::Done;
        }
        for (user, other) in [(low, high), (high, low)] {
            self.directs.entry(user).or_default().insert(other, View::default());
        }
        Outcome::Changed { places: news.iter().map(|draft| self.append(draft)).collect() }
    }

    fn view_mut(&mut self, conversation: Conversation, user: UserId) -> Option<&mut View> {
        match conversation {
            Conversation::Group(id) => self.groups.get_mut(&id)?.views.get_mut(&user),
            Conversation::Direct(pair) => self.directs.get_mut(&user)?.get_mut(&pair.other(user)),
        }
    }

    pub(super) fn session(&self, token: TokenHash) -> Option<Session> {
        let stored = self.sessions.get(&token)?;
        let person = self.people.get(&stored.user)?.clone();
        Some(Session { person, since: stored.since, seen: stored.seen })
    }

    pub(super) fn account(&self, key: &AccountKey) -> Option<Account> {
        let user = match key {
            AccountKey::User(user) => *user,
            AccountKey::Login(login) => *self.logins.get(login)?,
        };
        let Claimed { password, role } = self.accounts.get(&user)?;
        Some(Account { person: self.person(user)?, password: password.clone(), role: *role })
    }

    pub(super) fn sessions(&self, user: UserId) -> Vec<SessionSummary> {
        let mut sessions: Vec<_> = self.sessions.iter().filter(|(_, session)| session.user == user).collect();
        sessions.sort_by_key(|(_, session)| std::cmp::Reverse(session.number));
        let summary = |(token, session): (&TokenHash, &Stored)| SessionSummary {
            token: *token,
            label: session.label.clone(),
            since: session.since,
            seen: session.seen,
        };
        sessions.into_iter().map(summary).collect()
    }

    fn begin(&mut self, user: UserId, session: &NewSession) -> Outcome {
        self.next_session += 1;
        let NewSession { token, label, at } = session.clone();
        let stored = Stored { user, label, since: at, seen: at, number: self.next_session };
        self.sessions.insert(token, stored);
        Outcome::Done
    }

    fn use_reset(&mut self, token: TokenHash, password: &PasswordHash) -> Outcome {
        let Some(user) = self.resets.get(&token).map(|reset| reset.user) else { return Outcome::Stale };
        self.resets.retain(|_, reset| reset.user != user);
        if let Some(account) = self.accounts.get_mut(&user) {
            account.password = password.clone();
        }
        Outcome::Done
    }

    pub(super) fn accounts(&self) -> Vec<Listed> {
        let listed = |(user, account): (&UserId, &Claimed)| {
            Some(Listed { person: self.person(*user)?, role: account.role })
        };
        let mut accounts: Vec<Listed> = self.accounts.iter().filter_map(listed).collect();
        accounts.sort_by_key(|listed| (listed.person.name.as_str().to_lowercase(), listed.person.id));
        accounts
    }

    pub(super) fn reset(&self, token: TokenHash) -> Option<(UserId, Timestamp)> {
        self.resets.get(&token).map(|reset| (reset.user, reset.until))
    }

    fn claim(&mut self, user: UserId, login: &Login, password: &PasswordHash) -> Outcome {
        if self.logins.contains_key(login) || self.accounts.contains_key(&user) {
            return Outcome::LoginTaken;
        }
        let role = if self.accounts.is_empty() { AppRole::Owner } else { AppRole::Member };
        self.logins.insert(login.clone(), user);
        self.accounts.insert(user, Claimed { password: password.clone(), role });
        Outcome::Done
    }

    fn unread(&self, topic: &Topic, read: Seq, user: UserId) -> (u32, u32) {
        self.logs.get(topic).map(|log| log.unread(read, user)).unwrap_or_default()
    }

    pub(super) fn log(&self, topic: &Topic) -> Option<&VolatileLog> {
        self.logs.get(topic)
    }

    fn post(&mut self, draft: &Draft) -> Outcome {
        if let Some(outcome) = self.known_or_refused(draft) {
            return outcome;
        }
        Outcome::Posted { seq: self.append(draft) }
    }

    fn broadcast(&mut self, record: &Draft, parts: &[Part]) -> Outcome {
        if let Some(outcome) = self.sent_before(record) {
            return outcome;
        }
        let mut places = Vec::with_capacity(parts.len());
        for Part { draft, meeting } in parts {
            places.push(match self.post(draft) {
                Outcome::Posted { seq } => {
                    let met = match meeting.as_ref().map(|meeting| self.meet(meeting)) {
                        Some(Outcome::Changed { places }) => places,
                        _ => Vec::new(),
                    };
                    Some(Placed { seq, met })
                }
                _ => None,
            });
        }
        Outcome::Broadcast { seq: self.append(record), places }
    }

    pub(super) fn sent(&self, sender: Sender, id: &SendId) -> Option<SentBefore> {
        self.sent.get(&(sender, id.clone())).cloned()
    }

    fn amend(&mut self, amend: &Amend) -> Outcome {
        let topic = &amend.news.topic;
        if let Some(outcome) = self.sent_before(&amend.news) {
            return outcome;
        }
        let version = self.log(topic).and_then(|log| log.at(amend.target)).map(|held| held.version);
        if version != Some(amend.version) {
            return Outcome::Stale;
        }
        if let Some(outcome) = self.known_or_refused(&amend.news) {
            return outcome;
        }
        self.rewrite(topic, amend.target, &amend.data);
        for (seq, data) in &amend.others {
            self.rewrite(topic, *seq, data);
        }
        if let Some(held) = self.logs.get_mut(topic).and_then(|log| log.at_mut(amend.target)) {
            held.version = Version(held.version.0 + 1);
            held.pinned = amend.pinned;
            held.counts = amend.counts;
            held.mentions = amend.mentions.clone();
        }
        Outcome::Posted { seq: self.append(&amend.news) }
    }

    fn rewrite(&mut self, topic: &Topic, seq: Seq, data: &Json) {
        let Some(held) = self.logs.get_mut(topic).and_then(|log| log.at_mut(seq)) else { return };
        self.bytes -= held.bytes();
        held.entry.data = data.clone();
        self.bytes += held.bytes();
    }

    /// What becomes of a draft that is not appended, because it was before or may not be.
    fn known_or_refused(&mut self, draft: &Draft) -> Option<Outcome> {
        if let Some(outcome) = self.sent_before(draft) {
            return Some(outcome);
        }
        let right = draft.right?;
        let standing = self.standing(right.conversation, right.user);
        if let Err(refusal) = right.check(standing.as_ref(), draft.at) {
            return Some(Outcome::Refused(refusal));
        }
        if right.is_watched(standing.as_ref())
            && let Conversation::Group(id) = right.conversation
            && let Some(group) = self.groups.get_mut(&id)
        {
            group.spoke.insert(right.user, draft.at);
        }
        None
    }

    fn sent_before(&self, draft: &Draft) -> Option<Outcome> {
        let sent = self.sent.get(&(draft.sender, draft.id.clone()))?;
        Some(if sent.topic == draft.topic && sent.body == draft.body {
            Outcome::Repeated { seq: sent.seq, at: sent.at }
        } else {
            Outcome::SendIdTaken
        })
    }

    fn change(&mut self, change: &Change) -> Outcome {
        if self.groups.get(&change.group).map(|group| group.version) != change.version {
            return Outcome::Stale;
        }
        for fact in &change.facts {
            self.establish(change.group, fact);
        }
        if let Some(group) = self.groups.get_mut(&change.group) {
            group.version = Version(group.version.0 + 1);
        }
        Outcome::Changed { places: change.news.iter().map(|draft| self.append(draft)).collect() }
    }

    fn establish(&mut self, id: GroupId, fact: &Fact) {
        match fact {
            Fact::Created { settings, .. } => {
                let group = Group {
                    settings: settings.clone(),
                    members: Vec::new(),
                    bans: Vec::new(),
                    invites: Vec::new(),
                    spoke: HashMap::new(),
                    views: HashMap::new(),
                    version: Version(0),
                };
                self.groups.insert(id, group);
            }
            Fact::Deleted => {
                if let Some(group) = self.groups.remove(&id) {
                    for member in group.members {
                        self.joined.entry(member.person.id).or_default().retain(|joined| *joined != id);
                    }
                }
                self.drop_log(&Topic::group(id));
                self.drop_log(&Topic::audit(id));
            }
            Fact::Seated(member) => {
                let head = self.head(&Topic::group(id));
                if let Some(group) = self.groups.get_mut(&id) {
                    group.views.insert(member.person.id, View { read: head, ..View::default() });
                }
                self.joined.entry(member.person.id).or_default().push(id);
            }
            Fact::Unseated(user) => {
                self.joined.entry(*user).or_default().retain(|joined| *joined != id);
            }
            _ => {}
        }
        if let Some(group) = self.groups.get_mut(&id) {
            group.establish(fact);
        }
    }

    /// Gives up a whole log, and the ids in it.
    fn drop_log(&mut self, topic: &Topic) {
        while self.logs.get(topic).is_some_and(|log| log.len() > 0) {
            self.forget(topic);
        }
        self.logs.remove(topic);
    }

    fn append(&mut self, draft: &Draft) -> Seq {
        let log = self.logs.entry(draft.topic.clone()).or_default();
        let seq = log.append(draft);
        self.bytes += draft.data.as_str().len() + 200;
        let sent = SentBefore { topic: draft.topic.clone(), seq, body: draft.body, at: draft.at };
        self.sent.insert((draft.sender, draft.id.clone()), sent);
        let crowded = log.len() > self.window.entries;
        self.age(&draft.topic);
        if crowded {
            self.forget(&draft.topic.clone());
        }
        while self.bytes > self.window.bytes {
            let Some(topic) = self.by_age.values().next().cloned() else { break };
            self.forget(&topic);
        }
        seq
    }

    /// Marks a log as the one written to last.
    fn age(&mut self, topic: &Topic) {
        self.next_age += 1;
        if let Some(age) = self.ages.insert(topic.clone(), self.next_age) {
            self.by_age.remove(&age);
        }
        self.by_age.insert(self.next_age, topic.clone());
    }

    /// Gives up the oldest entry of a log, and its id with it.
    fn forget(&mut self, topic: &Topic) {
        let Some(log) = self.logs.get_mut(topic) else { return };
        if let Some(kept) = log.forget() {
            self.bytes -= kept.bytes();
            self.sent.remove(&(kept.sender, kept.entry.id));
        }
        if log.len() == 0
            && let Some(age) = self.ages.remove(topic)
        {
            self.by_age.remove(&age);
        }
    }

    fn head(&self, topic: &Topic) -> Seq {
        self.logs.get(topic).map_or(Seq::ZERO, |log| log.head)
    }
}
