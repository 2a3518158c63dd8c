//! The examples of `docs/api.md`, `docs/files.md`, `docs/webhooks.md`, `docs/terminal.md` and `examples/`, run as they are written.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::home::Home;

/// Returns the shell commands of a document, with a marker before each block.
pub(super) fn script(document: &str) -> (String, usize) {
    let mut script =
        String::from("set -eu\ncurl() { command curl --silent --show-error --fail-with-body \"$@\"; }\n");
    let mut blocks = 0;
    for block in document.split("```bash\n").skip(1) {
        let (commands, _) = block.split_once("```").unwrap();
        blocks += 1;
        script.push_str(&format!("echo \"block {blocks}\"\n{commands}"));
    }
    (script, blocks)
}

/// Runs a script against a server, where `hubbub` is the binary under test.
pub(super) fn run(home: &Home, address: &str, script: &str) -> String {
    let bin = home.at("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let link = bin.join("hubbub");
    if !link.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_hubbub"), &link).unwrap();
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let script = script.replace("http://localhost:8080", &format!("http://{address}"));
    let ran = Command::new("bash")
        .args(["-c", &script])
        .current_dir(home.at(""))
        .env("PATH", path)
        .env("HUBBUB_DATA", home.at("data"))
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}\n{err}");
    out.into_owned()
}

#[test]
fn every_example_of_the_api_page_works() {
    let home = Home::new();
    let server = home.serve();
    let (script, blocks) = script(include_str!("../../../docs/api.md"));
    assert!(blocks >= 6, "{blocks} blocks");
    let printed = run(&home, server.addr(), &script);
    for expected in [
        "\"Zoë\"",
        "\"Order 7\"",
        "Thanks!",
        "\"duplicate\":false",
        "\"order\": 7",
        "\"topic\":\"direct/",
        "\"key\":\"1\"",
        "\"notify\":\"mentions\"",
        "\"members\":2",
        "\"partial\":",
        "\"id\":\"news-1\"",
        "Delivered",
    ] {
        assert!(printed.contains(expected), "{expected}: {printed}");
    }
    server.stop();
}

#[test]
fn every_example_of_the_page_about_files_works() {
    let home = Home::new();
    let server = home.serve();
    let (script, blocks) = script(include_str!("../../../docs/files.md"));
    assert!(blocks >= 6, "{blocks} blocks");
    let printed = run(&home, server.addr(), &script);
    for expected in [
        "\"media_type\":\"text/plain; charset=utf-8\"",
        "\"duplicate\":false",
        "\"file_bytes\":1000000",
        "\"alt\":\"A time\"",
        "Tea at four",
    ] {
        assert!(printed.contains(expected), "{expected}: {printed}");
    }
    server.stop();
}

#[test]
fn every_example_of_the_page_about_webhooks_works() {
    let home = Home::new();
    let server = home.serve();
    let (script, blocks) = script(include_str!("../../../docs/webhooks.md"));
    assert!(blocks >= 4, "{blocks} blocks");
    let printed = run(&home, server.addr(), &script);
    for expected in [
        "ok",
        "\"bot\":true",
        "Build 7",
        "\"display_name\":\"Builds\"",
        "invalid_token",
        "\"state\":\"active\"",
        "refused",
        "\"delivered\":false",
    ] {
        assert!(printed.contains(expected), "{expected}: {printed}");
    }
    server.stop();
}

#[test]
fn every_example_of_the_page_about_terminals_works() {
    let home = Home::new();
    let server = home.serve();
    let (script, blocks) = script(include_str!("../../../docs/terminal.md"));
    assert!(blocks >= 3, "{blocks} blocks");
    let printed = run(&home, server.addr(), &script);
    for expected in ["* Ngozi joined\n", "\"entries\":[", "event: subscribed", "\"duplicate\":false"] {
        assert!(printed.contains(expected), "{expected}: {printed}");
    }
    server.stop();
}

#[test]
fn the_quick_start_script_works_and_may_run_twice() {
    let home = Home::new();
    let server = home.serve();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quick-start.sh");
    let token =
        r#"export TOKEN=$(hubbub app create "Shop" | sed -n 's/^token *//p') HUBBUB=http://localhost:8080"#;
    let script = format!("set -eu\n{token}\nsh {0}\nsh {0}", file.display());
    let printed = run(&home, server.addr(), &script);
    assert!(printed.contains(r#""duplicate":false"#) && printed.contains(r#""duplicate":true"#), "{printed}");
    server.stop();
}

/// Runs a bot of `examples/` until it has answered a user.
fn answers(program: &str, arguments: &[&str], file: &str) {
    let home = Home::new();
    let server = home.serve();
    let prepare = r#"
        set -eu
        TOKEN=$(hubbub app create "Shop" | sed -n 's/^token *//p')
        api() {
            command curl --silent --show-error --fail-with-body -X "$1" "http://localhost:8080/api/v1$2" \
                -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d "$3" > /dev/null
        }
        api PUT /users/42 '{"name": "Zoë"}'
        api PUT /conversations/order-7 '{"name": "Order 7"}'
        api PUT /conversations/order-7/members/42 '{}'
        api POST /conversations/order-7/messages '{"text": "!time"}'
        echo "$TOKEN""#;
    let token = run(&home, server.addr(), prepare).trim().to_owned();
    let mut bot = Command::new(program)
        .args(arguments)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(file))
        .env("HUBBUB", format!("http://{}", server.addr()))
        .env("TOKEN", &token)
        .env("CONVERSATION", "order-7")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(bot.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ask = format!(
        r#"
        set -eu
        messages() {{
            command curl --silent --show-error --fail-with-body -H "Authorization: Bearer {token}" \
                -H "Content-Type: application/json" "http://localhost:8080/api/v1/conversations/order-7/messages" "$@"
        }}
        messages -H "Hubbub-As: 42" -d '{{"text": "!time"}}'
        for again in $(seq 200); do
            messages | grep "It is " && exit 0
            sleep 0.1
        done
        exit 1"#
    );
    let answered = run(&home, server.addr(), &ask);
    bot.kill().unwrap();
    bot.wait().unwrap();
    assert_eq!(line, "The bot is listening.\n");
    // Earlier messages are not answered.
    assert_eq!(answered.matches("\"text\":\"It is ").count(), 1, "{answered}");
    assert!(answered.contains("\"id\":\"bot-"), "{answered}");
    server.stop();
}

#[test]
fn a_bot_in_python_answers_a_user() {
    answers("python3", &[], "bot.py");
}

#[test]
fn a_bot_in_javascript_answers_a_user() {
    answers("node", &["--experimental-websocket", "--no-warnings"], "bot.mjs");
}

#[test]
fn a_message_to_one_member_is_confirmed_when_it_has_arrived_and_was_read() {
    let home = Home::new();
    let server = home.serve();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/five-steps.sh");
    let token = r#"export OPERATOR=$(hubbub token operator) HUBBUB=http://localhost:8080"#;
    let printed = run(&home, server.addr(), &format!("set -eu\n{token}\ntimeout 60 sh {}", file.display()));
    let at = |state: &str| printed.find(&format!("\"state\":\"{state}\"")).expect(state);
    assert!(at("sent") < at("delivered") && at("delivered") < at("read"), "{printed}");
    // Nobody else is among its recipients.
    assert!(!printed.contains("\"user\":\"lei\""), "{printed}");
    server.stop();
}
