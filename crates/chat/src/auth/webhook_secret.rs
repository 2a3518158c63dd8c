//! The secret of an outgoing webhook, and the signatures made with it: Standard Webhooks 1.0, HMAC-SHA256.
//!
//! Source: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use std::fmt;

use data_encoding::{BASE32_NOPAD, BASE64};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wire::{ApplicationId, Epoch, Seq, Topic, WebhookId};

use crate::auth::master_secret::{KeyPurpose, MasterSecret};

/// The bytes of the hash in the id of an event.
const ID_BYTES: usize = 20;

/// A version of the secret of an outgoing webhook.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret([u8; 32]);

impl WebhookSecret {
    /// Derives a version of the secret.
    pub(crate) fn derive(
        secret: &MasterSecret,
        application: ApplicationId,
        webhook: WebhookId,
        version: u32,
    ) -> Self {
        Self(secret.derive_for(KeyPurpose::Webhooks, application, webhook, version))
    }

    /// Returns the text for its owner, which the libraries of Standard Webhooks take as it is. Not `Display`, so that
    /// no log line shows it by accident.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("whsec_{}", BASE64.encode(&self.0))
    }

    /// Returns the signature of a delivery: its id, the time of the attempt in seconds since 1970, and its body.
    pub(crate) fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        sign(&self.0, id, seconds, body)
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

/// Returns the id of an event for a webhook: the same on every attempt, and no other event of any webhook has it.
pub(crate) fn event_id(
    secret: &MasterSecret,
    application: ApplicationId,
    webhook: WebhookId,
    epoch: Epoch,
    (topic, seq, event): (&Topic, Seq, &str),
) -> String {
    let key = secret.derive(KeyPurpose::WebhookEvents, application, 1);
    let hash = mac(&key, &[format!("{webhook}/{epoch}/{topic}/{}/{event}", seq.0).as_bytes()]);
    format!("msg_{}", BASE32_NOPAD.encode(&hash[..ID_BYTES]).to_ascii_lowercase())
}

fn sign(key: &[u8], id: &str, seconds: i64, body: &[u8]) -> String {
    let head = format!("{id}.{seconds}.");
    format!("v1,{}", BASE64.encode(&mac(key, &[head.as_bytes(), body])))
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key);
    let mut mac = mac.unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_libraries_of_standard_webhooks() {
        // The example in the tests of the reference libraries.
        let key = BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signature = sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_webhook_and_version_has_a_secret_of_its_own_that_never_shows_itself() {
        let master = MasterSecret::from_bytes([1; 32]);
        let [wanjiru, li] = [1, 2].map(|byte| WebhookId::from_bytes([byte; 10]));
        let secret =
            |application, webhook, version| WebhookSecret::derive(&master, application, webhook, version);
        let first = secret(ApplicationId(2), wanjiru, 1);
        assert_eq!(first, secret(ApplicationId(2), wanjiru, 1));
        for other in [
            secret(ApplicationId(2), wanjiru, 2),
            secret(ApplicationId(2), li, 1),
            secret(ApplicationId(3), wanjiru, 1),
        ] {
            assert_ne!(first, other);
            assert_ne!(first.sign("msg_a", 1, b"{}"), other.sign("msg_a", 1, b"{}"));
        }
        let text = first.reveal();
        assert_eq!(BASE64.decode(text.strip_prefix("whsec_").unwrap().as_bytes()).unwrap(), first.0);
        assert_eq!(format!("{first:?}"), "WebhookSecret(…)");
    }

    #[test]
    fn an_event_keeps_its_id_and_no_other_event_has_it() {
        let master = MasterSecret::from_bytes([1; 32]);
        let [one, other] = [1, 2].map(|byte| WebhookId::from_bytes([byte; 10]));
        let [news, orders] = ["news", "orders"].map(|name| Topic::new(name).unwrap());
        let id = |webhook, epoch, topic, seq, event| {
            event_id(&master, ApplicationId(2), webhook, Epoch(epoch), (topic, Seq(seq), event))
        };
        let first = id(one, 1, &news, 7, "message.created");
        assert_eq!(first, id(one, 1, &news, 7, "message.created"));
        assert!(first.starts_with("msg_") && first.len() == 36, "{first}");
        for another in [
            id(other, 1, &news, 7, "message.created"),
            id(one, 2, &news, 7, "message.created"),
            id(one, 1, &orders, 7, "message.created"),
            id(one, 1, &news, 8, "message.created"),
            id(one, 1, &news, 7, "message.edited"),
        ] {
            assert_ne!(first, another);
        }
    }
}
