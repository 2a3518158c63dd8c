//! The command `deb`: a Debian package of the binary, its service and its settings, built by `dpkg-deb`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Done;
use crate::dist::{Build, dist};
use crate::process::{root, run, target};

/// The files of the package: where each is, where it goes, and its mode.
const FILES: [(&str, &str, u32); 12] = [
    ("deploy/deb/hubbub.service", "usr/lib/systemd/system/hubbub.service", 0o644),
    ("deploy/deb/sysusers.conf", "usr/lib/sysusers.d/hubbub.conf", 0o644),
    ("deploy/deb/default", "etc/default/hubbub", 0o640),
    ("deploy/deb/postinst", "DEBIAN/postinst", 0o755),
    ("deploy/deb/prerm", "DEBIAN/prerm", 0o755),
    ("deploy/deb/postrm", "DEBIAN/postrm", 0o755),
    ("docs/operations.md", "usr/share/doc/hubbub/operations.md", 0o644),
    ("docs/cluster.md", "usr/share/doc/hubbub/cluster.md", 0o644),
    ("docs/data.md", "usr/share/doc/hubbub/data.md", 0o644),
    ("CHANGELOG.md", "usr/share/doc/hubbub/CHANGELOG.md", 0o644),
    ("LICENSE-APACHE", "usr/share/doc/hubbub/LICENSE-APACHE", 0o644),
    ("LICENSE-MIT", "usr/share/doc/hubbub/LICENSE-MIT", 0o644),
];

/// Builds the binary and the package; returns the path of the package.
pub(crate) fn deb(build: Build) -> Done<PathBuf> {
    let binary = dist(build)?;
    let package = package(&binary, &target().join("deb"))?;
    println!("      {}", package.display());
    Ok(package)
}

/// Lays out the tree of the package in a folder, and builds the package beside it.
fn package(binary: &Path, folder: &Path) -> Done<PathBuf> {
    let name = format!("hubbub_{}_{}", env!("CARGO_PKG_VERSION"), architecture());
    let tree = folder.join(&name);
    if tree.exists() {
        fs::remove_dir_all(&tree)
            .map_err(|error| format!("{} cannot be removed: {error}", tree.display()))?;
    }
    put(binary, &tree.join("usr/bin/hubbub"), 0o755)?;
    for (from, to, mode) in FILES {
        put(&root().join(from), &tree.join(to), mode)?;
    }
    write(&tree.join("usr/share/doc/hubbub/copyright"), COPYRIGHT, 0o644)?;
    write(&tree.join("DEBIAN/conffiles"), "/etc/default/hubbub\n", 0o644)?;
    write(&tree.join("DEBIAN/control"), &control(binary)?, 0o644)?;
    let package = folder.join(format!("{name}.deb"));
    let mut build = Command::new("dpkg-deb");
    build.args(["--root-owner-group", "-Zxz", "--build"]).arg(&tree).arg(&package);
    run(build)?;
    Ok(package)
}

const COPYRIGHT: &str = "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Hubbub

Files: *
Copyright: the authors of Hubbub
License: MIT or Apache-2.0
 The texts are /usr/share/doc/hubbub/LICENSE-MIT and /usr/share/doc/hubbub/LICENSE-APACHE.
";

/// Returns the description of the package. The binary needs at least the C library that it was built with.
fn control(binary: &Path) -> Done<String> {
    let length = fs::metadata(binary).map_err(|error| format!("{}: {error}", binary.display()))?.len();
    Ok(format!(
        "Package: hubbub
Version: {}
Architecture: {}
Maintainer: The Hubbub authors <hubbub@localhost>
Section: net
Priority: optional
Installed-Size: {}
Depends: libc6 (>= {}), systemd
Recommends: ca-certificates
Suggests: postgresql, redis-server, caddy | nginx
Description: group chat that you host yourself
 One program with its own pages, which keeps its data in one folder, or together
 with other servers in a PostgreSQL database. Programs use it through an HTTP API
 and the same WebSocket as the page.
",
        env!("CARGO_PKG_VERSION"),
        architecture(),
        length.div_ceil(1_024),
        libc_version()?,
    ))
}

/// Returns the version of the C library on this machine, without Debian's revision.
fn libc_version() -> Done<String> {
    let asked = Command::new("dpkg-query").args(["--show", "--showformat=${Version}", "libc6"]).output();
    let asked = asked.map_err(|error| format!("dpkg-query: {error}; a package is built on Debian"))?;
    let version = String::from_utf8_lossy(&asked.stdout).into_owned();
    match version.split('-').next() {
        Some(version) if !version.is_empty() => Ok(version.to_owned()),
        _ => Err("dpkg-query knows no libc6; a package is built on Debian".into()),
    }
}

/// Returns Debian's name of the architecture that this was built for.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "i386",
        other => other,
    }
}

fn put(from: &Path, to: &Path, mode: u32) -> Done {
    let content = fs::read(from).map_err(|error| format!("{} cannot be read: {error}", from.display()))?;
    write(to, content, mode)
}

fn write(to: &Path, content: impl AsRef<[u8]>, mode: u32) -> Done {
    let written = || -> std::io::Result<()> {
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(to, content)?;
        set_mode(to, mode)
    };
    written().map_err(|error| format!("{} cannot be written: {error}", to.display()))
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::find;

    fn output(program: &str, arguments: &[&str], file: &Path) -> String {
        let done = Command::new(program).args(arguments).arg(file).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    #[test]
    fn the_package_has_the_binary_the_service_and_settings_that_an_upgrade_keeps() {
        if find("dpkg-deb").is_none() {
            eprintln!("skipped: dpkg-deb is not installed");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        // Any program will do.
        let binary = std::env::current_exe().unwrap();
        let package = package(&binary, folder.path()).unwrap();
        let files = output("dpkg-deb", &["--contents"], &package);
        for (mode, file) in [
            ("-rwxr-xr-x root/root", "./usr/bin/hubbub"),
            ("-rw-r--r-- root/root", "./usr/lib/systemd/system/hubbub.service"),
            ("-rw-r----- root/root", "./etc/default/hubbub"),
            ("-rw-r--r-- root/root", "./usr/share/doc/hubbub/cluster.md"),
        ] {
            let line = files.lines().find(|line| line.ends_with(&format!(" {file}")));
            assert!(line.is_some_and(|line| line.starts_with(mode)), "{file}: {files}");
        }
        let info = output("dpkg-deb", &["--info"], &package);
        assert!(info.contains(" conffiles") && info.contains("*  postinst"), "{info}");
        let unpacked = folder.path().join("unpacked");
        let done = Command::new("dpkg-deb").arg("--extract").arg(&package).arg(&unpacked).status();
        assert!(done.unwrap().success());
        assert_eq!(fs::read(unpacked.join("usr/bin/hubbub")).unwrap(), fs::read(binary).unwrap());
    }

    #[test]
    fn the_scripts_of_the_package_are_shell() {
        for script in ["postinst", "prerm", "postrm"] {
            output("sh", &["-n"], &root().join("deploy/deb").join(script));
        }
    }

    #[test]
    fn the_service_is_as_hardened_as_the_one_in_the_documentation() {
        let unit = fs::read_to_string(root().join("deploy/deb/hubbub.service")).unwrap();
        let docs = fs::read_to_string(root().join("docs/operations.md")).unwrap();
        let (_, shown) = docs.split_once("[Service]\nType=notify\n").unwrap();
        let shown = shown.split("```").next().unwrap();
        let lines = shown.lines().filter(|line| line.contains('='));
        for line in lines.filter(|line| !line.starts_with("Environment=") && !line.starts_with("ExecStart="))
        {
            assert!(unit.lines().any(|own| own == line), "the unit lacks {line}");
        }
    }
}
