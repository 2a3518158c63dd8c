//! Requests at once: to a host, in all, and waiting; and what policies do not share.

mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chat::{HttpClient as _, HttpFailure, HttpPolicy, HttpRequest};
use egress::{Egress, EgressConfig};
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use world::{Net, PUBLIC, Peer, egress, get, listener, reply, send_as, serve_counted};

fn open_private() -> EgressConfig {
    EgressConfig { open: vec!["10.0.0.0/8".parse().unwrap()], ..EgressConfig::default() }
}

/// Returns an egress for which `0.example` to `9.example` lead to the listener.
fn hosts(listener: &TcpListener, config: &EgressConfig) -> (Net, Egress) {
    let net = Net::default();
    net.lead_to(listener.local_addr().unwrap());
    for host in 0..10 {
        net.name(&format!("{host}.example"), &[&[PUBLIC]]);
        net.name(&format!("{host}.example."), &[&[PUBLIC]]);
    }
    (net.clone(), egress(&net, config))
}

/// Answers requests once so many of them are there at the same time, and counts the most there were.
fn serve_together(listener: TcpListener, together: usize) -> Arc<AtomicUsize> {
    let (now, most, barrier) =
        (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(together)));
    let peak = Arc::clone(&most);
    tokio::spawn(async move {
        loop {
            let mut peer = Peer::accept(&listener).await;
            let (now, most, barrier) = (Arc::clone(&now), Arc::clone(&most), Arc::clone(&barrier));
            tokio::spawn(async move {
                while peer.request().await.is_some() {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    barrier.wait().await;
                    now.fetch_sub(1, Ordering::SeqCst);
                    peer.answer("tea").await;
                }
            });
        }
    });
    peak
}

async fn send_all(egress: Egress, urls: impl Iterator<Item = String>) {
    let (egress, mut sending) = (Arc::new(egress), JoinSet::new());
    for url in urls {
        let egress = Arc::clone(&egress);
        sending.spawn(async move { egress.send(get(&url)).await.unwrap().status });
    }
    assert!(sending.join_all().await.iter().all(|status| *status == 200));
}

#[tokio::test]
async fn a_host_gets_four_requests_at_once_under_whatever_port_and_path() {
    let listener = listener().await;
    let (_, egress) = hosts(&listener, &EgressConfig::default());
    let most = serve_together(listener, 4);
    let forms = ["http://0.example/a", "http://0.example:443/", "http://0.EXAMPLE./", "http://%30.example/b"];
    send_all(egress, forms.into_iter().cycle().take(20).map(str::to_owned)).await;
    assert_eq!(most.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn all_hosts_together_get_a_bounded_number_of_requests() {
    let listener = listener().await;
    let (_, egress) = hosts(&listener, &EgressConfig { at_once: 6, ..EgressConfig::default() });
    let most = serve_together(listener, 6);
    send_all(egress, (0..30).map(|number| format!("http://{}.example/", number % 10))).await;
    assert_eq!(most.load(Ordering::SeqCst), 6);
}

#[tokio::test]
async fn those_who_wait_for_a_slow_host_hold_up_no_other_host() {
    let listener = listener().await;
    let (_, egress) = hosts(&listener, &EgressConfig { at_once: 5, ..EgressConfig::default() });
    let egress = Arc::new(egress);
    let mut sending = JoinSet::new();
    for _ in 0..20 {
        let egress = Arc::clone(&egress);
        sending.spawn(async move { egress.send(get("http://0.example/")).await });
    }
    // Four hang at the host, sixteen wait.
    let mut hanging = Vec::new();
    for _ in 0..4 {
        let mut peer = Peer::accept(&listener).await;
        peer.request().await.unwrap();
        hanging.push(peer);
    }
    let other = tokio::spawn(async move { egress.send(get("http://1.example/")).await });
    let mut peer = Peer::accept(&listener).await;
    assert!(peer.request().await.unwrap().contains(&"host: 1.example".to_owned()));
    peer.answer("tea").await;
    assert_eq!(other.await.unwrap().unwrap().status, 200);
}

#[tokio::test]
async fn requests_that_get_no_slot_in_time_or_find_the_queue_full_are_told_so() {
    let listener = listener().await;
    let config = EgressConfig { at_once: 1, waiting: 1, ..EgressConfig::default() };
    let (_, egress) = hosts(&listener, &config);
    let egress = Arc::new(egress);
    let spawn = |deadline| {
        let egress = Arc::clone(&egress);
        tokio::spawn(async move { egress.send(HttpRequest { deadline, ..get("http://0.example/") }).await })
    };
    let hanging = spawn(Duration::from_secs(60));
    let mut peer = Peer::accept(&listener).await;
    peer.request().await.unwrap();
    let waiting = spawn(Duration::from_millis(300));
    // It is first in line before the next one is sent.
    tokio::task::yield_now().await;
    assert_eq!(egress.send(get("http://1.example/")).await, Err(HttpFailure::Busy));
    assert_eq!(waiting.await.unwrap(), Err(HttpFailure::Busy));
    peer.answer("tea").await;
    assert_eq!(hanging.await.unwrap().unwrap().status, 200);
}

#[tokio::test]
async fn urls_of_users_neither_hold_up_those_of_the_operator_nor_share_connections() {
    let (listener, accepted) = (listener().await, Arc::new(AtomicUsize::new(0)));
    let config = EgressConfig { at_once: 1, waiting: 0, ..open_private() };
    let (net, egress) = hosts(&listener, &config);
    net.name("intranet.example", &[&["10.0.0.7"]]);
    let (egress, net) = (Arc::new(egress), net);
    serve_counted(listener, Arc::clone(&accepted), |_| reply(200, "", "tea"));
    for _ in 0..3 {
        for policy in [HttpPolicy::Public, HttpPolicy::Trusted] {
            assert!(send_as(&egress, "http://intranet.example/", policy).await.is_ok());
        }
    }
    assert!(net.dialed().len() >= 2, "each policy has a connection of its own");
    let silent = world::listener().await;
    net.lead_to(silent.local_addr().unwrap());
    let hanging = tokio::spawn({
        let egress = Arc::clone(&egress);
        async move { egress.send(get("http://0.example/")).await }
    });
    let mut peer = Peer::accept(&silent).await;
    peer.request().await.unwrap();
    assert_eq!(egress.send(get("http://1.example/")).await, Err(HttpFailure::Busy));
    let trusted =
        tokio::spawn(async move { send_as(&egress, "http://10.0.0.8:9000/", HttpPolicy::Trusted).await });
    let mut other = Peer::accept(&silent).await;
    other.request().await.unwrap();
    other.answer("tea").await;
    assert_eq!(trusted.await.unwrap().unwrap().status, 200);
    peer.answer("tea").await;
    assert_eq!(hanging.await.unwrap().unwrap().status, 200);
}

#[tokio::test]
async fn idle_connections_to_many_hosts_are_bounded() {
    let listener = listener().await;
    let (net, open) = (Net::default(), Arc::new((AtomicUsize::new(0), AtomicUsize::new(0))));
    net.lead_to(listener.local_addr().unwrap());
    let egress = egress(&net, &EgressConfig { at_once: 8, ..EgressConfig::default() });
    let counts = Arc::clone(&open);
    tokio::spawn(async move {
        loop {
            let (mut peer, counts) = (Peer::accept(&listener).await, Arc::clone(&counts));
            counts.1.fetch_max(counts.0.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::spawn(async move {
                while peer.request().await.is_some() {
                    peer.answer("tea").await;
                }
                counts.0.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    for host in 0..200 {
        let name = format!("{host}.example");
        net.name(&name, &[&[PUBLIC]]);
        egress.send(get(&format!("http://{name}/"))).await.unwrap();
    }
    // Twice as many as run at once, and those that the receiver has not seen end yet.
    let most = open.1.load(Ordering::SeqCst);
    assert!((2..100).contains(&most), "{most}");
}
