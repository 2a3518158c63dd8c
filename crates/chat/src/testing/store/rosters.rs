//! Store contract: rosters, changes of groups and lists.

use wire::{
    ConversationItem, ConversationSummary, GroupId, GroupName, GroupSummary, JoinPolicy, Member,
    NotificationLevel, Person, Role, Seq, Settings, Timestamp, Topic,
};

use super::writing::{
    NOW, TEA, batch, change, commit, commit_one, committed, draft, founding, message, role, seated, settings,
    texts, unseated, whole, with_people, with_tea,
};
use super::{Fresh, Tenant};
use crate::ports::store::{
    Checked, Committed, Conversations, Draft, Fact, GroupChange, LogOutcome, Outcome, Roster, Sender, Version,
};
use crate::testing::{ann, ben, cal};

const CHESS: GroupId = GroupId::from_bytes(*b"..chess...");

pub async fn what_is_not_there_is_not_found(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    assert_eq!(store.roster(CHESS).await.unwrap(), None);
    assert_eq!(role(&store, CHESS, ann().id).await, None);
    assert_eq!(role(&store, TEA, ben().id).await, None);
    let none = Conversations { mine: vec![], more: false, head: Seq::ZERO };
    assert_eq!(store.conversations(ben().id, 99).await.unwrap(), none);
    assert_eq!(commit_one(&store, change(CHESS, 1, vec![])).await, Checked::Stale);
}

pub async fn ann_founds_a_group_and_is_in_it(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let roster = Roster {
        id: TEA,
        settings: settings("tea"),
        members: vec![Member::new(ann(), Role::Admin, NOW)],
        bans: vec![],
        invites: vec![],
        version: Version(1),
        head: Seq(1),
        owner: None,
    };
    assert_eq!(store.roster(TEA).await.unwrap(), Some(roster));
    assert_eq!(role(&store, TEA, ann().id).await, Some(Role::Admin));
    let hers = Conversations { mine: vec![mine(summary(TEA, "tea"), 1, NOW)], more: false, head: Seq::ZERO };
    assert_eq!(store.conversations(ann().id, 99).await.unwrap(), hers);
}

pub async fn a_change_decided_on_an_old_roster_writes_nothing(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let joining = |person: &Person, version| GroupChange {
        news: vec![
            draft(&Topic::group(TEA), Sender::User(person.id), "joined", "joined"),
            draft(&Topic::user(person.id), Sender::User(person.id), "added", "added"),
        ],
        ..change(TEA, version, vec![seated(person, Role::Member)])
    };
    let places = |committed: Committed| -> Vec<Seq> {
        assert_eq!(committed.outcomes, [Outcome::Groups(Checked::Done)]);
        committed.appended.iter().map(|appended| appended.entry.seq).collect()
    };
    assert_eq!(places(committed(&store, joining(&ben(), 1)).await), [Seq(2), Seq(1)]);
    let before = store.roster(TEA).await.unwrap();
    for version in [0, 1, 3, u64::MAX >> 1] {
        assert_eq!(commit_one(&store, joining(&cal(), version)).await, Checked::Stale, "{version}");
    }
    assert_eq!(store.roster(TEA).await.unwrap(), before);
    assert_eq!(role(&store, TEA, cal().id).await, None);
    assert_eq!(
        store.conversations(cal().id, 99).await.unwrap(),
        Conversations { mine: vec![], more: false, head: Seq::ZERO }
    );
    assert_eq!(whole(&store, &Topic::user(cal().id)).await.head, Seq::ZERO);
    // Nor have the entries used their ids, or their Seqs.
    assert_eq!(places(committed(&store, joining(&cal(), 2)).await), [Seq(3), Seq(1)]);
}

pub async fn a_stale_change_in_a_batch_does_not_touch_the_others(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let writes = batch![
        message(TEA, &ann(), "1", "one"),
        change(TEA, 1, vec![seated(&ben(), Role::Member)]),
        // Cal read the roster before ben was in it.
        change(TEA, 1, vec![seated(&cal(), Role::Member)]),
        message(TEA, &ben(), "1", "two"),
        change(TEA, 2, vec![seated(&cal(), Role::Member)]),
    ];
    let posted = |seq| Outcome::Log(LogOutcome::Posted { seq: Seq(seq) });
    let [done, stale] = [Checked::Done, Checked::Stale].map(Outcome::Groups);
    let outcomes = commit(&store, writes).await;
    assert_eq!(outcomes, [posted(2), done.clone(), stale, posted(3), done]);
    assert_eq!(members(&store).await, [ann(), ben(), cal()]);
    assert_eq!(texts(&store, &Topic::group(TEA)).await, ["created", "one", "two"]);
}

pub async fn a_group_is_founded_once(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let before = store.roster(TEA).await.unwrap();
    assert_eq!(commit_one(&store, founding(TEA, "again", &ben())).await, Checked::Stale);
    assert_eq!(store.roster(TEA).await.unwrap(), before);
    let twice = vec![founding(CHESS, "chess", &ben()), founding(CHESS, "chess", &ann())];
    let outcomes = commit(&store, twice).await;
    assert_eq!(outcomes, [Checked::Done, Checked::Stale]);
    assert_eq!(groups(&store, &ben()).await, [summary(CHESS, "chess")]);
}

pub async fn who_is_there_longest_comes_first(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let all = vec![seated(&cal(), Role::Member), seated(&ben(), Role::Member)];
    commit_one(&store, change(TEA, 1, all)).await;
    assert_eq!(members(&store).await, [ann(), cal(), ben()]);
    // A member who comes back has joined last.
    commit_one(&store, change(TEA, 2, vec![unseated(ann().id)])).await;
    commit_one(&store, change(TEA, 3, vec![seated(&ann(), Role::Member)])).await;
    assert_eq!(members(&store).await, [cal(), ben(), ann()]);
    commit_one(&store, change(TEA, 4, vec![unseated(ann().id), unseated(cal().id)])).await;
    commit_one(&store, change(TEA, 5, vec![seated(&cal(), Role::Member)])).await;
    assert_eq!(members(&store).await, [ben(), cal()]);
}

pub async fn what_has_the_newest_entry_comes_first(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, founding(CHESS, "chess", &ben())).await;
    let (tea, chess) = (summary(TEA, "tea"), summary(CHESS, "chess"));
    commit_one(&store, change(CHESS, 1, vec![seated(&ann(), Role::Member)])).await;
    let later = |group, id: &str, after| Draft {
        at: Timestamp(NOW.0 + after),
        ..draft(&Topic::group(group), Sender::User(ann().id), id, id)
    };
    commit_one(&store, later(CHESS, "1", 1)).await;
    assert_eq!(groups(&store, &ann()).await, [chess.clone(), tea.clone()]);
    assert_eq!(groups(&store, &ben()).await, std::slice::from_ref(&chess));
    commit_one(&store, later(TEA, "2", 2)).await;
    assert_eq!(groups(&store, &ann()).await, [tea.clone(), chess.clone()]);
    commit_one(&store, change(TEA, 1, vec![unseated(ann().id)])).await;
    assert_eq!(groups(&store, &ann()).await, std::slice::from_ref(&chess));
    commit_one(&store, change(TEA, 2, vec![seated(&ann(), Role::Admin)])).await;
    assert_eq!(groups(&store, &ann()).await, [tea, chess]);
    let news = draft(&Topic::user(ann().id), Sender::User(ann().id), "added", "added");
    commit_one(&store, news).await;
    assert_eq!(store.conversations(ann().id, 99).await.unwrap().head, Seq(1), "the head of her own log");
}

pub async fn ben_is_made_an_admin(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    commit_one(&store, change(TEA, 2, vec![Fact::RoleChanged(ben().id, Role::Admin)])).await;
    assert_eq!(role(&store, TEA, ben().id).await, Some(Role::Admin));
    let both = vec![Fact::RoleChanged(ann().id, Role::Member), Fact::RoleChanged(ben().id, Role::Admin)];
    commit_one(&store, change(TEA, 3, both)).await;
    let roster = store.roster(TEA).await.unwrap().unwrap();
    let roles: Vec<Role> = roster.members.iter().map(|member| member.role).collect();
    assert_eq!(roles, [Role::Member, Role::Admin]);
    assert_eq!(members(&store).await, [ann(), ben()], "a role moves nobody");
}

pub async fn a_change_without_news_counts_too(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    for version in 1..5 {
        let changed = commit_one(&store, change(TEA, version, vec![])).await;
        assert_eq!(changed, Checked::Done);
    }
    let roster = store.roster(TEA).await.unwrap().unwrap();
    assert_eq!((roster.version, roster.head), (Version(5), Seq(1)));
}

pub async fn a_group_takes_the_limit_and_the_name_it_was_given(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let name = GroupName::new(&"Zoë's 🫖 ".repeat(10)).unwrap();
    for (id, limit) in [(TEA, u32::MAX), (CHESS, 0)] {
        let settings = Settings { name: name.clone(), limit, ..settings("tea") };
        let created = Fact::Created { settings: settings.clone(), at: NOW };
        commit_one(&store, GroupChange { version: None, ..change(id, 0, vec![created]) }).await;
        let roster = store.roster(id).await.unwrap().unwrap();
        assert_eq!((roster.settings, roster.members), (settings, vec![]));
    }
}

pub async fn listed_groups_are_found_by_name(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let found = async |words: &str, all, limit| -> Vec<String> {
        let found = store.groups(words, all, None, limit).await.unwrap();
        found.into_iter().map(|listing| format!("{} {}", listing.group.name, listing.members)).collect()
    };
    let join_policies = [
        ("Äpfel", JoinPolicy::Listed, false),
        ("tea", JoinPolicy::Listed, false),
        ("tent", JoinPolicy::Listed, true),
    ];
    let more = [("Teapot", JoinPolicy::Open, false), ("team", JoinPolicy::Invite, false)];
    for (number, (name, join_policy, archived)) in (1..).zip(join_policies.into_iter().chain(more)) {
        let id = GroupId::from_bytes([number; 10]);
        commit_one(&store, founding(id, &number.to_string(), &ann())).await;
        let settled = Fact::SettingsChanged(Settings { join_policy, archived, ..settings(name) });
        commit_one(&store, change(id, 1, vec![settled])).await;
        assert_eq!(store.roster(id).await.unwrap().unwrap().settings.join_policy, join_policy);
    }
    let tea = GroupId::from_bytes([2; 10]);
    commit_one(&store, change(tea, 2, vec![seated(&ben(), Role::Member)])).await;
    assert_eq!(found("", false, 9).await, ["tea 2", "Äpfel 1"]);
    assert_eq!(found("ÄPF", false, 9).await, ["Äpfel 1"]);
    assert_eq!(found("te", true, 9).await, ["tea 2", "team 1", "Teapot 1", "tent 1"]);
    assert_eq!(found("te", true, 2).await, ["tea 2", "team 1"]);
    assert_eq!(found("nothing", true, 9).await, [""; 0]);
}

async fn members(store: &Tenant) -> Vec<Person> {
    store.roster(TEA).await.unwrap().unwrap().members.into_iter().map(|member| member.person).collect()
}

async fn groups(store: &Tenant, of: &Person) -> Vec<GroupSummary> {
    store
        .conversations(of.id, 99)
        .await
        .unwrap()
        .mine
        .into_iter()
        .filter_map(|mine| match mine.what {
            ConversationSummary::Group(group) => Some(group),
            ConversationSummary::Direct { .. } => None,
        })
        .collect()
}

/// Returns a group in a list, read to its end.
fn mine(group: GroupSummary, head: u64, at: Timestamp) -> ConversationItem {
    ConversationItem {
        what: ConversationSummary::Group(group),
        unread: 0,
        mentions: 0,
        notify: NotificationLevel::All,
        hidden: false,
        head: Seq(head),
        at,
    }
}

fn summary(id: GroupId, name: &str) -> GroupSummary {
    GroupSummary { id, name: GroupName::new(name).unwrap() }
}
