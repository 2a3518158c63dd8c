//! The names of all blobs that a database has, for the operator.

use std::path::Path;

use chat::{BlobId, BlobKey, Fault};
use wire::ApplicationId;

use super::folder::Folder;
use super::{migrate, open};

/// The first schema with files.
const SCHEMA_WITH_FILES: i64 = 18;

/// Returns the names of the blobs in a data folder, which a server may hold.
pub(super) fn blob_names(folder: &Path) -> Result<Vec<BlobKey>, Fault> {
    let folder = Folder::new(folder);
    if !folder.database().exists() {
        return Ok(Vec::new());
    }
    let db = open::look(&folder.database())?;
    let read = || -> rusqlite::Result<Vec<BlobKey>> {
        if migrate::number(&db)? < SCHEMA_WITH_FILES {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for column in ["blob", "thumbnail"] {
            let mut select =
                db.prepare(&format!("SELECT application, {column} FROM files WHERE state <> 'removing'"))?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let name: Option<String> = row.get(1)?;
                let application = ApplicationId(row.get(0)?);
                let id = name.and_then(|name| BlobId::parse(&name));
                names.extend(id.map(|id| BlobKey { application, id }));
            }
        }
        Ok(names)
    };
    read().map_err(|error| Fault::unlogged(format!("the files cannot be read: {error}")))
}
