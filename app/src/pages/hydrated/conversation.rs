//! The conversation page: header, messages, composer and members; or the page to join.

use leptos::either::{Either, EitherOf4};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use wire::{ConversationPageData, GroupView, PageStart, Role, SendId, Timestamp};

use super::join::JoinPage;
use super::place::AddressedPart;
use crate::browser::{use_browser, wake};
use crate::client::{ChatClient, Timeline};
use crate::clock::{use_clock, use_zone};
use crate::components::{
    Composer, ConversationContext, Footnote, Header, Members, MessageList, Moment, Sidebar, answer_to_keys,
    dyn_effect, dyn_text, dyn_view, open_pictures,
};
use crate::i18n::{self, Slot, use_texts};
use crate::outage::{Outage, patiently};
use crate::page_data::page_data;
use crate::page_session::PageSession;
use crate::pages::broken::Broken;
use crate::pages::not_found::NotFound;
use crate::server_fns::conversation_view;

/// Renders a conversation: its messages to members; to everybody else with the link of a group, the page to join.
#[component]
pub(crate) fn ConversationPage() -> impl IntoView {
    let session = expect_context::<PageSession>();
    let zone = use_zone();
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.with(|params| (params.get("group"), params.get("person"))));
    // The part that the address asks for applies to the first page only; after that the page is live.
    let wanted = query.with_untracked(AddressedPart::read);
    let place = wanted.place(zone.get_untracked());
    let first = id.get_untracked();
    let invite = query.with_untracked(|query| query.get("invite"));
    let turn = RwSignal::new(0u32);
    let joined = Callback::new(move |()| turn.update(|turn| *turn += 1));
    let (id_now, outage) = (id, use_context::<Outage>());
    let entrance = page_data(move || (id.get(), turn.get()), {
        let (first, invite) = (first.clone(), invite.clone());
        move |(id, _): (Named, u32)| {
            let (place, invite) =
                if id == first { (place, invite.clone()) } else { (PageStart::Unread, None) };
            let is_wanted = {
                let asked = id.clone();
                move || id_now.try_get_untracked().is_some_and(|now| now == asked)
            };
            let fetch = move || {
                let (group, person) = id.clone();
                conversation_view(group, person, place, invite.clone())
            };
            patiently(fetch, is_wanted, outage)
        }
    });
    view! {
        <Transition>
            {move || {
                let (session, invite) = (session.clone(), invite.clone());
                // Navigation to another conversation asks for no part of it.
                let wanted = if id.get_untracked() == first { wanted } else { AddressedPart::default() };
                Suspend::new(async move {
                    let ConversationPageData { visit, view, link, form_id } = match entrance.await {
                        Ok(entrance) => entrance,
                        Err(failure) if failure.is_not_found() => return EitherOf4::A(view! { <NotFound/> }),
                        Err(failure) => return EitherOf4::B(view! { <Broken failure/> }),
                    };
                    match (visit, view) {
                        (Some(visit), GroupView::Inside(page)) => {
                            let client = session.client(visit);
                            let timeline = Timeline::new(*page, client.me.id, zone.get_untracked());
                            #[cfg(feature = "ssr")]
                            if let Some(place) = wanted.begin_of_day(&timeline, zone.get_untracked()) {
                                leptos_axum::redirect(&place, false);
                            }
                            let missing = wanted.missing(&timeline, zone.get_untracked());
                            EitherOf4::C(view! { <Inside client timeline link form_id missing/> })
                        }
                        (visit, GroupView::Outside { group, members, closed }) => {
                            let named = visit.is_some();
                            EitherOf4::D(view! { <JoinPage group members closed invite named joined linked=wanted.is_message()/> })
                        }
                        (None, GroupView::Inside(_)) => EitherOf4::A(view! { <NotFound/> }),
                    }
                })
            }}
        </Transition>
    }
}

/// A group or a person, as named by the address.
type Named = (Option<String>, Option<String>);

/// Renders the conversation as its members see it.
#[component]
fn Inside(
    client: ChatClient,
    timeline: Timeline,
    link: Option<String>,
    form_id: SendId,
    missing: Option<String>,
) -> impl IntoView {
    let t = use_texts();
    let zone = use_zone();
    if use_browser().is_some() {
        let (client, timeline, topic) = (client.clone(), timeline.clone(), timeline.topic());
        let leaving = client.clone();
        let zoned = timeline.clone();
        dyn_effect(move || zoned.set_zone(zone.get()));
        // Starts after hydration, so that the first render equals the server's; from then on the page is live.
        dyn_effect(move || {
            client.follow(&timeline);
            wake();
        });
        on_cleanup(move || {
            leaving.leave_page(&topic);
            wake();
        });
    }
    let topic = timeline.topic();
    let title = {
        let (client, settings, what) = (client.clone(), timeline.settings.clone(), timeline.what.clone());
        dyn_text(move || {
            let name = settings.with(|settings| settings.as_ref().map(|settings| settings.name.to_string()));
            i18n::title(client.unread_for_me(), &name.unwrap_or_else(|| what.title().to_owned()))
        })
    };
    let silence = ReadOnlyReason::of(&client, &timeline);
    let context = ConversationContext::new(client.clone(), timeline.clone());
    answer_to_keys(Some(context.clone()));
    open_pictures();
    let composer = {
        let context = context.clone();
        dyn_view(move || match silence.get() {
            Some(why) => {
                Either::Left(view! { <p class="composer composer-closed" role="status">{why.sentence()}</p> })
            }
            None => Either::Right(view! { <Composer context=context.clone() form_id=form_id.clone()/> }),
        })
    };
    view! {
        <Title text=title/>
        <a class="skip" href="#messages">{t.skip_to_messages()}</a>
        <div class="layout">
            <Sidebar client=client.clone() current=Some(topic.clone())/>
            <main class="layout-conversation" id="main">
                <Header client=client.clone() timeline=timeline.clone() link/>
                <MessageList context=context.clone() missing/>
                <Footnote context/>
                {composer}
            </main>
            <Members client timeline/>
        </div>
    }
}

/// The reason for which the viewer cannot write.
#[derive(Clone, PartialEq)]
enum ReadOnlyReason {
    SeatLost,
    Blocked,
    Archived,
    Muted(Timestamp),
    AdminsOnly,
}

impl ReadOnlyReason {
    /// Returns the reason for which the viewer cannot write, as far as the page knows; the server decides.
    fn of(client: &ChatClient, timeline: &Timeline) -> Memo<Option<Self>> {
        let (me, members) = (client.me.id, timeline.members.clone());
        let (lost, settings) = (timeline.seat_lost.clone(), timeline.settings.clone());
        let blocked = timeline.blocked;
        let clock = use_clock();
        Memo::new(move |_| {
            if lost.get() {
                return Some(Self::SeatLost);
            }
            if blocked {
                return Some(Self::Blocked);
            }
            let seat =
                members.with(|members| members.iter().find(|member| member.person.id == me).cloned())?;
            let muted = seat.muted_until.filter(|until| !clock.is_past(*until));
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
        let t = use_texts();
        match self {
            Self::SeatLost => {
                view! { {t.no_longer_member()} " " <a href="/">{t.all_conversations()}</a> }.into_any()
            }
            Self::Blocked => t.direct_blocked().into_any(),
            Self::Archived => t.group_archived().into_any(),
            Self::Muted(until) => {
                let (before, after) = t.muted_until(Slot).around();
                view! { {before} <Moment at=*until/> {after} }.into_any()
            }
            Self::AdminsOnly => t.admins_only().into_any(),
        }
    }
}
