//! The permission check: the one place that decides who may read and publish.

use wire::{AppRole, ApplicationId, Conversation, GroupId, Person, Refusal, Role, Topic, TopicKind};

use crate::auth::caller::{Caller, Principal};
use crate::auth::session::Token;
use crate::chat::Chat;
use crate::ports::store::{MembershipState, OpenRequest, Opened, Range, RowRange};
use crate::rules::{self, Viewer};
use crate::service::error::Error;

/// The kind of an act, as the scope of a token limits it. Read states are part of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Reading.
    Read,
    /// Sending or changing something.
    Write,
}

/// The only place that decides who may read and publish to a topic.
impl Chat {
    /// Opens a topic's log, if a caller may read it: the permission and what is read are of one moment. Returns their
    /// membership state as well if it is a conversation's.
    pub(crate) async fn open(
        &self,
        caller: &Caller,
        topic: &Topic,
        range: Range,
        rows: Option<RowRange>,
    ) -> Result<(Opened, Option<MembershipState>), Error> {
        self.is_in_scope(caller, topic, Act::Read).await?;
        let is_owner = caller.owner().is_some();
        if is_owner {
            self.is_there(caller, topic).await?;
        } else {
            can_ever_read(caller, topic)?;
        }
        let request = OpenRequest {
            topic: topic.clone(),
            user: caller.signed_in().map(|me| me.id),
            session: caller.session.as_ref().map(Token::hash),
            viewer: viewer(caller),
            range,
            rows: rows.map(|rows| rows.seen_by(caller.signed_in().map(|me| me.id))),
        };
        let opened = self.reader(caller).open(request).await?;
        if is_owner {
            return Ok((opened, None));
        }
        let now = self.session_clock.now();
        let is_alive = opened.session.as_ref().is_some_and(|session| session.is_alive(now, &self.limits));
        if caller.signed_in().is_some() && caller.session.is_some() && !is_alive {
            return Err(Refusal::SignInNeeded.into());
        }
        let standing = may_read(topic, &opened)?;
        if let (Some(conversation), Some(standing)) = (topic.conversation(), &standing) {
            self.may_meet_in(caller, conversation, standing).await?;
        }
        Ok((opened, standing))
    }

    /// Checks that a caller may read a topic's log; returns their membership state if it is a conversation's.
    pub(crate) async fn may_read(
        &self,
        caller: &Caller,
        topic: &Topic,
    ) -> Result<Option<MembershipState>, Error> {
        self.open(caller, topic, Range::default(), None).await.map(|(_, standing)| standing)
    }

    /// Checks that a topic is in the scope of the caller's token, if they have one. It comes before all other checks, and
    /// asks nothing about the topic but the application's key, so a refusal does not tell what there is.
    pub(super) async fn is_in_scope(&self, caller: &Caller, topic: &Topic, act: Act) -> Result<(), Error> {
        let Some(grant) = &caller.grant else { return Ok(()) };
        let scope = &grant.scope;
        let is_in = match topic.kind() {
            TopicKind::Open => scope.has_topic(topic.as_str()),
            _ if !scope.is_limited() => true,
            TopicKind::User(_) => scope.has_own_log(topic.as_str()),
            TopicKind::Group(_) | TopicKind::Audit(_) if scope.has_all_conversations() => true,
            TopicKind::Group(group) | TopicKind::Audit(group) => {
                let keyed = self.reader(caller).key_of_group(group).await?;
                scope.has_conversation(&format!("id:{group}"))
                    || keyed.is_some_and(|keyed| scope.has_conversation(keyed.key.as_str()))
            }
            TopicKind::Direct(_) => {
                let ids = topic.as_str().split_once('/').map_or("", |(_, ids)| ids);
                scope.has_conversation(&format!("direct:{ids}"))
            }
            TopicKind::AppAudit | TopicKind::Reserved => false,
        };
        if is_in && (act == Act::Read || scope.may_write()) {
            Ok(())
        } else {
            Err(Refusal::OutsideScope.into())
        }
    }

    /// Checks that a caller may still read a topic by the scope of their token: when it has changed, the subscriptions
    /// outside of the new one end.
    ///
    /// # Errors
    /// [`Refusal::OutsideScope`].
    pub async fn scope_has(&self, caller: &Caller, topic: &Topic) -> Result<(), Error> {
        self.is_in_scope(caller, topic, Act::Read).await
    }

    /// Checks that a topic is one of the caller's application: its owner reads everything inside it.
    async fn is_there(&self, caller: &Caller, topic: &Topic) -> Result<(), Error> {
        let reader = self.reader(caller);
        let is_there = match topic.kind() {
            TopicKind::Open | TopicKind::AppAudit => true,
            TopicKind::Group(group) | TopicKind::Audit(group) => {
                reader.group(group, None, 0).await?.is_some()
            }
            TopicKind::Direct(pair) => {
                let [one, other] = pair.people();
                reader.person(one).await?.is_some() && reader.person(other).await?.is_some()
            }
            TopicKind::User(user) => reader.person(user).await?.is_some(),
            TopicKind::Reserved => false,
        };
        if is_there { Ok(()) } else { Err(Refusal::NotFound.into()) }
    }

    /// Checks that a user may read the audit log of a group: its admins may, and those of the application.
    pub(super) async fn may_audit(&self, caller: &Caller, group: GroupId) -> Result<(), Error> {
        let me = caller.user()?;
        let standing = self
            .reader(caller)
            .standing(Conversation::Group(group), me.id)
            .await?
            .ok_or(Refusal::NotFound)?;
        if standing.role == Some(Role::Admin)
            || self.own_app_role(caller, me.id).await? >= Some(AppRole::Admin)
        {
            return Ok(());
        }
        Err(if standing.role.is_some() { Refusal::NotAdmin } else { Refusal::NotMember }.into())
    }

    /// Checks that a caller may manage applications and their API tokens: the operator may, and the owner of the
    /// built-in application in a session of their own, never through a program, nor in a session that one has begun.
    pub(super) async fn may_manage_applications(&self, caller: &Caller) -> Result<(), Error> {
        let is_in_session = caller.session.is_some() && caller.api_token.is_none() && caller.grant.is_none();
        let Some(me) = caller.signed_in().filter(|_| is_in_session) else { return Ok(may_operate(caller)?) };
        let is_here = caller.application == ApplicationId::BUILT_IN;
        match self.app_role(caller, me.id).await? {
            Some(AppRole::Owner) if is_here => Ok(()),
            _ => Err(Refusal::NotOwner.into()),
        }
    }

    /// Checks that a caller may see the members of a conversation: its members may, and the application.
    pub(super) async fn may_see_members(
        &self,
        caller: &Caller,
        conversation: Conversation,
    ) -> Result<(), Error> {
        if caller.owner().is_some() {
            return self.is_there(caller, &Topic::of(conversation)).await;
        }
        self.seat_in(caller, conversation).await.map(|_| ())
    }

    /// Returns the conversation of a topic, and the membership state of a member.
    pub(super) async fn seat(
        &self,
        caller: &Caller,
        topic: &Topic,
    ) -> Result<(Conversation, MembershipState), Error> {
        let conversation = topic.conversation().ok_or(Refusal::NotFound)?;
        Ok((conversation, self.seat_in(caller, conversation).await?))
    }

    /// Returns the membership state of a member of a conversation.
    pub(super) async fn seat_in(
        &self,
        caller: &Caller,
        conversation: Conversation,
    ) -> Result<MembershipState, Error> {
        self.is_in_scope(caller, &Topic::of(conversation), Act::Read).await?;
        let me = caller.scoped_user()?;
        let standing = self.reader(caller).standing(conversation, me.id).await?.ok_or(Refusal::NotFound)?;
        standing.role.ok_or(Refusal::NotMember)?;
        self.may_meet_in(caller, conversation, &standing).await?;
        Ok(standing)
    }
}

/// Returns the reader as whom a caller sees restricted messages.
pub(super) fn viewer(caller: &Caller) -> Viewer {
    match &caller.principal {
        Principal::User(me) => Viewer::User(me.id),
        Principal::Application(_) => Viewer::Application,
        Principal::Anonymous | Principal::Hook(_) | Principal::Operator => Viewer::Anyone,
    }
}

/// Refuses a caller who may not read a topic's log whatever the store has.
fn can_ever_read(caller: &Caller, topic: &Topic) -> Result<(), Refusal> {
    match topic.kind() {
        TopicKind::Open => open_topics(caller),
        TopicKind::AppAudit => caller.account_holder().map(|_| ()),
        TopicKind::Group(_) | TopicKind::Direct(_) | TopicKind::Audit(_) => caller.scoped_user().map(|_| ()),
        TopicKind::User(user) if caller.scoped_user()?.id == user => Ok(()),
        // Another user's log is treated as if it did not exist.
        TopicKind::User(_) | TopicKind::Reserved => Err(Refusal::NotFound),
    }
}

/// Decides whether a reader may read a topic's log that they have opened; returns their membership state if it is a
/// conversation's.
fn may_read(topic: &Topic, opened: &Opened) -> Result<Option<MembershipState>, Refusal> {
    match topic.kind() {
        TopicKind::Group(_) | TopicKind::Direct(_) => {
            let standing = opened.standing.ok_or(Refusal::NotFound)?;
            standing.role.ok_or(Refusal::NotMember)?;
            Ok(Some(standing))
        }
        TopicKind::Audit(_) => match opened.standing.ok_or(Refusal::NotFound)?.role {
            Some(Role::Admin) => Ok(None),
            Some(Role::Member) => Err(Refusal::NotAdmin),
            None => Err(Refusal::NotMember),
        },
        TopicKind::AppAudit => rules::needs_app_admin(opened.role).map(|_| None),
        TopicKind::Open | TopicKind::User(_) => Ok(None),
        TopicKind::Reserved => Err(Refusal::NotFound),
    }
}

/// Checks that a caller may publish to a topic outside of conversations.
pub(super) fn may_publish(caller: &Caller, topic: &Topic) -> Result<(), Refusal> {
    match topic.kind() {
        TopicKind::Open => open_topics(caller),
        TopicKind::Group(_)
        | TopicKind::Direct(_)
        | TopicKind::User(_)
        | TopicKind::Audit(_)
        | TopicKind::AppAudit
        | TopicKind::Reserved => Err(Refusal::TopicReserved),
    }
}

/// Returns the author of what an application does; others may not act for it.
pub(super) fn needs_application(caller: &Caller) -> Result<&Person, Refusal> {
    match &caller.principal {
        Principal::Application(author) => Ok(author),
        Principal::Anonymous => Err(Refusal::SignInNeeded),
        Principal::User(_) | Principal::Hook(_) | Principal::Operator => Err(Refusal::NotApplication),
    }
}

/// Checks that a caller is the operator.
pub(super) fn may_operate(caller: &Caller) -> Result<(), Refusal> {
    match caller.principal {
        Principal::Operator => Ok(()),
        Principal::Anonymous => Err(Refusal::SignInNeeded),
        Principal::User(_) | Principal::Application(_) | Principal::Hook(_) => Err(Refusal::NotOperator),
    }
}

const fn open_topics(caller: &Caller) -> Result<(), Refusal> {
    match caller.principal {
        // They read no content.
        Principal::Operator | Principal::Hook(_) => Err(Refusal::NotApplication),
        _ if caller.open_topics => Ok(()),
        _ => Err(Refusal::TokenNeeded),
    }
}
