//! The world of a case: a node over a store, with three users and a group.

use std::sync::Arc;

use wire::{Event, GroupId, Json, Pair, RichText, Topic};

use crate::auth::caller::Caller;
use crate::chat::Ack;
use crate::ports::store::{BodyHash, Commit, Draft, Ends, Mentions, Sender, Store, Write};
use crate::search::{SearchQuery, index_next};
use crate::service::{SearchPage, SearchRequest};
use crate::testing::{Node, User};

/// A node whose users search. Ann has created a group, in which ben is, too; cal is in none.
pub struct World {
    /// The node.
    pub node: Node,
    store: Arc<dyn Store>,
    pub(super) ann: User,
    pub(super) ben: User,
    pub(super) cal: User,
    pub(super) tea: GroupId,
}

impl World {
    /// Prepares a fresh store.
    ///
    /// # Panics
    /// If the store fails.
    pub async fn new(store: Arc<dyn Store>) -> Self {
        let node = Node::over(Arc::clone(&store));
        let (ann, ben) = (node.introduce("Ánna").await, node.introduce("ben").await);
        let cal = node.introduce("cal").await;
        let tea = node.group(&ann, "Tea").await;
        node.chat.join(&ben, tea, None).await.unwrap();
        Self { node, store, ann, ben, cal, tea }
    }

    /// Indexes all that was committed.
    pub(super) async fn index(&self) {
        loop {
            let (index, head) = index_next(&*self.store).await.unwrap();
            if index >= head {
                return;
            }
        }
    }

    pub(super) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Sends messages to the group, and indexes them.
    pub(super) async fn say(&self, by: &User, texts: &[&str]) -> Vec<Ack> {
        let mut sent = Vec::new();
        for text in texts {
            sent.push(self.node.say(by, self.tea, text).await);
            self.node.clock.advance(1_000);
        }
        self.index().await;
        sent
    }

    /// Commits a message of ann many times in one batch, and indexes them.
    pub(super) async fn say_at_once(&self, text: &str, count: usize) {
        let data = Json::of(&Event::Message {
            author: self.ann.person(),
            text: text.into(),
            body: RichText::plain(text),
            reply_to: None,
            edited: None,
            reactions: Vec::new(),
            pinned: false,
            recipients: Vec::new(),
            attachments: Vec::new(),
            bot: false,
        });
        let draft = |_| Draft {
            topic: Topic::group(self.tea),
            sender: Sender::User(self.ann.id),
            id: self.node.chat.new_send_id(),
            body: BodyHash([0; 16]),
            data: data.clone(),
            at: self.node.chat.now(),
            right: None,
            about: None,
            counts: true,
            is_row: true,
            mentions: Mentions::default(),
            ends: Ends::Nobody,
        };
        let commit = |draft| Commit { application: self.ann.application, write: Write::from(draft) };
        let commits: Vec<Commit> = (0..count).map(draft).map(commit).collect();
        self.store.commit(commits, wire::Seq::ZERO).await.unwrap();
        self.index().await;
    }

    /// Sends a message to the direct of two users, and indexes it.
    pub(super) async fn whisper(&self, by: &User, to: &User, text: &str) -> Ack {
        let topic = Topic::direct(Pair::of(by.id, to.id).unwrap());
        let id = self.node.chat.new_send_id();
        let ack = self.node.chat.post(by, topic, id, text, None).await.unwrap();
        self.index().await;
        ack
    }

    /// Returns the first page that a user finds for a query.
    pub(super) async fn page(&self, by: &Caller, query: &str) -> SearchPage {
        self.node.chat.search(by, &ask(query)).await.unwrap()
    }

    /// Returns the texts that a user finds, on all pages.
    pub(super) async fn found(&self, by: &Caller, query: &str) -> Vec<String> {
        self.found_by(by, ask(query)).await
    }

    /// As [`World::found`], for a search with filters.
    pub(super) async fn found_by(&self, by: &Caller, mut request: SearchRequest) -> Vec<String> {
        let mut found = Vec::new();
        loop {
            let page = self.node.chat.search(by, &request).await.unwrap();
            assert!(page.hits.len() <= request.limit);
            found.extend(page.hits.iter().map(|hit| hit.excerpt.plain()));
            match page.next {
                Some(next) => request.cursor = Some(next),
                None => return found,
            }
        }
    }
}

/// Returns a search for words.
///
/// # Panics
/// If there are none.
pub(super) fn ask(query: &str) -> SearchRequest {
    SearchRequest { query: SearchQuery::parse(query).unwrap(), limit: 20, ..SearchRequest::default() }
}
