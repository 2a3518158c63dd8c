//! The REST API for programs, under `/api/v1`: JSON, bearer tokens, and problem documents.
//!
//! A cookie is never read here. Each handler has its route, its documentation and its types in one place; the OpenAPI
//! document and the pages under `/api/v1/docs` are made from them.

mod application;
mod application_tokens;
mod applications;
pub(crate) mod authenticate;
mod bans;
pub(crate) mod body;
mod broadcasts;
mod conversation_settings;
pub(crate) mod conversations;
mod cors;
mod docs;
mod entity_tag;
pub(crate) mod error;
mod files;
mod hooks;
mod inbox;
mod invites;
mod members;
pub(crate) mod message_forms;
pub(crate) mod messages;
mod paging;
mod reactions;
mod read_states;
mod receipts;
mod retention;
mod search;
mod topics;
mod user_tokens;
mod users;
mod webhooks;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::Method;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder, RefOr, SecurityRequirement};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::error::ApiError;
use crate::http::bodies;
use crate::http::routes::{FILE_TIME, REQUEST_TIME};
use crate::server::AppState;

/// The path under which everything of this version is.
pub(crate) const ROOT: &str = "/api/v1";

/// Builds the router of the API. Layers read from the bottom up: the last one sees a request first.
pub(crate) fn router(app: &AppState) -> Router<AppState> {
    let (routes, document) = described().split_for_parts();
    let document = with_problems(document);
    let documents = Router::new()
        .route("/openapi.json", get(docs::document))
        .route("/docs", get(docs::page))
        .layer(axum::Extension(docs::Documents::of(&document)));
    let authenticated = routes
        .method_not_allowed_fallback(async || ApiError::from(wire::Refusal::MethodWrong))
        .layer(from_fn_with_state(app.clone(), authenticate::authenticate));
    let all = authenticated
        .merge(documents)
        .fallback(async || ApiError::from(wire::Refusal::NotFound))
        .layer(from_fn(bodies::check))
        .layer(from_fn(limit_time))
        .layer(from_fn_with_state(app.clone(), cors::answer_preflight))
        .layer(from_fn(error::explain))
        .layer(DefaultBodyLimit::disable());
    Router::new().nest(ROOT, all)
}

/// Middleware: ends a request that takes too long. The body of a file takes longer than anything else.
async fn limit_time(request: Request, next: Next) -> Response {
    let is_file = request.method() == Method::POST && request.uri().path() == "/files";
    let most = if is_file { FILE_TIME } else { REQUEST_TIME };
    let answered = tokio::time::timeout(most, next.run(request)).await;
    answered.unwrap_or_else(|_| ApiError::from(wire::Refusal::Unavailable).into_response())
}

/// Returns the OpenAPI document.
#[must_use]
pub fn openapi() -> OpenApi {
    with_problems(described().split_for_parts().1)
}

/// Gives the errors of every operation the media type of problem documents.
fn with_problems(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        let operations =
            [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch, &mut item.head];
        for operation in operations.into_iter().flatten() {
            let Some(RefOr::T(error)) = operation.responses.responses.get_mut("default") else { continue };
            let content = std::mem::take(&mut error.content).into_values();
            error.content = content.map(|content| ("application/problem+json".to_owned(), content)).collect();
        }
    }
    document
}

/// Returns the routes with their descriptions.
fn described() -> OpenApiRouter<AppState> {
    let info = InfoBuilder::new()
        .title("Hubbub")
        .version("1")
        .description(Some("Group chat and topics for the users of an application."))
        .build();
    let mut components = Components::new();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.add_security_scheme("token", bearer);
    let document = OpenApiBuilder::new()
        .info(info)
        .servers(Some([utoipa::openapi::Server::new(ROOT)]))
        .components(Some(components))
        .security(Some([SecurityRequirement::new::<_, [&str; 0], &str>("token", [])]))
        .build();
    OpenApiRouter::with_openapi(document)
        .routes(routes!(applications::create, applications::list))
        .routes(routes!(applications::read, applications::change, applications::delete))
        .routes(routes!(applications::create_token))
        .routes(routes!(application::read, application::change))
        .routes(routes!(application_tokens::list, application_tokens::create))
        .routes(routes!(application_tokens::revoke))
        .routes(routes!(application_tokens::rotate_key))
        .routes(routes!(application_tokens::revoke_all))
        .routes(routes!(user_tokens::create, user_tokens::revoke))
        .routes(routes!(user_tokens::link))
        .routes(routes!(user_tokens::me))
        .routes(routes!(application::usage))
        .routes(routes!(users::list))
        .routes(routes!(users::put, users::read, users::delete))
        .routes(routes!(conversations::create, conversations::list))
        .routes(routes!(
            conversations::put,
            conversations::read,
            conversations::change,
            conversations::delete
        ))
        .routes(routes!(conversations::direct))
        .routes(routes!(members::list))
        .routes(routes!(members::put, members::delete))
        .routes(routes!(bans::put, bans::delete))
        .routes(routes!(invites::create, invites::list))
        .routes(routes!(invites::delete))
        .routes(routes!(invites::redeem))
        .routes(routes!(hooks::list))
        .routes(routes!(hooks::put, hooks::read, hooks::delete))
        .routes(routes!(hooks::rotate))
        .routes(routes!(webhooks::list))
        .routes(routes!(webhooks::put, webhooks::read, webhooks::delete))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::replay))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::replay_delivery))
        .routes(routes!(messages::send, messages::list))
        .routes(routes!(messages::read, messages::edit, messages::delete))
        .routes(routes!(reactions::add, reactions::remove))
        .routes(routes!(reactions::pin, reactions::unpin))
        .routes(routes!(receipts::read))
        .routes(routes!(broadcasts::send, broadcasts::list))
        .routes(routes!(broadcasts::read))
        .routes(routes!(search::search))
        .routes(routes!(inbox::read))
        .routes(routes!(read_states::list))
        .routes(routes!(read_states::read))
        .routes(routes!(read_states::typing))
        .routes(routes!(topics::read, topics::clear))
        .routes(routes!(topics::set_retention, topics::reset_retention))
        .routes(routes!(topics::publish, topics::history))
        .routes(routes!(topics::presence))
        .routes(routes!(files::upload))
        .routes(routes!(files::content, files::delete))
        .routes(routes!(files::thumbnail))
        .routes(routes!(files::link))
}
