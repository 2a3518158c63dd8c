//! The random source: randomness as an argument of the domain.

/// The source of randomness.
pub trait RandomSource: Send + Sync + 'static {
    /// Fills the bytes with unpredictable values.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's random source.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl RandomSource for OsRandom {
    /// # Panics
    /// If the operating system has no randomness: then no session of this server could be trusted.
    #[expect(clippy::disallowed_methods, reason = "the one place where randomness comes in")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system has a random source");
    }
}

/// Returns random bytes for an id or a token.
pub(crate) fn random<const N: usize>(source: &dyn RandomSource) -> [u8; N] {
    let mut bytes = [0; N];
    source.fill(&mut bytes);
    bytes
}
