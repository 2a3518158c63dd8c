//! Names that look like markup, wherever a name can appear.

use chat::testing::{User, guest};
use chat::{Audience, Caller};
use wire::{Amendment, Description, JoinPolicy, PageStart, Setting, Topic};

use crate::markup::Markup;
use crate::people::{cookie, get, post, raw, server};

/// Names of people and groups, and messages: the same text for each.
const HOSTILE: [&str; 5] = [
    "</title><b>\"><i>'><u>{{",
    "</textarea><script>1</script>",
    "--><svg onload=1>&lt;b&gt;",
    "</script><img src=x onerror=1>",
    "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
];

/// Returns the pages of a server on which everything has this name: each with its address, without ids, and its body.
async fn pages(name: &str) -> Vec<(String, String)> {
    let server = server().await;
    let chat = server.chat().clone();
    let phone = Caller { label: name.to_owned(), ..Caller::default() };
    let (ann, ann_token) = chat.create_guest(&phone, &format!("{name} ")).await.unwrap();
    let ann = User::from(ann);
    let (ben, ben_token) = guest(&chat, &long(name, "2")).await;
    let (_, cal_token) = guest(&chat, &long(name, "3")).await;
    chat.create_account(&ann, "correct horse battery").await.unwrap();
    chat.create_account(&ben, "correct horse battery").await.unwrap();
    chat.set_bio(&ann, name).await.unwrap();
    let group = chat.create_group(&ann, name, JoinPolicy::Listed).await.unwrap().id;
    chat.update_settings(&ann, group, vec![Setting::Description(Description::new(name).unwrap())])
        .await
        .unwrap();
    chat.join(&ben, group, None).await.unwrap();
    let topic = Topic::group(group);
    let said = chat.post(&ann, topic.clone(), chat.new_send_id(), name, None).await.unwrap().seq;
    chat.post(&ben, topic.clone(), chat.new_send_id(), name, Some(said)).await.unwrap();
    chat.amend(&ann, &topic, chat.new_send_id(), said, Amendment::Pin(true)).await.unwrap();
    chat.create_invite(&ann, group, 60, 0).await.unwrap();
    chat.open_direct(&ann, ben.id, PageStart::Unread).await.unwrap();
    let direct = Topic::direct(wire::Pair::of(ann.id, ben.id).unwrap());
    chat.post(&ben, direct, chat.new_send_id(), name, None).await.unwrap();
    let sent = chat.broadcast(&ann, chat.new_send_id(), name, Audience::MyGroups).await.unwrap().seq;
    let reset = chat.create_password_reset(&ann, ben.id).await.unwrap();
    let encoded: String = form_urlencoded(name);

    let mut pages = Vec::new();
    for (who, token) in
        [("ann", Some(&ann_token)), ("ben", Some(&ben_token)), ("cal", Some(&cal_token)), ("nobody", None)]
    {
        let cookie = token.map(|token| format!("Cookie: {}\r\n", cookie(&server, token))).unwrap_or_default();
        let mut ask = async |shape: &str, path: String| {
            let (_, answer) = raw(&server, &get(&path, &format!("{cookie}Accept: text/html\r\n"))).await;
            pages.push((format!("{shape} for {who}"), answer));
        };
        ask("/", "/".into()).await;
        ask("/", format!("/?refused={encoded}&form=%2Fdo%2Fintroduce&draft={encoded}")).await;
        ask("/nowhere", format!("/{encoded}")).await;
        ask("/sign-in", format!("/sign-in?name={encoded}")).await;
        ask("/reset", format!("/reset/{}", reset.reveal())).await;
        for (shape, path) in [("/g/_", format!("/g/{group}")), ("/d/_", format!("/d/{}", ann.id))] {
            let queries = ["", "?invite=Q", "?at=Q", "?before=Q&day=Q", "?draft=Q&refused=Q"];
            for query in
                queries.into_iter().filter(|query| query.is_empty() || matches!(who, "ann" | "nobody"))
            {
                ask(&format!("{shape}{query}"), format!("{path}{}", query.replace('Q', &encoded))).await;
            }
        }
        for (shape, path) in [
            ("/groups", "/groups".to_owned()),
            ("/people", "/people".into()),
            ("/people/_", format!("/people/{}", ann.id)),
            ("/broadcast", "/broadcast".into()),
            ("/broadcast/_", format!("/broadcast/{sent}")),
            ("/server", "/server".into()),
            ("/account", "/account".into()),
            ("/g/_/admin", format!("/g/{group}/admin")),
            ("/g/_/audit", format!("/g/{group}/audit")),
            ("/g/_/m/_", format!("/g/{group}/m/{said}")),
            ("/d/_/m/_", format!("/d/{}/m/1", ben.id)),
        ] {
            ask(shape, path.clone()).await;
            ask(&format!("{shape}?find"), format!("{path}?find={encoded}&link={encoded}&before={encoded}"))
                .await;
        }
        if !matches!(who, "ann" | "nobody") {
            continue;
        }
        for (action, page) in [
            ("introduce", "/".to_owned()),
            ("sign_in", "/sign-in".into()),
            ("create_group", "/".into()),
            ("post", format!("/g/{group}")),
            ("post", format!("/g/{group}/m/{said}")),
            ("amend", format!("/g/{group}/m/{said}")),
            ("settle", format!("/g/{group}/admin?find={encoded}")),
            ("invite", format!("/g/{group}/admin")),
            ("delete_group", format!("/g/{group}/admin")),
            ("describe", "/account".into()),
            ("broadcast", "/broadcast".into()),
            ("gather", "/people".into()),
            ("post", format!("/{encoded}?{encoded}")),
        ] {
            let headers =
                format!("{cookie}Accept: text/html\r\nContent-Type: application/x-www-form-urlencoded\r\n");
            // Too long for any field, so that it is refused.
            let long = format!("{encoded}{}", "x".repeat(20_000));
            let fields = [
                "name",
                "text",
                "bio",
                "description",
                "emoji",
                "typed",
                "uses",
                "limit",
                "topic",
                "join_policy",
            ];
            let fields: String = fields.iter().map(|field| format!("&{field}={long}")).collect();
            let page = form_urlencoded(&page);
            let body = format!(
                "page={page}&group={group}&target={said}&action=edit&minutes=60&slow_s=0&id=x{fields}"
            );
            let (status, answer) = raw(&server, &post(&format!("/do/{action}"), &headers, &body)).await;
            // A caller with a name joins instead.
            assert!(status >= 400 || action == "introduce", "{action}: {answer}");
            pages.push((format!("{action} refused for {who}"), answer));
        }
    }
    server.stop().await;
    pages
}

/// Appends a suffix that makes the name a different one, within the maximum length of a name.
fn long(name: &str, end: &str) -> String {
    name.chars().take(39).chain(end.chars()).collect()
}

fn form_urlencoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_people_call_themselves_no_page_has_an_element_that_is_not_ours() {
    let plain = pages("Åsa Öberg").await;
    for name in HOSTILE {
        let hostile = pages(name).await;
        assert_eq!(plain.len(), hostile.len());
        for ((place, plain), (_, hostile)) in plain.iter().zip(&hostile) {
            let head = hostile.split("\r\n\r\n").next().unwrap();
            assert!(!head.contains(name), "{place}: in a header: {head}");
            let (ours, page) = (Markup::of(plain), Markup::of(hostile));
            if place.contains("/g/_") {
                // A message may be rendered as something other than plain text.
                let strange: Vec<_> =
                    page.elements().into_iter().filter(|e| !ours.elements().contains(e)).collect();
                let strange: Vec<_> = strange.into_iter().filter(|e| !e.starts_with("code[")).collect();
                assert!(strange.is_empty(), "{name} at {place}: {strange:?}");
            } else {
                assert_eq!(ours.elements(), page.elements(), "{name} at {place}: {hostile}");
            }
            for title in page.texts("title") {
                assert!(
                    !title.contains("&lt;/") && !title.contains("&quot;"),
                    "{name} at {place}: twice: {title}"
                );
            }
        }
        let titled = hostile.iter().find(|(place, _)| place == "/g/_ for ann").unwrap();
        assert!(Markup::of(&titled.1).texts("title").concat().contains(name), "the title is the name itself");
    }
}
