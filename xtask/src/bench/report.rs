//! The report: writes the results of the benchmarks into docs/performance.md.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::plot;
use crate::Done;
use crate::process::root;

/// The result of one scenario.
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// The table, as it was printed.
    pub(crate) text: String,
    pub(crate) json: PathBuf,
}

const BEGIN: &str = "<!-- measured: everything from here on is written by `cargo xtask bench --write` -->";

/// The note below a short measurement.
const SHORT: &str =
    "\nThis was the short form (`--quick`), with smaller numbers than the descriptions say.\n";

/// Writes the results into docs/performance.md, below the part written by hand, and the plot beside it.
pub(crate) fn write(sections: &[Section], quick: bool) -> Done {
    let page = root().join("docs/performance.md");
    let known =
        fs::read_to_string(&page).map_err(|error| format!("{} cannot be read: {error}", page.display()))?;
    let (words, _) = known.split_once(BEGIN).ok_or_else(|| format!("{} lacks {BEGIN}", page.display()))?;
    let mut text = format!("{words}{BEGIN}\n\n{}\n", machine());
    if quick {
        text += SHORT;
    }
    for Section { name, about, text: table, .. } in sections {
        let about = about.split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = write!(text, "\n## {name}\n\n{about}\n\n```text\n{}\n```\n", table.trim_end());
    }
    fs::write(&page, text).map_err(|error| format!("{} cannot be written: {error}", page.display()))?;
    if let Some(burst) = sections.iter().find(|section| section.name == "fanout-burst") {
        plot::write(&burst.json, &root().join("docs/fanout.svg"))?;
    }
    println!("\n{} is written", page.display());
    Ok(())
}

/// Describes the machine and the date of the measurement.
fn machine() -> String {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let kernel = said("uname", &["-sr"]).unwrap_or_default();
    let day = said("date", &["-u", "+%F"]).unwrap_or_default();
    let commit = said("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_default();
    let cpu = cpu.trim_start_matches([' ', '\t', ':']);
    format!(
        "Measured on {day} at commit {commit}: {cores} cores of {cpu}, {kernel}; servers and subscribers share them, each\n\
         in its own process, over loopback."
    )
}
