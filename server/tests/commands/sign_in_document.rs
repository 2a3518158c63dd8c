//! The examples of `docs/sign-in.md`, run as they are written against a provider of which only the metadata is there.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::api_document::{run, script};
use crate::home::Home;

const ISSUER: &str = "https://login.example.org";

/// Answers every request with the metadata of a provider at this address; returns its issuer.
fn provider() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let metadata = format!(
        r#"{{"issuer": "{issuer}", "authorization_endpoint": "{issuer}/authorize?tenant=7",
            "token_endpoint": "{issuer}/token", "jwks_uri": "{issuer}/jwks"}}"#
    );
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request);
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            let _ = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{metadata}", metadata.len());
        }
    });
    issuer
}

#[test]
fn the_settings_of_the_page_about_signing_in_lead_to_the_provider() {
    let (home, issuer) = (Home::new(), provider());
    let document = include_str!("../../../docs/sign-in.md").replace(ISSUER, &issuer);
    let (script, blocks) = script(&document);
    assert_eq!(blocks, 3);
    let (before, after) = script.split_once("echo \"block 3\"").unwrap();
    let printed = run(&home, "nowhere", before);
    assert!(printed.contains(&format!("\"issuer\": \"{issuer}\"")), "{printed}");
    let server = home.serve();
    let printed = run(&home, server.addr(), after);
    let begins =
        format!("{issuer}/authorize?tenant=7&response_type=code&client_id=hubbub&redirect_uri=http%3A%2F%2F");
    assert!(printed.contains(&begins), "{printed}");
    assert!(
        printed.contains("%2Fsign-in%2Foffice%2Fcallback&scope=openid+profile+email&state="),
        "{printed}"
    );
    assert!(printed.contains("&code_challenge_method=S256"), "{printed}");
    server.stop();
}
