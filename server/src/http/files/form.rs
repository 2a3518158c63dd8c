//! The message form with files, for a page without its script: `POST /do/post` as `multipart/form-data` (RFC 7578).

use std::sync::Arc;

use app::Returned;
use async_trait::async_trait;
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use chat::{ByteSource, Caller, Chat, DeclaredBytes, Error, NewUpload, OutgoingMessage};
use http::StatusCode;
use wire::limits::ATTACHMENTS;
use wire::{Expected, FileId, NewAttachment, Refusal, SendId, Seq, Topic};

use super::form_body::FormBody;
use super::upload::{DISCARDED_BYTES, declared};
use crate::http::bodies::{Charge, network_of};
use crate::http::connection_limits::Permit;
use crate::http::forms::{page_of, refuse};
use crate::http::negotiation::wants_html;
use crate::http::problem::Problem;
use crate::http::routes::BODY_BYTES;
use crate::server::AppState;

/// The action of the form.
const ACTION: &str = "/do/post";
/// The field with a file; a browser sends one part for each file that was chosen, and an empty one if none was.
const FILE_FIELD: &str = "file";
/// The most parts of a form: more than the page has fields, and files that are one too many.
const PARTS: usize = 64;

/// Sends a message with the files of a form: the fields are those of the form without files, and `file`. The fields
/// `topic` and `id` come before the files. A browser is redirected to the message; a refused form comes back with what
/// was typed, as every form does, but files have to be chosen again.
pub(crate) async fn send(app: AppState, caller: Caller, request: Request) -> Response {
    let headers = request.headers().clone();
    let mut form = MessageForm::default();
    let sent = form.take(&app, &caller, request).await;
    match (sent, wants_html(&headers)) {
        (Ok(path), true) => Redirect::to(&format!("{path}#end")).into_response(),
        (Ok(_), false) => StatusCode::NO_CONTENT.into_response(),
        (Err(error), false) => Problem::from(error).into_response(),
        (Err(error), true) => {
            let status = error.clone().into_refusal().status();
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            let page = page_of(&form.fields, &headers);
            let returned = Returned::new(ACTION, error.refused(), form.fields);
            refuse(app, caller, &headers, &page, returned, status).await
        }
    }
}

/// The fields and files of a form as far as they were read.
#[derive(Default)]
struct MessageForm {
    fields: Vec<(String, String)>,
    /// The files of the message.
    files: Vec<FileId>,
    /// Those of them that this form has uploaded.
    new: Vec<FileId>,
}

/// The reading of one form.
struct Reading<'a> {
    app: &'a AppState,
    caller: &'a Caller,
    body: Arc<FormBody>,
    /// The bytes of the whole form.
    declared: u64,
    /// The bytes of texts in memory.
    charge: Charge,
    texts: usize,
}

impl MessageForm {
    /// Reads a form and sends its message; returns the path of the conversation.
    async fn take(&mut self, app: &AppState, caller: &Caller, request: Request) -> Result<String, Error> {
        let (parts, body) = request.into_parts();
        let most = app.chat.file_bytes(caller).await?.saturating_mul(ATTACHMENTS as u64);
        let most = most.saturating_add(BODY_BYTES as u64);
        // A proxy may pass a form on without its length.
        let declared = declared(&parts.headers).unwrap_or(most);
        let too_large = Refusal::BodyTooLarge { max: usize::try_from(most).unwrap_or(usize::MAX) };
        let refused = (declared > most).then_some(Error::from(too_large));
        let refused = refused.or_else(|| caller.user().err().map(Error::from));
        if let Some(permit) = parts.extensions.get::<Permit>() {
            permit.works();
        }
        let charge = app.bodies.begin(network_of(app, &parts));
        let (counted, body) = FormBody::new(body);
        let form = Multipart::from_request(Request::from_parts(parts, body), app).await;
        let form = form.map_err(|_| Refusal::RequestBad)?;
        let mut reading = Reading { app, caller, body: counted, declared, charge, texts: 0 };
        let sent = match self.read(&mut reading, form, refused).await {
            Ok(()) => self.post(&app.chat, caller).await,
            Err(error) => Err(error),
        };
        if let Err(Error::Refusal(_)) = &sent {
            // The next form has an id of its own, so these would only take room.
            for file in self.new.drain(..) {
                let _ = app.chat.discard_file(caller, file).await;
            }
        }
        sent
    }

    /// Reads all parts. After a refusal, perhaps one from before the first part, the rest is still read, up to a bound: a
    /// browser shows no answer before it has sent everything, and what was typed comes back.
    async fn read(
        &mut self,
        reading: &mut Reading<'_>,
        mut form: Multipart,
        mut refused: Option<Error>,
    ) -> Result<(), Error> {
        let mut end = if refused.is_some() { DISCARDED_BYTES as u64 } else { u64::MAX };
        let body = Arc::clone(&reading.body);
        let mut parts = 0;
        loop {
            let field = match body.wait(form.next_field()).await {
                Ok(Some(field)) => field,
                Ok(None) => return refused.map_or(Ok(()), Err),
                Err(error) => return Err(refused.unwrap_or(error)),
            };
            body.is_taken_up();
            parts += 1;
            if parts > PARTS || body.received() > end {
                return Err(refused.unwrap_or_else(|| Refusal::RequestBad.into()));
            }
            let name = field.name().unwrap_or_default().to_owned();
            let file_name = field.file_name().unwrap_or_default().to_owned();
            let mut source = PartSource { body: &body, field, first: None, is_at_end: false };
            let taken = match (name == FILE_FIELD, &refused) {
                (true, None) => self.add_file(reading, file_name, &mut source).await,
                (true, Some(_)) => Ok(()),
                (false, _) => self.add_field(reading, name, &mut source).await,
            };
            if let Err(error) = taken
                && refused.is_none()
            {
                refused = Some(error);
                end = body.received().saturating_add(DISCARDED_BYTES as u64);
            }
            if let Err(error) = source.skip(end).await {
                return Err(refused.unwrap_or(error));
            }
        }
    }

    async fn add_field(
        &mut self,
        reading: &mut Reading<'_>,
        name: String,
        source: &mut PartSource<'_>,
    ) -> Result<(), Error> {
        let mut text = Vec::new();
        reading.texts += name.len();
        while let Some(chunk) = source.next().await? {
            reading.texts += chunk.len();
            if reading.texts > BODY_BYTES {
                return Err(Refusal::BodyTooLarge { max: BODY_BYTES }.into());
            }
            reading.charge.grow(reading.texts)?;
            text.extend_from_slice(&chunk);
        }
        let text = String::from_utf8(text).map_err(|_| Refusal::RequestBad)?;
        self.fields.push((name, text));
        Ok(())
    }

    async fn add_file(
        &mut self,
        reading: &Reading<'_>,
        name: String,
        source: &mut PartSource<'_>,
    ) -> Result<(), Error> {
        if name.is_empty() && source.is_empty().await? {
            return Ok(());
        }
        if self.files.len() == ATTACHMENTS {
            return Err(Refusal::AttachmentsBad.into());
        }
        self.topic()?;
        // No id of a program's upload has a space.
        let key = Some(format!("form {} {}", self.id()?, self.files.len()));
        let left = reading.declared.saturating_sub(reading.body.received());
        let new = NewUpload { name, bytes: DeclaredBytes::AtMost(left), key };
        let uploaded = reading.app.chat.upload(reading.caller, new, source).await?;
        self.files.push(uploaded.file.id);
        if !uploaded.duplicate {
            self.new.push(uploaded.file.id);
        }
        Ok(())
    }

    /// Sends the message.
    async fn post(&self, chat: &Chat, caller: &Caller) -> Result<String, Error> {
        let (topic, id) = (self.topic()?, self.id()?);
        let conversation = topic.conversation().ok_or(Refusal::NotFound)?;
        let wants = |_| Refusal::FieldWrong { field: "reply_to".into(), wants: Expected::Seq };
        let reply_to = self.field("reply_to").filter(|seq| !seq.is_empty());
        let reply_to = reply_to.map(|seq| seq.parse().map(Seq).map_err(wants)).transpose()?;
        let files = self.files.iter();
        let attachments: Vec<_> = files.map(|id| NewAttachment { id: *id, alt: String::new() }).collect();
        let text = self.field("text").unwrap_or_default();
        let message =
            OutgoingMessage { id: &id, text, reply_to, recipients: None, attachments: &attachments };
        let sending = chat.begin_message(caller, topic, message).await?;
        chat.finish(sending).await?;
        Ok(conversation.path(caller.user()?.id))
    }

    fn topic(&self) -> Result<Topic, Refusal> {
        let topic = self.field("topic").ok_or_else(|| missing("topic", Expected::String))?;
        let topic = Topic::new(topic)?;
        topic.conversation().ok_or(Refusal::NotFound)?;
        Ok(topic)
    }

    fn id(&self) -> Result<SendId, Refusal> {
        SendId::new(self.field("id").ok_or_else(|| missing("id", Expected::SendId))?)
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn missing(field: &'static str, wants: Expected) -> Refusal {
    Refusal::FieldMissing { field: field.into(), wants }
}

/// The content of a part as a source of bytes.
struct PartSource<'a> {
    body: &'a FormBody,
    field: Field<'a>,
    /// Bytes that were read to see whether there are any.
    first: Option<Bytes>,
    is_at_end: bool,
}

impl PartSource<'_> {
    async fn is_empty(&mut self) -> Result<bool, Error> {
        self.first = self.next().await?;
        Ok(self.first.is_none())
    }

    /// Reads what is left and drops it, until so many bytes of the form are received.
    async fn skip(&mut self, end: u64) -> Result<(), Error> {
        while self.next().await?.is_some() {
            if self.body.received() > end {
                return Err(Refusal::RequestBad.into());
            }
        }
        Ok(())
    }
}

#[async_trait]
impl ByteSource for PartSource<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        while !self.is_at_end {
            let Some(chunk) = self.body.wait(self.field.chunk()).await? else { break };
            self.body.take(chunk.len());
            // The parser ends a part with nothing.
            if !chunk.is_empty() {
                return Ok(Some(chunk));
            }
        }
        self.is_at_end = true;
        Ok(None)
    }
}
