//! File links: a link that lets one viewer read one file for a few minutes, from a page of another origin too.

use std::sync::Arc;

use wire::{ApplicationId, FileId, Refusal, Timestamp, UserId};

use crate::auth::caller::{Caller, Principal};
use crate::auth::file_link::{FileLinkClaims, LinkSource, LinkViewer};
use crate::auth::grant::Grant;
use crate::auth::user_token::TokenScope;
use crate::chat::Chat;
use crate::ports::store::ApplicationKey;
use crate::service::error::Error;

/// The time for which a link works, in milliseconds.
const LIFETIME_MS: i64 = 5 * 60 * 1_000;

/// A link to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLink {
    /// The secret part of its path.
    pub token: String,
    /// The time from which it no longer works.
    pub until: Timestamp,
}

/// Links to files.
impl Chat {
    /// Makes a link to a file that the caller may read. It names the caller and their token: whether the token works, and
    /// the right to read, are checked again each time that the link is used.
    ///
    /// # Errors
    /// Those of [`Chat::file`].
    pub async fn link_file(&self, caller: &Caller, file: FileId) -> Result<FileLink, Error> {
        self.file(caller, file).await?;
        let viewer = match &caller.principal {
            Principal::User(user) => LinkViewer::User(user.id),
            _ => LinkViewer::Application,
        };
        let issued = self.clock.now();
        // No longer than the token by which it is asked for.
        let until = Timestamp(issued.0 + LIFETIME_MS);
        let until = caller.expires.map_or(until, |expires| until.min(expires));
        let application = caller.application;
        let claims = FileLinkClaims { application, viewer, source: source_of(caller), file, issued, until };
        Ok(FileLink { token: self.file_links.seal(self.random(), &claims), until })
    }

    /// Opens a link: returns its file, and the viewer as a caller.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if it is none of this server, or its viewer is gone; [`Refusal::FileLinkOver`], also if the
    /// token by which it was asked for has ended.
    pub async fn open_file_link(&self, token: &str) -> Result<(Caller, FileId), Error> {
        let claims = self.file_links.open(token)?;
        let FileLinkClaims { application, viewer, source, file, issued, until } = claims;
        if self.clock.now() >= until {
            return Err(Refusal::FileLinkOver.into());
        }
        let found = self.store.application(ApplicationKey::Id(application)).await?;
        let found = found.filter(|found| found.is_alive()).ok_or(Refusal::NotFound)?;
        let principal = match viewer {
            LinkViewer::Application => Principal::Application(found.author()),
            LinkViewer::User(user) => self.link_viewer(application, user, issued).await?,
        };
        let viewer = Caller { application, principal, ..Caller::default() };
        if !self.is_alive(&with_source(viewer.clone(), source)).await? {
            return Err(Refusal::FileLinkOver.into());
        }
        Ok((viewer, file))
    }

    /// Returns the user whom a link names, unless their tokens were revoked since.
    async fn link_viewer(
        &self,
        application: ApplicationId,
        user: UserId,
        issued: Timestamp,
    ) -> Result<Principal, Error> {
        let reader = self.store.reader(application);
        let person = reader.person(user).await?.ok_or(Refusal::NotFound)?;
        let valid_from = reader.tokens_valid_from(user).await?.ok_or(Refusal::NotFound)?;
        if reader.is_deleted(user).await? || issued < valid_from {
            return Err(Refusal::NotFound.into());
        }
        Ok(Principal::User(person))
    }
}

/// Returns the token of a caller.
fn source_of(caller: &Caller) -> LinkSource {
    if let Some(token) = caller.api_token {
        return LinkSource::ApiToken(token);
    }
    let grant = caller.grant.as_ref().filter(|_| caller.session.is_none());
    let signed = grant.and_then(|grant| Some((grant.key_version?, grant.issued)));
    signed.map_or(LinkSource::Session, |(version, issued)| LinkSource::UserToken(version, issued))
}

/// Returns a viewer as the caller who asked for the link. The time of the link is checked apart, and the scope was when
/// the link was made.
fn with_source(viewer: Caller, source: LinkSource) -> Caller {
    match source {
        LinkSource::Session => viewer,
        LinkSource::ApiToken(token) => Caller { api_token: Some(token), ..viewer },
        LinkSource::UserToken(version, issued) => {
            let grant = Grant { issued, key_version: Some(version), scope: TokenScope::default() };
            Caller { grant: Some(Arc::new(grant)), ..viewer }
        }
    }
}
