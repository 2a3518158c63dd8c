use std::sync::atomic::Ordering;

use wire::{Conversation, Member, Person, RichText};

use crate::chat::Chat;
use crate::ports::store::Mentions;
use crate::rules;
use crate::service::error::Error;
use crate::text::{self, Named};

/// Reading what was typed.
impl Chat {
    /// What a text means, and whom of the members it mentions. It may cost a millisecond: whatever else can refuse the
    /// text comes first.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`](wire::Refusal::Unavailable) if too many long texts wait.
    pub(super) async fn read_text(
        &self,
        me: &Person,
        conversation: Conversation,
        text: &str,
    ) -> Result<(RichText, Mentions), Error> {
        let (mut members, mut everyone) = (Vec::new(), false);
        if let Conversation::Group(group) = conversation
            && text::may_mention(text)
            && let Some(roster) = self.store.roster(group).await?
        {
            everyone = rules::may_mention_everyone(&roster, me.id);
            members = roster.members;
        }
        let said = self.parse(text, members, everyone).await?;
        let mentions = text::mentions(&said);
        Ok((said, mentions))
    }

    /// What a text means to people who are not there to be mentioned.
    ///
    /// # Errors
    /// Those of [`Chat::read_text`].
    pub(super) async fn read_alone(&self, text: &str) -> Result<RichText, Error> {
        self.parse(text, Vec::new(), false).await
    }

    async fn parse(&self, text: &str, members: Vec<Member>, everyone: bool) -> Result<RichText, Error> {
        if !is_long(text) && members.len() <= MANY {
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

    /// Emoji whose names have these words in them, each with its name; common ones without words.
    #[must_use]
    pub fn emoji(&self, words: &str) -> Vec<(String, String)> {
        text::shortcodes::find(words)
    }
}

/// Returns true for a text that takes so long to read that it must not keep others waiting.
pub(super) const fn is_long(text: &str) -> bool {
    text.len() > LONG
}

/// In bytes. The worst texts of this length take about half a millisecond.
const LONG: usize = 4 * 1024;

/// In members: as many names take about as long to compare.
const MANY: usize = 200;
