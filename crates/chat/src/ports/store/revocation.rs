//! The revocation log: sessions, API tokens and user tokens that have ended, for every node that may have sockets of
//! theirs.

use serde_json::{Value, json};
use wire::{ApplicationId, Json, LogKey, Seq, Timestamp, Topic, UserId, UserKey};

use super::Sessions;
use crate::auth::session::TokenHash;

/// Sessions or tokens that have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Sessions of a user.
    Sessions {
        /// The user whose sessions they are.
        user: UserKey,
        /// The sessions.
        which: Sessions,
    },
    /// API tokens of an application.
    Tokens {
        /// The application whose tokens they are.
        application: ApplicationId,
        /// The tokens.
        which: Sessions,
    },
    /// User tokens, and sessions of the same rights, that were issued before a time.
    Issued {
        /// The application.
        application: ApplicationId,
        /// The user; none for all users of the application.
        user: Option<UserId>,
        /// Those issued at this time or later go on.
        before: Timestamp,
    },
    /// User tokens of earlier versions of a signing key.
    SigningKey {
        /// The application whose key it is.
        application: ApplicationId,
        /// The present version.
        version: u32,
        /// The time until which tokens of the version before it go on; none if they end at once. Those of earlier ones
        /// always do.
        previous_until: Option<Timestamp>,
    },
    /// All sessions and tokens of an application, which is deleted.
    Application(ApplicationId),
}

/// The revocations after a Seq of their log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevocationSlice {
    /// The Seq after which none is missing. It is later than what was asked for if earlier ones are no longer kept,
    /// cannot be read, or are more than [`REVOCATIONS`]: then any session may have ended.
    pub after: Seq,
    /// The entries, each with its Seq.
    pub entries: Vec<(Seq, Vec<Revocation>)>,
    /// The newest entry of the log.
    pub head: Seq,
}

/// The most entries in one slice.
pub const REVOCATIONS: u64 = 1_000;

impl Revocation {
    /// Returns the key of the log: it belongs to the server itself.
    ///
    /// # Panics
    /// Never: the name is a topic.
    #[must_use]
    pub fn log() -> LogKey {
        #[expect(clippy::expect_used, reason = "a constant")]
        let topic = Topic::new("revocations").expect("the name is a topic");
        LogKey::new(ApplicationId::SERVER, topic)
    }

    /// Returns the data of an entry.
    #[must_use]
    pub fn to_json(revocations: &[Self]) -> Json {
        let which = |which: Sessions| match which {
            Sessions::One(token) => ("one", Some(token.to_hex())),
            Sessions::Others(token) => ("others", Some(token.to_hex())),
            Sessions::All => ("all", None),
        };
        let of = |revocation: &Self| match *revocation {
            Self::Sessions { user: UserKey { application, user }, which: sessions } => {
                let (sessions, token) = which(sessions);
                json!({ "application": application.0, "user": user, "sessions": sessions, "token": token })
            }
            Self::Tokens { application, which: tokens } => {
                let (tokens, token) = which(tokens);
                json!({ "application": application.0, "tokens": tokens, "token": token })
            }
            Self::Issued { application, user, before } => {
                json!({ "application": application.0, "user": user, "issued_before": before.0 })
            }
            Self::SigningKey { application, version, previous_until } => {
                let until = previous_until.map(|until| until.0);
                json!({ "application": application.0, "key_version": version, "previous_until": until })
            }
            Self::Application(application) => json!({ "application": application.0, "everything": true }),
        };
        Json::of(&revocations.iter().map(of).collect::<Vec<_>>())
    }

    /// Reads the data of an entry; none if it cannot be read.
    #[must_use]
    pub fn parse(data: &Json) -> Option<Vec<Self>> {
        let which = |which: &Value, token: &Value| {
            let token = || TokenHash::parse(token.as_str()?);
            Some(match which.as_str()? {
                "one" => Sessions::One(token()?),
                "others" => Sessions::Others(token()?),
                "all" => Sessions::All,
                _ => return None,
            })
        };
        let of = |fields: &Value| {
            let application = ApplicationId(fields["application"].as_u64()?.try_into().ok()?);
            if fields["everything"] == true {
                return Some(Self::Application(application));
            }
            if !fields["tokens"].is_null() {
                let which = which(&fields["tokens"], &fields["token"])?;
                return Some(Self::Tokens { application, which });
            }
            if let Some(before) = fields["issued_before"].as_i64() {
                let user = match &fields["user"] {
                    Value::Null => None,
                    user => Some(user.as_str()?.parse().ok()?),
                };
                return Some(Self::Issued { application, user, before: Timestamp(before) });
            }
            if let Some(version) = fields["key_version"].as_u64() {
                let previous_until = match &fields["previous_until"] {
                    Value::Null => None,
                    until => Some(Timestamp(until.as_i64()?)),
                };
                let version = version.try_into().ok()?;
                return Some(Self::SigningKey { application, version, previous_until });
            }
            let user = UserKey { application, user: fields["user"].as_str()?.parse().ok()? };
            Some(Self::Sessions { user, which: which(&fields["sessions"], &fields["token"])? })
        };
        serde_json::from_str::<Vec<Value>>(data.as_str()).ok()?.iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_anything_else_is_refused() {
        let user = UserKey { application: ApplicationId(7), user: UserId::from_bytes([1; 10]) };
        let token = TokenHash([0xa7; 32]);
        let application = ApplicationId(3);
        let mut all = vec![Revocation::Application(application)];
        for which in [Sessions::One(token), Sessions::Others(token), Sessions::All] {
            all.push(Revocation::Sessions { user, which });
            all.push(Revocation::Tokens { application, which });
        }
        for user in [None, Some(user.user)] {
            all.push(Revocation::Issued { application, user, before: Timestamp(1_800_000_000_000) });
        }
        all.push(Revocation::Issued { application, user: Some(user.user), before: Timestamp(i64::MAX) });
        for previous_until in [None, Some(Timestamp(1))] {
            all.push(Revocation::SigningKey { application, version: 2, previous_until });
        }
        let data = Revocation::to_json(&all);
        assert_eq!(Revocation::parse(&data), Some(all));
        let damaged = data.as_str().replace("others", "some");
        assert_eq!(Revocation::parse(&Json::new(&damaged).unwrap()), None);
        assert_eq!(Revocation::parse(&Json::of(&"x")), None);
    }
}
