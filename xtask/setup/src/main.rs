//! The entry point of `cargo xtask`: checks the Rust toolchain, installs missing parts, and runs xtask.
//!
//! It has no dependencies, so on an incomplete machine it fails in the first second, before anything else is compiled.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

/// The compilation target of the page.
const WASM: &str = "wasm32-unknown-unknown";
/// The commands that build the page.
const BUILDS_PAGE: [&str; 6] = ["run", "dist", "deb", "weigh", "test", "bench"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = arguments.first().map(String::as_str).unwrap_or_default();
    let all_steps = arguments.iter().skip(1).all(|argument| argument.starts_with("--"));
    match prepare(command, all_steps) {
        Ok(()) => run_xtask(&arguments),
        Err(problem) => {
            eprintln!("xtask: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Installs the missing parts of the toolchain that a command of xtask needs. A run of all tests is refused at once if
/// Node.js or Python is missing; single steps check their own requirements.
fn prepare(command: &str, all_steps: bool) -> Result<(), String> {
    if BUILDS_PAGE.contains(&command) && !has_target(WASM) {
        add(&["target", "add", WASM], &format!("the Rust target {WASM}"), "libstd-rust-dev-wasm32")?;
        if !has_target(WASM) {
            return Err(format!(
                "rustup added the target {WASM}, but `rustc` does not find it; is another rustc on PATH?"
            ));
        }
    }
    if command == "test" && all_steps {
        for (tool, package) in [("npm", "nodejs npm"), ("python3", "python3 python3-venv")] {
            if !succeeds(Command::new(tool).arg("--version")) {
                return Err(format!(
                    "{tool} is not on PATH and the tests need it; on Debian, run: sudo apt install {package}"
                ));
            }
        }
    }
    if command == "test" {
        for (component, tool, package) in [("clippy", "clippy", "rust-clippy"), ("rustfmt", "fmt", "rustfmt")]
        {
            if !succeeds(cargo().args([tool, "--version"])) {
                add(&["component", "add", component], &format!("the Rust component {component}"), package)?;
            }
        }
    }
    Ok(())
}

/// Has rustup install something. `missing` names it; `package` is Debian's package for it.
fn add(arguments: &[&str], missing: &str, package: &str) -> Result<(), String> {
    let by_hand = format!("rustup {}", arguments.join(" "));
    if !succeeds(Command::new("rustup").arg("--version")) {
        return Err(format!(
            "{missing} is missing, and rustup is not on PATH to add it; install rustup (https://rustup.rs), \
             or with Debian's Rust, run: sudo apt install {package}"
        ));
    }
    eprintln!("xtask: {missing} is missing; running {by_hand}");
    let status = Command::new("rustup").args(arguments).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("{missing} could not be added; run: {by_hand}")),
        Err(error) => Err(format!("rustup could not be started ({error}); run: {by_hand}")),
    }
}

/// Returns true if the standard library of a target is installed.
fn has_target(target: &str) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(["--print", "target-libdir", "--target", target]).output();
    output.is_ok_and(|output| {
        output.status.success() && PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
    })
}

fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Compiles xtask and replaces this process with it.
fn run_xtask(arguments: &[String]) -> ExitCode {
    let mut xtask = cargo();
    xtask.args(["run", "--quiet", "--package", "xtask", "--"]).args(arguments);
    become_process(xtask)
}

#[cfg(unix)]
fn become_process(mut command: Command) -> ExitCode {
    use std::os::unix::process::CommandExt;

    eprintln!("xtask: cargo could not be started: {}", command.exec());
    ExitCode::FAILURE
}

#[cfg(not(unix))]
fn become_process(mut command: Command) -> ExitCode {
    match command.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: cargo could not be started: {error}");
            ExitCode::FAILURE
        }
    }
}
