//! Files through the API: upload, attach, read, ranges, tags, links.

use std::io::Cursor;
use std::time::Duration;

use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Answer, Program, server, with};

/// Returns a picture as a file.
pub fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    RgbImage::from_pixel(width, height, Rgb([200, 10, 10])).write_to(&mut file, format).unwrap();
    file.into_inner()
}

fn id(answer: &Answer) -> String {
    answer.body["id"].as_str().unwrap().to_owned()
}

/// A shop with ann and ben in the conversation `tea`, and cal outside.
async fn shop(server: &server::ServerHandle) -> Program<'_> {
    let shop = Program::of_application(server, "Shop").await;
    shop.has_users(&["Ann", "Ben", "Cal"]).await;
    shop.has_conversation("tea", &["ann", "ben"]).await;
    shop
}

async fn attach(program: &Program<'_>, file: &str) -> Answer {
    let body = json!({ "attachments": [{ "id": file, "alt": "A cup" }] });
    program.post("/conversations/tea/messages", body).await
}

async fn get(program: &Program<'_>, file: &str, headers: &str) -> (Answer, Vec<u8>) {
    program.send("GET", &format!("/api/v1/files/{file}"), headers, b"").await
}

#[tokio::test]
async fn a_file_is_uploaded_attached_and_read() {
    let server = server().await;
    let shop = shop(&server).await;
    let (ann, ben, cal) = (shop.acting_as("ann"), shop.acting_as("ben"), shop.acting_as("cal"));
    let uploaded = ann.upload("Zo%C3%AB%20%E8%8C%B6.bin", b"\x00\x01tea").await.is(201);
    assert_eq!(uploaded.body["name"], "Zoë 茶.bin");
    assert_eq!(uploaded.body["media_type"], "application/octet-stream");
    assert_eq!((&uploaded.body["bytes"], &uploaded.body["duplicate"]), (&json!(5), &json!(false)));
    let file = id(&uploaded);
    get(&ben, &file, "").await.0.fails(404, "not_found");
    let ack = attach(&ann, &file).await.is(201);
    let message = shop.get(&format!("/conversations/tea/messages/{}", ack.body["seq"])).await.is(200);
    assert_eq!(
        message.body["data"]["attachments"],
        json!([{ "id": file, "name": "Zoë 茶.bin", "media_type": "application/octet-stream", "bytes": 5, "alt": "A cup" }])
    );
    let (read, content) = get(&ben, &file, "").await;
    let read = read.is(200);
    assert_eq!(content, b"\x00\x01tea");
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-length", "5"),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cache-control", "private, no-cache"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "content-disposition",
            "attachment; filename=\"Zo_ _.bin\"; filename*=UTF-8''Zo%C3%AB%20%E8%8C%B6.bin",
        ),
    ] {
        assert_eq!(read.header(name), Some(value), "{name}");
    }
    get(&cal, &file, "").await.0.fails(404, "not_found");
    ann.delete(&format!("/files/{file}")).await.fails(409, "file_attached");
    ann.delete(&format!("/conversations/tea/messages/{}", ack.body["seq"])).await.is(200);
    get(&ben, &file, "").await.0.fails(404, "not_found");
    get(&shop, &file, "").await.0.fails(404, "not_found");
    server.stop().await;
}

#[tokio::test]
async fn a_range_of_a_file_is_sent_and_a_known_one_is_not() {
    let server = server().await;
    let shop = shop(&server).await;
    let content: Vec<u8> = (0..200_000_u64).map(|at| u8::try_from(at * at % 251).unwrap()).collect();
    let file = id(&shop.upload("a.bin", &content).await.is(201));
    let (whole, read) = get(&shop, &file, "").await;
    assert_eq!(read, content);
    let tag = whole.header("etag").unwrap().to_owned();
    assert!(tag.starts_with('"'), "it is a strong tag: {tag}");
    for (range, sent, at) in [
        ("bytes=0-0", &content[..1], "bytes 0-0/200000"),
        ("bytes=65530-131100", &content[65_530..=131_100], "bytes 65530-131100/200000"),
        ("bytes=-7", &content[199_993..], "bytes 199993-199999/200000"),
    ] {
        let (answer, read) = get(&shop, &file, &format!("Range: {range}\r\nIf-Range: {tag}\r\n")).await;
        assert_eq!(answer.is(206).header("content-range"), Some(at));
        assert_eq!(read, sent);
    }
    let (outside, _) = get(&shop, &file, "Range: bytes=200000-\r\n").await;
    let outside = outside.fails(416, "range_bad");
    assert_eq!(outside.body["params"]["bytes"], 200_000);
    assert_eq!(outside.header("content-range"), Some("bytes */200000"));
    for ignored in ["Range: bytes=0-1,5-6\r\n", "Range: bytes=0-1\r\nIf-Range: \"other\"\r\n"] {
        assert_eq!(get(&shop, &file, ignored).await.0.is(200).header("content-length"), Some("200000"));
    }
    let (known, body) = get(&shop, &file, &format!("If-None-Match: \"x\", {tag}\r\n")).await;
    assert_eq!((known.is(304).header("etag"), body.len()), (Some(tag.as_str()), 0));
    let path = format!("/api/v1/files/{file}");
    let (head, body) = shop.send("HEAD", &path, "", b"").await;
    assert_eq!((head.is(200).header("content-length"), body.len()), (Some("200000"), 0));
    server.stop().await;
}

#[tokio::test]
async fn a_picture_is_shown_inline_with_its_size_and_a_thumbnail() {
    let server = server().await;
    let shop = shop(&server).await;
    let uploaded = shop.upload("cup.webp", &picture(800, 200, ImageFormat::Png)).await.is(201);
    assert_eq!(
        (&uploaded.body["media_type"], &uploaded.body["name"]),
        (&json!("image/png"), &json!("cup.png"))
    );
    assert_eq!((&uploaded.body["width"], &uploaded.body["height"]), (&json!(800), &json!(200)));
    let file = id(&uploaded);
    attach(&shop, &file).await.is(201);
    let (read, content) = get(&shop, &file, "").await;
    assert_eq!(
        read.header("content-disposition"),
        Some("inline; filename=\"cup.png\"; filename*=UTF-8''cup.png")
    );
    let shown = image::load_from_memory(&content).unwrap();
    assert_eq!((shown.width(), shown.height()), (800, 200));
    let thumbnail = format!("/api/v1/files/{file}/thumbnail");
    let made = async {
        loop {
            let (answer, content) = shop.send("GET", &thumbnail, "", b"").await;
            let answer = answer.is(200);
            let cached = answer.header("cache-control");
            if answer.header("content-type") == Some("image/jpeg") {
                assert_eq!(cached, Some("private, max-age=300"));
                return content;
            }
            assert_eq!(cached, Some("private, no-cache"), "the thumbnail will come");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let small = tokio::time::timeout(Duration::from_secs(30), made).await.expect("a thumbnail is made");
    let small = image::load_from_memory(&small).unwrap();
    assert_eq!((small.width(), small.height()), (480, 120));
    server.stop().await;
}

#[tokio::test]
async fn an_upload_is_the_same_file_under_the_same_key() {
    let server = server().await;
    let shop = shop(&server).await;
    let ann = shop.acting_as("ann").header("Idempotency-Key", "up-1");
    let first = ann.upload("a.txt", b"tea").await.is(201);
    let again = ann.upload("a.txt", b"tea").await.is(200);
    assert_eq!((id(&first), &again.body["duplicate"]), (id(&again), &json!(true)));
    ann.upload("a.txt", b"cake").await.fails(409, "send_id_taken");
    ann.upload("b.txt", b"tea").await.fails(409, "send_id_taken");
    shop.acting_as("ann").delete(&format!("/files/{}", id(&first))).await.is(204);
    get(&shop, &id(&first), "").await.0.fails(404, "not_found");
    server.stop().await;
}

#[tokio::test]
async fn a_connection_carries_on_after_an_upload_that_is_repeated_or_refused() {
    let server = server().await;
    let shop = shop(&server).await;
    let ann = shop.acting_as("ann").header("Idempotency-Key", "up-1");
    ann.upload("a.txt", &[7; 300_000]).await.is(201);
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    for (path, content, status) in [
        ("/api/v1/files?name=a.txt", vec![7; 300_000], "200"),
        ("/api/v1/files?name=a.txt", vec![8; 300_000], "409"),
        ("/api/v1/files", vec![7; 300_000], "400"),
        ("/api/v1/files?name=a.txt", vec![7; 300_000], "200"),
    ] {
        let length = format!("Content-Length: {}\r\n", content.len());
        let head = ann.head("POST", path, &length).replace("Connection: close\r\n", "");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&content).await.unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(20), answer(&mut stream)).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    server.stop().await;
}

/// Reads one answer of known length.
async fn answer(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    loop {
        read.push(stream.read_u8().await.unwrap());
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() == length.unwrap().parse::<usize>().unwrap() {
            return text.into_owned();
        }
    }
}

#[tokio::test]
async fn an_upload_that_may_not_be_is_refused_by_its_head() {
    let server = with(|config| {
        config.limits.files.file_bytes = 1_000;
        config.limits.files.user_bytes = 1_500;
    })
    .await;
    let shop = shop(&server).await;
    let ann = shop.acting_as("ann");
    let at = "/api/v1/files?name=a";
    // No body follows: the answer comes from the head alone.
    let (large, _) = ann.send("POST", at, "Content-Length: 1001\r\nExpect: 100-continue\r\n", b"").await;
    assert_eq!(large.fails(413, "body_too_large").body["params"]["max"], 1_000);
    ann.send("POST", at, "Content-Length: 0\r\n", b"").await.0.fails(422, "file_empty");
    ann.send("POST", at, "Transfer-Encoding: chunked\r\n", b"0\r\n\r\n").await.0.fails(411, "length_needed");
    let form = "Content-Length: 1\r\nContent-Type: multipart/form-data; boundary=x\r\n";
    ann.send("POST", at, form, b"x").await.0.fails(415, "content_type_wrong");
    let nameless = ann.send("POST", "/api/v1/files", "Content-Length: 1\r\n", b"x").await.0;
    assert_eq!(nameless.fails(400, "field_missing").body["params"]["field"], "name");
    ann.upload("a", &[1; 1_000]).await.is(201);
    let full = ann.upload("a", &[1; 600]).await.fails(422, "user_files_full");
    assert_eq!(full.body["params"]["max"], 1_500);
    shop.acting_as("ben").upload("a", &[1; 600]).await.is(201);
    let lower = json!({ "config": { "files": { "file_bytes": 100, "user_bytes": 1_u64 << 40 } } });
    shop.patch("/application", lower).await.is(200);
    let lowered = shop.acting_as("ben").upload("a", &[1; 101]).await.fails(413, "body_too_large");
    assert_eq!(lowered.body["params"]["max"], 100);
    let wrong = json!({ "config": { "files": { "file_bytes": 0 } } });
    assert_eq!(
        shop.patch("/application", wrong).await.fails(400, "field_wrong").body["params"]["field"],
        "files"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_download_goes_on_while_others_hold_all_connections_open() {
    let server = with(|config| config.connections.node = 4).await;
    let shop = shop(&server).await;
    // More than the system takes at once.
    let content = vec![7; 20_000_000];
    let file = id(&shop.upload("a.bin", &content).await.is(201));
    let mut download = TcpStream::connect(server.addr()).await.unwrap();
    let head = shop.head("GET", &format!("/api/v1/files/{file}"), "");
    download.write_all(head.as_bytes()).await.unwrap();
    download.read_exact(&mut [0; 1_000]).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..9 {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream.write_all(b"POST /do/create_guest HTTP/1.1\r\nHost: loc").await.unwrap();
        held.push(stream);
    }
    // The first of those gave way, so the server has seen all of them.
    let _ = held[0].read_to_end(&mut Vec::new()).await;
    let mut rest = Vec::new();
    let reading = download.read_to_end(&mut rest);
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("it ends").unwrap();
    assert!(rest.len() > content.len() - 1_000, "all of it came: {}", rest.len());
    server.stop().await;
}

#[tokio::test]
async fn uploads_stop_on_a_disk_that_is_nearly_full_and_messages_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = with(|config| {
        config.store = server::StoreChoice::Sqlite;
        config.data = folder.path().to_owned();
        config.limits.files.floor_bytes = u64::MAX;
    })
    .await;
    let shop = shop(&server).await;
    shop.upload("a", b"tea").await.fails(507, "disk_low");
    shop.post("/conversations/tea/messages", json!({ "text": "hi" })).await.is(201);
    server.stop().await;
}

#[tokio::test]
async fn files_in_a_folder_outlive_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let start = async || {
        with(|config| {
            config.store = server::StoreChoice::Sqlite;
            config.data = folder.path().to_owned();
            config.limits.files.floor_bytes = 0;
        })
        .await
    };
    let server = start().await;
    let made = crate::client::application(&server, "Shop").await;
    let file = id(&Program::new(&server).with(&made.token).upload("a", b"tea").await.is(201));
    server.stop().await;
    let server = start().await;
    let (read, content) = get(&Program::new(&server).with(&made.token), &file, "").await;
    read.is(200);
    assert_eq!(content, b"tea");
    server.stop().await;
}

#[tokio::test]
async fn a_link_shows_a_file_to_pages_of_other_origins_and_to_its_viewer_alone() {
    let server = server().await;
    let shop = shop(&server).await;
    let (ann, ben) = (shop.acting_as("ann"), shop.acting_as("ben"));
    let file = id(&ann.upload("a.txt", b"tea").await.is(201));
    attach(&ann, &file).await.is(201);
    let links = format!("/files/{file}/links");
    shop.acting_as("cal").post(&links, json!({})).await.fails(404, "not_found");
    let link = ben.post(&links, json!({})).await.is(201);
    let path = link.body["path"].as_str().unwrap();
    let stranger = Program::new(&server);
    let (shown, content) = stranger.send("GET", path, "Origin: https://shop.example\r\n", b"").await;
    let shown = shown.is(200);
    assert_eq!(content, b"tea");
    assert_eq!(shown.header("cross-origin-resource-policy"), Some("cross-origin"));
    assert_eq!(shown.header("cache-control"), Some("private, no-store"));
    assert_eq!(shown.header("content-security-policy"), Some("sandbox; default-src 'none'"));
    shop.delete("/conversations/tea/members/ben").await.is(204);
    assert_eq!(stranger.send("GET", path, "", b"").await.0.is(404).body["code"], "not_found");
    let made_up = format!("{}A", &path[..path.len() - 1]);
    assert_eq!(stranger.send("GET", &made_up, "", b"").await.0.is(404).body["code"], "not_found");
    server.stop().await;
}

#[tokio::test]
async fn the_same_id_in_another_application_is_nothing() {
    let server = server().await;
    let (shop, others) = (shop(&server).await, Program::of_application(&server, "Others").await);
    let file = id(&shop.upload("a.txt", b"tea").await.is(201));
    get(&others, &file, "").await.0.fails(404, "not_found");
    others.delete(&format!("/files/{file}")).await.fails(404, "not_found");
    others.post(&format!("/files/{file}/links"), json!({})).await.fails(404, "not_found");
    others.has_conversation("tea", &[]).await;
    attach(&others, &file).await.fails(422, "attachment_missing");
    assert_eq!(get(&shop, &file, "").await.1, b"tea");
    server.stop().await;
}

#[tokio::test]
async fn a_first_message_takes_files_into_the_conversation_that_it_creates() {
    let server = server().await;
    let shop = shop(&server).await;
    shop.patch("/application", json!({ "config": { "implicit_creation": true } })).await.is(200);
    let file = id(&shop.upload("a.txt", b"tea").await.is(201));
    let message = |file: &str| json!({ "attachments": [{ "id": file }], "members": ["ann"] });
    let missing = shop.post("/conversations/new/messages", message("0000000000000000")).await;
    missing.fails(422, "attachment_missing");
    shop.get("/conversations/new").await.fails(404, "not_found");
    let ack = shop.post("/conversations/new/messages", message(&file)).await.is(201);
    assert_eq!(get(&shop.acting_as("ann"), &file, "").await.1, b"tea");
    let entries: Value = shop.get("/conversations/new/messages?limit=1").await.is(200).body;
    assert_eq!(entries["entries"][0]["data"]["attachments"][0]["id"], json!(file));
    assert_eq!(entries["entries"][0]["seq"], ack.body["seq"]);
    server.stop().await;
}
