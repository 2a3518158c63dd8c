//! The WebSocket driver: carries out the effects of the chat client, and reports frames and events to it.

use std::cell::RefCell;

use app::ChatClient;
use app::client::{Effect, LinkState, draft_keys};
use app::server_fns::{conversation_view, overview};
use futures::channel::mpsc;
use futures::future::{Either, select};
use futures::stream::{SplitSink, SplitStream};
use futures::{FutureExt, SinkExt, StreamExt};
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, WebSocketError};
use gloo_timers::future::TimeoutFuture;
use js_sys::Date;
use leptos::prelude::{GetUntracked, Set, document, window};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wire::{CloseCode, Conversation, GroupView, PageStart, Topic};

use crate::{storage, upload};

thread_local! {
    /// Wakes the driver; one pending wake-up is as good as many.
    static BELL: RefCell<Option<mpsc::Sender<Ring>>> = const { RefCell::new(None) };
}

/// The reason for a wake-up.
enum Ring {
    /// There is something to send.
    Work,
    /// The browser is online, or visible, again.
    Back,
}

/// The close code that browsers report for a socket that ended without one.
const ABNORMAL: u16 = 1006;

/// Drives a [`ChatClient`] until the page ends.
pub(crate) fn start(client: ChatClient) {
    let (bell, rings) = mpsc::channel(1);
    BELL.with_borrow_mut(|slot| *slot = Some(bell));
    let name = outbox_name(&client);
    storage::forget_others(Some(client.me.id));
    client.restore(&storage::kept_under(&name));
    listen("online");
    listen("visibilitychange");
    watch_attention(&client);
    watch_focus(&client, "focus");
    watch_focus(&client, "blur");
    leptos::task::spawn_local(Driver { client, rings, socket: None, name }.run());
}

/// Wakes the driver.
pub(crate) fn wake() {
    ring(Ring::Work);
}

fn ring(ring: Ring) {
    BELL.with_borrow_mut(|bell| {
        if let Some(bell) = bell {
            // A full channel means that the driver is about to wake up anyway.
            let _ = bell.try_send(ring);
        }
    });
}

struct Driver {
    client: ChatClient,
    rings: mpsc::Receiver<Ring>,
    socket: Option<Socket>,
    name: String,
}

struct Socket {
    out: SplitSink<WebSocket, Message>,
    from: SplitStream<WebSocket>,
    /// True if a frame has arrived: a socket does not report that it opened, but our server sends the first frame.
    open: bool,
}

/// The event that ended the driver's wait.
enum Turn {
    Frame(Result<Message, WebSocketError>),
    SocketEnded,
    Rang(Ring),
    Time,
}

impl Driver {
    async fn run(mut self) {
        loop {
            for order in self.client.due(Date::now()) {
                self.carry_out(order).await;
            }
            match self.wait().await {
                Turn::Frame(Ok(Message::Text(frame))) => self.heard(&frame),
                Turn::Frame(Ok(Message::Bytes(_))) | Turn::Rang(Ring::Work) | Turn::Time => {}
                Turn::Frame(Err(WebSocketError::ConnectionClose(close))) => self.closed(close.code),
                Turn::Frame(Err(_)) | Turn::SocketEnded => self.closed(ABNORMAL),
                Turn::Rang(Ring::Back) => self.client.nudge(Date::now()),
            }
        }
    }

    async fn carry_out(&mut self, order: Effect) {
        match order {
            Effect::Connect => match WebSocket::open(&address()) {
                Ok(socket) => {
                    let (out, from) = socket.split();
                    self.socket = Some(Socket { out, from, open: false });
                }
                Err(_) => self.closed(ABNORMAL),
            },
            Effect::Close => self.closed(ABNORMAL),
            Effect::Send(frame) => {
                if let Some(socket) = &mut self.socket
                    && socket.out.send(Message::Text(frame)).await.is_err()
                {
                    self.closed(ABNORMAL);
                }
            }
            Effect::Load(topic) => leptos::task::spawn_local(load(self.client.clone(), topic)),
            Effect::Keep(id, text) => storage::keep(&format!("{}{id}", self.name), &text),
            Effect::Upload(id) => upload::start(&self.client, id),
            Effect::EndUpload(id) => upload::end(&id),
            Effect::ForgetDraft(topic) => {
                draft_keys(self.client.me.id, &topic).iter().for_each(|key| storage::keep(key, ""));
            }
        }
    }

    async fn wait(&mut self) -> Turn {
        let now = Date::now();
        let time = match self.client.next_at(now) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped to a minute"
            )]
            Some(at) => TimeoutFuture::new((at - now).clamp(1.0, 60_000.0).ceil() as u32).left_future(),
            None => futures::future::pending().right_future(),
        };
        let frame = match &mut self.socket {
            Some(socket) => socket.from.next().left_future(),
            None => futures::future::pending().right_future(),
        };
        match select(select(frame, self.rings.next()), time).await {
            Either::Left((Either::Left((Some(frame), _)), _)) => Turn::Frame(frame),
            Either::Left((Either::Left((None, _)), _)) => Turn::SocketEnded,
            Either::Left((Either::Right((ring, _)), _)) => Turn::Rang(ring.unwrap_or(Ring::Work)),
            Either::Right(_) => Turn::Time,
        }
    }

    fn heard(&mut self, frame: &str) {
        let now = Date::now();
        if let Some(socket) = &mut self.socket
            && !socket.open
        {
            socket.open = true;
            self.client.opened(now);
        }
        self.client.heard(frame, now);
        // The server has another user, or none, for this cookie.
        if self.client.link.get_untracked() == LinkState::Ended {
            storage::end(self.client.me.id);
        }
    }

    /// Drops the socket, so that its late frames are ignored.
    fn closed(&mut self, code: u16) {
        self.socket = None;
        self.client.closed(code, Date::now(), js_sys::Math::random());
        if code == CloseCode::SignedOut.number() {
            storage::end(self.client.me.id);
        }
    }
}

/// Reloads the entries that the server does not replay.
async fn load(client: ChatClient, topic: Topic) {
    let entrance = match topic.conversation() {
        Some(Conversation::Group(group)) => {
            Some(conversation_view(Some(group.to_string()), None, PageStart::Newest, None))
        }
        Some(Conversation::Direct(pair)) => {
            let person = pair.other(client.me.id).to_string();
            Some(conversation_view(None, Some(person), PageStart::Newest, None))
        }
        None => None,
    };
    let loaded = match entrance {
        Some(entrance) => {
            match entrance.await.map(|entrance| entrance.view) {
                Ok(GroupView::Inside(page)) => {
                    client.reloaded(*page);
                    true
                }
                // The membership has ended; the end of the subscription says so.
                Ok(GroupView::Outside { .. }) => true,
                Err(_) => false,
            }
        }
        None if topic == Topic::user(client.me.id) => match overview().await {
            Ok(Some(visit)) => {
                client.looked_around(visit, Date::now());
                true
            }
            Ok(None) => true,
            Err(_) => false,
        },
        None => true,
    };
    if !loaded {
        client.load_failed(topic, Date::now());
    }
    wake();
}

/// Wakes the driver when the window or the document has an event, as long as the page lives.
fn listen(event: &str) {
    let back = Closure::<dyn FnMut()>::new(|| {
        if !document().hidden() {
            ring(Ring::Back);
        }
    });
    let listener = back.as_ref().unchecked_ref();
    // An error would mean that the page accepts no listeners; the timers still bring the connection back.
    let _ = window().add_event_listener_with_callback(event, listener);
    let _ = document().add_event_listener_with_callback(event, listener);
    back.forget();
}

/// Reports whether the page is visible, now and at every change.
fn watch_attention(client: &ChatClient) {
    let client = client.clone();
    let look = move || {
        client.attend(document().hidden());
        wake();
    };
    look();
    let look = Closure::<dyn FnMut()>::new(look);
    // An error would mean that the page accepts no listeners; then it counts as visible.
    let _ = document().add_event_listener_with_callback("visibilitychange", look.as_ref().unchecked_ref());
    look.forget();
}

/// Reports whether the page has the focus, now and at every change.
fn watch_focus(client: &ChatClient, event: &str) {
    let focused = client.focused.clone();
    let look = move || focused.set(document().has_focus().unwrap_or(true));
    look();
    let look = Closure::<dyn FnMut()>::new(look);
    // An error would mean that the page accepts no listeners; then it counts as focused.
    let _ = window().add_event_listener_with_callback(event, look.as_ref().unchecked_ref());
    look.forget();
}

fn address() -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|protocol| protocol == "https:") { "wss" } else { "ws" };
    format!("{scheme}://{}/ws", location.host().unwrap_or_default())
}

/// Returns the storage prefix of a user's pending messages: nobody sends messages that another user of this browser
/// wrote.
fn outbox_name(client: &ChatClient) -> String {
    format!("hubbub/outbox/{}/", client.me.id)
}
