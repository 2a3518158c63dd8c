//! Rate limits: a client sees them in every answer before it meets them.

use serde_json::json;

use crate::client::{Program, application, with};

#[tokio::test]
async fn every_answer_says_what_is_left_and_too_much_is_refused_with_the_time_to_wait() {
    let server = with(|config| {
        (config.limits.token_request_burst, config.limits.token_requests_per_second) = (4, 0.001);
        (config.limits.token_send_burst, config.limits.token_sends_per_second) = (1, 0.001);
    })
    .await;
    let shop = application(&server, "Shop").await;
    let program = Program::new(&server).with(&shop.token);
    let first = program.get("/application").await.is(200);
    assert_eq!(first.header("ratelimit-policy"), Some("\"requests\";q=4;w=4000, \"send\";q=1;w=1000"));
    let left = |answer: &crate::client::Answer| {
        let state = answer.header("ratelimit").unwrap().to_owned();
        state.split(", ").map(|part| part.split(';').nth(1).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(left(&first), ["r=3", "r=1"]);
    let sent = program.post("/topics/news/entries", json!({ "data": 1 })).await.is(201);
    assert_eq!(left(&sent), ["r=2", "r=0"]);
    let send = program.post("/topics/news/entries", json!({ "data": 2 })).await.fails(429, "too_fast");
    assert!(send.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(send.body["retry_ms"].as_u64().map(|millis| millis > 0), Some(true));
    program.get("/nowhere").await.fails(404, "not_found");
    let refused = program.get("/application").await.is(200);
    assert_eq!(left(&refused), ["r=0", "r=0"]);
    let refused = program.get("/application").await.fails(429, "too_fast");
    assert_eq!(left(&refused), ["r=0", "r=0"]);
    // Another token has limits of its own.
    let id = shop.application.public_id;
    let other = server.chat().create_api_token(&chat::Caller::operator(), id, "", None, false).await.unwrap();
    Program::new(&server).with(&other).get("/application").await.is(200);
    server.stop().await;
}
