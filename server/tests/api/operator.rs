//! Applications by the operator's token, and the application of a token itself.

use serde_json::json;

use crate::client::{Program, operator, server};

#[tokio::test]
async fn the_operator_creates_lists_and_deletes_applications() {
    let server = server().await;
    let operator = operator(&server).await;
    let created =
        operator.post("/applications", json!({ "title": "Shop", "description": "Tea" })).await.is(201);
    let id = created.body["application"]["id"].as_str().unwrap().to_owned();
    let shop = Program::new(&server).with_token(created.body["token"].as_str().unwrap());
    let own = shop.get("/application").await.is(200);
    assert_eq!((&own.body["id"], &own.body["title"]), (&json!(id), &json!("Shop")));
    let part = operator.get("/applications?limit=1").await.is(200).body;
    let next = part["next"].as_str().unwrap();
    let rest = operator.get(&format!("/applications?cursor={next}")).await.is(200).body;
    assert_eq!((&part["items"][0]["title"], &rest["items"][0]["id"]), (&json!("Hubbub"), &json!(id)));

    let path = format!("/applications/{id}");
    assert_eq!(operator.get(&path).await.is(200).body, created.body["application"]);
    let tag = operator.get(&path).await.header("etag").unwrap().to_owned();
    let expecting = operator.clone().header("If-Match", &tag);
    let change =
        json!({ "description": "Coffee", "config": { "allowed_origins": ["https://shop.example"] } });
    let changed = expecting.patch(&path, change.clone()).await.is(200).body;
    assert_eq!((&changed["title"], &changed["description"]), (&json!("Shop"), &json!("Coffee")));
    assert_eq!(shop.get("/application").await.body["config"], changed["config"]);
    expecting.patch(&path, change).await.fails(412, "version_stale");
    operator.patch(&path, json!({ "config": { "allowed_origins": ["*"] } })).await.fails(400, "field_wrong");
    operator.patch("/applications/0123456789abcdef", json!({})).await.fails(404, "not_found");
    let new = json!({ "title": "Bank", "config": { "allowed_origins": ["https://bank.example"] } });
    let bank = operator.post("/applications", new).await.is(201).body;
    assert_eq!(bank["application"]["config"]["allowed_origins"], json!(["https://bank.example"]));

    let new = json!({ "label": "ci", "days": 30, "rotate": true });
    let token = operator.post(&format!("{path}/tokens"), new).await.is(201).body;
    shop.get("/application").await.fails(401, "token_bad");
    let shop = Program::new(&server).with_token(token["token"].as_str().unwrap());
    shop.get("/application").await.is(200);

    operator.delete(&path).await.fails(422, "confirmation_wrong");
    operator.delete(&format!("{path}?confirm=Shop")).await.is(202);
    operator.get(&path).await.fails(404, "not_found");
    shop.get("/application").await.fails(401, "token_bad");
    server.stop().await;
}

#[tokio::test]
async fn an_application_changes_itself_in_the_version_that_it_read() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    let own = shop.get("/application").await.is(200);
    let config = json!({ "allowed_origins": ["https://Shop.example"] });
    let changed = shop.patch("/application", json!({ "config": config, "other": 1 })).await.is(200);
    assert_eq!(changed.body["config"]["allowed_origins"], json!(["https://shop.example"]));
    assert_eq!(changed.body["title"], "Shop");
    let stale = shop.clone().header("If-Match", own.header("etag").unwrap());
    stale.patch("/application", json!({ "title": "Bank" })).await.fails(412, "version_stale");
    let current = shop.clone().header("If-Match", changed.header("etag").unwrap());
    assert_eq!(current.patch("/application", json!({ "title": "Bank" })).await.is(200).body["title"], "Bank");
    let bad = json!({ "config": { "allowed_origins": ["*"] } });
    shop.patch("/application", bad).await.fails(400, "field_wrong");
    shop.patch("/application", json!({ "title": "" })).await.fails(422, "name_empty");
    server.stop().await;
}
