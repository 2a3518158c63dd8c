//! Test suites from the Python Package Index, each in a virtual environment of its own.

use std::path::PathBuf;
use std::process::Command;

use crate::Done;
use crate::process::{find, run, target};

/// Installs a package, such as `suite==1.0`, if it is not there yet; returns the path of its program.
pub(super) fn install(package: &str, program: &str) -> Done<PathBuf> {
    if find("python3").is_none() {
        return Err("python3 is not on PATH; install Python 3.10 or newer, on Debian: \
                    sudo apt install python3 python3-venv"
            .into());
    }
    let folder = target().join(package.replace("==", "-"));
    let program = folder.join("bin").join(program);
    if !program.is_file() {
        let mut python = Command::new("python3");
        python.args(["-m", "venv", "--clear"]).arg(&folder);
        run(python).map_err(|wrong| format!("{wrong}; on Debian: sudo apt install python3-venv"))?;
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check", package]);
        run(pip)?;
    }
    Ok(program)
}
