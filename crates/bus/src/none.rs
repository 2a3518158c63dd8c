//! Several nodes without a bus.

use async_trait::async_trait;
use chat::bus::HintStream;
use chat::{Bus, BusHealth, Hint};
use wire::LogKey;

/// Carries nothing: each node compares its logs with the store every second. Typing, presence and read states stay on
/// their own node.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBus;

#[async_trait]
impl Bus for NoBus {
    fn announce(&self, _: Hint) {}

    fn follow(&self, _: &LogKey) {}

    fn health(&self) -> BusHealth {
        BusHealth::Down
    }

    fn listen(&self) -> Box<dyn HintStream> {
        Box::new(NoHints)
    }
}

struct NoHints;

#[async_trait]
impl HintStream for NoHints {
    async fn next(&mut self) -> Option<Hint> {
        std::future::pending().await
    }
}
