//! Bus contract: delivery between nodes.

use std::sync::Arc;

use wire::{Event, Refusal};

use super::Fresh;
use super::tea::Tea;
use crate::service::error::Error;

pub async fn ben_hears_on_his_node_what_ann_says_on_hers(fresh: impl Fresh) {
    let Some(buses) = fresh() else { return };
    let tea = Tea::over(buses).await;
    let (mut ann, mut ben) = (tea.ann_listens().await, tea.ben_listens().await);
    for number in 3..=40 {
        tea.here.say(&tea.ann, tea.group, &format!("line {number}")).await;
        // Sometimes ben keeps up, sometimes his entries pile up.
        if number % 3 == 0 {
            ben.take(64).await;
        }
    }
    for listener in [&mut ann, &mut ben] {
        listener.until_seq(&tea.topic, 40).await;
        assert_eq!(listener.seqs(&tea.topic), (1..=40).collect::<Vec<_>>());
    }
    assert_eq!(ann.heard(), ben.heard());
}

pub async fn everyone_hears_one_order_whoever_writes_where(fresh: impl Fresh) {
    let Some(buses) = fresh() else { return };
    let tea = Tea::over(buses).await;
    let (mut ann, mut ben) = (tea.ann_listens().await, tea.ben_listens().await);
    let talk = |node: &crate::testing::Node, who: &crate::testing::User| {
        let (chat, who, topic) = (Arc::clone(&node.chat), who.clone(), tea.topic.clone());
        tokio::spawn(async move {
            for number in 0..30 {
                let text = format!("{} {number}", who.name);
                chat.post(&who, topic.clone(), chat.new_send_id(), &text, None).await.unwrap();
                tokio::task::yield_now().await;
            }
        })
    };
    let talking = [talk(&tea.here, &tea.ann), talk(&tea.there, &tea.ben)];
    for listener in [&mut ann, &mut ben] {
        listener.until_seq(&tea.topic, 62).await;
        assert_eq!(listener.seqs(&tea.topic), (1..=62).collect::<Vec<_>>());
    }
    assert_eq!(ann.heard(), ben.heard());
    for talk in talking {
        talk.await.unwrap();
    }
}

pub async fn who_leaves_on_one_node_hears_nothing_later_on_the_other(fresh: impl Fresh) {
    let Some(buses) = fresh() else { return };
    let tea = Tea::over(buses).await;
    let mut ben = tea.ben_listens().await;
    tea.here.say(&tea.ann, tea.group, "hello").await;
    tea.here.chat.leave(&tea.ben, tea.group).await.unwrap();
    tea.here.say(&tea.ann, tea.group, "behind his back").await;
    ben.until_ended(&tea.topic).await;
    assert_eq!(ben.seqs(&tea.topic), [1, 2, 3, 4], "up to his leave");
    assert_eq!(ben.events(&tea.topic).last(), Some(&Event::Left { person: tea.ben.person() }));

    tea.here.say(&tea.ann, tea.group, "still behind his back").await;
    ben.take_all().await;
    assert_eq!(ben.seqs(&tea.topic).len(), 4);
    let refused = ben.subscribe(&tea.topic, None).await;
    assert_eq!(refused, Err(Error::Refusal(Refusal::NotMember)));
}

pub async fn a_node_that_goes_leaves_the_others_talking(fresh: impl Fresh) {
    let Some(buses) = fresh() else { return };
    let tea = Tea::over(buses).await;
    let mut ben = tea.ben_listens().await;
    tea.here.say(&tea.ann, tea.group, "I restart").await;
    tea.here.chat.shut_down().await.unwrap();
    tea.there.say(&tea.ben, tea.group, "see you").await;
    ben.until_seq(&tea.topic, 4).await;
    assert_eq!(ben.seqs(&tea.topic), [1, 2, 3, 4]);
}
