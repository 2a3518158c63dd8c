use leptos::either::{Either, EitherOf4};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use leptos_router::params::ParamsMap;
use wire::{Entrance, GroupView, Place, Role, SendId, Seq, Timestamp};

use super::broken::Broken;
use super::join::JoinPage;
use super::not_found::NotFound;
use crate::browser::{use_browser, use_zone};
use crate::calls::enter;
use crate::desk::Desk;
use crate::live::{Live, Timeline};
use crate::page_data::page_data;
use crate::site::Session;
use crate::text;
use crate::views::{Composer, Footnote, Header, Members, MessageList, Moment, Sidebar, answer_to_keys, part};

/// A conversation: its messages to its members; to everybody else who has the link of a group, the way in.
#[component]
pub(crate) fn ConversationPage() -> impl IntoView {
    let session = expect_context::<Session>();
    let zone = use_zone();
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.with(|params| (params.get("group"), params.get("person"))));
    // What the address says of a place counts for the first page only; after that the page is live.
    let place = query.with_untracked(place);
    let invite = query.with_untracked(|query| query.get("invite"));
    let turn = RwSignal::new(0u32);
    let joined = Callback::new(move |()| turn.update(|turn| *turn += 1));
    let entrance = page_data(move || (id.get(), turn.get()), {
        let (first, invite) = (id.get_untracked(), invite.clone());
        move |(id, _)| {
            let (place, invite) = if id == first { (place, invite.clone()) } else { (Place::Unread, None) };
            let (group, person) = id;
            enter(group, person, place, invite)
        }
    });
    view! {
        <Transition>
            {move || {
                let (session, invite) = (session.clone(), invite.clone());
                Suspend::new(async move {
                    let Entrance { visit, view, link, form_id } = match entrance.await {
                        Ok(entrance) => entrance,
                        Err(failure) if failure.is_not_found() => return EitherOf4::A(view! { <NotFound/> }),
                        Err(failure) => return EitherOf4::B(view! { <Broken failure/> }),
                    };
                    match (visit, view) {
                        (Some(visit), GroupView::Inside(page)) => {
                            let live = session.live(visit);
                            let timeline = Timeline::new(*page, live.me.id, zone.get_untracked());
                            EitherOf4::C(view! { <Inside live timeline link form_id/> })
                        }
                        (visit, GroupView::Outside { group, members, closed }) => {
                            let named = visit.is_some();
                            EitherOf4::D(view! { <JoinPage group members closed invite named joined/> })
                        }
                        (None, GroupView::Inside(_)) => EitherOf4::A(view! { <NotFound/> }),
                    }
                })
            }}
        </Transition>
    }
}

/// The conversation as its members see it.
#[component]
fn Inside(live: Live, timeline: Timeline, link: Option<String>, form_id: SendId) -> impl IntoView {
    let zone = use_zone();
    if use_browser().is_some() {
        let (live, timeline, topic) = (live.clone(), timeline.clone(), timeline.topic());
        let leaving = live.clone();
        Effect::new({
            let timeline = timeline.clone();
            move |_| timeline.set_zone(zone.get())
        });
        // After hydration, so that the first picture is the server's; from then on it is live.
        Effect::new(move |_| {
            live.follow(&timeline);
            wake();
        });
        on_cleanup(move || {
            leaving.leave_page(&topic);
            wake();
        });
    }
    let topic = timeline.topic();
    let silence = Silence::of(&live, &timeline);
    let desk = Desk::new(live.clone(), timeline.clone());
    answer_to_keys(Some(desk.clone()));
    let composer = {
        let desk = desk.clone();
        part(move || match silence.get() {
            Some(why) => {
                Either::Left(view! { <p class="composer composer-closed" role="status">{why.sentence()}</p> })
            }
            None => Either::Right(view! { <Composer desk=desk.clone() form_id=form_id.clone()/> }),
        })
    };
    view! {
        <Title text=timeline.what.title().to_owned()/>
        <a class="skip" href="#messages">{text::SKIP}</a>
        <div class="layout">
            <Sidebar live=live.clone() current=Some(topic.clone())/>
            <main class="layout-conversation" id="main">
                <Header live=live.clone() timeline=timeline.clone() link/>
                <MessageList desk=desk.clone()/>
                <Footnote desk/>
                {composer}
            </main>
            <Members live timeline/>
        </div>
    }
}

/// Where the address says that the page begins.
fn place(query: &ParamsMap) -> Place {
    let number = |name: &str| query.get(name).and_then(|value| value.parse().ok()).map(Seq);
    let day = query.get("day").and_then(|day| format!("{day}T00:00:00.000Z").parse::<Timestamp>().ok());
    match (number("at"), number("before"), day) {
        (Some(at), _, _) => Place::Around(at),
        (None, Some(before), _) => Place::Before(before),
        (None, None, Some(day)) => Place::From(day),
        (None, None, None) => Place::Unread,
    }
}

/// Why one cannot write now.
#[derive(Clone, PartialEq)]
enum Silence {
    SeatLost,
    Blocked,
    Archived,
    Muted(Timestamp),
    AdminsOnly,
}

impl Silence {
    /// Why the viewer cannot write, as far as the page knows; the server decides.
    fn of(live: &Live, timeline: &Timeline) -> Memo<Option<Self>> {
        let (me, members) = (live.me.id, timeline.members.clone());
        let (lost, settings) = (timeline.seat_lost.clone(), timeline.settings.clone());
        let blocked = timeline.blocked;
        Memo::new(move |_| {
            if lost.get() {
                return Some(Self::SeatLost);
            }
            if blocked {
                return Some(Self::Blocked);
            }
            let seat =
                members.with(|members| members.iter().find(|member| member.person.id == me).cloned())?;
            let now = use_browser().map(|browser| (browser.now)());
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of this era are exact in an f64")]
            let muted = seat.muted_until.filter(|until| now.is_none_or(|now| until.0 as f64 > now));
            settings.with(|settings| match (settings, muted) {
                (Some(settings), _) if settings.archived => Some(Self::Archived),
                (_, Some(until)) => Some(Self::Muted(until)),
                (Some(settings), None) if settings.announcing && seat.role != Role::Admin => {
                    Some(Self::AdminsOnly)
                }
                _ => None,
            })
        })
    }

    fn sentence(&self) -> AnyView {
        match self {
            Self::SeatLost => view! { {text::SEAT_LOST} " " <a href="/">{text::BACK}</a> }.into_any(),
            Self::Blocked => text::BLOCKED.into_any(),
            Self::Archived => text::ARCHIVED.into_any(),
            Self::Muted(until) => view! { {text::YOU_ARE_MUTED} " " <Moment at=*until/> "." }.into_any(),
            Self::AdminsOnly => text::ADMINS_WRITE.into_any(),
        }
    }
}

/// Tells the browser's driver that there is something to do.
pub(crate) fn wake() {
    if let Some(browser) = use_browser() {
        (browser.wake)();
    }
}
