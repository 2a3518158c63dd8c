//! The protocols of the servers under comparison.

use super::TOPIC;

/// A server's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Hubbub's topics: subscribers subscribe, the publisher publishes JSON.
    Topics,
    /// A broadcast of each message to every socket, the sender's included.
    Echo,
    /// As [`Dialect::Echo`], but waiting messages are joined into one frame, with line feeds between them.
    EchoJoined,
    /// The protocol of NATS over a WebSocket.
    Nats,
    /// Socket.IO over engine.io 4.
    SocketIo,
}

/// The way to count messages in a server's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// Each frame is one message.
    Frames,
    /// A frame has messages of this many bytes, with one more byte after each but the last.
    Joined(u64),
    /// Each message has this many bytes, regardless of framing.
    Stream(u64),
}

impl Dialect {
    /// Returns the path of the WebSocket endpoint.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Topics | Self::Echo | Self::EchoJoined => "/ws",
            Self::Nats => "/",
            Self::SocketIo => "/socket.io/?EIO=4&transport=websocket",
        }
    }

    /// Returns the frames that a subscriber sends first.
    pub(super) fn opening(self) -> Vec<String> {
        match self {
            Self::Topics => vec![format!(r#"{{"action":"subscribe","topic":"{TOPIC}"}}"#)],
            Self::Echo | Self::EchoJoined => vec![],
            Self::Nats => vec![format!("CONNECT {{\"verbose\":false}}\r\nSUB {TOPIC} 1\r\nPING\r\n")],
            Self::SocketIo => vec!["40".into()],
        }
    }

    /// Returns the frames that the publisher sends first.
    pub(super) fn publisher_opening(self) -> Vec<String> {
        match self {
            Self::Nats => vec!["CONNECT {\"verbose\":false}\r\n".into()],
            Self::SocketIo => vec!["40".into()],
            Self::Topics | Self::Echo | Self::EchoJoined => vec![],
        }
    }

    /// Returns the number of frames before a subscriber is ready: a welcome, and the answer to its opening.
    pub(super) const fn before(self) -> usize {
        match self {
            Self::Topics | Self::Nats | Self::SocketIo => 2,
            Self::Echo | Self::EchoJoined => 0,
        }
    }

    /// Returns the number of frames before the publisher may publish.
    pub(super) const fn publisher_before(self) -> usize {
        match self {
            Self::Topics | Self::Nats => 1,
            Self::SocketIo => 2,
            Self::Echo | Self::EchoJoined => 0,
        }
    }

    /// Returns a message with a payload of this many bytes, as the publisher sends it.
    pub(super) fn message(self, payload: usize) -> String {
        let data = "x".repeat(payload);
        match self {
            Self::Topics => format!(r#"{{"action":"publish","topic":"{TOPIC}","data":"{data}"}}"#),
            Self::Echo | Self::EchoJoined => data,
            Self::Nats => format!("PUB {TOPIC} {payload}\r\n{data}\r\n"),
            Self::SocketIo => format!(r#"42["m","{data}"]"#),
        }
    }

    /// Returns the way to count such messages at a subscriber.
    pub(super) fn count(self, payload: usize) -> Count {
        match self {
            Self::Topics | Self::Echo | Self::SocketIo => Count::Frames,
            Self::EchoJoined => Count::Joined(payload as u64),
            Self::Nats => {
                Count::Stream(format!("MSG {TOPIC} 1 {payload}\r\n\r\n").len() as u64 + payload as u64)
            }
        }
    }
}
