//! The test step `schemathesis`: requests made from the OpenAPI document of the REST API, valid and invalid ones.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{Length, Tally, python};
use crate::Done;
use crate::process::{run, target};

/// The package on PyPI.
const SUITE: &str = "schemathesis==4.32.5";
/// The checks: an error of the server is a failure, and so is an answer that the document does not describe.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,unsupported_method,\
                      allow_header_conformance";

/// The names in paths: some of them exist, so that not every request ends at a name that does not.
const NAMES: &str = r#"
[parameters]
"path.conversation" = ["tea", "chess", "0"]
"path.user" = ["zoë", "lei"]
"path.topic" = "news"
"path.seq" = [1, 2, 3, 4]
"path.emoji" = "👍"
"#;

/// Sends requests to a fresh server: as an application, and as one of its users.
pub(super) fn schemathesis(length: Length) -> Done<Tally> {
    let suite = python::install(SUITE, "schemathesis")?;
    let folder = target().join("schemathesis");
    // Removes the data of the last run: every run begins with a fresh server.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut server = Serving::start(&folder)?;
    let tested = server.test(&suite, length);
    server.stop();
    tested
}

/// A server over a data folder of its own.
struct Serving {
    process: Child,
    data: PathBuf,
    address: String,
}

impl Serving {
    fn start(folder: &Path) -> Done<Self> {
        let data = folder.join("data");
        let mut process = hubbub(&data)
            .args(["serve", "--addr", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("hubbub cannot be started: {error}; run the step dist first"))?;
        let mut line = String::new();
        let mut out = BufReader::new(process.stdout.take().ok_or("hubbub has no output")?);
        out.read_line(&mut line).map_err(|error| format!("hubbub: {error}"))?;
        let port =
            line.trim().rsplit(':').next().and_then(|port| port.trim_end_matches('/').parse::<u16>().ok());
        // Otherwise its later output would block it.
        std::thread::spawn(move || out.lines().for_each(drop));
        let Some(port) = port else {
            let _ = process.kill();
            return Err(format!("hubbub printed no address, but: {line}"));
        };
        Ok(Self { process, data, address: format!("http://127.0.0.1:{port}") })
    }

    /// Tests as the application, and then as a user who is an admin of a conversation.
    fn test(&mut self, suite: &Path, length: Length) -> Done<Tally> {
        let created = hubbub(&self.data).args(["app", "create", "Schemathesis"]).output();
        let created = created.map_err(|error| format!("hubbub cannot be started: {error}"))?;
        let created = String::from_utf8_lossy(&created.stdout);
        let token = created.lines().find_map(|line| line.strip_prefix("token")).map(str::trim);
        let token = format!("Authorization: Bearer {}", token.ok_or("hubbub has printed no token")?);
        for (path, body) in [
            ("users/zo%C3%AB", r#"{"name": "Zoë"}"#),
            ("conversations/tea", r#"{"name": "Tea"}"#),
            ("conversations/tea/members/zo%C3%AB", r#"{"role": "admin"}"#),
        ] {
            let mut curl = Command::new("curl");
            curl.args(["--silent", "--show-error", "--fail-with-body", "--output", "/dev/null", "-X", "PUT"]);
            curl.args(["-H", &token, "-H", "Content-Type: application/json", "-d", body]);
            run({
                curl.arg(format!("{}/api/v1/{path}", self.address));
                curl
            })?;
        }
        let config = self.data.with_file_name("schemathesis.toml");
        fs::write(&config, NAMES).map_err(|error| format!("{}: {error}", config.display()))?;
        let (examples, seconds) = match length {
            Length::Short => ("10", "40"),
            Length::Long => ("300", "600"),
        };
        let mut tally = Tally::default();
        for caller in [&["--header", &token][..], &["--header", &token, "--header", "Hubbub-As: zo%C3%AB"]] {
            let mut check = Command::new(suite);
            // It writes a folder of its own where it runs.
            check
                .current_dir(target().join("schemathesis"))
                .arg("--config-file")
                .arg(&config)
                .arg("run")
                .arg(format!("{}/api/v1/openapi.json", self.address));
            check.args([
                "--checks",
                CHECKS,
                "--seed",
                "1",
                "--max-examples",
                examples,
                "--max-time",
                seconds,
            ]);
            // The API has a limit of requests.
            check.args(["--rate-limit", "45/s", "--generation-database", "none", "--no-color"]);
            check.args(["--suppress-health-check", "all", "--request-timeout", "20"]).args(caller);
            match run(check) {
                Ok(()) => tally.passed += 1,
                Err(wrong) => {
                    println!("FAILED {wrong}");
                    tally.failed += 1;
                }
            }
        }
        Ok(tally)
    }

    fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn hubbub(data: &Path) -> Command {
    let mut command = Command::new(target().join("dist/hubbub"));
    command.env("HUBBUB_DATA", data).stdin(Stdio::null());
    command
}
