//! Refusal sentences, by code.

/// Declares the struct in which each language has them.
macro_rules! refusal_texts {
    ($( $name:ident ),* $(,)?) => {
        /// The sentences of refusals: one for each code of [`Refusal`](wire::Refusal), then those of the page itself, and
        /// parts of sentences.
        pub(super) struct RefusalTexts {
            $( pub(super) $name: &'static str ),*
        }

        impl RefusalTexts {
            /// Returns the sentences with their codes.
            pub(super) fn list(&self) -> Vec<(&'static str, &'static str)> {
                vec![$( (stringify!($name), self.$name) ),*]
            }
        }
    };
}

refusal_texts! {
    json_bad,
    json_not_object,
    action_missing,
    action_unknown,
    field_missing,
    field_wrong,
    frame_too_large,
    frame_binary,
    body_too_large,
    content_type_wrong,
    request_bad,
    method_wrong,
    request_slow,
    handshake_needed,
    origin_foreign,
    host_bad,
    host_foreign,
    key_bad,
    cursor_bad,
    version_stale,
    topic_bad,
    topic_reserved,
    token_needed,
    api_token_needed,
    token_bad,
    outside_scope,
    authenticated_otherwise,
    sign_in_needed,
    not_found,
    not_member,
    not_admin,
    last_admin,
    archived,
    banned,
    invite_needed,
    invite_over,
    too_many_invites,
    announcing,
    muted,
    not_oneself,
    limit_bad,
    confirmation_wrong,
    sign_in_wrong,
    too_many_sign_ins,
    login_taken,
    has_account,
    no_account,
    picture_bad,
    password_length,
    password_weak,
    blocked,
    targets_bad,
    not_app_admin,
    not_owner,
    not_operator,
    user_needed,
    not_application,
    reset_over,
    link_over,
    direct_with_oneself,
    sign_up_closed,
    not_author,
    emoji_bad,
    too_many_reactions,
    group_full,
    too_many_groups,
    too_many_guests,
    no_contact,
    added_too_often,
    too_many_subscriptions,
    name_empty,
    name_too_long,
    name_has_controls,
    text_empty,
    text_too_long,
    send_id_bad,
    send_id_taken,
    too_fast,
    too_many_open_topics,
    open_topics_full,
    unavailable,
    unreachable,
    form_bad,
    edit_empty,
    needs_connection,
    unknown,
    with_fault,
    in_minutes,
    in_hours,
    in_days,
    expected,
}
