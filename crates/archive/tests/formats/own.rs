use std::io::Cursor;

use archive::own::Writer;
use archive::{
    Archive, Conversation, Entry, File, FileContent, Format, Header, Kind, Member, Reaction, Record, Text,
    User,
};
use proptest::prelude::*;

use super::{problem, written, zipped};

fn write(records: &[Record], files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = Writer::new(Cursor::new(Vec::new())).unwrap();
    records.iter().for_each(|record| writer.record(record).unwrap());
    files.iter().for_each(|(path, content)| writer.file(path, &mut &content[..]).unwrap());
    writer.finish().unwrap().into_inner()
}

fn header() -> Record {
    Record::Header(Header { application: "茶".into(), exported_at: 1, version: 1 })
}

/// An archive of random users, who write random messages with random files.
fn archives() -> impl Strategy<Value = (Vec<Record>, Vec<(String, Vec<u8>)>)> {
    let message =
        (0..3_usize, ".*", any::<u16>(), any::<bool>(), proptest::option::of(any::<Vec<u8>>()), "\\PC{1,3}");
    let conversation = ("\\PC{1,9}", proptest::collection::vec(message, 0..8));
    (proptest::collection::vec(".{1,9}", 3..4), proptest::collection::vec(conversation, 0..5)).prop_map(
        |(names, conversations)| {
            let (mut records, mut files) = (vec![header()], Vec::new());
            for (number, name) in names.into_iter().enumerate() {
                let user = User { id: format!("u{number}"), name, bot: number == 2, ..User::default() };
                records.push(Record::User(user));
            }
            for (number, (name, messages)) in conversations.into_iter().enumerate() {
                let conversation = format!("c{number}");
                records.push(Record::Conversation(Conversation {
                    announcing: number == 3,
                    archived: number == 1,
                    created_at: Some(0),
                    description: String::new(),
                    id: conversation.clone(),
                    kind: if number == 2 { Kind::Direct } else { Kind::Listed },
                    limit: (number == 0).then_some(20),
                    name,
                    slow_s: 5 * u32::from(number == 1),
                }));
                for user in 0..2 {
                    let (conversation, user) = (conversation.clone(), format!("u{user}"));
                    let (admin, joined_at) = (user == "u0", (user == "u1").then_some(7));
                    records.push(Record::Member(Member { admin, conversation, joined_at, user }));
                }
                let mut at = 0;
                for (number, (author, text, pause, pinned, content, emoji)) in
                    messages.into_iter().enumerate()
                {
                    at += i64::from(pause);
                    let file = content.map(|content| {
                        let (id, bytes) = (format!("{conversation}-{number}"), content.len() as u64);
                        let path = archive::own::path(&id);
                        files.push((path.clone(), content));
                        let content = FileContent::Here { bytes, path };
                        records.push(Record::File(File {
                            alt: String::new(),
                            content,
                            id: id.clone(),
                            name: "a.bin".into(),
                        }));
                        id
                    });
                    records.push(Record::Entry(Entry {
                        at,
                        author: format!("u{author}"),
                        bot: (author == 2).then(|| "Build 🤖".to_owned()),
                        deleted_by: None,
                        conversation: conversation.clone(),
                        edited_at: pinned.then_some(at + 1),
                        files: file.into_iter().collect(),
                        id: number.to_string(),
                        pinned,
                        reactions: vec![Reaction { emoji, users: vec!["u2".into()] }],
                        recipients: (pause % 3 == 1).then(|| vec!["u1".into(); usize::from(pause % 2)]),
                        reply_to: number.checked_sub(1).map(|before| before.to_string()),
                        text: Text::Markdown(text),
                    }));
                }
            }
            (records, files)
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_written_again_byte_for_byte((records, files) in archives()) {
        let bytes = write(&records, &files);
        let file = written(&bytes);
        let mut archive = Archive::open(file.path(), Format::Hubbub).unwrap();
        let mut read = Vec::new();
        while let Some(record) = archive.next_record().unwrap() {
            read.push(record);
        }
        prop_assert_eq!(&read, &records);
        for (path, content) in &files {
            let found = archive.read_file(path, u64::MAX).unwrap();
            prop_assert_eq!(found.as_ref(), Some(content));
        }
        prop_assert_eq!(write(&read, &files), bytes);
    }

    #[test]
    fn random_bytes_are_refused_and_never_crash(content in any::<Vec<u8>>(), cut in 0..400_usize) {
        let mut damaged = write(&[header()], &[("files/a".into(), content.clone())]);
        damaged.truncate(cut.min(damaged.len().saturating_sub(1)));
        for content in [content, damaged] {
            let file = written(&content);
            for format in [Format::Hubbub, Format::Slack, Format::Mattermost] {
                let read = Archive::open(file.path(), format).and_then(Iterator::collect::<Result<Vec<_>, _>>);
                prop_assert!(read.is_err());
            }
        }

    }
}

#[test]
fn lines_in_the_wrong_order_are_refused_with_the_line() {
    const HEADER: &str = r#"{"type":"header","application":"tea","exported_at":1,"version":1}"#;
    const USER: &str = r#"{"type":"user","id":"u","name":"李"}"#;
    const GROUP: &str = r#"{"type":"conversation","id":"c","kind":"open","name":"茶","created_at":5}"#;
    let entry = |at: i64, rest: &str| {
        format!(
            r#"{{"type":"entry","at":{at},"author":"u","conversation":"c","id":"1","text":{{"markdown":"x"}}{rest}}}"#
        )
    };
    let of = |lines: &[&str]| problem(&zipped(&[("data.jsonl", lines.join("\n"))]), Format::Hubbub);
    assert_eq!(of(&[USER]), "data.jsonl, line 1: the first line is the header");
    assert_eq!(of(&[HEADER, HEADER]), "data.jsonl, line 2: there is one header, of version 1");
    assert_eq!(
        of(&[HEADER, USER, USER]),
        "data.jsonl, line 3: the id of the user is empty, or was there before"
    );
    assert_eq!(of(&[HEADER, GROUP, USER]), "data.jsonl, line 3: users stand before conversations");
    assert_eq!(of(&[HEADER, GROUP, &entry(5, "")]), "data.jsonl, line 3: there is no user \"u\" above");
    assert!(
        of(&[HEADER, USER, GROUP, &entry(4, "")])
            .contains("line 4: the messages of a conversation are in order")
    );
    assert!(
        of(&[HEADER, USER, GROUP, &entry(5, r#","files":["f"]"#)]).contains("the file f is not announced")
    );
    assert!(
        of(&[HEADER, USER, GROUP, &entry(5, r#","colour":1"#)]).contains("line 4: unknown field `colour`")
    );
    let file = r#"{"type":"file","id":"f","name":"a","content":{"here":{"bytes":1,"path":"files/f"}}}"#;
    assert_eq!(of(&[HEADER, USER, GROUP, file]), "data.jsonl, line 4: there is no file files/f of 1 bytes");
}
