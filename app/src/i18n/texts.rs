//! The texts of hydrated pages, as methods of [`Texts`].

use wire::Refused;

use super::sentence::{Sentence, SentencePart, Words};
use super::table::Table;
use super::template::fill;

/// The texts of a page, in the language of its viewer.
#[derive(Clone, Copy)]
pub struct Texts(&'static Table);

/// Declares texts: a struct in which each language has them, and a method of [`Texts`] for each. A text with
/// parameters is a template with a placeholder for each, and its method takes their values in that order.
macro_rules! texts {
    ($(#[$doc:meta])* $list:ident, $key:ident, $count:ident, $begin:expr; $( $name:ident $(( $($param:ident),+ ))? ),* $(,)?) => {
        $(#[$doc])*
        #[cfg(feature = "ssr")]
        pub(super) struct $list {
            $( pub(super) $name: &'static str ),*
        }

        #[expect(non_camel_case_types, reason = "a text has one name in all places")]
        enum $key { $( $name ),* }

        /// The number of these texts.
        pub(super) const $count: usize = [$( stringify!($name) ),*].len();

        #[cfg(feature = "ssr")]
        impl $list {
            /// The names of the texts, in the order in which they are declared, with those of their parameters.
            #[cfg(test)]
            pub(super) const NAMES: &'static [(&'static str, &'static [&'static str])] =
                &[$( (stringify!($name), &[$($( stringify!($param) ),+)?]) ),*];

            /// Returns the texts, in the order in which they are declared.
            pub(super) fn list(&self) -> Vec<&'static str> {
                vec![$( self.$name ),*]
            }
        }

        impl $crate::i18n::texts::Texts {
            $( $crate::i18n::texts::text_method! { $begin, $key, $name $(( $($param),+ ))? } )*
        }
    };
}

/// Declares the method of one text.
macro_rules! text_method {
    ($begin:expr, $key:ident, $name:ident) => {
        pub(crate) fn $name(self) -> &'static str {
            self.text($begin + $key::$name as usize)
        }
    };
    ($begin:expr, $key:ident, $name:ident ( $($param:ident),+ )) => {
        pub(crate) fn $name(self, $( $param: impl $crate::i18n::sentence::SentencePart ),+) -> $crate::i18n::Sentence {
            self.fill($begin + $key::$name as usize, &[$( (stringify!($param), &$param) ),+])
        }
    };
}

pub(super) use text_method;
#[cfg(feature = "ssr")]
pub(super) use texts;

texts! {
    /// The texts of hydrated pages. The browser gets them as a file.
    PageTexts, PageKey, PAGE_TEXTS, 0;
    slogan,
    your_name,
    start_chatting,
    sign_in,
    already_have_account,
    account,
    no_account_needed,
    conversations,
    people,
    jump_to,
    no_matches,
    suggestions,
    emoji,
    find_emoji,
    shortcuts,
    shortcut_key,
    no_groups_yet,
    new_group,
    group_name,
    who_can_join,
    join_policy_listed,
    join_policy_open,
    join_policy_invite,
    browse_groups,
    profile,
    create_group,
    join,
    leave_group,
    members,
    admin,
    admin_guest,
    guest,
    bot,
    make_admin,
    you,
    invite,
    invite_hint,
    invite_only_hint,
    copy_link,
    copied,
    copy_by_hand,
    undo,
    message_deleted,
    message,
    send,
    show_older,
    older_deleted,
    sending,
    sent_when_online,
    no_response_yet,
    copy,
    retry,
    discard,
    reconnecting,
    page_waits,
    try_now,
    no_message,
    deleted_here,
    no_date,
    members_read,
    disconnected,
    reload,
    no_longer_member,
    group_archived,
    direct_blocked,
    admins_only,
    all_conversations,
    back_home,
    today,
    yesterday,
    jump_to_latest,
    messages,
    not_found,
    not_found_hint,
    something_wrong,
    show_newer,
    message_actions,
    reply,
    edit,
    edited_mark,
    editing,
    delete,
    pin,
    unpin,
    pinned,
    no_pins,
    pins_and_dates,
    jump_to_date,
    go,
    mark_unread,
    new_messages,
    message_gone,
    cancel,
    close,
    manage,
    notifications,
    notify_about,
    hide_from_sidebar,
    save,
    conversation_details,
    block,
    unblock,
    block_consequences,
    leave_consequences,
    skip_to_messages,
    see_all_members,
    welcome(name),
    cap_jump,
    cap_send,
    cap_new_line,
    cap_close,
    cap_latest,
    key_jump,
    key_new_line,
    key_edit_last,
    key_mention,
    key_shortcuts,
    search,
    search_messages,
    search_group,
    search_direct,
    notify_all,
    notify_mentions,
    notify_nothing,
    page_crashed,
    online,
    away,
    member_count(count),
    muted_until(time),
    created(by, name),
    joined(who),
    left(who),
    made_admin(by, who),
    stepped_down(by),
    removed_as_admin(by, who),
    removed_member(by, who),
    banned_member(by, who),
    unbanned(by, who),
    added_member(by, who),
    muted_member(by, who),
    unmuted(by, who),
    renamed(by, name),
    removed_description(by),
    changed_description(by, text),
    set_limit(by, limit),
    opened_and_listed(by),
    opened_by_link(by),
    made_invite_only(by),
    limited_posting(by),
    let_everyone_post(by),
    slow_mode_off(by),
    slow_mode_on(by, seconds),
    archived_by(by),
    unarchived_by(by),
    created_invite(by),
    created_invite_for(by, uses),
    revoked_invite(by),
    pinned_message(by),
    unpinned_message(by),
    deleted_own(by),
    deleted_other(by, author),
    not_sent_because(why),
    replying_to(author, excerpt),
    react_with(emoji),
    receipt_sent,
    receipt_delivered,
    receipt_read,
    delivered_to(delivered, others),
    read_by_some(read, others),
    read_by_everyone,
    only_visible_to(names),
    read_by_one(name),
    read_by_one_more(name, more),
    read_by_two(one, two),
    read_by_two_more(one, two, more),
    typing_one(name),
    typing_two(one, two),
    typing_many,
    suggested(name, count),
    unread_messages(count),
    mention_count(count),
    unread_with_mentions(unread, mentions),
    start_of_group,
    start_of_direct(with),
    block_title(name),
    leave_title(group),
    you_left(group),
    join_title(group),
    nothing_on(day),
    nothing_since(day),
    new_message_count(count),
    attach_files,
    drop_files,
    draft_files,
    waits_for_files,
    alt_text,
    alt_text_of(name),
    remove_file(name),
    uploading(name),
    photo_count(count),
    file_count(count),
    size_kb(size),
    size_mb(whole, tenth),
    full_date(weekday, day, month, year),
    monday,
    tuesday,
    wednesday,
    thursday,
    friday,
    saturday,
    sunday,
    january,
    february,
    march,
    april,
    may,
    june,
    july,
    august,
    september,
    october,
    november,
    december,
}

impl Texts {
    /// Creates the texts of a language.
    #[cfg(feature = "ssr")]
    pub(super) const fn of(table: &'static Table) -> Self {
        Self(table)
    }

    /// Reads the file that the page names, with the browser's plural rule for the language of the page. It is read
    /// once and kept for as long as the page lives.
    #[must_use]
    pub fn read(file: String, plural: fn(u64) -> String) -> Self {
        let plural = move |number| plural(number).into();
        Self(Box::leak(Box::new(Table::parse(file.leak(), PAGE_TEXTS, Box::new(plural)))))
    }

    /// Returns true if these are the texts of that table.
    #[cfg(feature = "ssr")]
    pub(super) fn is(self, table: &Table) -> bool {
        std::ptr::eq(self.0, table)
    }

    // Hundreds of places call these two: as calls and not as copies they make the wasm smaller.
    #[inline(never)]
    pub(super) fn text(self, place: usize) -> &'static str {
        self.0.text(place)
    }

    #[inline(never)]
    pub(super) fn fill(self, place: usize, arguments: &[(&str, &dyn SentencePart)]) -> Sentence {
        fill(self.0, self.0.text(place), arguments)
    }

    /// Returns what a page says when its script has failed, and the label of the button that reloads it.
    #[must_use]
    pub fn crash(self) -> [&'static str; 2] {
        [self.page_crashed(), self.reload()]
    }

    /// Returns the sentence of a refusal. A code that this version does not know has a general one.
    #[must_use]
    pub fn refusal(self, refused: &Refused) -> String {
        let Refused { code, params, retry_ms } = refused;
        let mut numbers: Vec<(&str, u64)> = Vec::new();
        let mut words: Vec<(&str, Words<'_>)> = Vec::new();
        for name in params.names() {
            match (params.number(name), params.text(name)) {
                (Some(number), _) => numbers.push((name, number)),
                (_, word) => words.push((name, Words(word.unwrap_or_default()))),
            }
        }
        numbers.extend(retry_ms.map(|millis| ("retry_ms", u64::from(millis))));
        let mut arguments: Vec<(&str, &dyn SentencePart)> = Vec::new();
        arguments.extend(numbers.iter().map(|(name, number)| (*name, number as &dyn SentencePart)));
        arguments.extend(words.iter().map(|(name, word)| (*name, word as &dyn SentencePart)));
        let named = |name: &str| self.0.named(name).unwrap_or_default();
        let template = self.0.named(code).unwrap_or_else(|| named("unknown"));
        let sentence = fill(self.0, template, &arguments);
        if params.text("fault").is_none() {
            return sentence.plain();
        }
        arguments.push(("sentence", &sentence));
        fill(self.0, named("with_fault"), &arguments).plain()
    }
}
