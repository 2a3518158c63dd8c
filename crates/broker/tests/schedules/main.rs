//! The broker's promises in every order of its threads; `cargo xtask test schedules` runs the tests.
//!
//! Publishers, connections and shards are threads, of which one runs at a time. At every lock and atomic a scheduler
//! decides which one continues: at random, or by priorities that change at a few points, which finds bugs that need one
//! unlucky moment (Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS
//! 2010). A shard runs only when it was woken, and so does a connection's task, so a forgotten wake leaves entries
//! undelivered. The seeds are fixed; with `HUBBUB_ORDERS=100000` each scheduler tries that many orders. An order that
//! fails is printed, and `shuttle::replay` repeats it.
//!
//! All threads see every step at once here, so these tests do not find an `Ordering` that is too weak.

mod user;
mod world;

use std::sync::Arc;

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, MaxSteps, Runner, thread};
use wire::UserId;

use crate::user::User;
use crate::world::{Fact, RunningShard, Tailer, World, settle};

const ANN: UserId = UserId::from_bytes([1; 10]);
const BEN: UserId = UserId::from_bytes([2; 10]);
const CAL: UserId = UserId::from_bytes([3; 10]);

/// The bytes of a log that keeps every entry of a scenario.
const ALL_ENTRIES: usize = 1_000;
/// The bytes of a log that keeps one entry; the others are in history.
const ONE_ENTRY: usize = 3;
/// The number of orders in which each scheduler runs a scenario.
const ORDERS: usize = 6_000;

#[test]
fn early_late_and_reconnected_subscribers_get_every_entry_once_and_in_order() {
    check(|| {
        let (world, shards) = World::new(ALL_ENTRIES);
        let [mut ann, mut ben, mut cal] = [ANN, BEN, CAL].map(|id| User::new(&world, id));
        // Only ben is on the second shard, which has no subscriber of the topic before he subscribes.
        ann.subscribe();
        cal.subscribe();
        let tailer = Tailer::new(&world, 2, false).spawn();
        let shards = RunningShard::spawn(shards);
        let publisher = thread::spawn(move || {
            world.commit(1);
            world.commit(2);
            world.commit(1);
        });
        let ann = thread::spawn(|| ann.run());
        let ben = thread::spawn(|| {
            ben.subscribe();
            ben.run()
        });
        let cal = thread::spawn(|| {
            cal.poll_task();
            cal.reconnect();
            cal.run()
        });
        publisher.join().unwrap();
        for user in settle(tailer, shards, [ann, ben, cal]) {
            assert_eq!(user.entries, [1, 2, 3, 4]);
        }
    });
}

#[test]
fn subscribers_miss_no_entry_when_the_topic_is_dropped_between_their_connections() {
    check(|| {
        let (world, shards) = World::new(ALL_ENTRIES);
        let users = [User::subscribed(&world, ANN), User::subscribed(&world, BEN)];
        let tailer = Tailer::new(&world, 2, false).spawn();
        let shards = RunningShard::spawn(shards);
        let publisher = Arc::clone(&world);
        let publisher = thread::spawn(move || (0..4).for_each(|_| publisher.commit(1)));
        let users = users.map(|mut user| {
            thread::spawn(|| {
                for _ in 0..2 {
                    user.poll_task();
                    user.reconnect();
                }
                user.run()
            })
        });
        publisher.join().unwrap();
        for user in settle(tailer, shards, users) {
            assert_eq!(user.entries, [1, 2, 3, 4]);
        }
        assert_eq!(world.broker.topics(), 0, "no subscriber is left");
    });
}

#[test]
fn subscribers_behind_the_log_recover_from_history_and_continue_from_the_log() {
    check(|| {
        let (world, shards) = World::new(7);
        let users = [User::subscribed(&world, ANN), User::subscribed(&world, BEN)];
        let tailer = Tailer::new(&world, 2, false).spawn();
        let shards = RunningShard::spawn(shards);
        let shrinking = Arc::clone(&world);
        let shrinking = thread::spawn(move || (0..3).for_each(|_| shrinking.broker.shrink_idle()));
        let other_node = Arc::clone(&world);
        let other_node =
            thread::spawn(move || (0..2).for_each(|_| other_node.commit_elsewhere(&[Fact::Said])));
        let publisher = thread::spawn(move || {
            world.commit(2);
            world.commit(2);
        });
        let users = users.map(|user| thread::spawn(|| user.run()));
        for thread in [shrinking, other_node, publisher] {
            thread.join().unwrap();
        }
        for user in settle(tailer, shards, users) {
            assert_eq!(user.entries, [1, 2, 3, 4, 5, 6]);
        }
    });
}

#[test]
fn a_removed_subscriber_gets_the_entry_that_removes_it_and_nothing_later() {
    for log_bytes in [ALL_ENTRIES, ONE_ENTRY] {
        check(move || {
            let (world, shards) = World::new(log_bytes);
            let ben = User::subscribed(&world, BEN);
            let tailer = Tailer::new(&world, 2, false).spawn();
            let shards = RunningShard::spawn(shards);
            let publisher = thread::spawn(move || {
                world.remove(BEN);
                world.commit(1);
            });
            let ben = thread::spawn(|| ben.run());
            publisher.join().unwrap();
            let [ben] = settle(tailer, shards, [ben]);
            assert_eq!((ben.entries, ben.ended), (vec![1], true));
        });
    }
}

#[test]
fn a_subscribe_during_a_removal_is_refused_or_gets_the_entries_up_to_it() {
    check(|| {
        let (world, shards) = World::new(ALL_ENTRIES);
        let [ann, mut ben] = [User::subscribed(&world, ANN), User::new(&world, BEN)];
        let tailer = Tailer::new(&world, 2, false).spawn();
        let shards = RunningShard::spawn(shards);
        let publisher = thread::spawn(move || {
            world.commit(1);
            world.remove(BEN);
            world.commit(1);
        });
        let ben = thread::spawn(|| {
            ben.subscribe();
            ben.run()
        });
        let ann = thread::spawn(|| ann.run());
        publisher.join().unwrap();
        let [ann, ben] = settle(tailer, shards, [ann, ben]);
        assert_eq!(ann.entries, [1, 2, 3]);
        assert_eq!(ben.entries, if ben.ended { vec![1, 2] } else { vec![] });
    });
}

#[test]
fn a_subscription_that_ends_without_a_new_entry_is_reported_and_gets_no_later_ephemeral_event() {
    for signals_later in [false, true] {
        check(move || {
            let (world, shards) = World::new(ALL_ENTRIES);
            let ann = User::subscribed(&world, ANN);
            let tailer = Tailer::new(&world, 2, false).spawn();
            let shards = RunningShard::spawn(shards);
            let publisher = thread::spawn(move || {
                world.signal(1);
                world.delete();
                if signals_later {
                    world.signal(2);
                }
            });
            let ann = thread::spawn(|| ann.run());
            publisher.join().unwrap();
            let [ann] = settle(tailer, shards, [ann]);
            assert!(ann.ended && !ann.events.contains(&2), "{:?}", ann.events);
        });
    }
}

#[test]
fn a_closed_connection_gets_nothing_that_was_published_after_the_close() {
    for log_bytes in [ALL_ENTRIES, ONE_ENTRY] {
        check(move || {
            let (world, shards) = World::new(log_bytes);
            let [ann, ben] = [User::subscribed(&world, ANN), User::subscribed(&world, BEN)];
            let tailer = Tailer::new(&world, 2, false).spawn();
            let shards = RunningShard::spawn(shards);
            let close = ben.close_handle();
            let publisher = thread::spawn(move || {
                world.commit(2);
                world.signal(1);
                close.close();
                world.commit(2);
                world.signal(2);
            });
            let users = [ann, ben].map(|user| thread::spawn(|| user.run()));
            publisher.join().unwrap();
            let [ann, ben] = settle(tailer, shards, users);
            assert_eq!((ann.entries, ann.events), (vec![1, 2, 3, 4], vec![1, 2]));
            assert!(
                ben.closed && ben.cursor() <= 2 && !ben.events.contains(&2),
                "{:?} {:?}",
                ben.entries,
                ben.events
            );
        });
    }
}

#[test]
fn a_full_socket_gets_the_remaining_entries_once_it_has_room() {
    for log_bytes in [ALL_ENTRIES, ONE_ENTRY] {
        check(move || {
            let (world, shards) = World::new(log_bytes);
            let ann = User::subscribed(&world, ANN);
            let peer = ann.peer();
            peer(0);
            let tailer = Tailer::new(&world, 2, false).spawn();
            let shards = RunningShard::spawn(shards);
            let publisher = thread::spawn(move || {
                world.commit(3);
                world.commit(1);
            });
            let peer = thread::spawn(move || [2, 5, 0, 1].map(peer));
            let ann = thread::spawn(|| ann.run());
            publisher.join().unwrap();
            peer.join().unwrap();
            let [ann] = settle(tailer, shards, [ann]);
            assert_eq!(ann.entries, [1, 2, 3, 4]);
        });
    }
}

#[test]
fn every_subscriber_gets_ephemeral_events_in_order() {
    check(|| {
        let (world, shards) = World::new(ALL_ENTRIES);
        let [ann, mut ben] = [User::subscribed(&world, ANN), User::new(&world, BEN)];
        let tailer = Tailer::new(&world, 2, false).spawn();
        let shards = RunningShard::spawn(shards);
        let signals = Arc::clone(&world);
        let signals = thread::spawn(move || (1..=3).for_each(|number| signals.signal(number)));
        let publisher = thread::spawn(move || world.commit(2));
        let ann = thread::spawn(|| ann.run());
        let ben = thread::spawn(|| {
            ben.subscribe();
            ben.run()
        });
        signals.join().unwrap();
        publisher.join().unwrap();
        let [ann, ben] = settle(tailer, shards, [ann, ben]);
        assert_eq!((ann.entries, ann.events), (vec![1, 2], vec![1, 2, 3]));
        assert_eq!(ben.entries, [1, 2]);
        assert!(ben.events.is_empty() || ben.events.last() == Some(&3), "{:?}", ben.events);
    });
}

#[test]
fn entries_of_two_nodes_go_out_in_one_order_without_a_hole() {
    for log_bytes in [ALL_ENTRIES, ONE_ENTRY] {
        check(move || {
            let (world, shards) = World::new(log_bytes);
            let [ann, mut ben] = [User::subscribed(&world, ANN), User::new(&world, BEN)];
            let tailer = Tailer::new(&world, 2, false).spawn();
            let shards = RunningShard::spawn(shards);
            let other_node = Arc::clone(&world);
            let other_node = thread::spawn(move || {
                other_node.commit_elsewhere(&[Fact::Said]);
                other_node.commit_elsewhere(&[Fact::Said; 2]);
            });
            let publisher = thread::spawn(move || (0..3).for_each(|_| world.commit(1)));
            let ann = thread::spawn(|| ann.run());
            let ben = thread::spawn(|| {
                ben.subscribe();
                ben.run()
            });
            publisher.join().unwrap();
            other_node.join().unwrap();
            for user in settle(tailer, shards, [ann, ben]) {
                assert_eq!(user.entries, [1, 2, 3, 4, 5, 6]);
            }
        });
    }
}

#[test]
fn who_is_removed_on_another_node_gets_the_entry_that_removes_them_and_nothing_later() {
    for skips in [false, true] {
        check(move || {
            let (world, shards) = World::new(ALL_ENTRIES);
            let users = [User::subscribed(&world, ANN), User::subscribed(&world, BEN)];
            let tailer = Tailer::new(&world, 2, skips).spawn();
            let shards = RunningShard::spawn(shards);
            let other_node = Arc::clone(&world);
            let other_node = thread::spawn(move || {
                other_node.commit_elsewhere(&[Fact::Said]);
                other_node.commit_elsewhere(&[Fact::Removed(BEN), Fact::Said]);
            });
            let here = Arc::clone(&world);
            let publisher = thread::spawn(move || (0..2).for_each(|_| here.commit(1)));
            let users = users.map(|user| thread::spawn(|| user.run()));
            publisher.join().unwrap();
            other_node.join().unwrap();
            let [ann, ben] = settle(tailer, shards, users);
            assert_eq!(ann.entries, [1, 2, 3, 4, 5]);
            assert_eq!(ben.entries, (1..=world.seq_of(Fact::Removed(BEN))).collect::<Vec<_>>());
            assert!(ben.ended);
        });
    }
}

#[test]
fn who_subscribes_while_two_nodes_write_has_the_right_that_the_log_gives() {
    for (skips, reads_before) in [(false, false), (true, false), (false, true), (true, true)] {
        check(move || {
            let (world, shards) = World::new(ALL_ENTRIES);
            // With a reader before ben, this node has seen entries when he subscribes.
            let [mut ann, mut ben] = [User::new(&world, ANN), User::new(&world, BEN)];
            if reads_before {
                ann.subscribe();
            }
            let tailer = Tailer::new(&world, 1, skips).spawn();
            let shards = RunningShard::spawn(shards);
            let other_node = Arc::clone(&world);
            let other_node = thread::spawn(move || {
                other_node.commit_elsewhere(&[Fact::Removed(BEN)]);
                other_node.commit_elsewhere(&[Fact::Said]);
            });
            let here = Arc::clone(&world);
            let publisher = thread::spawn(move || {
                here.commit(1);
                here.commit(1);
            });
            let ann = thread::spawn(move || {
                if !reads_before {
                    ann.subscribe();
                }
                ann.run()
            });
            let ben = thread::spawn(|| {
                ben.subscribe();
                ben.run()
            });
            publisher.join().unwrap();
            other_node.join().unwrap();
            let [ann, ben] = settle(tailer, shards, [ann, ben]);
            assert_eq!(ann.entries, [1, 2, 3, 4]);
            let removed = world.seq_of(Fact::Removed(BEN));
            assert_ne!(ben.ended, ben.refused);
            assert_eq!(ben.entries, if ben.ended { (1..=removed).collect() } else { vec![] });
        });
    }
}

#[test]
fn who_comes_back_is_not_cut_off_by_the_entry_that_removed_them() {
    for skips in [false, true] {
        check(move || {
            let (world, shards) = World::new(ALL_ENTRIES);
            let [ann, mut ben] = [User::subscribed(&world, ANN), User::new(&world, BEN)];
            let tailer = Tailer::new(&world, 1, skips).spawn();
            let shards = RunningShard::spawn(shards);
            let other_node = Arc::clone(&world);
            let other_node = thread::spawn(move || {
                other_node.commit_elsewhere(&[Fact::Removed(BEN)]);
                other_node.commit_elsewhere(&[Fact::Joined(BEN)]);
            });
            let here = Arc::clone(&world);
            let publisher = thread::spawn(move || here.commit(1));
            let ann = thread::spawn(|| ann.run());
            let ben = thread::spawn(|| {
                ben.subscribe();
                ben.run()
            });
            publisher.join().unwrap();
            other_node.join().unwrap();
            let [ann, ben] = settle(tailer, shards, [ann, ben]);
            assert_eq!(ann.entries, [1, 2, 3]);
            let removed = world.seq_of(Fact::Removed(BEN));
            let all = match (ben.refused, ben.began < removed) {
                (true, _) => vec![],
                (false, true) => (1..=removed).collect(),
                (false, false) => vec![1, 2, 3],
            };
            assert_eq!(ben.ended, !ben.refused && ben.began < removed);
            assert_eq!(ben.entries, all);
        });
    }
}

#[test]
fn a_new_subscriber_shows_what_this_node_has_missed() {
    check(|| {
        let (world, shards) = World::new(ALL_ENTRIES);
        let [ann, mut ben] = [User::subscribed(&world, ANN), User::new(&world, BEN)];
        let tailer = Tailer::new(&world, 1, false).spawn();
        let shards = RunningShard::spawn(shards);
        let here = Arc::clone(&world);
        let ann = thread::spawn(|| ann.run());
        let ben = thread::spawn(move || {
            // The hint is lost.
            here.commit_unheard(&[Fact::Said; 2]);
            ben.subscribe();
            ben.run()
        });
        for user in settle(tailer, shards, [ann, ben]) {
            assert_eq!(user.entries, [1, 2]);
        }
    });
}

#[test]
fn where_entries_were_lost_the_right_is_checked_again_before_anything_later() {
    check(|| {
        let (world, shards) = World::new(ALL_ENTRIES);
        let users = [User::subscribed(&world, ANN), User::subscribed(&world, BEN)];
        let tailer = Tailer::new(&world, 2, false).spawn();
        let shards = RunningShard::spawn(shards);
        let other_node = Arc::clone(&world);
        let other_node = thread::spawn(move || {
            other_node.commit_elsewhere(&[Fact::Removed(BEN), Fact::Said]);
            other_node.lose_all();
            other_node.commit_elsewhere(&[Fact::Said]);
        });
        let here = Arc::clone(&world);
        let publisher = thread::spawn(move || here.commit(1));
        let users = users.map(|user| thread::spawn(|| user.run()));
        publisher.join().unwrap();
        other_node.join().unwrap();
        let [ann, ben] = settle(tailer, shards, users);
        assert_eq!(ann.cursor(), 4, "{:?}", ann.entries);
        assert!(ben.ended || ben.refused);
        let removed = world.seq_of(Fact::Removed(BEN));
        assert!(ben.entries.iter().all(|seq| *seq <= removed), "{:?}", ben.entries);
    });
}

/// Runs a scenario in many orders.
fn check(scenario: impl Fn() + Send + Sync + Clone + 'static) {
    let orders = std::env::var("HUBBUB_ORDERS").map_or(ORDERS, |orders| orders.parse().unwrap());
    let mut config = Config::new();
    config.stack_size = 256 * 1_024;
    config.silence_warnings = true;
    config.max_steps = MaxSteps::FailAfter(20_000);
    Runner::new(RandomScheduler::new_from_seed(1, orders), config.clone()).run(scenario.clone());
    Runner::new(PctScheduler::new_from_seed(1, 3, orders), config).run(scenario);
}
