//! Imports by a running server, which is killed meanwhile.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use archive::{Archive, Format, Record};
use chat::testing::SlackArchive;

use super::api_document::{run, script};
use super::home::{Home, Serving, said};

/// The environment variable that asks for the long form of tests.
const LONG: &str = "HUBBUB_TEST_LONG";

fn text(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The pause between two looks at the status, and the most looks: an hour, for the long form.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS: usize = 180_000;

fn status(home: &Home) -> String {
    text(&home.run(&["import", "status"]))
}

/// Waits until the status says something; returns it.
fn until(home: &Home, says: impl Fn(&str) -> bool) -> String {
    for _ in 0..LOOKS {
        let status = status(home);
        if says(&status) {
            return status;
        }
        std::thread::sleep(LOOK);
    }
    panic!("{}", status(home));
}

/// Returns the messages that a status says are imported.
fn imported(status: &str) -> usize {
    let line = status.lines().find(|line| line.starts_with("imported")).unwrap_or_default();
    let before = line.split(" message").next().unwrap_or_default();
    before.rsplit(' ').next().unwrap_or_default().parse().unwrap()
}

/// Returns the messages and files of an archive; the long form has many.
fn size() -> SlackArchive {
    let is_long = std::env::var_os(LONG).is_some();
    let (messages, files) = if is_long { (100_000, 500) } else { (2_000, 20) };
    SlackArchive { messages, files }
}

/// Imports an archive with a server that is killed twice meanwhile, and then once more; returns the server.
fn import_with_kills(home: &Home, format: &str, path: &str, all: &str, messages: usize) -> Serving {
    let mut server = home.serve();
    let begun = text(&home.run(&["import", format, path]));
    assert!(begun.contains(all), "{begun}");
    for part in [0, messages / 4] {
        until(home, |status| imported(status) >= part);
        server.process.kill().unwrap();
        server.process.wait().unwrap();
        server = home.serve();
    }
    let ended = until(home, |status| status.contains("ended on"));
    assert!(ended.contains(&format!("imported        {all}")), "{ended}");
    assert!(!ended.contains("left out"), "{ended}");
    // The creation of three groups in two logs each, and the direct in the logs of its two users.
    let entries = format!("{} entries, all checked", messages + 3 * 2 + 2);
    let counted = text(&home.run(&["backup", "after.db"]));
    assert!(counted.contains(&entries), "{counted}");

    text(&home.run(&["import", format, path]));
    let again = until(home, |status| status.contains("ended on"));
    assert!(again.contains(&format!("imported        {all}")), "{again}");
    let counted = text(&home.run(&["backup", "again.db"]));
    assert!(counted.contains(&entries), "a repeat adds nothing: {counted}");
    server
}

#[test]
fn an_import_whose_server_is_killed_twice_imports_everything_once() {
    let (home, size) = (Home::new(), size());
    let archive = size.write();
    let path = archive.path().to_str().unwrap();
    let all = format!("5 users, 4 conversations, {} messages, {} files", size.messages, size.files);
    import_with_kills(&home, "slack", path, &all, size.messages).stop();
}

#[test]
fn an_export_is_imported_whole_by_a_server_that_is_killed_twice() {
    let (first, second, size) = (Home::new(), Home::new(), size());
    let server = first.serve();
    let archive = size.write();
    text(&first.run(&["import", "slack", archive.path().to_str().unwrap()]));
    until(&first, |status| status.contains("ended on"));
    let all = format!("5 users, 4 conversations, {} messages, {} files", size.messages, size.files);
    let exported = text(&first.run(&["export", "all.zip"]));
    assert!(exported.contains(&format!("all.zip: {all}.")), "{exported}");
    server.stop();

    let path = first.at("all.zip");
    let server = import_with_kills(&second, "hubbub", path.to_str().unwrap(), &all, size.messages);
    server.stop();
    let stopped = text(&second.run(&["export", "again.zip"]));
    assert!(stopped.contains(&all), "{stopped}");
    assert_eq!(records(&second.at("again.zip")), records(&path));
}

/// Returns the records of an export behind its header.
fn records(path: &Path) -> Vec<Record> {
    let archive = Archive::open(path, Format::Hubbub).unwrap();
    archive.map(Result::unwrap).filter(|record| !matches!(record, Record::Header(_))).collect()
}

#[test]
fn an_export_is_its_owners_alone_and_replaces_no_file() {
    let home = Home::new();
    let none = home.run(&["export", "all.zip"]);
    assert!(said(&none).contains("there is no data in"), "{}", said(&none));
    let server = home.serve();
    let exported = text(&home.run(&["export", "all.zip"]));
    assert!(exported.contains("0 users, 0 conversations, 0 messages, 0 files."), "{exported}");
    let mode = std::fs::metadata(home.at("all.zip")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = std::fs::read(home.at("all.zip")).unwrap();
    for (arguments, sentence) in [
        (&["all.zip"][..], "there is such a file already"),
        (&["nowhere/all.zip"], "No such file or directory"),
        (&["other.zip", "--application", "0123456789abcdef"], "there is no such application"),
    ] {
        let refused = home.run(&[&["export"], arguments].concat());
        assert_eq!(refused.status.code(), Some(1));
        assert!(said(&refused).contains(sentence), "{arguments:?}: {}", said(&refused));
    }
    assert_eq!(std::fs::read(home.at("all.zip")).unwrap(), before);
    let left: Vec<String> = std::fs::read_dir(home.at(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("export") || name.contains("other"))
        .collect();
    assert_eq!(left, [""; 0], "a failed export leaves nothing");
    server.stop();
}

#[test]
fn what_is_wrong_with_an_import_is_said_where_it_was_started() {
    let home = Home::new();
    let archive = SlackArchive { messages: 4, files: 0 }.write();
    let path = archive.path().to_str().unwrap();
    let stopped = home.run(&["import", "slack", path]);
    assert!(said(&stopped).contains("start it first"), "{}", said(&stopped));
    let server = home.serve();
    assert_eq!(status(&home), "There is no import.\n");
    assert_eq!(text(&home.run(&["import", "cancel"])), "There is no import to cancel.\n");
    std::fs::write(home.at("export.zip"), "no archive").unwrap();
    for (arguments, sentence) in [
        (&["slack", "export.zip"][..], "is neither a ZIP file nor a file of JSON Lines"),
        (&["slack", "none.zip"], "the server cannot read it"),
        (&["link", "李雷"], "no imported user has the name or the key \"李雷\""),
        (&["mattermost", path], "it needs one file that ends in .jsonl"),
        (&["slack", path, "--application", "0123456789abcdef"], "there is no such application"),
    ] {
        let refused = home.run(&[&["import"], arguments].concat());
        assert!(said(&refused).contains(sentence), "{arguments:?}: {}", said(&refused));
    }
    assert_eq!(status(&home), "There is no import.\n");
    server.stop();
}

#[test]
fn every_command_of_the_page_about_imports_works() {
    let home = Home::new();
    let server = home.serve();
    std::fs::copy(SlackArchive { messages: 8, files: 1 }.write().path(), home.at("export.zip")).unwrap();
    let (script, blocks) = script(include_str!("../../../docs/import.md"));
    assert_eq!(blocks, 4);
    let printed = run(&home, server.addr(), &script);
    let begun = "The import has begun: 5 users, 4 conversations, 8 messages, 1 file.";
    // The export has what the first import has written by then.
    assert!(printed.matches(begun).count() >= 2, "{printed}");
    assert_eq!(printed.matches("The import of export.zip").count(), 2, "{printed}");
    assert!(printed.contains("The export is in"), "{printed}");
    assert_eq!(printed.matches("The import has begun").count(), 3, "{printed}");
    server.stop();
}
