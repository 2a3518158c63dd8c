//! Applications in memory, with the tokens of their programs.

use std::collections::{BTreeMap, HashMap};

use wire::{ApplicationId, ApplicationTitle, Description, PublicId, Timestamp};

use crate::auth::api_token::ApiTokenRecord;
use crate::auth::session::TokenHash;
use crate::ports::random::{RandomSource, random};
use crate::ports::store::{
    Application, ApplicationConfig, ApplicationKey, NewApiToken, NewApplication, Version,
};

/// The applications of the store, and the API tokens of all of them.
#[derive(Clone)]
pub(super) struct MemoryApplications {
    rows: BTreeMap<ApplicationId, Application>,
    last: ApplicationId,
    tokens: HashMap<TokenHash, ApiTokenRecord>,
}

impl MemoryApplications {
    /// Creates those of an empty store: the application of the built-in UI.
    pub(super) fn new(chance: &dyn RandomSource) -> Self {
        let id = ApplicationId::BUILT_IN;
        let built_in = ApplicationTitle::new("Hubbub").map(|title| Application {
            id,
            public_id: PublicId::from_bytes(random(chance)),
            title,
            description: Description::default(),
            config: ApplicationConfig::default(),
            key_version: 1,
            previous_key_until: None,
            tokens_valid_from: Timestamp(0),
            version: Version(1),
            since: Timestamp(0),
            deleted: None,
        });
        let rows = built_in.into_iter().map(|built_in| (id, built_in)).collect();
        Self { rows, last: id, tokens: HashMap::new() }
    }

    pub(super) fn find(&self, key: ApplicationKey) -> Option<Application> {
        match key {
            ApplicationKey::Id(id) => self.rows.get(&id).cloned(),
            ApplicationKey::Public(id) => self.rows.values().find(|row| row.public_id == id).cloned(),
        }
    }

    pub(super) fn after(&self, after: ApplicationId, limit: usize) -> Vec<Application> {
        self.rows.values().filter(|row| row.id > after).take(limit).cloned().collect()
    }

    pub(super) fn lists_origin(&self, origin: &String) -> bool {
        self.rows.values().any(|row| row.is_alive() && row.config.allowed_origins.contains(origin))
    }

    pub(super) fn token(&self, token: TokenHash) -> Option<ApiTokenRecord> {
        let record = self.tokens.get(&token)?;
        self.may_have_tokens(record.application).then(|| record.clone())
    }

    pub(super) fn tokens(&self, application: ApplicationId, limit: usize) -> Vec<ApiTokenRecord> {
        let of = self.tokens.values().filter(|record| record.application == application);
        let mut found: Vec<_> = of.cloned().collect();
        found.sort_by_key(|record| (std::cmp::Reverse(record.created), record.token.0));
        found.truncate(limit);
        found
    }

    pub(super) fn create(&mut self, new: &NewApplication) -> ApplicationId {
        let NewApplication { public_id, title, description, token } = new.clone();
        self.last.0 += 1;
        let id = self.last;
        let application = Application {
            id,
            public_id,
            title,
            description,
            config: ApplicationConfig::default(),
            key_version: 1,
            previous_key_until: None,
            tokens_valid_from: Timestamp(0),
            version: Version(1),
            since: token.at,
            deleted: None,
        };
        self.rows.insert(id, application);
        self.tokens.insert(token.token, token.record(id));
        id
    }

    /// Changes an application; false if it is not there, or has another version than expected.
    pub(super) fn change(
        &mut self,
        application: ApplicationId,
        version: Option<Version>,
        change: impl FnOnce(&mut Application),
    ) -> bool {
        let is_expected =
            |row: &&mut Application| row.is_alive() && version.is_none_or(|version| version == row.version);
        let Some(row) = self.rows.get_mut(&application).filter(is_expected) else { return false };
        change(row);
        row.version.0 += 1;
        true
    }

    /// Adds a token; false if the application can have none.
    pub(super) fn add_token(&mut self, application: ApplicationId, new: &NewApiToken) -> bool {
        let may_have = self.may_have_tokens(application);
        if may_have {
            self.tokens.insert(new.token, new.record(application));
        }
        may_have
    }

    /// As [`MemoryApplications::add_token`]; the others of its kind are revoked.
    pub(super) fn replace_tokens(&mut self, application: ApplicationId, new: &NewApiToken) -> bool {
        if !self.add_token(application, new) {
            return false;
        }
        for record in self.tokens.values_mut() {
            let is_other =
                record.application == application && record.kind == new.kind && record.token != new.token;
            if is_other && record.revoked.is_none() {
                record.revoked = Some(new.at);
            }
        }
        true
    }

    /// Revokes one token; false if it is not there, or was revoked before.
    pub(super) fn revoke_token(
        &mut self,
        application: ApplicationId,
        token: TokenHash,
        at: Timestamp,
    ) -> bool {
        let is_alive =
            |record: &&mut ApiTokenRecord| record.application == application && record.revoked.is_none();
        let Some(record) = self.tokens.get_mut(&token).filter(is_alive) else { return false };
        record.revoked = Some(at);
        true
    }

    /// Gives an application its next signing key; returns its version, or none if it is not there.
    pub(super) fn rotate_key(
        &mut self,
        application: ApplicationId,
        keep_until: Option<Timestamp>,
    ) -> Option<u32> {
        let row = self.rows.get_mut(&application).filter(|row| row.is_alive())?;
        row.key_version += 1;
        row.previous_key_until = keep_until;
        Some(row.key_version)
    }

    /// Ends the user tokens of an application that were issued before a time.
    pub(super) fn end_issued(&mut self, application: ApplicationId, before: Timestamp) {
        if let Some(row) = self.rows.get_mut(&application) {
            row.tokens_valid_from = before.max(row.tokens_valid_from);
        }
    }

    pub(super) fn tokens_valid_from(&self, application: ApplicationId) -> Timestamp {
        self.rows.get(&application).map(|row| row.tokens_valid_from).unwrap_or_default()
    }

    pub(super) fn touch_token(&mut self, application: ApplicationId, token: TokenHash, at: Timestamp) {
        if let Some(record) = self.tokens.get_mut(&token).filter(|record| record.application == application) {
            record.used = Some(at);
        }
    }

    /// Marks an application as deleted; false if it is not there, or was deleted before.
    pub(super) fn delete(&mut self, application: ApplicationId, at: Timestamp) -> bool {
        let Some(row) = self.rows.get_mut(&application).filter(|row| row.is_alive()) else { return false };
        row.deleted = Some(at);
        self.tokens.retain(|_, record| record.application != application);
        true
    }

    pub(super) fn forget(&mut self, application: ApplicationId) {
        if self.rows.get(&application).is_some_and(|row| !row.is_alive()) {
            self.rows.remove(&application);
        }
    }

    pub(super) fn is_deleted(&self, application: ApplicationId) -> bool {
        self.rows.get(&application).is_some_and(|row| !row.is_alive())
    }

    pub(super) fn remove_old_tokens(&mut self, before: Timestamp) {
        self.tokens.retain(|_, record| {
            let ends = [record.expires, record.revoked].into_iter().flatten().min();
            ends.is_none_or(|ends| ends >= before)
        });
    }

    fn may_have_tokens(&self, application: ApplicationId) -> bool {
        application == ApplicationId::SERVER || self.rows.get(&application).is_some_and(Application::is_alive)
    }
}
