//! The caller of an operation: its application, principal, network and session.

use std::net::IpAddr;
use std::sync::Arc;

use wire::{ApplicationId, LogKey, Person, Refusal, Seq, Timestamp, Topic, UserId, UserKey};

use crate::auth::grant::Grant;
use crate::auth::session::{Token, TokenHash};
use crate::auth::user_token::TokenScope;
use crate::ports::store::Hook;

/// The application and the principal of a call, with the network and the session it comes from. Every operation of the
/// domain takes one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The application that everything in the call belongs to.
    pub application: ApplicationId,
    /// The identity that permissions are decided for.
    pub principal: Principal,
    /// True if they may use open topics without a token.
    pub open_topics: bool,
    /// The remote address; none for this machine itself.
    pub from: Option<IpAddr>,
    /// The session it runs in.
    pub session: Option<Token>,
    /// The API token of a program, or that in the URL of an incoming webhook.
    pub api_token: Option<TokenHash>,
    /// The time from which the API token or user token no longer works, if there is one.
    pub expires: Option<Timestamp>,
    /// The user token, or the link of an application, by which the user is signed in; none if they signed in
    /// themselves.
    pub grant: Option<Arc<Grant>>,
    /// The token that the browser keeps while it is signed out; it identifies a device that has signed in.
    pub device: Option<Token>,
    /// The browser's description of itself.
    pub label: String,
    /// [`Session::revocations`](crate::Session::revocations) when the session was looked up.
    pub revocations: Seq,
}

/// The identity of a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Principal {
    /// Nobody is signed in.
    #[default]
    Anonymous,
    /// A signed-in user.
    User(Person),
    /// A program of the application, which may do everything inside it; and the person that others see as the author of
    /// what it does.
    Application(Person),
    /// A program with the URL of an incoming webhook: it posts to one group, and does nothing else.
    Hook(Box<Hook>),
    /// The operator of the server, through a command on its machine or by an API token.
    Operator,
}

impl Caller {
    /// Returns the operator as a caller.
    #[must_use]
    pub fn operator() -> Self {
        Self { principal: Principal::Operator, ..Self::default() }
    }

    /// Returns the same caller with another user signed in, as after a sign-in or in a test.
    #[must_use]
    pub fn with_user(self, user: Person) -> Self {
        Self { principal: Principal::User(user), ..self }
    }

    /// Returns the signed-in user, for an operation that no token with a limited scope may carry out. One that checks the
    /// scope asks for [`Caller::scoped_user`].
    ///
    /// # Errors
    /// Those of [`Caller::scoped_user`], and [`Refusal::OutsideScope`].
    pub fn user(&self) -> Result<&Person, Refusal> {
        let user = self.scoped_user()?;
        if self.scope().is_some() { Err(Refusal::OutsideScope) } else { Ok(user) }
    }

    /// Returns the signed-in user, for an operation on their account or on the server: none that was granted to a
    /// program.
    ///
    /// # Errors
    /// Those of [`Caller::scoped_user`], and [`Refusal::OutsideScope`].
    pub fn account_holder(&self) -> Result<&Person, Refusal> {
        let user = self.scoped_user()?;
        if self.grant.is_some() { Err(Refusal::OutsideScope) } else { Ok(user) }
    }

    /// Returns the signed-in user.
    ///
    /// # Errors
    /// [`Refusal::SignInNeeded`]; [`Refusal::UserNeeded`] for an application and an incoming webhook,
    /// [`Refusal::NotApplication`] for the operator.
    pub fn scoped_user(&self) -> Result<&Person, Refusal> {
        match &self.principal {
            Principal::User(user) => Ok(user),
            Principal::Anonymous => Err(Refusal::SignInNeeded),
            Principal::Application(_) | Principal::Hook(_) => Err(Refusal::UserNeeded),
            Principal::Operator => Err(Refusal::NotApplication),
        }
    }

    /// Returns the author of what the caller does: the signed-in user, or the application.
    ///
    /// # Errors
    /// Those of [`Caller::user`].
    pub fn actor(&self) -> Result<&Person, Refusal> {
        self.owner().map_or_else(|| self.user(), Ok)
    }

    /// As [`Caller::actor`], for an operation that checks the scope.
    ///
    /// # Errors
    /// Those of [`Caller::scoped_user`].
    pub fn scoped_actor(&self) -> Result<&Person, Refusal> {
        self.owner().map_or_else(|| self.scoped_user(), Ok)
    }

    /// Returns the scope of the caller's token; none if it has all that its user may in conversations.
    #[must_use]
    pub fn scope(&self) -> Option<&TokenScope> {
        self.grant.as_ref().map(|grant| &grant.scope).filter(|scope| scope.is_limited())
    }

    /// Returns the author of what the application itself does; none for any other caller.
    #[must_use]
    pub const fn owner(&self) -> Option<&Person> {
        match &self.principal {
            Principal::Application(author) => Some(author),
            Principal::Anonymous | Principal::User(_) | Principal::Hook(_) | Principal::Operator => None,
        }
    }

    /// Returns the key of a log of the caller's application.
    #[must_use]
    pub const fn log(&self, topic: Topic) -> LogKey {
        LogKey::new(self.application, topic)
    }

    /// Returns the key of a user of the caller's application.
    #[must_use]
    pub const fn key(&self, user: UserId) -> UserKey {
        UserKey { application: self.application, user }
    }

    /// Returns the signed-in user, if any.
    #[must_use]
    pub const fn signed_in(&self) -> Option<&Person> {
        match &self.principal {
            Principal::User(user) => Some(user),
            Principal::Anonymous | Principal::Application(_) | Principal::Hook(_) | Principal::Operator => {
                None
            }
        }
    }
}

impl From<Person> for Caller {
    fn from(user: Person) -> Self {
        Self::default().with_user(user)
    }
}
