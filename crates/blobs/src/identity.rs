//! The identity of a folder: a random name in a file, by which a database knows its folder of files.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use chat::{BlobId, RandomSource};
use wire::Epoch;

/// The file that has it.
const FILE: &str = "folder.id";

/// The file with the epoch of the data that the folder belongs to.
const OWNER: &str = "folder.epoch";

/// Returns the identity of a folder, and draws one if it has none. Of two nodes that do so at once, both return the same.
pub(crate) fn identity(root: &Path, chance: &dyn RandomSource) -> io::Result<String> {
    let draw = || {
        let mut bytes = [0; 16];
        chance.fill(&mut bytes);
        BlobId(bytes).to_string()
    };
    let id = read_or_write(root, FILE, 32, &draw, BlobId::parse)?;
    Ok(id.to_string())
}

/// Returns the epoch of the data that a folder belongs to, which is this one if it belongs to none so far.
pub(crate) fn owner(root: &Path, epoch: Epoch) -> io::Result<Epoch> {
    read_or_write(root, OWNER, 16, &|| epoch.to_string(), |text| text.parse().ok())
}

/// Reads a file of so many hexadecimal digits, and writes it first if there is none. Of two nodes that do so at once, both
/// return the same.
fn read_or_write<T>(
    root: &Path,
    name: &str,
    digits: usize,
    first: &dyn Fn() -> String,
    parse: fn(&str) -> Option<T>,
) -> io::Result<T> {
    let file = root.join(name);
    loop {
        match fs::read_to_string(&file) {
            Ok(text) => {
                let wrong = || {
                    let wrong = format!("{} has no {digits} hexadecimal digits", file.display());
                    io::Error::new(io::ErrorKind::InvalidData, wrong)
                };
                return parse(text.trim()).ok_or_else(wrong);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // A file of its own first: a reader never sees half a line.
        let mut new = tempfile::Builder::new().prefix(name).tempfile_in(root)?;
        writeln!(new, "{}", first())?;
        new.as_file().sync_all()?;
        match new.persist_noclobber(&file) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => return Err(error.error),
            _ => {}
        }
    }
}
