//! The rule for restricted messages: the audience of a message to some members of a group.

use wire::limits::RECIPIENTS;
use wire::{Amendment, Refusal, UserId};

/// The only readers of a restricted message: its author and its recipients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience(Vec<UserId>);

/// A reader of history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Viewer {
    /// Anyone: reads what everyone in the conversation reads.
    #[default]
    Anyone,
    /// A user who may read the conversation.
    User(UserId),
    /// The application, which reads everything inside it.
    Application,
}

/// The most bytes of names in a refusal.
const NAMES_BYTES: usize = 400;

impl Audience {
    /// Creates the audience of the users who are in it.
    #[must_use]
    pub const fn of(users: Vec<UserId>) -> Self {
        Self(users)
    }

    /// Returns the users.
    #[must_use]
    pub fn users(&self) -> &[UserId] {
        &self.0
    }

    /// Returns true if a reader of the conversation may read the message.
    #[must_use]
    pub fn admits(&self, viewer: Viewer) -> bool {
        match viewer {
            Viewer::Anyone => false,
            Viewer::User(user) => self.0.contains(&user),
            Viewer::Application => true,
        }
    }

    /// Returns the audience of a change of the message, or of a reply to it, by one of its readers: those who still have
    /// a seat, and the one who acts.
    #[must_use]
    pub fn inherited(&self, by: UserId, has_seat: impl Fn(UserId) -> bool) -> Self {
        let others = self.0.iter().copied().filter(|user| *user != by && has_seat(*user));
        Self(std::iter::once(by).chain(others).collect())
    }

    /// Decides whether a reader may change the message.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for those who may not read it, and [`Refusal::PinRestricted`].
    pub fn may_amend(&self, viewer: Viewer, amendment: &Amendment) -> Result<(), Refusal> {
        match amendment {
            _ if !self.admits(viewer) => Err(Refusal::NotFound),
            Amendment::Pin(_) => Err(Refusal::PinRestricted),
            Amendment::Edit(_) | Amendment::Delete | Amendment::React(..) => Ok(()),
        }
    }

    /// Decides whether a reader may answer the message with one to these recipients. Without any the reply inherits the
    /// audience.
    ///
    /// # Errors
    /// [`Refusal::ReplyRestricted`] for those who may not read it, and if one of the recipients may not.
    pub fn may_answer(&self, viewer: Viewer, recipients: &[UserId]) -> Result<(), Refusal> {
        let may_read = |user: &UserId| self.admits(Viewer::User(*user));
        if self.admits(viewer) && recipients.iter().all(may_read) {
            return Ok(());
        }
        Err(Refusal::ReplyRestricted)
    }
}

/// Returns the recipients of a new message, in order and each once, without its author.
///
/// # Errors
/// [`Refusal::RecipientsBad`] if there are none, or more than [`RECIPIENTS`].
pub fn recipients(author: UserId, chosen: &[UserId]) -> Result<Vec<UserId>, Refusal> {
    // Before they are sorted: the list comes from outside.
    if chosen.len() > 2 * RECIPIENTS {
        return Err(Refusal::RecipientsBad);
    }
    let mut recipients: Vec<UserId> = chosen.iter().copied().filter(|user| *user != author).collect();
    recipients.sort_unstable();
    recipients.dedup();
    if recipients.is_empty() || recipients.len() > RECIPIENTS {
        return Err(Refusal::RecipientsBad);
    }
    Ok(recipients)
}

/// Returns the refusal of recipients without a seat, with the names that fit.
#[must_use]
pub fn not_members(all: impl IntoIterator<Item = String>) -> Refusal {
    let mut names = String::new();
    for name in all {
        let comma = if names.is_empty() { "" } else { ", " };
        if names.len() + comma.len() + name.len() > NAMES_BYTES {
            names.push_str(", …");
            break;
        }
        names.push_str(comma);
        names.push_str(&name);
    }
    Refusal::RecipientsNotMembers { names }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: u8) -> UserId {
        UserId::from_bytes([id; 10])
    }

    const WANJIRU: u8 = 1;
    const ZOE: u8 = 2;
    const NUR: u8 = 3;

    fn to_zoe() -> Audience {
        Audience::of(vec![user(WANJIRU), user(ZOE)])
    }

    #[test]
    fn a_message_to_zoe_is_read_by_zoe_its_author_and_the_application() {
        for reader in [Viewer::User(user(WANJIRU)), Viewer::User(user(ZOE)), Viewer::Application] {
            assert!(to_zoe().admits(reader), "{reader:?}");
            assert_eq!(to_zoe().may_amend(reader, &Amendment::Delete), Ok(()));
            assert_eq!(to_zoe().may_amend(reader, &Amendment::Pin(true)), Err(Refusal::PinRestricted));
            assert_eq!(to_zoe().may_answer(reader, &[]), Ok(()));
            assert_eq!(to_zoe().may_answer(reader, &[user(ZOE)]), Ok(()));
            assert_eq!(to_zoe().may_answer(reader, &[user(NUR)]), Err(Refusal::ReplyRestricted));
        }
        for reader in [Viewer::User(user(NUR)), Viewer::Anyone] {
            assert!(!to_zoe().admits(reader), "{reader:?}");
            assert_eq!(to_zoe().may_amend(reader, &Amendment::Pin(true)), Err(Refusal::NotFound));
            assert_eq!(to_zoe().may_answer(reader, &[]), Err(Refusal::ReplyRestricted));
        }
    }

    #[test]
    fn whoever_has_left_gets_no_later_change() {
        let all = Audience::of(vec![user(WANJIRU), user(ZOE), user(NUR)]);
        let later = all.inherited(user(NUR), |member| member != user(ZOE));
        assert_eq!(later.users(), [user(NUR), user(WANJIRU)]);
        let by_owner = to_zoe().inherited(user(9), |_| true);
        assert_eq!(by_owner.users(), [user(9), user(WANJIRU), user(ZOE)]);
    }

    #[test]
    fn recipients_are_one_to_a_hundred_others() {
        let [wanjiru, zoe, nur] = [user(WANJIRU), user(ZOE), user(NUR)];
        assert_eq!(recipients(wanjiru, &[nur, zoe, nur, wanjiru]), Ok(vec![zoe, nur]));
        let many: Vec<UserId> = (100..=200).map(user).collect();
        for bad in [&[][..], &[wanjiru], &many, &vec![zoe; 201]] {
            assert_eq!(recipients(wanjiru, bad), Err(Refusal::RecipientsBad), "{}", bad.len());
        }
        assert_eq!(recipients(wanjiru, &many[1..]).unwrap().len(), RECIPIENTS);
    }

    #[test]
    fn a_refusal_has_as_many_names_as_fit() {
        let names = |all: &[&str]| match not_members(all.iter().map(|name| (*name).to_owned())) {
            Refusal::RecipientsNotMembers { names } => names,
            other => panic!("{other:?}"),
        };
        assert_eq!(names(&["Zoë", "نور"]), "Zoë, نور");
        let many = names(&["Wanjirũ Kamau"; 100]);
        assert!(many.len() < 500 && many.ends_with(", …"), "{many}");
    }
}
