//! The message form with files, as a browser without scripts sends it.

use std::time::Duration;

use chat::store::Range;
use chat::testing::{User, guest};
use chat::{Caller, Principal, Token};
use server::ServerHandle;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wire::{Attachment, Event, GroupId, JoinPolicy, Topic};

use crate::markup::Markup;
use crate::people::{cookie, get, raw, server, with};

/// The timeout of an answer. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(20);
/// The end of each line and of each part.
const CRLF: &str = "\r\n";

/// A group of ann and ben; cal is outside.
struct Tea {
    server: ServerHandle,
    ann: (User, Token),
    ben: (User, Token),
    cal: (User, Token),
    group: GroupId,
}

/// A part of a form.
enum Part<'a> {
    Text(&'a str, &'a str),
    File(&'a str, &'a str),
}

use Part::{File, Text};

impl Tea {
    async fn of(server: ServerHandle) -> Self {
        let chat = server.chat().clone();
        let [ann, ben, cal] =
            [guest(&chat, "ann").await, guest(&chat, "ben").await, guest(&chat, "cal").await];
        let group = chat.create_group(&ann.0, "Tea", JoinPolicy::Open).await.unwrap().id;
        chat.join(&ben.0, group, None).await.unwrap();
        Self { server, ann, ben, cal, group }
    }

    fn topic(&self) -> String {
        Topic::group(self.group).to_string()
    }

    /// Sends parts after `page`, `topic` and `id`.
    async fn sends(&self, who: Option<&(User, Token)>, id: &str, parts: &[Part<'_>]) -> (u16, String) {
        let (topic, page) = (self.topic(), format!("/g/{}", self.group));
        let fixed = [Text("page", &page), Text("topic", &topic), Text("id", id)];
        self.sends_parts(who, "", fixed.iter().chain(parts)).await
    }

    async fn sends_parts<'a>(
        &self,
        who: Option<&(User, Token)>,
        headers: &str,
        parts: impl Iterator<Item = &'a Part<'a>>,
    ) -> (u16, String) {
        let mut body = String::new();
        for part in parts {
            body += "--edge\r\nContent-Disposition: form-data; name=";
            body += &match part {
                Text(name, text) => format!("\"{name}\"{CRLF}{CRLF}{text}{CRLF}"),
                File(name, content) => {
                    let head = format!("\"file\"; filename=\"{name}\"{CRLF}Content-Type: text/plain");
                    format!("{head}{CRLF}{CRLF}{content}{CRLF}")
                }
            };
        }
        self.sends_body(who, headers, &(body + "--edge--\r\n")).await
    }

    async fn sends_body(&self, who: Option<&(User, Token)>, headers: &str, body: &str) -> (u16, String) {
        let cookie = who.map(|(_, token)| format!("Cookie: {}{CRLF}", cookie(&self.server, token)));
        let cookie = cookie.unwrap_or_default();
        let head = format!(
            "POST /do/post HTTP/1.1{CRLF}Host: localhost{CRLF}Accept: text/html{CRLF}{cookie}{headers}\
             Content-Type: multipart/form-data; boundary=edge{CRLF}Content-Length: {}{CRLF}\
             Connection: close{CRLF}{CRLF}",
            body.len()
        );
        let mut stream = TcpStream::connect(self.server.addr()).await.unwrap();
        // The server may answer and close before it has all of it.
        let _ = stream.write_all((head + body).as_bytes()).await;
        let mut answer = Vec::new();
        let reading = stream.read_to_end(&mut answer);
        let _ = tokio::time::timeout(PATIENCE, reading).await.expect("an answer comes in time");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
        (status, answer)
    }

    /// Returns the texts and the files of all messages.
    async fn messages(&self) -> Vec<(String, Vec<Attachment>)> {
        let range = Range { limit: 50, ..Range::default() };
        let page = self.server.chat().events(&self.ann.0, &Topic::group(self.group), range).await.unwrap();
        let messages = page.entries.into_iter().filter_map(|entry| match entry.data {
            Event::Message { text, attachments, .. } => Some((text, attachments)),
            _ => None,
        });
        messages.collect()
    }

    /// Returns the status of a file for a user.
    async fn reads(&self, who: &(User, Token), file: &Attachment) -> u16 {
        let headers = format!("Cookie: {}{CRLF}", cookie(&self.server, &who.1));
        raw(&self.server, &get(&format!("/files/{}", file.id), &headers)).await.0
    }

    /// Returns the number of files of the application.
    async fn files(&self) -> u64 {
        let principal = Principal::Application(self.ann.0.person().clone());
        let owner = Caller { principal, ..Caller::default() };
        self.server.chat().file_usage(&owner).await.unwrap().0.files
    }
}

#[tokio::test]
async fn a_form_sends_a_message_with_its_files_once() {
    let tea = Tea::of(server().await).await;
    let parts = [Text("text", "My notes"), File("a \u{8336}.txt", "tea at four"), File("b.txt", "cake")];
    let (status, answer) = tea.sends(Some(&tea.ann), "m1", &parts).await;
    assert_eq!(status, 303, "{answer}");
    let place = format!("location: /g/{}#end", tea.group);
    assert!(answer.to_lowercase().contains(&place), "{answer}");
    let messages = tea.messages().await;
    let [(text, files)] = messages.as_slice() else { panic!("{messages:?}") };
    let names: Vec<_> = files.iter().map(|file| (file.name.as_str(), file.bytes)).collect();
    assert_eq!((text.as_str(), names), ("My notes", vec![("a \u{8336}.txt", 11), ("b.txt", 4)]));
    assert_eq!(tea.reads(&tea.ben, &files[0]).await, 200);
    assert_eq!(tea.reads(&tea.cal, &files[0]).await, 404);
    // A browser that loads the answer anew sends all of it again.
    assert_eq!(tea.sends(Some(&tea.ann), "m1", &parts).await.0, 303);
    assert_eq!((tea.messages().await, tea.files().await), (messages, 2));
    tea.server.stop().await;
}

#[tokio::test]
async fn a_form_may_have_only_text_or_only_files() {
    let tea = Tea::of(server().await).await;
    // A browser sends an empty part if no file is chosen.
    let (status, answer) = tea.sends(Some(&tea.ann), "m1", &[Text("text", "hi"), File("", "")]).await;
    assert_eq!(status, 303, "{answer}");
    let (status, answer) = tea.sends(Some(&tea.ann), "m2", &[Text("text", ""), File("a.txt", "tea")]).await;
    assert_eq!(status, 303, "{answer}");
    let messages = tea.messages().await;
    let sizes: Vec<_> = messages.iter().map(|(text, files)| (text.as_str(), files.len())).collect();
    assert_eq!(sizes, [("hi", 0), ("", 1)]);
    let (status, _) = tea.sends(Some(&tea.ann), "m3", &[Text("text", " "), File("", "")]).await;
    assert_eq!(status, 422);
    tea.server.stop().await;
}

#[tokio::test]
async fn a_refused_form_brings_the_text_back_and_leaves_no_file() {
    let server = with(|config| config.limits.files.file_bytes = 100_000).await;
    let tea = Tea::of(server).await;
    let large = "x".repeat(100_001);
    let long = "x".repeat(20_000);
    let eleven = || (0..11).map(|_| File("a.txt", "tea"));
    let cases: Vec<(Vec<Part<'_>>, u16)> = vec![
        (vec![File("a.txt", "tea"), File("b.txt", &large), Text("text", "Tea <b>")], 413),
        (eleven().chain([Text("text", "Tea <b>")]).collect(), 422),
        (vec![Text("text", "Tea <b>"), File("a.txt", "")], 422),
        (vec![Text("text", "Tea <b>"), Text("reply_to", "x"), File("a.txt", "tea")], 400),
    ];
    for (number, (parts, expected)) in cases.iter().enumerate() {
        let (status, answer) = tea.sends(Some(&tea.ann), &format!("m{number}"), parts).await;
        assert_eq!(status, *expected, "case {number}: {answer}");
        let typed = Markup::of(&answer).texts("textarea");
        assert!(typed.iter().any(|text| text.contains("Tea <b>")), "case {number}: {answer}");
        assert_eq!((tea.messages().await.len(), tea.files().await), (0, 0), "case {number}");
    }
    // One that is too large as a whole is refused by its length alone, before its files.
    let whole = "x".repeat(1_500_000);
    let parts = [Text("text", "Tea <b>"), File("a.txt", &whole)];
    let (status, answer) = tea.sends(Some(&tea.ann), "m8", &parts).await;
    assert!(
        status == 413 && answer.contains("Tea &lt;b&gt;"),
        "{status}: {}",
        &answer[..300.min(answer.len())]
    );
    let (status, _) = tea.sends(Some(&tea.ann), "m9", &[Text("text", &long), File("a.txt", "tea")]).await;
    assert_eq!((status, tea.files().await), (422, 0));
    tea.server.stop().await;
}

#[tokio::test]
async fn only_a_member_sends_files_by_a_form_of_this_server() {
    let tea = Tea::of(server().await).await;
    let parts = [Text("text", "Tea <b>"), File("a.txt", "tea")];
    let (status, answer) = tea.sends(None, "m1", &parts).await;
    assert!(status == 401 && answer.contains("Tea &lt;b&gt;"), "{answer}");
    let (status, _) = tea.sends(Some(&tea.cal), "m1", &parts).await;
    assert_eq!(status, 403);
    let topic = tea.topic();
    let whole = [Text("topic", &topic), Text("id", "m1"), Text("text", "hi"), File("a.txt", "tea")];
    let foreign = "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n";
    let (status, _) = tea.sends_parts(Some(&tea.ann), foreign, whole.iter()).await;
    assert_eq!(status, 403);
    // The id names the uploads too, so it comes first.
    let (status, _) = tea.sends_parts(Some(&tea.ann), "", [File("a.txt", "tea")].iter().chain(&whole)).await;
    assert_eq!(status, 400);
    assert_eq!((tea.messages().await.len(), tea.files().await), (0, 0));
    tea.server.stop().await;
}

#[tokio::test]
async fn what_is_no_form_is_refused_without_filling_the_memory() {
    let tea = Tea::of(server().await).await;
    let head = "x".repeat(1_000_000);
    let (boundary, name) = (format!("{head}--edge--\r\n"), format!("--edge\r\nX-Name: {head}"));
    for body in [&boundary, &name, "--edge\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhi"] {
        let (status, answer) = tea.sends_body(Some(&tea.ann), "", body).await;
        assert_eq!(status, 400, "{}", &answer[..200.min(answer.len())]);
    }
    let (status, _) = tea.sends(Some(&tea.ann), "m1", &[Text("text", &head)]).await;
    assert_eq!(status, 413, "texts have the limit of other forms");
    // Parts without name and content take room, too, and nobody sends so many.
    let empty = "--edge\r\n\r\n\r\n".repeat(100_000) + "--edge--\r\n";
    for who in [Some(&tea.ann), None] {
        let (status, answer) = tea.sends_body(who, "", &empty).await;
        assert!([400, 401].contains(&status), "{}", &answer[..200.min(answer.len())]);
        assert!(answer.len() < 100_000, "they do not come back");
    }
    tea.server.stop().await;
}
