//! The pace of a body with a file: a sender who stops, or is too slow on the whole, is refused, so that nobody holds a
//! place for an upload without using it.

use std::time::Duration;

use tokio::time::timeout;
use wire::Refusal;

use crate::http::bodies::Deadline;

/// The longest that a sender may send nothing, however fast they were before.
const STALL: Duration = Duration::from_secs(20);

/// The pace of one body.
#[derive(Debug)]
pub(super) struct Pace(Deadline);

impl Pace {
    /// Begins now.
    pub(super) fn begin() -> Self {
        Self(Deadline::begin())
    }

    /// Waits for more of a body of which this many bytes were received.
    ///
    /// # Errors
    /// [`Refusal::RequestSlow`] if nothing comes in time.
    pub(super) async fn wait<T>(&self, bytes: u64, more: impl Future<Output = T>) -> Result<T, Refusal> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        self.0.wait(bytes, timeout(STALL, more)).await?.map_err(|_| Refusal::RequestSlow)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_sender_who_stops_is_refused_and_one_who_is_slow_but_steady_is_not() {
        let pace = Pace::begin();
        let mut bytes = 25 * 1_024 * 1_024;
        // Much was sent at once; a little now and then goes on.
        for _ in 0..10 {
            pace.wait(bytes, sleep(STALL - Duration::from_secs(1))).await.unwrap();
            bytes += 1;
        }
        let stopped = pace.wait(bytes, std::future::pending::<()>()).await;
        assert_eq!(stopped, Err(Refusal::RequestSlow));
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_who_dribbles_is_refused() {
        let pace = Pace::begin();
        let dribbling = async {
            for bytes in 0.. {
                pace.wait(bytes, sleep(Duration::from_secs(1))).await?;
            }
            Ok::<_, Refusal>(())
        };
        assert_eq!(dribbling.await, Err(Refusal::RequestSlow));
    }
}
