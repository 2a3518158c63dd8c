//! Known devices: a browser that has signed in is known after it signed out.

use super::people::{guest, post, raw, server};

const GOOD: &str = "password=correct+horse+battery";

/// Returns the cookies that a response sets, each as `name=value`.
fn cookies(answer: &str) -> Vec<&str> {
    let headers = answer.split("\r\n\r\n").next().unwrap_or_default().lines();
    let set = headers
        .filter_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")));
    set.filter_map(|(_, cookie)| cookie.split(';').next()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_who_guess_do_not_lock_out_a_browser_that_has_signed_in() {
    let server = server().await;
    let (_, session) = guest(&server, "سارا").await;
    let ask = async |path: &str, cookie: &str, form: &str| {
        let headers = format!("Content-Type: application/x-www-form-urlencoded\r\nCookie: {cookie}\r\n");
        raw(&server, &post(path, &headers, form)).await
    };
    let (status, answer) = ask("/do/create_account", &session, GOOD).await;
    assert!(status < 400, "{answer}");
    let device = cookies(&answer).into_iter().find(|cookie| cookie.contains("_device=")).unwrap().to_owned();
    let (status, answer) = ask("/do/sign_out", &format!("{session}; {device}"), "").await;
    assert!(status < 400, "{answer}");
    assert!(cookies(&answer).iter().all(|cookie| !cookie.contains("_device=")), "it stays: {answer}");

    let name = "name=%D8%B3%D8%A7%D8%B1%D8%A7";
    let sign_in =
        async |cookie: &str, password: &str| ask("/do/sign_in", cookie, &format!("{name}&{password}")).await;
    for _ in 0..5 {
        let (_, answer) = sign_in("", "password=a+wild+guess").await;
        assert!(answer.contains("sign_in_wrong"), "{answer}");
    }
    let (_, answer) = sign_in("", GOOD).await;
    assert!(answer.contains("too_many_sign_ins"), "{answer}");
    let (status, answer) = sign_in(&device, GOOD).await;
    assert!(status < 400, "{answer}");
    let set = cookies(&answer);
    assert!(set.contains(&device.as_str()), "the same device: {set:?}");
}
