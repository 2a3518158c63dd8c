//! Static files: inside the binary (`embed`), or in the folder that the development loop builds.

#[cfg(feature = "embed")]
mod embedded;
#[cfg(not(feature = "embed"))]
mod folder;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;

use crate::server::AppState;

#[cfg(feature = "embed")]
pub(crate) use embedded::Site;
#[cfg(not(feature = "embed"))]
pub(crate) use folder::Site;

/// Marks the response of a static file, for the metrics.
#[derive(Clone, Copy)]
pub(crate) struct IsFile;

/// Middleware: answers with the file at the path, if there is one; otherwise the request continues.
pub(crate) async fn serve(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if matches!(parts.method, Method::GET | Method::HEAD)
        && let Some(mut file) = app.site.file(&parts).await
    {
        file.extensions_mut().insert(IsFile);
        return file;
    }
    next.run(Request::from_parts(parts, body)).await
}
