//! An export of Slack for tests, of any size. Nobody in it is real.

use std::io::Write;

use serde_json::{Value, json};
use tempfile::NamedTempFile;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The users: names of several scripts, two people of one name, one of whom is gone.
const USERS: [(&str, &str, bool); 5] = [
    ("U1", "李雷 🍵", false),
    ("U2", "نور", false),
    ("U3", "نور", true),
    ("U4", "Ngũgĩ wa Thiong'o", false),
    ("U5", "Владимир", false),
];
/// The members of the groups and of the direct.
const CONVERSATIONS: [(&str, &str); 4] = [("C1", "茶室"), ("C2", "random"), ("G1", "board"), ("D1", "D1")];
/// The time of the first message, in seconds since 1970.
const BEGIN_S: u64 = 1_700_000_000;

/// The parts of an export.
#[derive(Clone, Copy, Debug)]
pub struct SlackArchive {
    /// The number of its messages. They go to two channels, a private channel and a direct in turn; every fifth one of a
    /// conversation answers the one before.
    pub messages: usize,
    /// The number of its files, each with a message of its own among these.
    pub files: usize,
}

impl SlackArchive {
    /// Writes it.
    ///
    /// # Panics
    /// If the disk is full.
    #[must_use]
    pub fn write(self) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        let mut zip = ZipWriter::new(&mut file);
        let mut add = |path: String, content: String| {
            zip.start_file(path, SimpleFileOptions::DEFAULT).unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        };
        let users = USERS.map(|(id, name, deleted)| {
            json!({ "id": id, "name": id.to_lowercase(), "deleted": deleted, "profile": { "display_name": name } })
        });
        add("users.json".into(), json!(users).to_string());
        let members: Vec<&str> = USERS.iter().map(|(id, ..)| *id).collect();
        let of = |(id, name): (&str, &str)| json!({ "id": id, "name": name, "created": BEGIN_S, "creator": "U1", "members": members });
        add("channels.json".into(), json!([of(CONVERSATIONS[0]), of(CONVERSATIONS[1])]).to_string());
        add("groups.json".into(), json!([of(CONVERSATIONS[2])]).to_string());
        add("dms.json".into(), json!([{ "id": "D1", "members": ["U1", "U4"] }]).to_string());
        for (number, (_, folder)) in CONVERSATIONS.into_iter().enumerate() {
            let all: Vec<usize> = (number..self.messages).step_by(CONVERSATIONS.len()).collect();
            for (day, messages) in all.chunks(100).enumerate() {
                let messages: Vec<Value> = messages.iter().map(|number| self.message(*number)).collect();
                add(
                    format!("{folder}/2023-{:02}-{:02}.json", 1 + day / 28, 1 + day % 28),
                    json!(messages).to_string(),
                );
            }
        }
        for number in 0..self.files {
            add(format!("__uploads/F{number}/notes {number}.txt"), format!("notes of 茶 {number}"));
        }
        zip.finish().unwrap();
        file
    }

    fn message(self, number: usize) -> Value {
        let ts = |number: usize| format!("{}.{:06}", BEGIN_S + number as u64, number % 1_000);
        let user = if number % 4 == 3 { ["U1", "U4"][number / 4 % 2] } else { USERS[number % 5].0 };
        let mut message = json!({
            "type": "message",
            "user": user,
            "ts": ts(number),
            "text": format!("number {number} &amp; <@U1> *bold* :tea:"),
        });
        if number % 20 >= 16 {
            message["thread_ts"] = ts(number - 4).into();
        }
        if number.is_multiple_of(7) {
            message["reactions"] = json!([{ "name": "tea", "users": ["U2", "U3"] }]);
        }
        if number < self.files {
            message["files"] = json!([{ "id": format!("F{number}"), "name": format!("notes {number}.txt") }]);
        }
        message
    }
}
