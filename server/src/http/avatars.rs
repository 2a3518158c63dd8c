//! Avatars: pictures of users, served and uploaded.

use data_encoding::HEXLOWER;
use std::collections::HashMap;
use std::sync::Arc;

use app::Returned;
use axum::Extension;
use axum::extract::multipart::Multipart;
use axum::extract::{FromRequest, Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use bytes::{Bytes, BytesMut};
use chat::{Caller, Error};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use http::{HeaderMap, HeaderValue, StatusCode};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use wire::{Refusal, UserId, UserKey};

use crate::http::bodies::{Bodies, Deadline, network_of};
use crate::http::connection_limits::Permit;
use crate::http::forms::{page_of, refuse};
use crate::http::negotiation::{is_known, wants_html};
use crate::http::problem::Problem;
use crate::server::AppState;

/// The largest file that is accepted as a picture.
const PICTURE_BYTES: usize = 10 * 1_024 * 1_024;
/// The most bytes that are read. Bytes past the largest file are discarded: a browser shows no answer before it has
/// sent everything.
pub(crate) const UPLOAD_BYTES: usize = 2 * PICTURE_BYTES;
/// The most bytes of files in memory, of all and of one network.
const FILES_BYTES: usize = 96 * 1_024 * 1_024;
const FILES_NETWORK_BYTES: usize = 24 * 1_024 * 1_024;
/// The most concurrent uploads of one person.
const FILES_OF_ONE: usize = 2;
/// The page with the form.
const PAGE: &str = "/account";
/// The action of the form.
const ACTION: &str = "/account/picture";
/// An empty picture: the page shows the initial below it.
const NO_PICTURE: &str = r#"<svg xmlns="http://www.w3.org/2000/svg"/>"#;

/// `GET /avatar/{user}`: the picture of a user, for every signed-in user. Users without a picture, and unknown ids, get
/// an empty SVG: a page requests everybody's.
pub(crate) async fn avatar(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.user()?;
    let picture = match user.parse::<UserId>() {
        Ok(user) => app.chat.avatar(&caller, user).await?,
        Err(_) => None,
    };
    let (kind, picture) = match picture {
        Some(picture) => ("image/jpeg", picture),
        None => ("image/svg+xml", Bytes::from_static(NO_PICTURE.as_bytes())),
    };
    let tag = format!("\"{}\"", HEXLOWER.encode(&Sha256::digest(&picture)[..8]));
    let mut answer = if is_known(&headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        picture.into_response()
    };
    let told = answer.headers_mut();
    told.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    // Revalidated on each page; an unchanged picture is answered without a body.
    told.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        told.insert(ETAG, tag);
    }
    Ok(answer)
}

/// The files that are being uploaded. A file counts with the bytes received so far, so that a slow connection keeps
/// nobody else from uploading.
pub(crate) struct Uploads {
    files: Arc<Bodies>,
    people: Mutex<HashMap<UserKey, usize>>,
}

/// One upload in progress, until it is dropped.
struct Upload<'a> {
    uploads: &'a Uploads,
    user: UserKey,
}

impl Default for Uploads {
    fn default() -> Self {
        Self { files: Arc::new(Bodies::new(FILES_BYTES, FILES_NETWORK_BYTES)), people: Mutex::default() }
    }
}

impl Uploads {
    fn begin(&self, user: UserKey) -> Result<Upload<'_>, Refusal> {
        let mut people = self.people.lock();
        let count = people.entry(user).or_default();
        if *count >= FILES_OF_ONE {
            return Err(Refusal::Unavailable);
        }
        *count += 1;
        Ok(Upload { uploads: self, user })
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        let mut people = self.uploads.people.lock();
        if let Some(count) = people.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                people.remove(&self.user);
            }
        }
    }
}

/// `POST /account/picture`: a form with a file `picture`, or with `remove`. A browser is redirected to the form's page;
/// a refused file is explained on that page, in the answer.
pub(crate) async fn upload(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let done = take(&app, &caller, request).await;
    if !wants_html(&headers) {
        return match done {
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
            Err(no) => Problem::from(no).into_response(),
        };
    }
    match done {
        Ok(()) => Redirect::to(&page(&headers)).into_response(),
        Err(no) => refuse_file(app, caller, &headers, &no).await,
    }
}

/// Explains in our words that a file was not read at all, because it is far too large.
pub(crate) async fn explain(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers().clone();
    let response = next.run(request).await;
    if response.status() != StatusCode::PAYLOAD_TOO_LARGE || is_html(&response) {
        return response;
    }
    let refusal = Refusal::BodyTooLarge { max: PICTURE_BYTES };
    if wants_html(&headers) {
        refuse_file(app, caller, &headers, &refusal.into()).await
    } else {
        Problem::from(refusal).into_response()
    }
}

fn is_html(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// Returns the form's page: the `Referer` if it is that page, with its query, since the form's own field is in a body
/// that may not be read.
fn page(headers: &HeaderMap) -> String {
    let page = page_of(&[], headers);
    if page.split('?').next() == Some(PAGE) { page } else { PAGE.into() }
}

async fn refuse_file(app: AppState, caller: Caller, headers: &HeaderMap, error: &Error) -> Response {
    let status = error.clone().into_refusal().status();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    let returned = Returned::new(ACTION, error.refused(), []);
    refuse(app, caller, headers, &page(headers), returned, status).await
}

async fn take(app: &AppState, caller: &Caller, request: Request) -> Result<(), Error> {
    let me = caller.user()?;
    app.chat.may_set_avatar(caller).await?;
    let _upload = app.uploads.begin(caller.key(me.id))?;
    let (parts, body) = request.into_parts();
    let mut charge = app.uploads.files.begin(network_of(app, &parts));
    if let Some(permit) = parts.extensions.get::<Permit>() {
        permit.works();
    }
    let form = Multipart::from_request(Request::from_parts(parts, body), app).await;
    let mut form = form.map_err(|_| Refusal::PictureBad)?;
    let (deadline, mut size) = (Deadline::begin(), 0);
    while let Some(mut field) =
        deadline.wait(size, form.next_field()).await?.map_err(|_| Refusal::PictureBad)?
    {
        match field.name() {
            Some("remove") => return app.chat.remove_avatar(caller).await,
            Some("picture") => {}
            _ => continue,
        }
        let mut file = BytesMut::new();
        while let Some(part) = deadline.wait(size, field.chunk()).await?.map_err(|_| Refusal::PictureBad)? {
            size += part.len();
            if size <= PICTURE_BYTES {
                charge.grow(size)?;
                file.extend_from_slice(&part);
            }
        }
        if size > PICTURE_BYTES {
            return Err(Refusal::BodyTooLarge { max: PICTURE_BYTES }.into());
        }
        return app.chat.set_avatar(caller, file.freeze()).await;
    }
    Err(Refusal::PictureBad.into())
}
