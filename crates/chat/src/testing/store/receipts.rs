//! Store contract: receipts, which follow from marks and only advance.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use wire::{Conversation, DeliveryState, Event, Json, Person, Receipt, RichText, Role, Seq, Topic, UserId};

use super::writing::{NOW, TEA, change, commit_one, message, seated, unseated, with_tea};
use super::{Fresh, Tenant};
use crate::ports::store::{
    Draft, ExternalKey, LogOutcome, LogWrite, MovedReceipt, PutUser, ReadStateWrite, Recipients,
    RestrictedDraft,
};
use crate::testing::{ann, ben, cal, for_all};
use DeliveryState::{Delivered, Read, Sent};

fn group() -> Conversation {
    Conversation::Group(TEA)
}

async fn with_members(fresh: &impl Fresh) -> std::sync::Arc<Tenant> {
    let store = with_tea(fresh()).await;
    let seats = [ben(), cal()].map(|person| seated(&person, Role::Member));
    commit_one(&store, change(TEA, 1, seats.into())).await;
    store
}

/// Sends a message of ann to everyone, or to some; returns its Seq.
async fn say(store: &Tenant, id: &str, to: Option<&[Person]>) -> Seq {
    let event = Event::message(ann(), id.into(), RichText::plain(id), None);
    let draft = Draft { data: Json::of(&event), counts: true, ..message(TEA, &ann(), id, id) };
    let write = match to {
        None => LogWrite::Post(draft),
        Some(people) => {
            let recipients = Recipients::Chosen(people.iter().map(|person| person.id).collect());
            LogWrite::PostRestricted(RestrictedDraft { draft, recipients })
        }
    };
    match commit_one(store, write).await {
        LogOutcome::Posted { seq } => seq,
        other => panic!("{other:?}"),
    }
}

async fn read(store: &Tenant, user: &Person, seq: Seq, back: bool) -> Vec<MovedReceipt> {
    moved(store, ReadStateWrite::SetRead { conversation: group(), user: user.id, seq, back }).await
}

async fn has(store: &Tenant, user: &Person, seq: u64) -> Vec<MovedReceipt> {
    moved(store, ReadStateWrite::SetOwnDelivered { marks: vec![(user.id, Seq(seq))] }).await
}

async fn moved(store: &Tenant, write: ReadStateWrite) -> Vec<MovedReceipt> {
    commit_one(store, write).await.receipts
}

/// Returns the state of each recipient of a message.
async fn states(store: &Tenant, seq: Seq) -> BTreeMap<UserId, DeliveryState> {
    let found = store.receipts(group(), seq).await.unwrap().unwrap();
    assert_eq!(found.author, ann().id);
    found.recipients.into_iter().map(|one| (one.receipt.user, one.receipt.state)).collect()
}

fn moves(seq: Seq, user: &Person, state: DeliveryState) -> MovedReceipt {
    let receipt = Receipt { user: user.id, state };
    MovedReceipt { author: ann().id, topic: Topic::group(TEA), seq, receipt }
}

pub async fn a_message_to_some_is_delivered_with_its_copy_and_read_with_its_place(fresh: impl Fresh) {
    let store = with_members(&fresh).await;
    let (first, second) =
        (say(&store, "1", Some(&[ben()])).await, say(&store, "2", Some(&[ben(), cal()])).await);
    assert_eq!(states(&store, second).await, [(ben().id, Sent), (cal().id, Sent)].into());
    assert_eq!(read(&store, &ben(), first, false).await, [moves(first, &ben(), Sent)]);
    assert_eq!(has(&store, &ben(), 1).await, [moves(first, &ben(), Read)]);
    assert_eq!(store.own_delivered(ben().id).await.unwrap(), Seq(1));
    assert_eq!(has(&store, &ben(), 9).await, [moves(second, &ben(), Delivered)], "up to the head of the log");
    assert_eq!(store.own_delivered(ben().id).await.unwrap(), Seq(2));
    assert_eq!(has(&store, &ben(), 1).await, [], "and never back");
    assert_eq!(states(&store, first).await, [(ben().id, Read)].into());
    assert_eq!(states(&store, second).await, [(ben().id, Delivered), (cal().id, Sent)].into());
    assert_eq!(read(&store, &ben(), second, false).await, [moves(second, &ben(), Read)]);
    assert_eq!(read(&store, &ben(), Seq(1), true).await, []);
    assert_eq!(states(&store, second).await, [(ben().id, Read), (cal().id, Sent)].into());
    // The author's own copies are nobody's receipts.
    assert_eq!(has(&store, &ann(), 9).await, []);
    assert_eq!(read(&store, &ann(), second, false).await, []);
}

pub async fn an_ordinary_message_is_for_those_who_had_joined_before_it(fresh: impl Fresh) {
    let store = with_members(&fresh).await;
    let first = say(&store, "1", None).await;
    commit_one(&store, change(TEA, 2, vec![unseated(cal().id)])).await;
    commit_one(&store, change(TEA, 3, vec![seated(&cal(), Role::Member)])).await;
    let second = say(&store, "2", None).await;
    assert_eq!(states(&store, first).await, [(ben().id, Sent)].into());
    assert_eq!(states(&store, second).await, [(ben().id, Sent), (cal().id, Sent)].into());
    let marks = vec![(group(), cal().id, second)];
    commit_one(&store, ReadStateWrite::SetDelivered { marks }).await;
    read(&store, &ben(), first, false).await;
    assert_eq!(states(&store, first).await, [(ben().id, Read)].into());
    assert_eq!(states(&store, second).await, [(ben().id, Sent), (cal().id, Delivered)].into());
    for none in [Seq(1), Seq(9)] {
        assert_eq!(store.receipts(group(), none).await.unwrap(), None, "{none} is no message");
    }
}

pub async fn receipts_have_the_keys_of_the_application(fresh: impl Fresh) {
    let store = with_members(&fresh).await;
    let key = ExternalKey::new("zoë-7").unwrap();
    let person = crate::testing::person("Zoë");
    let put = PutUser {
        key: key.clone(),
        person: person.clone(),
        bio: None,
        version: None,
        sign_up: None,
        at: NOW,
    };
    commit_one(&store, put).await;
    commit_one(&store, change(TEA, 2, vec![seated(&person, Role::Member)])).await;
    for to in [None, Some([person.clone()])] {
        let seq =
            say(&store, if to.is_some() { "1" } else { "2" }, to.as_ref().map(<[_; 1]>::as_slice)).await;
        let found = store.receipts(group(), seq).await.unwrap().unwrap();
        assert_eq!(found.is_restricted, to.is_some());
        let keys: Vec<_> =
            found.recipients.iter().filter_map(|one| Some((one.receipt.user, one.key.clone()?))).collect();
        assert_eq!(keys, [(person.id, key.clone())]);
    }
}

/// A step of a history with losses: a device confirms something, late or again or never, or its user reads.
#[derive(Clone, Debug)]
enum Step {
    Say(bool),
    Has(bool, Index),
    Read(bool, Index, bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<bool>().prop_map(Step::Say),
        (any::<bool>(), any::<Index>()).prop_map(|(who, at)| Step::Has(who, at)),
        (any::<bool>(), any::<Index>(), any::<bool>()).prop_map(|(who, at, back)| Step::Read(who, at, back)),
    ]
}

pub async fn receipts_never_go_back_in_whatever_order_devices_confirm(fresh: impl Fresh) {
    let fresh = std::sync::Arc::new(fresh);
    for_all(12, vec(step(), 1..40), move |steps| {
        let fresh = std::sync::Arc::clone(&fresh);
        async move {
            let store = with_members(&*fresh).await;
            let (mut sent, mut known) = (Vec::new(), BTreeMap::new());
            for (number, step) in steps.into_iter().enumerate() {
                let who = |is_ben| if is_ben { ben() } else { cal() };
                match step {
                    Step::Say(to_both) => {
                        let to = if to_both { vec![ben(), cal()] } else { vec![ben()] };
                        sent.push(say(&store, &number.to_string(), Some(&to)).await);
                    }
                    Step::Has(is_ben, at) => {
                        has(&store, &who(is_ben), at.index(sent.len() + 1) as u64).await;
                    }
                    Step::Read(is_ben, at, back) => {
                        read(&store, &who(is_ben), Seq(at.index(sent.len() + 2) as u64), back).await;
                    }
                }
                for seq in &sent {
                    for (user, state) in states(&store, *seq).await {
                        let before = known.insert((*seq, user), state).unwrap_or(Sent);
                        assert!(before <= state, "{seq} was {before:?} for {user} and is {state:?}");
                    }
                }
            }
        }
    })
    .await;
}
