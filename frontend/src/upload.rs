//! Uploads of files, with their progress, and the files that the viewer has chosen.

use std::cell::RefCell;

use app::{ChatClient, Failure};
use js_sys::{Date, encode_uri_component};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{File, FileList, ProgressEvent, XmlHttpRequest};
use wire::{Attachment, Refused, SendId, Topic};

use crate::{drive, host};

/// The longest that an upload may take, in milliseconds; the server gives up then, too.
const UPLOAD_TIME: u32 = 15 * 60 * 1_000;

thread_local! {
    /// The files of drafts that are not uploaded yet, each with its request, if that was begun.
    static CHOSEN: RefCell<Vec<(SendId, File, Option<XmlHttpRequest>)>> = const { RefCell::new(Vec::new()) };
}

/// Adds files to the draft of a conversation.
pub(crate) fn attach(client: &ChatClient, topic: &Topic, files: &FileList) {
    for file in (0..files.length()).filter_map(|at| files.get(at)) {
        let id = SendId::from_bytes(host::random());
        // An SVG is a document, and is never shown as a picture.
        let media_type = file.type_();
        let is_picture = media_type.starts_with("image/") && media_type != "image/svg+xml";
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a size is exact in an f64"
        )]
        let bytes = file.size() as u64;
        if client.attach(topic, id.clone(), file.name(), bytes, is_picture) {
            CHOSEN.with_borrow_mut(|chosen| chosen.push((id, file, None)));
        }
    }
    drive::wake();
}

/// Begins an upload.
pub(crate) fn start(client: &ChatClient, id: SendId) {
    let request = chosen(&id).and_then(|file| send(client, &id, &file).ok());
    match request {
        Some(request) => CHOSEN.with_borrow_mut(|chosen| {
            if let Some(chosen) = chosen.iter_mut().find(|chosen| chosen.0 == id) {
                chosen.2 = Some(request);
            }
        }),
        None => client.upload_ended(&id, Err(interrupted()), Date::now()),
    }
}

/// Ends an upload, if it runs, and lets go of the file.
pub(crate) fn end(id: &SendId) {
    let request = CHOSEN.with_borrow_mut(|chosen| {
        let at = chosen.iter().position(|chosen| chosen.0 == *id)?;
        chosen.remove(at).2
    });
    if let Some(request) = request {
        // An error would mean that it has ended.
        let _ = request.abort();
    }
}

fn chosen(id: &SendId) -> Option<File> {
    CHOSEN.with_borrow(|chosen| chosen.iter().find(|chosen| chosen.0 == *id).map(|chosen| chosen.1.clone()))
}

/// Sends a file. `fetch` does not report the progress of a request's body.
fn send(client: &ChatClient, id: &SendId, file: &File) -> Result<XmlHttpRequest, JsValue> {
    let request = XmlHttpRequest::new()?;
    request.open("POST", &format!("/files?name={}", String::from(encode_uri_component(&file.name()))))?;
    request.set_request_header("Idempotency-Key", id.as_str())?;
    request.set_timeout(UPLOAD_TIME);
    let (progressing, its) = (client.clone(), id.clone());
    let progress = Closure::<dyn FnMut(ProgressEvent)>::new(move |event: ProgressEvent| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a size is exact in an f64"
        )]
        progressing.upload_progressed(&its, event.loaded() as u64);
    });
    request.upload()?.set_onprogress(Some(progress.into_js_value().unchecked_ref()));
    let (client, its, ended) = (client.clone(), id.clone(), request.clone());
    let end = Closure::<dyn FnMut()>::new(move || {
        let result = result(&ended);
        if result.is_ok() {
            self::end(&its);
        }
        client.upload_ended(&its, result, Date::now());
        drive::wake();
    });
    request.set_onloadend(Some(end.into_js_value().unchecked_ref()));
    request.send_with_opt_blob(Some(file))?;
    Ok(request)
}

/// Returns the file as the server has it, or the reason for which it does not.
fn result(request: &XmlHttpRequest) -> Result<Attachment, Refused> {
    let status = request.status().unwrap_or_default();
    if status == 0 {
        return Err(interrupted());
    }
    let body = request.response_text().ok().flatten().unwrap_or_default();
    if matches!(status, 200 | 201) {
        return serde_json::from_slice(body.as_bytes()).map_err(|_| interrupted());
    }
    Err(Failure::read(&body).refused)
}

fn interrupted() -> Refused {
    Refused::by_code("upload_failed")
}
