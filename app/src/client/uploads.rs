//! Uploads of draft files, and messages that wait for them.

use leptos::prelude::*;
use wire::limits::ATTACHMENTS;
use wire::{Attachment, Quote, Refusal, Refused, SendId, Topic};

use super::draft_files::{DraftFile, HeldMessage, KeptFile, UploadState};
use super::outgoing::timestamp;
use super::state::{ChatClient, Effect};

/// The most uploads at once. The server takes four of a user, and another tab may have one.
const AT_ONCE: usize = 3;

/// The age up to which an uploaded file is restored, in milliseconds. The server deletes a file that no message has
/// after 24 hours; one less leaves time to send it.
const KEPT_MS: i64 = 23 * 60 * 60 * 1_000;

/// The outcome of [`ChatClient::send`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// It is in the outbox.
    Posted,
    /// It waits for uploads.
    Held,
    /// It stays in the composer: a file has failed.
    Refused,
}

/// Files of drafts, and the messages that wait for them.
impl ChatClient {
    /// Adds a file to the draft of its conversation; its upload begins as soon as there is a turn. Returns false, and
    /// shows the reason, if the draft has as many as a message takes.
    pub fn attach(&self, topic: &Topic, id: SendId, name: String, bytes: u64, is_picture: bool) -> bool {
        if self.files_of(topic).len() >= ATTACHMENTS {
            self.trouble.set(Some(Refused::by_code("too_many_files")));
            return false;
        }
        let most = self.state().file_bytes;
        let state = if most > 0 && bytes > most {
            UploadState::Failed(too_large(most))
        } else {
            UploadState::Waiting(0.0)
        };
        let (its, state) = (topic.clone(), ArcRwSignal::new(state));
        self.add_file(DraftFile {
            id,
            topic: its,
            name,
            bytes,
            is_picture,
            alt: ArcRwSignal::default(),
            state,
        });
        self.unhold_failed(topic);
        true
    }

    /// Returns the files of a conversation's draft. Tracks their number, and not their states.
    #[must_use]
    pub fn files_of(&self, topic: &Topic) -> Vec<DraftFile> {
        self.files.with(|files| files.iter().filter(|file| file.topic == *topic).cloned().collect())
    }

    /// Removes a file from its draft. A message that waits for the draft's files waits no longer.
    pub fn detach(&self, id: &SendId) {
        let Some(file) = self.file(id) else { return };
        self.unhold(&file.topic);
        self.files.update(|files| files.retain(|file| file.id != *id));
        self.state().effects.push(Effect::EndUpload(id.clone()));
    }

    /// Begins a failed upload again.
    pub fn retry_upload(&self, id: &SendId) {
        if let Some(file) = self.file(id).filter(DraftFile::has_failed) {
            file.state.set(UploadState::Waiting(0.0));
        }
    }

    /// Records how much of a file is sent, in bytes of the request.
    pub fn upload_progressed(&self, id: &SendId, sent: u64) {
        if let Some(file) = self.file(id) {
            file.state.set(UploadState::Sending(sent.min(file.bytes)));
        }
    }

    /// Handles the end of an upload: the file as the server has it, or a refusal. A message that waited for it is sent,
    /// or goes back to the composer.
    pub fn upload_ended(&self, id: &SendId, result: Result<Attachment, Refused>, now: f64) {
        let Some(file) = self.file(id) else { return };
        file.state.set(match result {
            Ok(uploaded) => UploadState::Uploaded(uploaded, timestamp(now)),
            Err(Refused { retry_ms: Some(retry_ms), .. }) => UploadState::Waiting(now + f64::from(retry_ms)),
            Err(refused) if refused.code == BODY_TOO_LARGE => {
                UploadState::Failed(too_large(refused.params.number("max").unwrap_or_default()))
            }
            Err(refused) => UploadState::Failed(refused),
        });
        if !self.unhold_failed(&file.topic) {
            self.release(&file.topic, now);
        }
    }

    /// Sends a message with the files of its conversation's draft, as soon as they are uploaded.
    pub fn send(
        &self,
        topic: &Topic,
        id: SendId,
        text: &str,
        reply_to: Option<Quote>,
        now: f64,
    ) -> SendOutcome {
        if self.trouble.with_untracked(Option::is_some) {
            self.trouble.set(None);
        }
        if self.unhold_failed(topic) {
            self.trouble.set(Some(Refused::by_code("files_failed")));
            return SendOutcome::Refused;
        }
        self.unhold(topic);
        self.held.update(|held| {
            held.push(HeldMessage { topic: topic.clone(), id, text: text.to_owned(), reply_to });
        });
        if self.release(topic, now) { SendOutcome::Posted } else { SendOutcome::Held }
    }

    /// Returns the message of a conversation that waits for uploads. Tracks.
    #[must_use]
    pub fn held_of(&self, topic: &Topic) -> Option<HeldMessage> {
        self.held.with(|held| held.iter().find(|held| held.topic == *topic).cloned())
    }

    /// Ends the wait of a message for uploads; it is not sent.
    pub fn unhold(&self, topic: &Topic) {
        if self.held_of(topic).is_some() {
            self.held.update(|held| held.retain(|held| held.topic != *topic));
        }
    }

    /// Returns the uploaded files of a draft as a text for the next page; empty if there are none. Tracks.
    #[must_use]
    pub fn kept_files(&self, topic: &Topic) -> String {
        let files = self.files_of(topic);
        for file in &files {
            file.alt.track();
            file.state.track();
        }
        let files: Vec<KeptFile> = files.iter().filter_map(DraftFile::uploaded).collect();
        let kept = (!files.is_empty()).then(|| serde_json::to_string(&files).ok()).flatten();
        kept.unwrap_or_default()
    }

    /// Restores the uploaded files of a draft that an earlier page kept, if the draft has none. Those that the server
    /// is about to delete are skipped.
    pub fn restore_files(&self, topic: &Topic, kept: &str, now: f64) {
        if !self.files_of(topic).is_empty() {
            return;
        }
        let files: Vec<KeptFile> = serde_json::from_slice(kept.as_bytes()).unwrap_or_default();
        for (file, at) in files {
            if timestamp(now).0 - at.0 > KEPT_MS {
                continue;
            }
            // The id of a file is one of an upload that was never begun here.
            let Ok(id) = SendId::new(&file.id.to_string()) else { continue };
            self.add_file(DraftFile {
                id,
                topic: topic.clone(),
                name: file.name.clone(),
                bytes: file.bytes,
                is_picture: file.is_picture(),
                alt: ArcRwSignal::new(file.alt.clone()),
                state: ArcRwSignal::new(UploadState::Uploaded(file, at)),
            });
        }
    }

    /// Begins the uploads whose turn it is. Once the connection has ended, the session may be another user's: ends
    /// those that run instead, and begins none.
    pub(super) fn begin_uploads(&self, is_ended: bool, now: f64) -> Vec<Effect> {
        self.files.with_untracked(|files| {
            let is = |file: &&DraftFile, wanted: fn(&UploadState, f64) -> bool| {
                file.state.with_untracked(|state| wanted(state, now))
            };
            let running = |state: &UploadState, _| matches!(state, UploadState::Sending(_));
            let due = |state: &UploadState, now| matches!(state, UploadState::Waiting(at) if *at <= now);
            if is_ended {
                let ended = files.iter().filter(|file| is(file, running)).map(|file| {
                    file.state.set(UploadState::Failed(Refused::by_code("upload_failed")));
                    self.unhold(&file.topic);
                    Effect::EndUpload(file.id.clone())
                });
                return ended.collect();
            }
            let free = AT_ONCE.saturating_sub(files.iter().filter(|file| is(file, running)).count());
            let begun = files.iter().filter(|file| is(file, due)).take(free).map(|file| {
                file.state.set(UploadState::Sending(0));
                Effect::Upload(file.id.clone())
            });
            begun.collect()
        })
    }

    /// Returns the time at which a file may be uploaded that was asked to wait.
    pub(super) fn upload_at(&self, now: f64) -> Option<f64> {
        self.files.with_untracked(|files| {
            let times = files.iter().filter_map(|file| {
                file.state.with_untracked(|state| match state {
                    UploadState::Waiting(at) if *at > now => Some(*at),
                    _ => None,
                })
            });
            times.reduce(f64::min)
        })
    }

    fn file(&self, id: &SendId) -> Option<DraftFile> {
        self.files.with_untracked(|files| files.iter().find(|file| file.id == *id).cloned())
    }

    /// Ends the wait of a conversation's message if a file of the draft has failed; returns true if one has.
    fn unhold_failed(&self, topic: &Topic) -> bool {
        let has_failed = self.files_of(topic).iter().any(DraftFile::has_failed);
        if has_failed {
            self.unhold(topic);
        }
        has_failed
    }

    fn add_file(&self, file: DraftFile) {
        self.files.update(|files| files.push(file));
    }

    /// Posts the message that waits for a draft's files if all of them are uploaded, and ends the draft.
    fn release(&self, topic: &Topic, now: f64) -> bool {
        let Some(HeldMessage { id, text, reply_to, .. }) = self.held_of(topic) else { return false };
        let files = self.files_of(topic);
        let uploaded = files.iter().filter_map(DraftFile::uploaded).map(|(file, _)| file);
        let uploaded: Vec<Attachment> = uploaded.collect();
        if uploaded.len() < files.len() {
            return false;
        }
        self.post(topic, id, &text, reply_to, uploaded, now);
        self.unhold(topic);
        if !files.is_empty() {
            self.files.update(|files| files.retain(|file| file.topic != *topic));
            self.state().effects.push(Effect::ForgetDraft(topic.clone()));
        }
        true
    }
}

/// The code with which the server refuses a file that is too large.
const BODY_TOO_LARGE: &str = "body_too_large";

fn too_large(most: u64) -> Refused {
    let max = usize::try_from(most).unwrap_or(usize::MAX);
    // The sentence of the page is about a file, and has the limit of the server's refusal.
    Refused { code: "file_too_large".into(), ..Refused::from(&Refusal::BodyTooLarge { max }) }
}
