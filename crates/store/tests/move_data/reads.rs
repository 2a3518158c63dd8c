//! Everything that the readers of a store return, as text, so that two stores can be compared.

use std::path::Path;

use chat::Store;
use chat::rules::Viewer;
use chat::store::{AccountKey, ExternalKey, InboxRequest, OpenRequest, Position, Range, RowRange, Sender};
use rusqlite::Connection;
use wire::{ApplicationId, Conversation, GroupId, Pair, SendId, Seq, Topic, UserId};

/// The ids of everything in a folder.
pub struct Ids {
    topics: Vec<(ApplicationId, Topic)>,
    users: Vec<(ApplicationId, UserId)>,
    groups: Vec<(ApplicationId, GroupId)>,
    sent: Vec<(ApplicationId, UserId, SendId)>,
}

impl Ids {
    pub fn of(folder: &Path) -> Self {
        let db = Connection::open(folder.join("hubbub.db")).unwrap();
        let pairs = |select: &str| -> Vec<(ApplicationId, String, String)> {
            let mut select = db.prepare(select).unwrap();
            let rows = select
                .query_map([], |row| Ok((ApplicationId(row.get(0)?), row.get(1)?, row.get(2)?)))
                .unwrap();
            rows.map(Result::unwrap).collect()
        };
        let topics = pairs("SELECT application, topic, '' FROM logs ORDER BY id");
        let users = pairs("SELECT application, id, '' FROM users ORDER BY id");
        let groups = pairs("SELECT application, id, '' FROM groups ORDER BY id");
        let sent = pairs(
            "SELECT application, substr(sender, 6), send_id FROM entries WHERE sender LIKE 'user/%'
             ORDER BY position",
        );
        Self {
            topics: topics.into_iter().map(|(app, id, _)| (app, Topic::new(&id).unwrap())).collect(),
            users: users.into_iter().map(|(app, id, _)| (app, id.parse().unwrap())).collect(),
            groups: groups.into_iter().map(|(app, id, _)| (app, id.parse().unwrap())).collect(),
            sent: sent
                .into_iter()
                .map(|(app, user, id)| (app, user.parse().unwrap(), SendId::new(&id).unwrap()))
                .collect(),
        }
    }
}

/// Appends the result of a read, with the call itself.
macro_rules! read {
    ($into:ident, $($call:tt)+) => {
        $into.push(format!("{}: {:#?}", stringify!($($call)+), $($call)+.await.unwrap()))
    };
}

/// Returns everything that a store says about these ids.
pub async fn everything(store: &dyn Store, ids: &Ids) -> Vec<String> {
    let mut all = vec![format!("{:?}", store.epoch())];
    read!(all, store.applications(ApplicationId(0), 100));
    read!(all, store.relay());
    read!(all, store.job_counts());
    read!(all, store.tail(Position(0), 10_000));
    read!(all, store.message_tail(Position(0), 10_000));
    for application in [ApplicationId(0), ApplicationId(1), ApplicationId(2)] {
        of_application(store, application, &mut all).await;
    }
    for (application, topic) in &ids.topics {
        of_topic(store, *application, topic, &mut all).await;
    }
    for (application, user) in &ids.users {
        of_user(store, *application, *user, ids, &mut all).await;
    }
    for (application, group) in &ids.groups {
        let reader = store.reader(*application);
        let group = *group;
        read!(all, reader.group(group, None, 100));
        read!(all, reader.members(group, "", None, 100));
        read!(all, reader.members_after(group, None, 100));
        read!(all, reader.roster(group));
        read!(all, reader.key_of_group(group));
    }
    for (application, user, id) in &ids.sent {
        read!(all, store.reader(*application).sent(Sender::User(*user), id));
    }
    all
}

async fn of_application(store: &dyn Store, application: ApplicationId, all: &mut Vec<String>) {
    let reader = store.reader(application);
    read!(all, reader.usage());
    read!(all, reader.logs(None, 1_000));
    read!(all, reader.groups("", true, None, 100));
    read!(all, reader.groups("te", false, None, 100));
    read!(all, reader.accounts("", None, 100));
    read!(all, reader.has_owner());
    read!(all, reader.users(None, 1_000));
    read!(all, reader.users_by_key(None, 100));
    read!(all, reader.users_with("n", 100));
    read!(all, reader.groups_by_key(None, 100));
    read!(all, reader.api_tokens(100));
    for key in ["customers/42", "customers/43"].map(|key| ExternalKey::new(key).unwrap()) {
        read!(all, reader.user_by_key(&key));
        read!(all, reader.group_by_key(&key));
    }
}

async fn of_topic(store: &dyn Store, application: ApplicationId, topic: &Topic, all: &mut Vec<String>) {
    let reader = store.reader(application);
    let range = Range { limit: 1_000, ..Range::default() };
    let request = OpenRequest {
        topic: topic.clone(),
        user: None,
        session: None,
        viewer: Viewer::Application,
        range,
        rows: Some(RowRange::newest(100)),
    };
    read!(all, reader.open(request.clone()));
    read!(all, reader.page(topic, range));
    read!(all, reader.rows(topic, RowRange::newest(100)));
    read!(all, reader.pinned(topic));
    read!(all, reader.log_usage(topic));
    read!(all, reader.oldest(topic, 100));
    for seq in (1..60).map(Seq) {
        read!(all, reader.kept(topic, seq));
        read!(all, reader.restricted(topic, seq));
        read!(all, reader.about(topic, seq));
        read!(all, reader.position_of(topic, seq));
        if let Some(conversation) = topic.conversation() {
            read!(all, reader.receipts(conversation, seq));
        }
    }
}

async fn of_user(
    store: &dyn Store,
    application: ApplicationId,
    user: UserId,
    ids: &Ids,
    all: &mut Vec<String>,
) {
    let reader = store.reader(application);
    read!(all, reader.person(user));
    read!(all, reader.is_deleted(user));
    read!(all, reader.profile(user));
    read!(all, reader.picture(user));
    read!(all, reader.account(AccountKey::User(user)));
    read!(all, reader.own_delivered(user));
    read!(all, reader.conversations(user, 100));
    read!(all, reader.groups_of(user));
    read!(all, reader.blocked(user));
    read!(all, reader.sessions(user));
    read!(all, reader.identities(user));
    read!(all, reader.tokens_valid_from(user));
    read!(all, reader.key_of_user(user));
    read!(all, reader.files(None, 100));
    read!(all, reader.file_usage(Some(user)));
    read!(all, reader.people(user, "", true, None, 100));
    let request = InboxRequest { user, after: Position(0), limit: 1_000, bytes: 1 << 20 };
    read!(all, reader.inbox(request));
    for seq in (1..10).map(Seq) {
        read!(all, reader.broadcast_refusals(user, seq));
    }
    let groups = ids.groups.iter().map(|(_, group)| Conversation::Group(*group));
    let directs = ids.users.iter().filter_map(|(_, other)| Pair::of(user, *other).map(Conversation::Direct));
    for conversation in groups.chain(directs) {
        read!(all, reader.standing(conversation, user));
        read!(all, reader.unread(conversation, user, Seq(0)));
    }
}
