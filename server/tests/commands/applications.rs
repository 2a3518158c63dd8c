//! `hubbub app` and `hubbub token`, beside a running server and without one.

use std::process::Output;

use crate::home::{Home, Serving, said};

/// Returns what a command printed.
fn printed(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
    String::from_utf8(output.stdout.clone()).unwrap().trim().to_owned()
}

/// Lets a server make the data folder.
fn make_data(home: &Home) {
    let server = home.serve();
    server.publish(1);
    server.stop();
}

/// Creates an application; returns its id and its token.
fn create(home: &Home, title: &str) -> (String, String) {
    let text = printed(&home.run(&["app", "create", title, "--description", "Support of a shop"]));
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{text}")).trim().to_owned()
    };
    (value("application "), value("token "))
}

/// Publishes with a token; returns the status.
fn publish(server: &Serving, token: &str) -> String {
    let head = "POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json";
    let body = r#"{"topic":"news","data":1}"#;
    let answer = server.asks(&format!("{head}\r\nAuthorization: Bearer {token}\r\n\r\n{body}"));
    answer[9..12].to_owned()
}

#[test]
fn applications_are_managed_while_the_server_serves() {
    let home = Home::new();
    let server = home.serve();
    let (shop, token) = create(&home, "Zoë's 茶 & Co.");
    assert_eq!(shop.len(), 16);
    assert!(token.starts_with("hub_app_") && token.len() == 60, "{token}");
    assert_eq!(publish(&server, &token), "200");
    assert!(server.history().ends_with("[]"), "it is another application's topic");

    let listed = printed(&home.run(&["app", "list"]));
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines.len() == 2 && lines[0].contains("Hubbub  (the built-in pages)"), "{listed}");
    assert!(lines[1].starts_with(&format!("{shop}  Zoë's 茶 & Co.  (since ")), "{listed}");

    let set = printed(&home.run(&["app", "set", &shop, "--implicit-creation", "true"]));
    assert_eq!(
        set,
        "implicit creation  true\nuser conversations false\ndirectory          false\ntoken sign-up      false"
    );
    let both = ["app", "set", &shop, "--token-sign-up", "true", "--user-conversations", "true"];
    let set = printed(&home.run(&both));
    assert_eq!(
        set,
        "implicit creation  true\nuser conversations true\ndirectory          false\ntoken sign-up      true"
    );

    let second = printed(&home.run(&["app", "token", &shop, "--label", "staging", "--days", "30"]));
    assert_eq!((publish(&server, &token), publish(&server, &second)), ("200".into(), "200".into()));
    let third = printed(&home.run(&["app", "token", &shop, "--label", "李雷's laptop"]));
    let listed = printed(&home.run(&["app", "tokens", &shop]));
    assert_eq!(listed.lines().count(), 3, "{listed}");
    let id = listed.lines().find(|line| line.contains("李雷's laptop")).unwrap().split(' ').next().unwrap();
    assert!(!listed.contains("hub_app_"), "no token is shown again: {listed}");
    printed(&home.run(&["app", "revoke", &shop, id]));
    assert_eq!((publish(&server, &third), publish(&server, &second)), ("401".into(), "200".into()));
    let again = home.run(&["app", "revoke", &shop, id]);
    assert!(again.status.code() == Some(1) && said(&again).contains("no such token"), "{}", said(&again));
    let last = printed(&home.run(&["app", "rotate", &shop]));
    let statuses = [&token, &second, &last].map(|token| publish(&server, token));
    assert_eq!(statuses, ["401", "401", "200"]);

    let wrong = home.run(&["app", "delete", &shop, "--confirm", "Hubbub"]);
    assert!(wrong.status.code() == Some(1) && said(&wrong).contains("not the title"), "{}", said(&wrong));
    let gone = printed(&home.run(&["app", "delete", &shop, "--confirm", "Zoë's 茶 & Co."]));
    assert!(gone.contains("is deleted"), "{gone}");
    assert_eq!(publish(&server, &last), "401");
    let again = home.run(&["app", "token", &shop]);
    assert!(said(&again).contains("there is no such application"), "{}", said(&again));
    server.stop();
}

#[test]
fn applications_are_managed_without_a_server() {
    let home = Home::new();
    make_data(&home);
    let (shop, token) = create(&home, "Shop");
    let operator = printed(&home.run(&["token", "operator", "--label", "ci"]));
    assert!(operator.starts_with("hub_op_") && operator.len() == 59, "{operator}");
    let server = home.serve();
    assert_eq!(publish(&server, &token), "200");
    assert_eq!(publish(&server, &operator), "401", "it reads and writes no content");
    server.stop();
    printed(&home.run(&["app", "delete", &shop, "--confirm", "Shop"]));
    let listed = printed(&home.run(&["app", "list"]));
    assert!(listed.contains(&format!("{shop}  Shop  (being deleted)")), "{listed}");
    let server = home.serve();
    assert_eq!(publish(&server, &token), "401");
    server.stop();
}

#[test]
fn a_command_with_a_wrong_argument_says_what_would_be_right() {
    let home = Home::new();
    make_data(&home);
    for (command, says) in [
        (&["app", "create", ""][..], "The name is empty"),
        (&["app", "create", "\u{202e}evil"], "invisible, control or text-direction"),
        (&["app", "token", "0123456789abcdef"], "there is no such application"),
        (&["app", "token", "shop"], "an id is 16 letters and digits"),
        (&["app", "delete", "0123456789abcdef"], "--confirm"),
        (&["token", "operator", "--label", &"x".repeat(81)], "at most 80"),
        (&["token", "operator", "--days", "0"], "--days"),
        (&["app", "set", "0123456789abcdef", "--implicit-creation", "users"], "true, false"),
        (&["app", "set", "0123456789abcdef", "--token-sign-up", "maybe"], "--token-sign-up"),
        (&["app", "set", "0123456789abcdef"], "there is no such application"),
        (&["app"], "create"),
    ] {
        let refused = home.run(command);
        assert_ne!(refused.status.code(), Some(0), "{command:?}");
        assert!(said(&refused).contains(says), "{command:?}: {}", said(&refused));
    }
    let listed = printed(&home.run(&["app", "list"]));
    let built_in = listed.split(' ').next().unwrap();
    let kept = home.run(&["app", "delete", built_in, "--confirm", "Hubbub"]);
    assert!(said(&kept).contains("cannot be deleted"), "{}", said(&kept));
}
