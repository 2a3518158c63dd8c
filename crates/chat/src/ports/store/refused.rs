//! Refusals as the store keeps them: a code and a number, without a sentence in any language.

use wire::Refusal;

/// Returns the code of a refusal of a message, and its number, if it has one.
#[must_use]
pub const fn code_of(refusal: &Refusal) -> (&'static str, u32) {
    match refusal {
        Refusal::Muted { minutes } => (refusal.code(), *minutes),
        Refusal::TooFast { retry_ms } => (refusal.code(), *retry_ms),
        _ => (refusal.code(), 0),
    }
}

/// Returns the refusal of a message with this code and number; none if no message is refused so.
#[must_use]
pub fn refusal_of(code: &str, number: u32) -> Option<Refusal> {
    let known = [
        Refusal::NotFound,
        Refusal::NotMember,
        Refusal::Blocked,
        Refusal::Archived,
        Refusal::Announcing,
        Refusal::Muted { minutes: number },
        Refusal::TooFast { retry_ms: number },
        Refusal::SendIdTaken,
    ];
    known.into_iter().find(|refusal| refusal.code() == code)
}
