//! Uploads by people who mean harm: whatever they send, nothing of it runs, and the server goes on.

use std::io::Cursor;
use std::time::Duration;

use image::codecs::gif::GifEncoder;
use image::{Frame, ImageFormat, Rgba, RgbaImage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Answer, Program, server};

/// The fate of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is refused with this code.
    Refused(&'static str),
    /// It is kept, and only saved, as this media type.
    Saved(&'static str),
    /// It is shown or played in pages, as this media type.
    Shown(&'static str),
}

use Fate::{Refused, Saved, Shown};

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

fn picture(side: u32, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let picture = RgbaImage::from_pixel(side, side, Rgba([9, 9, 9, 255]));
    match format {
        ImageFormat::Jpeg => {
            image::DynamicImage::from(picture).to_rgb8().write_to(&mut file, format).unwrap();
        }
        _ => picture.write_to(&mut file, format).unwrap(),
    }
    file.into_inner()
}

fn animation(frames: u32, side: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = GifEncoder::new(&mut file);
    for _ in 0..frames {
        encoder.encode_frame(Frame::new(RgbaImage::from_pixel(side, side, Rgba([1, 2, 3, 255])))).unwrap();
    }
    drop(encoder);
    file
}

/// Returns a picture whose header claims these sides.
fn claiming(mut file: Vec<u8>, at: usize, sides: &[u8]) -> Vec<u8> {
    file[at..at + sides.len()].copy_from_slice(sides);
    file
}

fn with(mut file: Vec<u8>, more: &[u8]) -> Vec<u8> {
    file.extend_from_slice(more);
    file
}

fn cut(mut file: Vec<u8>, length: usize) -> Vec<u8> {
    file.truncate(length);
    file
}

const SCRIPT: &[u8] = b"<script>alert(document.domain)</script>";

/// Contents, each with its fate.
fn contents() -> Vec<(&'static str, Vec<u8>, Fate)> {
    let png = || picture(8, ImageFormat::Png);
    let jpeg = || picture(8, ImageFormat::Jpeg);
    let gif = || picture(8, ImageFormat::Gif);
    let webp = || picture(8, ImageFormat::WebP);
    let bad = Refused("image_bad");
    vec![
        (
            "an SVG with a script",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".into(),
            Saved(TEXT),
        ),
        ("an SVG with a declaration", b"<?xml version='1.0'?><svg onload='alert(1)'/>".into(), Saved(TEXT)),
        ("an SVG in UTF-16", b"\xff\xfe<\0s\0v\0g\0>\0".into(), Saved(BYTES)),
        ("a page", b"<!doctype html><script>alert(1)</script>".into(), Saved(TEXT)),
        ("a page after a byte order mark", b"\xef\xbb\xbf<html><body onload=alert(1)>".into(), Saved(TEXT)),
        ("a page in UTF-7", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-".into(), Saved(TEXT)),
        ("a page with zeros", b"<\0s\0c\0r\0i\0p\0t\0>".into(), Saved(BYTES)),
        ("a script", b"self.onfetch = event => {}".into(), Saved(TEXT)),
        ("a style sheet", b"@import url(https://evil.example)".into(), Saved(TEXT)),
        (
            "an XML with entities",
            b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>".into(),
            Saved(TEXT),
        ),
        (
            "a PDF with a script",
            b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>".into(),
            Saved("application/pdf"),
        ),
        ("a PDF after other bytes", with(b"GIF".into(), b"%PDF-1.7"), Saved(TEXT)),
        ("an archive", b"PK\x03\x04\x14\0\0\0".into(), Saved("application/zip")),
        ("a program", b"MZ\x90\0\x03\0\0\0".into(), Saved(BYTES)),
        ("another program", b"\x7fELF\x02\x01\x01\0".into(), Saved(BYTES)),
        ("a shell script", b"#!/bin/sh\nrm -rf /".into(), Saved(TEXT)),
        ("one zero", b"\0".into(), Saved(BYTES)),
        ("nothing", Vec::new(), Refused("file_empty")),
        ("a beginning of a PNG", b"\x89PNG\r\n\x1a\n".into(), bad),
        ("a cut PNG", cut(picture(64, ImageFormat::Png), 70), bad),
        ("a cut JPEG header", cut(jpeg(), 20), bad),
        ("a cut GIF", cut(gif(), 12), bad),
        ("a cut WebP", cut(webp(), 24), bad),
        ("a vast PNG", claiming(png(), 16, &[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]), bad),
        (
            "the largest PNG there can be",
            claiming(png(), 16, &[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]),
            bad,
        ),
        ("a PNG of no width", claiming(png(), 16, &[0, 0, 0, 0]), bad),
        ("a vast GIF", claiming(gif(), 6, &[0xff, 0xff, 0xff, 0xff]), bad),
        (
            "a PNG with a wrong checksum",
            {
                let mut file = png();
                file[30] ^= 0xff;
                file
            },
            bad,
        ),
        ("a JPEG of random bytes", with(b"\xff\xd8\xff\xe0".into(), &[0x5a; 900]), bad),
        ("a GIF that is a script", b"GIF89a/*\x01\x01*/=1;alert(1)//".into(), bad),
        ("a GIF that is a page", with(b"GIF89a".into(), SCRIPT), bad),
        ("a JPEG that is a page", with(b"\xff\xd8\xff".into(), SCRIPT), bad),
        ("a WebP that is a page", with(b"RIFF\x24\0\0\0WEBPVP8 ".into(), SCRIPT), bad),
        ("a WebP of a vast chunk", b"RIFF\xff\xff\xff\xffWEBPVP8X\xff\xff\xff\xff".into(), bad),
        ("a PNG with a page after it", with(png(), SCRIPT), Shown("image/png")),
        ("a PNG with an archive after it", with(png(), b"PK\x03\x04\x14\0\0\0"), Shown("image/png")),
        ("a GIF with a script after it", with(gif(), SCRIPT), Shown("image/png")),
        ("a JPEG with a page after it", with(jpeg(), SCRIPT), Shown("image/jpeg")),
        ("a picture of one pixel", picture(1, ImageFormat::Png), Shown("image/png")),
        ("an animation of too many frames", animation(501, 1), Shown("image/png")),
        ("an animation of few frames", animation(3, 4), Shown("image/gif")),
        ("an audio file that is a page", with(b"ID3\x04\0\0\0\0\0\0".into(), SCRIPT), Shown("audio/mpeg")),
        ("a video that is a page", with(b"\0\0\0\x14ftypisom\0\0\0\0".into(), SCRIPT), Shown("video/mp4")),
        ("an Ogg that is a page", with(b"OggS\0".into(), SCRIPT), Shown("audio/ogg")),
        ("a video of an unknown brand", b"\0\0\0\x14ftypevil\0\0\0\0".into(), Saved(BYTES)),
    ]
}

/// Names as a query has them, each with the name that is kept.
fn names() -> Vec<(String, String)> {
    let kept = |given: &str, kept: &str| (given.to_owned(), kept.to_owned());
    vec![
        kept("..%2F..%2Fetc%2Fpasswd", "passwd"),
        kept("..%5C..%5Cboot.ini", "boot.ini"),
        kept("%2Fetc%2Fshadow", "shadow"),
        kept("a%00.txt", "a.txt"),
        kept("a%0D%0ASet-Cookie%3A%20x%3D1.txt", "aSet-Cookie_ x=1.txt"),
        kept("evil%E2%80%AEgnp.exe", "evilgnp.exe"),
        kept("CON", "_CON"),
        kept("nul.txt", "_nul.txt"),
        kept("%22%3B%20filename%3Dx.html", "_; filename=x.html"),
        kept("..", "file"),
        kept("", "file"),
        kept("%20%20", "file"),
        kept(".htaccess", "htaccess"),
        kept("%3Cscript%3E.txt", "_script_.txt"),
        (format!("{}.txt", "a".repeat(300)), format!("{}.txt", "a".repeat(116))),
        kept("%F0%9F%8D%B5.txt", "🍵.txt"),
    ]
}

/// Checks that a browser runs nothing of a file.
fn is_harmless(read: &Answer, fate: Fate, case: &str) {
    assert_eq!(read.header("x-content-type-options"), Some("nosniff"), "{case}");
    assert_eq!(read.header("content-security-policy"), Some("sandbox; default-src 'none'"), "{case}");
    let (disposition, media_type) = match fate {
        Shown(media_type) => ("inline", media_type),
        Saved(media_type) => ("attachment", media_type),
        Refused(_) => panic!("{case} is kept"),
    };
    assert_eq!(read.header("content-type"), Some(media_type), "{case}");
    let told = read.header("content-disposition").unwrap();
    assert!(told.starts_with(&format!("{disposition}; filename=\"")), "{case}: {told}");
}

#[tokio::test]
async fn whatever_is_uploaded_runs_nowhere() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    for (case, content, fate) in contents() {
        // They say what they are not.
        let headers = format!("Content-Type: image/png\r\nContent-Length: {}\r\n", content.len());
        let (uploaded, _) = shop.send("POST", "/api/v1/files?name=a.png", &headers, &content).await;
        if let Refused(code) = fate {
            assert_eq!(
                (uploaded.status, &uploaded.body["code"]),
                (422, &code.into()),
                "{case}: {}",
                uploaded.text
            );
            continue;
        }
        assert_eq!(uploaded.status, 201, "{case}: {}", uploaded.text);
        let path = format!("/api/v1/files/{}", uploaded.body["id"].as_str().unwrap());
        let (read, served) = shop.send("GET", &path, "", b"").await;
        is_harmless(&read.is(200), fate, case);
        if let Shown(media_type) = fate
            && media_type.starts_with("image/")
        {
            let has = |part: &[u8]| served.windows(part.len()).any(|window| window == part);
            assert!(!has(b"script") && !has(b"PK\x03\x04"), "{case}: only pixels are kept");
            assert!(image::load_from_memory(&served).is_ok(), "{case}");
        } else {
            assert_eq!(served, content, "{case}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_name_leads_nowhere() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    for (given, kept) in names() {
        let uploaded = shop.upload(&given, b"tea").await.is(201);
        assert_eq!(uploaded.body["name"], kept.as_str(), "{given}");
        let path = format!("/api/v1/files/{}", uploaded.body["id"].as_str().unwrap());
        let read = shop.send("GET", &path, "", b"").await.0.is(200);
        assert!(read.header("set-cookie").is_none(), "{given}");
        is_harmless(&read, Saved(TEXT), &given);
    }
    for bad in ["..", "../../folder.id", "%2e%2e%2ffolder.id", "0000000000000000", "é"] {
        shop.send("GET", &format!("/api/v1/files/{bad}"), "", b"").await.0.is(404);
    }
    server.stop().await;
}

#[tokio::test]
async fn lengths_that_are_not_those_of_the_body_store_nothing() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    let post =
        async |headers: &str| shop.send("POST", "/api/v1/files?name=a", headers, b"tea").await.0.status;
    async fn count(shop: &Program<'_>) -> serde_json::Value {
        shop.get("/application/usage").await.is(200).body["files"].clone()
    }
    for (headers, statuses) in [
        ("Content-Length: 3\r\nContent-Length: 4\r\n", &[400][..]),
        ("Content-Length: -1\r\n", &[400]),
        ("Content-Length: 99999999999999999999\r\n", &[400, 411, 413]),
        ("Content-Length: 1e3\r\n", &[400]),
        ("Content-Length: 26214401\r\n", &[413]),
        ("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", &[400, 411]),
        ("", &[411]),
    ] {
        let status = post(headers).await;
        assert!(statuses.contains(&status), "{headers:?}: {status}");
    }
    // More than was announced is the next request, if it is one at all.
    assert_eq!(post("Content-Length: 2\r\n").await, 201);
    assert_eq!(count(&shop).await, 1);
    // A body that ends before its length.
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream
        .write_all(shop.head("POST", "/api/v1/files?name=a", "Content-Length: 100\r\n").as_bytes())
        .await
        .unwrap();
    stream.write_all(b"tea").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.unwrap();
    assert!(!answer.starts_with(b"HTTP/1.1 201"));
    assert_eq!(count(&shop).await, 1);
    server.stop().await;
}

#[tokio::test]
async fn senders_who_never_finish_take_only_their_own_places() {
    let server = server().await;
    let shop = Program::of_application(&server, "Shop").await;
    shop.has_users(&["Ann", "Ben"]).await;
    let (ann, ben) = (shop.acting_as("ann"), shop.acting_as("ben"));
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        let head = ann.head("POST", "/api/v1/files?name=a", "Content-Length: 100000\r\n");
        stream.write_all(format!("{head}half").as_bytes()).await.unwrap();
        held.push(stream);
    }
    let full = async {
        while ann.upload("a", b"tea").await.status != 429 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), full).await.expect("ann has four uploads");
    let refused = ann.upload("a", b"tea").await.fails(429, "too_many_uploads");
    assert_eq!(refused.header("retry-after"), Some("1"));
    ben.upload("a", b"tea").await.is(201);
    drop(held);
    let free = async {
        while ann.upload("a", b"tea").await.status != 201 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), free).await.expect("the places are free again");
    server.stop().await;
}
