//! Half-sent requests: the server's memory while a thousand bodies stop in the middle, and after it gave up on them.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};

use probe::process::rss_kib;
use probe::server::{Server, Serving};
use probe::websocket::connect;

/// The parameters of a run.
#[derive(Clone, Debug)]
pub struct HalfSent {
    /// The server binary.
    pub server: PathBuf,
    /// The number of requests, each on a connection of its own.
    pub requests: u32,
    /// The bytes of each body that are sent; it announces twice as many.
    pub bytes: usize,
    /// The growth of memory, in MiB, from which on it counts as returned.
    pub enough_mib: f64,
}

/// The growth of the server's resident memory, in MiB.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    /// While the requests wait: the highest value that was seen.
    pub during_mib: f64,
    /// After the server answered all of them: the lowest value within a minute, or the first that is low enough.
    pub after_mib: f64,
}

/// The time for a server to come to rest.
const SETTLE: Duration = Duration::from_secs(2);
/// The number of looks at memory while the requests wait, and the pause between two.
const LOOKS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(100);
/// The longest wait for an answer: the server gives a body 10 s, and more for what has arrived.
const ANSWER: Duration = Duration::from_secs(30);
/// The longest wait for the allocator to return freed pages to the system, and the pause between two looks.
const RETURN: Duration = Duration::from_secs(60);
const RETURN_PAUSE: Duration = Duration::from_secs(1);

impl HalfSent {
    /// Starts a server and measures once.
    ///
    /// # Errors
    /// If the server cannot be started or reached, or leaves a request without an answer.
    pub async fn run(&self) -> io::Result<Growth> {
        let mut server = Server::start(&self.server, "memory", None).await?;
        let Serving { addr, pid } = server.serving();
        let pid = pid.ok_or_else(|| io::Error::other("the server has ended"))?;
        let head = format!(
            "POST /publish HTTP/1.1\r\nHost: {addr}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            2 * self.bytes
        );
        let request = [head.into_bytes(), vec![b'a'; self.bytes]].concat();
        sleep(SETTLE).await;
        let rest = rss_kib(pid).unwrap_or_default();
        let growth = || mib(rss_kib(pid).unwrap_or_default().saturating_sub(rest));
        let mut waiting = Vec::new();
        for number in 0..self.requests {
            let mut stream = connect(addr, number).await?;
            stream.write_all(&request).await?;
            waiting.push(stream);
        }
        let mut during_mib = growth();
        for _ in 0..LOOKS {
            sleep(PAUSE).await;
            during_mib = during_mib.max(growth());
        }
        for mut stream in waiting {
            let mut status = [0; 12];
            timeout(ANSWER, stream.read_exact(&mut status)).await??;
        }
        let until = Instant::now() + RETURN;
        let mut after_mib = growth();
        while after_mib > self.enough_mib && Instant::now() < until {
            sleep(RETURN_PAUSE).await;
            after_mib = after_mib.min(growth());
        }
        server.kill().await?;
        Ok(Growth { during_mib, after_mib })
    }
}

fn mib(kib: u64) -> f64 {
    probe::quantiles::float(kib) / 1_024.0
}
