//! Imports of archives into an application.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use archive::Format;
use chat::names::ExternalKey;
use chat::store::{Range, StoreReader};
use chat::testing::{Node, SeededChance, SlackArchive};
use chat::{
    Blobs, Caller, Error, ImportCounts, ImportError, ImportLinkError, ImportRequest, ImportState, Limits,
    MemoryStore, Store, Window,
};
use tempfile::NamedTempFile;
use wire::{ApplicationId, Entry, Event, Inline, Refusal, Timestamp, Topic};

struct Office {
    node: Node,
    store: Arc<MemoryStore>,
}

impl Office {
    fn with(limits: Limits) -> Self {
        let store = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
        let node = Node::limited(store.clone(), limits);
        Self { node, store }
    }

    fn new() -> Self {
        Self::with(Node::patient())
    }

    fn reader(&self) -> Arc<dyn StoreReader> {
        self.store.reader(ApplicationId::BUILT_IN)
    }

    async fn start(&self, format: Format, file: &NamedTempFile) -> Result<ImportState, ImportError> {
        let request = ImportRequest { format, application: None, file: file.path().to_owned() };
        self.node.chat.start_import(&Caller::operator(), request).await
    }

    /// Imports an archive to its end.
    async fn import(&self, format: Format, file: &NamedTempFile) -> ImportState {
        self.start(format, file).await.unwrap();
        self.ended().await
    }

    async fn ended(&self) -> ImportState {
        let ended = async {
            loop {
                let state = self.node.chat.import_state(&Caller::operator(), None).await.unwrap().unwrap();
                if !state.is_running() {
                    return state;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let state = tokio::time::timeout(Duration::from_secs(120), ended).await.expect("it ends");
        assert_eq!(state.failed, None);
        state
    }

    /// Returns the log of a group of the archive.
    async fn topic(&self, key: &str) -> Topic {
        let key = ExternalKey::new(key).unwrap();
        Topic::group(self.reader().group_by_key(&key).await.unwrap().expect("the group is there").group)
    }

    async fn entries(&self, topic: &Topic) -> Vec<Entry> {
        let range = Range { limit: 1_000, ..Range::default() };
        let page = self.reader().page(topic, range).await.unwrap();
        page.entries.into_iter().map(|entry| entry.map(|data| chat::store::event_of(&data))).collect()
    }

    /// Returns the heads of all logs but those of users.
    async fn heads(&self) -> Vec<(Topic, u64)> {
        let logs = self.reader().logs(None, 1_000).await.unwrap();
        logs.into_iter().map(|log| (log.topic.clone(), log.entries())).collect()
    }
}

fn mattermost(lines: &[serde_json::Value]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    writeln!(file, "{{\"type\":\"version\",\"version\":1}}").unwrap();
    lines.iter().for_each(|line| writeln!(file, "{line}").unwrap());
    file
}

#[tokio::test]
async fn an_import_makes_the_users_conversations_and_messages_of_the_archive() {
    let office = Office::new();
    let archive = SlackArchive { messages: 400, files: 8 }.write();
    let state = office.import(Format::Slack, &archive).await;
    let all = ImportCounts { users: 5, conversations: 4, messages: 400, files: 8 };
    assert_eq!((state.done, state.total, state.left_out), (all, all, 0), "{:?}", state.reasons);
    let tea = office.entries(&office.topic("import/slack/C1").await).await;
    assert_eq!(tea.len(), 101, "its creation, and a quarter of all");
    let Event::Created { name, .. } = &tea[0].data else { panic!("{:?}", tea[0]) };
    assert_eq!((name.as_str(), tea[0].timestamp), ("茶室", Timestamp(1_700_000_000_000)));
    assert!(tea.is_sorted_by_key(|entry| entry.timestamp), "dates never run backwards");
    let Event::Message { author, text, reactions, attachments, .. } = &tea[1].data else { panic!() };
    assert_eq!((author.name.as_str(), tea[1].timestamp), ("李雷 🍵", Timestamp(1_700_000_000_000)));
    assert_eq!(tea[1].id.as_str(), "import/slack/C1/1700000000.000000");
    assert!(text.contains("number 0 & @李雷 🍵") && text.contains("🍵"), "{text}");
    assert_eq!((reactions[0].emoji.as_str(), reactions[0].people.len()), ("🍵", 2));
    assert_eq!(attachments[0].name, "notes 0.txt");
    let Event::Message { reply_to, .. } = &tea[5].data else { panic!() };
    let quote = reply_to.as_ref().expect("it answers the one before");
    assert_eq!((quote.seq, quote.author.name.as_str()), (tea[4].seq, "نور"));
}

#[tokio::test]
async fn an_import_of_the_same_archive_adds_nothing() {
    let office = Office::new();
    let archive = SlackArchive { messages: 300, files: 4 }.write();
    let first = office.import(Format::Slack, &archive).await;
    let (heads, blobs) = (office.heads().await, office.node.blobs.list(None, 99).await.unwrap());
    assert_eq!(blobs.len(), 4, "the copy of the archive is gone");
    let again = office.import(Format::Slack, &archive).await;
    assert_eq!((again.done, again.left_out), (first.done, 0), "{:?}", again.reasons);
    assert_eq!(office.heads().await, heads);
    assert_eq!(office.node.blobs.list(None, 99).await.unwrap(), blobs);
}

#[tokio::test]
async fn an_import_that_was_cancelled_goes_on_when_it_is_started_again() {
    let office = Office::new();
    let archive = SlackArchive { messages: 2_000, files: 3 }.write();
    office.start(Format::Slack, &archive).await.unwrap();
    assert_eq!(office.start(Format::Slack, &archive).await, Err(ImportError::Running));
    let operator = Caller::operator();
    assert_eq!(office.node.chat.cancel_import(&operator, None).await, Ok(true));
    assert_eq!(office.node.chat.cancel_import(&operator, None).await, Ok(false));
    assert_eq!(office.node.chat.import_state(&operator, None).await, Ok(None));
    let state = office.import(Format::Slack, &archive).await;
    assert_eq!((state.done.messages, state.done.files, state.left_out), (2_000, 3, 0), "{:?}", state.reasons);
}

#[tokio::test]
async fn a_wrong_archive_is_refused_before_anything_is_written() {
    let office = Office::new();
    let before = office.heads().await;
    let wrong = mattermost(&[serde_json::json!({ "type": "user", "user": {} })]);
    let Err(ImportError::Archive(error)) = office.start(Format::Mattermost, &wrong).await else { panic!() };
    assert_eq!(error.to_string(), "the file, line 2: missing field `username`");
    let request =
        |file: &str| ImportRequest { format: Format::Slack, application: None, file: PathBuf::from(file) };
    let operator = Caller::operator();
    let none = office.node.chat.start_import(&operator, request("/nowhere/export.zip")).await;
    let Err(ImportError::Archive(error)) = none else { panic!("{none:?}") };
    assert!(error.to_string().contains("cannot read it"), "{error}");
    assert_eq!(office.heads().await, before);
    assert_eq!(office.node.blobs.list(None, 9).await.unwrap(), []);
    let ann = office.node.introduce("ann").await;
    let refused = office.node.chat.start_import(&ann, request("/nowhere")).await;
    assert_eq!(refused, Err(ImportError::Service(Error::Refusal(Refusal::NotOperator))));
}

#[tokio::test]
async fn a_name_that_belongs_to_an_account_gets_a_number() {
    let office = Office::new();
    let olga = office.node.introduce("ольга").await;
    office.node.chat.create_account(&olga, "one pot of oolong").await.unwrap();
    let archive = mattermost(&[
        serde_json::json!({ "type": "user", "user": { "username": "olga", "nickname": "Ольга" } }),
        serde_json::json!({ "type": "user", "user": { "username": "olga2", "nickname": "Ольга" } }),
    ]);
    office.import(Format::Mattermost, &archive).await;
    for user in ["olga", "olga2"] {
        let key = ExternalKey::new(&format!("import/mattermost/{user}")).unwrap();
        let keyed = office.reader().user_by_key(&key).await.unwrap().unwrap();
        assert_eq!(keyed.person.name.as_str(), "Ольга 2", "two of one name are told apart by their ids");
    }
}

#[tokio::test]
async fn user_names_of_mattermost_become_mentions_of_people() {
    let office = Office::new();
    let post = |at: i64, user: &str, message: &str| {
        serde_json::json!({ "type": "post", "post": { "team": "t", "channel": "tea", "user": user, "create_at": at,
            "message": message } })
    };
    let member = |name: &str, shown: &str| {
        serde_json::json!({ "type": "user", "user": { "username": name, "nickname": shown,
            "teams": [{ "name": "t", "channels": [{ "name": "tea" }] }] } })
    };
    let archive = mattermost(&[
        serde_json::json!({ "type": "channel", "channel": { "team": "t", "name": "tea", "type": "P" } }),
        member("omar", "عمر"),
        member("mei.li", "美"),
        post(5, "omar", "**tea**, @mei.li. a@mei.li"),
        post(6, "mei.li", ""),
    ]);
    let state = office.import(Format::Mattermost, &archive).await;
    assert_eq!(state.reasons, [("t/tea 6-mei.li".to_owned(), "it has nothing to show".to_owned())]);
    let entries = office.entries(&office.topic("import/mattermost/t/tea").await).await;
    let Event::Message { text, body, .. } = &entries[1].data else { panic!("{entries:?}") };
    assert_eq!(text, "**tea**, @美. a@mei.li");
    let shown = format!("{body:?}");
    assert!(shown.contains("Mention") && shown.contains("Strong"), "{shown}");
    assert!(!matches!(body.blocks[0], wire::Block::P(ref of) if matches!(of[0], Inline::T(_))));
}

#[tokio::test]
async fn messages_that_are_earlier_than_what_is_there_are_left_out() {
    let office = Office::new();
    let lines = |messages: &[i64]| {
        let channel =
            serde_json::json!({ "type": "channel", "channel": { "team": "t", "name": "tea", "type": "O" } });
        let post = |at: &i64| {
            serde_json::json!({ "type": "post", "post": { "team": "t", "channel": "tea", "user": "mei", "create_at": at,
                "message": at.to_string() } })
        };
        mattermost(&[vec![channel], messages.iter().map(post).collect()].concat())
    };
    office.import(Format::Mattermost, &lines(&[10, 30])).await;
    let state = office.import(Format::Mattermost, &lines(&[10, 20, 30, 40])).await;
    assert_eq!((state.done.messages, state.left_out), (3, 1));
    assert!(state.reasons[0].1.starts_with("it is earlier than the newest"), "{:?}", state.reasons);
    let entries = office.entries(&office.topic("import/mattermost/t/tea").await).await;
    assert!(entries.is_sorted_by_key(|entry| entry.timestamp));
    assert_eq!(entries.len(), 4);
}

#[tokio::test]
async fn what_the_limits_of_an_application_do_not_admit_is_named() {
    let limits = Limits { application_users: 3, application_conversations: 2, ..Node::patient() };
    let office = Office::with(limits);
    let archive = SlackArchive { messages: 40, files: 0 }.write();
    let state = office.import(Format::Slack, &archive).await;
    assert_eq!(state.done.users, 3);
    let reasons: Vec<&str> = state.reasons.iter().map(|(_, reason)| reason.as_str()).collect();
    assert!(
        reasons.contains(&"too_many_users") && reasons.contains(&"too_many_conversations"),
        "{reasons:?}"
    );
    assert_eq!(
        state.done.messages
            + state.reasons.iter().filter(|(_, reason)| reason.starts_with("its ")).count() as u64,
        40
    );
}

#[tokio::test]
async fn an_imported_user_chooses_a_password_by_a_link_and_enters_their_private_groups() {
    let office = Office::new();
    let chat = &office.node.chat;
    office.import(Format::Slack, &SlackArchive { messages: 40, files: 0 }.write()).await;
    let link = async |user: &str| chat.create_import_link(&Caller::operator(), user).await;
    assert_eq!(link("Владимир").await, Err(ImportLinkError::NoOwner));
    let olga = office.node.introduce("ольга").await;
    chat.create_account(&olga, "one pot of oolong").await.unwrap();
    assert_eq!(link("nobody").await, Err(ImportLinkError::Unknown));
    assert_eq!(link("ольга").await, Err(ImportLinkError::Unknown), "she was not imported");
    let two = ["U2", "U3"].map(|id| format!("import/slack/{id}"));
    assert_eq!(link("نور").await, Err(ImportLinkError::Ambiguous(two.to_vec())));
    let refused = chat.create_import_link(&olga, "Владимир").await;
    assert_eq!(refused, Err(ImportLinkError::Service(Error::Refusal(Refusal::NotOperator))));

    let (person, lost) = link("владимир").await.unwrap();
    let (again, token) = link("import/slack/U5").await.unwrap();
    assert_eq!((person.name.as_str(), &again), ("Владимир", &person));
    let board = office.topic("import/slack/G1").await;
    let wire::TopicKind::Group(group) = board.kind() else { panic!() };
    assert_eq!(chat.join(&olga, group, None).await.unwrap_err(), Error::Refusal(Refusal::InviteNeeded));
    let browser = Caller::default();
    assert_eq!(chat.reset_of(&browser, &token).await, Ok(person.clone()));
    let session = chat.reset_password(&browser, &token, "a samovar of black tea").await.unwrap();
    let session = chat.authenticate(&session).await.unwrap().expect("it signs them in");
    assert_eq!(session.person, person);
    let vladimir = Caller::from(person.clone());
    let said = chat.post(&vladimir, board.clone(), chat.new_send_id(), "Привет", None).await.unwrap();
    assert_eq!(office.entries(&board).await.last().unwrap().seq, said.seq);
    for used in [token, lost] {
        assert_eq!(chat.reset_of(&browser, &used).await, Err(Error::Refusal(Refusal::ResetOver)));
    }
    let signed_in = chat.sign_in(&browser, "Владимир", "a samovar of black tea").await.unwrap();
    assert_eq!(chat.authenticate(&signed_in.1).await.unwrap().unwrap().person, person);
}

#[tokio::test]
async fn an_imported_user_whose_name_an_account_has_signs_in_with_a_number() {
    let office = Office::new();
    let chat = &office.node.chat;
    office.import(Format::Slack, &SlackArchive { messages: 8, files: 0 }.write()).await;
    let other = office.node.introduce("نور").await;
    chat.create_account(&other, "one pot of oolong").await.unwrap();
    for (id, name) in [("U2", "نور 2"), ("U3", "نور 3")] {
        let (person, _) =
            chat.create_import_link(&Caller::operator(), &format!("import/slack/{id}")).await.unwrap();
        assert_eq!(person.name.as_str(), name);
        assert_eq!(office.reader().person(person.id).await.unwrap(), Some(person));
    }
}
