//! Isolation of applications whose topics have the same name.

use std::collections::HashMap;

use broker::{Ended, Presence, PresenceChange, SubscriptionError};
use wire::{ApplicationId, Seq};

use crate::connection::{ANN, BEN, Connection, broker, frame, log_key_in, publish, run_passes};

#[test]
fn logs_of_the_same_topic_in_two_applications_share_no_entries_ephemeral_events_ends_or_presence() {
    let (broker, mut shards) = broker(1_000);
    broker.watch_presence();
    // User ids belong to an application too: the ann of one is not the ann of the other.
    let [one, two] = [ApplicationId::BUILT_IN, ApplicationId(2)].map(log_key_in);
    // Connections go to the two shards in turn, so each shard serves both logs.
    let [mut ann_in_one, mut ben_in_one, mut ann_in_two, mut ben_in_two] =
        [ANN, BEN, ANN, BEN].map(|user| Connection::new(&broker, user, usize::MAX));
    ann_in_one.subscribe(&one, 0, 0);
    ben_in_one.subscribe(&one, 0, 0);
    ann_in_two.subscribe(&two, 0, 0);
    assert_eq!(broker.topics(), 2);

    let both = Presence { here: vec![ANN, BEN], away: vec![] };
    assert_eq!(broker.presence(&one), both);
    assert_eq!(broker.presence(&two), Presence { here: vec![ANN], away: vec![] });
    let came =
        |users: &[_]| users.iter().map(|user| (*user, PresenceChange::Came)).collect::<HashMap<_, _>>();
    let changes = HashMap::from([(one.clone(), came(&[ANN, BEN])), (two.clone(), came(&[ANN]))]);
    assert_eq!(broker.take_presence_changes(), changes);
    ben_in_two.subscribe(&two, 0, 0);
    assert_eq!(broker.take_presence_changes(), HashMap::from([(two.clone(), came(&[BEN]))]));
    ann_in_two.outbound.set_idle(true);
    assert_eq!(broker.presence(&one), both);
    assert_eq!(broker.presence(&two), Presence { here: vec![BEN], away: vec![ANN] });
    let went = HashMap::from([(ANN, PresenceChange::Went)]);
    assert_eq!(broker.take_presence_changes(), HashMap::from([(two.clone(), went)]));

    // The same Seqs in both logs, with different frames, in one pass.
    publish(&broker, &one, 1..=3);
    (1..=2).for_each(|seq| broker.publish(&two, Seq(seq), || frame(200 + seq)));
    run_passes(&mut shards);
    for (in_one, in_two) in [(&ann_in_one, &ann_in_two), (&ben_in_one, &ben_in_two)] {
        assert_eq!((in_one.received(), in_two.received()), (vec![1, 2, 3], vec![201, 202]));
    }
    broker.signal(&one, || frame(91));
    broker.signal(&two, || frame(92));
    run_passes(&mut shards);
    for (in_one, in_two) in [(&ann_in_one, &ann_in_two), (&ben_in_one, &ben_in_two)] {
        assert_eq!((in_one.received(), in_two.received()), (vec![91], vec![92]));
    }

    // One user's end in one application, and then everybody's in the other.
    broker.end(&one, Ended::Of(ANN), Seq(3));
    publish(&broker, &one, 4..=4);
    broker.publish(&two, Seq(3), || frame(203));
    assert_eq!(ann_in_one.drain(), (vec![], vec![SubscriptionError::Ended { key: one.clone() }]));
    assert_eq!(ben_in_one.drain(), (vec![4], vec![]));
    assert_eq!(ann_in_two.drain(), (vec![203], vec![]));
    assert_eq!(ben_in_two.drain(), (vec![203], vec![]));
    assert_eq!(broker.presence(&one), Presence { here: vec![BEN], away: vec![] });
    assert_eq!(broker.presence(&two), Presence { here: vec![BEN], away: vec![ANN] });
    broker.end(&two, Ended::All, Seq(3));
    publish(&broker, &one, 5..=5);
    broker.publish(&two, Seq(4), || frame(204));
    for in_two in [&mut ann_in_two, &mut ben_in_two] {
        assert_eq!(in_two.drain(), (vec![], vec![SubscriptionError::Ended { key: two.clone() }]));
    }
    assert_eq!(ben_in_one.drain(), (vec![5], vec![]));
    assert_eq!(broker.presence(&one), Presence { here: vec![BEN], away: vec![] });
    assert_eq!((broker.presence(&two), broker.topics()), (Presence::default(), 1));
}
