//! Authentication of programs by their tokens, and the rate limits of a token.

use wire::ApplicationId;

use super::user_tokens::quota_key;
use crate::auth::api_token::{ApiToken, ApiTokenRecord, TokenKind};
use crate::auth::caller::{Caller, Principal};
use crate::auth::session::TokenHash;
use crate::chat::Chat;
use crate::ports::store::{Application, ApplicationKey, ApplicationWrite};
use crate::service::error::Error;
use crate::service::rate_limiter::Quota;

/// Programs and their tokens.
impl Chat {
    /// Returns the caller that an API token authenticates; none if it is unknown, revoked or expired.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn authenticate_api_token(&self, token: &ApiToken) -> Result<Option<Caller>, Error> {
        let (revocations, now) = (self.revocation_position(), self.monotonic.now());
        let Some(record) = self.store.api_token(token.hash()).await?.filter(|record| record.is_alive(now))
        else {
            return Ok(None);
        };
        let is_worth_a_touch = record.is_worth_a_touch(now);
        let ApiTokenRecord { application, token, kind, expires, .. } = record;
        // Without writes programs can still read; the token is touched another day.
        if is_worth_a_touch && self.write_fault().is_none() {
            let touch = ApplicationWrite::TouchToken { token, at: now };
            let _ = self.commit_in(application, touch).await;
        }
        let principal = match kind {
            TokenKind::Application => {
                let found = self.store.application(ApplicationKey::Id(application)).await?;
                let Some(found) = found.filter(Application::is_alive) else { return Ok(None) };
                Principal::Application(found.author())
            }
            TokenKind::Operator => Principal::Operator,
            // Those are kept with their webhooks, and count in their URLs only.
            TokenKind::Hook => return Ok(None),
        };
        // The operator's own application is that of the built-in UI, as with a command.
        let application = match kind {
            TokenKind::Application | TokenKind::Hook => application,
            TokenKind::Operator => ApplicationId::BUILT_IN,
        };
        let open_topics = kind == TokenKind::Application;
        let api_token = Some(token);
        Ok(Some(Caller {
            application,
            principal,
            open_topics,
            api_token,
            expires,
            revocations,
            ..Caller::default()
        }))
    }

    /// Returns the caller that an API token or a user token authenticates; none if it does not work.
    ///
    /// # Errors
    /// Those of [`Chat::authenticate_user_token`].
    pub async fn authenticate_token(&self, text: &str) -> Result<Option<Caller>, Error> {
        match ApiToken::parse(text) {
            Some(token) => self.authenticate_api_token(&token).await,
            None => self.authenticate_user_token(text).await,
        }
    }

    /// Takes one request from the rate limit of a caller's token.
    ///
    /// # Errors
    /// [`Refusal::TooFast`].
    pub fn take_request(&self, caller: &Caller) -> Result<(), Error> {
        if let Some(key) = quota_key(caller) {
            self.token_requests.take(key, self.monotonic.now())?;
        }
        Ok(())
    }

    /// Returns what a caller's token has left of requests and of sends; none without a token.
    #[must_use]
    pub fn quotas(&self, caller: &Caller) -> Option<[Quota; 2]> {
        let (key, now) = (quota_key(caller)?, self.monotonic.now());
        let sends = match caller.api_token {
            Some(token) => self.token_sends.quota(&token, now),
            // A user sends as fast as they do elsewhere.
            None => self.send_rate.quota(&caller.key(caller.signed_in()?.id), now),
        };
        Some([self.token_requests.quota(&key, now), sends])
    }

    /// Returns true if an API token works.
    pub(crate) async fn is_api_token_alive(&self, token: TokenHash) -> Result<bool, Error> {
        let now = self.monotonic.now();
        Ok(self.store.api_token(token).await?.is_some_and(|record| record.is_alive(now)))
    }
}
