//! The words that cross a network: ids, frames, events, rich text, page data, and every expected no.
//!
//! Both targets share this crate: the server encodes what the browser decodes, so a field that is renamed
//! here is renamed on both sides or does not compile. It must never know of sockets, SQL, HTTP routers,
//! Leptos or clocks: there is no I/O in it and nothing that waits. Database rows are not here either, so
//! that the schema never freezes the wire.
//!
//! Start reading at [`Entry`], the shape every message has everywhere, then [`Request`] and [`Notice`], the
//! two directions of the socket, then [`Event`], what a conversation's entries carry as data.
//!
//! # The words
//!
//! One meaning each; a new word is added here first.
//!
//! - **Application**: a tenant: its users, groups, topics and token, isolated from every other. The built-in
//!   UI is application 1.
//! - **Login**: the name an account signs in with: the person's own name, without case and without what looks alike. **Application role**: guest,
//!   member, admin, owner.
//! - **User**: a person's account, or a guest's. **Session**: a signed-in browser. **Connection**: one open
//!   WebSocket. **Caller**: the user, bot or application on whose behalf a call runs.
//! - **Conversation**: what has members and a log: a **Group** or a **Direct**, which is between two people.
//!   **Pair**: its two people. **Block**: who has blocked somebody gets nothing direct from them. **Mention**: a
//!   name in a message that tells whose it is. **Notify**: what of a conversation its member wants to be told of.
//!   **Hidden**: not in the list.
//! - **Member**: a user's seat. **Role**: admin or member. **Limit**: the most members a group may have.
//!   **Roster**: settings, members and a version: what rules look at.
//! - **Settings**: what admins set of a group. **Door**: who may join it. **Invite**: a link that lets people
//!   in. **Announcing**: only admins write. **Slow mode**: a pause between two messages of one member. **Archived**:
//!   readable, but closed. **Ban**: nobody who has one may join. **Audit log**: who did what. **Deed**: an entry of
//!   the audit log of the application.
//! - **Join**, **leave**, **remove** are about seats. **Subscribe**, **unsubscribe** are about live delivery.
//! - **Message**: an entry in a log. **Seq**: its dense place: 1, 2, 3. **Epoch**: which life of the log.
//!   **Cursor**: Epoch + Seq. **`SendId`**: chosen by the sender, makes a retry the same message.
//!   **History**: the log; a **Page**: a slice of it. **Rows**: the messages and notices of
//!   a part of it.
//! - **Amendment**: a change of a message that was said: an edit, a delete, a reaction, a pin. **Tombstone**: what
//!   stands where a message was deleted. **Quote**: what a reply answers, as it is now. **Excerpt**: how a message begins,
//!   without markup.
//! - **Read mark**: how far a member has read a log; for themselves it may go back. **Unread**: the messages of others
//!   past it. **Marks**: how far the log has come to a member, for all to see: delivered to a device, and read; they
//!   only move on. **Presence**: who is connected, and whether they have gone away.
//! - **Signal**: what is told in passing, without a place: typing, a mark that moved, presence.
//! - **Topic**: where live news goes. **Event**: what happened. **Subscription**: one connection's interest
//!   in a topic. **Broker**: maps topics to subscriptions. **Fan-out**: what the broker does.
//!   **Shard**: one core's share of the connections. **Outbound**: the broker's side of a connection: cursors, pending
//!   bytes, socket. **Frame batch**: the next frames of a topic after a cursor, shared by subscribers with the same cursor.
//!   **Backpressure**: a full socket makes its cursors stay behind. **Recovery**: catching up from history.
//! - **Frame**: one unit on the socket. **Live**: what the browser knows. **Timeline**: its view of one log.
//!   **Uplink**: its way out. **Hole**: a Seq known to be missing.
//! - **Refusal**: an expected no, typed, shown to the user. **Fault**: an outage or a bug, opaque outside.
//!   **`CloseCode`**: why a socket ended and whether to come back.

mod close;
mod conversation;
mod deed;
mod emoji;
mod entry;
mod event;
mod fields;
mod id;
mod json;
pub mod limits;
mod mention;
mod name;
mod notice;
mod refusal;
mod request;
mod rich;
mod seq;
mod time;
mod topic;
mod view;
mod visible;

pub use close::CloseCode;
pub use conversation::{Conversation, Pair};
pub use deed::{Deed, EndedSessions};
pub use emoji::Emoji;
pub use entry::{Entry, Page, Rows};
pub use event::{BroadcastRecord, Event, Quote, Reaction, Setting};
pub use id::{GroupId, ID_BYTES, InviteId, NotAnId, SendId, UserId};
pub use json::Json;
pub use mention::{EVERYONE, ID_CHARS, completes, mention_of};
pub use name::{Description, GroupName, PersonName};
pub use notice::{Incoming, Notice, ResetReason};
pub use refusal::{Refusal, Refused};
pub use request::{ACTIONS, Action, Amendment, Ref, RefusedRequest, Request};
pub use rich::{Block, Inline, RichText};
pub use seq::{Cursor, Epoch, NotAnEpoch, Seq};
pub use time::{NotATimestamp, Timestamp};
pub use topic::{Topic, TopicKind};
pub use view::{AppRole, Door, Entrance, GroupSummary, GroupView, Invite, Management, Marks, Member, Mine};
pub use view::{Notify, Opened, Person, Place, Role, Settings, Summary, Visit};
pub use visible::{is_ignorable, is_visible, shows};
