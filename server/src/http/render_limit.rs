//! A limit of concurrent page renders. A render holds its data, its tree and its HTML in memory, so many heavy pages at
//! once would take as many times that; it also takes a core while it lasts.

use std::sync::Arc;
use std::thread::available_parallelism;

use app::Assets;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use tokio::sync::Semaphore;
use wire::Refusal;

use crate::http::languages::{mark_language, texts_for};
use crate::http::negotiation::wants_html;
use crate::http::problem::Problem;

/// The queue bound for renders; more requests are refused at once.
const WAITING: usize = 512;
/// The `Retry-After` for a refused browser, in seconds.
const AGAIN: u64 = 2;
/// The page for a refused browser has a style sheet and an icon, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The limit of renders: one for each core, and a queue.
#[derive(Clone)]
pub(crate) struct RenderLimit {
    at_work: Arc<Semaphore>,
    inside: Arc<Semaphore>,
    /// The assets of the page for a browser that is refused.
    assets: Assets,
}

impl RenderLimit {
    /// Allows as many renders as there are cores, at least two.
    pub(crate) fn new(assets: Assets) -> Self {
        Self::with_room(available_parallelism().map_or(2, |cores| cores.get().max(2)), WAITING, assets)
    }

    fn with_room(at_work: usize, waiting: usize, assets: Assets) -> Self {
        let inside = Semaphore::new(at_work + waiting);
        Self { at_work: Arc::new(Semaphore::new(at_work)), inside: Arc::new(inside), assets }
    }
}

/// Middleware: a request waits for a free render, or is answered with 503 and `Retry-After` if the queue is full.
pub(crate) async fn bound(State(renders): State<RenderLimit>, request: Request, next: Next) -> Response {
    let Ok(_inside) = Arc::clone(&renders.inside).try_acquire_owned() else {
        return busy(&renders, &request);
    };
    // The semaphore is never closed; if it were, there would be no room either.
    let Ok(_at_work) = Arc::clone(&renders.at_work).acquire_owned().await else {
        return busy(&renders, &request);
    };
    next.run(request).await
}

/// Answers with a page for a browser, and with a problem document for any other client.
fn busy(renders: &RenderLimit, request: &Request) -> Response {
    let mut response = if wants_html(request.headers()) {
        let page = app::busy_page(&renders.assets, texts_for(request.headers()));
        let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)];
        let mut response = (headers, page).into_response();
        mark_language(request.headers(), &mut response);
        response
    } else {
        Problem::from(Refusal::Unavailable).into_response()
    };
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(AGAIN));
    response
}

#[cfg(test)]
mod tests {
    use std::future::{Future, poll_fn};
    use std::pin::Pin;
    use std::task::Poll;

    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use http::header::ACCEPT;
    use tower::ServiceExt;

    use super::*;

    fn assets() -> Assets {
        Assets { js: "/a.js".into(), wasm: "/a.wasm".into(), css: "/a.css".into() }
    }

    type Answer = Pin<Box<dyn Future<Output = StatusCode> + Send>>;

    /// Polls a request until it waits; returns its status if it has an answer.
    async fn drive(answer: &mut Answer) -> Option<StatusCode> {
        poll_fn(|context| {
            Poll::Ready(match answer.as_mut().poll(context) {
                Poll::Ready(status) => Some(status),
                Poll::Pending => None,
            })
        })
        .await
    }

    #[tokio::test]
    async fn one_page_too_many_is_asked_to_come_again_and_the_others_get_theirs() {
        let gate = Arc::new(Semaphore::new(0));
        let rendering = Arc::clone(&gate);
        let page = move || {
            let gate = Arc::clone(&rendering);
            async move {
                gate.acquire().await.unwrap().forget();
                "a page"
            }
        };
        let router = Router::new()
            .route("/", get(page).layer(from_fn_with_state(RenderLimit::with_room(1, 1, assets()), bound)));
        let ask = || -> Answer {
            let asked = router.clone().oneshot(Request::get("/").body(Body::empty()).unwrap());
            Box::pin(async move { asked.await.unwrap().status() })
        };
        let (mut ann, mut ben, mut cal) = (ask(), ask(), ask());
        assert_eq!(drive(&mut ann).await, None, "her page is rendered");
        assert_eq!(drive(&mut ben).await, None, "he waits");
        assert_eq!(drive(&mut cal).await, Some(StatusCode::SERVICE_UNAVAILABLE));
        gate.add_permits(1);
        assert_eq!(ann.await, StatusCode::OK);
        assert_eq!(drive(&mut ben).await, None, "his page is rendered");
        let mut dan = ask();
        assert_eq!(drive(&mut dan).await, None, "there is room again");
        gate.add_permits(2);
        assert_eq!((ben.await, dan.await), (StatusCode::OK, StatusCode::OK));
    }

    #[tokio::test]
    async fn a_browser_is_shown_a_page_that_says_to_come_again_and_a_program_a_problem_document() {
        let no_room = RenderLimit::with_room(0, 0, assets());
        let router = Router::new().route("/", get("a page").layer(from_fn_with_state(no_room, bound)));
        let ask = async |accept: &str| {
            let request = Request::get("/").header(ACCEPT, accept).body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(answer.headers()[RETRY_AFTER], "2");
            let (head, body) = answer.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let kind = head.headers[CONTENT_TYPE].to_str().unwrap().to_owned();
            (kind, head.headers, String::from_utf8(body.to_vec()).unwrap())
        };
        let (kind, headers, page) = ask("text/html,application/xhtml+xml,*/*;q=0.8").await;
        assert_eq!(kind, "text/html; charset=utf-8");
        assert!(headers[CONTENT_SECURITY_POLICY].to_str().unwrap().contains("style-src 'self'"));
        for part in
            ["<link rel=\"stylesheet\" href=\"/a.css\">", "<h1>The server is busy</h1>", "class=\"button\""]
        {
            assert!(page.contains(part), "{part}: {page}");
        }
        for accept in ["application/json", "*/*"] {
            let (kind, _, problem) = ask(accept).await;
            assert_eq!(kind, "application/problem+json", "{accept}");
            assert!(problem.contains("\"unavailable\""), "{problem}");
        }
    }
}
