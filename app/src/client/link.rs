//! The connection's state machine with timeouts and back-off: connect, ping, reconnect.

/// The state machine of the connection: decides when to connect, when to ping, and when to give up. Times are
/// milliseconds of any monotonic clock; `chance` is a random number in 0..1.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Link {
    phase: Phase,
    /// The number of failed attempts in a row.
    failures: u32,
}

#[derive(Clone, Debug, PartialEq)]
enum Phase {
    Waiting { until: f64 },
    Connecting { since: f64 },
    Open { since: f64, heard: f64, asked: Option<f64> },
    Ended,
}

/// The state of the connection as the page shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Not connected yet, for the first time.
    Starting,
    /// Connected; events arrive as they are committed.
    Online,
    /// Not connected; reconnecting.
    Offline,
    /// Not connected, and not reconnecting.
    Ended,
}

/// An action that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Open a socket.
    Connect,
    /// Send a ping.
    Ping,
    /// Close the socket: the peer does not answer.
    Close,
}

/// The bound of the first delay, before jitter.
const FIRST_WAIT: f64 = 500.0;
/// The bound of the longest delay, before jitter.
const LONGEST_WAIT: f64 = 30_000.0;
/// A connection that lasted this long resets the back-off.
const STABLE: f64 = 60_000.0;
/// The timeout for opening a socket.
const OPENING: f64 = 10_000.0;
/// The idle time after which the server is pinged.
const SILENCE: f64 = 20_000.0;
/// The timeout for the answer to a ping.
const ANSWER: f64 = 10_000.0;

impl Link {
    /// Creates a link that connects at once.
    pub(super) const fn new() -> Self {
        Self { phase: Phase::Waiting { until: 0.0 }, failures: 0 }
    }

    /// Returns the action that is due now, if any, and counts it as done.
    pub(super) fn due(&mut self, now: f64) -> Option<Due> {
        match &mut self.phase {
            Phase::Waiting { until } if now >= *until => {
                self.phase = Phase::Connecting { since: now };
                Some(Due::Connect)
            }
            Phase::Connecting { since } if now - *since >= OPENING => Some(Due::Close),
            Phase::Open { asked: Some(asked), .. } if now - *asked >= ANSWER => Some(Due::Close),
            Phase::Open { heard, asked: asked @ None, .. } if now - *heard >= SILENCE => {
                *asked = Some(now);
                Some(Due::Ping)
            }
            _ => None,
        }
    }

    /// Returns the time at which the next action is due.
    pub(super) fn next_at(&self) -> Option<f64> {
        match self.phase {
            Phase::Waiting { until } => Some(until),
            Phase::Connecting { since } => Some(since + OPENING),
            Phase::Open { asked: Some(asked), .. } => Some(asked + ANSWER),
            Phase::Open { heard, .. } => Some(heard + SILENCE),
            Phase::Ended => None,
        }
    }

    /// Handles a socket that has opened.
    pub(super) const fn opened(&mut self, now: f64) {
        self.phase = Phase::Open { since: now, heard: now, asked: None };
    }

    /// Records that a frame arrived from the server.
    pub(super) const fn heard(&mut self, now: f64) {
        if let Phase::Open { heard, asked, .. } = &mut self.phase {
            *heard = now;
            *asked = None;
        }
    }

    /// Handles a socket that has closed. The next attempt waits for the delay that the server asked for, or for a
    /// random one up to a bound that doubles each time.
    ///
    /// Source of the full jitter: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog.
    pub(super) fn closed(&mut self, now: f64, asked_to_wait: Option<f64>, chance: f64) {
        if matches!(self.phase, Phase::Ended) {
            return;
        }
        if matches!(self.phase, Phase::Open { since, .. } if now - since >= STABLE) {
            self.failures = 0;
        }
        let bound = (FIRST_WAIT * f64::from(2u32.saturating_pow(self.failures))).min(LONGEST_WAIT);
        self.failures = (self.failures + 1).min(16);
        self.phase = Phase::Waiting { until: now + asked_to_wait.unwrap_or(bound * chance) };
    }

    /// Stops reconnecting: the server said not to come back.
    pub(super) const fn end(&mut self) {
        self.phase = Phase::Ended;
    }

    /// Ends the delay: the browser is online or visible again.
    pub(super) const fn nudge(&mut self, now: f64) {
        if let Phase::Waiting { until } = &mut self.phase {
            *until = now;
            self.failures = 0;
        }
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open { .. })
    }

    pub(super) const fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(now: f64) -> Link {
        let mut link = Link::new();
        assert_eq!(link.due(now), Some(Due::Connect));
        link.opened(now);
        link
    }

    #[test]
    fn it_connects_at_once_and_only_once() {
        let mut link = Link::new();
        assert_eq!(link.due(5.0), Some(Due::Connect));
        assert_eq!(link.due(6.0), None);
        assert_eq!(link.due(5.0 + OPENING), Some(Due::Close), "a socket that never opens is given up");
    }

    #[test]
    fn the_wait_doubles_up_to_half_a_minute_and_chance_shortens_it() {
        let mut link = Link::new();
        let mut now = 0.0;
        let mut waits = Vec::new();
        for _ in 0..9 {
            assert_eq!(link.due(now), Some(Due::Connect));
            link.closed(now, None, 1.0);
            let until = link.next_at().unwrap();
            waits.push(until - now);
            now = until;
        }
        assert_eq!(waits, [500.0, 1e3, 2e3, 4e3, 8e3, 16e3, 30e3, 30e3, 30e3]);
        link.due(now);
        link.closed(now, None, 0.1);
        assert_eq!(link.next_at().unwrap() - now, 3e3);
    }

    #[test]
    fn a_minute_of_good_connection_forgets_earlier_failures() {
        let mut link = Link::new();
        for _ in 0..5 {
            link.due(0.0);
            link.closed(0.0, Some(0.0), 1.0);
        }
        link.due(0.0);
        link.opened(0.0);
        link.closed(STABLE, None, 1.0);
        assert_eq!(link.next_at(), Some(STABLE + FIRST_WAIT));
    }

    #[test]
    fn it_waits_as_long_as_the_server_asked_for() {
        let mut link = open(0.0);
        link.closed(10.0, Some(1_700.0), 0.5);
        assert_eq!(link.next_at(), Some(1_710.0));
        link.nudge(20.0);
        assert_eq!(link.due(20.0), Some(Due::Connect), "but not if the browser says it is online again");
    }

    #[test]
    fn a_silent_server_is_asked_once_then_given_up() {
        let mut link = open(0.0);
        assert_eq!(link.due(SILENCE - 1.0), None);
        assert_eq!(link.due(SILENCE), Some(Due::Ping));
        assert_eq!(link.due(SILENCE + 1.0), None);
        link.heard(SILENCE + 2.0);
        assert_eq!(link.due(SILENCE + ANSWER + 1.0), None, "it answered");
        assert_eq!(link.due(2.0 * SILENCE + 2.0), Some(Due::Ping));
        assert_eq!(link.due(2.0 * SILENCE + 2.0 + ANSWER), Some(Due::Close));
    }

    #[test]
    fn who_is_told_not_to_come_back_stays_away() {
        let mut link = open(0.0);
        link.end();
        link.closed(1.0, None, 0.0);
        link.nudge(2.0);
        assert_eq!((link.due(1e9), link.next_at()), (None, None));
    }
}
