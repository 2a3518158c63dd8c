//! The fixture of the bus contract: two nodes and a group.

use std::sync::Arc;

use wire::{GroupId, Topic};

use crate::memory::{MemoryStore, Window};
use crate::ports::bus::Bus;
use crate::ports::store::Store;
use crate::testing::{Listener, Node, SeededChance, User};

/// Ann on one node, ben on another, and the group of both.
pub(super) struct Tea {
    /// The node that ann uses.
    pub(super) here: Node,
    /// The node that ben uses.
    pub(super) there: Node,
    pub(super) ann: User,
    pub(super) ben: User,
    pub(super) group: GroupId,
    pub(super) topic: Topic,
}

impl Tea {
    pub(super) async fn over([here, there]: [Arc<dyn Bus>; 2]) -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(&SeededChance::new(1), Window::default()));
        let here = Node::start(Arc::clone(&store), here, Node::patient(), 1);
        let there = Node::start(store, there, Node::patient(), 2);
        let (ann, ben) = (here.introduce("ann").await, there.introduce("ben").await);
        let group = here.group(&ann, "tea").await;
        there.chat.join(&ben, group, None).await.unwrap();
        Self { here, there, ann, ben, group, topic: Topic::group(group) }
    }

    /// Subscribes ben to the group on his node, from the beginning.
    pub(super) async fn ben_listens(&self) -> Listener {
        listens(&self.there, &self.ben, &self.topic).await
    }

    /// Subscribes ann to the group on her node, from the beginning.
    pub(super) async fn ann_listens(&self) -> Listener {
        listens(&self.here, &self.ann, &self.topic).await
    }
}

async fn listens(node: &Node, who: &User, topic: &Topic) -> Listener {
    let mut listener = Listener::new(&node.chat, Some(who));
    listener.subscribe(topic, Some(node.beginning())).await.unwrap();
    listener
}
