//! The limits that both sides know, so that the page can say no before the server has to.
//!
//! All counts are in UTF-8 bytes unless the name says characters.

/// The longest frame a connection may send.
pub const FRAME_BYTES: usize = 64 * 1024;
/// The longest text of one message.
pub const TEXT_BYTES: usize = 16 * 1024;
/// The deepest nesting of quotes, lists and emphasis; what lies deeper becomes plain text.
pub const TEXT_NESTING: usize = 16;
/// The most blocks, items and inlines of one message; what follows them is shown as it was typed.
pub const TEXT_NODES: usize = 400;
/// The longest name of a person.
pub const PERSON_NAME_CHARS: usize = 40;
/// The longest name of a group.
pub const GROUP_NAME_CHARS: usize = 80;
/// The longest description of a group.
pub const DESCRIPTION_CHARS: usize = 500;
/// The longest pause of slow mode, in seconds: six hours.
pub const SLOW_SECONDS: u32 = 6 * 60 * 60;
/// The longest mute and the longest life of an invite, in minutes: a year.
pub const LONGEST_MINUTES: u32 = 365 * 24 * 60;
/// The most invites of a group that are open at once.
pub const GROUP_INVITES: usize = 50;
/// The most incoming webhooks of a group.
pub const GROUP_HOOKS: usize = 50;
/// The longest name of an incoming webhook in URLs.
pub const HOOK_NAME_BYTES: usize = 40;
/// The most outgoing webhooks of an application.
pub const WEBHOOKS: usize = 20;
/// The most conversations to which an outgoing webhook is limited.
pub const WEBHOOK_CONVERSATIONS: usize = 100;
/// The longest URL of an outgoing webhook.
pub const WEBHOOK_URL_BYTES: usize = 2_048;
/// The longest emoji; flags and families are long.
pub const EMOJI_BYTES: usize = 40;
/// The most different emoji on one message.
pub const REACTIONS: usize = 20;
/// The most conversations one broadcast goes to, and the most people a group begins with.
pub const BROADCAST_TARGETS: usize = 1_000;
/// The most recipients of a message to some members of a group.
pub const RECIPIENTS: usize = 100;
/// The most files of a message.
pub const ATTACHMENTS: usize = 10;
/// The longest name of a file.
pub const FILE_NAME_CHARS: usize = 120;
/// The longest alternative text of a file.
pub const ALT_CHARS: usize = 1_000;
/// The most pixels of a picture in a message, over all its frames: the sides are limited only by this.
pub const IMAGE_PIXELS: u64 = 40_000_000;
/// The longest excerpt of a quoted message, in characters.
pub const EXCERPT_CHARS: usize = 140;
/// The allowed length of a password, in characters.
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=128;
/// The longest text about a person.
pub const BIO_CHARS: usize = DESCRIPTION_CHARS;
/// The longest side of an uploaded picture, in pixels.
pub const PICTURE_PIXELS: u32 = 8_192;
/// The longest name of a topic.
pub const TOPIC_BYTES: usize = 128;
/// The most bytes of an application's own key for a user or a conversation.
pub const KEY_BYTES: usize = 128;
/// The longest [`SendId`](crate::SendId).
pub const SEND_ID_BYTES: usize = 128;
/// The longest [`Ref`](crate::Ref) that is a string.
pub const REF_BYTES: usize = 128;
/// The most entries one page of history carries.
pub const PAGE_ENTRIES: usize = 100;
/// The most rows one page of a conversation shows.
pub const PAGE_ROWS: usize = 50;
/// The most bytes of data that the rows of one page have together; a page with longer messages has fewer rows, but
/// at least one.
pub const PAGE_BYTES: usize = 256 * 1024;
/// Unread messages and mentions are counted up to here, which stands for as many or more.
pub const MAX_UNREAD: u32 = 100;
/// The most conversations of a user that a page lists, those with the newest entries. A connection may hear as many.
pub const OVERVIEW_CONVERSATIONS: usize = 200;
/// The most members of a group that its page lists.
pub const PAGE_MEMBERS: usize = 50;
/// The most entries a resumed subscription replays before it is told to reset instead.
pub const REPLAY_ENTRIES: u64 = 1_000;
/// The most subscriptions of one connection.
pub const SUBSCRIPTIONS: usize = 256;
