//! A server with conversations of every kind.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat::names::ExternalKey;
use chat::store::{ApplicationKey, Trim};
use chat::testing::{Node, User};
use chat::{
    ArchiveFormat, BytesSource, Caller, DeclaredBytes, Exported, ImportRequest, ImportState, NewUpload,
    OutgoingMessage, Store, UserRef,
};
use data_encoding::BASE64;
use wire::{
    Amendment, ApplicationId, Emoji, GroupId, JoinPolicy, NewAttachment, Pair, Role, Seq, Setting, Topic,
};

use super::sink::{Archived, MemorySink};

/// A picture of one pixel.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

pub struct Office {
    pub node: Node,
    store: Arc<dyn Store>,
}

impl Office {
    pub fn over(store: Arc<dyn Store>) -> Self {
        Self { node: Node::limited(Arc::clone(&store), Node::patient()), store }
    }

    pub async fn export(&self) -> (Exported, Archived) {
        let mut sink = MemorySink::default();
        let exported = self.node.chat.export(&Caller::operator(), None, &mut sink).await.unwrap();
        (exported, sink.archived())
    }

    /// Imports an archive to its end.
    pub async fn import(&self, archive: &Archived) -> ImportState {
        let (file, operator) = (archive.to_file(), Caller::operator());
        // The archive comes from another node, whose clock was further on: no message is in the future.
        self.node.clock.advance(24 * 60 * 60 * 1_000);
        let request =
            ImportRequest { format: ArchiveFormat::Hubbub, application: None, file: file.path().to_owned() };
        self.node.chat.start_import(&operator, request).await.unwrap();
        let ended = async {
            loop {
                let state = self.node.chat.import_state(&operator, None).await.unwrap().unwrap();
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

    /// Makes users, groups and a direct with messages of every kind.
    pub async fn is_busy(&self) {
        let [li, noor, zofie] = [("李雷 🍵"), ("نور"), ("Žofie")];
        let (li, noor, zofie) = (
            self.node.introduce(li).await,
            self.node.introduce(noor).await,
            self.node.introduce(zofie).await,
        );
        self.node.introduce("never says anything").await;
        let chat = &self.node.chat;
        chat.create_account(&li, "one pot of oolong").await.unwrap();
        chat.set_bio(&li, "喝茶").await.unwrap();
        let png = Bytes::from(BASE64.decode(PNG.as_bytes()).unwrap());
        chat.set_avatar(&li, png.clone()).await.unwrap();
        let tea = self.node.group(&li, "茶室 🍵").await;
        for user in [&noor, &zofie] {
            chat.join(user, tea, None).await.unwrap();
        }
        chat.set_role(&li, tea, noor.id, Role::Admin).await.unwrap();
        self.talk(tea, [&li, &noor, &zofie]).await;
        self.attach(tea, &li, png).await;
        self.is_programmed(tea, &li).await;
        let settings = vec![Setting::SlowS(5), Setting::Limit(40), Setting::JoinPolicy(JoinPolicy::Invite)];
        chat.update_settings(&li, tea, settings).await.unwrap();
        let old = self.node.group(&zofie, "Staré").await;
        self.node.say(&zofie, old, "Ahoj").await;
        chat.update_settings(&zofie, old, vec![Setting::Archived(true)]).await.unwrap();
        self.node.group(&noor, "فارغ").await;
        let direct = Topic::direct(Pair::of(zofie.id, noor.id).unwrap());
        chat.post(&zofie, direct.clone(), chat.new_send_id(), "psst 🤫", None).await.unwrap();
        chat.post(&noor, direct, chat.new_send_id(), "نعم؟", Some(Seq(1))).await.unwrap();
    }

    async fn talk(&self, tea: GroupId, [li, noor, zofie]: [&User; 3]) {
        let (chat, topic) = (&self.node.chat, Topic::group(tea));
        let amend = async |by: &User, target: Seq, amendment: Amendment| {
            self.node.clock.advance(1_000);
            chat.amend(by, &topic, chat.new_send_id(), target, amendment).await.unwrap();
        };
        let say = async |by: &User, text: &str, reply_to: Option<Seq>| {
            self.node.clock.advance(1_000);
            chat.post(by, topic.clone(), chat.new_send_id(), text, reply_to).await.unwrap().seq
        };
        let first = say(li, "Good morning", None).await;
        amend(li, first, Amendment::Edit("**早上好**, @نور 🍵!".into())).await;
        let second = say(noor, "صباح الخير", Some(first)).await;
        for (by, emoji) in [(li, "🍵"), (zofie, "🍵"), (zofie, "👍")] {
            amend(by, second, Amendment::React(Emoji::new(emoji).unwrap(), true)).await;
        }
        amend(noor, second, Amendment::Pin(true)).await;
        let gone = say(zofie, "a mistake", None).await;
        say(li, "What was that?", Some(gone)).await;
        amend(noor, gone, Amendment::Delete).await;
        self.node.clock.advance(1_000);
        let id = chat.new_send_id();
        let only =
            chat.post_to(li, topic.clone(), id, "Only for you two", None, Some(&[noor.id])).await.unwrap();
        say(noor, "Yes, only us", Some(only.seq)).await;
    }

    /// Posts files: a text, a PNG, and a JPEG that the server has encoded.
    async fn attach(&self, tea: GroupId, li: &User, png: Bytes) {
        let chat = &self.node.chat;
        let jpeg = chat.avatar(li, li.id).await.unwrap().unwrap();
        let post = async |text: &str, files: Vec<(&str, &str, Bytes)>| {
            let mut attachments = Vec::new();
            for (name, alt, content) in files {
                let bytes = DeclaredBytes::Exactly(content.len() as u64);
                let new = NewUpload { name: name.to_owned(), bytes, key: None };
                let uploaded = chat.upload(li, new, &mut BytesSource::new(content)).await.unwrap();
                attachments.push(NewAttachment { id: uploaded.file.id, alt: alt.to_owned() });
            }
            let id = chat.new_send_id();
            let message = OutgoingMessage {
                id: &id,
                text,
                reply_to: None,
                recipients: None,
                attachments: &attachments,
            };
            let sending = chat.begin_message(li, Topic::group(tea), message).await.unwrap();
            chat.finish(sending).await.unwrap();
        };
        post("two files", vec![("杯子.png", "杯子", png), ("notes.txt", "", "Ünïcode\n".into())]).await;
        post("", vec![("photo.jpg", "", jpeg)]).await;
    }

    /// Posts by a webhook and by the application, which also has a user who is deleted.
    async fn is_programmed(&self, tea: GroupId, li: &User) {
        let chat = &self.node.chat;
        let hook = chat.create_hook(li, tea, "Build 🤖").await.unwrap();
        let bot = chat.authenticate_hook(hook.token.reveal()).await.unwrap().unwrap();
        chat.post_by_hook(&bot, r#"{"text":"Build 7 is green"}"#.into(), None).await.unwrap();
        let application = self.application().await;
        chat.post(&application, Topic::group(tea), chat.new_send_id(), "From the shop", None).await.unwrap();
        for (key, name) in [("shop/1", "Olga"), ("shop/2", "Petr"), ("shop/3", "美")] {
            chat.put_user(&application, &ExternalKey::new(key).unwrap(), name, None, None).await.unwrap();
        }
        let petr = UserRef::Key(ExternalKey::new("shop/2").unwrap());
        chat.delete_user(&application, &petr).await.unwrap();
    }

    async fn application(&self) -> Caller {
        let key = ApplicationKey::Id(ApplicationId::BUILT_IN);
        let author = self.store.application(key).await.unwrap().unwrap().author();
        Caller { principal: chat::Principal::Application(author), ..Caller::default() }
    }

    /// Deletes, edits and trims messages; returns what is secret.
    pub async fn loses_messages(&self) -> Vec<String> {
        let chat = &self.node.chat;
        let olga = self.node.introduce("Ольга").await;
        chat.create_account(&olga, "a-secret-password").await.unwrap();
        let group = self.node.group(&olga, "Чай").await;
        let trimmed = self.node.say(&olga, group, "trimmed-text").await.seq;
        let topic = Topic::group(group);
        let answer = "answer to the trimmed one";
        chat.post(&olga, topic.clone(), chat.new_send_id(), answer, Some(trimmed)).await.unwrap();
        let deleted = self.node.say(&olga, group, "deleted-text").await.seq;
        let quotes =
            chat.post(&olga, topic.clone(), chat.new_send_id(), "this one stays", Some(deleted)).await;
        quotes.unwrap();
        let edited = self.node.say(&olga, group, "edited-away").await.seq;
        for (target, amendment) in
            [(deleted, Amendment::Delete), (edited, Amendment::Edit("said in other words".into()))]
        {
            chat.amend(&olga, &topic, chat.new_send_id(), target, amendment).await.unwrap();
        }
        let trim = Trim { topic, before: trimmed.next() };
        let write = chat::store::Commit { application: ApplicationId::BUILT_IN, write: trim.into() };
        self.store.commit(vec![write], Seq(u64::MAX)).await.unwrap();
        let reader = self.store.reader(ApplicationId::BUILT_IN);
        let account = reader.account(chat::store::AccountKey::User(olga.id)).await.unwrap().unwrap();
        vec![account.password.0, "a-secret-password".to_owned(), "password".to_owned()]
    }

    /// Makes a group with messages.
    pub async fn says(&self, texts: [&str; 2]) -> (User, GroupId) {
        let amina = self.node.introduce("Amina").await;
        let group = self.node.group(&amina, "Chai").await;
        for text in texts {
            self.node.say(&amina, group, text).await;
        }
        (amina, group)
    }

    pub async fn says_in(&self, (by, group): (User, GroupId), text: &str) {
        self.node.say(&by, group, text).await;
    }
}
