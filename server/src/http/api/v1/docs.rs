//! The OpenAPI document, and pages made from it: HTML without script, a curl line for each route.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Extension;
use axum::response::{Html, IntoResponse, Response};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use utoipa::openapi::OpenApi;

use super::ROOT;

/// The finished documents.
#[derive(Clone)]
pub(crate) struct Documents {
    json: Arc<str>,
    html: Arc<str>,
}

/// The methods of a path, in the order in which the page shows them.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

impl Documents {
    pub(crate) fn of(document: &OpenApi) -> Self {
        let json = document.to_json().unwrap_or_default();
        let value = serde_json::from_str(&json).unwrap_or_default();
        Self { html: render(&value).into(), json: json.into() }
    }
}

/// `GET /api/v1/openapi.json`: the OpenAPI document.
pub(crate) async fn document(Extension(documents): Extension<Documents>) -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(CONTENT_TYPE, json)], documents.json.to_string()).into_response()
}

/// `GET /api/v1/docs`: every route, with a curl line.
pub(crate) async fn page(Extension(documents): Extension<Documents>) -> Html<String> {
    Html(documents.html.to_string())
}

fn render(document: &Value) -> String {
    let mut html = String::from(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Hubbub API</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"></head><body><h1>Hubbub API</h1>",
    );
    html.push_str(
        "<p>Send <code>Authorization: Bearer</code> with a token. <code>Hubbub-As: KEY</code> acts as a user of the \
         application, under that user&#39;s rules. Every error is a problem document with a stable <code>code</code>. \
         The same as OpenAPI: <a href=\"openapi.json\">openapi.json</a>.</p>",
    );
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                route(&mut html, document, path, method, operation);
            }
        }
    }
    html.push_str("</body></html>");
    html
}

fn route(html: &mut String, document: &Value, path: &str, method: &str, operation: &Value) {
    let title = format!("{} {path}", method.to_uppercase());
    let summary = [&operation["summary"], &operation["description"]];
    let summary: Vec<&str> = summary.into_iter().filter_map(Value::as_str).collect();
    // Writing to a string cannot fail.
    let _ = write!(html, "<h2>{}</h2><p>{}</p>", escaped(&title), escaped(&summary.join(" ")));
    let body = body_of(document, operation);
    let _ = write!(html, "<pre>{}</pre>", escaped(&curl(path, method, body.as_ref())));
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let parameters = parameters.map(|parameter| (text(&parameter["name"]), text(&parameter["description"])));
    list(html, "Parameters", parameters);
    let fields = body.as_ref().and_then(|schema| schema["properties"].as_object()).into_iter().flatten();
    list(html, "Body", fields.map(|(name, field)| (name.as_str(), text(&field["description"]))));
}

fn list<'a>(html: &mut String, title: &str, items: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return;
    }
    let _ = write!(html, "<h3>{title}</h3><dl>");
    for (name, description) in items {
        let _ = write!(html, "<dt><code>{}</code></dt><dd>{}</dd>", escaped(name), escaped(description));
    }
    html.push_str("</dl>");
}

/// Returns the schema of the body of a route, with the fields of its parts.
fn body_of(document: &Value, operation: &Value) -> Option<Value> {
    let schema = operation.pointer("/requestBody/content/application~1json/schema")?;
    let mut schema = resolved(document, schema).clone();
    let parts = schema["allOf"].as_array().cloned().unwrap_or_default();
    for part in &parts {
        for (name, field) in resolved(document, part)["properties"].as_object().into_iter().flatten() {
            schema["properties"][name] = field.clone();
        }
        for name in resolved(document, part)["required"].as_array().into_iter().flatten() {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            schema["required"] = required.into_iter().chain([name.clone()]).collect();
        }
    }
    Some(schema)
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|name| name.strip_prefix('#'));
    name.and_then(|name| document.pointer(name)).unwrap_or(schema)
}

/// Returns a curl line with the fields that are required.
fn curl(path: &str, method: &str, body: Option<&Value>) -> String {
    let method = if method == "get" { String::new() } else { format!(" -X {}", method.to_uppercase()) };
    let mut line = format!("curl{method} \"$HUBBUB{ROOT}{path}\" -H \"Authorization: Bearer $TOKEN\"");
    if let Some(schema) = body {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let fields: Vec<String> =
            required.map(|name| format!("\"{name}\":{}", example(&schema["properties"][name]))).collect();
        let _ = write!(line, " \\\n     -H \"Content-Type: application/json\" -d '{{{}}}'", fields.join(","));
    }
    line
}

/// Returns a value that fits the type of a field.
fn example(field: &Value) -> &'static str {
    match text(&field["type"]) {
        "string" => "\"…\"",
        "integer" => "1",
        "boolean" => "true",
        _ => "{}",
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
