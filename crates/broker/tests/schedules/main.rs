//! The promises of the broker, in whatever order things happen; `cargo xtask test schedules` runs the tests.
//!
//! Publisher, connections and shards are threads of which one goes on at a time, and at every lock and atomic a
//! scheduler decides which: by chance, or by priorities that change at a few places, which finds what takes one unlucky
//! moment (Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010).
//! Shards go on only when they are woken, and a connection's task only when it is called, so one that is forgotten stays
//! behind. The seeds are fixed; with `HUBBUB_ORDERS=100000` that many orders are tried by each scheduler. An order
//! that fails is printed, and `shuttle::replay` takes it.
//!
//! Here every step is seen by all threads at once: an `Ordering` that is too weak is not found.

mod person;
mod world;

use std::sync::Arc;

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, MaxSteps, Runner, thread};
use wire::UserId;

use crate::person::Person;
use crate::world::{Running, World, settle};

const ANN: UserId = UserId::from_bytes([1; 10]);
const BEN: UserId = UserId::from_bytes([2; 10]);
const CAL: UserId = UserId::from_bytes([3; 10]);

/// More bytes than any story has.
const EVERYTHING: usize = 1_000;
/// So few that a log keeps no second entry, and history has the rest.
const ONE_ENTRY: usize = 3;
/// In how many orders each scheduler tells a story.
const ORDERS: usize = 6_000;

#[test]
fn everybody_gets_every_entry_once_and_in_order_from_the_start_or_late_or_after_a_cut() {
    search(|| {
        let (world, shards) = World::new(EVERYTHING);
        let [mut ann, mut ben, mut cal] = [ANN, BEN, CAL].map(|name| Person::new(&world, name));
        // Only ben's is the second shard, which knows nothing of the topic before he comes.
        ann.read(|_| true);
        cal.read(|_| true);
        let shards = Running::work(shards);
        let committing = thread::spawn(move || {
            world.commit(1);
            world.commit(2);
            world.commit(1);
        });
        let ann = thread::spawn(|| ann.live());
        let ben = thread::spawn(|| {
            ben.read(|_| true);
            ben.live()
        });
        let cal = thread::spawn(|| {
            cal.attend();
            cal.resume();
            cal.live()
        });
        committing.join().unwrap();
        for person in settle(shards, [ann, ben, cal]) {
            assert_eq!(person.seen, [1, 2, 3, 4]);
        }
    });
}

#[test]
fn a_topic_whose_readers_come_and_go_so_that_it_is_often_forgotten_loses_nothing_for_them() {
    search(|| {
        let (world, shards) = World::new(EVERYTHING);
        let people = [Person::reading(&world, ANN), Person::reading(&world, BEN)];
        let shards = Running::work(shards);
        let committing = Arc::clone(&world);
        let committing = thread::spawn(move || (0..4).for_each(|_| committing.commit(1)));
        let people = people.map(|mut person| {
            thread::spawn(|| {
                for _ in 0..2 {
                    person.attend();
                    person.resume();
                }
                person.live()
            })
        });
        committing.join().unwrap();
        for person in settle(shards, people) {
            assert_eq!(person.seen, [1, 2, 3, 4]);
        }
        assert_eq!(world.broker.topics(), 0, "everybody is gone");
    });
}

#[test]
fn whoever_falls_behind_the_log_gets_what_it_has_forgotten_from_history_and_the_rest_from_the_log() {
    search(|| {
        let (world, shards) = World::new(7);
        let people = [Person::reading(&world, ANN), Person::reading(&world, BEN)];
        let shards = Running::work(shards);
        let forgetting = Arc::clone(&world);
        let forgetting = thread::spawn(move || (0..3).for_each(|_| forgetting.broker.shrink_idle()));
        let other_node = Arc::clone(&world);
        let other_node = thread::spawn(move || (0..2).for_each(|_| other_node.learn()));
        let committing = thread::spawn(move || {
            world.commit(2);
            world.commit(2);
        });
        let people = people.map(|person| thread::spawn(|| person.live()));
        for thread in [forgetting, other_node, committing] {
            thread.join().unwrap();
        }
        for person in settle(shards, people) {
            assert_eq!(person.seen, [1, 2, 3, 4, 5, 6]);
        }
    });
}

#[test]
fn who_loses_the_right_to_read_gets_the_entry_that_says_so_and_nothing_later() {
    for log_bytes in [EVERYTHING, ONE_ENTRY] {
        search(move || {
            let (world, shards) = World::new(log_bytes);
            let ben = Person::reading(&world, BEN);
            let shards = Running::work(shards);
            let committing = thread::spawn(move || {
                world.part(BEN);
                world.commit(1);
            });
            let ben = thread::spawn(|| ben.live());
            committing.join().unwrap();
            let [ben] = settle(shards, [ben]);
            assert_eq!((ben.seen, ben.ended), (vec![1], true));
        });
    }
}

#[test]
fn who_comes_while_the_right_to_read_is_lost_is_turned_away_or_had_it_until_then() {
    search(|| {
        let (world, shards) = World::new(EVERYTHING);
        let [ann, mut ben] = [Person::reading(&world, ANN), Person::new(&world, BEN)];
        let shards = Running::work(shards);
        let committing = thread::spawn(move || {
            world.commit(1);
            world.part(BEN);
            world.commit(1);
        });
        let ben = thread::spawn(|| {
            ben.read(|world| !world.has_parted());
            ben.live()
        });
        let ann = thread::spawn(|| ann.live());
        committing.join().unwrap();
        let [ann, ben] = settle(shards, [ann, ben]);
        assert_eq!(ann.seen, [1, 2, 3]);
        assert_eq!(ben.seen, if ben.ended { vec![1, 2] } else { vec![] });
    });
}

#[test]
fn who_loses_the_right_to_read_while_nothing_is_published_is_told_so_and_hears_nothing_more() {
    for goes_on in [false, true] {
        search(move || {
            let (world, shards) = World::new(EVERYTHING);
            let ann = Person::reading(&world, ANN);
            let shards = Running::work(shards);
            let ending = thread::spawn(move || {
                world.signal(1);
                world.close();
                if goes_on {
                    world.signal(2);
                }
            });
            let ann = thread::spawn(|| ann.live());
            ending.join().unwrap();
            let [ann] = settle(shards, [ann]);
            assert!(ann.ended && !ann.told.contains(&2), "{:?}", ann.told);
        });
    }
}

#[test]
fn after_delivery_is_closed_nothing_goes_out_that_was_published_later() {
    for log_bytes in [EVERYTHING, ONE_ENTRY] {
        search(move || {
            let (world, shards) = World::new(log_bytes);
            let [ann, ben] = [Person::reading(&world, ANN), Person::reading(&world, BEN)];
            let shards = Running::work(shards);
            let close = ben.close_handle();
            let committing = thread::spawn(move || {
                world.commit(2);
                world.signal(1);
                close.close();
                world.commit(2);
                world.signal(2);
            });
            let people = [ann, ben].map(|person| thread::spawn(|| person.live()));
            committing.join().unwrap();
            let [ann, ben] = settle(shards, people);
            assert_eq!((ann.seen, ann.told), (vec![1, 2, 3, 4], vec![1, 2]));
            assert!(ben.over && ben.last() <= 2 && !ben.told.contains(&2), "{:?} {:?}", ben.seen, ben.told);
        });
    }
}

#[test]
fn a_socket_that_was_full_gets_the_rest_when_it_has_room() {
    for log_bytes in [EVERYTHING, ONE_ENTRY] {
        search(move || {
            let (world, shards) = World::new(log_bytes);
            let ann = Person::reading(&world, ANN);
            let peer = ann.peer();
            peer(0);
            let shards = Running::work(shards);
            let committing = thread::spawn(move || {
                world.commit(3);
                world.commit(1);
            });
            let peer = thread::spawn(move || [2, 5, 0, 1].map(peer));
            let ann = thread::spawn(|| ann.live());
            committing.join().unwrap();
            peer.join().unwrap();
            let [ann] = settle(shards, [ann]);
            assert_eq!(ann.seen, [1, 2, 3, 4]);
        });
    }
}

#[test]
fn what_is_told_in_passing_is_heard_in_order_by_all_who_listen() {
    search(|| {
        let (world, shards) = World::new(EVERYTHING);
        let [ann, mut ben] = [Person::reading(&world, ANN), Person::new(&world, BEN)];
        let shards = Running::work(shards);
        let telling = Arc::clone(&world);
        let telling = thread::spawn(move || (1..=3).for_each(|number| telling.signal(number)));
        let committing = thread::spawn(move || world.commit(2));
        let ann = thread::spawn(|| ann.live());
        let ben = thread::spawn(|| {
            ben.read(|_| true);
            ben.live()
        });
        telling.join().unwrap();
        committing.join().unwrap();
        let [ann, ben] = settle(shards, [ann, ben]);
        assert_eq!((ann.seen, ann.told), (vec![1, 2], vec![1, 2, 3]));
        assert_eq!(ben.seen, [1, 2]);
        assert!(ben.told.is_empty() || ben.told.last() == Some(&3), "{:?}", ben.told);
    });
}

/// Tells a story in many orders.
fn search(story: impl Fn() + Send + Sync + Clone + 'static) {
    let orders = std::env::var("HUBBUB_ORDERS").map_or(ORDERS, |orders| orders.parse().unwrap());
    let mut config = Config::new();
    config.stack_size = 256 * 1_024;
    config.silence_warnings = true;
    config.max_steps = MaxSteps::FailAfter(20_000);
    Runner::new(RandomScheduler::new_from_seed(1, orders), config.clone()).run(story.clone());
    Runner::new(PctScheduler::new_from_seed(1, 3, orders), config).run(story);
}
