//! The project's chores: `cargo xtask run`, `dist`, `deb`, `weigh`, `test` and `bench`.
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
mod cluster;
mod compress;
mod deb;
mod dist;
mod process;
#[cfg(test)]
mod sentences;
mod services;
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
cargo xtask run --cluster        serve it from two nodes with PostgreSQL and Redis (--quick, --binary FILE, --port PORT)
cargo xtask dist                 build the one binary, target/dist/hubbub (--quick: target/debug/hubbub)
cargo xtask deb                  build a Debian package of it, target/deb/hubbub_*.deb (--quick)
cargo xtask weigh                build the page alone and say what it weighs
cargo xtask test [STEP …]        run every test, or only the named steps (--long: with more inputs)
cargo xtask bench [NAME …]       measure it beside others, or only the named scenarios (--quick, --write)
";

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.skip_while(|argument| argument == "--").collect();
    let done = match command.as_str() {
        "run" if rest.first().is_some_and(|first| first == "--cluster") => cluster::run(&rest[1..]),
        "run" => run(&rest),
        "dist" => build(&rest).and_then(dist::dist).map(|_| ExitCode::SUCCESS),
        "deb" => build(&rest).and_then(deb::deb).map(|_| ExitCode::SUCCESS),
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

/// Returns the build that the arguments of `dist` or `deb` select.
fn build(arguments: &[String]) -> Done<Build> {
    match arguments {
        [] => Ok(Build::Release),
        [one] if one == "--quick" => Ok(Build::Quick),
        _ => Err("dist and deb take --quick or nothing".into()),
    }
}

/// Builds the binary and replaces this process with it, so that Ctrl-C and the exit code are its own.
fn run(arguments: &[String]) -> Done<ExitCode> {
    let binary = dist::dist(Build::Release)?;
    let mut command = std::process::Command::new(binary);
    command.arg("serve").args(arguments);
    process::become_it(command)
}
