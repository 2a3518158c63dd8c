//! How fast it is, beside others on the same machine at the same time. Everything is started here, on loopback ports, and
//! ends with the command.

mod peers;
mod plot;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use self::report::Section;
use crate::process::{cargo, root, run, target};
use crate::{Done, dist};

/// What can be measured: its name, what it shows, and the arguments of the command `crowd`.
struct Scenario {
    name: &'static str,
    about: &'static str,
    command: &'static str,
    arguments: &'static [&'static str],
    /// Whether others are measured beside it.
    beside: bool,
}

const SCENARIOS: [Scenario; 7] = [
    Scenario {
        name: "fanout-single",
        about: "One message at a time to 1,000 subscribers: each delivery is one write, for every server. \
                `raw` is one thread that does nothing but write, the most that a core of this machine can do.",
        command: "fanout",
        arguments: &["--window", "1"],
        beside: true,
    },
    Scenario {
        name: "fanout-burst",
        about: "16 and 128 messages under way to 1,000 subscribers: whoever gathers them writes less often.",
        command: "fanout",
        arguments: &["--window", "16", "--window", "128"],
        beside: true,
    },
    Scenario {
        name: "fanout-open",
        about: "100, 400 and 1,500 messages a second to 1,000 subscribers, whether or not they arrive.",
        command: "fanout",
        arguments: &["--rate", "100", "--rate", "400", "--rate", "1500"],
        beside: false,
    },
    Scenario {
        name: "idle",
        about: "Sockets of people who are signed in, each subscribed to a group, and nothing happens but pings.",
        command: "idle",
        arguments: &["--store", "sqlite"],
        beside: false,
    },
    Scenario {
        name: "idle-volatile",
        about: "The same without a database.",
        command: "idle",
        arguments: &["--store", "memory"],
        beside: false,
    },
    Scenario {
        name: "durable-send",
        about: "64 senders, and how long each waits for the answer that its message is on disk.",
        command: "durable",
        arguments: &["--store", "sqlite"],
        beside: false,
    },
    Scenario {
        name: "volatile-send",
        about: "The same without a database.",
        command: "durable",
        arguments: &["--store", "memory"],
        beside: false,
    },
];

/// Measures the named scenarios, or all, and prints what came of them. With `--quick` each is short; with
/// `--write` the result becomes docs/performance.md.
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
    let server = dist::dist()?;
    let crowd = build(&["--package", "crowd"], "crowd")?;
    let naive = build(&["--package", "server", "--example", "naive"], "examples/naive")?;
    let peers = peers::prepare(&crowd, &naive)?;
    let folder = target().join("bench");
    fs::create_dir_all(&folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    let mut sections = Vec::new();
    for scenario in &SCENARIOS {
        if !names.is_empty() && !names.iter().any(|name| name.as_str() == scenario.name) {
            continue;
        }
        println!("\n── {}", scenario.name);
        let json = folder.join(format!("{}.json", scenario.name));
        let text = measure(scenario, &crowd, &server, &peers, quick, &json)?;
        sections.push(Section { name: scenario.name, about: scenario.about, text, json });
    }
    if options.iter().any(|option| *option == "--write") {
        report::write(&sections)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(
    scenario: &Scenario,
    crowd: &Path,
    server: &Path,
    peers: &[String],
    quick: bool,
    json: &Path,
) -> Done<String> {
    let mut command = std::process::Command::new(crowd);
    command
        .arg(scenario.command)
        .args(scenario.arguments)
        .arg("--server")
        .arg(server)
        .arg("--json")
        .arg(json);
    if scenario.beside {
        for peer in peers.iter().filter(|peer| scenario.name == "fanout-single" || !peer.starts_with("raw="))
        {
            command.args(["--beside", peer]);
        }
    }
    match (scenario.command, quick) {
        ("fanout", true) => command.args(["--seconds", "2", "--rounds", "3"]),
        ("fanout", false) => command.args(["--seconds", "4", "--rounds", "5"]),
        ("idle", true) => command.args(["--connections", "2000", "--seconds", "30"]),
        (_, true) => command.args(["--seconds", "3"]),
        (_, false) => &mut command,
    };
    let output = command.current_dir(root()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("{} cannot be started: {error}", crowd.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    print!("{text}");
    if output.status.success() {
        Ok(text)
    } else {
        Err(format!("{} ended with {}", scenario.name, output.status))
    }
}

/// Builds something as it is delivered; gives the program.
fn build(what: &[&str], program: &str) -> Done<PathBuf> {
    run(cargo(&[&["build", "--profile", "dist"], what].concat()))?;
    Ok(target().join("dist").join(program))
}
