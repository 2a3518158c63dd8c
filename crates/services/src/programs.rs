//! The installed programs, and the user that they run as.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Returns a program from `PATH`, or from where Debian installs servers.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let servers = ["/usr/sbin", "/usr/local/bin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(servers).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Returns a program of the newest PostgreSQL. Debian keeps those of each version in a folder that is not in `PATH`.
pub(crate) fn find_postgres(name: &str) -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|folder| Some((folder.file_name().to_str()?.parse().ok()?, folder.path())))
        .collect();
    versions.sort();
    let newest = versions.into_iter().rev().map(|(_, folder)| folder.join("bin").join(name));
    newest.into_iter().find(|file| file.is_file()).or_else(|| find(name))
}

/// Prints that a test is skipped because a program is not installed.
///
/// # Panics
/// If `HUBBUB_SERVICES=required` is set.
pub(crate) fn skip(program: &str, package: &str) {
    let missing = format!("{program} is not installed; on Debian: sudo apt install {package}");
    let required = std::env::var("HUBBUB_SERVICES").is_ok_and(|value| value == "required");
    assert!(!required, "HUBBUB_SERVICES=required, but {missing}");
    eprintln!("skipped: {missing}");
}

/// A user of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SystemUser {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl SystemUser {
    /// Returns the user that services run as if this process is root, as PostgreSQL refuses root; none if it is not.
    pub(crate) fn unprivileged() -> Option<Self> {
        if fs::metadata("/proc/self").is_ok_and(|me| me.uid() != 0) {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        ["postgres", "nobody"].iter().find_map(|name| Self::named(&users, name))
    }

    /// Finds a user in the text of `/etc/passwd`.
    fn named(users: &str, name: &str) -> Option<Self> {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(str::parse);
        Some(Self { uid: fields.next()?.ok()?, gid: fields.next()?.ok()? })
    }
}

/// Returns the processes that a process has started, and theirs.
pub(crate) fn descendants(pid: u32) -> Vec<u32> {
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(pid) = found.get(next) {
        let children = fs::read_to_string(Path::new("/proc").join(format!("{pid}/task/{pid}/children")));
        found.extend(children.unwrap_or_default().split_whitespace().flat_map(str::parse::<u32>));
        next += 1;
    }
    found.remove(0);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let users = "postgres-old:x:7:8::/:/bin/sh\npostgres:x:101:104:PostgreSQL:/var/lib:/bin/bash\nbad:x:y:1::/:\n";
        assert_eq!(SystemUser::named(users, "postgres"), Some(SystemUser { uid: 101, gid: 104 }));
        assert_eq!(SystemUser::named(users, "nobody"), None);
        assert_eq!(SystemUser::named(users, "bad"), None);
    }
}
