//! Places: the file of each blob, `<application>/<first two digits>/<id>`, and the folder of those that are being written.

use std::path::{Path, PathBuf};

use chat::{BlobId, BlobKey};
use wire::ApplicationId;

/// The folder of blobs that are being written.
pub(crate) const UNFINISHED: &str = "tmp";

/// Returns the folder of a blob.
pub(crate) fn folder(root: &Path, key: BlobKey) -> PathBuf {
    let id = key.id.to_string();
    root.join(key.application.to_string()).join(&id[..2])
}

/// Returns the file of a blob.
pub(crate) fn file(root: &Path, key: BlobKey) -> PathBuf {
    folder(root, key).join(key.id.to_string())
}

/// Reads the name of the folder of an application.
pub(crate) fn application(name: &str) -> Option<ApplicationId> {
    let number: u32 = name.parse().ok()?;
    (number.to_string() == name).then_some(ApplicationId(number))
}

/// Reads the name of a folder of blobs whose ids begin alike.
pub(crate) fn part(name: &str) -> Option<u8> {
    let number = u8::from_str_radix(name, 16).ok()?;
    (format!("{number:02x}") == name).then_some(number)
}

/// Reads the name of the file of a blob.
pub(crate) fn id(name: &str) -> Option<BlobId> {
    BlobId::parse(name)
}
