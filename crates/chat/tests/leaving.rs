//! A user who leaves a group receives nothing later and can no longer send.

use std::sync::Arc;

use chat::testing::{Listener, Node, SeededChance, User};
use chat::{Chat, Error, Limits, MemoryStore, Window};
use wire::{Event, GroupId, Refusal, Topic};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ben_hears_nothing_after_his_leave_though_all_are_talking() {
    // A long log, and one so short that ben is mostly behind it.
    for log_bytes in [256 * 1_024, 500] {
        let limits = Limits { topic_log_bytes: log_bytes, ..Node::patient() };
        let tea = Tea::with(limits).await;
        let mut ben = tea.listener(&tea.ben).await;
        let mut talking = vec![];
        for name in ["dan", "eve", "fay"] {
            let person = tea.node.introduce(name).await;
            tea.node.chat.join(&person, tea.group, None).await.unwrap();
            talking.push(tokio::spawn(talk(Arc::clone(&tea.node.chat), person, tea.topic.clone())));
        }
        let (chat, leaving, group) = (Arc::clone(&tea.node.chat), tea.ben.clone(), tea.group);
        let half_way = ben.seqs(&tea.topic).len() as u64 + 20;
        ben.until_seq(&tea.topic, half_way).await;
        let leave = tokio::spawn(async move { chat.leave(&leaving, group).await });
        ben.until_ended(&tea.topic).await;
        leave.await.unwrap().unwrap();
        for talk in talking {
            talk.await.unwrap();
        }
        ben.take_all().await;

        let seqs = ben.seqs(&tea.topic);
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "nothing is missing before");
        assert_eq!(ben.events(&tea.topic).last(), Some(&Event::Left { person: tea.ben.person() }));
        assert_eq!(ben.events(&tea.topic).iter().filter(|event| left(event)).count(), 1);
    }
}

#[tokio::test]
async fn ben_who_was_far_behind_is_brought_along_to_his_leave_and_no_further() {
    let tea = Tea::with(Limits { topic_log_bytes: 500, ..Node::patient() }).await;
    let mut ben = tea.listener(&tea.ben).await;
    for number in 3..=250 {
        tea.node.say(&tea.ann, tea.group, &format!("line {number}")).await;
    }
    tea.node.chat.leave(&tea.ben, tea.group).await.unwrap();
    for number in 0..250 {
        tea.node.say(&tea.ann, tea.group, &format!("behind his back {number}")).await;
    }
    ben.until_ended(&tea.topic).await;
    assert_eq!(ben.seqs(&tea.topic), (1..=251).collect::<Vec<_>>());
}

#[tokio::test]
async fn all_of_bens_connections_end_and_anns_goes_on() {
    let tea = Tea::with(Node::patient()).await;
    let (mut phone, mut desk) = (tea.listener(&tea.ben).await, tea.listener(&tea.ben).await);
    let mut ann = tea.listener(&tea.ann).await;
    tea.node.chat.leave(&tea.ben, tea.group).await.unwrap();
    tea.node.say(&tea.ann, tea.group, "behind his back").await;
    for listener in [&mut phone, &mut desk] {
        listener.until_ended(&tea.topic).await;
        assert_eq!(listener.seqs(&tea.topic), [1, 2, 3]);
    }
    ann.take_all().await;
    assert_eq!(ann.seqs(&tea.topic), [1, 2, 3, 4]);
}

#[tokio::test]
async fn ben_who_comes_back_subscribes_anew_and_has_the_whole_history() {
    let tea = Tea::with(Node::patient()).await;
    let mut ben = tea.listener(&tea.ben).await;
    tea.node.chat.leave(&tea.ben, tea.group).await.unwrap();
    tea.node.say(&tea.ann, tea.group, "behind his back").await;
    ben.until_ended(&tea.topic).await;
    let refused = ben.subscribe(&tea.topic, None).await;
    assert_eq!(refused, Err(Error::Refusal(Refusal::NotMember)));
    tea.node.chat.join(&tea.ben, tea.group, None).await.unwrap();
    ben = tea.listener(&tea.ben).await;
    assert_eq!(ben.seqs(&tea.topic), [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn after_his_leave_ben_says_nothing() {
    let tea = Tea::with(Node::patient()).await;
    tea.node.chat.leave(&tea.ben, tea.group).await.unwrap();
    let (id, topic) = (tea.node.chat.new_send_id(), tea.topic.clone());
    let refused = tea.node.chat.post(&tea.ben, topic, id, "one more thing", None).await;
    assert_eq!(refused, Err(Error::Refusal(Refusal::NotMember)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ben_says_while_he_leaves_stands_before_his_leave_or_nowhere() {
    let tea = Tea::with(Node::patient()).await;
    let mut ann = tea.listener(&tea.ann).await;
    let saying = (0..40).map(|number| {
        let (chat, ben, topic) = (Arc::clone(&tea.node.chat), tea.ben.clone(), tea.topic.clone());
        let id = chat.new_send_id();
        tokio::spawn(async move { chat.post(&ben, topic, id, &format!("line {number}"), None).await })
    });
    let saying: Vec<_> = saying.collect();
    tea.node.chat.leave(&tea.ben, tea.group).await.unwrap();
    let mut said = 0;
    for say in saying {
        match say.await.unwrap() {
            Ok(_) => said += 1,
            Err(no) => assert_eq!(no, Error::Refusal(Refusal::NotMember)),
        }
    }
    ann.take_all().await;
    let events = ann.events(&tea.topic);
    assert_eq!(events.len(), 2 + said + 1);
    assert!(left(events.last().unwrap()), "his leave comes last of all he did");
}

struct Tea {
    node: Node,
    ann: User,
    ben: User,
    group: GroupId,
    topic: Topic,
}

impl Tea {
    async fn with(limits: Limits) -> Self {
        let store = MemoryStore::new(&SeededChance::new(0), Window::default());
        let node = Node::limited(Arc::new(store), limits);
        let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
        let group = node.group(&ann, "tea").await;
        node.chat.join(&ben, group, None).await.unwrap();
        Self { node, ann, ben, group, topic: Topic::group(group) }
    }

    /// Returns a listener who has received everything so far.
    async fn listener(&self, who: &User) -> Listener {
        let mut listener = Listener::new(&self.node.chat, Some(who));
        listener.subscribe(&self.topic, Some(self.node.beginning())).await.unwrap();
        listener.take_all().await;
        listener
    }
}

async fn talk(chat: Arc<Chat>, person: User, topic: Topic) {
    for number in 0..100 {
        let text = format!("{} {number}", person.name);
        chat.post(&person, topic.clone(), chat.new_send_id(), &text, None).await.unwrap();
        tokio::task::yield_now().await;
    }
}

fn left(event: &Event) -> bool {
    matches!(event, Event::Left { .. })
}
