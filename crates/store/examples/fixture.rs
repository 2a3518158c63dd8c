//! Writes a small database of the newest schema to `tests/fixtures/schema-<number>.db`, once for each schema: from then
//! on `tests/fixtures.rs` opens it with every later version.
//!
//! Run it after adding a step to `src/sqlite/migrate.rs`, and commit the file: `cargo run -p store --example fixture`.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chat::store::{Commit, ExternalKey, HookName, Identity, IdentityWrite, Issuer};
use chat::testing::{Node, SeededChance};
use chat::{
    ApplicationChange, BytesSource, Caller, DeclaredBytes, NewUpload, NewWebhook, Store as _, UserRef,
};
use rusqlite::Connection;
use store::SqliteStore;
use wire::{Amendment, ApplicationId, Emoji, JoinPolicy, Pair, Seq, Setting, Topic};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = Arc::new(SqliteStore::open(folder.path(), &SeededChance::new(10))?);
    let node = Node::over(store.clone());
    fill(&node, &store).await.map_err(|no| format!("{no:?}"))?;
    node.chat.shut_down().await.map_err(|no| format!("{no:?}"))?;

    let db = Connection::open(folder.path().join("hubbub.db"))?;
    let schema: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::create_dir_all(&fixtures)?;
    let file = fixtures.join(format!("schema-{schema}.db"));
    if file.exists() {
        return Err(format!("{} is there, and stays as it is", file.display()).into());
    }
    // Every table and index takes a page, so small pages make a small file.
    db.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM")?;
    db.close().map_err(|(_, error)| error)?;
    std::fs::copy(folder.path().join("hubbub.db"), &file)?;
    println!("{}", file.display());
    Ok(())
}

/// Fills every table but that of pictures with at least one row.
async fn fill(node: &Node, store: &SqliteStore) -> Result<(), chat::Error> {
    let chat = &node.chat;
    let [ann, ben, cal] =
        [node.introduce("Ann").await, node.introduce("Ben").await, node.introduce("李雷").await];
    chat.create_account(&ann, "one pot of oolong").await?;
    chat.create_account(&ben, "two pots of oolong").await?;
    chat.set_bio(&ann, "Tea at four.").await?;
    // A wrong password counts as an attempt, a correct one stores the device.
    let caller = Caller { device: Some(chat.new_token()), ..Caller::default() };
    drop(chat.sign_in(&caller, "ann", "no pot of oolong").await);
    chat.sign_in(&caller, "ann", "one pot of oolong").await?;
    chat.create_password_reset(&ann, ben.id).await?;
    let issuer = Issuer { provider: "work".into(), issuer: "https://login.example".into() };
    let identity = Identity { issuer, subject: "248289761001".into() };
    let link = IdentityWrite::Link { user: ben.id, identity, at: chat.now() };
    let link = Commit { application: ApplicationId::BUILT_IN, write: link.into() };
    store.commit(vec![link], Seq(u64::MAX)).await?;

    let tea = chat.create_group(&ann, "Tea", JoinPolicy::Listed).await?.id;
    chat.update_settings(&ann, tea, vec![Setting::SlowS(0), Setting::Limit(12)]).await?;
    chat.join(&ben, tea, None).await?;
    chat.join(&cal, tea, None).await?;
    chat.create_invite(&ann, tea, 60, 3).await?;
    chat.create_hook(&ann, tea, "Kettle").await?;
    let upload =
        NewUpload { name: "tea.txt".into(), bytes: DeclaredBytes::Exactly(3), key: Some("up-1".into()) };
    chat.upload(&ann, upload, &mut BytesSource::new("tea".into())).await?;
    let topic = Topic::group(tea);
    let said = node.say(&ann, tea, "Hello @Ben, *tea* is ready").await;
    chat.post(&ben, topic.clone(), chat.new_send_id(), "Coming", Some(said.seq)).await?;
    let emoji = Emoji::new("🫖").map_err(chat::Error::from)?;
    for amendment in [
        Amendment::Edit("Hello @Ben, the tea is ready".into()),
        Amendment::React(emoji, true),
        Amendment::Pin(true),
    ] {
        chat.amend(&ann, &topic, chat.new_send_id(), said.seq, amendment).await?;
    }
    let gone = node.say(&ben, tea, "a secret").await;
    chat.amend(&ben, &topic, chat.new_send_id(), gone.seq, Amendment::Delete).await?;
    chat.remove_member(&ann, tea, cal.id, true).await?;

    if let Some(pair) = Pair::of(ann.id, ben.id) {
        chat.post(&ann, Topic::direct(pair), chat.new_send_id(), "Sugar?", None).await?;
    }
    chat.block(&ben, cal.id, true).await?;
    let shop = chat.create_application(&Caller::operator(), "Shop", "Support chat of a shop").await?;
    chat.create_api_token(&Caller::operator(), shop.application.public_id, "staging", None, false).await?;
    // Its rows are those of the built-in application, so that every row but these two belongs to it.
    let built_in = chat.applications(&Caller::operator(), None).await?.items.remove(0).public_id;
    let token = chat.create_api_token(&Caller::operator(), built_in, "script", None, false).await?;
    if let Some(script) = chat.authenticate_api_token(&token).await? {
        let key = ExternalKey::new("customers/42").map_err(chat::Error::from)?;
        let webhook = NewWebhook { url: "https://shop.example/".into(), ..NewWebhook::default() };
        let orders = HookName::new("orders").map_err(chat::Error::from)?;
        chat.put_webhook(&script, orders.clone(), webhook).await?;
        chat.put_user(&script, &key, "Zoë", None, None).await?;
        chat.create_keyed_group(&script, &key, "Order 42", Vec::new()).await?;
        // The first attempt fails, and the delivery waits for the next one.
        while chat.webhook_deliveries(&script, &orders, None, 1).await?.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        chat.create_sign_in_link(&script, &UserRef::Key(key)).await?;
        let gone = ExternalKey::new("customers/43").map_err(chat::Error::from)?;
        chat.put_user(&script, &gone, "Wanjirũ", None, None).await?;
        chat.delete_user(&script, &UserRef::Key(gone)).await?;
        let allowed_origins = Some(vec!["https://shop.example".to_owned()]);
        let change = ApplicationChange { allowed_origins, ..ApplicationChange::default() };
        chat.change_application(&script, change, None).await?;
    }
    for number in 1..=3 {
        node.publish(&Topic::new("news").map_err(chat::Error::from)?, number).await;
    }
    Ok(())
}
