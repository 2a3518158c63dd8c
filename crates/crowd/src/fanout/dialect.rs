//! How each kind of server is spoken to.

use super::TOPIC;

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Topics, as Hubbub has them: subscribers subscribe, the publisher publishes JSON.
    Topics,
    /// Whatever one socket says goes to all of them, itself too.
    Echo,
    /// As [`Dialect::Echo`], but messages that wait are joined to one with line feeds between them.
    EchoJoined,
    /// The protocol of NATS over a WebSocket.
    Nats,
    /// Socket.IO over engine.io 4.
    SocketIo,
}

/// How messages are found in what a server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// Each frame is one.
    Frames,
    /// A frame has messages of so many bytes, each but the last with one byte more.
    Joined(u64),
    /// Each has so many bytes, however they are framed.
    Stream(u64),
}

impl Dialect {
    /// Where the socket is.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Topics | Self::Echo | Self::EchoJoined => "/ws",
            Self::Nats => "/",
            Self::SocketIo => "/socket.io/?EIO=4&transport=websocket",
        }
    }

    /// What a subscriber says first, frame by frame.
    pub(super) fn opening(self) -> Vec<String> {
        match self {
            Self::Topics => vec![format!(r#"{{"action":"subscribe","topic":"{TOPIC}"}}"#)],
            Self::Echo | Self::EchoJoined => vec![],
            Self::Nats => vec![format!("CONNECT {{\"verbose\":false}}\r\nSUB {TOPIC} 1\r\nPING\r\n")],
            Self::SocketIo => vec!["40".into()],
        }
    }

    /// What the publisher says first.
    pub(super) fn publisher_opening(self) -> Vec<String> {
        match self {
            Self::Nats => vec!["CONNECT {\"verbose\":false}\r\n".into()],
            Self::SocketIo => vec!["40".into()],
            Self::Topics | Self::Echo | Self::EchoJoined => vec![],
        }
    }

    /// How many frames come before the subscriber is ready: a welcome, and the answer to its opening.
    pub(super) const fn before(self) -> usize {
        match self {
            Self::Topics | Self::Nats | Self::SocketIo => 2,
            Self::Echo | Self::EchoJoined => 0,
        }
    }

    /// How many frames come before the publisher may publish.
    pub(super) const fn publisher_before(self) -> usize {
        match self {
            Self::Topics | Self::Nats => 1,
            Self::SocketIo => 2,
            Self::Echo | Self::EchoJoined => 0,
        }
    }

    /// A message of so many bytes, as the publisher says it.
    pub(super) fn message(self, payload: usize) -> String {
        let data = "x".repeat(payload);
        match self {
            Self::Topics => format!(r#"{{"action":"publish","topic":"{TOPIC}","data":"{data}"}}"#),
            Self::Echo | Self::EchoJoined => data,
            Self::Nats => format!("PUB {TOPIC} {payload}\r\n{data}\r\n"),
            Self::SocketIo => format!(r#"42["m","{data}"]"#),
        }
    }

    /// How such messages are counted where they arrive.
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
