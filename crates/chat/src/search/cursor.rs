//! The search cursor: the place at which the next page of results begins, opaque to callers.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use wire::{Epoch, Expected, Refusal, Seq, Topic};

/// The last message that was looked at. It names a message that its caller may read, and no position of the store, which
/// would tell how busy others are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SearchCursor {
    /// The life of the log in which it was read.
    pub(crate) epoch: Epoch,
    /// The conversation of the message.
    pub(crate) topic: Topic,
    /// Its place in the log.
    pub(crate) seq: Seq,
}

impl fmt::Display for SearchCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, topic, seq } = self;
        f.write_str(&BASE64URL_NOPAD.encode(format!("{epoch} {seq} {topic}").as_bytes()))
    }
}

impl FromStr for SearchCursor {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let parse = || {
            let text = String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()?;
            let mut parts = text.splitn(3, ' ');
            let (epoch, seq) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            Some(Self { epoch, seq: Seq(seq), topic: Topic::new(parts.next()?).ok()? })
        };
        parse().ok_or(CURSOR_BAD)
    }
}

/// The refusal of a cursor that is not, or is no longer, one of ours.
pub(crate) const CURSOR_BAD: Refusal =
    Refusal::FieldWrong { field: Cow::Borrowed("cursor"), wants: Expected::PageCursor };

#[cfg(test)]
mod tests {
    use wire::GroupId;

    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        let topic = Topic::group(GroupId::from_bytes([7; 10]));
        let cursor = SearchCursor { epoch: Epoch(3), topic, seq: Seq(9) };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "x", "MSAyIDM", "\u{1f375}"] {
            assert_eq!(bad.parse::<SearchCursor>(), Err(CURSOR_BAD), "{bad:?}");
        }
    }
}
