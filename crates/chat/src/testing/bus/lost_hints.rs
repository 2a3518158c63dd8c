//! Bus contract: hints that are lost, repeated or reordered.

use std::sync::Arc;

use super::Fresh;
use super::postman::Postman;
use super::tea::Tea;
use crate::ports::bus::Bus;

pub async fn what_was_not_told_is_made_good_by_the_next_hint(fresh: impl Fresh) {
    let Some([here, there]) = fresh() else { return };
    let postman = Postman::before(here);
    let tea = Tea::over([Arc::clone(&postman) as Arc<dyn Bus>, there]).await;
    let mut ben = tea.ben_listens().await;
    ben.until_seq(&tea.topic, 2).await;

    postman.keep();
    for number in 3..=150 {
        tea.here.say(&tea.ann, tea.group, &format!("line {number}")).await;
    }
    assert_eq!(postman.give().len(), 148, "one hint for each line, and all are lost");
    tea.here.say(&tea.ann, tea.group, "did you get that?").await;
    ben.until_seq(&tea.topic, 151).await;
    assert_eq!(ben.seqs(&tea.topic), (1..=151).collect::<Vec<_>>());
}

pub async fn hints_in_any_order_and_twice_tell_the_same(fresh: impl Fresh) {
    let Some([here, there]) = fresh() else { return };
    let postman = Postman::before(Arc::clone(&here));
    let tea = Tea::over([Arc::clone(&postman) as Arc<dyn Bus>, there]).await;
    let (mut ann, mut ben) = (tea.ann_listens().await, tea.ben_listens().await);
    postman.keep();
    for number in 3..=20 {
        tea.here.say(&tea.ann, tea.group, &format!("line {number}")).await;
    }
    let hints = postman.give();
    for hint in hints.iter().rev().chain(&hints) {
        here.announce(hint.clone());
        ben.take(64).await;
    }
    for listener in [&mut ann, &mut ben] {
        listener.until_seq(&tea.topic, 20).await;
        listener.take_all().await;
        assert_eq!(listener.seqs(&tea.topic), (1..=20).collect::<Vec<_>>());
    }
}
