//! Lateness: the time from the ack of a message until readers at other servers have it.

use parking_lot::Mutex;
use serde::Serialize;
use tokio::time::Instant;
use wire::Seq;

use probe::quantiles::quantile_ms;

/// The state of a cluster at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing fails.
    #[default]
    Calm,
    /// The bus fails, or the connection of a node to it.
    BusFault,
    /// Something else fails.
    OtherFault,
}

/// The acks of a log: the time of each, the server that sent it, and the state of the cluster.
#[derive(Debug, Default)]
pub(crate) struct AckTimes {
    acks: Mutex<Vec<Option<Ack>>>,
    state: Mutex<ClusterState>,
}

/// The state of a cluster, and its past.
#[derive(Clone, Copy, Debug, Default)]
struct ClusterState {
    phase: Phase,
    /// The number of faults so far.
    faults: u64,
    /// The state during the last fault; calm before the first one.
    last_fault: Phase,
}

#[derive(Clone, Copy, Debug)]
struct Ack {
    at: Instant,
    server: usize,
    state: ClusterState,
}

/// The delays of entries that readers got at another server than that of the ack, in microseconds, by the state of the
/// cluster: calm if there was no fault from the ack until then. An entry that came before its ack has none.
#[derive(Debug, Default)]
pub(crate) struct Lateness {
    micros: [Vec<u64>; 3],
}

/// The quantiles of delays in one state of a cluster, in ms.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Late {
    /// The number of entries.
    pub count: usize,
    /// The median.
    pub median_ms: f64,
    /// The 99th percentile.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl AckTimes {
    /// Notes the state of the cluster from now on.
    pub(crate) fn enter(&self, phase: Phase) {
        let mut state = self.state.lock();
        if phase != Phase::Calm && phase != state.phase {
            state.faults += 1;
            state.last_fault = phase;
        }
        state.phase = phase;
    }

    /// Notes that a server acknowledged an entry.
    pub(crate) fn note(&self, seq: Seq, server: usize) {
        let state = *self.state.lock();
        let Ok(place) = usize::try_from(seq.0) else { return };
        let mut acks = self.acks.lock();
        if acks.len() <= place {
            acks.resize(place + 1, None);
        }
        acks[place].get_or_insert(Ack { at: Instant::now(), server, state });
    }

    fn of(&self, seq: Seq) -> Option<Ack> {
        self.acks.lock().get(usize::try_from(seq.0).ok()?).copied().flatten()
    }
}

impl Lateness {
    /// Notes that a reader has got an entry from a server.
    pub(crate) fn note(&mut self, answered: &AckTimes, seq: Seq, server: usize) {
        if let Some(ack) = answered.of(seq).filter(|ack| ack.server != server) {
            let late = u64::try_from(ack.at.elapsed().as_micros()).unwrap_or(u64::MAX);
            let now = *answered.state.lock();
            let phase = match ack.state.phase {
                Phase::Calm if now.faults > ack.state.faults => now.last_fault,
                phase => phase,
            };
            self.micros[phase as usize].push(late);
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (all, mut more) in self.micros.iter_mut().zip(other.micros) {
            all.append(&mut more);
        }
    }

    /// Returns the quantiles in a state of the cluster.
    pub(crate) fn during(&mut self, phase: Phase) -> Late {
        let micros = &mut self.micros[phase as usize];
        micros.sort_unstable();
        Late {
            count: micros.len(),
            median_ms: quantile_ms(micros, 50),
            p99_ms: quantile_ms(micros, 99),
            max_ms: quantile_ms(micros, 100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_late_at_other_servers_only_and_counts_in_the_state_of_its_ack() {
        let (answered, mut late) = (AckTimes::default(), Lateness::default());
        answered.enter(Phase::BusFault);
        answered.note(Seq(3), 1);
        answered.enter(Phase::Calm);
        for (seq, server) in [(3, 1), (2, 0), (9, 0), (3, 0), (3, 2)] {
            late.note(&answered, Seq(seq), server);
        }
        assert_eq!(counts(&mut late), [0, 2, 0]);
    }

    #[test]
    fn an_entry_that_a_fault_overtakes_counts_in_the_state_of_the_fault() {
        let (answered, mut late) = (AckTimes::default(), Lateness::default());
        answered.note(Seq(1), 0);
        late.note(&answered, Seq(1), 1);
        answered.enter(Phase::OtherFault);
        late.note(&answered, Seq(1), 1);
        answered.enter(Phase::Calm);
        late.note(&answered, Seq(1), 2);
        answered.note(Seq(2), 0);
        late.note(&answered, Seq(2), 1);
        assert_eq!(counts(&mut late), [2, 0, 2]);
    }

    fn counts(late: &mut Lateness) -> [usize; 3] {
        [Phase::Calm, Phase::BusFault, Phase::OtherFault].map(|phase| late.during(phase).count)
    }
}
