//! The files of messages: from the archive through the checks of any upload.

use archive::{File, FileContent};
use wire::limits::{ALT_CHARS, ATTACHMENTS};
use wire::{Attachment, Person, SendId};

use super::importer::Importer;
use super::reader::ArchiveReader;
use super::state::ImportState;
use crate::service::error::Error;
use crate::service::files::{DeclaredBytes, NewUpload};

/// The files of a message: those that are here, and links to the others.
#[derive(Default)]
pub(super) struct MessageFiles {
    pub(super) attachments: Vec<Attachment>,
    /// Markdown to stand below the text.
    pub(super) links: String,
}

impl Importer<'_> {
    /// Stores the files of a message for its author.
    pub(super) async fn files(
        &mut self,
        files: Vec<File>,
        author: &Person,
        id: &SendId,
        mut reader: ArchiveReader,
        state: &mut ImportState,
    ) -> Result<(ArchiveReader, MessageFiles), Error> {
        let mut of_message = MessageFiles::default();
        for (number, file) in files.into_iter().enumerate() {
            let place = format!("the file {}", file.name);
            if of_message.attachments.len() >= ATTACHMENTS {
                state.leave_out(&place, &format!("a message has at most {ATTACHMENTS} files"));
                continue;
            }
            let (bytes, path) = match file.content {
                FileContent::Here { bytes, path } => (bytes, path),
                FileContent::Url(url) => {
                    state.leave_out(&place, "its content is not in the archive");
                    if url.starts_with("https://") || url.starts_with("http://") {
                        of_message.links.push_str(&format!("\n[{}](<{url}>)", label(&file.name)));
                    }
                    continue;
                }
            };
            let most = self.chat.file_bytes(&self.owner_caller()).await?;
            let (rest, content) = reader.file(path, most).await?;
            reader = rest;
            let content = match content {
                Ok(Some(content)) => content,
                Ok(None) => {
                    state.leave_out(&place, &format!("it has more than {most} bytes"));
                    continue;
                }
                Err(error) => {
                    state.leave_out(&place, &error.to_string());
                    continue;
                }
            };
            let key = Some(format!("{id}/{}", number + 1));
            let new = NewUpload { name: file.name, bytes: DeclaredBytes::Exactly(bytes), key };
            match self.chat.upload_imported(&self.caller(author), new, content.into()).await {
                Ok(uploaded) => {
                    let alt = file.alt.chars().filter(|c| !c.is_control()).take(ALT_CHARS).collect();
                    of_message.attachments.push(uploaded.file.attachment(alt));
                }
                Err(Error::Refusal(refusal)) => state.leave_out(&place, refusal.code()),
                Err(fault) => return Err(fault),
            }
        }
        Ok((reader, of_message))
    }
}

/// Returns a name as the label of a link.
fn label(name: &str) -> String {
    let shown = |c: &char| !c.is_control() && !"[]\\`<>*_~".contains(*c);
    let label: String = name.chars().filter(shown).take(100).collect();
    if label.trim().is_empty() { "file".into() } else { label }
}
