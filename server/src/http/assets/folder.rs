//! Static files from a folder, for the development loop.

use app::Assets;
use axum::body::Body;
use axum::response::Response;
use http::header::CACHE_CONTROL;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use tower::ServiceExt;
use tower_http::services::ServeDir;

use crate::config::ConfigError;

/// A folder with the static files, as `cargo leptos` builds it.
pub(crate) struct Site {
    folder: ServeDir,
    /// The style sheets that the main one imports: the development loop serves them from the source folder.
    style: ServeDir,
    pub(crate) assets: Assets,
}

impl Site {
    /// Returns the folder that `cargo leptos` names, or the default one.
    pub(crate) fn find() -> Result<Self, ConfigError> {
        let root = std::env::var("LEPTOS_SITE_ROOT").ok().filter(|root| !root.is_empty());
        let root = root.unwrap_or_else(|| "target/site".into());
        let folder = ServeDir::new(root).append_index_html_on_directories(false);
        let path = |end: &str| format!("/pkg/hubbub.{end}");
        let style = ServeDir::new("style");
        Ok(Self { folder, style, assets: Assets { js: path("js"), wasm: path("wasm"), css: path("css") } })
    }

    pub(crate) async fn file(&self, request: &Parts) -> Option<Response> {
        let path = request.uri.path();
        if path == "/" || path.ends_with('/') {
            return None;
        }
        let mut answer = ask(&self.folder, request, path).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            let sheet = path.strip_prefix("/pkg").filter(|name| name.ends_with(".css"))?;
            answer = ask(&self.style, request, sheet).await?;
        }
        if answer.status() == StatusCode::NOT_FOUND {
            return None;
        }
        // The names do not change with a build.
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        Some(answer)
    }
}

async fn ask(folder: &ServeDir, request: &Parts, path: &str) -> Option<Response> {
    let mut copy = axum::http::Request::builder().uri(path).method(request.method.clone());
    if let Some(headers) = copy.headers_mut() {
        headers.clone_from(&request.headers);
    }
    let answer = folder.clone().oneshot(copy.body(Body::empty()).ok()?).await.ok()?;
    Some(answer.map(Body::new))
}
