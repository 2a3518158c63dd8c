//! Errors of the service: refusals, which are expected and shown, and faults, which are logged.

use std::fmt;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use wire::{Refusal, Refused};

use crate::service::fault_log::{FAULTS, Open};

/// The error of a call: a refusal or a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// An expected refusal, shown to the caller.
    Refusal(Refusal),
    /// An outage or a bug: logged where it happened, opaque outside.
    Fault(Fault),
}

/// An outage or a bug. Its text is for the log; outside it is [`Refusal::Unavailable`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    what: String,
    id: String,
}

impl Fault {
    /// Creates a fault with the details that the operator needs. The log has it once; the same fault again is counted,
    /// and the count is logged when it is [over](Self::over), or when it has not happened for a minute.
    #[must_use]
    pub fn new(place: &'static str, what: impl fmt::Display) -> Self {
        let what = what.to_string();
        let (counted, is_new) = FAULTS.count(place, &what, Instant::now());
        let id = id_of(place, &counted);
        if is_new {
            tracing::error!(fault.id = id, fault.place = place, fault.what = what, "fault");
        }
        Self { what, id }
    }

    /// Returns the id under which the log has the fault: eight hexadecimal digits, the same whenever the same thing
    /// fails in the same place.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Creates a fault that its requester sees in full, such as an operator at a command: the log need not have it.
    #[must_use]
    pub fn unlogged(what: impl fmt::Display) -> Self {
        let what = what.to_string();
        Self { id: id_of("", &what), what }
    }

    /// Ends the faults of this place: it works again.
    pub fn over(place: &'static str) {
        FAULTS.over(place).iter().for_each(log_end);
    }

    /// Ends the faults that have not happened for a minute.
    pub(crate) fn sweep() {
        FAULTS.quiet(Instant::now()).iter().for_each(log_end);
    }
}

fn id_of(place: &str, what: &str) -> String {
    let hash = Sha256::new().chain_update(place).chain_update([0]).chain_update(what).finalize();
    HEXLOWER.encode(&hash[..4])
}

fn log_end(fault: &Open) {
    let Open { place, what, count, .. } = fault;
    tracing::warn!(
        fault.id = id_of(place, what),
        fault.place = place,
        fault.what = what,
        fault.count = count,
        "the fault is over"
    );
}

impl Error {
    /// Returns the refusal that is shown outside.
    #[must_use]
    pub fn into_refusal(self) -> Refusal {
        match self {
            Self::Refusal(refusal) => refusal,
            Self::Fault(_) => Refusal::Unavailable,
        }
    }

    /// Returns the error as it crosses the network. That of a fault has its id as the parameter `fault`, by which an
    /// operator finds it in the log.
    #[must_use]
    pub fn refused(&self) -> Refused {
        match self {
            Self::Refusal(refusal) => refusal.into(),
            Self::Fault(fault) => {
                let refused = Refused::from(&Refusal::Unavailable);
                Refused { params: refused.params.with_text("fault", &fault.id), ..refused }
            }
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_id_of_a_fault_leads_to_its_line_in_the_log() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let refused = tracing::subscriber::with_default(subscriber, || {
            let (first, again) = (Fault::new("test.disk", "no room"), Fault::new("test.disk", "no room"));
            assert_eq!(first, again);
            Error::Fault(first).refused()
        });
        let log = String::from_utf8(log.0.lock().clone()).unwrap();
        let id = refused.params.text("fault").unwrap();
        assert!(log.contains(&format!("fault.id=\"{id}\"")) && log.contains("no room"), "{log}");
        assert_eq!(log.lines().count(), 1, "logged once: {log}");
        let crosses = serde_json::to_string(&refused).unwrap();
        assert!(!crosses.contains("no room"), "the details are the operator's: {crosses}");
    }
}
