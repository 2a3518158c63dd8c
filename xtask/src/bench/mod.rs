//! The benchmarks, beside other servers on the same machine at the same time. Everything is started here, on loopback
//! ports, and ends with the command.

mod peers;
mod plot;
mod report;
mod scenarios;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use self::report::Section;
use self::scenarios::{SCENARIOS, Scenario};
use crate::process::{cargo, root, run, target};
use crate::{Done, dist};

/// Runs the named scenarios, or all, and prints the results. With `--quick` each is short; with `--write` the results
/// become docs/performance.md.
pub(crate) fn bench(arguments: &[String]) -> Done<ExitCode> {
    let (options, names): (Vec<_>, Vec<_>) =
        arguments.iter().partition(|argument| argument.starts_with("--"));
    if let Some(unknown) = options.iter().find(|option| !["--quick", "--write"].contains(&option.as_str())) {
        return Err(format!("there is no option {unknown}; there are --quick and --write"));
    }
    let is_known = |name: &&String| SCENARIOS.iter().any(|scenario| scenario.name == **name);
    if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
        let known = SCENARIOS.map(|scenario| scenario.name).join(", ");
        return Err(format!("there is no scenario {unknown}; there are {known}"));
    }
    let quick = options.iter().any(|option| *option == "--quick");
    let server = dist::dist(dist::Build::Release)?;
    let loadtest = build(&["--package", "loadtest"], "loadtest")?;
    let is_wanted =
        |scenario: &&Scenario| names.is_empty() || names.iter().any(|name| **name == scenario.name);
    let wanted: Vec<_> = SCENARIOS.iter().filter(is_wanted).collect();
    let peers = if wanted.iter().any(|scenario| scenario.beside) {
        let naive = build(&["--package", "server", "--example", "naive"], "examples/naive")?;
        peers::prepare(&loadtest, &naive)?
    } else {
        Vec::new()
    };
    if wanted.iter().any(|scenario| scenario.command == "pages") {
        build(&["--package", "store", "--example", "town"], TOWN)?;
    }
    let folder = target().join("bench");
    fs::create_dir_all(&folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    let (mut sections, mut wrong) = (Vec::new(), Vec::new());
    for scenario in wanted {
        println!("\n── {}", scenario.name);
        let json = folder.join(format!("{}.json", scenario.name));
        // A scenario that fails does not keep the others from being measured.
        match measure(scenario, &loadtest, &server, &peers, quick, &json) {
            Ok(text) => sections.push(Section { name: scenario.name, about: scenario.about, text, json }),
            Err(error) => wrong.push(error),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong.join("; "));
    }
    if options.iter().any(|option| *option == "--write") {
        report::write(&sections, quick)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The program that fills a store for the scenario `pages`.
const TOWN: &str = "examples/town";

fn measure(
    scenario: &Scenario,
    loadtest: &Path,
    server: &Path,
    peers: &[String],
    quick: bool,
    json: &Path,
) -> Done<String> {
    let mut command = std::process::Command::new(loadtest);
    command
        .arg(scenario.command)
        .args(scenario.arguments)
        .arg("--server")
        .arg(server)
        .arg("--json")
        .arg(json);
    if scenario.command == "pages" {
        command.arg("--town").arg(target().join("dist").join(TOWN));
    }
    if scenario.beside {
        for peer in peers.iter().filter(|peer| scenario.name == "fanout-single" || !peer.starts_with("raw="))
        {
            command.args(["--beside", peer]);
        }
    }
    command.args(if quick { scenario.quick } else { scenario.long });
    let output = command.current_dir(root()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("{} cannot be started: {error}", loadtest.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    print!("{text}");
    if output.status.success() {
        Ok(text)
    } else {
        Err(format!("{} ended with {}", scenario.name, output.status))
    }
}

/// Builds with the release profile of the product; returns the path of the program.
fn build(what: &[&str], program: &str) -> Done<PathBuf> {
    run(cargo(&[&["build", "--profile", "dist"], what].concat()))?;
    Ok(target().join("dist").join(program))
}
