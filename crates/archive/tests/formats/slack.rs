use archive::{Archive, Entry, FileContent, Format, Kind, LeftOut, Record, Text};
use serde_json::json;
use tempfile::NamedTempFile;

use super::{problem, records, zipped};

/// A workspace of 茶室 with two people of one name, one of whom is gone, in a channel and a direct.
fn workspace() -> NamedTempFile {
    let users = json!([
        { "id": "U1", "name": "mei", "profile": { "display_name": "美 🍵", "title": "Tea" } },
        { "id": "U2", "name": "noor", "real_name": "نور", "profile": {} },
        { "id": "U3", "name": "noor2", "deleted": true, "profile": { "real_name": "نور" } },
    ]);
    let channels = json!([{
        "id": "C1", "name": "茶室", "created": 1_700_000_000, "creator": "U1", "members": ["U1", "U2", "U9"],
        "purpose": { "value": "All about tea" },
    }]);
    let dms = json!([{ "id": "D1", "created": 1_700_000_000, "members": ["U1", "U3"] }]);
    let first = json!([
        { "type": "message", "subtype": "channel_join", "user": "U2", "ts": "1700000001.000100", "text": "joined" },
        { "type": "message", "user": "U2", "ts": "1700000003.000300", "thread_ts": "1700000002.000200",
          "text": "<@U1> &lt;yes&gt;", "edited": { "user": "U2", "ts": "1700000009.000000" } },
        { "type": "message", "user": "U1", "ts": "1700000002.000200", "thread_ts": "1700000002.000200",
          "text": "Green or black?", "reactions": [{ "name": "tea", "users": ["U2", "U1"], "count": 2 }],
          "files": [{ "id": "F1", "name": "leaf.txt" }, { "id": "F2", "name": "pot.png", "url_private": "https://x.test/pot" },
                    { "id": "F3", "mode": "tombstone" }] },
        { "type": "message", "subtype": "bot_message", "bot_id": "B1", "username": "kettle", "ts": "1700000004.000000",
          "text": "", "attachments": [{ "fallback": "It boils" }] },
    ]);
    let second = json!([{ "type": "message", "subtype": "thread_broadcast", "user": "U2", "ts": "1700086400.1",
        "thread_ts": "1700000002.000200", "text": "Black!" }]);
    let direct = json!([{ "type": "message", "user": "U3", "ts": "1600000000.000000", "text": "bye" }]);
    zipped(&[
        ("export/users.json", users.to_string()),
        ("export/channels.json", channels.to_string()),
        ("export/dms.json", dms.to_string()),
        ("export/茶室/2023-11-15.json", second.to_string()),
        ("export/茶室/2023-11-14.json", first.to_string()),
        ("export/D1/2020-09-13.json", direct.to_string()),
        ("export/__uploads/F1/leaf.txt", "a leaf".into()),
    ])
}

fn entries(records: &[Record]) -> Vec<&Entry> {
    records
        .iter()
        .filter_map(|record| if let Record::Entry(entry) = record { Some(entry) } else { None })
        .collect()
}

#[test]
fn a_slack_export_gives_users_conversations_and_messages_in_order_of_time() {
    let records = records(&workspace(), Format::Slack).unwrap();
    let names = records.iter().filter_map(|record| match record {
        Record::User(user) => Some((user.id.as_str(), user.name.as_str(), user.deleted, user.bot)),
        _ => None,
    });
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            ("U1", "美 🍵", false, false),
            ("U2", "نور", false, false),
            ("U3", "نور", true, false),
            ("U9", "U9", false, false),
            ("B1", "kettle", false, true),
        ]
    );
    let conversations = records.iter().filter_map(|record| match record {
        Record::Conversation(of) => Some((of.id.as_str(), of.kind, of.name.as_str(), of.created_at)),
        _ => None,
    });
    assert_eq!(
        conversations.collect::<Vec<_>>(),
        [
            ("C1", Kind::Open, "茶室", Some(1_700_000_000_000)),
            ("D1", Kind::Direct, "", Some(1_600_000_000_000)),
        ]
    );
    let found = entries(&records);
    let found = found.iter().map(|entry| (entry.id.as_str(), entry.author.as_str(), entry.at));
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            ("1700000002.000200", "U1", 1_700_000_002_000),
            ("1700000003.000300", "U2", 1_700_000_003_000),
            ("1700000004.000000", "B1", 1_700_000_004_000),
            ("1700086400.1", "U2", 1_700_086_400_100),
            ("1600000000.000000", "U3", 1_600_000_000_000),
        ]
    );
}

#[test]
fn a_message_of_slack_keeps_its_text_thread_edit_reactions_and_files() {
    let records = records(&workspace(), Format::Slack).unwrap();
    let entries = entries(&records);
    let [question, answer, kettle, broadcast, _] = entries[..] else { panic!("{entries:?}") };
    assert_eq!((question.reply_to.as_deref(), question.files.len()), (None, 2));
    assert_eq!(question.reactions[0].users, ["U2", "U1"]);
    assert_eq!(answer.text, Text::Slack(json!({ "text": "<@U1> &lt;yes&gt;" })));
    assert_eq!(answer.edited_at, Some(1_700_000_009_000));
    assert_eq!([answer, broadcast].map(|entry| entry.reply_to.as_ref()), [Some(&question.id); 2]);
    assert_eq!(kettle.text, Text::Slack(json!({ "text": "", "attachments": [{ "fallback": "It boils" }] })));
    let files = records.iter().filter_map(|record| match record {
        Record::File(file) => Some(&file.content),
        _ => None,
    });
    let path = "export/__uploads/F1/leaf.txt".to_owned();
    let here = FileContent::Here { bytes: 6, path: path.clone() };
    assert_eq!(files.collect::<Vec<_>>(), [&here, &FileContent::Url("https://x.test/pot".into())]);
    let mut archive = Archive::open(workspace().path(), Format::Slack).unwrap();
    assert_eq!(archive.read_file(&path, 6).unwrap().as_deref(), Some(&b"a leaf"[..]));
    assert_eq!(archive.read_file(&path, 5).unwrap(), None, "it has six bytes");
}

#[test]
fn notices_and_deleted_files_of_slack_are_named_as_left_out() {
    let records = records(&workspace(), Format::Slack).unwrap();
    let left_out = records.iter().filter_map(|record| match record {
        Record::LeftOut(LeftOut { place, reason }) => Some((place.as_str(), reason.as_str())),
        _ => None,
    });
    assert_eq!(
        left_out.collect::<Vec<_>>(),
        [
            ("export/茶室/2023-11-14.json 1700000001.000100", "a notice of the kind channel_join"),
            ("export/茶室/2023-11-14.json 1700000002.000200", "a deleted file"),
        ]
    );
}

#[test]
fn a_wrong_slack_export_is_refused_with_the_file_and_the_line() {
    let of = |users: &str, day: &str| {
        let channels = json!([{ "id": "C1", "name": "tea", "members": [] }]).to_string();
        let file =
            zipped(&[("users.json", users), ("channels.json", &channels), ("tea/2024-01-01.json", day)]);
        problem(&file, Format::Slack)
    };
    assert_eq!(of("[\n{}]", "[]"), "users.json, line 2: missing field `id`");
    assert_eq!(
        of("[]", "[{\n\"ts\":\n4}]"),
        "tea/2024-01-01.json, line 3: invalid type: integer `4`, expected a string"
    );
    assert_eq!(
        of("[]", "[{\"ts\": \"noon\"}]"),
        "tea/2024-01-01.json: has the ts \"noon\", which is no time"
    );
    assert_eq!(of("[{\"id\":\"U1\"},{\"id\":\"U1\"}]", "[]"), "users.json: has the user \"U1\" twice");
    let empty = zipped(&[("a.txt", "")]);
    assert_eq!(problem(&empty, Format::Slack), "is no export of Slack: it has no users.json");
}
