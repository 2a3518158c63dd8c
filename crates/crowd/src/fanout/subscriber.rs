use std::io;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::frames::{Counter, Kind, client_text, shake_hands};
use super::{Dialect, Progress, TOPIC};

/// Of how many deliveries one is timed.
const SAMPLE: u64 = 16;
/// How much is read at once.
const READ_BYTES: usize = 64 * 1_024;
/// A pong without a payload, as a client sends it.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// Counts what comes until it is over; gives how long some of it took, in microseconds.
pub(super) async fn run(
    stream: TcpStream,
    dialect: Dialect,
    progress: Arc<Progress>,
    mut over: watch::Receiver<bool>,
) -> io::Result<Vec<u64>> {
    let mut stream = shake_hands(stream, "/ws").await?;
    // What is said before the messages: a welcome, and the answer to the subscription.
    let mut before = match dialect {
        Dialect::Topics => {
            let subscribe = format!(r#"{{"action":"subscribe","topic":"{TOPIC}"}}"#);
            stream.write_all(&client_text(&subscribe)).await?;
            2
        }
        Dialect::Echo => 0,
    };
    if before == 0 {
        progress.note_ready();
    }
    let (mut counter, mut number, mut samples) = (Counter::default(), 0u64, Vec::new());
    let mut scratch = vec![0; READ_BYTES];
    loop {
        tokio::select! {
            readable = stream.readable() => readable?,
            // An error means that the run has ended some other way.
            _ = over.changed() => return Ok(samples),
        }
        let length = match stream.try_read(&mut scratch) {
            Ok(0) => {
                return Err(io::Error::other(format!(
                    "the server has closed a socket after {number} messages"
                )));
            }
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        };
        let (mut pings, mut closed) = (0, false);
        counter.count(&scratch[..length], |kind| match kind {
            Kind::Data if before > 0 => {
                before -= 1;
                if before == 0 {
                    progress.note_ready();
                }
            }
            Kind::Data => {
                let took = progress.note_delivered(number);
                if number.is_multiple_of(SAMPLE) {
                    samples.extend(took);
                }
                number += 1;
            }
            Kind::Ping => pings += 1,
            Kind::Close => closed = true,
            Kind::Other => {}
        });
        if closed {
            return Err(io::Error::other(format!("the server has said goodbye after {number} messages")));
        }
        for _ in 0..pings {
            stream.write_all(&PONG).await?;
        }
    }
}
