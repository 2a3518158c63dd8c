//! Store contract: settings, mutes, slow mode, bans, invites and deletion of a group.

use wire::{Conversation, Invite, InviteId, JoinPolicy, Refusal, Role, Seq, Settings, Timestamp, Topic};

use super::Fresh;
use super::writing::{
    NOW, TEA, batch, change, commit, commit_one, draft, message, role, seated, settings, unseated, whole,
    with_tea,
};
use crate::ports::store::{Checked, Draft, Fact, GroupChange, LogOutcome, MembershipState, Outcome, Sender};
use crate::testing::{ann, ben, cal};

const SECRET: InviteId = InviteId::from_bytes(*b"..secret..");

pub async fn what_is_set_is_what_was_set_last(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let new = Settings {
        description: wire::Description::new("black or green?").unwrap(),
        limit: 3,
        join_policy: JoinPolicy::Invite,
        announcing: true,
        slow_s: 30,
        archived: true,
        ..settings("coffee")
    };
    commit_one(&store, change(TEA, 1, vec![Fact::SettingsChanged(new.clone())])).await;
    assert_eq!(store.roster(TEA).await.unwrap().unwrap().settings, new);
    assert_eq!(store.conversations(ann().id, 99).await.unwrap().mine[0].what.title(), new.name.as_str());
}

pub async fn a_standing_tells_what_the_rules_ask(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let stranger = MembershipState::default();
    assert_eq!(store.standing(Conversation::Group(TEA), ben().id).await.unwrap(), Some(stranger));
    let strict = Settings { announcing: true, slow_s: 9, archived: true, ..settings("tea") };
    let until = Some(Timestamp(NOW.0 + 1));
    let facts =
        vec![seated(&ben(), Role::Member), Fact::Muted(ben().id, until), Fact::SettingsChanged(strict)];
    commit_one(&store, change(TEA, 1, facts)).await;
    let muted = MembershipState {
        role: Some(Role::Member),
        muted_until: until,
        spoke_at: None,
        archived: true,
        announcing: true,
        slow_s: 9,
        read: Seq(1),
        listed: true,
        ..MembershipState::default()
    };
    assert_eq!(store.standing(Conversation::Group(TEA), ben().id).await.unwrap(), Some(muted));
    commit_one(&store, change(TEA, 2, vec![Fact::Muted(ben().id, None)])).await;
    assert_eq!(store.roster(TEA).await.unwrap().unwrap().members[1].muted_until, None);
}

pub async fn whoever_is_muted_earlier_in_the_batch_says_nothing(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    let minute = Timestamp(NOW.0 + 60_000);
    let later = at(message(TEA, &ben(), "2", "later"), minute);
    let writes = batch![
        change(TEA, 2, vec![Fact::Muted(ben().id, Some(minute))]),
        message(TEA, &ben(), "1", "now"),
        later,
    ];
    let outcomes = commit(&store, writes).await;
    let refused = LogOutcome::Refused(Refusal::Muted { minutes: 1 });
    assert_eq!(outcomes[1..], [refused, posted(2)].map(Outcome::Log));
}

/// Returns the same draft at another time.
fn at(draft: Draft, at: Timestamp) -> Draft {
    let right = draft.right.map(|right| crate::ports::store::Permission { now: at, ..right });
    Draft { at, right, ..draft }
}

pub async fn slow_mode_watches_when_members_speak(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let slow = Settings { slow_s: 10, ..settings("tea") };
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member), Fact::SettingsChanged(slow)])).await;
    let at = |id: &str, seconds: i64| at(message(TEA, &ben(), id, id), Timestamp(NOW.0 + seconds * 1_000));
    let writes = vec![at("1", 0), at("2", 4), at("1", 5), at("2", 10)];
    let again = LogOutcome::Repeated { seq: Seq(2), at: NOW };
    let refused = LogOutcome::Refused(Refusal::TooFast { retry_ms: 6_000 });
    assert_eq!(commit(&store, writes).await, [posted(2), refused, again, posted(3)]);
    // A member who leaves and comes back has sent nothing yet.
    commit_one(&store, change(TEA, 2, vec![unseated(ben().id)])).await;
    commit_one(&store, change(TEA, 3, vec![seated(&ben(), Role::Member)])).await;
    assert_eq!(commit_one(&store, at("3", 11)).await, posted(4));
}

pub async fn bans_and_invites_come_and_go(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let invite = Invite { id: SECRET, by: ann(), until: Some(NOW), uses: Some(1) };
    let endless = Invite { id: InviteId::from_bytes([1; 10]), by: ann(), until: None, uses: None };
    let facts = vec![
        Fact::Banned(cal()),
        Fact::Banned(ben()),
        Fact::Invited(invite.clone()),
        Fact::Invited(endless.clone()),
    ];
    commit_one(&store, change(TEA, 1, facts)).await;
    let roster = store.roster(TEA).await.unwrap().unwrap();
    assert_eq!((roster.bans, roster.invites), (vec![cal(), ben()], vec![invite.clone(), endless.clone()]));

    let used = vec![Fact::InviteUsed(SECRET), Fact::InviteUsed(endless.id), Fact::Unbanned(cal().id)];
    commit_one(&store, change(TEA, 2, used)).await;
    let roster = store.roster(TEA).await.unwrap().unwrap();
    let used_up = Invite { uses: Some(0), ..invite };
    assert_eq!((roster.bans, roster.invites), (vec![ben()], vec![used_up, endless.clone()]));
    commit_one(&store, change(TEA, 3, vec![Fact::InviteRevoked(SECRET)])).await;
    assert_eq!(store.roster(TEA).await.unwrap().unwrap().invites, [endless]);
}

pub async fn nothing_of_a_deleted_group_stays_behind(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let seats = vec![seated(&ben(), Role::Member), Fact::Banned(cal())];
    commit_one(&store, change(TEA, 1, seats)).await;
    commit_one(&store, message(TEA, &ben(), "1", "a secret")).await;
    commit_one(&store, draft(&Topic::audit(TEA), Sender::User(ann().id), "noted", "noted")).await;
    let told = draft(&Topic::user(ben().id), Sender::User(ann().id), "gone", "gone");
    let gone = GroupChange { news: vec![told], ..change(TEA, 2, vec![Fact::Deleted]) };
    assert_eq!(commit_one(&store, gone).await, Checked::Done);

    assert_eq!(store.roster(TEA).await.unwrap(), None);
    assert_eq!(store.standing(Conversation::Group(TEA), ann().id).await.unwrap(), None);
    assert_eq!(role(&store, TEA, ben().id).await, None);
    for person in [ann(), ben()] {
        assert_eq!(store.conversations(person.id, 99).await.unwrap().mine, []);
    }
    for topic in [Topic::group(TEA), Topic::audit(TEA)] {
        let page = whole(&store, &topic).await;
        assert_eq!((page.head, page.entries), (Seq::ZERO, vec![]));
    }
    let refused = commit_one(&store, message(TEA, &ben(), "2", "still here?")).await;
    assert_eq!(refused, LogOutcome::Refused(Refusal::NotFound));
    assert_eq!(commit_one(&store, change(TEA, 3, vec![])).await, Checked::Stale);
}

pub async fn a_person_is_found_by_their_id(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    assert_eq!(store.person(ben().id).await.unwrap(), Some(ben()));
    assert_eq!(store.person(wire::UserId::from_bytes([0; 10])).await.unwrap(), None);
}

const fn posted(seq: u64) -> LogOutcome {
    LogOutcome::Posted { seq: Seq(seq) }
}
