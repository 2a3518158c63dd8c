//! Users: creating guests, authenticating sessions, and the overview.

use wire::limits::OVERVIEW_CONVERSATIONS;
use wire::{Cursor, GroupId, InviteId, Overview, Person, PersonName, Refusal, UserId};

use crate::auth::caller::Caller;
use crate::auth::login_throttle;
use crate::auth::network::Network;
use crate::auth::session::{Session, Token};
use crate::chat::Chat;
use crate::names;
use crate::ports::store::{
    AttemptOutcome, AttemptWrite, Conversations, Login, SessionWrite, Transaction, UserWrite,
};
use crate::rules;
use crate::service::error::Error;
use crate::service::limits::SignUp;

/// Users and their sessions.
impl Chat {
    /// Creates a guest with a session. The token is returned here and nowhere else.
    ///
    /// # Errors
    /// Those of [`Chat::create_guest_by`].
    pub async fn create_guest(&self, caller: &Caller, name: &str) -> Result<(Person, Token), Error> {
        self.create_guest_by(caller, name, None).await
    }

    /// As [`Chat::create_guest`], by an invite to a group, if there is one.
    ///
    /// # Errors
    /// The refusals of a name, [`Refusal::LoginTaken`] if it is that of an account or looks like it,
    /// [`Refusal::SignUpClosed`], [`Refusal::TooFast`] if too many come at once from one network, and
    /// [`Refusal::TooManyGuests`] if too many come within a day.
    pub async fn create_guest_by(
        &self,
        caller: &Caller,
        name: &str,
        invite: Option<(GroupId, InviteId)>,
    ) -> Result<(Person, Token), Error> {
        let name = names::person_name(name)?;
        self.may_come(caller, invite).await?;
        self.login_is_free(caller, &Login::new(name.as_str())?).await?;
        self.new_guest(caller, name).await
    }

    /// Creates a guest, if not too many come from their network. The session that the browser had before ends.
    pub(super) async fn new_guest(
        &self,
        caller: &Caller,
        name: PersonName,
    ) -> Result<(Person, Token), Error> {
        let network = caller.from.map(Network::of);
        if let Some(network) = network {
            self.newcomers.take((caller.application, network), self.monotonic.now())?;
        }
        let person = Person { id: UserId::from_bytes(self.random()), name };
        let token = Token::from_bytes(self.random());
        let session = self.new_session(caller, &token);
        let mut then = vec![UserWrite::CreateGuest { person: person.clone(), session }.into()];
        then.extend(self.new_browser(&Caller { device: None, ..caller.clone() }, &person));
        let max = self.limits.guests_per_day;
        let attempts = network.map(|network| login_throttle::as_guest(network, max)).unwrap_or_default();
        let first = AttemptWrite::Take { attempts, at: self.monotonic.now() };
        match self.commit(caller, Transaction { first, then }).await? {
            AttemptOutcome::Exhausted { wait_ms } => {
                Err(Refusal::TooManyGuests { minutes: login_throttle::minutes(wait_ms) }.into())
            }
            AttemptOutcome::Done => Ok((person, token)),
        }
    }

    async fn may_come(&self, caller: &Caller, invite: Option<(GroupId, InviteId)>) -> Result<(), Error> {
        if self.limits.sign_up == SignUp::Open {
            return Ok(());
        }
        if !self.limits.owner_by_link && !self.reader(caller).has_accounts().await? {
            return Ok(());
        }
        let Some((group, invite)) = invite.filter(|_| self.limits.sign_up == SignUp::Invite) else {
            return Err(Refusal::SignUpClosed.into());
        };
        let roster = self.reader(caller).roster(group).await?.ok_or(Refusal::SignUpClosed)?;
        Ok(rules::check_join_policy(&roster, None, Some(invite), self.monotonic.now())?)
    }

    /// Returns the session of a token, with its user; none if it is unknown or has ended.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn authenticate(&self, token: &Token) -> Result<Option<Session>, Error> {
        let hash = token.hash();
        let now = self.session_clock.now();
        let session = self.store.session(hash).await?.filter(|session| session.is_alive(now, &self.limits));
        let Some(session) = session else { return Ok(None) };
        // Without writes users can still read; the session is touched another day.
        if session.is_worth_a_touch(now) && self.write_fault().is_none() {
            let touch = SessionWrite::Touch { token: hash, at: now };
            let _ = self.commit_in(session.application, touch).await;
        }
        Ok(Some(session))
    }

    /// Returns a fresh token, for a device that has none.
    #[must_use]
    pub fn new_token(&self) -> Token {
        Token::from_bytes(self.random())
    }

    /// Returns the data that every page of a signed-in user begins with.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn overview(&self, caller: &Caller) -> Result<Overview, Error> {
        let me = caller.user()?;
        let Conversations { mine, more, head } =
            self.reader(caller).conversations(me.id, OVERVIEW_CONVERSATIONS).await?;
        let cursor = Cursor { epoch: self.store.epoch(), seq: head };
        let file_bytes = self.file_bytes(caller).await?;
        Ok(Overview { me: me.clone(), mine, more, cursor, file_bytes })
    }
}
