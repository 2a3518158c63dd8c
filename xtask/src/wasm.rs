//! The wasm build of the frontend.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wasm_bindgen_cli_support::Bindgen;

use crate::Done;
use crate::dist::Build;
use crate::process::{cargo, find, root, run, target};

const TARGET: &str = "wasm32-unknown-unknown";

/// The wasm features that rustc uses and every current browser supports. With more, wasm-opt would use instructions
/// that only the newest ones support.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// The files that the browser loads, before they are named and compressed.
pub(crate) struct Page {
    /// The script with the bindings that wasm-bindgen generated.
    pub(crate) js: Vec<u8>,
    /// The wasm, shrunk by wasm-opt in a release build.
    pub(crate) wasm: Vec<u8>,
}

/// Builds the frontend. The bindings come from the wasm-bindgen library at the version in Cargo.lock, so that the two
/// always match.
pub(crate) fn build(build: Build) -> Done<Page> {
    let profile = match build {
        Build::Release => "wasm-release",
        Build::Quick => "wasm-quick",
    };
    run(cargo(&["build", "--package", "frontend", "--lib", "--target", TARGET, "--profile", profile]))
        .map_err(|wrong| format!("{wrong}; if the target is missing: rustup target add {TARGET}"))?;
    let built = target().join(TARGET).join(profile).join("frontend.wasm");
    let out = target().join("site-parts");
    let bound = Bindgen::new().input_path(&built).web(true).and_then(|bindgen| {
        bindgen
            .typescript(false)
            // wasm-opt sorts the functions by name, and removes the names after that.
            .remove_name_section(optimizer().is_none())
            .remove_producers_section(true)
            .out_name("hubbub")
            .generate(&out)
    });
    bound.map_err(|error| format!("wasm-bindgen cannot bind {}: {error}", built.display()))?;
    let wasm = out.join("hubbub_bg.wasm");
    if build == Build::Release {
        shrink(&wasm)?;
    }
    Ok(Page { js: read(&out.join("hubbub.js"))?, wasm: read(&wasm)? })
}

/// The passes that reduce the compressed size of the wasm. The usual `-Oz` reduces the size on disk, but increases the
/// compressed one: it removes the similarity between functions that brotli exploits. Sorting by name places similar
/// functions beside each other.
const PASSES: [&str; 7] = [
    "--duplicate-function-elimination",
    "--optimize-instructions",
    "--dae",
    "--duplicate-function-elimination",
    "--remove-unused-module-elements",
    "--simplify-locals-nostructure",
    "--reorder-functions-by-name",
];

/// Optimizes the wasm with wasm-opt, if it is installed.
fn shrink(wasm: &Path) -> Done {
    let Some(tool) = optimizer() else {
        println!("      no wasm-opt on PATH: the page works, and is a little larger");
        return Ok(());
    };
    let mut command = Command::new(tool);
    command.args(PASSES).args(FEATURES).arg(wasm).arg("-o").arg(wasm);
    run(command)
}

fn optimizer() -> Option<PathBuf> {
    let ours = root().join("end2end/node_modules/.bin/wasm-opt");
    find("wasm-opt").or_else(|| ours.exists().then_some(ours))
}

fn read(file: &Path) -> Done<Vec<u8>> {
    fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))
}
