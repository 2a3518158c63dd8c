//! Authentication of a connection by user tokens: the frame `authenticate`, the origin it comes from, and the expiry of
//! its token.

use std::time::Duration;

use chat::{Caller, Error};
use tokio::time::Instant;
use wire::{CloseCode, Ref, Refusal, Refused, ServerFrame, Timestamp};

use super::connection::{Connection, End};
use super::replies;
use super::stream::Stream;
use super::timer_wheel::Timer;

/// A connection from a page of another origin, until it is authenticated: it takes nothing but `authenticate`.
pub(super) struct Foreign {
    /// The origin of the page, which the application of the token must list.
    pub(super) origin: Box<str>,
    /// The time at which the connection began; none once it is authenticated.
    pub(super) awaits_since: Option<Instant>,
}

/// The timer of a token's end.
pub(super) struct Expiry {
    at: Timestamp,
    timer: Timer,
}

impl<S: Stream> Connection<S> {
    /// Returns true if the connection is served. One from another origin is not before it is authenticated.
    pub(super) fn is_admitted(&self) -> bool {
        self.foreign.as_ref().is_none_or(|foreign| foreign.awaits_since.is_none())
    }

    /// Signs the connection in by a token, or goes on with a newer token of the same user. Subscriptions that are not in
    /// the scope of the new one end before the answer.
    pub(super) async fn authenticate(&mut self, token: &str, reference: Option<Ref>) -> Result<(), End> {
        match self.admit(token).await {
            Ok(()) => {
                self.refused_in_a_row = 0;
                let user = self.caller.signed_in().map(|me| self.caller.key(me.id));
                if !user.is_none_or(|user| self.permit.assign(user)) {
                    return Err(End::Because(CloseCode::TooMany));
                }
                self.narrow().await?;
                self.welcome(reference).await
            }
            Err(no) => {
                self.say(&replies::refused(&no, reference));
                self.count_refused()
            }
        }
    }

    /// Says who the connection is taken for.
    pub(super) async fn welcome(&mut self, reference: Option<Ref>) -> Result<(), End> {
        let me = self.caller.signed_in().cloned();
        let has_token = self.caller.grant.is_some() && self.caller.session.is_none();
        let application = if has_token { self.public_id().await? } else { None };
        let expires = self.ending.expires().filter(|_| has_token);
        self.say(&ServerFrame::Welcome { me, application, expires, reference });
        Ok(())
    }

    /// Sets the timer for the end of the token, where it has changed: a rotation of the signing key may bring it nearer.
    /// Returns true if the token has ended.
    pub(super) fn watch_expiry(&mut self) -> bool {
        let Some(at) = self.ending.expires() else { return false };
        let is_due = match &self.expiry {
            Some(expiry) if expiry.at == at => expiry.timer.is_due(),
            _ => true,
        };
        if !is_due {
            return false;
        }
        let left = at.0.saturating_sub(self.chat.now().0);
        if left <= 0 {
            return true;
        }
        // A timer of its own: the other one is for what is further away, and is looked at seldom.
        let timer = self.clock.timer(self.reader.wake_handle());
        timer.set(Instant::now() + Duration::from_millis(left.unsigned_abs()));
        self.expiry = Some(Box::new(Expiry { at, timer }));
        false
    }

    /// Returns true if the token has ended by the clock, before its timer is due.
    pub(super) fn is_expired(&self) -> bool {
        self.ending.expires().is_some_and(|expires| self.chat.now() >= expires)
    }

    /// Returns the code with which a connection ends whose token has ended, or whose session.
    pub(super) fn ended(&self) -> CloseCode {
        let has_user_token = self.caller.grant.is_some() && self.caller.session.is_none();
        if has_user_token { CloseCode::TokenExpired } else { CloseCode::SignedOut }
    }

    async fn admit(&mut self, token: &str) -> Result<(), Error> {
        let before = &self.caller;
        let has_token = before.grant.is_some() && before.session.is_none();
        let is_nobody = before.signed_in().is_none() && before.api_token.is_none();
        let is_free = is_nobody && self.reader.subscriptions() == 0;
        if !has_token && !is_free {
            return Err(Refusal::AuthenticatedOtherwise.into());
        }
        let found = self.chat.authenticate_user_token(token).await?.ok_or(Refusal::TokenBad)?;
        self.chat.take_request(&found)?;
        let caller = Caller { from: self.caller.from, ..found };
        let me = caller.scoped_user()?.id;
        if let Some(foreign) = &self.foreign
            && !self.chat.allows_origin(&caller, &foreign.origin).await?
        {
            return Err(Refusal::OriginForeign.into());
        }
        if has_token && self.caller.application != caller.application {
            return Err(Refusal::AuthenticatedOtherwise.into());
        }
        let handle = self.reader.close_handle();
        let ending = self.chat.watch_revocation(&caller, handle, self.reader.wake_handle());
        // A revocation that was applied between the lookup and the watch has closed nothing.
        if !self.chat.is_current(&caller).await? {
            return Err(Refusal::TokenBad.into());
        }
        if !self.reader.set_owner(me) {
            return Err(Refusal::AuthenticatedOtherwise.into());
        }
        (self.caller, self.ending, self.expiry) = (caller, ending, None);
        if let Some(foreign) = &mut self.foreign {
            foreign.awaits_since = None;
        }
        self.watch_expiry();
        Ok(())
    }

    /// Ends the subscriptions that are not in the scope of the caller's token.
    async fn narrow(&mut self) -> Result<(), End> {
        for key in self.reader.subscribed() {
            match self.chat.scope_has(&self.caller, &key.topic).await {
                Ok(()) => {}
                Err(Error::Refusal(refusal)) => {
                    self.reader.unsubscribe(&key);
                    let refused = Some(Refused::from(&refusal));
                    self.say(&ServerFrame::Unsubscribed { topic: key.topic, refused, reference: None });
                }
                Err(Error::Fault(_)) => return Err(End::Because(CloseCode::Restart)),
            }
        }
        Ok(())
    }

    async fn public_id(&mut self) -> Result<Option<String>, End> {
        let found = self.chat.public_id(self.caller.application).await;
        found.map(|id| id.map(|id| id.to_string())).map_err(|_| End::Because(CloseCode::Restart))
    }
}
