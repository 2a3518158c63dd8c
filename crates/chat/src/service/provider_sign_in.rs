//! Signing in by a provider of OpenID Connect: the authorization code flow with PKCE (RFC 7636).

use data_encoding::BASE64URL_NOPAD;
use form_urlencoded::Serializer;
use sha2::{Digest, Sha256};
use wire::{ApplicationId, AuditEvent, GroupId, InviteId, Person, PersonName, Refusal, UserId};

use crate::auth::caller::{Caller, Principal};
use crate::auth::login_throttle;
use crate::auth::network::Network;
use crate::auth::provider::{
    LinkGrant, Provider, ProviderClaims, ProviderMetadata, ProviderSignUp, SignInState, Wanted,
};
use crate::auth::session::Token;
use crate::chat::Chat;
use crate::ports::store::{
    AttemptOutcome, AttemptWrite, FirstRole, Identity, IdentityOutcome, IdentityWrite, Login, Transaction,
};
use crate::rules;
use crate::service::error::Error;
use crate::service::provider_requests::{KnownProvider, ProviderFailure};

/// The time that a sign-in may take at the provider, in milliseconds.
pub(crate) const SIGN_IN_MS: i64 = 10 * 60_000;
/// The life of a link grant on the account page, in milliseconds.
const GRANT_MS: i64 = 24 * 3_600_000;
/// The names that are tried with a small number behind them, before a random one.
const NUMBERED: u32 = 20;
const RANDOM_NAMES: u32 = 5;

/// A provider as pages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderListing {
    /// The id in addresses.
    pub id: String,
    /// The name.
    pub name: String,
}

/// A sign-in that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderRequest {
    /// The address of the provider to go to.
    pub url: String,
    /// The sealed state, which the browser keeps until it comes back.
    pub state: String,
}

/// The wish for a sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderWish {
    /// The address of this server that the provider sends the browser back to.
    pub redirect_uri: String,
    /// The path and query of this server to go to in the end. The caller has checked it.
    pub next: String,
    /// The [permission](Chat::link_grant) to link the identity to the caller's account, instead of signing in.
    pub link: Option<String>,
}

/// The answer of a provider, as the browser brings it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderAnswer {
    /// The sealed state that the browser has kept.
    pub kept: Option<String>,
    /// The address of this server that the provider has sent the browser to.
    pub redirect_uri: String,
    /// The parameter `state`.
    pub state: Option<String>,
    /// The parameter `code`.
    pub code: Option<String>,
    /// The parameter `error`.
    pub error: Option<String>,
    /// The parameter `iss` (RFC 9207).
    pub iss: Option<String>,
}

/// The end of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderSignedIn {
    /// The token of the new session; none if an identity was linked to the caller's account.
    pub token: Option<Token>,
    /// The path and query of this server to go to.
    pub next: String,
}

/// Signing in by providers. Their users are those of the built-in application.
impl Chat {
    /// Returns the providers, in the order of their ids.
    #[must_use]
    pub fn providers(&self) -> Vec<ProviderListing> {
        let listed = |known: &KnownProvider| {
            let Provider { id, name, .. } = &known.provider;
            ProviderListing { id: id.clone(), name: name.clone() }
        };
        self.providers.iter().map(listed).collect()
    }

    pub(super) fn provider(&self, id: &str) -> Result<&KnownProvider, Refusal> {
        self.providers.iter().find(|known| known.provider.id == id).ok_or(Refusal::NotFound)
    }

    /// Returns the permission to link an identity of a provider to the caller's account, for the address on their
    /// account page.
    ///
    /// # Errors
    /// [`Refusal::SignInNeeded`], and [`Refusal::OutsideScope`] for a session that an application has begun.
    pub fn link_grant(&self, caller: &Caller, provider: &str) -> Result<String, Error> {
        let user = caller.account_holder()?.id;
        let session = caller.session.as_ref().ok_or(Refusal::SignInNeeded)?.hash().to_hex();
        let grant = LinkGrant { provider: provider.into(), user, session, made: self.clock.now().0 };
        Ok(self.sign_in_seal.seal(self.random(), &grant))
    }

    /// Begins a sign-in.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an unknown provider, [`Refusal::TooFast`], [`Refusal::ProviderDown`],
    /// [`Refusal::ProviderAnswerBad`], and [`Refusal::SignInOver`] for a link grant of another session.
    pub async fn begin_provider_sign_in(
        &self,
        caller: &Caller,
        provider: &str,
        wish: ProviderWish,
    ) -> Result<ProviderRequest, Error> {
        let known = self.provider(provider)?;
        if let Some(from) = caller.from {
            self.provider_sign_ins.take(Network::of(from), self.monotonic.now())?;
        }
        let ProviderWish { redirect_uri, next, link } = wish;
        let link = link.map(|grant| self.checked_grant(caller, provider, &grant)).transpose()?;
        let metadata = known.metadata(&*self.http, self.clock.now()).await;
        let metadata = metadata.map_err(|failure| known.refusal(&failure))?;
        let text = || BASE64URL_NOPAD.encode(&self.random::<32>());
        let state = SignInState {
            provider: provider.into(),
            state: text(),
            nonce: text(),
            verifier: text(),
            next,
            link,
            begun: self.clock.now().0,
        };
        let url = address(&known.provider, &metadata, &state, &redirect_uri);
        Ok(ProviderRequest { url, state: self.sign_in_seal.seal(self.random(), &state) })
    }

    /// Ends a sign-in by the provider's answer: begins a session, creates an account, or links an identity.
    ///
    /// # Errors
    /// [`Refusal::SignInOver`] if the browser did not begin it, or too long ago, or it is ended already; those that
    /// begin with `Provider`; [`Refusal::IdentityTaken`]; and those of a new user.
    pub async fn end_provider_sign_in(
        &self,
        caller: &Caller,
        provider: &str,
        answer: ProviderAnswer,
    ) -> Result<ProviderSignedIn, Error> {
        let known = self.provider(provider)?;
        let caller = &of_built_in(caller);
        let state = self.checked_state(provider, &answer).await?;
        let code = checked_code(known, &answer)?;
        let asked = self.ask(known, &state, &answer, code).await;
        let (subject, claims) = asked.map_err(|failure| known.refusal(&failure))?;
        let name = known.provider.name.clone();
        if !claims.are_accepted_by(&known.provider) {
            return Err(Refusal::ProviderUserRefused { provider: name }.into());
        }
        let identity = Identity { issuer: known.provider.issuer(), subject };
        if let Some(grant) = &state.link {
            self.link_identity(caller, known, grant, identity).await?;
            return Ok(ProviderSignedIn { token: None, next: state.next });
        }
        let token = match self.reader(caller).user_of_identity(&identity).await? {
            Some(person) => self.begin_by_identity(caller, person, identity).await?,
            None => self.sign_up_by(caller, known, &claims.name(), identity, &state.next).await?,
        };
        Ok(ProviderSignedIn { token: Some(token), next: state.next })
    }

    /// Returns the state of a sign-in that this browser has begun, and takes it: it ends once, on whatever node.
    async fn checked_state(&self, provider: &str, answer: &ProviderAnswer) -> Result<SignInState, Error> {
        let kept = answer.kept.as_deref().and_then(|kept| self.sign_in_seal.open::<SignInState>(kept));
        let is_right = |kept: &SignInState| {
            let age = self.clock.now().0.saturating_sub(kept.begun);
            kept.provider == provider
                && answer.state.as_ref() == Some(&kept.state)
                && (-SIGN_IN_MS..SIGN_IN_MS).contains(&age)
        };
        let kept = kept.filter(is_right).ok_or(Refusal::SignInOver)?;
        let attempts = login_throttle::to_end_sign_in(&kept.state);
        let take = AttemptWrite::Take { attempts, at: self.monotonic.now() };
        match self.commit_in(ApplicationId::BUILT_IN, take).await? {
            AttemptOutcome::Done => Ok(kept),
            AttemptOutcome::Exhausted { .. } => Err(Refusal::SignInOver.into()),
        }
    }

    /// Asks the provider about a code; returns the subject and the claims.
    async fn ask(
        &self,
        known: &KnownProvider,
        state: &SignInState,
        answer: &ProviderAnswer,
        code: &str,
    ) -> Result<(String, ProviderClaims), ProviderFailure> {
        let (http, now) = (&*self.http, self.clock.now());
        let metadata = known.metadata(http, now).await?;
        if !metadata.is_from_issuer(answer.iss.as_deref()) {
            return Err(ProviderFailure::Answer("the answer is that of another issuer".into()));
        }
        let tokens = known.exchange(http, &metadata, [code, &answer.redirect_uri, &state.verifier]).await?;
        let wanted = Wanted {
            issuer: &known.provider.issuer,
            client_id: &known.provider.client_id,
            nonce: &state.nonce,
            begun: wire::Timestamp(state.begun),
            now: self.clock.now(),
        };
        let token = known.verify(http, &metadata, &tokens.id_token, wanted, now).await?;
        let mut claims = ProviderClaims::new(token.claims);
        if claims.lacks_some(&known.provider) {
            claims.extend(known.userinfo(http, &metadata, &tokens, &token.subject).await?);
        }
        Ok((token.subject, claims))
    }

    async fn begin_by_identity(
        &self,
        caller: &Caller,
        person: Person,
        identity: Identity,
    ) -> Result<Token, Error> {
        let token = Token::from_bytes(self.random());
        let session = self.new_session(caller, &token);
        let (by, label) = (person.clone(), session.label.clone());
        let first = IdentityWrite::SignIn { user: person.id, identity, session };
        let write = Transaction { first, then: self.new_browser(caller, &person) };
        match self.commit_noted(caller, write, person.id, &AuditEvent::SignedIn { by, label }).await? {
            IdentityOutcome::Done => Ok(token),
            // It was unlinked meanwhile.
            _ => Err(Refusal::SignInOver.into()),
        }
    }

    /// Creates a user under a free name.
    async fn sign_up_by(
        &self,
        caller: &Caller,
        known: &KnownProvider,
        name: &PersonName,
        identity: Identity,
        next: &str,
    ) -> Result<Token, Error> {
        self.may_sign_up_by(caller, &known.provider, next).await?;
        if let Some(from) = caller.from {
            self.newcomers.take((caller.application, Network::of(from)), self.monotonic.now())?;
        }
        let rank = if self.limits.owner_by_link { FirstRole::Member } else { FirstRole::FirstIsOwner };
        for attempt in 1..=NUMBERED + RANDOM_NAMES {
            let name = self.numbered(name, attempt)?;
            let login = Login::new(name.as_str())?;
            let person = Person { id: UserId::from_bytes(self.random()), name };
            let token = Token::from_bytes(self.random());
            let session = self.new_session(caller, &token);
            let (user, identity) = (person.id, identity.clone());
            let first = IdentityWrite::SignUp { person: person.clone(), login, rank, identity, session };
            let write = Transaction { first, then: self.new_browser(caller, &person) };
            match self.commit_noted(caller, write, user, &AuditEvent::Claimed { by: person }).await? {
                IdentityOutcome::Done => return Ok(token),
                IdentityOutcome::LoginTaken => {}
                // Another browser of the same user was faster.
                _ => return Err(Refusal::SignInOver.into()),
            }
        }
        Err(Refusal::LoginTaken.into())
    }

    /// Returns a name, from the second attempt on with a number.
    fn numbered(&self, name: &PersonName, attempt: u32) -> Result<PersonName, Refusal> {
        let number = match attempt {
            1 => return Ok(name.clone()),
            2..=NUMBERED => attempt,
            _ => u32::from(u16::from_be_bytes(self.random())) % 900 + 100,
        };
        crate::names::person_name(&format!("{} {number}", name.as_str()))
    }

    async fn may_sign_up_by(&self, caller: &Caller, provider: &Provider, next: &str) -> Result<(), Error> {
        let closed = || Refusal::ProviderSignUpClosed { provider: provider.name.clone() };
        match provider.sign_up {
            ProviderSignUp::On => Ok(()),
            ProviderSignUp::Off => Err(closed().into()),
            ProviderSignUp::Invited => {
                let (group, invite) = invite_of(next).ok_or_else(closed)?;
                let roster = self.reader(caller).roster(group).await?.ok_or_else(closed)?;
                Ok(rules::check_join_policy(&roster, None, Some(invite), self.monotonic.now())?)
            }
        }
    }

    /// Returns a link grant, if it is that of the caller's session.
    fn checked_grant(&self, caller: &Caller, provider: &str, sealed: &str) -> Result<LinkGrant, Refusal> {
        let grant = self.sign_in_seal.open::<LinkGrant>(sealed).ok_or(Refusal::SignInOver)?;
        let age = self.clock.now().0.saturating_sub(grant.made);
        let is_young = (-GRANT_MS..GRANT_MS).contains(&age);
        if grant.provider == provider && is_young && grant.is_of(caller) {
            Ok(grant)
        } else {
            Err(Refusal::SignInOver)
        }
    }
}

/// Returns the caller as one of the built-in application: the session of another one counts for nothing here.
fn of_built_in(caller: &Caller) -> Caller {
    let built_in = ApplicationId::BUILT_IN;
    if caller.application == built_in && caller.grant.is_none() {
        return caller.clone();
    }
    let (principal, session, grant) = (Principal::Anonymous, None, None);
    Caller { application: built_in, principal, session, grant, ..caller.clone() }
}

/// Returns the code of an answer.
fn checked_code<'a>(known: &KnownProvider, answer: &'a ProviderAnswer) -> Result<&'a str, Refusal> {
    let provider = known.provider.name.clone();
    match (answer.error.as_deref(), answer.code.as_deref()) {
        (None, Some(code)) if !code.is_empty() => Ok(code),
        (None, _) => Err(Refusal::ProviderAnswerBad { provider }),
        (Some("server_error" | "temporarily_unavailable"), _) => Err(Refusal::ProviderDown { provider }),
        (Some(_), _) => Err(Refusal::ProviderDenied { provider }),
    }
}

/// Returns the address at the provider that begins a sign-in.
fn address(
    provider: &Provider,
    metadata: &ProviderMetadata,
    state: &SignInState,
    redirect_uri: &str,
) -> String {
    let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(state.verifier.as_bytes()));
    let mut query = Serializer::new(String::new());
    query.append_pair("response_type", "code").append_pair("client_id", &provider.client_id);
    query.append_pair("redirect_uri", redirect_uri).append_pair("scope", &provider.scopes.join(" "));
    query.append_pair("state", &state.state).append_pair("nonce", &state.nonce);
    query.append_pair("code_challenge", &challenge).append_pair("code_challenge_method", "S256");
    let (endpoint, query) = (&metadata.authorization_endpoint, query.finish());
    let separator = if endpoint.contains('?') { '&' } else { '?' };
    format!("{endpoint}{separator}{query}")
}

/// Returns the group and the invite of the address of an invite link.
fn invite_of(next: &str) -> Option<(GroupId, InviteId)> {
    let (path, query) = next.split_once('?')?;
    let group = path.strip_prefix("/g/")?.parse().ok()?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, invite) = pairs.find(|(name, _)| name == "invite")?;
    Some((group, invite.parse().ok()?))
}
