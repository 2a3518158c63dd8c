//! The application of a program: its title, description and settings.

use wire::{ApplicationTitle, Description, Expected, Refusal};

use super::permissions::needs_application;
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::store::{Application, ApplicationConfig, ApplicationWrite, Outcome, Version, Write};
use crate::service::error::Error;

/// The most origins of an application, and the most bytes of one.
const ORIGINS: usize = 20;
const ORIGIN_BYTES: usize = 255;

/// The changes of an application; what is none stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationChange {
    /// The new title.
    pub title: Option<String>,
    /// The new description.
    pub description: Option<String>,
    /// The origins whose pages may use the API from a browser.
    pub allowed_origins: Option<Vec<String>>,
}

impl ApplicationChange {
    /// Checks what a change says, apart from the application that it changes.
    ///
    /// # Errors
    /// [`Refusal::FieldWrong`] for an origin, and those of a title and a description.
    pub fn check(&self) -> Result<(), Refusal> {
        self.title.as_deref().map(ApplicationTitle::new).transpose()?;
        self.description.as_deref().map(Description::new).transpose()?;
        self.allowed_origins.clone().map(checked).transpose().map(|_| ())
    }
}

/// The application of the caller.
impl Chat {
    /// Returns the application of a caller.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`].
    pub async fn application_of(&self, caller: &Caller) -> Result<Application, Error> {
        needs_application(caller)?;
        Ok(self.application_by_id(caller.application).await?.ok_or(Refusal::NotFound)?)
    }

    /// Changes the application of a caller, if it has a version.
    ///
    /// # Errors
    /// [`Refusal::VersionStale`], [`Refusal::NotApplication`], [`Refusal::FieldWrong`] for an origin, and those of a
    /// title and a description.
    pub async fn change_application(
        &self,
        caller: &Caller,
        change: ApplicationChange,
        version: Option<Version>,
    ) -> Result<Application, Error> {
        let present = self.application_of(caller).await?;
        self.apply_change(present, change, version).await?;
        self.application_of(caller).await
    }

    /// Commits the changes of an application.
    pub(super) async fn apply_change(
        &self,
        present: Application,
        change: ApplicationChange,
        version: Option<Version>,
    ) -> Result<(), Error> {
        let id = present.id;
        let ApplicationChange { title, description, allowed_origins } = change;
        let write = ApplicationWrite::Change {
            // Parts that are not changed are those of this version.
            version: Some(version.unwrap_or(present.version)),
            title: title.map_or(Ok(present.title), |title| ApplicationTitle::new(&title))?,
            description: description.map_or(Ok(present.description), |text| Description::new(&text))?,
            config: match allowed_origins {
                Some(origins) => ApplicationConfig { allowed_origins: checked(origins)? },
                None => present.config,
            },
        };
        match self.commit_in(id, Write::Applications(write)).await? {
            Outcome::Stale => Err(Refusal::VersionStale.into()),
            _ => Ok(()),
        }
    }

    /// Returns true if pages of an origin may use the API with the tokens of a caller's application.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn allows_origin(&self, caller: &Caller, origin: &str) -> Result<bool, Error> {
        let application = self.application_by_id(caller.application).await?;
        let origin = origin.to_ascii_lowercase();
        Ok(application.is_some_and(|application| application.config.allowed_origins.contains(&origin)))
    }
}

fn checked(origins: Vec<String>) -> Result<Vec<String>, Refusal> {
    let wrong = Refusal::FieldWrong { field: "allowed_origins".into(), wants: Expected::Origins };
    let is_origin = |origin: &String| {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let is_host = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-:[]".contains(&b);
        origin.len() <= ORIGIN_BYTES && host.is_some_and(|host| !host.is_empty() && host.bytes().all(is_host))
    };
    let origins: Vec<String> = origins.iter().map(|origin| origin.to_ascii_lowercase()).collect();
    if origins.len() <= ORIGINS && origins.iter().all(is_origin) { Ok(origins) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_a_scheme_a_host_and_no_path() {
        for origin in
            ["https://shop.example", "http://localhost:3000", "http://[::1]:80", "HTTPS://Shop.Example"]
        {
            assert_eq!(checked(vec![origin.into()]), Ok(vec![origin.to_ascii_lowercase()]));
        }
        for bad in [
            "null",
            "*",
            "https://",
            "https://shop.example/",
            "ftp://shop.example",
            "https://ann@shop.example",
        ] {
            assert!(checked(vec![bad.into()]).is_err(), "{bad}");
        }
        assert!(checked(vec!["https://shop.example".into(); 21]).is_err());
    }
}
