//! The bounds of an archive that is read. Sizes are in bytes.

/// The most bytes of an archive, and the most when all of it is unpacked: 10 GiB.
pub const ARCHIVE_BYTES: u64 = 10 * 1024 * 1024 * 1024;
/// The most entries of a ZIP file.
pub const ZIP_ENTRIES: u64 = 1_000_000;
/// The most bytes of the directory of a ZIP file, which is read into memory.
pub const ZIP_DIRECTORY_BYTES: u64 = 256 * 1024 * 1024;
/// The most that the content of an entry may be larger than it is in the ZIP file.
pub const RATIO: u64 = 200;
/// An entry of at most so many bytes may have any ratio.
pub const RATIO_FLOOR_BYTES: u64 = 1024 * 1024;
/// The longest path of an entry.
pub const PATH_BYTES: usize = 1_024;
/// The most bytes of a JSON file that is read as a whole: a day of a conversation, or a list of users.
pub const JSON_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// The longest line of a file of JSON Lines.
pub const LINE_BYTES: usize = 16 * 1024 * 1024;
/// The most users of an archive.
pub const USERS: usize = 200_000;
/// The most conversations of an archive.
pub const CONVERSATIONS: usize = 200_000;
/// The most memberships of an archive.
pub const MEMBERS: usize = 2_000_000;
/// The most messages of an archive whose messages must be sorted.
pub const SORTED_MESSAGES: usize = 4_000_000;
