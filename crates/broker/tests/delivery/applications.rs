//! Isolation of applications whose topics have the same name.

use std::collections::HashMap;

use broker::{Ends, Presence, PresenceChange, SubscriptionError};
use wire::{ApplicationId, Seq};

use crate::connection::{
    ANN, BEN, Connection, broker, frame, log_key_in, publish, publish_ending, run_passes,
};

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
    let in_two = |seq| broker.admit(&two, Seq(seq), &Ends::Nobody, || frame(200 + seq));
    (1..=2).for_each(in_two);
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
    publish_ending(&broker, &one, 4, &Ends::of(ANN));
    publish(&broker, &one, 5..=5);
    in_two(3);
    assert_eq!(ann_in_one.drain(), (vec![4], vec![SubscriptionError::Ended { key: one.clone() }]));
    assert_eq!(ben_in_one.drain(), (vec![4, 5], vec![]));
    assert_eq!(ann_in_two.drain(), (vec![203], vec![]));
    assert_eq!(ben_in_two.drain(), (vec![203], vec![]));
    assert_eq!(broker.presence(&one), Presence { here: vec![BEN], away: vec![] });
    assert_eq!(broker.presence(&two), Presence { here: vec![BEN], away: vec![ANN] });
    broker.close(&two);
    publish(&broker, &one, 6..=6);
    in_two(4);
    for in_two in [&mut ann_in_two, &mut ben_in_two] {
        assert_eq!(in_two.drain(), (vec![], vec![SubscriptionError::Ended { key: two.clone() }]));
    }
    assert_eq!(ben_in_one.drain(), (vec![6], vec![]));
    assert_eq!(broker.presence(&one), Presence { here: vec![BEN], away: vec![] });
    assert_eq!((broker.presence(&two), broker.topics()), (Presence::default(), 1));
}
