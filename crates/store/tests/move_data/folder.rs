//! A data folder with at least one row in every table.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chat::store::{Commit, HookName, Identity, IdentityWrite, Issuer, Trim};
use chat::testing::{Node, User};
use chat::{Audience, Caller, LocalBus, NewWebhook, OsRandom, Store as _};
use rusqlite::Connection;
use store::SqliteStore;
use wire::{ApplicationId, GroupId, JoinPolicy, SendId, Seq, Topic};

/// The fixture of the newest schema, in which most tables have rows.
const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/schema-18.db");
/// A picture of one pixel.
const PICTURE: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// A folder that no server holds.
pub struct Filled {
    pub folder: tempfile::TempDir,
    /// The author of a restricted message with the id `secret` in the group.
    pub ann: User,
    pub group: GroupId,
}

impl Filled {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        store::restore(folder.path(), Path::new(FIXTURE), true, &OsRandom).unwrap();
        let store = Arc::new(SqliteStore::open(folder.path(), &OsRandom).unwrap());
        store.master_secret(&OsRandom).unwrap();
        let node = Node::start(store.clone(), Arc::new(LocalBus::default()), Node::patient(), 2);
        let chat = &node.chat;
        let (ann, _) = chat.sign_in(&Caller::default(), "ANN", "one pot of oolong").await.unwrap();
        let ann = User::from(ann);
        chat.set_avatar(&ann, PICTURE.into()).await.unwrap();
        let [zoe, li] = [node.introduce("Zoë").await, node.introduce("李雷").await];
        for person in [&zoe, &li] {
            chat.create_account(person, "one pot of oolong").await.unwrap();
        }
        let group = chat.create_group(&ann, "茶", JoinPolicy::Listed).await.unwrap().id;
        chat.join(&zoe, group, None).await.unwrap();
        chat.join(&li, group, None).await.unwrap();
        chat.create_hook(&ann, group, "Grafana").await.unwrap();
        let operator = Caller::operator();
        let built_in = chat.applications(&operator, None).await.unwrap().items.remove(0).public_id;
        let token = chat.create_api_token(&operator, built_in, "script", None, false).await.unwrap();
        let script = chat.authenticate_api_token(&token).await.unwrap().unwrap();
        let orders = HookName::new("orders").unwrap();
        let webhook = NewWebhook { url: "https://shop.example/".into(), ..NewWebhook::default() };
        chat.put_webhook(&script, orders.clone(), webhook).await.unwrap();
        let topic = Topic::group(group);
        let id = |id: &str| SendId::new(id).unwrap();
        chat.post_to(&ann, topic.clone(), id("secret"), "for @Zoë only", None, Some(&[zoe.id]))
            .await
            .unwrap();
        for number in 0..30 {
            node.say(&zoe, group, &format!("{number} cups for @everyone 🫖")).await;
        }
        // One of them refuses: Li is banned from a group that he cannot post to any more.
        let other = node.group(&ann, "other").await;
        chat.join(&li, other, None).await.unwrap();
        chat.remove_member(&ann, other, li.id, true).await.unwrap();
        let to = Audience::These(vec![topic.clone(), Topic::group(other)]);
        let sent = chat.broadcast(&li, id("b"), "hello", to).await.unwrap();
        node.until_sent(&li, sent.seq).await;
        // The oldest entries of an open topic go.
        let news = Topic::new("news").unwrap();
        for number in 0..20 {
            node.publish(&news, number).await;
        }
        let trims = [Trim { topic: news, before: Seq(9) }, Trim { topic: topic.clone(), before: Seq(3) }];
        let trims = trims.map(|trim| Commit { application: ApplicationId::BUILT_IN, write: trim.into() });
        store.commit(trims.into(), Seq(u64::MAX)).await.unwrap();
        let issuer = Issuer { provider: "work".into(), issuer: "https://login.example".into() };
        let identity = Identity { issuer, subject: "248289761001".into() };
        let link = IdentityWrite::Link { user: ann.id, identity, at: chat.now() };
        let link = Commit { application: ApplicationId::BUILT_IN, write: link.into() };
        store.commit(vec![link], Seq(u64::MAX)).await.unwrap();
        while chat.webhook_deliveries(&script, &orders, None, 1).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        chat.shut_down().await.unwrap();
        let db = Connection::open(folder.path().join("hubbub.db")).unwrap();
        // Work that waits, with a number that is far from the next one, and work that was given up.
        db.execute_batch(
            "INSERT INTO jobs (id, application, kind, lane, key, arguments, run_at, is_dead, error)
             VALUES (7, 1, 'trim', 'trim/news', 'k', '{}', 9000000000000, 0, NULL),
                    (8, 1, 'trim', 'trim/news', NULL, '{}', 9000000000000, 1, 'the disk was full');
             INSERT INTO group_numbers (application, last) VALUES (1, 41);
             UPDATE sqlite_sequence SET seq = 40 WHERE name = 'jobs'",
        )
        .unwrap();
        drop(db);
        Self { folder, ann, group }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}
