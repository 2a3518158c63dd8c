//! The domain of Hubbub: permissions, rules, and the order in which things happen.
//!
//! [`Chat`] is the one handle for everything outside. A call of the service checks the pure [`rules`], passes its
//! writes to the committer, and returns when they are committed; the committer publishes them in Seq order. Facts are
//! behind the [`Store`] port, other nodes behind the [`Bus`] port. With [`MemoryStore`] and [`LocalBus`] the crate is a
//! whole product mode of its own, without a database.
//!
//! It must never know axum, HTTP, cookies, SQL or Leptos. Time and randomness are arguments: [`Clock`],
//! [`RandomSource`].
//!
//! Start reading at [`Chat`], then `service/`, then `commit/committer.rs`; the [`Store`] port has the contract.

mod auth;
mod chat;
mod commit;
mod jobs;
mod memory;
pub mod names;
mod ports;
mod realtime;
pub mod rules;
pub mod search;
mod service;
mod tail;
#[cfg(feature = "testing")]
pub mod testing;
mod text;

pub use crate::auth::{
    ApiToken, ApiTokenRecord, Caller, Grant, MasterSecret, Network, Principal, RevocationWatch, Revocations,
    Session, SessionSummary, SigningKey, Token, TokenHash, TokenKind, TokenScope, WebhookSecret,
    is_user_token,
};
pub use crate::chat::{Ack, Chat, Parts};
pub use crate::commit::{ChatMetrics, Histogram};
pub use crate::memory::{MemoryBlobs, MemoryStore, Window};
pub use crate::ports::search as search_index;
pub use crate::ports::{
    ArchiveSink, Bus, BusHealth, BusMetrics, Clock, Hint, LocalBus, NodeId, OsRandom, RandomSource, Store,
    SystemClock, bus, store,
};
pub use crate::ports::{
    BlobId, BlobKey, Blobs, ByteSource, BytesSource, CHUNK_BYTES, ListedBlob, OpenBlob, StoredBlob,
};
pub use crate::ports::{
    HttpAnswer, HttpClient, HttpFailure, HttpMethod, HttpPolicy, HttpRequest, NoHttpClient, TlsFault,
    URL_BYTES, UrlFault,
};
pub use crate::realtime::RecentMetrics;
pub use crate::service::Exported;
pub use crate::service::HookWithToken;
pub use crate::service::{
    ApplicationChange, ConversationRef, ExternalGroup, ExternalMessage, ExternalUser, ListedGroup, UserRef,
};
pub use crate::service::{
    Audience, Broadcast, CatchUp, Created, ManagementPage, OutgoingMessage, PendingSend, SendResult, Sent,
    Subscribed,
};
pub use crate::service::{DeclaredBytes, FileLimits, FileLink, NewUpload, ReadableFile, Uploaded};
pub use crate::service::{Error, Fault, Limits, ListPart, MintedLink, MintedToken, Quota, SignUp};
pub use crate::service::{ImportCounts, ImportError, ImportLinkError, ImportRequest, ImportState};
pub use crate::service::{Inbox, InboxLoss, InboxPart, InboxPlace, InboxReset, JsonPage};
pub use crate::service::{NewWebhook, WebhookStatus, WebhookTest};
pub use crate::service::{PAGE_HITS, SearchHit, SearchPage, SearchRequest};
pub use crate::tail::Freshness;
pub use archive::Format as ArchiveFormat;
