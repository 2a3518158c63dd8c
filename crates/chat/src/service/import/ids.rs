//! The keys and ids under which the parts of an archive are kept here.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};
use wire::limits::{KEY_BYTES, SEND_ID_BYTES};
use wire::{SendId, UserId};

use crate::names::ExternalKey;

/// The key of the job of an import: an application has one at a time.
pub(super) const JOB_KEY: &str = "import";

/// The beginning of the keys of everything that was imported.
pub(super) const IMPORTED: &str = "import/";

/// The format of archives that exports are.
pub(in crate::service) const OWN: &str = "hubbub";

/// Returns the beginning of the keys of users and conversations that came from an export.
pub(in crate::service) fn own_prefix() -> String {
    format!("import/{OWN}/")
}

/// Returns the id that a message had in the export that it came from; none if it came from none.
pub(in crate::service) fn own_message_id<'a>(id: &'a SendId, conversation: &str) -> Option<&'a str> {
    let rest = id.as_str().strip_prefix("import/")?.strip_prefix(OWN)?.strip_prefix('/')?;
    rest.strip_prefix(conversation)?.strip_prefix('/').filter(|id| !id.is_empty())
}

/// Returns the key of a user or a conversation of an archive.
pub(super) fn key(format: &str, id: &str) -> Option<ExternalKey> {
    let key = format!("import/{format}/{id}");
    let key = if key.len() <= KEY_BYTES { key } else { format!("import/{format}/#{}", digest(&[id])) };
    ExternalKey::new(&key).ok()
}

/// Returns the id of a bot of an archive: it has it already, if it is one of an export.
pub(super) fn bot_id(id: &str) -> UserId {
    id.parse().unwrap_or_else(|_| {
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&Sha256::digest(id)[..10]);
        UserId::from_bytes(bytes)
    })
}

/// Returns the id of a part of a message of an archive, from 1.
pub(super) fn send_id(format: &str, conversation: &str, id: &str, part: usize) -> Option<SendId> {
    let part = if part > 1 { format!("/part{part}") } else { String::new() };
    let readable = format!("import/{format}/{conversation}/{id}{part}");
    let fits = readable.len() <= SEND_ID_BYTES && readable.bytes().all(|byte| byte.is_ascii_graphic());
    let text =
        if fits { readable } else { format!("import/{format}/#{}{part}", digest(&[conversation, id])) };
    SendId::new(&text).ok()
}

/// Returns 128 bits of a hash of texts, in base 32.
fn digest(texts: &[&str]) -> String {
    let mut sha = Sha256::new();
    for text in texts {
        sha.update(text.len().to_le_bytes());
        sha.update(text);
    }
    BASE32_NOPAD.encode(&sha.finalize()[..16]).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_archives_are_readable_where_they_fit_and_never_run_together() {
        assert_eq!(key("slack", "U1").unwrap().as_str(), "import/slack/U1");
        assert_eq!(send_id("slack", "C1", "17.5", 1).unwrap().as_str(), "import/slack/C1/17.5");
        assert_eq!(send_id("slack", "C1", "17.5", 2).unwrap().as_str(), "import/slack/C1/17.5/part2");
        let long = |id: &str| send_id("mattermost", &"x".repeat(200), id, 1).unwrap();
        assert_ne!(long("1"), long("2"));
        assert_ne!(send_id("slack", "茶", "1", 1), send_id("slack", "茶1", "", 1));
        assert_ne!(key("slack", &"x".repeat(200)), key("slack", &"x".repeat(201)));
    }
}
