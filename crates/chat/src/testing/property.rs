//! Property tests with async code.

use std::fmt::Debug;
use std::panic::resume_unwind;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// Checks a property against a number of random inputs, each to its end before the next, and reports the smallest
/// input that breaks it. The property asserts; call it within a tokio runtime.
///
/// # Panics
/// If the property does not hold.
pub async fn for_all<S, P, F>(cases: u32, inputs: S, promise: P)
where
    S: Strategy + Send + 'static,
    S::Value: Debug,
    P: Fn(S::Value) -> F + Send + 'static,
    F: Future<Output = ()>,
{
    let runtime = Handle::current();
    // The runner must be called from synchronous code, so it gets a thread where blocking is allowed.
    let run = move || {
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let held = TestRunner::new(config).run(&inputs, |input| {
            runtime.block_on(promise(input));
            Ok(())
        });
        held.map_err(|broken| broken.to_string())
    };
    match spawn_blocking(run).await {
        Ok(Ok(())) => {}
        Ok(Err(broken)) => panic!("{broken}"),
        Err(error) => resume_unwind(error.into_panic()),
    }
}
