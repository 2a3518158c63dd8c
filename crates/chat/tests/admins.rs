//! Operations of admins, and their effect on connected users.

use chat::Error;
use chat::testing::{Listener, Node, User};
use wire::{Event, GroupId, GroupView, JoinPolicy, Refusal, Role, Setting, Topic};

/// A group of ann, its admin, with ben and cal.
struct Tea {
    node: Node,
    ann: User,
    ben: User,
    cal: User,
    id: GroupId,
}

impl Tea {
    async fn new() -> Self {
        let node = Node::volatile();
        let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
        let cal = node.introduce("cal").await;
        let id = node.group(&ann, "tea").await;
        for person in [&ben, &cal] {
            node.chat.join(person, id, None).await.unwrap();
        }
        Self { node, ann, ben, cal, id }
    }

    async fn listener(&self, person: &User, topic: &Topic) -> Listener {
        let mut listener = Listener::new(&self.node.chat, Some(person));
        listener.subscribe(topic, None).await.unwrap();
        listener
    }

    fn topic(&self) -> Topic {
        Topic::group(self.id)
    }
}

fn refused<T>(refusal: Refusal) -> Result<T, Error> {
    Err(Error::Refusal(refusal))
}

#[tokio::test]
async fn whoever_is_removed_hears_of_it_and_of_nothing_later() {
    let tea = Tea::new().await;
    let mut ben = tea.listener(&tea.ben, &tea.topic()).await;
    tea.node.chat.remove_member(&tea.ann, tea.id, tea.ben.id, true).await.unwrap();
    tea.node.say(&tea.ann, tea.id, "between us").await;
    ben.until_ended(&tea.topic()).await;
    let removed = Event::Removed { person: tea.ben.person(), by: tea.ann.person(), banned: true };
    assert_eq!(ben.events(&tea.topic()), [removed]);
    assert_eq!(tea.node.chat.join(&tea.ben, tea.id, None).await, refused(Refusal::Banned));

    tea.node.chat.unban(&tea.ann, tea.id, tea.ben.id).await.unwrap();
    assert!(tea.node.chat.join(&tea.ben, tea.id, None).await.is_ok());
}

#[tokio::test]
async fn a_muted_member_reads_on_and_speaks_again_when_the_time_is_over() {
    let tea = Tea::new().await;
    let say = async || {
        let id = tea.node.chat.new_send_id();
        tea.node.chat.post(&tea.ben, tea.topic(), id, "hello", None).await.map(|_| ())
    };
    tea.node.chat.mute(&tea.ann, tea.id, tea.ben.id, 10).await.unwrap();
    assert_eq!(say().await, refused(Refusal::Muted { minutes: 10 }));
    let mut ben = tea.listener(&tea.ben, &tea.topic()).await;
    let ack = tea.node.say(&tea.ann, tea.id, "listen").await;
    ben.until_seq(&tea.topic(), ack.seq.0).await;
    tea.node.clock.advance(600_000);
    assert_eq!(say().await, Ok(()));
    tea.node.chat.mute(&tea.ann, tea.id, tea.ben.id, 10).await.unwrap();
    tea.node.chat.mute(&tea.ann, tea.id, tea.ben.id, 0).await.unwrap();
    assert_eq!(say().await, Ok(()));
}

#[tokio::test]
async fn an_invite_lets_in_as_many_as_it_says() {
    let tea = Tea::new().await;
    tea.node
        .chat
        .update_settings(&tea.ann, tea.id, vec![Setting::JoinPolicy(JoinPolicy::Invite)])
        .await
        .unwrap();
    let (dan, eve) = (tea.node.introduce("dan").await, tea.node.introduce("eve").await);
    assert_eq!(tea.node.chat.join(&dan, tea.id, None).await, refused(Refusal::InviteNeeded));
    let invite = tea.node.chat.create_invite(&tea.ann, tea.id, 60, 1).await.unwrap();
    let view = tea.node.chat.open_group(&dan, tea.id, wire::PageStart::Newest, Some(invite)).await.unwrap();
    assert!(matches!(view, GroupView::Outside { closed: None, .. }));
    tea.node.chat.join(&dan, tea.id, Some(invite)).await.unwrap();
    assert_eq!(tea.node.chat.join(&eve, tea.id, Some(invite)).await, refused(Refusal::InviteOver));

    let short = tea.node.chat.create_invite(&tea.ann, tea.id, 60, 0).await.unwrap();
    let revoked = tea.node.chat.create_invite(&tea.ann, tea.id, 0, 0).await.unwrap();
    tea.node.clock.advance(3_600_000);
    tea.node.chat.revoke_invite(&tea.ann, tea.id, revoked).await.unwrap();
    for over in [short, revoked] {
        assert_eq!(tea.node.chat.join(&eve, tea.id, Some(over)).await, refused(Refusal::InviteOver));
    }
    tea.node.acquaint(&tea.ann, &eve).await;
    tea.node.chat.add_member(&tea.ann, tea.id, eve.id).await.unwrap();
    assert_eq!(
        tea.node.chat.management(&tea.ann, tea.id, "", None).await.unwrap().management.members.len(),
        5
    );
}

#[tokio::test]
async fn a_deleted_group_ends_for_everyone() {
    let tea = Tea::new().await;
    let mut ben = tea.listener(&tea.ben, &tea.topic()).await;
    let own = Topic::user(tea.ben.id);
    let mut news = tea.listener(&tea.ben, &own).await;
    let wrong = tea.node.chat.delete_group(&tea.ann, tea.id, "coffee").await;
    assert_eq!(wrong, refused(Refusal::ConfirmationWrong));
    tea.node.chat.delete_group(&tea.ann, tea.id, "tea").await.unwrap();
    ben.until_ended(&tea.topic()).await;
    news.until(|heard| !heard.is_empty()).await;
    assert_eq!(news.events(&own), [Event::GroupGone { id: tea.id }]);
    let gone = tea.node.chat.open_group(&tea.ben, tea.id, wire::PageStart::Newest, None).await;
    assert_eq!(gone, refused(Refusal::NotFound));
}

#[tokio::test]
async fn the_audit_log_tells_admins_who_did_what_and_nobody_else() {
    let tea = Tea::new().await;
    let audit = Topic::audit(tea.id);
    let caller = |person: &User| person.caller();
    tea.node.chat.set_role(&tea.ann, tea.id, tea.ben.id, Role::Admin).await.unwrap();
    let mut ben = tea.listener(&tea.ben, &audit).await;
    tea.node.chat.create_invite(&tea.ben, tea.id, 0, 3).await.unwrap();
    tea.node.chat.update_settings(&tea.ann, tea.id, vec![Setting::Limit(7)]).await.unwrap();
    ben.until_seq(&audit, 4).await;
    let invited = Event::Invited { until: None, uses: Some(3), by: tea.ben.person() };
    let limited = Event::Changed { setting: Setting::Limit(7), by: tea.ann.person() };
    assert_eq!(ben.events(&audit), [invited, limited]);

    let all = chat::store::Range { limit: 9, ..Default::default() };
    let refusal = tea.node.chat.history(&caller(&tea.cal), &audit, all).await;
    assert_eq!(refusal, refused(Refusal::NotAdmin));
    // A former admin reads no further.
    tea.node.chat.set_role(&tea.ann, tea.id, tea.ben.id, Role::Member).await.unwrap();
    tea.node.chat.update_settings(&tea.ann, tea.id, vec![Setting::Limit(8)]).await.unwrap();
    ben.until_ended(&audit).await;
    let ranked = Event::Ranked { person: tea.ben.person(), role: Role::Member, by: tea.ann.person() };
    assert_eq!(ben.events(&audit)[2..], [ranked], "up to the entry that ends his role");
    let told = tea.node.chat.management(&tea.ann, tea.id, "", None).await.unwrap().management.audit.entries;
    assert_eq!(told.len(), 6);
    let refusal = tea.node.chat.management(&tea.cal, tea.id, "", None).await.map(|_| ());
    assert_eq!(refusal, refused(Refusal::NotAdmin));
}

#[tokio::test]
async fn nobody_joins_or_writes_in_an_archived_group() {
    let tea = Tea::new().await;
    tea.node.chat.update_settings(&tea.ann, tea.id, vec![Setting::Archived(true)]).await.unwrap();
    let id = tea.node.chat.new_send_id();
    let said = tea.node.chat.post(&tea.ann, tea.topic(), id, "anyone?", None).await.map(|_| ());
    assert_eq!(said, refused(Refusal::Archived));
    let dan = tea.node.introduce("dan").await;
    assert_eq!(tea.node.chat.join(&dan, tea.id, None).await, refused(Refusal::Archived));
    // The last admin may leave; the member who joined first takes over and can unarchive the group.
    tea.node.chat.leave(&tea.ann, tea.id).await.unwrap();
    tea.node.chat.update_settings(&tea.ben, tea.id, vec![Setting::Archived(false)]).await.unwrap();
    assert!(tea.node.chat.join(&dan, tea.id, None).await.is_ok());
}
