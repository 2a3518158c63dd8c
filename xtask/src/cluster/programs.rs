//! The programs of a cluster as Debian installs them, with the command lines of the compose file.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::child::{Running, User, run_as};
use super::compose::Service;
use crate::Done;
use crate::process::find;

/// Makes a new PostgreSQL folder, and starts the server.
pub(super) fn postgres(service: &Service, address: SocketAddr, folder: &Path) -> Done<Running> {
    let user = User::unprivileged();
    let folder = own_folder(folder, &service.name, user)?;
    let (data, password) = (folder.join("data"), folder.join("password"));
    write_private(&password, service.variable("POSTGRES_PASSWORD")?, user)?;
    let mut init = Command::new(find_postgres("initdb")?);
    init.arg("--pgdata").arg(&data).arg("--auth=scram-sha-256").arg("--no-sync");
    init.arg(format!("--username={}", service.variable("POSTGRES_USER")?)).arg("--pwfile").arg(&password);
    init.args(service.variable("POSTGRES_INITDB_ARGS").unwrap_or_default().split_whitespace());
    run_as(init.current_dir(&folder), user);
    let done = init.stdin(Stdio::null()).output().map_err(|error| format!("initdb: {error}"))?;
    if !done.status.success() {
        return Err(format!("initdb: {}", String::from_utf8_lossy(&done.stderr)));
    }
    let mut server = Command::new(find_postgres(program(service)?)?);
    server.args(&service.command[1..]).arg("-D").arg(&data);
    let sockets = format!("unix_socket_directories={}", folder.display());
    for setting in [format!("port={}", address.port()), "listen_addresses=127.0.0.1".into(), sockets] {
        server.args(["-c", &setting]);
    }
    Running::start(&service.name, "INT", server.current_dir(&folder), user, false)
}

/// Creates the database of a server once it accepts connections; returns false before that.
pub(super) fn has_database(service: &Service, address: SocketAddr) -> Done<bool> {
    let (user, name) = (service.variable("POSTGRES_USER")?, service.variable("POSTGRES_DB")?);
    let mut create = Command::new(find_postgres("createdb")?);
    create.args(["--host", "127.0.0.1", "--port", &address.port().to_string(), "--username", user]);
    create
        .args(["--maintenance-db", "postgres", name])
        .env("PGPASSWORD", service.variable("POSTGRES_PASSWORD")?);
    let done = create.stdin(Stdio::null()).output().map_err(|error| format!("createdb: {error}"))?;
    let said = String::from_utf8_lossy(&done.stderr);
    match said.contains("authentication failed") || said.contains("permission denied") {
        true => Err(format!("createdb: {said}")),
        false => Ok(done.status.success() || said.contains("already exists")),
    }
}

/// Starts Redis.
pub(super) fn redis(service: &Service, address: SocketAddr, folder: &Path) -> Done<Running> {
    let folder = own_folder(folder, &service.name, None)?;
    let mut server = Command::new(installed(program(service)?, "redis-server")?);
    server.args(&service.command[1..]).args(["--bind", "127.0.0.1", "--port", &address.port().to_string()]);
    Running::start(&service.name, "TERM", server.current_dir(&folder), None, false)
}

/// Starts a node: in its variables the names of other services become their addresses.
pub(super) fn node(
    service: &Service,
    addresses: &BTreeMap<String, SocketAddr>,
    binary: &Path,
    folder: &Path,
) -> Done<Running> {
    let blobs = folder.join("blobs").display().to_string();
    let folder = own_folder(folder, &service.name, None)?;
    let mut node =
        Command::new(fs::canonicalize(binary).map_err(|error| format!("{}: {error}", binary.display()))?);
    node.args(&service.command[1..]);
    for (name, value) in &service.environment {
        let value = match name.as_str() {
            "HUBBUB_ADDR" => addresses[&service.name].to_string(),
            "HUBBUB_DATA" => folder.join("data").display().to_string(),
            // One for all nodes.
            "HUBBUB_BLOBS" => blobs.clone(),
            _ => located(value, addresses),
        };
        node.env(name, value);
    }
    Running::start(&service.name, "TERM", node.current_dir(&folder), None, true)
}

/// Puts the address of a service in the place of its name, if a text is a URL with it.
fn located(url: &str, addresses: &BTreeMap<String, SocketAddr>) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
    match addresses.get(host.split(':').next().unwrap_or_default()) {
        Some(address) if user.is_empty() => format!("{scheme}://{address}{path}"),
        Some(address) => format!("{scheme}://{user}@{address}{path}"),
        None => url.to_owned(),
    }
}

fn program(service: &Service) -> Done<&str> {
    service.command.first().map(String::as_str).ok_or(format!("{} has no command", service.name))
}

/// Finds a program on `PATH`, or where Debian installs servers.
fn installed(name: &str, package: &str) -> Done<PathBuf> {
    let debian = Path::new("/usr/sbin").join(name);
    find(name)
        .or_else(|| debian.is_file().then_some(debian))
        .ok_or(format!("{name} is not installed; on Debian: sudo apt install {package}"))
}

/// Finds a program of the newest PostgreSQL. Debian keeps those of each version in a folder that is not in `PATH`.
fn find_postgres(name: &str) -> Done<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|folder| {
            Some((folder.file_name().to_str()?.parse().ok()?, folder.path().join("bin").join(name)))
        })
        .filter(|(_, program)| program.is_file())
        .collect();
    versions.sort();
    versions.pop().map_or_else(|| installed(name, "postgresql"), |(_, program)| Ok(program))
}

/// Makes the folder of a service.
fn own_folder(folder: &Path, name: &str, user: Option<User>) -> Done<PathBuf> {
    let own = folder.join(name);
    fs::create_dir(&own).map_err(|error| format!("{}: {error}", own.display()))?;
    if user.is_some() {
        // The folder around it is that of root, and lets others through.
        open_to_others(folder)?;
    }
    give(&own, user)?;
    Ok(own)
}

fn write_private(file: &Path, text: &str, user: Option<User>) -> Done {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    give(file, user)
}

#[cfg(unix)]
fn give(path: &Path, user: Option<User>) -> Done {
    let Some(User { uid, gid }) = user else { return Ok(()) };
    std::os::unix::fs::chown(path, Some(uid), Some(gid))
        .map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(not(unix))]
fn give(_: &Path, _: Option<User>) -> Done {
    Ok(())
}

#[cfg(unix)]
fn open_to_others(folder: &Path) -> Done {
    use std::os::unix::fs::PermissionsExt;

    let mode = fs::Permissions::from_mode(0o711);
    fs::set_permissions(folder, mode).map_err(|error| format!("{}: {error}", folder.display()))
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> Done {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_service_in_a_url_becomes_its_address() {
        let addresses = BTreeMap::from([("postgres".to_owned(), SocketAddr::from(([127, 0, 0, 1], 41)))]);
        for (url, expected) in [
            (
                "postgres://a:b@postgres:5432/hubbub?sslmode=disable",
                "postgres://a:b@127.0.0.1:41/hubbub?sslmode=disable",
            ),
            ("redis://postgres", "redis://127.0.0.1:41"),
            ("https://chat.example.org", "https://chat.example.org"),
            ("postgres", "postgres"),
        ] {
            assert_eq!(located(url, &addresses), expected);
        }
    }
}
