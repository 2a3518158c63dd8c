//! The terms that an engineer would grep for, and the one file that holds each. A term must stand in the name or the
//! first phrase of the documentation of its file, and of no other file of the product.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::root;

/// Each term of the field, and its file.
const TERMS: &[(&str, &str)] = &[
    ("retry with backoff", "crates/chat/src/jobs/backoff.rs"),
    ("history pages", "crates/chat/src/service/history.rs"),
    ("invite links", "crates/chat/src/rules/invites.rs"),
    ("restore detection", "crates/store/src/sqlite/life/mod.rs"),
    ("group commit", "crates/chat/src/commit/committer.rs"),
    ("subscription limit", "crates/chat/src/service/subscribe.rs"),
    ("csp header", "app/src/shell.rs"),
    ("configuration file", "server/src/config/settings.rs"),
    ("mention completion", "app/src/components/autocomplete.rs"),
    ("blocked users", "crates/chat/src/service/directs.rs"),
    ("metrics endpoint", "server/src/ops/metrics.rs"),
    ("permalinks", "app/src/components/conversation_context.rs"),
    ("prepared statements", "crates/store/src/sqlite/open.rs"),
    ("rate limiter", "crates/chat/src/service/rate_limiter.rs"),
    ("login throttle", "crates/chat/src/auth/login_throttle.rs"),
    ("websocket handshake", "crates/broker/src/websocket/handshake.rs"),
    ("upgrade", "server/src/websocket/upgrade.rs"),
    ("heartbeat", "server/src/websocket/connection.rs"),
    ("backpressure", "crates/broker/src/delivery/mod.rs"),
    ("hot path", "crates/broker/src/delivery/outbound.rs"),
    ("fan-out", "crates/broker/src/delivery/shard.rs"),
    ("back-off", "app/src/client/link.rs"),
    ("offline outbox", "app/src/client/outbox.rs"),
    ("draft attachments", "app/src/client/draft_files.rs"),
    ("lightbox", "app/src/components/lightbox.rs"),
    ("drag and drop", "app/src/components/attach.rs"),
    ("migration runner", "crates/store/src/sqlite/migrate.rs"),
    ("recent entries", "crates/chat/src/realtime/recent_entries.rs"),
    ("recovery cache", "crates/chat/src/realtime/recovery_cache.rs"),
    ("session cookie", "server/src/http/session.rs"),
    ("markdown parser", "crates/chat/src/text/markdown/mod.rs"),
    ("mentions", "crates/chat/src/text/mentions.rs"),
    ("permission check", "crates/chat/src/service/permissions.rs"),
    ("unread counts", "crates/chat/src/service/read_state.rs"),
    ("typing indicator", "app/src/components/status_line.rs"),
    ("graceful shutdown", "server/src/server.rs"),
    ("timer wheel", "server/src/websocket/timer_wheel.rs"),
    ("websocket decoder", "crates/broker/src/websocket/decoder.rs"),
    ("close codes", "crates/wire/src/close_code.rs"),
    ("client frames", "crates/wire/src/client_frame.rs"),
    ("server frames", "crates/wire/src/server_frame.rs"),
    ("idempotent", "crates/store/src/tables/append.rs"),
    ("committer", "crates/chat/src/commit/committer.rs"),
    ("revocations", "crates/chat/src/auth/revocations.rs"),
    ("password hashing", "crates/chat/src/auth/passwords.rs"),
    ("dispatch", "server/src/websocket/dispatch.rs"),
    ("router", "server/src/http/routes.rs"),
    ("csrf check", "server/src/middleware/origin.rs"),
    ("dns rebinding", "server/src/middleware/host.rs"),
    ("security headers", "server/src/middleware/headers.rs"),
    ("trusted proxies", "server/src/middleware/address.rs"),
    ("request body", "server/src/http/bodies.rs"),
    ("member limit", "crates/chat/src/rules/membership.rs"),
    ("slow consumer", "server/src/websocket/connection.rs"),
    ("problem details", "server/src/http/problem.rs"),
    ("health checks", "server/src/http/health.rs"),
    ("compression", "server/src/http/compression.rs"),
    ("prometheus", "server/src/ops/metrics.rs"),
    ("backups", "crates/store/src/sqlite/backup.rs"),
    ("restores", "crates/store/src/sqlite/restore.rs"),
    ("wal checkpoints", "crates/store/src/sqlite/checkpoint.rs"),
    ("query plans", "crates/store/src/sqlite/plans.rs"),
    ("writer thread", "crates/store/src/sqlite/writer.rs"),
    ("reader threads", "crates/store/src/readers.rs"),
    ("ephemeral events", "crates/chat/src/realtime/ephemeral.rs"),
    ("emoji picker", "app/src/components/picker.rs"),
    ("quick switcher", "app/src/components/switcher.rs"),
    ("autocomplete", "app/src/components/autocomplete.rs"),
    ("toasts", "app/src/components/toast.rs"),
    ("infinite scrolling", "app/src/components/history_loader.rs"),
    ("scroll anchoring", "app/src/components/scroll_anchor.rs"),
    ("delivery receipts", "app/src/client/receipt.rs"),
    ("websocket driver", "frontend/src/drive.rs"),
    ("clipboard of the browser", "frontend/src/clipboard.rs"),
    ("avatar images", "crates/chat/src/service/avatar_images.rs"),
    ("look-alike", "crates/chat/src/names/login.rs"),
    ("shortcodes", "crates/chat/src/text/shortcodes.rs"),
    ("tenant", "crates/wire/src/id.rs"),
    ("positions of entries", "crates/store/src/tables/scope.rs"),
    ("api token", "crates/chat/src/auth/api_token.rs"),
    ("the commands `hubbub app`", "server/src/ops/applications.rs"),
    ("external keys", "crates/chat/src/names/external_key.rs"),
    ("rest api for programs", "server/src/http/api/v1/mod.rs"),
    ("openapi", "server/src/http/api/v1/docs.rs"),
    ("cross-origin", "server/src/http/api/v1/cors.rs"),
    ("entity tags", "server/src/http/api/v1/entity_tag.rs"),
    ("authentication of api requests", "server/src/http/api/v1/authenticate.rs"),
    ("cursors and links", "server/src/http/api/v1/paging.rs"),
    ("authentication of programs", "crates/chat/src/service/programs.rs"),
    ("removal of the data", "crates/store/src/tables/application_data.rs"),
    ("relay", "crates/chat/src/jobs/relay.rs"),
    ("planning of jobs", "crates/chat/src/rules/plan.rs"),
    ("job worker", "crates/chat/src/jobs/worker.rs"),
    ("leases", "crates/store/src/tables/jobs.rs"),
    ("wake signals", "crates/chat/src/jobs/wake.rs"),
    ("sweep", "crates/chat/src/service/sweep.rs"),
    ("page of hits", "crates/chat/src/service/search.rs"),
    ("tokenizer", "crates/chat/src/search/terms.rs"),
    ("folding for search", "crates/chat/src/search/fold.rs"),
    ("indexer", "crates/chat/src/search/indexer.rs"),
    ("search cursor", "crates/chat/src/search/cursor.rs"),
    ("full-text expression", "crates/store/src/sqlite/search/expression.rs"),
    ("tail of messages", "crates/chat/src/ports/store/message_tail.rs"),
    ("cutoff", "crates/broker/src/topic/cutoff.rs"),
    ("admission", "crates/broker/src/topic/admission.rs"),
    ("gaps", "crates/broker/src/topic/gaps.rs"),
    ("tailer", "crates/chat/src/tail/tailer.rs"),
    ("i18n", "app/src/i18n/mod.rs"),
    ("messageformat", "app/src/i18n/template.rs"),
    ("plural rules", "app/src/i18n/language.rs"),
    ("pseudo-locales", "app/src/i18n/pseudo.rs"),
    ("refusal sentences", "app/src/i18n/refusal_texts.rs"),
    ("accept-language", "server/src/http/languages.rs"),
    ("authentication codes", "crates/bus/src/remote/authentication.rs"),
    ("address of a bus", "crates/bus/src/address.rs"),
    ("outgoing http requests", "crates/chat/src/ports/http_client.rs"),
    ("ssrf", "crates/egress/src/policy.rs"),
    ("public addresses", "crates/egress/src/addresses.rs"),
    ("ranges of addresses that the operator opens", "crates/egress/src/open_range.rs"),
    ("redirects of http", "crates/egress/src/redirects.rs"),
    ("lookup of names", "crates/egress/src/network.rs"),
    ("revocation log", "crates/chat/src/ports/store/revocation.rs"),
];

/// The folders of the product. Tests, benchmarks and load generators are not searched.
const PRODUCT: [&str; 9] = [
    "app/src",
    "crates/broker/src",
    "crates/bus/src",
    "crates/chat/src",
    "crates/egress/src",
    "crates/store/src",
    "crates/wire/src",
    "frontend/src",
    "server/src",
];

/// Returns the Rust files below a folder, without those of tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !["testing", "tests"].contains(&name) {
            sources(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(path);
        }
    }
}

/// Returns a file's name and the first phrase of its documentation, up to a colon or full stop, in lower case.
fn head(path: &Path) -> String {
    let stem = path.file_stem().unwrap().to_str().unwrap().replace('_', " ");
    let text = fs::read_to_string(path).unwrap();
    let docs: String = text.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let end = docs.find([':', '.']).unwrap_or(docs.len());
    (stem + &docs[..end]).to_lowercase()
}

#[test]
fn a_term_of_the_field_leads_to_one_file() {
    let mut files = Vec::new();
    for folder in PRODUCT {
        sources(&root().join(folder), &mut files);
    }
    let heads: Vec<(String, String)> = files
        .iter()
        .map(|file| (file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned(), head(file)))
        .collect();
    let mut wrong = Vec::new();
    for (term, home) in TERMS {
        let found: Vec<&str> =
            heads.iter().filter(|(_, head)| head.contains(term)).map(|(file, _)| file.as_str()).collect();
        if found != [*home] {
            wrong.push(format!("{term}: expected {home}, found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
