//! Receivers that hang, drip, flood, close early, answer late, or redirect.

mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use chat::{HttpClient as _, HttpFailure, HttpMethod, HttpRequest, UrlFault};
use tokio::time::sleep;
use world::{Peer, get, listener, redirect, reply, serve, serve_counted, to};

const URL: &str = "http://tea.example/";

/// A request whose deadline the test waits for.
fn brief() -> HttpRequest {
    HttpRequest { deadline: Duration::from_millis(400), ..get(URL) }
}

#[tokio::test]
async fn a_request_and_its_answer_arrive_whole() {
    let listener = listener().await;
    let (_, egress) = to(&listener);
    let request = HttpRequest {
        method: HttpMethod::Put,
        url: "http://tea.example/a%20b/ü?q=1#oolong".to_owned(),
        headers: vec![("X-Tea".to_owned(), "pu-erh".to_owned())],
        body: Bytes::from_static(b"leaves"),
        ..get("")
    };
    let sent = tokio::spawn(async move { egress.send(request).await });
    let mut peer = Peer::accept(&listener).await;
    let mut lines = peer.request().await.unwrap();
    peer.send(&reply(418, "X-Pot: clay\r\nset-cookie: a=b\r\n", "short")).await;
    let answer = sent.await.unwrap().unwrap();
    lines.sort();
    let expected = [
        "content-length: 6",
        "host: tea.example",
        "leaves",
        "put /a%20b/%c3%bc?q=1 http/1.1",
        "user-agent: hubbub",
        "x-tea: pu-erh",
    ];
    assert_eq!(lines, expected, "no proxies, no cookies, no fragment, nothing else");
    assert_eq!((answer.status, &answer.body[..], answer.truncated), (418, &b"short"[..], false));
    assert_eq!(answer.header("x-pot"), Some("clay"));
    assert_eq!(answer.url, "http://tea.example/a%20b/%C3%BC?q=1");
}

#[tokio::test]
async fn headers_that_could_confuse_two_servers_are_not_sent() {
    let listener = listener().await;
    let (net, egress) = to(&listener);
    for (name, value) in [
        ("Host", "127.0.0.1"),
        ("content-length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("connection", "upgrade"),
        ("x-tea", "a\r\nhost: b"),
        ("x tea", "a"),
        ("", "a"),
    ] {
        let headers = vec![(name.to_owned(), value.to_owned())];
        let failure = egress.send(HttpRequest { headers, ..get(URL) }).await;
        assert_eq!(failure, Err(HttpFailure::RequestBad), "{name}");
    }
    assert!(net.dialed().is_empty());
}

#[tokio::test]
async fn receivers_that_hang_or_drip_end_at_the_deadline() {
    for (first, drip) in [
        ("", ""),
        ("HTTP/1.1 200 OK\r\n", "x-tea: oolong\r\n"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", ""),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", "a"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\na\r\n"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
    ] {
        let listener = listener().await;
        let (_, egress) = to(&listener);
        let dripping = tokio::spawn(async move {
            let mut peer = Peer::accept(&listener).await;
            peer.request().await.unwrap();
            peer.send(first).await;
            if drip.is_empty() {
                return peer.closed().await;
            }
            // The pause is what makes it drip. It ends when the client has closed.
            while peer.send(drip).await {
                sleep(Duration::from_millis(20)).await;
            }
        });
        assert_eq!(egress.send(brief()).await, Err(HttpFailure::Timeout), "{first:?} {drip:?}");
        dripping.await.unwrap();
    }
}

#[tokio::test]
async fn a_name_server_and_a_host_that_hang_end_at_the_deadline() {
    let listener = listener().await;
    let (net, egress) = to(&listener);
    // The listener accepts nobody, but the system does, so it is TLS that hangs.
    let request = HttpRequest { url: "https://tea.example/".to_owned(), ..brief() };
    assert_eq!(egress.send(request).await, Err(HttpFailure::Timeout));
    assert_eq!(egress.send(get("http://milk.example/")).await, Err(HttpFailure::NameUnknown));
    net.name("empty.example", &[&[]]);
    assert_eq!(egress.send(get("http://empty.example/")).await, Err(HttpFailure::NameUnknown));
}

#[tokio::test]
async fn an_endless_body_is_read_up_to_the_limit_and_no_further() {
    for header in ["", "content-length: 1000000000\r\n", "transfer-encoding: chunked\r\n"] {
        let listener = listener().await;
        let (_, egress) = to(&listener);
        let flooding = tokio::spawn(async move {
            let mut peer = Peer::accept(&listener).await;
            peer.request().await.unwrap();
            peer.send(&format!("HTTP/1.1 200 OK\r\n{header}\r\n")).await;
            let tea = "a".repeat(4_096);
            let piece = if header.starts_with("transfer") { format!("1000\r\n{tea}\r\n") } else { tea };
            // Ends when the client has closed.
            while peer.send(&piece).await {}
        });
        let answer = egress.send(HttpRequest { max_body: 10_000, ..get(URL) }).await.unwrap();
        assert_eq!((answer.body.len(), answer.truncated), (10_000, true), "{header}");
        assert!(answer.body.iter().all(|byte| *byte == b'a'));
        flooding.await.unwrap();
    }
}

#[tokio::test]
async fn a_body_of_just_the_limit_is_whole() {
    let listener = listener().await;
    let (_, egress) = to(&listener);
    serve(listener, |_| reply(200, "", "0123456789"));
    for (max_body, truncated) in [(0, true), (9, true), (10, false), (11, false)] {
        let answer = egress.send(HttpRequest { max_body, ..get(URL) }).await.unwrap();
        assert_eq!((answer.body.len(), answer.truncated), (max_body.min(10), truncated));
    }
}

#[tokio::test]
async fn an_answer_that_is_not_http_or_has_endless_headers_is_bad() {
    let header = format!("x-tea: {}\r\n", "a".repeat(1_000));
    for (first, piece) in [
        ("SSH-2.0-OpenSSH_9.2p1\r\n", ""),
        ("* OK IMAP4 ready\r\n", ""),
        ("HTTP/1.1 2000 OK\r\n\r\n", ""),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\noolong\r\n", ""),
        ("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", ""),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", ""),
        ("HTTP/1.1 200 OK\r\n", header.as_str()),
        ("HTTP/1.1 200 OK\r\n", "a: b\r\n"),
        ("HTTP/1.1 200 OK\r\nx-tea: ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ] {
        let listener = listener().await;
        let (_, egress) = to(&listener);
        let (opening, repeated) = (first.to_owned(), piece.to_owned());
        tokio::spawn(async move {
            let mut peer = Peer::accept(&listener).await;
            peer.request().await.unwrap();
            peer.send(&opening).await;
            while !repeated.is_empty() && peer.send(&repeated).await {}
            peer.closed().await;
        });
        let start = &piece[..piece.len().min(10)];
        assert_eq!(egress.send(get(URL)).await, Err(HttpFailure::AnswerBad), "{first:?} {start:?}");
    }
}

#[tokio::test]
async fn receivers_that_close_early_fail_and_are_not_asked_again() {
    for answer in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nx-tea: a\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n",
    ] {
        let (listener, requests) = (listener().await, Arc::new(AtomicUsize::new(0)));
        let (net, egress) = to(&listener);
        let counter = Arc::clone(&requests);
        tokio::spawn(async move {
            loop {
                let mut peer = Peer::accept(&listener).await;
                peer.request().await.unwrap();
                counter.fetch_add(1, Ordering::SeqCst);
                peer.send(answer).await;
            }
        });
        let request = HttpRequest { method: HttpMethod::Post, ..get(URL) };
        assert_eq!(egress.send(request).await, Err(HttpFailure::ConnectionFailed), "{answer:?}");
        assert_eq!((requests.load(Ordering::SeqCst), net.dialed().len()), (1, 1), "{answer:?}");
    }
}

#[tokio::test]
async fn a_host_that_accepts_no_connection_fails() {
    let closed = listener().await;
    let (_, egress) = to(&closed);
    drop(closed);
    assert_eq!(egress.send(get(URL)).await, Err(HttpFailure::ConnectionFailed));
}

#[tokio::test]
async fn a_late_answer_is_not_taken_for_that_of_the_next_request() {
    let listener = listener().await;
    let (_, egress) = to(&listener);
    let serving = tokio::spawn(async move {
        let mut first = Peer::accept(&listener).await;
        first.request().await.unwrap();
        let mut second = Peer::accept(&listener).await;
        second.request().await.unwrap();
        first.answer("late").await;
        second.answer("in time").await;
    });
    assert_eq!(egress.send(brief()).await, Err(HttpFailure::Timeout));
    assert_eq!(&egress.send(get(URL)).await.unwrap().body[..], b"in time");
    serving.await.unwrap();
}

#[tokio::test]
async fn a_connection_is_kept_for_later_requests() {
    let (listener, accepted) = (listener().await, Arc::new(AtomicUsize::new(0)));
    let (_, egress) = to(&listener);
    serve_counted(listener, Arc::clone(&accepted), |_| reply(200, "", "tea"));
    for _ in 0..50 {
        assert_eq!(&egress.send(get(URL)).await.unwrap().body[..], b"tea");
    }
    assert!(accepted.load(Ordering::SeqCst) < 50, "some request went over a connection of another");
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_before_the_request_is_replaced() {
    let listener = listener().await;
    let (net, egress) = to(&listener);
    let (closed, mut is_closed) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            let mut peer = Peer::accept(&listener).await;
            peer.request().await.unwrap();
            peer.answer("tea").await;
            peer.close().await;
            closed.send(()).await.unwrap();
        }
    });
    for count in 1..10 {
        let request = HttpRequest { method: HttpMethod::Post, ..get(URL) };
        assert_eq!(&egress.send(request).await.unwrap().body[..], b"tea");
        is_closed.recv().await.unwrap();
        assert_eq!(net.dialed().len(), count);
    }
}

#[tokio::test]
async fn a_request_that_reached_a_kept_connection_is_never_sent_twice() {
    let (listener, posts) = (listener().await, Arc::new(AtomicUsize::new(0)));
    let (_, egress) = to(&listener);
    let counter = Arc::clone(&posts);
    tokio::spawn(async move {
        loop {
            let (mut peer, posts) = (Peer::accept(&listener).await, Arc::clone(&counter));
            tokio::spawn(async move {
                // Answers one, and closes when it has received the next.
                while let Some(request) = peer.request().await {
                    if request[0].starts_with("post") {
                        posts.fetch_add(1, Ordering::SeqCst);
                        break;
                    }
                    peer.answer("tea").await;
                }
            });
        }
    });
    for count in 1..10 {
        egress.send(get(URL)).await.unwrap();
        tokio::task::yield_now().await;
        let body = Bytes::from_static(b"{}");
        let request = HttpRequest { method: HttpMethod::Post, body, ..get(URL) };
        assert_eq!(egress.send(request).await, Err(HttpFailure::ConnectionFailed));
        assert_eq!(posts.load(Ordering::SeqCst), count);
    }
}

#[tokio::test]
async fn redirects_are_followed_as_often_as_the_request_says() {
    let (listener, requests) = (listener().await, Arc::new(AtomicUsize::new(0)));
    let (net, egress) = to(&listener);
    net.name("milk.example", &[&["8.8.4.4"]]);
    let counter = Arc::clone(&requests);
    serve_counted(listener, Arc::default(), move |request| {
        counter.fetch_add(1, Ordering::SeqCst);
        match request[0].split(' ').nth(1).unwrap() {
            "/" => redirect(301, "/two"),
            "/two" => redirect(307, "//milk.example/three"),
            "/three" => redirect(303, "?end"),
            "/three?end" => reply(200, "", "milk"),
            "/loop" => redirect(302, "/loop"),
            "/scheme" => redirect(302, "ftp://tea.example/"),
            "/port" => redirect(302, "http://tea.example:22/"),
            "/login" => redirect(302, "http://ann:oolong@tea.example/"),
            "/nowhere" => reply(302, "", "no location"),
            _ => redirect(302, "http://unknown.example/"),
        }
    });
    let send = |url: &str, redirects| egress.send(HttpRequest { redirects, ..get(url) });
    let answer = send(URL, 3).await.unwrap();
    assert_eq!((&answer.body[..], answer.url.as_str()), (&b"milk"[..], "http://milk.example/three?end"));
    assert_eq!(send(URL, 2).await, Err(HttpFailure::TooManyRedirects));
    let not_followed = send(URL, 0).await.unwrap();
    assert_eq!((not_followed.status, not_followed.header("location")), (301, Some("/two")));
    let before = requests.load(Ordering::SeqCst);
    assert_eq!(send("http://tea.example/loop", 3).await, Err(HttpFailure::TooManyRedirects));
    assert_eq!(requests.load(Ordering::SeqCst), before + 4);
    for (path, failure) in [
        ("scheme", HttpFailure::UrlBad(UrlFault::Scheme)),
        ("port", HttpFailure::UrlBad(UrlFault::Port(22))),
        ("login", HttpFailure::UrlBad(UrlFault::UserInfo)),
        ("unknown", HttpFailure::NameUnknown),
    ] {
        assert_eq!(send(&format!("http://tea.example/{path}"), 3).await, Err(failure), "{path}");
    }
    assert_eq!(send("http://tea.example/nowhere", 3).await.unwrap().status, 302);
}

#[tokio::test]
async fn another_origin_gets_no_credentials_and_the_same_one_does() {
    let listener = listener().await;
    let (net, egress) = to(&listener);
    net.name("milk.example", &[&["8.8.4.4"]]);
    serve(listener, |request| match request[0].as_str() {
        "post /same http/1.1" => redirect(308, "/echo"),
        "post /other http/1.1" => redirect(307, "http://milk.example/echo"),
        _ => reply(200, "", &request.join("\n")),
    });
    let headers = [
        ("authorization", "oolong"),
        ("cookie", "pu-erh"),
        ("x-api-key", "sencha"),
        ("content-type", "text/plain"),
    ];
    for (path, has_secrets) in [("echo", true), ("same", true), ("other", false)] {
        let request = HttpRequest {
            method: HttpMethod::Post,
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            body: Bytes::from_static(b"leaves"),
            redirects: 1,
            ..get(&format!("http://tea.example/{path}"))
        };
        let answer = egress.send(request).await.unwrap();
        let seen = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(
            seen.contains("post /echo") && seen.contains("text/plain") && seen.ends_with("leaves"),
            "{seen}"
        );
        for secret in ["oolong", "pu-erh", "sencha"] {
            assert_eq!(seen.contains(secret), has_secrets, "{path}: {seen}");
        }
    }
}
