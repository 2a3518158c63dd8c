//! A part of a long list.

/// Part of a long list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPart<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// True if there are more after them.
    pub more: bool,
}

impl<T> ListPart<T> {
    /// Returns at most `most` of the items found; there is one more among them if the list goes on.
    #[must_use]
    pub fn of(mut items: Vec<T>, most: usize) -> Self {
        let more = items.len() > most;
        items.truncate(most);
        Self { items, more }
    }
}
