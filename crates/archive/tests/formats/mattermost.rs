use archive::{Archive, Entry, FileContent, Format, Kind, Record};
use serde_json::{Value, json};

use super::{problem, records, written, zipped};

fn lines() -> Vec<Value> {
    vec![
        json!({ "type": "version", "version": 1 }),
        json!({ "type": "team", "team": { "name": "shop" } }),
        json!({ "type": "channel", "channel": { "team": "shop", "name": "tea", "display_name": "茶", "type": "O" } }),
        json!({ "type": "user", "user": { "username": "olga", "nickname": "Ольга", "teams": [
            { "name": "shop", "channels": [{ "name": "tea", "roles": "channel_admin channel_user" }] }] } }),
        json!({ "type": "user", "user": { "username": "omar", "first_name": "عمر", "last_name": "س", "delete_at": 5 } }),
        json!({ "type": "post", "post": { "team": "shop", "channel": "tea", "user": "omar", "create_at": 9_000,
            "message": "second", "edit_at": 9_500 } }),
        json!({ "type": "post", "post": { "team": "shop", "channel": "tea", "user": "olga", "create_at": 1_000,
            "message": "first", "attachments": [{ "path": "2024/leaf.txt" }, { "path": "2024/gone.txt" }],
            "reactions": [{ "user": "omar", "emoji_name": "tea", "create_at": 2 }, { "user": "ida", "emoji_name": "tea", "create_at": 1 }],
            "replies": [
                { "user": "omar", "create_at": 9_000, "message": "late, and at the time of another" },
                { "user": "olga", "create_at": 2_000, "message": "答え" }] } }),
        json!({ "type": "post", "post": { "team": "shop", "channel": "tea", "user": "olga", "create_at": 3,
            "type": "system_join_channel", "message": "joined" } }),
        json!({ "type": "direct_channel", "direct_channel": { "members": ["omar", "olga"] } }),
        json!({ "type": "direct_post", "direct_post": { "channel_members": ["olga", "omar"], "user": "olga",
            "create_at": 4, "message": "psst" } }),
        json!({ "type": "direct_post", "direct_post": { "channel_members": ["olga", "omar", "ida"], "user": "ida",
            "create_at": 4, "message": "us three" } }),
    ]
}

fn text(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn entries(records: Vec<Record>) -> Vec<Entry> {
    let entry = |record| match record {
        Record::Entry(entry) => Some(entry),
        _ => None,
    };
    records.into_iter().filter_map(entry).collect()
}

#[test]
fn posts_and_replies_of_mattermost_come_in_order_of_time() {
    let entries = entries(records(&written(text(&lines()).as_bytes()), Format::Mattermost).unwrap());
    let found = entries.iter().map(|entry| (&*entry.conversation, &*entry.id, entry.reply_to.as_deref()));
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            ("shop/tea", "1000-olga", None),
            ("shop/tea", "2000-olga", Some("1000-olga")),
            ("shop/tea", "9000-omar", None),
            ("shop/tea", "9000-omar-2", Some("1000-olga")),
            ("direct:olga,omar", "4-olga", None),
            ("direct:ida,olga,omar", "4-ida", None),
        ]
    );
    assert_eq!(entries[0].reactions[0].users, ["ida", "omar"]);
    assert_eq!(entries[2].edited_at, Some(9_500));
}

#[test]
fn users_channels_and_members_of_mattermost_come_before_their_messages() {
    let records = records(&written(text(&lines()).as_bytes()), Format::Mattermost).unwrap();
    let users = records.iter().filter_map(|record| match record {
        Record::User(user) => Some((&*user.id, &*user.name, user.deleted)),
        _ => None,
    });
    assert_eq!(
        users.collect::<Vec<_>>(),
        [("olga", "Ольга", false), ("omar", "عمر س", true), ("ida", "ida", false)]
    );
    let conversations = records.iter().filter_map(|record| match record {
        Record::Conversation(of) => Some((of.kind, &*of.name, of.created_at)),
        _ => None,
    });
    assert_eq!(
        conversations.collect::<Vec<_>>(),
        [
            (Kind::Open, "茶", Some(3)),
            (Kind::Direct, "", Some(4)),
            (Kind::Private, "ida, olga, omar", Some(4))
        ]
    );
    let members = records.iter().filter(|record| matches!(record, Record::Member(_))).count();
    assert_eq!(members, 1 + 2 + 3);
    let left_out = records.iter().filter(|record| matches!(record, Record::LeftOut(_))).count();
    assert_eq!(left_out, 1, "the join");
}

#[test]
fn files_of_mattermost_are_found_in_the_archive() {
    let zip = zipped(&[("import.jsonl", text(&lines())), ("data/2024/leaf.txt", "a leaf".into())]);
    let contents = records(&zip, Format::Mattermost).unwrap().into_iter().filter_map(|record| match record {
        Record::File(file) => Some((file.name, file.content)),
        _ => None,
    });
    let path = "data/2024/leaf.txt".to_owned();
    let here = FileContent::Here { bytes: 6, path: path.clone() };
    assert_eq!(
        contents.collect::<Vec<_>>(),
        [("leaf.txt".into(), here), ("gone.txt".into(), FileContent::Url(String::new()))]
    );
    let mut archive = Archive::open(zip.path(), Format::Mattermost).unwrap();
    assert_eq!(archive.read_file(&path, 9).unwrap().as_deref(), Some(&b"a leaf"[..]));
}

#[test]
fn a_wrong_export_of_mattermost_is_refused_with_the_line() {
    let with = |line: &str| {
        let file = written(format!("{}\n\n{line}\n", json!({ "type": "version", "version": 1 })).as_bytes());
        problem(&file, Format::Mattermost)
    };
    assert_eq!(with("{"), "the file, line 3: EOF while parsing an object");
    assert_eq!(with("{\"type\":\"post\"}"), "the file, line 3: the object of the line's type is missing");
    assert_eq!(with("{\"type\":\"user\",\"user\":{}}"), "the file, line 3: missing field `username`");
    let other = written(b"{\"type\":\"version\",\"version\":2}\n");
    assert_eq!(
        problem(&other, Format::Mattermost),
        "the file, line 1: the first line says that the version is 1"
    );
}
