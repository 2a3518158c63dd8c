//! The types that cross a network: ids, client and server frames, events, rich text, page data, and every refusal.
//!
//! Server and browser share this crate: the server encodes what the browser decodes, so a field that is renamed here is
//! renamed on both sides or does not compile. It must never know sockets, SQL, HTTP routers, Leptos or clocks: there is
//! no I/O in it, and nothing waits. Database rows are not here either, so that the schema never freezes the protocol.
//!
//! Start reading at [`Entry`], the shape of every message; then [`ClientFrame`] and [`ServerFrame`], the two directions
//! of the socket; then [`Event`], the data of a conversation's entries.
//!
//! # Glossary
//!
//! One meaning each; a new term is added here first.
//!
//! - **Application**: a tenant: its users, groups, topics and tokens, isolated from every other. The built-in UI is
//!   application 1. **Application role**: guest, member, admin, owner. **Public id**: an application's name outside.
//!   **API token**: the secret by which an application, or the operator, is authenticated. **External key**: an
//!   application's own name for a user or a conversation. **Program**: a client with an API token.
//! - **User**: somebody with an account, or a guest. **Login**: the name an account signs in with, the person's own name
//!   without case and look-alikes. **Session**: a signed-in browser. **Connection**: one open WebSocket. **Caller**: the user
//!   for whom a call runs, with network and session.
//! - **Conversation**: a **Group** or a **Direct**; each has members and a log. **Pair**: the two users of a direct.
//!   **Block**: ends the directs between two users. **Mention**: a name in a message that notifies its user.
//!   **Notification level**: all messages, mentions, or nothing. **Hidden**: not in the sidebar.
//! - **Member**: a user in a group. **Role**: admin or member. **Member limit**: the most members. **Roster**: settings,
//!   members and a version, the input of rules.
//! - **Settings**: what admins set for a group. **Join policy**: listed, open, or invite-only. **Invite**: a link to join.
//!   **Announcing**: only admins post. **Slow mode**: a wait between two messages of one member. **Archived**: read-only.
//!   **Ban**: excludes a user from joining. **Audit log**: who did what. **Audit event**: an entry of the application's audit
//!   log.
//! - **Join**, **leave** and **remove** are about members; **subscribe** and **unsubscribe** about live delivery.
//! - **Topic**: the name of a log in its application. **Log key**: the application and the topic. **Log**: entries in Seq
//!   order. **Entry**: one of them; a **message** is an entry that somebody sent. **Seq**: an entry's dense number: 1, 2, 3.
//!   **Epoch**: the life of a log; a restore begins a new one. **Cursor**: Epoch and Seq. **Position**: an entry's number
//!   in the whole store, in the order of the commits; it is never reused. **`SendId`**: the sender's own id of a send,
//!   which makes a retry idempotent.
//! - **History**: the log as HTTP serves it. **Page**: a slice of it. **Rows**: the messages and notices of a slice.
//!   **Amendment**: an edit, a delete, a reaction or a pin. **Tombstone**: the remainder of a deleted message. **Quote**: the
//!   message that a reply answers, as it is now. **Excerpt**: the beginning of a message, without markup.
//! - **Restricted message**: one that only its author and its **recipients**, some members of a group, can read; together
//!   they are its **audience**. Its **placeholder** has its place in the log of the group, and each of them has a **copy** in
//!   their own log.
//! - **Read state**: how far a log was delivered to a member's devices and how far they have read it; it only advances.
//!   **Receipt**: how far one recipient of a message is, sent, delivered or read; it follows from read states.
//!   **Read mark**: a member's own, which may go back. **Unread**: messages of others after it. **Presence**: who is
//!   connected, here or away.
//! - **Ephemeral event**: typing, presence, read state: no Seq and no history.
//! - **Event**: the data of an entry. **Subscription**: one connection's interest in a topic. **Subscriber**: the topic's view
//!   of it. **Broker**: maps topics to subscribers. **Fan-out**: delivery of one entry to all of them. **Shard**: one core's
//!   share of the connections. **Outbound**: the broker's side of a connection: cursors, pending bytes, socket.
//!   **Frame batch**: the next frames after a cursor, shared by subscribers with the same cursor. **Backpressure**: a full
//!   socket makes its cursors stay behind. **Recovery**: catching up from history. **Reset**: entries are skipped, with a
//!   reason.
//! - **Frame**: one unit on the socket. **Chat client**: the state of the page in the browser. **Timeline**: its view of one log.
//!   **Outbox**: sends that are not acknowledged. **Hole**: a Seq known to be missing.
//! - **File**: what somebody has uploaded: a picture, audio, a document. **Attachment**: a file of a message. **Alternative
//!   text**: the description of a picture for those who do not see it. **Blob**: the content of a file, or of its
//!   thumbnail. **Orphan**: a file that no message has taken. **Quota**: the most bytes of files of a user, or of an
//!   application. **File link**: a link that lets one viewer read one file for a few minutes.
//! - **Job**: work after a commit, such as a slice of a broadcast. It runs at least once. **Relay**: reads entries by their
//!   Position and plans the jobs that they cause. **Worker**: runs due jobs and retries those that fail. **Lease**: a
//!   worker's exclusive hold of a job, until a time. **Lane**: jobs that run one after the other. **Dead job**: its last
//!   attempt failed.
//! - **Search index**: finds messages by their words; derived data. **Indexer**: follows the messages and updates it.
//!   **Term**: a part of a word, or a property of a message, by which the index finds it. **Candidate**: a message that an
//!   index returns and that is checked against the query. **Hit**: one that matches.
//! - **Refusal**: an expected no, typed: a code with parameters. Each language has a sentence for it. **Fault**: an
//!   outage or a bug, opaque outside. **`CloseCode`**: the
//!   reason that a socket ended, and whether to reconnect.

mod attachment;
mod audit_event;
mod client_frame;
mod close_code;
mod conversation;
mod emoji;
mod entry;
mod event;
mod fields;
mod id;
mod json;
pub mod limits;
mod mention;
mod name;
mod refusal;
mod rich_text;
mod seq;
mod server_frame;
mod time;
mod topic;
mod view;
mod visible;

pub use attachment::{Attachment, FileSummary, NewAttachment};
pub use audit_event::{AuditEvent, EndedSessions, WebhookChange};
pub use client_frame::{ACTIONS, Action, Amendment, ClientFrame, InvalidFrame, Ref};
pub use close_code::CloseCode;
pub use conversation::{Conversation, Pair};
pub use emoji::Emoji;
pub use entry::{Entry, Page, Rows};
pub use event::{BroadcastRecord, Event, HookChange, Quote, Reaction, Setting};
pub use id::{
    ApplicationId, FileId, GroupId, ID_BYTES, InvalidId, InviteId, PublicId, SendId, UserId, UserKey,
    WebhookId,
};
pub use json::Json;
pub use mention::{EVERYONE, ID_CHARS, completes, mention_of};
pub use name::{ApplicationTitle, Description, GroupName, PersonName};
pub use refusal::{Expected, Params, Refusal, Refused};
pub use rich_text::{Block, Inline, RichText};
pub use seq::{Cursor, Epoch, InvalidEpoch, Seq};
pub use server_frame::{FromServer, ResetReason, ServerFrame};
pub use time::{InvalidTimestamp, Timestamp};
pub use topic::{LogKey, Topic, TopicKind};
pub use view::{
    AppRole, ConversationItem, ConversationPageData, DeliveryState, GroupAdminView, GroupSummary, GroupView,
    Invite, JoinPolicy, Member, ReadState, Receipt,
};
pub use view::{
    ConversationSummary, ConversationView, NotificationLevel, Overview, PageStart, Person, Role, Settings,
};
pub use visible::{has_visible_text, is_ignorable, is_visible};
