//! Files: uploads, who may read them, links to them, and their end.

mod attach;
mod content_type;
mod decoding;
mod finish_upload;
mod images;
mod link;
pub(in crate::service) mod quota;
mod read;
mod remove;
mod thumbnail;
mod upload;
pub(crate) mod upload_limits;

pub(crate) use images::is_bare_jpeg;
pub use link::FileLink;
pub use read::ReadableFile;
pub use upload::{DeclaredBytes, NewUpload, Uploaded};
