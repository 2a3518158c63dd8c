//! Attaching: the files that a message takes.

use std::collections::HashSet;

use wire::limits::{ALT_CHARS, ATTACHMENTS};
use wire::{Attachment, NewAttachment, Refusal};

use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::store::FileState;
use crate::service::error::Error;

/// Taking files into messages.
impl Chat {
    /// Returns the attachments of a message, as its entry has them. The commit decides whether the files are free.
    pub(in crate::service) async fn attachments(
        &self,
        caller: &Caller,
        chosen: &[NewAttachment],
    ) -> Result<Vec<Attachment>, Error> {
        let me = caller.scoped_actor()?;
        let ids: HashSet<_> = chosen.iter().map(|attachment| attachment.id).collect();
        let is_long = |attachment: &NewAttachment| attachment.alt.chars().count() > ALT_CHARS;
        if chosen.len() > ATTACHMENTS || ids.len() < chosen.len() || chosen.iter().any(is_long) {
            return Err(Refusal::AttachmentsBad.into());
        }
        let reader = self.reader(caller);
        let mut attachments = Vec::with_capacity(chosen.len());
        for NewAttachment { id, alt } in chosen {
            let missing = || Refusal::AttachmentMissing { file: id.to_string() };
            let file = reader.file(*id).await?.filter(|file| file.owner == me.id).ok_or_else(missing)?;
            if file.state == FileState::Removing {
                return Err(missing().into());
            }
            let alt: String = alt.chars().filter(|c| !c.is_control() || *c == '\n').collect();
            attachments.push(file.attachment(alt.trim().to_owned()));
        }
        Ok(attachments)
    }
}
