//! Committing records, one by one.

use archive::Record;
use wire::Refusal;

use super::importer::{Current, Importer, Pending};
use super::reader::ArchiveReader;
use super::state::ImportState;
use crate::ports::store::LogOutcome;
use crate::service::error::Error;

impl Importer<'_> {
    /// Passes over a record that an earlier attempt has dealt with, and keeps what later ones need of it.
    pub(super) fn pass(&mut self, record: Record) {
        match record {
            Record::Conversation(conversation) => self.current = Some(Current::new(conversation, true)),
            Record::Member(member) => {
                if let Some(current) = &mut self.current {
                    current.members.push(member);
                }
            }
            Record::Entry(entry) => {
                if let Some(current) = &mut self.current {
                    current.note(&entry.id, self.people.interned(&entry.author));
                }
            }
            Record::User(user) => self.people.note(&user),
            Record::Header(_) | Record::File(_) | Record::LeftOut(_) => {}
        }
    }

    /// Writes a record. The reader comes back: a message may need files of the archive.
    pub(super) async fn record(
        &mut self,
        record: Record,
        reader: ArchiveReader,
        state: &mut ImportState,
    ) -> Result<ArchiveReader, Error> {
        match record {
            Record::Header(_) => {}
            Record::User(user) => return self.user(&user, reader, state).await,
            Record::Conversation(conversation) => {
                self.settle(state).await?;
                self.current = Some(Current::new(conversation, false));
            }
            Record::Member(member) => {
                if let Some(current) = &mut self.current {
                    current.members.push(member);
                }
            }
            Record::File(file) => {
                if let Some(current) = &mut self.current {
                    current.files.insert(file.id.clone(), file);
                }
            }
            Record::Entry(entry) => return self.entry(entry, reader, state).await,
            Record::LeftOut(left_out) => state.leave_out(&left_out.place, &left_out.reason),
        }
        Ok(reader)
    }

    /// Makes the conversation, and waits until all messages are committed.
    pub(super) async fn settle(&mut self, state: &mut ImportState) -> Result<(), Error> {
        self.place(state).await?;
        for Pending { place, files, commit, counts } in std::mem::take(&mut self.pending) {
            match commit.outcome().await? {
                LogOutcome::Posted { .. } | LogOutcome::Repeated { .. } => {
                    state.done.messages += u64::from(counts);
                    state.done.files += files.len() as u64;
                }
                LogOutcome::SendIdTaken => state.leave_out(&place, Refusal::SendIdTaken.code()),
                LogOutcome::Refused(refusal) => state.leave_out(&place, refusal.code()),
            }
        }
        Ok(())
    }
}
