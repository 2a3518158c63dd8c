use axum::Extension;
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::{Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use chat::{Caller, No};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use sha2::{Digest, Sha256};
use wire::{Refusal, UserId};

use crate::boot::App;
use crate::pages::{after_form, wants_html};
use crate::problem::Problem;

/// The largest file that is taken for a picture.
const PICTURE_BYTES: usize = 10 * 1_024 * 1_024;
/// How much is read at all. What is past the largest file is thrown away: a browser shows no answer before it has sent
/// everything.
pub(crate) const UPLOAD_BYTES: usize = 2 * PICTURE_BYTES;
/// How many files are read at a time.
pub(crate) const UPLOADS: usize = 8;
/// Where the form stands.
const PAGE: &str = "/account";
/// What shows the letter below it.
const NO_PICTURE: &str = r#"<svg xmlns="http://www.w3.org/2000/svg"/>"#;

/// `GET /avatar/{user}`: the picture of a user, for everybody who is signed in. Who has none has an empty one, and so has
/// who does not exist: a page asks for everybody's.
pub(crate) async fn avatar(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.me()?;
    let picture = match user.parse::<UserId>() {
        Ok(user) => app.chat.picture(user).await?,
        Err(_) => None,
    };
    let (kind, picture) = match picture {
        Some(picture) => ("image/jpeg", picture),
        None => ("image/svg+xml", Bytes::from_static(NO_PICTURE.as_bytes())),
    };
    let tag =
        Sha256::digest(&picture).iter().take(8).fold(String::new(), |tag, byte| format!("{tag}{byte:02x}"));
    let tag = format!("\"{tag}\"");
    let known = headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut answer = if known { StatusCode::NOT_MODIFIED.into_response() } else { picture.into_response() };
    let told = answer.headers_mut();
    told.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    // Asked for again on each page, and answered in a line if it is still the same.
    told.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        told.insert(ETAG, tag);
    }
    Ok(answer)
}

/// `POST /account/picture`: a form with a file `picture`, or with `remove`. A browser goes back to its page.
pub(crate) async fn upload(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let done = take(&app, &caller, form).await;
    match done {
        Ok(()) if wants_html(&headers) => after_form(PAGE, None),
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(no) if wants_html(&headers) => {
            after_form(PAGE, Some(("/account/picture", &no.outside().sentence())))
        }
        Err(no) => Problem::from(no).into_response(),
    }
}

/// Says in our words that a file was not even read, because it is far too large.
pub(crate) async fn explain(request: Request, next: Next) -> Response {
    let html = wants_html(request.headers());
    let response = next.run(request).await;
    if response.status() != StatusCode::PAYLOAD_TOO_LARGE {
        return response;
    }
    let refusal = Refusal::BodyTooLarge { max: PICTURE_BYTES };
    if html {
        after_form(PAGE, Some(("/account/picture", &refusal.sentence())))
    } else {
        Problem(refusal).into_response()
    }
}

async fn take(app: &App, caller: &Caller, form: Result<Multipart, MultipartRejection>) -> Result<(), No> {
    let me = caller.me()?;
    app.chat.may_portray(me).await?;
    let _reading = app.uploads.try_acquire().map_err(|_| Refusal::Unavailable)?;
    let mut form = form.map_err(|_| Refusal::PictureBad)?;
    while let Some(mut field) = form.next_field().await.map_err(|_| Refusal::PictureBad)? {
        match field.name() {
            Some("remove") => return app.chat.take_picture_down(me).await,
            Some("picture") => {}
            _ => continue,
        }
        let (mut file, mut size) = (BytesMut::new(), 0);
        while let Some(part) = field.chunk().await.map_err(|_| Refusal::PictureBad)? {
            size += part.len();
            if size <= PICTURE_BYTES {
                file.extend_from_slice(&part);
            }
        }
        if size > PICTURE_BYTES {
            return Err(Refusal::BodyTooLarge { max: PICTURE_BYTES }.into());
        }
        return app.chat.portray(me, file.freeze()).await;
    }
    Err(Refusal::PictureBad.into())
}
