//! Close codes of the WebSocket.

/// The codes of the WebSocket close frame: the reason that a socket ended, and whether to reconnect.
///
/// 1xxx are RFC 6455's own; 4xxx are ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// 1000: the peer said that it ends.
    Ended,
    /// 1002: what came is not WebSocket as RFC 6455 has it.
    Malformed,
    /// 1007: a text frame is not UTF-8.
    NotText,
    /// 1009: one frame was larger than the server reads at all. Do not send it again.
    TooLarge,
    /// 1012: the server restarts. Come back after the delay of `goodbye`.
    Restart,
    /// 4400: too many frames in a row were refused. Come back slowly.
    Flooded,
    /// 4401: the session ended. Do not come back with it.
    SignedOut,
    /// 4403: the user token has ended, or none came. Get a new one, and come back with it.
    TokenExpired,
    /// 4408: the first frame, or the answer to a ping, did not come in time. Come back.
    Silent,
    /// 4409: the reader took nothing for too long. Come back and resume.
    Stalled,
    /// 4429: too many connections of this user, this address, or in all. Close one first.
    TooMany,
}

impl CloseCode {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Ended => 1000,
            Self::Malformed => 1002,
            Self::NotText => 1007,
            Self::TooLarge => 1009,
            Self::Restart => 1012,
            Self::Flooded => 4400,
            Self::SignedOut => 4401,
            Self::TokenExpired => 4403,
            Self::Silent => 4408,
            Self::Stalled => 4409,
            Self::TooMany => 4429,
        }
    }

    /// The reason on the wire: a stable word, of at most 123 bytes, the room a close frame has.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Ended => "",
            Self::Malformed => "malformed",
            Self::NotText => "not_text",
            Self::TooLarge => "frame_too_large",
            Self::Restart => "restart",
            Self::Flooded => "too_many_refused",
            Self::SignedOut => "signed_out",
            Self::TokenExpired => "token_expired",
            Self::Silent => "timeout",
            Self::Stalled => "stalled",
            Self::TooMany => "too_many_connections",
        }
    }

    /// Returns true if a client should reconnect by itself after this code.
    #[must_use]
    pub const fn comes_back(number: u16) -> bool {
        number != Self::SignedOut.number() && number != Self::TooMany.number()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_fits_into_a_close_frame() {
        for code in [
            CloseCode::Ended,
            CloseCode::Malformed,
            CloseCode::NotText,
            CloseCode::TooLarge,
            CloseCode::Restart,
            CloseCode::Flooded,
            CloseCode::SignedOut,
            CloseCode::TokenExpired,
            CloseCode::Silent,
            CloseCode::Stalled,
            CloseCode::TooMany,
        ] {
            assert!(code.reason().len() <= 123, "{code:?}");
        }
    }
}
