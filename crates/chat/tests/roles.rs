//! The role rules, tested with a hundred thousand random steps.

use chat::RandomSource;
use chat::rules::{self, Contact, Decision, Groups};
use chat::store::{Fact, Roster, Version};
use chat::testing::SeededChance;
use wire::{
    Description, GroupId, GroupName, InviteId, JoinPolicy, Member, Person, PersonName, Refusal, Role, Seq,
    Setting, Settings, Timestamp, UserId,
};

const STEPS: u32 = 100_000;
const PEOPLE: u8 = 12;
const ROOM: Groups = Groups { count: 0, max: 500 };
const KNOWN: Contact = Contact { known: true, manages: false, given: 0, given_by: 0, max: 500 };

struct Dice(SeededChance);

impl Dice {
    /// Returns a number below `n`.
    fn below(&self, n: u8) -> u8 {
        let mut byte = [0];
        self.0.fill(&mut byte);
        byte[0] % n
    }

    fn person(&self) -> Person {
        let id = self.below(PEOPLE);
        Person { id: UserId::from_bytes([id; 10]), name: PersonName::new(&format!("p{id}")).unwrap() }
    }

    fn role(&self) -> Role {
        [Role::Admin, Role::Member][usize::from(self.below(2))]
    }
}

/// Applies the facts in the simplest way.
fn apply(roster: &mut Roster, decision: &Decision) {
    for fact in &decision.facts {
        match fact {
            Fact::Created { .. } => unreachable!("the group is there"),
            Fact::Deleted => roster.members.clear(),
            Fact::SettingsChanged(settings) => roster.settings = settings.clone(),
            Fact::MemberAdded(member) => roster.members.push(member.clone()),
            Fact::AddedBy { .. } | Fact::Keyed(_) | Fact::Numbered => {}
            Fact::MemberRemoved(user) => roster.members.retain(|member| member.person.id != *user),
            Fact::RoleChanged(user, role) => seat(roster, *user, |member| member.role = *role),
            Fact::Muted(user, until) => seat(roster, *user, |member| member.muted_until = *until),
            Fact::Banned(person) => roster.bans.push(person.clone()),
            Fact::Unbanned(user) => roster.bans.retain(|banned| banned.id != *user),
            Fact::Invited(invite) => roster.invites.push(invite.clone()),
            Fact::InviteUsed(id) => {
                for invite in roster.invites.iter_mut().filter(|invite| invite.id == *id) {
                    invite.uses = invite.uses.map(|uses| uses - 1);
                }
            }
            Fact::InviteRevoked(id) => roster.invites.retain(|invite| invite.id != *id),
            Fact::Hook(_) => {}
        }
    }
}

fn seat(roster: &mut Roster, user: UserId, change: impl Fn(&mut Member)) {
    roster.members.iter_mut().filter(|member| member.person.id == user).for_each(change);
}

/// Tries one random operation; also returns whether it is a join.
fn attempt(roster: &Roster, dice: &Dice, now: Timestamp) -> (Result<Decision, Refusal>, bool) {
    let (mut by, other) = (dice.person(), dice.person());
    let inside = u8::try_from(roster.members.len()).unwrap();
    if inside > 0 && dice.below(3) > 0 {
        by = roster.members[usize::from(dice.below(inside))].person.clone();
    }
    let invite = InviteId::from_bytes([dice.below(8); 10]);
    match dice.below(14) {
        0 | 1 => (rules::join(roster, &by, None, ROOM, now), true),
        2 => (rules::join(roster, &by, Some(invite), ROOM, now), true),
        3 => (rules::add(roster, by.id, &other, KNOWN, now), true),
        4 | 5 => (rules::leave(roster, by.id), false),
        6 => (rules::remove(roster, by.id, other.id, dice.below(3) == 0), false),
        7 => (rules::unban(roster, by.id, other.id), false),
        8 | 9 => (rules::set_role(roster, by.id, other.id, dice.role()), false),
        10 => (rules::mute(roster, by.id, other.id, Some(Timestamp(now.0 + 9))), false),
        // An id is random: no two invites have the same.
        11 if roster.invites.iter().any(|known| known.id == invite) => (Ok(Decision::nothing()), false),
        11 => {
            let uses = Some(u32::from(dice.below(3)) + 1);
            (rules::invite(roster, by.id, invite, Some(Timestamp(now.0 + 500)), uses, now), false)
        }
        12 => (rules::revoke(roster, by.id, invite), false),
        _ => {
            let setting = match dice.below(4) {
                0 => Setting::Limit(u32::from(dice.below(PEOPLE)) + 1),
                1 => Setting::JoinPolicy([JoinPolicy::Open, JoinPolicy::Invite][usize::from(dice.below(2))]),
                2 => Setting::Archived(dice.below(8) == 0),
                _ => Setting::Announcing(dice.below(2) == 0),
            };
            (rules::update_settings(roster, by.id, vec![setting], 1_000), false)
        }
    }
}

#[test]
fn there_is_always_an_admin_and_no_join_goes_past_the_limit() {
    let dice = Dice(SeededChance::new(7));
    let settings = Settings {
        name: GroupName::new("tea").unwrap(),
        description: Description::default(),
        limit: 5,
        join_policy: JoinPolicy::Open,
        announcing: false,
        slow_s: 0,
        archived: false,
    };
    let mut roster = Roster {
        id: GroupId::from_bytes([9; 10]),
        settings,
        members: vec![],
        bans: vec![],
        invites: vec![],
        version: Version(0),
        head: Seq::ZERO,
        owner: None,
    };
    let (mut done, mut refused, mut full, mut last) = (0, 0, 0, 0);
    for step in 0..STEPS {
        let now = Timestamp(i64::from(step));
        let before = roster.clone();
        match attempt(&roster, &dice, now) {
            (Ok(decision), joins) => {
                apply(&mut roster, &decision);
                done += u32::from(!decision.facts.is_empty());
                let (was, is) = (before.members.len(), roster.members.len());
                let limit = usize::try_from(roster.settings.limit).unwrap();
                assert!(!joins || is <= was || is <= limit, "step {step} goes past the limit: {roster:?}");
                let banned = |member: &Member| roster.is_banned(member.person.id);
                assert!(!roster.members.iter().any(banned), "step {step} seats somebody banned: {roster:?}");
            }
            (Err(refusal), _) => {
                refused += 1;
                full += u32::from(matches!(refusal, Refusal::GroupFull { .. }));
                last += u32::from(refusal == Refusal::LastAdmin);
            }
        }
        let mut seats: Vec<_> = roster.members.iter().map(|member| member.person.id).collect();
        seats.sort();
        seats.dedup();
        assert_eq!(seats.len(), roster.members.len(), "step {step} gives somebody two seats: {roster:?}");
        let admin = roster.members.iter().any(|member| member.role == Role::Admin);
        assert!(roster.members.is_empty() || admin, "step {step} leaves no admin: {before:?} {roster:?}");
        assert!(roster.invites.iter().all(|invite| invite.uses != Some(u32::MAX)), "step {step}: {roster:?}");
        if roster.members.is_empty() {
            // Nobody could unarchive it; it continues as an open group.
            (roster.settings.archived, roster.settings.join_policy) = (false, JoinPolicy::Open);
            roster.bans.clear();
        }
    }
    // The steps reached the states where the rules refuse.
    assert!(done > 10_000 && refused > 10_000 && full > 100 && last > 100, "{done} {refused} {full} {last}");
}
