//! A picture as a new file.

use std::error::Error as StdError;

use bytes::Bytes;
use image::ImageFormat;

/// A picture that was encoded anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::service::files) struct Picture {
    pub(in crate::service::files) content: Bytes,
    pub(in crate::service::files) format: ImageFormat,
    pub(in crate::service::files) width: u32,
    pub(in crate::service::files) height: u32,
}

/// Whatever is wrong with a picture: its sender only learns that it cannot be used.
pub(super) type Decoded<T> = Result<T, Box<dyn StdError>>;
