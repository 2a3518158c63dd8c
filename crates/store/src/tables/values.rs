//! Column values: conversions between types of the domain and SQL.

use chat::store::{Ends, Sender};
use wire::{AppRole, JoinPolicy, NotificationLevel, Role, Seq, UserId};

use crate::sql::{FromValue, Row, SqlError, SqlResult};

/// Returns the column value of a sender.
pub(crate) fn sender(sender: Sender) -> String {
    match sender {
        Sender::User(user) => format!("user/{user}"),
        Sender::Open => "open".into(),
        Sender::Server => "server".into(),
    }
}

/// Returns the column value of a role.
pub(super) const fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Member => "member",
    }
}

/// Parses a role.
pub(super) fn role_of(text: &str) -> Option<Role> {
    [Role::Admin, Role::Member].into_iter().find(|known| role(*known) == text)
}

/// Returns the column value of a join policy; a second column says that the group is listed.
pub(super) const fn join_policy(policy: JoinPolicy) -> &'static str {
    match policy {
        JoinPolicy::Listed | JoinPolicy::Open => "open",
        JoinPolicy::Invite => "invite",
    }
}

/// Reads a join policy from its two columns, the first of which is `column`.
pub(super) fn join_policy_of(row: Row<'_>, column: usize) -> SqlResult<JoinPolicy> {
    let policy = checked(row, column, |text: String| {
        [JoinPolicy::Open, JoinPolicy::Invite].into_iter().find(|known| join_policy(*known) == text)
    })?;
    Ok(if policy == JoinPolicy::Open && row.get(column + 1)? { JoinPolicy::Listed } else { policy })
}

/// Returns the column value of a role in the application.
pub(super) const fn app_role(role: AppRole) -> &'static str {
    match role {
        AppRole::Owner => "owner",
        AppRole::Admin => "admin",
        AppRole::Member => "member",
        AppRole::Guest => "guest",
    }
}

/// Parses a role in the application.
pub(super) fn app_role_of(text: &str) -> Option<AppRole> {
    let all = [AppRole::Owner, AppRole::Admin, AppRole::Member, AppRole::Guest];
    all.into_iter().find(|known| app_role(*known) == text)
}

/// Returns the column value of a notification level.
pub(super) const fn notify(notify: NotificationLevel) -> &'static str {
    match notify {
        NotificationLevel::All => "all",
        NotificationLevel::Mentions => "mentions",
        NotificationLevel::Nothing => "nothing",
    }
}

/// Parses a notification level.
pub(super) fn notify_of(text: &str) -> Option<NotificationLevel> {
    [NotificationLevel::All, NotificationLevel::Mentions, NotificationLevel::Nothing]
        .into_iter()
        .find(|known| notify(*known) == text)
}

/// Returns the column value of the users whose right ends with an entry; none for nobody.
pub(crate) fn ends(ends: &Ends) -> Option<String> {
    match ends {
        Ends::Nobody => None,
        Ends::Users(users) => Some(users.iter().map(UserId::to_string).collect::<Vec<_>>().join(" ")),
        Ends::Everyone => Some("*".into()),
    }
}

/// Reads the users whose right ends with an entry.
pub(super) fn ends_of(row: Row<'_>, column: usize) -> SqlResult<Ends> {
    checked(row, column, |text: Option<String>| match text.as_deref() {
        None => Some(Ends::Nobody),
        Some("*") => Some(Ends::Everyone),
        Some(users) => users.split(' ').map(|user| user.parse().ok()).collect::<Option<_>>().map(Ends::Users),
    })
}

/// Converts a Seq to a column value. A Seq that SQL cannot represent is past every log.
pub(crate) fn sql(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

/// Reads a Seq.
pub(super) fn seq(row: Row<'_>, column: usize) -> SqlResult<Seq> {
    row.get::<u64>(column).map(Seq)
}

/// Reads a column and validates it as one of our types.
pub(super) fn checked<S: FromValue, T>(
    row: Row<'_>,
    column: usize,
    check: impl FnOnce(S) -> Option<T>,
) -> SqlResult<T> {
    let stored = row.get::<S>(column)?;
    check(stored).ok_or_else(|| SqlError::value(column, "it is none of the known values"))
}
