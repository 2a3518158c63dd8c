//! Store contract: outgoing webhooks, the entries that they follow, and their deliveries.

use wire::{ApplicationId, Epoch, GroupId, LogKey, PublicId, Role, Seq, Timestamp, Topic, WebhookId};

use super::writing::{
    NOW, TEA, change, commit_one, draft, founding, hash, message, seated, settings, with_tea,
};
use super::{Fresh, Tenant};
use crate::auth::api_token::TokenKind;
use crate::names::HookName;
use crate::ports::store::{
    ApplicationWrite, Checked, ClaimJobs, Commit, Delivery, DeliveryArguments, DeliveryState, Draft, Fact,
    GroupChange, Job, JobEnd, JobId, JobKind, JobQueue, JobWrite, LeaseId, LogWrite, NewApiToken,
    NewApplication, NewJob, Outcome, PlanWebhooks, Planned, Position, Recipients, RemoveData,
    RestrictedDraft, Sender, Transaction, Version, Webhook, WebhookConversation, WebhookEvent, WebhookPlan,
    WebhookState, WebhookTail, WebhookWrite, Write,
};
use crate::testing::{ann, ben};

const COFFEE: GroupId = GroupId::from_bytes(*b"..coffee..");
const BUILT_IN: ApplicationId = ApplicationId::BUILT_IN;
const WORKER: LeaseId = LeaseId(*b"the first worker");
/// The most deliveries that wait.
const MOST: usize = 12;
/// A number of events that no webhook gets.
const FAR: usize = 10_000;

fn webhook(number: u8, name: &str) -> Webhook {
    let topic = Topic::group(TEA);
    Webhook {
        id: WebhookId::from_bytes([number; 10]),
        name: HookName::new(name).unwrap(),
        url: format!("https://{name}.example/?q=茶"),
        events: vec![WebhookEvent::MessageCreated, WebhookEvent::MemberLeft],
        conversations: vec![WebhookConversation { name: "orders/42".into(), topic }],
        state: WebhookState::Active,
        key_version: 1,
        previous_key_until: None,
        position: Position(0),
        failing_since: None,
        created: NOW,
        version: Version(1),
    }
}

async fn add(store: &Tenant, webhook: &Webhook) -> Checked {
    commit_one(store, WebhookWrite::Add { webhook: webhook.clone(), most: 20 }).await
}

/// Adds a webhook; returns it as it is stored.
async fn added(store: &Tenant, number: u8, name: &str) -> Webhook {
    let new = webhook(number, name);
    assert_eq!(add(store, &new).await, Checked::Done);
    let stored = one(store, &new).await;
    assert_eq!(
        Webhook { position: new.position, ..stored.clone() },
        new,
        "as it was given but for its position"
    );
    stored
}

async fn one(store: &Tenant, webhook: &Webhook) -> Webhook {
    store.webhook(webhook.id).await.unwrap().unwrap()
}

async fn tail(store: &Tenant, after: Position) -> WebhookTail {
    store.store().webhook_tail(after, FAR).await.unwrap()
}

/// Returns the places of entries that the application has, with their logs.
fn places(tail: &WebhookTail) -> Vec<(Topic, Seq)> {
    let own = |(position, log, entry): &(Position, LogKey, wire::Entry<wire::Json>)| {
        assert_eq!((log.application, &log.topic), (BUILT_IN, &entry.topic));
        assert!(*position <= tail.position);
        (log.topic.clone(), entry.seq)
    };
    tail.entries.iter().map(own).collect()
}

fn arguments(webhook: &Webhook, topic: &Topic, seq: u64, position: u64) -> DeliveryArguments {
    DeliveryArguments {
        webhook: webhook.id,
        event: WebhookEvent::MessageCreated,
        topic: topic.clone(),
        seq: Seq(seq),
        epoch: Epoch(7),
        position: Position(position),
        at: NOW,
    }
}

fn jobs(webhook: &Webhook, topic: &Topic, seqs: std::ops::Range<u64>) -> Vec<NewJob> {
    seqs.map(|seq| arguments(webhook, topic, seq, 100 + seq).job(BUILT_IN, NOW)).collect()
}

async fn plan(store: &Tenant, webhook: &Webhook, to: Position, jobs: Vec<NewJob>) -> Planned {
    let plan = WebhookPlan {
        application: BUILT_IN,
        webhook: webhook.id,
        version: webhook.version,
        from: webhook.position,
        to,
        jobs,
    };
    commit_one(store, PlanWebhooks { plans: vec![plan], most: MOST }).await.remove(0)
}

async fn claim(store: &Tenant, limit: usize) -> Vec<Job> {
    let now = NOW;
    let until = Timestamp(now.0 + 60_000);
    commit_one(store, ClaimJobs { queue: JobQueue::Webhooks, lease: WORKER, now, until, limit }).await
}

fn seqs(jobs: &[Job]) -> Vec<u64> {
    let seq = |job: &Job| DeliveryArguments::parse(job.arguments.as_str()).unwrap().seq.0;
    jobs.iter().map(seq).collect()
}

fn delivery(job: JobId, arguments: DeliveryArguments, state: DeliveryState, at: Timestamp) -> Delivery {
    let (status, answer) = (Some(503), "sorry, 茶 is out".to_owned());
    Delivery { job, arguments, attempt: 1, state, status, millis: 12, answer, at }
}

async fn attempted(store: &Tenant, delivery: Delivery, stops: Option<WebhookState>) -> Checked {
    commit_one(store, WebhookWrite::Attempted { delivery, stops }).await
}

pub async fn webhooks_change_only_in_the_version_that_was_expected(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let orders = added(&store, 1, "orders").await;
    let until = Timestamp(NOW.0 + 86_400_000);
    let new = Webhook {
        url: "http://other.example:80/".into(),
        events: Vec::new(),
        conversations: Vec::new(),
        state: WebhookState::Off,
        key_version: 2,
        previous_key_until: Some(until),
        ..orders.clone()
    };
    let wrong = Webhook { version: Version(2), ..new.clone() };
    assert_eq!(commit_one(&store, WebhookWrite::Change(wrong)).await, Checked::Stale);
    assert_eq!(one(&store, &orders).await, orders);
    assert_eq!(commit_one(&store, WebhookWrite::Change(new.clone())).await, Checked::Done);
    let changed = Webhook { version: Version(2), ..new };
    assert_eq!(store.webhooks().await.unwrap(), std::slice::from_ref(&changed));
    assert_eq!(store.store().active_webhooks().await.unwrap(), []);
    assert_eq!(commit_one(&store, WebhookWrite::Change(orders)).await, Checked::Stale, "it was version 1");
    let unknown = Webhook { id: WebhookId::from_bytes([9; 10]), ..changed };
    assert_eq!(commit_one(&store, WebhookWrite::Change(unknown.clone())).await, Checked::Stale);
    assert_eq!(store.webhook(unknown.id).await.unwrap(), None);
}

pub async fn an_application_has_only_so_many_webhooks_and_one_of_each_name(fresh: impl Fresh) {
    let store = fresh();
    for number in [3, 1, 2] {
        added(&store, number, &format!("hook-{number}")).await;
    }
    assert_eq!(add(&store, &webhook(4, "hook-2")).await, Checked::Stale, "the name is taken");
    let most = WebhookWrite::Add { webhook: webhook(4, "hook-4"), most: 3 };
    assert_eq!(commit_one(&store, most).await, Checked::Stale);
    let names: Vec<_> = store.webhooks().await.unwrap().into_iter().map(|webhook| webhook.name).collect();
    assert_eq!(names, ["hook-1", "hook-2", "hook-3"].map(|name| HookName::new(name).unwrap()));
    assert_eq!(store.store().active_webhooks().await.unwrap().len(), 3);
    assert_eq!(commit_one(&store, WebhookWrite::Remove(webhook(2, "x").id)).await, Checked::Done);
    assert_eq!(add(&store, &webhook(4, "hook-2")).await, Checked::Done);
}

pub async fn a_new_webhook_gets_what_is_committed_after_it(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let tea = Topic::group(TEA);
    assert_eq!(tail(&store, Position(0)).await.entries, [], "nobody is interested");
    commit_one(&store, message(TEA, &ann(), "1", "before")).await;
    let orders = added(&store, 1, "orders").await;
    // Where transactions overlap, it may get something from just before.
    let head = tail(&store, orders.position).await;
    assert!(places(&head).iter().all(|(topic, seq)| (topic, *seq) <= (&tea, Seq(2))), "{head:?}");
    let orders = Webhook { position: head.position, ..orders };
    commit_one(&store, message(TEA, &ann(), "2", "after")).await;
    commit_one(&store, draft(&Topic::new("news").unwrap(), Sender::Open, "3", "published")).await;
    commit_one(&store, draft(&Topic::user(ann().id), Sender::User(ann().id), "4", "own")).await;
    commit_one(&store, draft(&Topic::app_audit(), Sender::User(ann().id), "5", "noted")).await;
    let all = tail(&store, orders.position).await;
    assert_eq!(places(&all), [(tea.clone(), Seq(3)), (Topic::app_audit(), Seq(1))]);
    assert_eq!(
        tail(&store, all.position).await,
        WebhookTail { position: all.position, ..Default::default() }
    );
    // A limit counts all entries, so that a turn has a bound.
    let mut after = orders.position;
    let mut found = Vec::new();
    for _ in 0..20 {
        let part = store.store().webhook_tail(after, 1).await.unwrap();
        found.extend(places(&part));
        after = part.position;
    }
    assert_eq!((found, after), (places(&all), all.position));
}

pub async fn messages_to_some_are_for_webhooks_themselves(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    let orders = added(&store, 1, "orders").await;
    let draft = Draft { counts: true, ..message(TEA, &ann(), "1", "for ben") };
    let recipients = Recipients::Chosen(vec![ben().id]);
    commit_one(&store, LogWrite::PostRestricted(RestrictedDraft { draft, recipients })).await;
    let all = tail(&store, orders.position).await;
    let texts: Vec<_> = all.entries.iter().map(|(_, _, entry)| entry.data.as_str()).collect();
    assert_eq!((places(&all), texts), (vec![(Topic::group(TEA), Seq(2))], vec!["\"for ben\""]));
}

pub async fn deliveries_are_planned_once_and_only_so_many_wait(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let tea = Topic::group(TEA);
    let orders = added(&store, 1, "orders").await;
    let to = Position(orders.position.0 + 10);
    assert_eq!(plan(&store, &orders, to, jobs(&orders, &tea, 1..3)).await, Planned::Done);
    assert_eq!(
        plan(&store, &orders, to, jobs(&orders, &tea, 1..3)).await,
        Planned::Stale,
        "another node did"
    );
    let planned = one(&store, &orders).await;
    assert_eq!((planned.position, planned.version), (to, orders.version));
    assert_eq!(store.waiting_deliveries(orders.id).await.unwrap(), 2);
    let most = u64::try_from(MOST).unwrap();
    let full = jobs(&orders, &tea, 3..most + 2);
    assert_eq!(plan(&store, &planned, Position(to.0 + 1), full).await, Planned::Full);
    assert_eq!(one(&store, &orders).await.position, to);
    assert_eq!(
        plan(&store, &planned, Position(to.0 + 1), jobs(&orders, &tea, 3..most + 1)).await,
        Planned::Done
    );
    assert_eq!(store.waiting_deliveries(orders.id).await.unwrap(), most);
    // Without events it goes on all the same.
    let planned = one(&store, &orders).await;
    assert_eq!(plan(&store, &planned, Position(to.0 + 2), vec![]).await, Planned::Done);
    let changed = Webhook { version: Version(5), ..one(&store, &orders).await };
    assert_eq!(plan(&store, &changed, Position(to.0 + 9), vec![]).await, Planned::Stale);
}

pub async fn deliveries_of_a_webhook_are_leased_two_at_once_and_those_of_a_conversation_in_order(
    fresh: impl Fresh,
) {
    let store = with_tea(fresh()).await;
    let topics: Vec<_> = (0..5).map(|number| Topic::group(GroupId::from_bytes([number; 10]))).collect();
    let (one, other) = (added(&store, 1, "one").await, added(&store, 2, "other").await);
    let mut all = Vec::new();
    for (topic, first) in topics.iter().zip([10, 20, 30, 40, 50]) {
        all.extend(jobs(&one, topic, first..first + 2));
    }
    all.extend(jobs(&other, &topics[0], 60..62));
    all.push(NewJob { kind: JobKind::Broadcast, lane: "broadcast".into(), ..all[0].clone() });
    commit_one(&store, JobWrite::Add(all)).await;
    let due = async || store.store().has_due_jobs(JobQueue::Webhooks, NOW).await.unwrap();
    assert!(due().await && store.store().has_due_jobs(JobQueue::Own, NOW).await.unwrap());
    let first = claim(&store, 8).await;
    assert_eq!(seqs(&first), [10, 20, 60], "two of one, and the first of a conversation");
    assert_eq!(seqs(&claim(&store, 8).await), [0_u64; 0]);
    let end = async |job: &Job, end: JobEnd| {
        let end = JobWrite::End { id: job.id, lease: WORKER, attempt: job.attempt, end };
        assert_eq!(commit_one(&store, end).await, Checked::Done);
    };
    end(&first[0], JobEnd::Done).await;
    end(&first[2], JobEnd::Done).await;
    assert_eq!(seqs(&claim(&store, 1).await), [11], "the next of the conversation");
    assert_eq!(seqs(&claim(&store, 8).await), [61]);
    let retry_at = Some(Timestamp(NOW.0 + 5_000));
    end(&first[1], JobEnd::Failed { retry_at, error: "timeout".into() }).await;
    assert_eq!(seqs(&claim(&store, 8).await), [30], "21 waits for 20, and others do not");
}

pub async fn the_last_attempt_of_each_delivery_is_kept(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let tea = Topic::group(TEA);
    let orders = added(&store, 1, "orders").await;
    let other = added(&store, 2, "other").await;
    let kept = async |before| store.deliveries(orders.id, before, 2).await.unwrap();
    let failed = delivery(JobId(7), arguments(&orders, &tea, 1, 101), DeliveryState::Failed, NOW);
    assert_eq!(attempted(&store, failed.clone(), None).await, Checked::Done);
    assert_eq!(
        (kept(None).await, one(&store, &orders).await.failing_since),
        (vec![failed.clone()], Some(NOW))
    );
    let later = Timestamp(NOW.0 + 5_000);
    let dead = Delivery {
        attempt: 2,
        state: DeliveryState::Dead,
        status: None,
        answer: "timeout".into(),
        millis: 15_000,
        at: later,
        ..failed
    };
    attempted(&store, dead.clone(), None).await;
    let failing = one(&store, &orders).await;
    assert_eq!((kept(None).await, failing.failing_since), (vec![dead.clone()], Some(NOW)), "since the first");
    assert_eq!(failing.version, orders.version);
    let two = [8, 9].map(|job| {
        let arguments = arguments(&orders, &tea, job, 100 + job);
        Delivery { status: Some(204), ..delivery(JobId(job), arguments, DeliveryState::Delivered, later) }
    });
    for delivered in two.clone() {
        attempted(&store, delivered, None).await;
    }
    assert_eq!(one(&store, &orders).await.failing_since, None);
    let [eight, nine] = two;
    assert_eq!(kept(None).await, [nine, eight.clone()]);
    assert_eq!(kept(Some(JobId(9))).await, [eight, dead.clone()]);
    assert_eq!((kept(Some(JobId(8))).await, kept(Some(JobId(7))).await), (vec![dead], vec![]));
    assert_eq!(store.deliveries(other.id, None, 9).await.unwrap(), []);
    let unknown = arguments(&webhook(9, "unknown"), &tea, 1, 101);
    let unknown = delivery(JobId(1), unknown, DeliveryState::Failed, NOW);
    assert_eq!(attempted(&store, unknown, None).await, Checked::Stale);
}

pub async fn a_webhook_that_stops_continues_before_what_was_not_delivered(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let tea = Topic::group(TEA);
    let orders = added(&store, 1, "orders").await;
    let to = Position(orders.position.0 + 500);
    plan(&store, &orders, to, jobs(&orders, &tea, 1..4)).await;
    let done = claim(&store, 1).await.remove(0);
    let end = |job: &Job, end| JobWrite::End { id: job.id, lease: WORKER, attempt: job.attempt, end };
    commit_one(&store, end(&done, JobEnd::Done)).await;
    let gone = claim(&store, 1).await.remove(0);
    let result = delivery(gone.id, arguments(&orders, &tea, 2, 102), DeliveryState::Failed, NOW);
    let retry_at = Some(Timestamp(NOW.0 + 5_000));
    let failed = end(&gone, JobEnd::Failed { retry_at, error: "status 410".into() });
    let stops = Some(WebhookState::Gone);
    let then = vec![WebhookWrite::Attempted { delivery: result.clone(), stops }.into()];
    assert_eq!(commit_one(&store, Transaction { first: failed, then }).await, Checked::Done);
    let stopped = one(&store, &orders).await;
    assert_eq!(
        (stopped.state, stopped.position, stopped.version),
        (WebhookState::Gone, Position(101), Version(2))
    );
    assert_eq!(store.waiting_deliveries(orders.id).await.unwrap(), 0);
    assert_eq!(store.store().active_webhooks().await.unwrap(), []);
    assert_eq!(plan(&store, &stopped, to, vec![]).await, Planned::Stale);
    // It is switched on again, and off with nothing that waits.
    let on = Webhook { state: WebhookState::Active, ..stopped };
    commit_one(&store, WebhookWrite::Change(on)).await;
    let on = one(&store, &orders).await;
    assert_eq!((on.position, on.failing_since), (Position(101), None));
    assert_eq!(plan(&store, &on, to, jobs(&orders, &tea, 2..4)).await, Planned::Done);
    let alone = arguments(&orders, &tea, 1, 0).job(BUILT_IN, NOW);
    commit_one(&store, JobWrite::Add(vec![alone])).await;
    let off = Webhook { state: WebhookState::Off, ..one(&store, &orders).await };
    commit_one(&store, WebhookWrite::Change(off)).await;
    assert_eq!(one(&store, &orders).await.position, Position(101), "what was asked for alone does not count");
    assert_eq!(attempted(&store, result, Some(WebhookState::Failing)).await, Checked::Done);
    assert_eq!(one(&store, &orders).await.state, WebhookState::Off);
}

pub async fn a_webhook_continues_where_it_is_told(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let tea = Topic::group(TEA);
    let orders = added(&store, 1, "orders").await;
    commit_one(&store, message(TEA, &ann(), "1", "new")).await;
    plan(&store, &orders, Position(orders.position.0 + 1), jobs(&orders, &tea, 2..4)).await;
    let seek = async |version, after| {
        let seek = WebhookWrite::Seek { webhook: orders.id, version: Version(version), after };
        (commit_one(&store, seek).await, one(&store, &orders).await.position)
    };
    let planned = Position(orders.position.0 + 1);
    assert_eq!(seek(2, Some(Position(0))).await, (Checked::Stale, planned));
    assert_eq!(store.waiting_deliveries(orders.id).await.unwrap(), 2);
    assert_eq!(seek(1, Some(Position(0))).await, (Checked::Done, Position(0)));
    assert_eq!(store.waiting_deliveries(orders.id).await.unwrap(), 0);
    assert_eq!(places(&tail(&store, Position(0)).await), [(tea.clone(), Seq(1)), (tea.clone(), Seq(2))]);
    let (done, now) = seek(2, None).await;
    let now = tail(&store, now).await.position;
    assert_eq!(done, Checked::Done);
    commit_one(&store, message(TEA, &ann(), "2", "newer")).await;
    assert_eq!(places(&tail(&store, now).await), [(tea, Seq(3))]);
}

pub async fn nothing_of_a_removed_webhook_stays(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let tea = Topic::group(TEA);
    let (orders, other) = (added(&store, 1, "orders").await, added(&store, 2, "other").await);
    for one in [&orders, &other] {
        plan(&store, one, Position(one.position.0 + 1), jobs(one, &tea, 1..3)).await;
        attempted(&store, delivery(JobId(90), arguments(one, &tea, 1, 1), DeliveryState::Dead, NOW), None)
            .await;
    }
    assert_eq!(commit_one(&store, WebhookWrite::Remove(orders.id)).await, Checked::Done);
    assert_eq!(store.webhook(orders.id).await.unwrap(), None);
    assert_eq!(store.deliveries(orders.id, None, 9).await.unwrap(), []);
    assert_eq!(store.waiting_deliveries(orders.id).await.unwrap(), 0);
    assert_eq!(store.deliveries(other.id, None, 9).await.unwrap().len(), 1);
    assert_eq!(store.waiting_deliveries(other.id).await.unwrap(), 2);
    let late = delivery(JobId(91), arguments(&orders, &tea, 1, 1), DeliveryState::Delivered, NOW);
    assert_eq!(attempted(&store, late, None).await, Checked::Stale);
    assert_eq!(store.deliveries(orders.id, None, 9).await.unwrap(), []);
}

pub async fn old_deliveries_are_removed(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let tea = Topic::group(TEA);
    let orders = added(&store, 1, "orders").await;
    for job in 1..=6_u64 {
        let at = Timestamp(NOW.0 + i64::try_from(job).unwrap());
        let kept = delivery(JobId(job), arguments(&orders, &tea, job, job), DeliveryState::Delivered, at);
        attempted(&store, kept, None).await;
    }
    let left = async |before: i64, most| {
        let write = WebhookWrite::RemoveOld { before: Timestamp(NOW.0 + before), most };
        let commit = Commit { application: ApplicationId::SERVER, write: write.into() };
        store.store().commit(vec![commit], Seq(u64::MAX)).await.unwrap();
        let left = store.deliveries(orders.id, None, 9).await.unwrap();
        left.into_iter().map(|delivery| delivery.job.0).collect::<Vec<_>>()
    };
    assert_eq!(left(0, 9).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(left(3, 9).await, [6, 5, 4, 3]);
    assert_eq!(left(3, 2).await, [6, 5]);
    assert_eq!(left(9, 2).await, [0_u64; 0]);
}

pub async fn entries_since_a_time_come_after_its_position(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    added(&store, 1, "orders").await;
    let tea = Topic::group(TEA);
    for number in 1..=20_i64 {
        let at = Timestamp(NOW.0 + number * 1_000);
        let message = Draft { at, ..message(TEA, &ann(), &number.to_string(), "tick") };
        commit_one(&store, message).await;
    }
    for (millis, first) in [(1_000, 2), (5_001, 7), (20_000, 21), (500, 2), (-1, 1)] {
        let position = store.store().position_at(Timestamp(NOW.0 + millis)).await.unwrap();
        let found = places(&tail(&store, position).await);
        let since: Vec<_> = (first..=21).map(|seq| (tea.clone(), Seq(seq))).collect();
        assert_eq!(found, since, "{millis}");
    }
    let never = store.store().position_at(Timestamp(NOW.0 + 20_001)).await.unwrap();
    assert_eq!(places(&tail(&store, never).await), []);
}

pub async fn webhooks_of_a_deleted_application_get_nothing(fresh: impl Fresh) {
    let store = fresh().store();
    let commit = async |application, write: Write| {
        let commit = Commit { application, write };
        store.commit(vec![commit], Seq(u64::MAX)).await.unwrap().outcomes.remove(0)
    };
    let token = NewApiToken {
        token: hash(1),
        kind: TokenKind::Application,
        label: String::new(),
        at: NOW,
        expires: None,
    };
    let new = NewApplication {
        public_id: PublicId::from_bytes([3; 10]),
        title: wire::ApplicationTitle::new("Shop").unwrap(),
        description: wire::Description::default(),
        token,
    };
    let Outcome::CreateApplication(shop) = commit(ApplicationId::SERVER, new.into()).await else { panic!() };
    let created = Fact::Created { settings: settings("coffee"), at: NOW };
    let founding = GroupChange { news: vec![], facts: vec![created], ..founding(COFFEE, "coffee", &ann()) };
    commit(shop, founding.into()).await;
    let orders = webhook(1, "orders");
    commit(shop, WebhookWrite::Add { webhook: orders.clone(), most: 20 }.into()).await;
    let dead = delivery(JobId(9), arguments(&orders, &Topic::group(COFFEE), 1, 1), DeliveryState::Dead, NOW);
    commit(shop, WebhookWrite::Attempted { delivery: dead, stops: None }.into()).await;
    let active = async || store.active_webhooks().await.unwrap();
    assert_eq!(active().await.into_iter().map(|(application, _)| application).collect::<Vec<_>>(), [shop]);
    let job = NewJob {
        application: shop,
        kind: JobKind::RemoveApplication,
        lane: "remove".into(),
        key: None,
        arguments: wire::Json::of(&1),
        run_at: NOW,
    };
    commit(shop, ApplicationWrite::Delete { at: NOW, job }.into()).await;
    assert_eq!(active().await, []);
    let removed = commit(shop, RemoveData { limit: 500 }.into()).await;
    assert!(matches!(removed, Outcome::RemoveData(removed) if removed.all), "{removed:?}");
    assert_eq!(store.reader(shop).webhooks().await.unwrap(), []);
    assert_eq!(store.reader(shop).deliveries(orders.id, None, 9).await.unwrap(), []);
}
