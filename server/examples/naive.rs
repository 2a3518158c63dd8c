//! A naive server: an axum WebSocket server that broadcasts each message to all sockets, with a channel and a task for
//! each. It exists to be measured beside the product (`loadtest fanout --beside`), not to be used.

use std::collections::HashMap;
use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use futures::{SinkExt, StreamExt};
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

#[derive(Clone, Default)]
struct Everybody {
    sockets: Arc<Mutex<HashMap<u64, mpsc::Sender<Message>>>>,
    next: Arc<AtomicU64>,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let addr = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9000".into());
    let router = Router::new().route("/ws", get(upgrade)).with_state(Everybody::default());
    axum::serve(TcpListener::bind(addr).await?, router).await
}

async fn upgrade(State(everybody): State<Everybody>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|socket| serve(socket, everybody))
}

async fn serve(socket: WebSocket, everybody: Everybody) {
    let (mut out, mut from) = socket.split();
    let (sender, mut queue) = mpsc::channel(256);
    let number = everybody.next.fetch_add(1, Ordering::Relaxed);
    everybody.sockets.lock().insert(number, sender);
    let writing = tokio::spawn(async move {
        while let Some(message) = queue.recv().await {
            if out.send(message).await.is_err() {
                return;
            }
        }
    });
    while let Some(Ok(message)) = from.next().await {
        let all: Vec<_> = {
            let sockets = everybody.sockets.lock();
            sockets.values().cloned().collect()
        };
        for socket in all {
            // An error is a client that is gone.
            let _ = socket.send(message.clone()).await;
        }
    }
    everybody.sockets.lock().remove(&number);
    writing.abort();
}
