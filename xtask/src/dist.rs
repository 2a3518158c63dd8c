use std::path::PathBuf;

use crate::process::{cargo, run, target};
use crate::site::Site;
use crate::{Done, wasm};

/// Builds the page, lays it out, and builds the binary around it. Gives the binary.
pub(crate) fn dist() -> Done<PathBuf> {
    println!("[1/3] the page: wasm, its script, styles and icons");
    let page = wasm::build()?;
    println!("[2/3] hashes and compression");
    let site = Site::lay_out(&page)?;
    println!("[3/3] the server, with the page inside");
    run(cargo(&[
        "build",
        "--package",
        "server",
        "--bin",
        "hubbub",
        "--profile",
        "dist",
        "--features",
        "embed",
    ]))?;
    let binary = target().join("dist").join(if cfg!(windows) { "hubbub.exe" } else { "hubbub" });
    for file in &site.weights()? {
        println!("      {file}");
    }
    println!("      {}", binary.display());
    Ok(binary)
}
