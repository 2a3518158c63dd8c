//! The browser of the end-to-end tests.

use std::path::PathBuf;
use std::process::Command;

use crate::Done;
use crate::process::{find, is_root, root, run};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// Returns the path of Chromium: the one that `HUBBUB_CHROMIUM` names, one on PATH, or a new installation: Debian's
/// package if this is root, Playwright's own otherwise. `None` stands for Playwright's own.
pub(crate) fn chromium() -> Done<Option<PathBuf>> {
    if let Some(named) = std::env::var_os("HUBBUB_CHROMIUM") {
        return Ok(Some(named.into()));
    }
    if let Some(found) = on_path() {
        return Ok(Some(found));
    }
    if find("apt-get").is_some() && is_root() {
        println!("      installing Debian's chromium");
        let mut update = Command::new("apt-get");
        update.arg("update");
        let mut install = Command::new("apt-get");
        install.args(["install", "--yes", "--no-install-recommends", "chromium"]);
        run(update)?;
        run(install)?;
        return on_path().map(Some).ok_or_else(|| "chromium was installed, but is not on PATH".into());
    }
    println!("      installing Playwright's own Chromium");
    let mut install = Command::new("npx");
    install.args(["playwright", "install", "chromium"]).current_dir(root().join("end2end"));
    run(install).map_err(|wrong| {
        format!("{wrong}; install Chromium yourself, on Debian: sudo apt install chromium")
    })?;
    Ok(None)
}

fn on_path() -> Option<PathBuf> {
    NAMES.iter().find_map(|name| find(name))
}
