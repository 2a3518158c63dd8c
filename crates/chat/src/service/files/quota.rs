//! Quotas: the limits of files that apply to an application, which are the operator's or lower ones of its own.

use crate::ports::store::{ApplicationConfig, FileQuota};
use crate::service::limits::FileLimits;

/// Returns the most bytes of one file.
pub(in crate::service) fn file_bytes(limits: &FileLimits, config: &ApplicationConfig) -> u64 {
    lower(config.files.file_bytes, limits.file_bytes)
}

/// Returns the most bytes of all files of a user, and of the application.
pub(in crate::service) fn quota(limits: &FileLimits, config: &ApplicationConfig) -> FileQuota {
    FileQuota {
        user: lower(config.files.user_bytes, limits.user_bytes),
        application: lower(config.files.application_bytes, limits.application_bytes),
    }
}

fn lower(own: Option<u64>, most: u64) -> u64 {
    own.map_or(most, |bytes| bytes.min(most))
}
