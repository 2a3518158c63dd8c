//! Exports and imports over any store.

mod office;
mod sink;

use std::sync::Arc;

use chat::{ImportCounts, Store};
use serde_json::{Value, json};

use self::office::Office;
use self::sink::{Archived, Paused};

/// An export, imported into an empty store, gives the same export; so does one of that. The last store is of another kind.
pub async fn is_the_same_again([first, second, third]: [Arc<dyn Store>; 3]) {
    let office = Office::over(first);
    office.is_busy().await;
    let (exported, archive) = office.export().await;
    assert_eq!((exported.left_out, &exported.reasons), (0, &Vec::new()));
    let mut before = archive;
    for store in [second, third] {
        let next = Office::over(store);
        let state = next.import(&before).await;
        assert_eq!((state.left_out, state.reasons.clone()), (0, Vec::new()));
        assert_eq!((state.done, state.total), (exported.counts, exported.counts));
        let again = next.import(&before).await;
        assert_eq!((again.done, again.left_out), (exported.counts, 0), "a repeat adds nothing");
        let (counts, archive) = next.export().await;
        assert_eq!(counts, exported);
        assert_eq!(archive.lines()[1..], before.lines()[1..]);
        assert_eq!(archive.files(), before.files());
        before = archive;
    }
    assert_eq!(exported.counts, ImportCounts { users: 6, conversations: 4, messages: 13, files: 3 });
    what_is_there(&before);
}

/// Checks that the archive has what the office has, whatever an import makes of it.
fn what_is_there(archive: &Archived) {
    let all: Vec<Value> = archive.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| all.iter().filter(move |line| line["type"] == kind).collect::<Vec<_>>();
    let entry = |text: &str| {
        let found = of("entry").into_iter().find(|entry| entry["text"]["markdown"] == text);
        found.unwrap_or_else(|| panic!("{text}: {:?}", of("entry")))
    };
    let user = |name: &str| of("user").into_iter().find(|user| user["name"] == name).unwrap();
    for name in ["李雷 🍵", "نور", "Žofie", "Olga", "Deleted user", "美"] {
        assert!(user(name)["id"].is_string(), "{name}");
    }
    assert_eq!(user("李雷 🍵")["bio"], "喝茶");
    assert!(user("李雷 🍵")["picture"]["here"]["bytes"].as_u64().unwrap() > 100);
    let groups = of("conversation");
    let tea = groups.iter().find(|group| group["name"] == "茶室 🍵").unwrap();
    assert_eq!((&tea["kind"], &tea["slow_s"], &tea["limit"]), (&json!("private"), &json!(5), &json!(40)));
    assert!(groups.iter().any(|group| group["archived"] == true));
    let admins = of("member").into_iter().filter(|member| member["admin"] == true);
    assert_eq!(admins.filter(|member| member["conversation"] == tea["id"]).count(), 2);
    assert!(entry("**早上好**, @نور 🍵!")["edited_at"].is_i64());
    assert_eq!(entry("صباح الخير")["reply_to"], entry("**早上好**, @نور 🍵!")["id"]);
    assert_eq!(entry("صباح الخير")["pinned"], true);
    let reactions = &entry("صباح الخير")["reactions"];
    assert_eq!(reactions[0]["users"].as_array().unwrap().len(), 2);
    assert_eq!(reactions[1]["emoji"], "👍");
    let answers_deleted = entry("What was that?");
    let deleted = of("entry").into_iter().find(|entry| entry["id"] == answers_deleted["reply_to"]).unwrap();
    assert_eq!((&deleted["deleted_by"], &deleted["text"]["markdown"]), (&user("نور")["id"], &json!("")));
    assert_eq!(entry("Only for you two")["recipients"].as_array().unwrap().len(), 1);
    assert_eq!(entry("Yes, only us")["reply_to"], entry("Only for you two")["id"]);
    assert_eq!(entry("Build 7 is green")["bot"], "Build 🤖");
    assert_eq!(entry("From the shop")["author"], "application");
    assert_eq!(entry("two files")["files"].as_array().unwrap().len(), 2);
    assert_eq!(of("file")[0]["alt"], "杯子");
}

/// Texts that are deleted or no longer kept are not in an export, nor is anything by which somebody signs in.
pub async fn has_nothing_that_is_gone(store: Arc<dyn Store>) {
    let office = Office::over(store);
    let secrets = office.loses_messages().await;
    let (_, archive) = office.export().await;
    let text = archive.lines().join("\n");
    assert!(text.contains("this one stays"), "{text}");
    for gone in
        ["deleted-text", "trimmed-text", "edited-away"].iter().copied().map(str::to_owned).chain(secrets)
    {
        assert!(!text.contains(&gone), "{gone}: {text}");
    }
    assert!(text.contains("answer to the trimmed one"));
}

/// An export has what was there when it began, and the server goes on meanwhile.
pub async fn is_of_its_beginning(store: Arc<dyn Store>) {
    let office = Office::over(store);
    let group = office.says(["first", "second"]).await;
    let paused = Paused::default();
    let (sink, chat) = (paused.clone(), Arc::clone(&office.node.chat));
    let exporting = tokio::spawn(async move {
        let mut sink = sink;
        chat.export(&chat::Caller::operator(), None, &mut sink).await.map(|exported| (exported, sink))
    });
    paused.until_begun().await;
    office.says_in(group, "later").await;
    paused.go_on();
    let (exported, sink) = exporting.await.unwrap().unwrap();
    assert_eq!(exported.counts.messages, 2);
    let text = sink.archived().lines().join("\n");
    assert!(text.contains("second") && !text.contains("later"), "{text}");
    assert_eq!(office.export().await.0.counts.messages, 3);
}
