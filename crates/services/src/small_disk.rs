//! A small file system for a service, which is full before long.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::programs::SystemUser;

/// The folder where it is mounted, within that of the service.
pub(crate) const FOLDER: &str = "small";

/// Mounts it where only this process and its children see it, so that it is gone with them, and runs the rest of the
/// command line there. It needs no privileges: the first namespace has a root who may mount, the second one an ordinary
/// user again, because PostgreSQL refuses root. Both stand for the same user outside.
const MOUNT: &str = r#"
mount -t tmpfs -o "size=$1m,mode=700" none "$2" || exit
shift 2
exec unshare --user --map-user=1000 --map-group=1000 "$@"
"#;

/// Returns true if this user, or the one that services run as, may do that.
pub(crate) fn is_allowed() -> bool {
    let Ok(folder) = tempfile::tempdir() else { return false };
    let user = SystemUser::unprivileged();
    let owned = user.map_or(Ok(()), |user| chown(folder.path(), Some(user.uid), Some(user.gid)));
    if owned.is_err() || make(folder.path()).is_err() {
        return false;
    }
    let [program, arguments @ ..] = &command(folder.path(), 1)[..] else { return false };
    let mut attempt = Command::new(program);
    attempt.args(arguments).arg("true").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    crate::service::run_as(&mut attempt, user);
    attempt.status().is_ok_and(|status| status.success())
}

/// Makes the folder where it is to be mounted.
pub(crate) fn make(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder.join(FOLDER))
}

/// Returns the beginning of a command line whose rest runs with the file system.
pub(crate) fn command(folder: &Path, mebibytes: u32) -> Vec<OsString> {
    let mut command: Vec<OsString> =
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, "small-disk"]
            .map(Into::into)
            .to_vec();
    command.extend([mebibytes.to_string().into(), folder.join(FOLDER).into()]);
    command
}
