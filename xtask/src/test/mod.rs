//! The test runner: every test, step by step. A step that fails does not keep the others from running; the last lines
//! have the time of each step and the sum.

mod autobahn;
mod budgets;
mod deny;
mod end2end;
mod loadtest;
mod python;
mod rust;
mod schemathesis;

use std::process::{Command, ExitCode};
use std::time::Instant;

use crate::{Done, dist, services};

/// The number of tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: usize,
    /// Tests that failed.
    pub(crate) failed: usize,
}

/// The number of inputs that the tests try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// As many as fit into a run for every change.
    Short,
    /// `--long`: the same tests with more inputs, orders, people and rows.
    Long,
}

/// The environment variable that makes every test run its long form.
const LONG: &str = "HUBBUB_TEST_LONG";

type Step = (&'static str, fn(Length) -> Done<Tally>);

const STEPS: [Step; 13] = [
    ("format", |_| rust::format()),
    ("clippy-native", |_| rust::clippy_native()),
    ("clippy-wasm", |_| rust::clippy_wasm()),
    ("deny", |_| deny::deny()),
    ("unit", rust::unit),
    ("schedules", rust::schedules),
    ("autobahn", |_| autobahn::autobahn()),
    ("tools", |_| end2end::tools()),
    ("dist", |_| dist::dist(dist::Build::Release).map(|_| Tally::ONE)),
    ("schemathesis", schemathesis::schemathesis),
    ("budgets", |_| budgets::budgets()),
    ("loadtest", loadtest::loadtest),
    ("end2end", end2end::end2end),
];

/// Runs the named steps, or all; with `--long` with more inputs.
pub(crate) fn test(arguments: &[String]) -> Done<ExitCode> {
    let (flags, names): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|word| word.starts_with("--"));
    let length = match flags[..] {
        [] => Length::Short,
        [flag] if flag == "--long" => Length::Long,
        _ => return Err("test takes the names of steps, and --long".into()),
    };
    if let Some(unknown) = names.iter().find(|name| STEPS.iter().all(|(step, _)| *step != name.as_str())) {
        let known = STEPS.map(|(step, _)| step).join(", ");
        return Err(format!("there is no step {unknown}; there are {known}"));
    }
    // At once, and not after some minutes of other steps.
    if names.is_empty() || names.iter().any(|name| *name == "unit") {
        services::install()?;
    }
    let mut sum = Tally::default();
    let mut lines = Vec::new();
    for (name, step) in STEPS {
        if !names.is_empty() && !names.iter().any(|wanted| *wanted == name) {
            continue;
        }
        println!("\n── {name}");
        #[expect(clippy::disallowed_methods, reason = "the time of a step is what is measured")]
        let started = Instant::now();
        let tally = step(length).unwrap_or_else(|wrong| {
            println!("FAILED {name}: {wrong}");
            Tally { passed: 0, failed: 1 }
        });
        sum = Tally { passed: sum.passed + tally.passed, failed: sum.failed + tally.failed };
        let Tally { passed, failed } = tally;
        lines.push(format!("{name:13} {passed:5} {failed:6} {:6} s", started.elapsed().as_secs()));
    }
    println!("\nstep         passed failed     time\n{}", lines.join("\n"));
    println!("\npassed {}, failed {}, in {} steps", sum.passed, sum.failed, lines.len());
    Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Length {
    /// Passes the length to a test command.
    fn tell(self, command: &mut Command) {
        if self == Self::Long {
            command.env(LONG, "1").env("PROPTEST_CASES", "20000").env("HUBBUB_ORDERS", "100000");
        }
    }
}

impl Tally {
    /// The result of a step that is one test, and passed.
    pub(crate) const ONE: Self = Self { passed: 1, failed: 0 };
}
