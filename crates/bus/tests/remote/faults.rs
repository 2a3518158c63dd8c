//! Services and links that fail. Nothing but time is lost.

use std::sync::Arc;
use std::time::Duration;

use chat::testing::{Listener, Node, SeededChance, User};
use chat::{Bus, BusHealth, Hint, MemoryStore, Store, Window};
use services::{Link, Mode};
use wire::{GroupId, Topic};

use crate::backend::{
    Backend, log, news, open, settings, until, until_carried, until_down, until_healthy, until_heard,
};

/// Ann on one node, and ben, who listens, on the other, which may be behind a link.
struct Nodes {
    here: Node,
    _there: Node,
    ann: User,
    ben: Listener,
    group: GroupId,
    topic: Topic,
    said: u64,
}

impl Nodes {
    async fn over([here, there]: [&Arc<dyn Bus>; 2]) -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(&SeededChance::new(1), Window::default()));
        let here = Node::start(Arc::clone(&store), Arc::clone(here), Node::patient(), 1);
        let there = Node::start(store, Arc::clone(there), Node::patient(), 2);
        let (ann, ben) = (here.introduce("ann").await, here.introduce("ben").await);
        let group = here.group(&ann, "tea").await;
        here.chat.join(&ben, group, None).await.unwrap();
        let topic = Topic::group(group);
        let mut listener = Listener::new(&there.chat, Some(&ben));
        listener.subscribe(&topic, Some(there.beginning())).await.unwrap();
        Self { here, _there: there, ann, ben: listener, group, topic, said: 2 }
    }

    /// Ann says something, and ben gets it and all before it.
    async fn talk(&mut self) {
        self.here.say(&self.ann, self.group, "tea?").await;
        self.said += 1;
        self.ben.until_seq(&self.topic, self.said).await;
        assert_eq!(self.ben.seqs(&self.topic), (1..=self.said).collect::<Vec<_>>());
    }
}

pub(crate) async fn a_killed_service_that_comes_back_carries_hints_again<B: Backend>() {
    let Some(backend) = B::own() else { return };
    let (url, settings) = (backend.at(backend.service().address()), settings());
    let [here, there] = [(); 2].map(|()| open(&url, settings.clone()));
    let mut stream = there.listen();
    there.follow(&log());
    let mut nodes = Nodes::over([&here, &there]).await;
    until_healthy(&[&here, &there]).await;
    until_carried(&here, &mut *stream, &news(1)).await;
    nodes.talk().await;

    backend.service().kill();
    until_down(&here).await;
    until_down(&there).await;
    nodes.talk().await;
    here.announce(news(2));

    backend.service().start();
    until_healthy(&[&here, &there]).await;
    until_heard(&mut *stream, &Hint::Lost).await;
    until_carried(&here, &mut *stream, &news(3)).await;
    nodes.talk().await;
    assert!(there.metrics().connections >= 2);
}

/// Does something to the link of one node, and undoes it.
async fn fault_of_link<B: Backend>(fault: Mode) {
    let Some(backend) = B::own() else { return };
    let link = Link::to(backend.service().address()).await;
    let settings = settings();
    let here = open(&backend.at(backend.service().address()), settings.clone());
    let there = open(&backend.at(link.address()), settings);
    let mut stream = there.listen();
    there.follow(&log());
    let mut nodes = Nodes::over([&here, &there]).await;
    until_healthy(&[&here, &there]).await;
    until_carried(&here, &mut *stream, &news(1)).await;

    link.set(fault);
    until_down(&there).await;
    assert_eq!(here.health(), BusHealth::Healthy, "the other node has no part in it");
    nodes.talk().await;

    link.set(Mode::Pass);
    until_healthy(&[&there]).await;
    until_heard(&mut *stream, &Hint::Lost).await;
    until_carried(&here, &mut *stream, &news(2)).await;
    nodes.talk().await;
}

pub(crate) async fn a_cut_link_takes_down_one_node_and_makes_messages_late_at_most<B: Backend>() {
    fault_of_link::<B>(Mode::Cut).await;
}

pub(crate) async fn a_frozen_link_is_noticed_although_it_is_connected<B: Backend>() {
    fault_of_link::<B>(Mode::Freeze).await;
}

pub(crate) async fn a_link_over_which_nothing_comes_back_is_noticed<B: Backend>() {
    fault_of_link::<B>(Mode::OneWay).await;
}

pub(crate) async fn a_slow_link_carries_hints<B: Backend>() {
    let Some(backend) = B::own() else { return };
    let link = Link::to(backend.service().address()).await;
    let settings = settings();
    let here = open(&backend.at(backend.service().address()), settings.clone());
    let there = open(&backend.at(link.address()), settings);
    let mut stream = there.listen();
    there.follow(&log());
    until_healthy(&[&here, &there]).await;
    link.set(Mode::Delay(Duration::from_millis(50)));
    until_carried(&here, &mut *stream, &news(1)).await;
    let mut back = here.listen();
    here.follow(&log());
    until_carried(&there, &mut *back, &news(2)).await;
    assert_eq!(there.health(), BusHealth::Healthy);
}

pub(crate) async fn a_paused_service_is_noticed_and_forgiven<B: Backend>() {
    let Some(backend) = B::own() else { return };
    let (url, settings) = (backend.at(backend.service().address()), settings());
    let [here, there] = [(); 2].map(|()| open(&url, settings.clone()));
    let mut stream = there.listen();
    there.follow(&log());
    until_healthy(&[&here, &there]).await;
    backend.service().pause();
    until_down(&here).await;
    until_down(&there).await;
    backend.service().resume();
    until_healthy(&[&here, &there]).await;
    until_carried(&here, &mut *stream, &news(1)).await;
}

pub(crate) async fn a_node_that_starts_before_its_service_finds_it_later<B: Backend>() {
    let Some(backend) = B::own() else { return };
    backend.service().kill();
    let (url, settings) = (backend.at(backend.service().address()), settings());
    let [here, there] = [(); 2].map(|()| open(&url, settings.clone()));
    let mut nodes = Nodes::over([&here, &there]).await;
    nodes.talk().await;
    assert_eq!(there.health(), BusHealth::Down);
    backend.service().start();
    until_healthy(&[&here, &there]).await;
    nodes.talk().await;
    until("a hint was carried", || there.metrics().received > 0).await;
}
