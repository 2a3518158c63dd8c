use wire::{Cursor, GroupId, InviteId, Person, PersonName, Refusal, UserId, Visit};

use crate::chat::{Caller, Chat};
use crate::limits::SignUp;
use crate::no::No;
use crate::rules;
use crate::session::Token;
use crate::store::{Conversations, Write};

/// People and their sessions.
impl Chat {
    /// A new guest with a session of their own. The token is shown here and nowhere else.
    ///
    /// # Errors
    /// Those of [`Chat::introduce_by`].
    pub async fn introduce(&self, caller: &Caller, name: &str) -> Result<(Person, Token), No> {
        self.introduce_by(caller, name, None).await
    }

    /// As [`Chat::introduce`], by an invite to a group, if there is one.
    ///
    /// # Errors
    /// The refusals of [`PersonName::new`], [`Refusal::SignUpClosed`], and [`Refusal::TooFast`] if too many come
    /// from one place.
    pub async fn introduce_by(
        &self,
        caller: &Caller,
        name: &str,
        invite: Option<(GroupId, InviteId)>,
    ) -> Result<(Person, Token), No> {
        let name = PersonName::new(name)?;
        self.may_come(invite).await?;
        let at = self.clock.now();
        if let Some(from) = caller.from {
            self.newcomers.take(from.into(), at)?;
        }
        let person = Person { id: UserId::from_bytes(self.random()), name };
        let token = Token::from_bytes(self.random());
        let session = self.new_session(caller, &token);
        self.commit(Write::Introduce { person: person.clone(), session }).await?;
        Ok((person, token))
    }

    async fn may_come(&self, invite: Option<(GroupId, InviteId)>) -> Result<(), No> {
        if self.limits.sign_up == SignUp::Open || self.store.accounts().await?.is_empty() {
            return Ok(());
        }
        let Some((group, invite)) = invite.filter(|_| self.limits.sign_up == SignUp::Invite) else {
            return Err(Refusal::SignUpClosed.into());
        };
        let roster = self.store.roster(group).await?.ok_or(Refusal::SignUpClosed)?;
        Ok(rules::door(&roster, None, Some(invite), self.clock.now())?)
    }

    /// Whose token it is; none if the session is unknown or over.
    ///
    /// # Errors
    /// [`No::Fault`].
    pub async fn recognise(&self, token: &Token) -> Result<Option<Person>, No> {
        let hash = token.hash();
        let now = self.clock.now();
        let session = self.store.session(hash).await?.filter(|session| session.is_alive(now, &self.limits));
        let Some(session) = session else { return Ok(None) };
        if session.is_worth_a_touch(now) {
            // Where nothing can be written people can still read; the session is touched another day.
            let _ = self.commit(Write::Touch { token: hash, at: now }).await;
        }
        Ok(Some(session.person))
    }

    /// What every page of a signed-in user begins with.
    ///
    /// # Errors
    /// [`No::Fault`].
    pub async fn visit(&self, me: &Person) -> Result<Visit, No> {
        let Conversations { mine, head } = self.store.conversations(me.id).await?;
        let cursor = Cursor { epoch: self.store.epoch(), seq: head };
        Ok(Visit { me: me.clone(), mine, cursor })
    }
}
