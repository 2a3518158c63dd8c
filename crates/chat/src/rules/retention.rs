//! The rules for retention: the bounds that apply to a log, and the entries that are to be trimmed.

use wire::{ApplicationId, Seq, Timestamp, Topic, TopicKind};

use crate::ports::store::{LogUsage, OldEntry, Retention, RetentionConfig};

/// The operator's bounds on the age of entries, in days; none if they are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionDays {
    /// Of messages of the built-in UI.
    pub messages: Option<u32>,
    /// Of entries of users' own logs.
    pub user_logs: Option<u32>,
    /// Of entries of audit logs.
    pub audit: Option<u32>,
}

const DAY_MS: i64 = 86_400_000;

/// Returns the bounds that apply to a log: its own, else those of the longest prefix of its topic that the application
/// has a rule for, else the default. Users' own logs and audit logs have the operator's default, and so have the
/// conversations of the built-in UI; others have the application's.
#[must_use]
pub fn retention_of(
    application: ApplicationId,
    log: &LogUsage,
    config: &RetentionConfig,
    days: &RetentionDays,
) -> Retention {
    let topic = log.topic.as_str();
    let of_prefix = config.rules.iter().filter(|rule| topic.starts_with(&rule.prefix));
    let rule = of_prefix.max_by_key(|rule| rule.prefix.len()).map(|rule| rule.retention);
    log.retention.or(rule).unwrap_or_else(|| default_of(application, &log.topic, config, days))
}

fn default_of(
    application: ApplicationId,
    topic: &Topic,
    config: &RetentionConfig,
    days: &RetentionDays,
) -> Retention {
    let of_days = |days| Retention { days, ..Retention::default() };
    match topic.kind() {
        TopicKind::User(_) => of_days(days.user_logs),
        TopicKind::Audit(_) | TopicKind::AppAudit => of_days(days.audit),
        TopicKind::Group(_) | TopicKind::Direct(_) if application == ApplicationId::BUILT_IN => {
            of_days(days.messages)
        }
        _ => config.default,
    }
}

/// Returns true if a log has an entry beyond its bounds.
#[must_use]
pub fn needs_trim(retention: &Retention, log: &LogUsage, now: Timestamp) -> bool {
    log.entries() > 0
        && (retention.entries.is_some_and(|most| log.entries() > most)
            || retention.bytes.is_some_and(|most| log.bytes > most)
            || is_too_old(retention, log.oldest.unwrap_or(now), now))
}

/// Returns the Seq before which a log is to be trimmed, as far as its oldest entries show; none if nothing is.
#[must_use]
pub fn trim_before(
    retention: &Retention,
    log: &LogUsage,
    oldest: &[OldEntry],
    now: Timestamp,
) -> Option<Seq> {
    let mut bytes = log.bytes;
    let mut before = None;
    for entry in oldest {
        let entries = (log.head.0 + 1).saturating_sub(entry.seq.0);
        let is_kept = retention.entries.is_none_or(|most| entries <= most)
            && retention.bytes.is_none_or(|most| bytes <= most)
            && !is_too_old(retention, entry.at, now);
        if is_kept {
            break;
        }
        bytes = bytes.saturating_sub(entry.bytes);
        before = Some(entry.seq.next());
    }
    before
}

fn is_too_old(retention: &Retention, at: Timestamp, now: Timestamp) -> bool {
    retention.days.is_some_and(|days| at.0 < now.0 - i64::from(days) * DAY_MS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wire::{GroupId, UserId};

    use super::*;
    use crate::ports::store::RetentionRule;

    const NOW: Timestamp = Timestamp(1_795_234_657_250);
    const SHOP: ApplicationId = ApplicationId(7);

    fn log(topic: &Topic, begins: u64, entries: &[OldEntry]) -> LogUsage {
        LogUsage {
            topic: topic.clone(),
            begins: Seq(begins),
            head: Seq(begins + entries.len() as u64 - 1),
            bytes: entries.iter().map(|entry| entry.bytes).sum(),
            oldest: entries.first().map(|entry| entry.at),
            retention: None,
        }
    }

    fn days(days: u32) -> Retention {
        Retention { days: Some(days), ..Retention::default() }
    }

    #[test]
    fn the_nearest_retention_applies() {
        let rule = |prefix: &str, of| RetentionRule { prefix: prefix.into(), retention: days(of) };
        let rules = vec![rule("orders/", 2), rule("orders/vip-", 3), rule("user/", 4)];
        let config = RetentionConfig { default: days(1), rules };
        let operator = RetentionDays { messages: Some(50), user_logs: Some(90), audit: None };
        let of = |application, topic: &Topic, own| {
            let log = LogUsage { retention: own, ..log(topic, 1, &[]) };
            retention_of(application, &log, &config, &operator)
        };
        let topic = |name: &str| Topic::new(name).unwrap();
        let group = Topic::group(GroupId::from_bytes([1; 10]));
        let (user, audit) = (Topic::user(UserId::from_bytes([2; 10])), Topic::app_audit());
        assert_eq!(of(SHOP, &topic("news"), None), days(1));
        assert_eq!(of(SHOP, &topic("orders/7"), None), days(2));
        assert_eq!(of(SHOP, &topic("orders/vip-7"), None), days(3));
        assert_eq!(of(SHOP, &topic("orders/vip-7"), Some(Retention::default())), Retention::default());
        assert_eq!((of(SHOP, &group, None), of(ApplicationId::BUILT_IN, &group, None)), (days(1), days(50)));
        assert_eq!((of(SHOP, &user, None), of(SHOP, &audit, None)), (days(4), Retention::default()));
        let none = RetentionConfig::default();
        let log = log(&user, 1, &[]);
        assert_eq!(retention_of(ApplicationId::BUILT_IN, &log, &none, &operator), days(90));
    }

    proptest! {
        #[test]
        fn a_log_loses_its_oldest_entries_until_the_others_are_within_the_bounds(
            sizes in prop::collection::vec((0u64..50, 0i64..5), 1..30),
            begins in 1u64..5,
            most in (prop::option::of(0u64..30), prop::option::of(0u64..400), prop::option::of(0u32..40)),
        ) {
            let mut at = NOW.0 - 60 * DAY_MS;
            let entries: Vec<OldEntry> = (begins..).zip(&sizes).map(|(seq, (bytes, days))| {
                at += days * DAY_MS;
                OldEntry { seq: Seq(seq), at: Timestamp(at), bytes: *bytes }
            }).collect();
            let retention = Retention { entries: most.0, bytes: most.1, days: most.2 };
            let log = log(&Topic::new("news").unwrap(), begins, &entries);
            let before = trim_before(&retention, &log, &entries, NOW);
            prop_assert_eq!(before.is_some(), needs_trim(&retention, &log, NOW));
            let is_within = |kept: &[OldEntry]| {
                retention.entries.is_none_or(|most| kept.len() as u64 <= most)
                    && retention.bytes.is_none_or(|most| kept.iter().map(|one| one.bytes).sum::<u64>() <= most)
                    && kept.first().is_none_or(|one| !is_too_old(&retention, one.at, NOW))
            };
            // The fewest that have to go: with one entry more, the log would be beyond its bounds.
            let gone = usize::try_from(before.map_or(0, |before| before.0 - begins)).unwrap();
            prop_assert!(is_within(&entries[gone..]));
            prop_assert!(gone == 0 || !is_within(&entries[gone - 1..]));
        }
    }
}
