//! The project's chores: `cargo xtask run`, `dist`, `weigh`, `test` and `bench`.
//!
//! It builds the page and the single binary that contains it, and runs every test. It must never hold product code:
//! nothing of it is in the binary.
//!
//! Start reading at `dist.rs`, `test/mod.rs` and `bench/mod.rs`.

mod bench;
mod browser;
#[cfg(test)]
mod circles;
#[cfg(test)]
mod class_names;
mod compress;
mod dist;
mod process;
#[cfg(test)]
mod sentences;
mod site;
mod style;
#[cfg(test)]
mod terms;
mod test;
mod wasm;

use std::env;
use std::process::ExitCode;

use crate::dist::Build;

/// The result of a chore; the error is one sentence.
pub(crate) type Done<T = ()> = Result<T, String>;

const HELP: &str = "\
cargo xtask run [-- ARGUMENTS]   build everything and serve it on http://localhost:8080
cargo xtask dist                 build the one binary, target/dist/hubbub (--quick: target/debug/hubbub)
cargo xtask weigh                build the page alone and say what it weighs
cargo xtask test [STEP …]        run every test, or only the named steps (--long: with more inputs)
cargo xtask bench [NAME …]       measure it beside others, or only the named scenarios (--quick, --write)
";

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.skip_while(|argument| argument == "--").collect();
    let done = match command.as_str() {
        "run" => run(&rest),
        "dist" => build(&rest).and_then(dist::dist).map(|_| ExitCode::SUCCESS),
        "weigh" => dist::weigh().map(|()| ExitCode::SUCCESS),
        "test" => test::test(&rest),
        "bench" => bench::bench(&rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        "" => Err(format!("say what to do:\n{HELP}")),
        other => Err(format!("there is no command {other}; there are:\n{HELP}")),
    };
    done.unwrap_or_else(|wrong| {
        eprintln!("xtask: {wrong}");
        ExitCode::FAILURE
    })
}

/// Returns the build that the arguments of `dist` select.
fn build(arguments: &[String]) -> Done<Build> {
    match arguments {
        [] => Ok(Build::Release),
        [one] if one == "--quick" => Ok(Build::Quick),
        _ => Err("dist takes --quick or nothing".into()),
    }
}

/// Builds the binary and replaces this process with it, so that Ctrl-C and the exit code are its own.
fn run(arguments: &[String]) -> Done<ExitCode> {
    let binary = dist::dist(Build::Release)?;
    let mut command = std::process::Command::new(binary);
    command.arg("serve").args(arguments);
    process::become_it(command)
}
