//! Queries of the pages that the server makes alone: they run in its process, so they are no server functions.

use std::future::Future;

use wire::{
    AppRole, AuditEvent, ConversationSummary, Entry, GroupAdminView, GroupId, GroupName, GroupView, Member,
    Page, PageStart, Pair, Person, Refusal, Role, SendId, Seq, Timestamp, UserId,
};

/// Somebody who opens the link of the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnerToBe {
    /// Somebody new.
    Stranger,
    /// A guest, who gets an account.
    Guest,
    /// Somebody with an account.
    Account,
}

/// What became of a broadcast.
pub(crate) use chat::Broadcast as Results;
pub(crate) use chat::Part;
pub(crate) use chat::store::{AccountListing, GroupListing, Profile};

use crate::failure::Failure;
use crate::returned::ShownOnce;
use crate::server_fns::context::{caller, chat, group_id, link_to, user_id};

/// The data of the page on which admins manage a group.
pub(crate) struct GroupAdminData {
    pub(crate) management: GroupAdminView,
    /// Whether there are more members after those of the page.
    pub(crate) more: bool,
    /// Whom the admin knows and could add.
    pub(crate) known: Vec<Person>,
    /// The group's own link.
    pub(crate) link: String,
    pub(crate) now: Timestamp,
}

/// What the page needs on which admins manage a group. Takes who asks from context at once.
pub(crate) fn management(
    group: String,
    find: String,
    after: Option<UserId>,
) -> impl Future<Output = Result<GroupAdminData, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    let id = group_id(&group);
    let link = id.as_ref().ok().map(|id| link_to(*id)).unwrap_or_default();
    async move {
        let me = caller.me()?;
        let page = chat.management(me, id?, &find, after).await?;
        let chat::ManagementPage { management, more, known } = page;
        Ok(GroupAdminData { management, more, known, link, now: chat.now() })
    }
}

/// Some of the members of a group.
pub(crate) struct MembersPart {
    /// The group's name.
    pub(crate) name: String,
    /// The number of members.
    pub(crate) count: u32,
    pub(crate) members: Part<Member>,
}

/// Members of a group, for its members. Takes who asks from context at once.
pub(crate) fn members(
    group: String,
    find: String,
    after: Option<UserId>,
) -> impl Future<Output = Result<MembersPart, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        let (listing, members) = chat.members(caller.me()?, group_id(&group)?, &find, after).await?;
        Ok(MembersPart { name: listing.group.name.to_string(), count: listing.members, members })
    }
}

/// What a group is called, and a part of its audit log. Takes who asks from context at once.
pub(crate) fn group_audit(
    group: String,
    before: Option<Seq>,
) -> impl Future<Output = Result<(GroupName, Page), Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move { Ok(chat.group_audit(caller.me()?, group_id(&group)?, before).await?) }
}

/// One message, for somebody who may read it.
pub(crate) struct MessageData {
    /// The conversation.
    pub(crate) what: ConversationSummary,
    pub(crate) entry: Entry,
    /// Who asks.
    pub(crate) me: Person,
    /// Whether who asks has written it.
    pub(crate) mine: bool,
    /// Whether who asks is an admin of the group.
    pub(crate) is_admin: bool,
    /// Who has read it, but its author; who has it on a device and has not; and who has not got it.
    pub(crate) come: [Vec<Person>; 3],
    /// A fresh id for the form that replies.
    pub(crate) form_id: SendId,
}

/// One message of a group, or of the direct with a person. Takes who asks from context at once.
pub(crate) fn message(
    group: Option<String>,
    person: Option<String>,
    seq: u64,
) -> impl Future<Output = Result<MessageData, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        let (me, place) = (caller.me()?, PageStart::Around(Seq(seq)));
        let view = match person {
            Some(person) => chat.open_direct(me, user_id(&person)?, place).await?,
            None => chat.open_group(Some(me), group_id(&group.unwrap_or_default())?, place, None).await?,
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

/// People to write to, by name. Takes who asks from context at once.
pub(crate) fn people_called(
    words: String,
    after: Option<UserId>,
) -> impl Future<Output = Result<Part<Person>, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move { Ok(chat.people_after(caller.me()?, &words, after).await?) }
}

/// Groups that anybody may join, by name. Takes who asks from context at once.
pub(crate) fn listings(
    words: String,
    after: Option<GroupId>,
) -> impl Future<Output = Result<Part<GroupListing>, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        caller.me()?;
        Ok(chat.listed_groups(&words, after).await?)
    }
}

/// What somebody tells of themselves, for somebody else or for themselves.
pub(crate) struct ProfileData {
    pub(crate) profile: Profile,
    /// The role of the account; none for a guest.
    pub(crate) role: Option<AppRole>,
    /// Whether it is the profile of who asks.
    pub(crate) mine: bool,
}

/// What somebody tells of themselves. Takes who asks from context at once.
pub(crate) fn profile(person: String) -> impl Future<Output = Result<ProfileData, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        let me = caller.me()?;
        let profile = chat.profile(user_id(&person)?).await?;
        let role = chat.account(&profile.person).await?.map(|account| account.role);
        let mine = profile.person == *me;
        Ok(ProfileData { profile, role, mine })
    }
}

/// To whom a broadcast can go.
pub(crate) struct Audiences {
    pub(crate) groups: Vec<ConversationSummary>,
    pub(crate) people: Vec<ConversationSummary>,
    /// Whether who asks may reach everyone.
    pub(crate) is_admin: bool,
    /// A fresh id for the form.
    pub(crate) form_id: SendId,
}

/// To whom a broadcast can go. Takes who asks from context at once.
pub(crate) fn audiences() -> impl Future<Output = Result<Audiences, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        let me = caller.me()?;
        let mine = chat.overview(me).await?.mine.into_iter().map(|mine| mine.what);
        let groups = mine.filter(|what| matches!(what, ConversationSummary::Group(_))).collect();
        let people = chat.people(me, "").await?.into_iter();
        let people = people
            .filter_map(|with| Some(ConversationSummary::direct(Pair::of(me.id, with.id)?, with)))
            .collect();
        let role = chat.account(me).await?.map(|account| account.role);
        let is_admin = role.is_some_and(|role| role >= AppRole::Admin);
        Ok(Audiences { groups, people, is_admin, form_id: chat.new_send_id() })
    }
}

/// What became of a broadcast. Takes who asks from context at once.
pub(crate) fn results(
    seq: u64,
    from: usize,
) -> impl Future<Output = Result<Results, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move { Ok(chat.broadcast_results(caller.me()?, Seq(seq), from).await?) }
}

/// Who one is here, and where one is signed in.
pub(crate) struct AccountData {
    pub(crate) me: Person,
    /// The role of the account; none for a guest.
    pub(crate) role: Option<AppRole>,
    pub(crate) profile: Profile,
    pub(crate) sessions: Vec<SessionLine>,
    /// Whom one has blocked.
    pub(crate) blocked: Vec<Person>,
}

/// One browser that is signed in.
pub(crate) struct SessionLine {
    pub(crate) handle: String,
    /// What the browser said it was.
    pub(crate) label: String,
    pub(crate) since: Timestamp,
    /// Whether it is the one that asks.
    pub(crate) is_this: bool,
}

/// Who one is here. Takes who asks from context at once.
pub(crate) fn account() -> impl Future<Output = Result<AccountData, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        let me = caller.me()?.clone();
        let role = chat.account(&me).await?.map(|account| account.role);
        let own = caller.session.as_ref().map(chat::Token::hash);
        let line = |session: chat::SessionSummary| SessionLine {
            handle: session.token.handle(),
            is_this: Some(session.token) == own,
            label: session.label,
            since: session.since,
        };
        let sessions = chat.sessions(&me).await?.into_iter().map(line).collect();
        let blocked = chat.blocked(&me).await?;
        let profile = chat.profile(me.id).await?;
        Ok(AccountData { me, role, profile, sessions, blocked })
    }
}

/// Which parts of the long lists of the server's page are asked for.
pub(crate) struct Places {
    /// The accounts whose name has this in it.
    pub(crate) person: String,
    /// The accounts after this one.
    pub(crate) account: Option<UserId>,
    /// The groups whose name has this in it.
    pub(crate) find: String,
    /// The groups after this one.
    pub(crate) group: Option<GroupId>,
    /// The entries of the audit log before this one.
    pub(crate) before: Option<Seq>,
}

/// The accounts, the groups and the audit log of the server, as those who manage it see them.
pub(crate) struct ServerAdminData {
    /// What who asks may do.
    pub(crate) role: AppRole,
    pub(crate) accounts: Part<AccountListing>,
    /// The groups that were looked for, by name.
    pub(crate) groups: Part<GroupListing>,
    /// The link that was just made, absolute.
    pub(crate) link: Option<String>,
    /// A part of the audit log.
    pub(crate) audit: Page<AuditEvent>,
}

/// The accounts, the groups and the audit log of the server. Takes who asks from context at once.
pub(crate) fn administered(
    places: Places,
) -> impl Future<Output = Result<ServerAdminData, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    let link = leptos::prelude::use_context::<ShownOnce>().and_then(|shown| shown.get());
    async move {
        let me = caller.me()?;
        let Places { person, account, find, group, before } = places;
        let (role, accounts) = chat.accounts(me, &person, account).await?;
        let audit = chat.application_audit(me, before).await?;
        let groups = chat.all_groups(me, &find, group).await?;
        Ok(ServerAdminData { role, accounts, groups, link, audit })
    }
}

/// Whose new password a link is for.
pub(crate) fn reset_for(token: String) -> impl Future<Output = Result<Person, Failure>> + Send + 'static {
    let chat = chat();
    async move {
        let token = chat::Token::parse(&token).ok_or(Refusal::ResetOver)?;
        Ok(chat.reset_of(&token).await?)
    }
}

/// Checks the link of the owner, and says who opens it. Takes who asks from context at once.
pub(crate) fn owner_to_be(
    token: String,
) -> impl Future<Output = Result<OwnerToBe, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        chat.owner_link_works(&chat::Token::parse(&token).ok_or(Refusal::ResetOver)?)?;
        Ok(match &caller.me {
            None => OwnerToBe::Stranger,
            Some(me) if chat.account(me).await?.is_some() => OwnerToBe::Account,
            Some(_) => OwnerToBe::Guest,
        })
    }
}
