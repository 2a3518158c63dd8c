//! User tokens: authentication by them, minting, revocation, and the rotation of signing keys.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use wire::{Expected, Person, Refusal, Timestamp};

use super::application_room::Limited;
use super::external_users::UserRef;
use super::permissions::needs_application;
use crate::auth::caller::{Caller, Principal};
use crate::auth::grant::Grant;
use crate::auth::session::TokenHash;
use crate::auth::user_token::{
    ClaimedKey, LONGEST_MS, SigningKey, TokenScope, UserToken, bad_claim, valid_from,
};
use crate::chat::Chat;
use crate::names::{self, ExternalKey};
use crate::ports::store::{
    Application, ApplicationKey, Checked, PutUser, PutUserOutcome, TokenSignUp, UserTokenWrite,
};
use crate::service::error::{Error, Fault};

/// The lifetime of a token for which none is asked, in seconds.
const USUAL_S: u32 = 3_600;
/// The longest time for which a previous signing key is kept, in seconds.
const KEPT_S: u32 = 86_400;

/// A user token that was minted, which is shown only now.
#[derive(Clone, PartialEq, Eq)]
pub struct MintedToken {
    /// The JWT.
    pub token: String,
    /// The time from which it no longer works.
    pub expires: Timestamp,
}

/// Tokens of the users of an application.
impl Chat {
    /// Returns the caller that a user token authenticates; none if no key that works has signed it, which does not tell
    /// which applications there are. If the application lets tokens create users, a token of a user that does not exist
    /// creates them.
    ///
    /// # Errors
    /// [`Refusal::ClaimBad`] for the form of a token; if a key has signed it, [`Refusal::ClaimBad`] for its times and its
    /// user, [`Refusal::TokenRevoked`], and those of a name, for a user that the token creates.
    pub async fn authenticate_user_token(&self, text: &str) -> Result<Option<Caller>, Error> {
        let (revocations, now) = (self.revocation_position(), self.clock.now());
        let Some(claimed) = ClaimedKey::of(text)? else { return Ok(None) };
        let key = ApplicationKey::Public(claimed.application);
        let Some(application) = self.store.application(key).await?.filter(Application::is_alive) else {
            return Ok(None);
        };
        let Some(key_until) = application.key_works_until(claimed.version, now) else { return Ok(None) };
        let key = SigningKey::derive(&self.secret, application.id, claimed.version);
        let Some(token) = UserToken::verify(text, &key, application.public_id, now)? else { return Ok(None) };
        let Some(person) = self.subject_of(&application, &token).await? else { return Ok(None) };
        let valid_from = self.store.reader(application.id).tokens_valid_from(person.id).await?;
        let valid_from = valid_from.ok_or_else(|| bad_claim("sub", Expected::KnownUser))?;
        if token.issued < valid_from {
            return Err(revoked(valid_from));
        }
        let UserToken { issued, expires, scope, .. } = token;
        let grant = Grant { issued, key_version: Some(claimed.version), scope };
        Ok(Some(Caller {
            application: application.id,
            principal: Principal::User(person),
            open_topics: true,
            expires: Some(expires.min(key_until)),
            grant: Some(Arc::new(grant)),
            revocations,
            ..Caller::default()
        }))
    }

    /// Returns true if the user token of a caller works now.
    pub(crate) async fn is_user_token_alive(&self, caller: &Caller, grant: &Grant) -> Result<bool, Error> {
        let now = self.clock.now();
        let application = self.application_by_id(caller.application).await?.filter(Application::is_alive);
        let (Some(application), Ok(me)) = (application, caller.scoped_user()) else { return Ok(false) };
        // Not if the key ends earlier than it did at the lookup: what waits for the end does not know that.
        let until = grant.key_version.and_then(|version| application.key_works_until(version, now));
        let key_works = until.is_some_and(|until| caller.expires.is_none_or(|expires| expires <= until));
        let valid_from = self.reader(caller).tokens_valid_from(me.id).await?;
        let is_valid = valid_from.is_some_and(|valid_from| grant.issued >= valid_from);
        Ok(key_works && is_valid && caller.expires.is_none_or(|expires| now < expires))
    }

    /// Mints a token for a user, which works for a time in seconds, an hour if none is given.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], [`Refusal::NotFound`], [`Refusal::FieldWrong`] for the time.
    pub async fn create_user_token(
        &self,
        caller: &Caller,
        user: &UserRef,
        expires_in_s: Option<u32>,
        scope: TokenScope,
    ) -> Result<MintedToken, Error> {
        let person = self.user_for_grant(caller, user).await?;
        let life = i64::from(expires_in_s.unwrap_or(USUAL_S)) * 1_000;
        if !(1..=LONGEST_MS).contains(&life) {
            return Err(Refusal::FieldWrong { field: "expires_in".into(), wants: Expected::Lifetime }.into());
        }
        let application = self.application_by_id(caller.application).await?.ok_or(Refusal::NotFound)?;
        let key = SigningKey::derive(&self.secret, application.id, application.key_version);
        let reader = self.reader(caller);
        let valid_from = reader.tokens_valid_from(person.id).await?.ok_or(Refusal::NotFound)?;
        // After a revocation a new token begins to work when the revoked ones could no longer.
        let now = Timestamp(self.clock.now().0.div_euclid(1_000) * 1_000).max(valid_from);
        let subject = match reader.key_of_user(person.id).await? {
            Some(keyed) => keyed.key.to_string(),
            None => format!("id:{}", person.id),
        };
        let expires = Timestamp(now.0.saturating_add(life));
        let token = UserToken { subject, issued: now, expires, name: None, scope };
        let token = token.sign(&key, application.public_id);
        let token = token.ok_or_else(|| Fault::new("user_tokens", "a token cannot be signed"))?;
        Ok(MintedToken { token, expires })
    }

    /// Ends every token that was issued for a user before now, with the sockets and sessions that they have opened. New
    /// ones work after at most six seconds.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], [`Refusal::NotFound`].
    pub async fn revoke_user_tokens(&self, caller: &Caller, user: &UserRef) -> Result<(), Error> {
        needs_application(caller)?;
        let user = self.external_user(caller, user).await?.person.id;
        let at = self.clock.now();
        let end = UserTokenWrite::EndIssued { user: Some(user), before: valid_from(at), at };
        self.commit(caller, end).await.map(|_| ())
    }

    /// As [`Chat::revoke_user_tokens`], for all users of the caller's application.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`].
    pub async fn revoke_all_user_tokens(&self, caller: &Caller) -> Result<(), Error> {
        needs_application(caller)?;
        let at = self.clock.now();
        let end = UserTokenWrite::EndIssued { user: None, before: valid_from(at), at };
        self.commit(caller, end).await.map(|_| ())
    }

    /// Gives the caller's application its next signing key. Tokens of the present one work for this many seconds; with
    /// 0 they and their sockets end at once.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], [`Refusal::FieldWrong`] for the time.
    pub async fn rotate_signing_key(
        &self,
        caller: &Caller,
        keep_previous_s: u32,
    ) -> Result<SigningKey, Error> {
        needs_application(caller)?;
        if keep_previous_s > KEPT_S {
            let wants = Expected::KeyLifetime;
            return Err(Refusal::FieldWrong { field: "keep_previous_s".into(), wants }.into());
        }
        let at = self.clock.now();
        let until = Timestamp(at.0.saturating_add(i64::from(keep_previous_s) * 1_000));
        let keep_until = (keep_previous_s > 0).then_some(until);
        let rotate = UserTokenWrite::RotateKey { keep_until, at };
        match self.commit(caller, rotate).await? {
            Checked::Stale => Err(Refusal::NotFound.into()),
            Checked::Done => {
                let found = self.application_by_id(caller.application).await?.ok_or(Refusal::NotFound)?;
                Ok(self.signing_key(&found))
            }
        }
    }

    /// Returns the present signing key of an application.
    pub(super) fn signing_key(&self, application: &Application) -> SigningKey {
        SigningKey::derive(&self.secret, application.id, application.key_version)
    }

    /// Returns a user of the caller's application for whom something may be granted: one who was not deleted.
    pub(super) async fn user_for_grant(&self, caller: &Caller, user: &UserRef) -> Result<Person, Error> {
        needs_application(caller)?;
        let as_user = self.act_as(caller.clone(), user).await?;
        Ok(as_user.scoped_user()?.clone())
    }

    /// Returns the user whom a verified token names; none if it does not work.
    async fn subject_of(
        &self,
        application: &Application,
        token: &UserToken,
    ) -> Result<Option<Person>, Error> {
        let subject = UserRef::parse(&token.subject).map_err(|_| bad_claim("sub", Expected::UserName))?;
        let unknown = || Error::from(bad_claim("sub", Expected::KnownUser));
        let reader = self.store.reader(application.id);
        let key = match &subject {
            UserRef::Id(id) => return reader.person(*id).await?.ok_or_else(unknown).map(Some),
            UserRef::Key(key) => key,
        };
        match reader.user_by_key(key).await? {
            Some(keyed) => Ok(Some(keyed.person)),
            None if application.config.token_sign_up => self.sign_up_by_token(application, key, token).await,
            None => Err(unknown()),
        }
    }

    /// Creates the user of a token; none if it does not work.
    async fn sign_up_by_token(
        &self,
        application: &Application,
        key: &ExternalKey,
        token: &UserToken,
    ) -> Result<Option<Person>, Error> {
        if token.issued < application.tokens_valid_from {
            return Err(revoked(application.tokens_valid_from));
        }
        let name = names::person_name(token.name.as_deref().unwrap_or(key.as_str()))?;
        let person = Person { id: wire::UserId::from_bytes(self.random()), name };
        let sign_up = Some(TokenSignUp { issued: token.issued });
        let put =
            PutUser { key: key.clone(), person, bio: None, version: None, sign_up, at: self.monotonic.now() };
        let room = self.take_room(application.id, Limited::Users).await?;
        match self.commit_in(application.id, put).await? {
            PutUserOutcome::Put { user, created } => {
                if created {
                    room.used();
                }
                Ok(Some(user.person))
            }
            PutUserOutcome::Stale => Ok(None),
        }
    }
}

/// Returns the refusal of a token that was issued before a revocation.
fn revoked(valid_from: Timestamp) -> Error {
    Refusal::TokenRevoked { valid_from: valid_from.to_string() }.into()
}

/// Returns the key under which requests with a caller's token are counted: an API token counts by itself, and the user
/// tokens of a user count together.
pub(super) fn quota_key(caller: &Caller) -> Option<TokenHash> {
    if let Some(token) = caller.api_token {
        return Some(token);
    }
    let me = caller.signed_in().filter(|_| caller.grant.is_some())?;
    let mut sha = Sha256::new();
    sha.update(caller.application.0.to_be_bytes());
    sha.update(me.id.to_string());
    Some(TokenHash(sha.finalize().into()))
}

impl std::fmt::Debug for MintedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MintedToken(…)")
    }
}
