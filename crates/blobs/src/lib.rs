//! Blobs: the contents of files, in a folder that one node has, or that all nodes mount.
//!
//! [`FolderBlobs`] implements the port [`chat::Blobs`]. It must never know what a file is called, who may read it, or that
//! there are messages: the facts are in the store, which names a blob only after it is on the disk.
//!
//! Start reading at `folder.rs`; `listing.rs` lists what is there, and `place.rs` has the names of files and
//! folders. `io_threads.rs` has the threads on which uploads are hashed and written.

mod folder;
mod identity;
mod io_threads;
mod listing;
mod place;
mod reading;

pub use folder::FolderBlobs;
pub use listing::list_folder;
