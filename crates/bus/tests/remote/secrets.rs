//! Passwords that must not be seen.

use std::io;
use std::sync::{Arc, Mutex};

use chat::BusHealth;
use tracing_subscriber::fmt::MakeWriter;

use crate::backend::{Backend, open, settings, until};

/// The text of a log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

pub(crate) async fn a_password_is_in_no_text<B: Backend>() {
    let Some(url) = B::shared() else { return };
    let wrong = url.replace(services::Redis::PASSWORD, "sesameopen");
    assert_ne!(url, wrong);
    let log = Log::default();
    let written = log.clone();
    // In a thread and a runtime of its own, so that its log is only this one.
    let shown = std::thread::spawn(move || {
        let subscriber = tracing_subscriber::fmt().with_writer(log).with_max_level(tracing::Level::TRACE);
        let _guard = tracing::subscriber::set_default(subscriber.finish());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let refused = open(&wrong, settings());
            until("the refusal is in the log", || {
                String::from_utf8_lossy(&written.0.lock().unwrap()).contains("bus down")
            })
            .await;
            assert_eq!(refused.health(), BusHealth::Down);
            assert_eq!(refused.metrics().connections, 0);
        });
        String::from_utf8(written.0.lock().unwrap().clone()).unwrap()
    });
    let text = tokio::task::spawn_blocking(|| shown.join().unwrap()).await.unwrap();
    // Its own line and those of the client library.
    assert!(!text.contains("sesameopen"), "{text}");
    assert!(text.contains("…@127.0.0.1"), "the address is there: {text}");
}
