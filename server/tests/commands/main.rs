//! The operator's commands, as an operator runs them: beside a running server, and without one.

#![cfg(unix)]

mod api_document;
mod applications;
mod home;
mod import;
mod move_data;
mod nodes;
mod sign_in_document;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use home::{Home, said};

#[test]
fn a_backup_is_made_while_the_server_serves_and_goes_back_under_a_new_epoch() {
    let home = Home::new();
    let server = home.serve();
    for number in 1..=5 {
        server.publish(number);
    }
    let before = server.epoch();
    let backup = home.at("monday.db");
    let made = home.run(&["backup", backup.to_str().unwrap()]);
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    assert!(String::from_utf8_lossy(&made.stdout).contains("5 entries, all checked"), "{made:?}");
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
    let again = home.run(&["backup", backup.to_str().unwrap()]);
    assert!(again.status.code() == Some(1) && said(&again).contains("add --force"), "{}", said(&again));
    assert_eq!(home.run(&["backup", backup.to_str().unwrap(), "--force"]).status.code(), Some(0));
    for number in 6..=15 {
        server.publish(number);
    }
    let restore = |force: &[&str]| home.run(&[&["restore", backup.to_str().unwrap()], force].concat());
    let busy = restore(&["--force"]);
    assert!(
        busy.status.code() == Some(1) && said(&busy).contains("another process has the folder"),
        "{}",
        said(&busy)
    );
    server.stop();

    let data = restore(&[]);
    assert!(
        data.status.code() == Some(1) && said(&data).contains("add --force to replace"),
        "{}",
        said(&data)
    );
    assert_eq!(restore(&["--force"]).status.code(), Some(0));
    let server = home.serve();
    assert_ne!(server.epoch(), before);
    assert_eq!(server.history().matches("\"seq\"").count(), 5);
    server.stop();
    // The same without a server.
    let stopped = home.run(&["backup", home.at("tuesday.db").to_str().unwrap()]);
    assert_eq!(stopped.status.code(), Some(0), "{}", said(&stopped));
}

#[test]
fn a_backup_by_a_name_without_a_folder_lands_where_the_operator_stands() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(home.run(&["backup", "here.db"]).status.code(), Some(0));
    assert!(home.at("here.db").exists());
    server.stop();
}

#[test]
fn a_command_without_data_makes_none() {
    let home = Home::new();
    for command in [&["backup", "x.db"][..], &["reset-link", "ann"]] {
        let refused = home.run(command);
        assert_eq!(refused.status.code(), Some(1));
        assert!(said(&refused).contains("there is no data in"), "{}", said(&refused));
    }
    assert!(!home.at("data").exists());
}

#[test]
fn the_sockets_of_operators_are_theirs_alone_and_go_with_the_server() {
    let home = Home::new();
    let server = home.serve();
    let socket = home.at("data/control.sock");
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(home.at("data")).unwrap().permissions().mode() & 0o777, 0o700);
    let nobody = home.run(&["reset-link", "李雷"]);
    assert!(said(&nobody).contains("nobody signs in with the name \"李雷\""), "{}", said(&nobody));
    server.stop();
    assert!(!socket.exists());
}

#[test]
fn a_server_that_was_killed_leaves_nothing_in_the_way_of_the_next() {
    let home = Home::new();
    let mut server = home.serve();
    server.publish(1);
    let epoch = server.epoch();
    server.process.kill().unwrap();
    server.process.wait().unwrap();
    assert!(home.at("data/control.sock").exists());
    let stopped = home.run(&["backup", "b.db"]);
    assert_eq!(stopped.status.code(), Some(0), "{}", said(&stopped));
    let server = home.serve();
    assert_eq!(server.epoch(), epoch);
    assert_eq!(home.run(&["backup", "c.db"]).status.code(), Some(0));
    server.stop();
}

#[test]
fn the_doctor_says_in_a_line_each_what_is_wrong_and_what_to_do() {
    let home = Home::new();
    let none = home.run(&["doctor"]);
    assert!(String::from_utf8_lossy(&none.stdout).contains("the first start makes it"), "{none:?}");
    let server = home.serve();
    server.publish(1);
    let well = home.run(&["doctor"]);
    let told = String::from_utf8(well.stdout).unwrap();
    assert_eq!(well.status.code(), Some(0), "{told}");
    for about in ["folder", "room", "secret", "database", "clock", "origin", "proxy"] {
        assert!(told.lines().any(|line| line[6..].starts_with(about)), "{about}: {told}");
    }
    server.stop();

    let secret = fs::read_to_string(home.at("data/secret.key")).unwrap();
    fs::remove_file(home.at("data/secret.key")).unwrap();
    let told = String::from_utf8(home.run(&["doctor"]).stdout).unwrap();
    assert!(told.contains("look  secret") && told.contains("there is no secret.key"), "{told}");
    let mut set = home.command(&["doctor"]);
    let told = String::from_utf8(set.env("HUBBUB_SECRET", secret.trim()).output().unwrap().stdout).unwrap();
    assert!(told.contains("ok    secret") && !told.contains(secret.trim()), "{told}");
    fs::write(home.at("data/secret.key"), &secret).unwrap();
    fs::set_permissions(home.at("data/secret.key"), fs::Permissions::from_mode(0o600)).unwrap();

    fs::set_permissions(home.at("data/hubbub.db"), fs::Permissions::from_mode(0o644)).unwrap();
    let open = home.run(&["doctor"]);
    let told = String::from_utf8(open.stdout).unwrap();
    assert_eq!(open.status.code(), Some(1), "{told}");
    assert!(told.contains("chmod 600") && told.contains("hubbub.db"), "{told}");

    fs::remove_file(home.at("data/hubbub.life")).unwrap();
    let ill = home.run(&["doctor"]);
    let told = String::from_utf8(ill.stdout).unwrap();
    assert_eq!(ill.status.code(), Some(1), "{told}");
    assert!(told.contains("WRONG database") && told.contains("hubbub restore "), "{told}");
}

#[test]
fn the_doctor_misses_files_that_the_database_names_and_the_folder_lacks() {
    let home = Home::new();
    let server = home.serve();
    let made = home.run(&["app", "create", "Shop"]);
    let made = String::from_utf8(made.stdout).unwrap();
    let token = made.lines().find_map(|line| line.strip_prefix("token")).unwrap().trim();
    let head =
        format!("POST /api/v1/files?name=a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}");
    let answer = server.asks(&format!("{head}\r\n\r\ntea"));
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let doctor = || {
        let ran = home.run(&["doctor"]);
        (ran.status.code(), String::from_utf8(ran.stdout).unwrap())
    };
    let (code, told) = doctor();
    assert!(code == Some(0) && told.contains("ok    files") && told.contains("has all 1 blob"), "{told}");
    let backup = home.run(&["backup", "b.db"]);
    let said = String::from_utf8_lossy(&backup.stdout).into_owned();
    assert!(said.contains("Uploaded files are not in it"), "{said}");
    server.stop();
    fs::rename(home.at("data/blobs"), home.at("blobs")).unwrap();
    let (code, told) = doctor();
    assert!(
        code == Some(1) && told.contains("WRONG files") && told.contains("1 blob is in the database"),
        "{told}"
    );
    let moved = home.run(&["doctor", "--blobs", "blobs"]);
    let told = String::from_utf8(moved.stdout).unwrap();
    assert!(told.contains("ok    files"), "{told}");
}

#[test]
fn the_doctor_sees_a_proxy_that_asks_for_another_host_than_the_origin() {
    let home = Home::new();
    let server = home.serve_with(&["--origin", "https://chat.example.org"]);
    server.asks("GET / HTTP/1.1\r\nHost: inner.example:8080\r\nX-Forwarded-For: 192.0.2.1\r\n");
    let doctor = home.run(&["doctor", "--origin", "https://chat.example.org"]);
    let told = String::from_utf8(doctor.stdout).unwrap();
    assert_eq!(doctor.status.code(), Some(1), "{told}");
    assert!(told.contains("1 requests asked for inner.example:8080"), "{told}");
    server.stop();
}

#[test]
fn the_doctor_judges_the_settings_of_the_server_that_runs() {
    let home = Home::new();
    let doctor =
        |arguments: &[&str]| String::from_utf8(home.run(&[&["doctor"], arguments].concat()).stdout).unwrap();
    let told = doctor(&["--origin", "https://other.example.org"]);
    assert!(told.contains("no server runs on this data"), "{told}");
    assert!(told.contains("it is https://other.example.org"), "{told}");

    let server = home.serve_with(&["--origin", "https://chat.example.org", "--open-topics", "everyone"]);
    let told = doctor(&["--origin", "https://other.example.org", "--addr", "127.0.0.1:0"]);
    assert!(told.contains("those of the running server are judged"), "{told}");
    assert!(told.contains("set otherwise here: origin, open_topics;"), "{told}");
    assert!(told.contains("it is https://chat.example.org"), "{told}");
    assert!(told.contains("open_topics = \"everyone\" lets nobody in"), "{told}");
    assert!(!told.contains("other.example.org"), "{told}");
    let same = ["--origin", "https://chat.example.org", "--addr", "127.0.0.1:0", "--open-topics", "everyone"];
    let told = doctor(&same);
    assert!(told.contains("the same are set here"), "{told}");
    server.stop();
}

#[test]
fn a_variable_that_is_left_empty_is_not_set() {
    let home = Home::new();
    let help = String::from_utf8(home.run(&["--help"]).stdout).unwrap();
    let mut doctor = home.command(&["doctor"]);
    let variables: Vec<_> = help.split("[env: ").skip(1).filter_map(|rest| rest.split_once('=')).collect();
    assert!(variables.len() > 20, "{help}");
    for (variable, _) in variables.iter().filter(|(variable, _)| *variable != "HUBBUB_DATA") {
        doctor.env(variable, "");
    }
    let told = doctor.output().unwrap();
    assert_eq!(told.status.code(), Some(0), "{}", said(&told));
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("only this machine reaches the server"), "{told}");
}

#[test]
fn the_service_manager_hears_that_the_server_is_ready_alive_and_stopping() {
    let home = Home::new();
    let manager = UnixDatagram::bind(home.at("notify.sock")).unwrap();
    // Only a failing test waits this long.
    manager.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let hears = || {
        let mut heard = [0; 100];
        let length = manager.recv(&mut heard).unwrap();
        String::from_utf8_lossy(&heard[..length]).trim().to_owned()
    };
    let mut command = home.command(&["serve", "--addr", "127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", home.at("notify.sock")).env("WATCHDOG_USEC", "2000000");
    let server = home.start(command);
    assert_eq!(hears(), "READY=1");
    assert_eq!([hears(), hears()], ["WATCHDOG=1", "WATCHDOG=1"]);
    server.stop();
    let last: Vec<_> = std::iter::repeat_with(hears).take_while(|heard| heard != "STOPPING=1").collect();
    assert!(last.iter().all(|heard| heard == "WATCHDOG=1"), "{last:?}");
}

#[test]
fn a_signal_while_the_server_starts_stops_it_in_order() {
    for signal in ["-TERM", "-INT"] {
        let home = Home::new();
        let mut command = home.command(&["serve", "--addr", "127.0.0.1:0"]);
        command.env("HUBBUB_LOG", "info").env("LEPTOS_SITE_ROOT", home.site());
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines().map(Result::unwrap);
        // Before the folder is opened.
        assert!(log.by_ref().any(|line| line.contains("starting")), "{signal}");
        let sent = Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let rest: Vec<_> = log.collect();
        assert_eq!(process.wait().unwrap().code(), Some(0), "{signal}: {rest:?}");
        assert!(rest.iter().any(|line| line.contains("stopped")), "{signal}: {rest:?}");
    }
}

#[test]
fn help_begins_with_what_hubbub_is_and_names_every_command() {
    let home = Home::new();
    let help = String::from_utf8(home.run(&["--help"]).stdout).unwrap();
    assert!(help.starts_with("Hubbub is group chat that you host yourself"), "{help}");
    for command in ["serve", "app", "token", "reset-link", "backup", "restore", "doctor", "bench"] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(command)), "{command}: {help}");
    }
}
