//! The commands `dist` and `weigh`: build the page and the binary.

use std::path::PathBuf;

use crate::process::{cargo, find, run, target};
use crate::site::BuiltSite;
use crate::{Done, wasm};

/// The profile of a build.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// The release: small and fast.
    Release,
    /// For the browser tests during development: built in a fraction of the time, and large.
    Quick,
}

/// Builds the page, lays it out, and builds the binary around it. Returns the binary's path.
pub(crate) fn dist(build: Build) -> Done<PathBuf> {
    let site = page(build)?;
    println!("[3/3] the server, with the page inside");
    let (profile, folder) = match build {
        Build::Release => ("dist", "dist"),
        Build::Quick => ("dev", "debug"),
    };
    let features = if returns_memory() { "embed,jemalloc" } else { "embed" };
    let server = ["build", "--package", "server", "--bin", "hubbub", "--features", features];
    let mut server = cargo(&server);
    server.args(["--profile", profile]);
    run(server)?;
    let binary = target().join(folder).join(if cfg!(windows) { "hubbub.exe" } else { "hubbub" });
    if build == Build::Release {
        say_weights(&site)?;
    }
    println!("      {}", binary.display());
    Ok(binary)
}

/// Returns true if the server gets an allocator that returns freed memory to the system. Its build needs `make`, which
/// not every machine with a C compiler has.
pub(crate) fn returns_memory() -> bool {
    cfg!(all(target_os = "linux", target_arch = "x86_64")) && find("make").is_some()
}

/// Builds the page alone and prints its weight.
pub(crate) fn weigh() -> Done {
    say_weights(&page(Build::Release)?)
}

fn page(build: Build) -> Done<BuiltSite> {
    println!("[1/3] the page: wasm, its script, styles and icons");
    let page = wasm::build(build)?;
    println!("[2/3] hashes and compression");
    BuiltSite::lay_out(&page, build)
}

fn say_weights(site: &BuiltSite) -> Done {
    for file in &site.weights()? {
        println!("      {file}");
    }
    Ok(())
}
