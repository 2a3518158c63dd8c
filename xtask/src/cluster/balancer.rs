//! The one address in front of the nodes: a TCP balancer that gives each connection to the next node that accepts it.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::Done;

/// The time after which a node that does not answer is passed over.
const CONNECTING: Duration = Duration::from_secs(2);

/// Listens on a port of the loopback, and serves it in threads until the process ends. Returns its address.
pub(crate) fn start(port: u16, nodes: Vec<SocketAddr>) -> Done<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|error| format!("port {port} is not free ({error}); choose another one with --port"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let nodes: Arc<[SocketAddr]> = nodes.into();
    let next = Arc::new(AtomicUsize::new(0));
    thread::spawn(move || {
        for person in listener.incoming().flatten() {
            let (nodes, turn) = (Arc::clone(&nodes), next.fetch_add(1, Ordering::Relaxed));
            thread::spawn(move || {
                if let Some(node) = connect(&nodes, turn) {
                    join(person, node);
                }
            });
        }
    });
    Ok(address)
}

/// Connects to a node, or to the next one that accepts.
fn connect(nodes: &[SocketAddr], turn: usize) -> Option<TcpStream> {
    let from_turn = (0..nodes.len()).map(|node| nodes[(turn + node) % nodes.len()]);
    from_turn.map(|node| TcpStream::connect_timeout(&node, CONNECTING)).find_map(Result::ok)
}

/// Copies in both directions until both ends have said everything.
fn join(person: TcpStream, node: TcpStream) {
    let copies = || -> io::Result<_> { Ok((person.try_clone()?, node.try_clone()?)) };
    let Ok((from_person, to_node)) = copies() else { return };
    let there = thread::spawn(move || copy(from_person, to_node));
    copy(node, person);
    // An error is a panic, which is printed already.
    let _ = there.join();
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    // Either end may be gone at any time.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    /// Starts a node that answers each connection with its name.
    fn node(name: &'static str) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut asked = String::new();
                stream.read_to_string(&mut asked).unwrap();
                stream.write_all(format!("{name}: {asked}").as_bytes()).unwrap();
            }
        });
        address
    }

    fn ask(address: SocketAddr) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"tea?").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn people_are_divided_among_the_nodes_and_none_comes_to_one_that_is_gone() {
        let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let address = start(0, vec![node("ann"), gone, node("ben")]).unwrap();
        let answers: Vec<String> = (0..6).map(|_| ask(address)).collect();
        assert_eq!(answers, ["ann: tea?", "ben: tea?", "ben: tea?", "ann: tea?", "ben: tea?", "ben: tea?"]);
    }
}
