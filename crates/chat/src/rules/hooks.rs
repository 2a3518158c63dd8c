//! The rules for incoming webhooks of a group.

use wire::limits::GROUP_HOOKS;
use wire::{Event, HookChange, PersonName, Refusal, UserId};

use super::decision::Decision;
use super::roles::needs_admin;
use crate::auth::session::TokenHash;
use crate::names::{HookName, Login};
use crate::ports::store::{Fact, Hook, HookFact, Roster};

/// An admin creates an incoming webhook, or gives the one of this name the display name of `new`.
///
/// # Errors
/// [`Refusal::NotMember`], [`Refusal::NotAdmin`], [`Refusal::TooManyHooks`], [`Refusal::HookLooksLikeMember`].
pub fn put_hook(
    roster: &Roster,
    hooks: &[Hook],
    by: UserId,
    new: Hook,
    token: TokenHash,
) -> Result<Decision, Refusal> {
    needs_admin(roster, by)?;
    let display_name = new.bot.name.clone();
    match hooks.iter().find(|hook| hook.name == new.name) {
        Some(hook) if hook.bot.name == display_name => Ok(Decision::nothing()),
        Some(hook) => {
            looks_like_nobody(roster, &display_name)?;
            let renamed = HookFact::Renamed(new.name, display_name);
            let hook = Hook { bot: new.bot, ..hook.clone() };
            decision(roster, by, &hook, renamed, HookChange::Renamed)
        }
        None if hooks.len() >= GROUP_HOOKS => Err(Refusal::TooManyHooks),
        None => {
            looks_like_nobody(roster, &display_name)?;
            let added = HookFact::Added { hook: new.clone(), token };
            decision(roster, by, &new, added, HookChange::Created)
        }
    }
}

/// An admin gives an incoming webhook another token. The one before no longer works.
///
/// # Errors
/// [`Refusal::NotMember`], [`Refusal::NotAdmin`], [`Refusal::NotFound`].
pub fn rotate_hook(
    roster: &Roster,
    hooks: &[Hook],
    by: UserId,
    name: &HookName,
    token: TokenHash,
) -> Result<Decision, Refusal> {
    needs_admin(roster, by)?;
    let hook = hooks.iter().find(|hook| hook.name == *name).ok_or(Refusal::NotFound)?;
    decision(roster, by, hook, HookFact::TokenReplaced(name.clone(), token), HookChange::Rotated)
}

/// An admin deletes an incoming webhook. What it has posted stays.
///
/// # Errors
/// [`Refusal::NotMember`], [`Refusal::NotAdmin`], [`Refusal::NotFound`].
pub fn delete_hook(
    roster: &Roster,
    hooks: &[Hook],
    by: UserId,
    name: &HookName,
) -> Result<Decision, Refusal> {
    needs_admin(roster, by)?;
    let hook = hooks.iter().find(|hook| hook.name == *name).ok_or(Refusal::NotFound)?;
    decision(roster, by, hook, HookFact::Removed(name.clone()), HookChange::Deleted)
}

/// Refuses the name of a bot that could be taken for that of a member.
fn looks_like_nobody(roster: &Roster, display_name: &PersonName) -> Result<(), Refusal> {
    let own = Login::new(display_name.as_str())?;
    let names = roster.members.iter().map(|member| &member.person.name);
    let mut alike = names.filter(|name| Login::new(name.as_str()).is_ok_and(|login| login.looks_like(&own)));
    alike.next().map_or(Ok(()), |name| Err(Refusal::HookLooksLikeMember { name: name.to_string() }))
}

fn decision(
    roster: &Roster,
    by: UserId,
    hook: &Hook,
    fact: HookFact,
    change: HookChange,
) -> Result<Decision, Refusal> {
    let by = needs_admin(roster, by)?.clone();
    Ok(Decision::fact(Fact::Hook(fact)).note(Event::Hook { change, hook: hook.bot.name.clone(), by }))
}

#[cfg(test)]
mod tests {
    use wire::{Person, PersonName, Role};

    use super::*;
    use crate::rules::News;
    use crate::rules::cast::{NOW, ann, ben, cal, roster};

    const TOKEN: TokenHash = TokenHash([7; 32]);

    fn hook(roster: &Roster, name: &str, display_name: &str) -> Hook {
        let bot = Person { id: UserId::from_bytes([90; 10]), name: PersonName::new(display_name).unwrap() };
        Hook { group: roster.id, name: HookName::new(name).unwrap(), bot, created: NOW }
    }

    fn noted(decision: &Decision) -> Vec<(HookChange, &str)> {
        let news = decision.news.iter().map(|news| match news {
            News::Audit(Event::Hook { change, hook, .. }) => (*change, hook.as_str()),
            other => panic!("{other:?}"),
        });
        news.collect()
    }

    #[test]
    fn an_admin_creates_renames_rotates_and_deletes_a_webhook_and_each_is_in_the_audit_log() {
        let tea = roster(&[(ann(), Role::Admin)]);
        let kettle = hook(&tea, "kettle", "Kettle");
        let created = put_hook(&tea, &[], ann().id, kettle.clone(), TOKEN).unwrap();
        assert_eq!(created.facts, [Fact::Hook(HookFact::Added { hook: kettle.clone(), token: TOKEN })]);
        assert_eq!(noted(&created), [(HookChange::Created, "Kettle")]);

        let hooks = [kettle.clone()];
        assert_eq!(put_hook(&tea, &hooks, ann().id, kettle.clone(), TOKEN), Ok(Decision::nothing()));
        let samovar = hook(&tea, "kettle", "Samovar");
        let renamed = put_hook(&tea, &hooks, ann().id, samovar.clone(), TOKEN).unwrap();
        let fact = HookFact::Renamed(samovar.name.clone(), samovar.bot.name.clone());
        assert_eq!(
            (renamed.facts.as_slice(), noted(&renamed)),
            ([Fact::Hook(fact)].as_slice(), vec![(HookChange::Renamed, "Samovar")])
        );

        let rotated = rotate_hook(&tea, &hooks, ann().id, &kettle.name, TOKEN).unwrap();
        let replaced = HookFact::TokenReplaced(kettle.name.clone(), TOKEN);
        assert_eq!(rotated.facts, [Fact::Hook(replaced)]);
        assert_eq!(noted(&rotated), [(HookChange::Rotated, "Kettle")]);
        let deleted = delete_hook(&tea, &hooks, ann().id, &kettle.name).unwrap();
        assert_eq!(deleted.facts, [Fact::Hook(HookFact::Removed(kettle.name.clone()))]);
        assert_eq!(noted(&deleted), [(HookChange::Deleted, "Kettle")]);
        let gone = HookName::new("gone").unwrap();
        assert_eq!(rotate_hook(&tea, &hooks, ann().id, &gone, TOKEN), Err(Refusal::NotFound));
        assert_eq!(delete_hook(&tea, &hooks, ann().id, &gone), Err(Refusal::NotFound));
    }

    #[test]
    fn nobody_but_admins_and_the_application_has_a_say() {
        let mut tea = roster(&[(ann(), Role::Admin), (ben(), Role::Member)]);
        let kettle = hook(&tea, "kettle", "Kettle");
        let hooks = [kettle.clone()];
        for (by, no) in [(ben().id, Refusal::NotAdmin), (cal().id, Refusal::NotMember)] {
            assert_eq!(put_hook(&tea, &hooks, by, kettle.clone(), TOKEN), Err(no.clone()));
            assert_eq!(rotate_hook(&tea, &hooks, by, &kettle.name, TOKEN), Err(no.clone()));
            assert_eq!(delete_hook(&tea, &hooks, by, &kettle.name), Err(no));
        }
        tea.owner = Some(cal());
        assert!(delete_hook(&tea, &hooks, cal().id, &kettle.name).is_ok());
    }

    #[test]
    fn a_bot_has_no_name_that_looks_like_that_of_a_member() {
        let tea = roster(&[(ann(), Role::Admin), (ben(), Role::Member)]);
        let put =
            |hooks: &[Hook], name: &str| put_hook(&tea, hooks, ann().id, hook(&tea, "kettle", name), TOKEN);
        let ben = ben().name.to_string();
        let capitals = ben.to_uppercase();
        let taken = Refusal::HookLooksLikeMember { name: ben.clone() };
        for alike in [ben.as_str(), &capitals, &ben.replace('e', "е")] {
            assert_eq!(put(&[], alike), Err(taken.clone()), "{alike}");
            assert_eq!(
                put(&[hook(&tea, "kettle", "Kettle")], alike),
                Err(taken.clone()),
                "renamed to {alike}"
            );
        }
        assert!(put(&[], "Cal").is_ok(), "nobody here is called that");
        let named_before = [hook(&tea, "kettle", &ben)];
        assert_eq!(put(&named_before, &ben), Ok(Decision::nothing()), "a member may have come later");
    }

    #[test]
    fn a_group_has_only_so_many_webhooks() {
        let tea = roster(&[(ann(), Role::Admin)]);
        let mut hooks: Vec<_> =
            (0..GROUP_HOOKS).map(|number| hook(&tea, &format!("hook-{number}"), "Kettle")).collect();
        let one_more = hook(&tea, "one-more", "Kettle");
        let put = |hooks: &[Hook], new: Hook| put_hook(&tea, hooks, ann().id, new, TOKEN);
        assert_eq!(put(&hooks, one_more.clone()), Err(Refusal::TooManyHooks));
        assert!(put(&hooks, hook(&tea, "hook-3", "Samovar")).is_ok(), "one that is there can be renamed");
        hooks.pop();
        assert!(put(&hooks, one_more).is_ok());
    }
}
