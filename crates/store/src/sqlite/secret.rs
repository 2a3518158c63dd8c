//! The file `secret.key`: the master secret of a server that gets none from its settings.

use std::io::{ErrorKind, Write};
use std::path::Path;

use chat::{Fault, MasterSecret, RandomSource};

use super::folder::{Folder, sync_folder};

/// Reads the secret of a folder that this process holds; makes one if there is none.
pub(crate) fn read_or_make(folder: &Folder, chance: &dyn RandomSource) -> Result<MasterSecret, Fault> {
    if let Some(secret) = read(folder)? {
        return Ok(secret);
    }
    let mut bytes = [0; 32];
    chance.fill(&mut bytes);
    let secret = MasterSecret::from_bytes(bytes);
    write(folder, &secret).map_err(|error| fault(folder, &error))?;
    Ok(secret)
}

/// Reads the secret of a folder; none if there is none yet.
pub(crate) fn read(folder: &Folder) -> Result<Option<MasterSecret>, Fault> {
    match std::fs::read_to_string(folder.secret()) {
        Ok(text) => match MasterSecret::parse(&text) {
            Some(secret) => Ok(Some(secret)),
            None => Err(fault(folder, &"it is not 64 hexadecimal digits; restore it from a backup")),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault(folder, &error)),
    }
}

/// Writes the secret of a folder, durably and as a whole; only the owner can read it.
pub(super) fn write(folder: &Folder, secret: &MasterSecret) -> std::io::Result<()> {
    let into: &Path = folder.path();
    let mut file = tempfile::Builder::new().prefix(".hubbub-secret-").tempfile_in(into)?;
    writeln!(file, "{}", secret.reveal())?;
    file.as_file().sync_all()?;
    file.persist(folder.secret()).map_err(|error| error.error)?;
    sync_folder(into)
}

fn fault(folder: &Folder, why: &dyn std::fmt::Display) -> Fault {
    Fault::new("store", format!("{} cannot be used: {why}", folder.secret().display()))
}
