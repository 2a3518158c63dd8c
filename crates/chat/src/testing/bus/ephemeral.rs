//! Bus contract: typing, read state and presence over nodes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;
use wire::Seq;

use super::Fresh;
use super::tea::Tea;
use crate::ports::bus::{Hint, NodeId, Presence};
use crate::testing::{Node, User};

/// The time after which something that was not seen is done again: ephemeral events may be lost.
const AGAIN: Duration = Duration::from_secs(2);
/// The number of times that it is done: more than any machine needs.
const ATTEMPTS: usize = 20;

fn is_presence(told: &Value, here: &[&User]) -> bool {
    let mut ids: Vec<String> = here.iter().map(|user| user.id.to_string()).collect();
    ids.sort();
    told["event"] == "presence" && told["here"] == json!(ids) && told["away"] == json!([])
}

/// Waits until a page that is opened on a node shows these users.
async fn until_present(tea: &Tea, node: &Node, users: &[&User]) {
    let mut expected: Vec<_> = users.iter().map(|user| user.id).collect();
    expected.sort();
    let shown = async {
        loop {
            let presence = node.chat.presence(&tea.ann.caller(), &tea.topic).await.unwrap();
            if presence == (Presence { here: expected.clone(), away: Vec::new() }) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(timeout(Duration::from_secs(90), shown).await.is_ok(), "never present: {expected:?}");
}

pub async fn ben_sees_that_ann_types_on_the_other_node(fresh: impl Fresh) {
    let Some(buses) = fresh() else { return };
    let tea = Tea::over(buses).await;
    let (mut ann, mut ben) = (tea.ann_listens().await, tea.ben_listens().await);
    let typing = |told: &Value| told["event"] == "typing" && told["person"]["id"] == json!(tea.ann.id);
    for attempt in 1.. {
        tea.here.chat.typing(&tea.ann, &tea.topic).await.unwrap();
        if timeout(AGAIN, ben.until_told(typing)).await.is_ok() {
            break;
        }
        assert!(attempt < ATTEMPTS, "ben never saw it");
    }
    ann.until_told(typing).await;
}

pub async fn ann_sees_how_far_ben_has_read_on_the_other_node(fresh: impl Fresh) {
    let Some(buses) = fresh() else { return };
    let tea = Tea::over(buses).await;
    let (mut ann, mut ben) = (tea.ann_listens().await, tea.ben_listens().await);
    for attempt in 1.. {
        let said = tea.here.say(&tea.ann, tea.group, "did you read this?").await;
        ben.until_seq(&tea.topic, said.seq.0).await;
        tea.there.chat.set_read(&tea.ben, &tea.topic, said.seq, false).await.unwrap();
        let has_read = |told: &Value| {
            let marks = told["marks"].as_array().into_iter().flatten();
            let of_ben = marks.filter(|mark| mark["user"] == json!(tea.ben.id));
            of_ben.map(|mark| Seq(mark["read"].as_u64().unwrap())).any(|read| read >= said.seq)
        };
        if timeout(AGAIN, ann.until_told(has_read)).await.is_ok() {
            break;
        }
        assert!(attempt < ATTEMPTS, "ann never saw it");
    }
}

pub async fn everyone_is_present_on_whichever_node_they_are(fresh: impl Fresh) {
    let Some(buses) = fresh() else { return };
    let tea = Tea::over(buses).await;
    let mut ann = tea.ann_listens().await;
    ann.until_told(|told| is_presence(told, &[&tea.ann])).await;
    let mut ben = tea.ben_listens().await;
    for listener in [&mut ann, &mut ben] {
        listener.until_told(|told| is_presence(told, &[&tea.ann, &tea.ben])).await;
    }
    for node in [&tea.here, &tea.there] {
        until_present(&tea, node, &[&tea.ann, &tea.ben]).await;
    }
}

pub async fn who_closes_their_page_is_gone_on_the_other_node(fresh: impl Fresh) {
    let Some(buses) = fresh() else { return };
    let tea = Tea::over(buses).await;
    let (ann, mut ben) = (tea.ann_listens().await, tea.ben_listens().await);
    until_present(&tea, &tea.there, &[&tea.ann, &tea.ben]).await;
    ben.until_told(|told| is_presence(told, &[&tea.ann, &tea.ben])).await;
    drop(ann);
    ben.until_told(|told| is_presence(told, &[&tea.ben])).await;
    until_present(&tea, &tea.there, &[&tea.ben]).await;
}

pub async fn a_node_that_ends_says_so(fresh: impl Fresh) {
    let Some([here, there]) = fresh() else { return };
    let mut hints = there.listen();
    let tea = Tea::over([here, there]).await;
    let (_ann, mut ben) = (tea.ann_listens().await, tea.ben_listens().await);
    ben.until_told(|told| is_presence(told, &[&tea.ann, &tea.ben])).await;
    tea.here.chat.shut_down().await.unwrap();
    let bye = async { while !matches!(hints.next().await, Some(Hint::Bye { .. })) {} };
    assert!(timeout(Duration::from_secs(60), bye).await.is_ok(), "the other node was not told");
    ben.until_told(|told| is_presence(told, &[&tea.ben])).await;
}

pub async fn users_of_a_node_that_falls_silent_are_gone_in_time(fresh: impl Fresh) {
    let Some([here, there]) = fresh() else { return };
    let tea = Tea::over([Arc::clone(&here), there]).await;
    let mut ben = tea.ben_listens().await;
    let log = tea.ann.caller().log(tea.topic.clone());
    // A third node, which says this once and nothing after it.
    let presence = Presence { here: vec![tea.ann.id], away: Vec::new() };
    let hint = Hint::Presence { from: NodeId(7), log, presence, is_refresh: false };
    for attempt in 1.. {
        here.announce(hint.clone());
        if timeout(AGAIN, ben.until_told(|told| is_presence(told, &[&tea.ann, &tea.ben]))).await.is_ok() {
            break;
        }
        assert!(attempt < ATTEMPTS, "the third node was never heard");
    }
    until_present(&tea, &tea.there, &[&tea.ben]).await;
}
