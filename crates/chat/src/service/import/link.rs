//! Links by which imported users come to an account of their own.

use wire::{ApplicationId, Person};

use super::ids::IMPORTED;
use crate::auth::caller::Caller;
use crate::auth::session::Token;
use crate::chat::Chat;
use crate::names::ExternalKey;
use crate::ports::store::{
    AccountKey, CreateAccount, CreateAccountOutcome, FirstRole, KeyedUser, Login, PutUser, PutUserOutcome,
    folded,
};
use crate::service::error::Error;
use crate::service::permissions::may_operate;

/// The most users of a name who are told apart.
const NAMED: usize = 100;

/// The reason why an imported user gets no link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportLinkError {
    /// No imported user has this key or this name.
    Unknown,
    /// Several imported users have this name: their keys.
    Ambiguous(Vec<String>),
    /// Nobody has an account yet, and the first one is to be the owner's.
    NoOwner,
    /// The call was refused, or has failed.
    Service(Error),
}

/// Accounts of imported users.
impl Chat {
    /// Makes a link by which an imported user of the pages chooses a password, once and within a day; returns the user, with
    /// the name to sign in with, and the token of the link. The user has an account from then on, with a password that
    /// nobody knows. If another account has their name, they get a number behind it. They are found by their key, such as
    /// `import/slack/U1`, or by their name.
    ///
    /// # Errors
    /// [`ImportLinkError`].
    pub async fn create_import_link(
        &self,
        caller: &Caller,
        user: &str,
    ) -> Result<(Person, Token), ImportLinkError> {
        may_operate(caller)?;
        let user = self.imported_user(user).await?;
        let id = user.person.id;
        let reader = self.store.reader(ApplicationId::BUILT_IN);
        let account = match reader.account(AccountKey::User(id)).await? {
            Some(account) => account.person,
            None if !self.limits.owner_by_link && !reader.has_accounts().await? => {
                return Err(ImportLinkError::NoOwner);
            }
            None => self.account_of_imported(user).await?,
        };
        let token = self.new_reset(caller, None, account.clone()).await?;
        Ok((account, token))
    }

    /// Returns the imported user of a key or a name.
    async fn imported_user(&self, user: &str) -> Result<KeyedUser, ImportLinkError> {
        let reader = self.store.reader(ApplicationId::BUILT_IN);
        if user.starts_with(IMPORTED) {
            let key = ExternalKey::new(user).map_err(|_| ImportLinkError::Unknown)?;
            return reader.user_by_key(&key).await?.ok_or(ImportLinkError::Unknown);
        }
        let found = reader.users_with(user, NAMED).await?.into_iter().filter_map(|found| found.keyed);
        let is_meant = |found: &KeyedUser| {
            found.key.as_str().starts_with(IMPORTED)
                && folded(found.person.name.as_str()) == folded(user.trim())
        };
        let mut found: Vec<KeyedUser> = found.filter(is_meant).collect();
        match found.len() {
            0 => Err(ImportLinkError::Unknown),
            1 => Ok(found.remove(0)),
            _ => {
                let mut keys: Vec<String> = found.iter().map(|user| user.key.to_string()).collect();
                keys.sort_unstable();
                Err(ImportLinkError::Ambiguous(keys))
            }
        }
    }

    /// Creates the account of an imported user, under a name that no account has.
    async fn account_of_imported(&self, user: KeyedUser) -> Result<Person, ImportLinkError> {
        let application = ApplicationId::BUILT_IN;
        let name = self.free_name(application, user.person.name.as_str()).await?;
        let mut person = user.person;
        if name != person.name {
            let (sign_up, at) = (None, self.monotonic.now());
            let renamed = Person { id: person.id, name };
            let put = PutUser {
                key: user.key,
                person: renamed,
                bio: None,
                version: Some(user.version),
                sign_up,
                at,
            };
            match self.commit_in(application, put).await? {
                PutUserOutcome::Put { user, .. } => person = user.person,
                PutUserOutcome::Stale => {
                    return Err(ImportLinkError::Service(wire::Refusal::VersionStale.into()));
                }
            }
        }
        let unknown = Token::from_bytes(self.random());
        let password =
            self.password_hashing.hash(&unknown.reveal(), &[person.name.as_str()], self.random()).await?;
        let login = Login::new(person.name.as_str())?;
        let create = CreateAccount { user: person.id, login, password, rank: FirstRole::Member };
        match self.commit_in(application, create).await? {
            CreateAccountOutcome::Done => Ok(person),
            CreateAccountOutcome::LoginTaken | CreateAccountOutcome::Stale => {
                Err(ImportLinkError::Service(wire::Refusal::LoginTaken.into()))
            }
        }
    }
}

impl<E: Into<Error>> From<E> for ImportLinkError {
    fn from(error: E) -> Self {
        Self::Service(error.into())
    }
}
