//! The page of a conversation: it is counted in rows, and its cost is that of its rows.

use std::sync::Arc;

use chat::testing::{Gate, Node, SeededChance, User};
use chat::{MemoryStore, Window};
use wire::limits::{PAGE_BYTES, PAGE_ROWS};
use wire::{Amendment, ConversationView, Emoji, GroupId, GroupView, PageStart, Seq, Topic};

async fn opened(node: &Node, me: &User, group: GroupId, place: PageStart) -> ConversationView {
    match node.chat.open_group(me, group, place, None).await.unwrap() {
        GroupView::Inside(page) => *page,
        GroupView::Outside { .. } => panic!("{} has a seat", me.name),
    }
}

/// Adds a reaction to a message, or removes it.
async fn react(node: &Node, me: &User, group: GroupId, target: Seq, on: bool) {
    let thumb = Amendment::React(Emoji::new("👍").unwrap(), on);
    node.chat.amend(me, &Topic::group(group), node.chat.new_send_id(), target, thumb).await.unwrap();
}

/// Returns the texts of the messages of a page.
fn texts(page: &ConversationView) -> Vec<&str> {
    page.page
        .entries
        .iter()
        .filter_map(|entry| match &entry.data {
            wire::Event::Message { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn eight_messages_and_sixty_reactions_are_eight_messages_on_the_page_of_everyone() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("安娜").await, node.introduce("Beniamino della Valle").await);
    let tea = node.group(&ann, "tea").await;
    node.chat.join(&ben, tea, None).await.unwrap();
    let mut last = Seq::ZERO;
    for number in 1..=8 {
        last = node.say(&ann, tea, &number.to_string()).await.seq;
    }
    for turn in 0..30 {
        react(&node, &ann, tea, last, turn % 2 == 0).await;
        react(&node, &ben, tea, last, turn % 2 == 0).await;
    }
    for (who, place) in [(&ann, PageStart::Unread), (&ben, PageStart::Unread), (&ben, PageStart::Newest)] {
        let page = opened(&node, who, tea, place).await;
        assert_eq!(texts(&page), ["1", "2", "3", "4", "5", "6", "7", "8"], "{} {place:?}", who.name);
        assert_eq!((page.page.from, page.page.to), (Seq(1), page.page.head), "there is nothing else to load");
    }
    let page = opened(&node, &ben, tea, PageStart::Around(Seq(last.0 + 30))).await;
    assert_eq!(texts(&page).len(), 8, "a place of a reaction has the rows around it");
    node.chat.set_read(&ben, &Topic::group(tea), page.page.to, false).await.unwrap();
    let mine = node.chat.overview(&ben).await.unwrap().mine;
    assert_eq!((mine[0].unread, opened(&node, &ben, tea, PageStart::Unread).await.read), (0, page.page.head));
}

#[tokio::test]
async fn whoever_pages_through_a_log_of_changes_sees_each_message_once() {
    let node = Node::volatile();
    let ann = node.introduce("ann").await;
    let tea = node.group(&ann, "tea").await;
    let mut said = vec![];
    for number in 0..3 * PAGE_ROWS {
        let seq = node.say(&ann, tea, &number.to_string()).await.seq;
        for turn in 0..number % 7 {
            react(&node, &ann, tea, seq, turn % 2 == 0).await;
        }
        said.push(number.to_string());
    }
    let caller = ann.caller();
    let topic = Topic::group(tea);
    let mut page = opened(&node, &ann, tea, PageStart::Newest).await.page;
    let mut all = page.entries.clone();
    while page.from > page.begins {
        let range = chat::store::RowRange::before(page.from, PAGE_ROWS);
        page = node.chat.rows(&caller, &topic, range).await.unwrap();
        all.splice(0..0, page.entries.clone());
    }
    let texts = all.iter().filter_map(|entry| match &entry.data {
        wire::Event::Message { text, .. } => Some(text.clone()),
        _ => None,
    });
    assert_eq!(texts.collect::<Vec<_>>(), said);
}

#[tokio::test]
async fn what_is_unread_is_on_the_page_however_many_notices_came_after_it() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    let tea = node.group(&ann, "tea").await;
    node.chat.join(&ben, tea, None).await.unwrap();
    node.say(&ann, tea, "did you see this?").await;
    for number in 0..PAGE_ROWS {
        let guest = node.introduce(&format!("guest {number}")).await;
        node.chat.join(&guest, tea, None).await.unwrap();
    }
    assert_eq!(texts(&opened(&node, &ben, tea, PageStart::Newest).await), [""; 0]);
    assert_eq!(texts(&opened(&node, &ben, tea, PageStart::Unread).await), ["did you see this?"]);
}

#[tokio::test]
async fn fifty_of_the_longest_messages_are_several_pages() {
    let node = Node::volatile();
    let ann = node.introduce("ann").await;
    let tea = node.group(&ann, "tea").await;
    for _ in 0..PAGE_ROWS {
        node.say(&ann, tea, &"語".repeat(5_400)).await;
    }
    let page = opened(&node, &ann, tea, PageStart::Newest).await.page;
    let bytes: usize = page.entries.iter().map(|entry| wire::Json::of(&entry.data).as_str().len()).sum();
    assert!(bytes <= PAGE_BYTES, "{bytes}");
    assert!(!page.entries.is_empty() && page.from > page.begins, "the places say that there are more");
}

#[tokio::test]
async fn sixty_people_who_react_at_once_need_sixty_writes() {
    let store = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
    let gate = Gate::before(store);
    let node = Node::over(gate.clone());
    let ann = node.introduce("ann").await;
    let tea = node.group(&ann, "tea").await;
    let mut people = vec![];
    for number in 0..60 {
        let person = node.introduce(&format!("person {number}")).await;
        node.chat.join(&person, tea, None).await.unwrap();
        people.push(person);
    }
    let said = node.say(&ann, tea, "who is in?").await.seq;
    let before: usize = gate.batches().iter().sum();
    gate.close_gate();
    let node = Arc::new(node);
    let reacting: Vec<_> = people
        .into_iter()
        .map(|person| {
            let node = Arc::clone(&node);
            tokio::spawn(async move { react(&node, &person, tea, said, true).await })
        })
        .collect();
    gate.open_gate();
    for each in reacting {
        each.await.unwrap();
    }
    assert_eq!(gate.batches().iter().sum::<usize>() - before, 60, "nobody has to try again");
    let page = opened(&node, &ann, tea, PageStart::Newest).await;
    let wire::Event::Message { reactions, .. } = &page.page.entries.last().unwrap().data else { panic!() };
    assert_eq!(reactions[0].people.len(), 60);
}

#[tokio::test]
async fn members_who_are_not_on_the_page_complete_a_mention_too() {
    let node = Node::volatile();
    let ann = node.introduce("安娜").await;
    let crowd = node.group(&ann, "crowd").await;
    for n in 0..60 {
        let member = node.introduce(&format!("Member {n}")).await;
        node.chat.join(&member, crowd, None).await.unwrap();
    }
    let zoe = [node.introduce("Zoë O'Neill").await, node.introduce("Zoë O'Neill").await];
    let stranger = node.introduce("Zoë Stranger").await;
    for zoe in &zoe {
        node.chat.join(zoe, crowd, None).await.unwrap();
    }
    let on_page = opened(&node, &ann, crowd, PageStart::Newest).await.members;
    assert!(on_page.iter().all(|member| member.person.id != zoe[0].id), "she came after those on the page");

    let found = node.chat.mentions(&ann, crowd, "o'n", 8).await.unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    for (person, mention) in zoe.iter().zip(&found) {
        node.say(&ann, crowd, &format!("tea, {mention}?")).await;
        let mine = node.chat.overview(person).await.unwrap().mine;
        assert_eq!(mine[0].mentions, 1, "{mention}");
    }
    assert_eq!(node.chat.mentions(&ann, crowd, "member", 8).await.unwrap().len(), 8);
    let own = node.chat.mentions(&ann, crowd, "安", 8).await.unwrap();
    assert!(own.is_empty(), "nobody mentions themselves: {own:?}");
    let refused = node.chat.mentions(&stranger, crowd, "", 8).await;
    assert!(refused.is_err(), "only members see members");
}
