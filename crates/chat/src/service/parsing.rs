//! Parsing of typed text, in the CPU pool if it is long.

use std::sync::atomic::Ordering;

use wire::{Conversation, Member, RichText};

use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::store::Mentions;
use crate::rules;
use crate::service::error::Error;
use crate::text::{self, Named};

/// Parsing typed text.
impl Chat {
    /// Parses a text and resolves its mentions among the members. It may take a millisecond: all other checks of the
    /// text come first.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`](wire::Refusal::Unavailable) if too many long texts wait.
    pub(super) async fn read_text(
        &self,
        caller: &Caller,
        conversation: Conversation,
        text: &str,
    ) -> Result<(RichText, Mentions), Error> {
        let me = caller.scoped_actor()?;
        let (mut members, mut everyone) = (Vec::new(), false);
        if let Conversation::Group(group) = conversation
            && text::may_mention(text)
            && let Some(mut roster) = self.reader(caller).roster(group).await?
        {
            roster.owner = caller.owner().cloned();
            everyone = rules::may_mention_everyone(&roster, me.id);
            members = roster.members;
        }
        self.read_text_among(members, everyone, text).await
    }

    /// As [`Chat::read_text`], among these members; `everyone` is true if the author may mention all of them.
    ///
    /// # Errors
    /// Those of [`Chat::read_text`].
    pub(super) async fn read_text_among(
        &self,
        members: Vec<Member>,
        everyone: bool,
        text: &str,
    ) -> Result<(RichText, Mentions), Error> {
        let said = self.parse(text, members, everyone).await?;
        let mentions = text::mentions(&said);
        Ok((said, mentions))
    }

    /// Parses a text without members to mention.
    ///
    /// # Errors
    /// Those of [`Chat::read_text`].
    pub(super) async fn read_alone(&self, text: &str) -> Result<RichText, Error> {
        self.parse(text, Vec::new(), false).await
    }

    async fn parse(&self, text: &str, members: Vec<Member>, everyone: bool) -> Result<RichText, Error> {
        if !takes_long(text.len(), members.len()) {
            return Ok(text::read(text, &Named::new(&members, everyone)));
        }
        let text = text.to_owned();
        self.texts_read.fetch_add(1, Ordering::Relaxed);
        self.readings.run(move || text::read(&text, &Named::new(&members, everyone))).await
    }

    /// Returns the number of texts parsed in the pool since the start.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn readings(&self) -> u64 {
        self.texts_read.load(Ordering::Relaxed)
    }

    /// Returns emoji whose names contain these words, each with its name; common ones without words.
    #[must_use]
    pub fn emoji(&self, words: &str) -> Vec<(String, String)> {
        text::shortcodes::find(words)
    }
}

/// Returns true for a text that takes so long to parse that it must not delay others.
pub(super) const fn is_long(text: &str) -> bool {
    text.len() > LONG
}

/// Returns true if a text of this many bytes takes so long to parse, or to compare with this many members, that it must not
/// delay others.
pub(super) const fn takes_long(bytes: usize, members: usize) -> bool {
    bytes > LONG || members > MANY
}

/// In bytes. The worst texts of this length take about half a millisecond.
const LONG: usize = 4 * 1024;

/// In members: as many names take about as long to compare.
const MANY: usize = 200;
