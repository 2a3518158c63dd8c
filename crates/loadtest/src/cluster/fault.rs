//! The faults of a cluster run, and the order in which they come.

use std::time::Duration;

use services::Mode;

use super::BusKind;
use crate::lateness::Phase;
use crate::run::Chaos;

/// A fault. Each ends before the next one begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A node is killed and starts again.
    KillNode(usize),
    /// A node stands still for some seconds, as a virtual machine that is moved does.
    PauseNode(usize),
    /// A service is killed and starts again.
    Kill(Part),
    /// A service stands still for some seconds.
    Pause(Part),
    /// The connections of a node to a service fail for some seconds.
    Link(usize, Part, Mode),
    /// The connections of a node to the database break while answers are on their way, some times: it cannot know which
    /// of its commits were made.
    LoseAnswers(usize),
}

/// A service of the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Database,
    Bus,
}

/// The kinds of faults in a seeded order, each once before the first comes again.
#[derive(Debug)]
pub(super) struct Faults {
    kinds: Vec<Fault>,
    left: Vec<Fault>,
}

/// The delay of a slow connection to the database: so long that between two reads of a node a session can end, its end be
/// answered, and a message be sent after that.
const DELAY: Duration = Duration::from_millis(150);

impl Fault {
    /// Returns the state of the cluster while it lasts.
    pub(super) const fn phase(self) -> Phase {
        match self {
            Self::Kill(Part::Bus) | Self::Pause(Part::Bus) | Self::Link(_, Part::Bus, _) => Phase::BusFault,
            _ => Phase::OtherFault,
        }
    }

    /// Returns the node whose connection to the database is slow, if there is one.
    pub(super) const fn slow_node(self) -> Option<usize> {
        match self {
            Self::Link(node, Part::Database, Mode::Delay(_)) => Some(node),
            _ => None,
        }
    }

    const fn at(self, node: usize) -> Self {
        match self {
            Self::KillNode(_) => Self::KillNode(node),
            Self::PauseNode(_) => Self::PauseNode(node),
            Self::Link(_, part, mode) => Self::Link(node, part, mode),
            Self::LoseAnswers(_) => Self::LoseAnswers(node),
            Self::Kill(_) | Self::Pause(_) => self,
        }
    }
}

impl Faults {
    pub(super) fn new(bus: BusKind, chaos: &Chaos) -> Self {
        let mut kinds = vec![Fault::KillNode(0), Fault::PauseNode(0), Fault::LoseAnswers(0)];
        kinds.extend([Fault::Kill(Part::Database), Fault::Pause(Part::Database)]);
        kinds.extend(
            [Mode::Cut, Mode::Freeze, Mode::Delay(DELAY)].map(|mode| Fault::Link(0, Part::Database, mode)),
        );
        if bus != BusKind::None {
            kinds.extend([Fault::Kill(Part::Bus), Fault::Pause(Part::Bus)]);
            kinds.extend(
                [Mode::Cut, Mode::OneWay, Mode::Mute, Mode::Freeze]
                    .map(|mode| Fault::Link(0, Part::Bus, mode)),
            );
        }
        let left = shuffled(&kinds, chaos);
        Self { kinds, left }
    }

    /// Returns the next fault, of one of this many nodes.
    pub(super) fn next(&mut self, chaos: &Chaos, nodes: usize) -> Fault {
        if self.left.is_empty() {
            self.left = shuffled(&self.kinds, chaos);
        }
        let node = chaos.below(nodes);
        self.left.pop().unwrap_or(Fault::KillNode(node)).at(node)
    }
}

fn shuffled(kinds: &[Fault], chaos: &Chaos) -> Vec<Fault> {
    let mut kinds = kinds.to_vec();
    for last in (1..kinds.len()).rev() {
        kinds.swap(last, chaos.below(last + 1));
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_comes_once_before_the_first_comes_again_and_a_seed_repeats_the_order() {
        let order = |bus, seed| -> Vec<Fault> {
            let chaos = Chaos::new(seed, 0);
            let mut faults = Faults::new(bus, &chaos);
            (0..28).map(|_| faults.next(&chaos, 3)).collect()
        };
        let order_1 = order(BusKind::Redis, 1);
        for round in order_1.chunks(14) {
            let kinds: Vec<_> = round.iter().map(|fault| fault.at(0)).collect();
            assert!((1..14).all(|place| !kinds[..place].contains(&kinds[place])), "{kinds:?}");
        }
        assert_eq!(order_1, order(BusKind::Redis, 1));
        assert_ne!(order_1, order(BusKind::Redis, 2));
        assert!(order(BusKind::None, 1).iter().all(|fault| fault.phase() == Phase::OtherFault));
    }
}
