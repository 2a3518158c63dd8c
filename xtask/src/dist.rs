use std::path::PathBuf;

use crate::process::{cargo, run, target};
use crate::site::Site;
use crate::{Done, wasm};

/// Builds the page, lays it out, and builds the binary around it. Gives the binary.
pub(crate) fn dist() -> Done<PathBuf> {
    let site = page()?;
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
    say_weights(&site)?;
    println!("      {}", binary.display());
    Ok(binary)
}

/// Builds the page alone and says what it weighs.
pub(crate) fn weigh() -> Done {
    say_weights(&page()?)
}

fn page() -> Done<Site> {
    println!("[1/3] the page: wasm, its script, styles and icons");
    let page = wasm::build()?;
    println!("[2/3] hashes and compression");
    Site::lay_out(&page)
}

fn say_weights(site: &Site) -> Done {
    for file in &site.weights()? {
        println!("      {file}");
    }
    Ok(())
}
