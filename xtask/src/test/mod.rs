//! Every test, step by step. A step that fails does not keep the others from running; the last line counts.

mod autobahn;
mod budgets;
mod crowd;
mod end2end;
mod rust;

use std::process::ExitCode;

use crate::{Done, dist};

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Those that passed.
    pub(crate) passed: usize,
    /// Those that failed.
    pub(crate) failed: usize,
}

type Step = (&'static str, fn() -> Done<Tally>);

const STEPS: [Step; 11] = [
    ("format", rust::format),
    ("clippy-native", rust::clippy_native),
    ("clippy-wasm", rust::clippy_wasm),
    ("unit", rust::unit),
    ("schedules", rust::schedules),
    ("autobahn", autobahn::autobahn),
    ("tools", end2end::tools),
    ("dist", || dist::dist(dist::Build::Release).map(|_| Tally::ONE)),
    ("budgets", budgets::budgets),
    ("crowd", crowd::crowd),
    ("end2end", end2end::end2end),
];

/// Runs the named steps, or all.
pub(crate) fn test(names: &[String]) -> Done<ExitCode> {
    if let Some(unknown) = names.iter().find(|name| STEPS.iter().all(|(step, _)| step != name)) {
        let known = STEPS.map(|(step, _)| step).join(", ");
        return Err(format!("there is no step {unknown}; there are {known}"));
    }
    let mut sum = Tally::default();
    let mut steps = 0;
    for (name, step) in STEPS {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        println!("\n── {name}");
        let tally = step().unwrap_or_else(|wrong| {
            println!("FAILED {name}: {wrong}");
            Tally { passed: 0, failed: 1 }
        });
        sum = Tally { passed: sum.passed + tally.passed, failed: sum.failed + tally.failed };
        steps += 1;
    }
    println!("\npassed {}, failed {}, in {steps} steps", sum.passed, sum.failed);
    Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Tally {
    /// A step that is one test, and passed.
    pub(crate) const ONE: Self = Self { passed: 1, failed: 0 };
}
