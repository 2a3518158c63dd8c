//! The services that tests start: PostgreSQL, Redis and NATS.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Done;
use crate::process::{find, is_root, run};

/// A service: its program, and Debian's package.
struct Service {
    program: &'static str,
    package: &'static str,
}

const SERVICES: [Service; 3] = [
    Service { program: "postgres", package: "postgresql" },
    Service { program: "redis-server", package: "redis-server" },
    Service { program: "nats-server", package: "nats-server" },
];

/// Installs the services that are missing with Debian's packages, if this is root.
///
/// # Errors
/// If some are missing and cannot be installed; the sentence has the command that does it.
pub(crate) fn install() -> Done<()> {
    let missing: Vec<&str> = SERVICES
        .iter()
        .filter(|service| !is_installed(service.program))
        .map(|service| service.package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!("sudo apt install {}", missing.join(" "));
    if find("apt-get").is_none() || !is_root() {
        return Err(format!(
            "the tests start PostgreSQL, Redis and NATS, and some are missing; run: {by_hand}"
        ));
    }
    println!("      installing Debian's {}", missing.join(", "));
    let mut update = Command::new("apt-get");
    update.arg("update");
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--no-install-recommends"]).args(&missing);
    install.env("DEBIAN_FRONTEND", "noninteractive");
    run(update)?;
    run(install).map_err(|wrong| format!("{wrong}; run: {by_hand}"))?;
    match SERVICES.iter().find(|service| !is_installed(service.program)) {
        Some(service) => Err(format!("{} was installed, but is not found", service.program)),
        None => Ok(()),
    }
}

/// Returns true if a program is on PATH, or where Debian keeps servers and the versions of PostgreSQL.
fn is_installed(program: &str) -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders = versions.map(|version| version.path().join("bin")).chain([PathBuf::from("/usr/sbin")]);
    find(program).is_some() || folders.map(|folder| folder.join(program)).any(|file| Path::is_file(&file))
}
