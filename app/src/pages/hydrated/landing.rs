//! The start page: the name form for visitors, the conversations for users.

use leptos::either::EitherOf3;
use leptos::prelude::*;
use leptos_meta::Title;
use wire::limits::PERSON_NAME_CHARS;

use crate::browser::{reload, use_browser};
use crate::client::ChatClient;
use crate::components::{
    Connection, Form, NewGroup, Plain, Refusal, SearchBox, Sidebar, answer_to_keys, dyn_text, dyn_view,
};
use crate::i18n::{PRODUCT, home_title, use_texts};
use crate::outage::{Outage, patiently};
use crate::page_data::page_data;
use crate::page_session::PageSession;
use crate::pages::broken::Broken;
use crate::returned::typed;
use crate::server_fns::overview;

/// Renders the start page: the name form, and after that the conversations.
#[component]
pub(crate) fn Landing() -> impl IntoView {
    let session = expect_context::<PageSession>();
    let outage = use_context::<Outage>();
    let visit = page_data(|| (), move |()| patiently(overview, || true, outage));
    view! {
        <Suspense>
            {move || {
                let session = session.clone();
                Suspend::new(async move {
                    match visit.await {
                        Ok(None) => EitherOf3::A(view! { <Welcome/> }),
                        Ok(Some(visit)) => {
                            let client = session.client(visit);
                            EitherOf3::B(view! { <Home client/> })
                        }
                        Err(failure) => EitherOf3::C(view! { <Broken failure/> }),
                    }
                })
            }}
        </Suspense>
    }
}

/// Renders the start page of a visitor without a name.
#[component]
fn Welcome() -> impl IntoView {
    let t = use_texts();
    // Nothing of a user who signed out is left for the next one.
    if let Some(browser) = use_browser() {
        (browser.forget_others)(None);
    }
    view! {
        <Title text=PRODUCT/>
        <Plain>
            <img src="/icon.svg" alt="" width="72" height="72"/>
            <h1>{PRODUCT}</h1>
            <p class="slogan">{t.slogan()}</p>
            <IntroduceForm group=None invite=None/>
            <p class="hint">{t.already_have_account()} " " <a href="/sign-in" rel="external">{t.sign_in()}</a></p>
        </Plain>
    }
}

/// Renders the form that asks for a name, and for nothing else. With a name the whole page changes, so it is
/// reloaded.
#[component]
pub(super) fn IntroduceForm(
    /// The group to join at the same time.
    group: Option<String>,
    /// The invite to join it with.
    invite: Option<String>,
) -> impl IntoView {
    let t = use_texts();
    let joins = group.is_some();
    view! {
        <Form action="/do/create_guest" class="card form" done=Callback::new(|()| reload())>
            <label for="name">{t.your_name()}</label>
            <input
                id="name"
                name="name"
                required
                maxlength=PERSON_NAME_CHARS.to_string()
                autocomplete="nickname"
                autofocus
                dir="auto"
                value=typed("/do/create_guest", "name")
                aria-describedby="name-hint name-refused"
            />
            {group.map(|group| view! { <input type="hidden" name="group" value=group/> })}
            {invite.map(|invite| view! { <input type="hidden" name="invite" value=invite/> })}
            <Refusal id="name-refused"/>
            <button class="button button-primary">{if joins { t.join() } else { t.start_chatting() }}</button>
            <p class="hint" id="name-hint">{t.no_account_needed()}</p>
        </Form>
    }
}

/// Renders the start page of a user.
#[component]
fn Home(client: ChatClient) -> impl IntoView {
    let t = use_texts();
    let mine = client.mine.clone();
    let name = client.me.name.to_string();
    answer_to_keys(None);
    expect_context::<PageSession>().has_shown_one();
    let counted = client.clone();
    let title = dyn_text(move || home_title(counted.unread_for_me()));
    view! {
        <Title text=title/>
        <div class="layout layout-home">
            <Sidebar client=client.clone() current=None/>
            <main class="layout-welcome" id="main">
                <Connection client=client.clone()/>
                <SearchBox wide=true/>
                <h1>{t.welcome(&name).view()}</h1>
                {dyn_view(move || mine.with(Vec::is_empty).then(|| view! { <p class="slogan">{t.no_groups_yet()}</p> }))}
                <NewGroup/>
            </main>
        </div>
    }
}
