//! Helpers for child processes and paths.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::Done;

/// Returns the project's folder: of the tree from which cargo started this process, which need not be the tree it was
/// built from if two share a target folder.
pub(crate) fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    own.parent().unwrap_or(&own).to_path_buf()
}

/// Returns cargo's target folder.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Returns a cargo command in the project's folder.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root()).env("LEPTOS_OUTPUT_NAME", "hubbub");
    command
}

/// Runs a command to its end, on this terminal.
pub(crate) fn run(mut command: Command) -> Done {
    let shown = show(&command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{shown} ended with {status}")),
        Err(error) => Err(format!("{shown} cannot be started: {error}")),
    }
}

/// Replaces this process with a command.
#[cfg(unix)]
pub(crate) fn become_it(mut command: Command) -> Done<ExitCode> {
    use std::os::unix::process::CommandExt;

    let error = command.exec();
    Err(format!("{} cannot be started: {error}", show(&command)))
}

/// Runs a command to its end, and returns its exit code.
#[cfg(not(unix))]
pub(crate) fn become_it(mut command: Command) -> Done<ExitCode> {
    let status =
        command.status().map_err(|error| format!("{} cannot be started: {error}", show(&command)))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Finds a program on PATH.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn show(command: &Command) -> String {
    let mut shown = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        shown.push(' ');
        shown.push_str(&argument.to_string_lossy());
    }
    shown
}

/// Returns true if this process runs as root, who may install packages.
pub(crate) fn is_root() -> bool {
    let asked = Command::new("id").arg("-u").output();
    asked.is_ok_and(|answer| answer.stdout.trim_ascii() == b"0")
}
