//! The other servers of the fan-out benchmarks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Done;
use crate::process::{find, root, run, target};

/// Debian's folder of the sources of Go packages.
const GO_PACKAGES: &str = "/usr/share/gocode";

/// Builds every server that can be measured beside the product; returns their definitions in the syntax of `loadtest`. A
/// server that is not installed is skipped with a message.
pub(crate) fn prepare(loadtest: &Path, naive: &Path) -> Done<Vec<String>> {
    let folder = target().join("peers");
    fs::create_dir_all(&folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    let mut peers =
        vec![format!("raw=echo={} raw 1000", loadtest.display()), format!("naive=echo={}", naive.display())];
    let found: [(&str, Done<String>); 5] = [
        ("gorilla", gorilla(&folder)),
        ("nats", nats()),
        ("uwebsockets", uwebsockets(&folder)),
        ("ws", node(&folder, "ws", "echo", "ws.mjs")),
        ("socket.io", node(&folder, "socket.io", "socketio", "socketio.mjs")),
    ];
    for (name, peer) in found {
        match peer {
            Ok(command) => peers.push(command),
            Err(why) => println!("      without {name}: {why}"),
        }
    }
    Ok(peers)
}

fn source(name: &str) -> PathBuf {
    root().join("crates/loadtest/peers").join(name)
}

fn gorilla(folder: &Path) -> Done<String> {
    let go = find("go").ok_or("install golang-go and golang-github-gorilla-websocket-dev")?;
    if !Path::new(GO_PACKAGES).join("src/github.com/gorilla/websocket").exists() {
        return Err("install golang-github-gorilla-websocket-dev".into());
    }
    let program = folder.join("hub");
    let mut build = Command::new(go);
    build.env("GO111MODULE", "off").env("GOPATH", GO_PACKAGES).env("GOCACHE", folder.join("go"));
    build.args(["build", "-o"]).arg(&program).arg(source("hub.go"));
    run(build)?;
    Ok(format!("gorilla=joined={}", program.display()))
}

fn nats() -> Done<String> {
    // Debian installs it in a folder that is not on a user's PATH.
    let installed = find("nats-server").is_some() || Path::new("/usr/sbin/nats-server").exists();
    if !installed {
        return Err("install nats-server".into());
    }
    Ok(format!("nats=nats={}", source("nats.sh").display()))
}

fn uwebsockets(folder: &Path) -> Done<String> {
    let python = find("python3").ok_or("install python3 and python3-venv")?;
    let place = folder.join("python");
    let program = place.join("bin/python");
    if !program.exists() {
        let mut make = Command::new(python);
        make.args(["-m", "venv"]).arg(&place);
        run(make)?;
        let mut install = Command::new(&program);
        install.args(["-m", "pip", "--quiet", "install", "socketify==0.0.31"]);
        run(install)?;
    }
    let mut check = Command::new(&program);
    check.args(["-c", "import socketify"]);
    let works = check.output().is_ok_and(|output| output.status.success());
    if !works {
        return Err("install libuv1, which socketify needs".into());
    }
    Ok(format!("uwebsockets=echo={} {}", program.display(), source("uws.py").display()))
}

fn node(folder: &Path, package: &str, dialect: &str, script: &str) -> Done<String> {
    let (Some(node), Some(npm)) = (find("node"), find("npm")) else {
        return Err("install nodejs and npm".into());
    };
    if !folder.join("node_modules").join(package).exists() {
        let mut install = Command::new(npm);
        install.args(["install", "--silent", "--no-fund", "--no-audit", "--prefix"]).arg(folder).arg(package);
        run(install)?;
    }
    // The folder in which Node.js finds its packages.
    let copy = folder.join(script);
    fs::copy(source(script), &copy).map_err(|error| format!("{} cannot be made: {error}", copy.display()))?;
    Ok(format!("{package}={dialect}={} {}", node.display(), copy.display()))
}
