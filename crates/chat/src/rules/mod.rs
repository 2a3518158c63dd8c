//! The rules: pure functions from the present state to a decision, or to a refusal.
//!
//! Start reading at [`Decision`], then `membership.rs`.

mod amendment;
mod application;
mod audience;
mod decision;
mod hooks;
mod import;
mod invites;
mod membership;
mod plan;
mod resume;
mod retention;
mod roles;
mod settings;
mod speech;
mod webhooks;

pub use amendment::{amend, change};
pub use application::{may_reset, needs_app_admin, set_application_role};
pub use audience::{Audience, Viewer, not_members, recipients};
pub use decision::{Decision, News, ends_in_app};
pub use hooks::{delete_hook, put_hook, rotate_hook};
pub use import::import_group;
pub use invites::{invite, is_open, revoke};
pub use membership::{
    Contact, Groups, SEATS_FROM_ONE, add, ban, check_join_policy, create, establish, join, leave,
    may_give_seat, may_join, remove, unban,
};
pub use plan::{SLICE, SliceArguments, lane, plan};
pub use resume::{Resume, resume};
pub use retention::{RetentionDays, needs_trim, retention_of, trim_before};
pub use roles::{mute, needs_admin, set_role};
pub use settings::{check_settings, delete, update_settings};
pub use speech::{may_amend, may_manage, may_mention_everyone, may_speak};
pub use webhooks::{gets, plan_delivery, webhook_event};

/// Fixtures that the tests of the rules share.
#[cfg(test)]
mod cast {
    use wire::{
        Description, GroupId, GroupName, JoinPolicy, Member, Person, PersonName, Role, Seq, Settings,
    };
    use wire::{Timestamp, UserId};

    use crate::ports::store::{Roster, Version};

    pub(super) const NOW: Timestamp = Timestamp(1_795_234_657_250);

    pub(super) fn ann() -> Person {
        person(1, "ann")
    }

    pub(super) fn ben() -> Person {
        person(2, "ben")
    }

    pub(super) fn cal() -> Person {
        person(3, "cal")
    }

    /// Returns a group called tea, open to ten.
    pub(super) fn roster(members: &[(Person, Role)]) -> Roster {
        let seat = |(person, role): &(Person, Role)| Member::new(person.clone(), *role, NOW);
        let settings = Settings {
            name: GroupName::new("tea").unwrap(),
            description: Description::default(),
            limit: 10,
            join_policy: JoinPolicy::Open,
            announcing: false,
            slow_s: 0,
            archived: false,
        };
        Roster {
            id: GroupId::from_bytes([9; 10]),
            settings,
            members: members.iter().map(seat).collect(),
            bans: Vec::new(),
            invites: Vec::new(),
            version: Version(1),
            head: Seq::ZERO,
            owner: None,
        }
    }

    fn person(id: u8, name: &str) -> Person {
        Person { id: UserId::from_bytes([id; 10]), name: PersonName::new(name).unwrap() }
    }
}
