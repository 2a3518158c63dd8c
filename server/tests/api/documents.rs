//! The OpenAPI document, which a file in the repository shows whole, and the page made from it.

use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Program, server};

#[test]
fn the_openapi_document_is_the_one_in_the_repository() {
    let document: Value = serde_json::from_str(&server::openapi().to_json().unwrap()).unwrap();
    let document = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/openapi.json");
    if std::env::var_os("HUBBUB_WRITE_OPENAPI").is_some() {
        std::fs::write(&file, &document).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        document == kept,
        "the API has changed. If it should, run this test with HUBBUB_WRITE_OPENAPI=1, review {} and commit it",
        file.display()
    );
}

#[test]
fn every_operation_has_a_name_of_its_own_a_summary_and_answers() {
    let document: Value = serde_json::from_str(&server::openapi().to_json().unwrap()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut schemas = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("default") && responses.len() > 1, "{method} {path}");
            let error = responses["default"]["content"].as_object().unwrap();
            assert_eq!(error.keys().collect::<Vec<_>>(), ["application/problem+json"], "{method} {path}");
            for part in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                let named = operation["parameters"].as_array().unwrap().iter().any(|one| one["name"] == part);
                assert!(named, "{method} {path} describes {part}");
            }
            schemas.push(operation["requestBody"].to_string());
        }
    }
    // Schemas of one name would overwrite each other silently.
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/api/v1");
    let mut declared = Vec::new();
    for file in std::fs::read_dir(sources).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let parts = source.split("ToSchema)]").skip(1);
        let names = parts.filter_map(|part| {
            let (attributes, rest) = part.split_once("pub(crate) ")?;
            let renamed = attributes.split_once("#[schema(as = ").and_then(|(_, name)| name.split_once(')'));
            let name = rest.split_whitespace().nth(1)?;
            Some(renamed.map_or(name, |(name, _)| name).to_owned())
        });
        declared.extend(names);
    }
    declared.sort();
    let mut unique = declared.clone();
    unique.dedup();
    assert_eq!(declared, unique);
    assert!(declared.len() > 20, "{declared:?}");
}

#[tokio::test]
async fn the_documents_are_for_everyone_and_have_no_script() {
    let server = server().await;
    let nobody = Program::new(&server);
    let document = nobody.get("/openapi.json").await.is(200);
    assert_eq!(document.body["servers"][0]["url"], "/api/v1");
    let page = nobody.get("/docs").await.is(200);
    assert!(page.head.contains("content-type: text/html"), "{}", page.head);
    assert!(!page.text.contains("<script") && !page.text.contains("style="));
    for (path, item) in document.body["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let title = format!("<h2>{} {path}</h2>", method.to_uppercase());
            assert!(page.text.contains(&title), "{title}");
        }
    }
    assert!(page.text.contains("curl -X PUT &quot;$HUBBUB/api/v1/users/{user}&quot;"), "{}", page.text);
    server.stop().await;
}

#[tokio::test]
async fn bodies_that_the_document_calls_optional_may_be_left_out_or_be_null() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Kamau", "Noor"]).await;
    shop.has_conversation("order-7", &["kamau"]).await;
    let document = shop.get("/openapi.json").await.is(200).body;
    for (method, path) in [
        ("post", "/application/tokens"),
        ("put", "/conversations/{conversation}/members/{user}"),
        ("post", "/users/{user}/tokens"),
        ("post", "/users/{user}/links"),
    ] {
        let body = &document["paths"][path][method]["requestBody"];
        assert!(body.is_object() && body["required"] != json!(true), "{method} {path}");
        let path = path.replace("{conversation}", "order-7").replace("{user}", "noor");
        for body in [None, Some("null"), Some("{}")] {
            let answer = shop.ask(&method.to_uppercase(), &path, body).await;
            assert!((200..300).contains(&answer.status), "{method} {path} {body:?}: {:?}", answer.body);
        }
    }
    let put = &document["paths"]["/users/{user}"]["put"]["requestBody"];
    assert_eq!(put["required"], json!(true));
    let answer = shop.ask("PUT", "/users/lei", None).await;
    assert!((400..500).contains(&answer.status), "{:?}", answer.body);
    server.stop().await;
}
