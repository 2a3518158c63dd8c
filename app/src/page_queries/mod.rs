//! Queries of the pages that only the server renders: they run in its process, so they are no server functions.

mod applications;
mod search;
mod sign_in;
mod webhooks;

use std::future::Future;

use chat::store::{Hook, NodeRow};
use wire::{
    AppRole, AuditEvent, ConversationSummary, Entry, GroupAdminView, GroupId, GroupName, GroupView, Member,
    Page, PageStart, Pair, Person, Refusal, Role, SendId, Seq, Timestamp, UserId,
};

/// The visitor who opens the owner link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnerToBe {
    /// Somebody without a name.
    Stranger,
    /// A guest, who gets an account.
    Guest,
    /// A user with an account.
    Account,
}

pub(crate) use applications::{ApplicationData, ApplicationsData, application, applications};
pub(crate) use search::{SearchData, SearchForm, SearchResult, searched};
pub(crate) use sign_in::{SignInData, SignInWay, sign_in_page};
pub(crate) use webhooks::{WebhookData, WebhooksData, webhook, webhooks};

pub(crate) use chat::ListPart;
pub(crate) use chat::store::{AccountListing, GroupListing, Profile};
/// The results of a broadcast.
pub(crate) use chat::{Broadcast as Results, SendResult};

use crate::failure::Failure;
use crate::returned::ShownOnce;
use crate::server_fns::context::{caller, chat, group_id, link_to, user_id};

/// The data of the page on which admins manage a group.
pub(crate) struct GroupAdminData {
    pub(crate) management: GroupAdminView,
    /// True if there are more members after those on the page.
    pub(crate) more: bool,
    /// Users whom the admin knows and could add.
    pub(crate) known: Vec<Person>,
    /// The group's own link.
    pub(crate) link: String,
    /// Its incoming webhooks, each with its creator, if that is known.
    pub(crate) hooks: Vec<(Hook, Option<Person>)>,
    /// The URL of a webhook that was made by the form before, shown once.
    pub(crate) hook_url: Option<String>,
    pub(crate) now: Timestamp,
}

/// Returns the data of the page on which admins manage a group. Takes the caller from context at once.
pub(crate) fn management(
    group: String,
    find: String,
    after: Option<UserId>,
) -> impl Future<Output = Result<GroupAdminData, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    let id = group_id(&group);
    let link = id.as_ref().ok().map(|id| link_to(*id)).unwrap_or_default();
    let hook_url = leptos::prelude::use_context::<ShownOnce>().and_then(|shown| shown.get());
    async move {
        let id = id?;
        let page = chat.management(&caller, id, &find, after).await?;
        let chat::ManagementPage { management, more, known } = page;
        let hooks = chat.hooks(&caller, id).await?;
        let creators = chat.hook_creators(&caller, id, &hooks).await?;
        let hooks = hooks.into_iter().zip(creators).collect();
        Ok(GroupAdminData { management, more, known, link, hooks, hook_url, now: chat.now() })
    }
}

/// A part of the members of a group.
pub(crate) struct MembersPart {
    /// The group's name.
    pub(crate) name: String,
    /// The number of members.
    pub(crate) count: u32,
    pub(crate) members: ListPart<Member>,
}

/// Returns members of a group, for its members. Takes the caller from context at once.
pub(crate) fn members(
    group: String,
    find: String,
    after: Option<UserId>,
) -> impl Future<Output = Result<MembersPart, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        let (listing, members) = chat.members(&caller, group_id(&group)?, &find, after).await?;
        Ok(MembersPart { name: listing.group.name.to_string(), count: listing.members, members })
    }
}

/// Returns the name of a group and a part of its audit log. Takes the caller from context at once.
pub(crate) fn group_audit(
    group: String,
    before: Option<Seq>,
) -> impl Future<Output = Result<(GroupName, Page), Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move { Ok(chat.group_audit(&caller, group_id(&group)?, before).await?) }
}

/// One message, for a caller who may read it.
pub(crate) struct MessageData {
    /// The group or direct that the message is in.
    pub(crate) what: ConversationSummary,
    pub(crate) entry: Entry,
    /// The caller, who need not be its author.
    pub(crate) me: Person,
    /// True if the caller is the author.
    pub(crate) mine: bool,
    /// True if the caller is an admin of the group.
    pub(crate) is_admin: bool,
    /// The members by delivery state, without the author: read, delivered and not read, not delivered.
    pub(crate) come: [Vec<Person>; 3],
    /// A fresh id for the reply form.
    pub(crate) form_id: SendId,
}

/// Returns one message of a group, or of the direct with a person. Takes the caller from context at once.
pub(crate) fn message(
    group: Option<String>,
    person: Option<String>,
    seq: u64,
) -> impl Future<Output = Result<MessageData, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        let (me, place) = (caller.user()?, PageStart::Around(Seq(seq)));
        let view = match person {
            Some(person) => chat.open_direct(&caller, user_id(&person)?, place).await?,
            None => chat.open_group(&caller, group_id(&group.unwrap_or_default())?, place, None).await?,
        };
        let GroupView::Inside(opened) = view else { return Err(Refusal::NotMember.into()) };
        let found = opened.page.entries.into_iter().find(|entry| entry.seq == Seq(seq));
        let entry = found.ok_or(Refusal::NotFound)?;
        let mine = matches!(&entry.data, wire::Event::Message { author, .. } if author.id == me.id);
        let seat = opened.members.iter().find(|member| member.person.id == me.id);
        let is_admin = seat.is_some_and(|member| member.role == Role::Admin);
        let mut come = [Vec::new(), Vec::new(), Vec::new()];
        for member in opened.members {
            let is_author =
                matches!(&entry.data, wire::Event::Message { author, .. } if *author == member.person);
            let far =
                if member.read >= entry.seq { 0 } else { 2 - usize::from(member.delivered >= entry.seq) };
            if !is_author {
                come[far].push(member.person);
            }
        }
        let (me, form_id) = (me.clone(), chat.new_send_id());
        Ok(MessageData { what: opened.what, entry, me, mine, is_admin, come, form_id })
    }
}

/// Returns users to write to, by name. Takes the caller from context at once.
pub(crate) fn people_called(
    words: String,
    after: Option<UserId>,
) -> impl Future<Output = Result<ListPart<Person>, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move { Ok(chat.people_after(&caller, &words, after).await?) }
}

/// Returns listed groups, by name. Takes the caller from context at once.
pub(crate) fn listings(
    words: String,
    after: Option<GroupId>,
) -> impl Future<Output = Result<ListPart<GroupListing>, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        caller.user()?;
        Ok(chat.listed_groups(&caller, &words, after).await?)
    }
}

/// A user's profile, for another user or for themselves.
pub(crate) struct ProfileData {
    pub(crate) profile: Profile,
    /// The role of the account; none without one.
    pub(crate) role: Option<AppRole>,
    /// True for a guest: the user has no account, and the application does not name them.
    pub(crate) is_guest: bool,
    /// True if it is the caller's own profile.
    pub(crate) mine: bool,
}

/// Returns a user's profile. Takes the caller from context at once.
pub(crate) fn profile(person: String) -> impl Future<Output = Result<ProfileData, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        let me = caller.user()?;
        let (profile, role) = chat.profile(&caller, user_id(&person)?).await?;
        let mine = profile.person == *me;
        let is_guest = !chat.is_known(&caller, profile.person.id).await?;
        Ok(ProfileData { profile, role, is_guest, mine })
    }
}

/// The conversations that a broadcast can go to.
pub(crate) struct Audiences {
    pub(crate) groups: Vec<ConversationSummary>,
    pub(crate) people: Vec<ConversationSummary>,
    /// True if the caller may reach everyone.
    pub(crate) is_admin: bool,
    /// A fresh id for the form.
    pub(crate) form_id: SendId,
}

/// Returns the conversations that a broadcast can go to. Takes the caller from context at once.
pub(crate) fn audiences() -> impl Future<Output = Result<Audiences, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        let me = caller.user()?;
        let mine = chat.overview(&caller).await?.mine.into_iter().map(|mine| mine.what);
        let groups = mine.filter(|what| matches!(what, ConversationSummary::Group(_))).collect();
        let people = chat.people(&caller, "").await?.into_iter();
        let people = people
            .filter_map(|with| Some(ConversationSummary::direct(Pair::of(me.id, with.id)?, with)))
            .collect();
        let role = chat.account(&caller).await?.map(|account| account.role);
        let is_admin = role.is_some_and(|role| role >= AppRole::Admin);
        Ok(Audiences { groups, people, is_admin, form_id: chat.new_send_id() })
    }
}

/// Returns the results of a broadcast. Takes the caller from context at once.
pub(crate) fn results(
    seq: u64,
    from: usize,
) -> impl Future<Output = Result<Results, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move { Ok(chat.broadcast_results(&caller, Seq(seq), from).await?) }
}

/// The caller's own account, with its sessions.
pub(crate) struct AccountData {
    pub(crate) me: Person,
    /// The role of the account; none without one.
    pub(crate) role: Option<AppRole>,
    /// True for a guest: the user has no account, and the application does not name them.
    pub(crate) is_guest: bool,
    pub(crate) profile: Profile,
    /// True if the account has a password.
    pub(crate) has_password: bool,
    /// The providers by which the user signs in or could sign in.
    pub(crate) ways: Vec<SignInWay>,
    pub(crate) sessions: Vec<SessionLine>,
    /// Users whom the caller has blocked.
    pub(crate) blocked: Vec<Person>,
}

/// A signed-in browser.
pub(crate) struct SessionLine {
    pub(crate) handle: String,
    /// The browser's description of itself.
    pub(crate) label: String,
    pub(crate) since: Timestamp,
    /// True if it is the session of this request.
    pub(crate) is_this: bool,
}

/// Returns the caller's own account. Takes the caller from context at once.
pub(crate) fn account() -> impl Future<Output = Result<AccountData, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        let me = caller.user()?.clone();
        let account = chat.account(&caller).await?;
        let has_password = account.as_ref().is_some_and(|account| !account.password.is_none());
        let ways = if account.is_some() { sign_in::ways(&chat, &caller).await? } else { Vec::new() };
        let role = account.map(|account| account.role);
        let own = caller.session.as_ref().map(chat::Token::hash);
        let line = |session: chat::SessionSummary| SessionLine {
            handle: session.token.handle(),
            is_this: Some(session.token) == own,
            label: session.label,
            since: session.since,
        };
        let sessions = chat.sessions(&caller).await?.into_iter().map(line).collect();
        let blocked = chat.blocked(&caller).await?;
        let (profile, _) = chat.profile(&caller, me.id).await?;
        let is_guest = !chat.is_known(&caller, me.id).await?;
        Ok(AccountData { me, role, is_guest, profile, has_password, ways, sessions, blocked })
    }
}

/// The parts of the long lists of the server page that the request asks for.
pub(crate) struct Places {
    /// A search: accounts whose name contains this.
    pub(crate) person: String,
    /// The accounts after this one.
    pub(crate) account: Option<UserId>,
    /// A search: groups whose name contains this.
    pub(crate) find: String,
    /// The groups after this one.
    pub(crate) group: Option<GroupId>,
    /// The entries of the audit log before this one.
    pub(crate) before: Option<Seq>,
}

/// The accounts, the groups and the audit log of the application, as its admins see them.
pub(crate) struct ServerAdminData {
    /// The caller's application role.
    pub(crate) role: AppRole,
    pub(crate) accounts: ListPart<AccountListing>,
    /// The groups that the search found, by name.
    pub(crate) groups: ListPart<GroupListing>,
    /// The link that was just created, absolute.
    pub(crate) link: Option<String>,
    /// A part of the audit log.
    pub(crate) audit: Page<AuditEvent>,
    /// True if other nodes may share the database.
    pub(crate) has_nodes: bool,
}

/// Returns the accounts, the groups and the audit log of the application. Takes the caller from context at once.
pub(crate) fn administered(
    places: Places,
) -> impl Future<Output = Result<ServerAdminData, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    let link = leptos::prelude::use_context::<ShownOnce>().and_then(|shown| shown.get());
    async move {
        let Places { person, account, find, group, before } = places;
        let (role, accounts) = chat.accounts(&caller, &person, account).await?;
        let audit = chat.application_audit(&caller, before).await?;
        let groups = chat.all_groups(&caller, &find, group).await?;
        let has_nodes = chat.is_store_shared();
        Ok(ServerAdminData { role, accounts, groups, link, audit, has_nodes })
    }
}

/// Returns the nodes that share the database, by name, and the present time. Takes the caller from context at once.
pub(crate) fn nodes() -> impl Future<Output = Result<(Vec<NodeRow>, Timestamp), Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        caller.user()?;
        Ok((chat.nodes(&caller).await?, chat.now()))
    }
}

/// Returns the user for whom a reset link sets a new password.
pub(crate) fn reset_for(token: String) -> impl Future<Output = Result<Person, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        let token = chat::Token::parse(&token).ok_or(Refusal::ResetOver)?;
        Ok(chat.reset_of(&caller, &token).await?)
    }
}

/// Returns the user whom a sign-in link signs in.
pub(crate) fn enters_as(
    application: String,
    token: String,
) -> impl Future<Output = Result<Person, Failure>> + Send + 'static {
    let chat = chat();
    async move {
        let application = application.parse().map_err(|_| Refusal::LinkOver)?;
        let token = chat::Token::parse(&token).ok_or(Refusal::LinkOver)?;
        Ok(chat.sign_in_link(application, &token).await?)
    }
}

/// Checks the owner link, and returns the kind of visitor who opens it. Takes the caller from context at once.
pub(crate) fn owner_to_be(
    token: String,
) -> impl Future<Output = Result<OwnerToBe, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        chat.owner_link_works(&chat::Token::parse(&token).ok_or(Refusal::ResetOver)?).await?;
        Ok(match caller.signed_in() {
            None => OwnerToBe::Stranger,
            Some(_) if chat.account(&caller).await?.is_some() => OwnerToBe::Account,
            Some(_) => OwnerToBe::Guest,
        })
    }
}
