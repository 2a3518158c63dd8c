//! A user's profile, and the forms to change one's own.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use wire::limits::BIO_CHARS;

use super::sheet::{Sheet, no_page};
use crate::clock::use_zone;
use crate::components::{Avatar, Confirm, Form, FormState, PageField, Refusal};
use crate::page_queries::{Profile, ProfileData, profile};
use crate::returned::{in_textarea, typed};
use crate::text::{self, sentence};

/// Renders a user's profile.
#[component]
pub(super) fn ProfilePage() -> impl IntoView {
    let shown = profile(use_params_map().get_untracked().get("person").unwrap_or_default());
    view! {
        <Suspense>
            {Suspend::new(async move {
                match shown.await {
                    Ok(shown) => view! { <Profile shown/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Profile(shown: ProfileData) -> impl IntoView {
    let ProfileData { profile: Profile { person, since, bio, .. }, role, mine } = shown;
    let (id, name) = (person.id.to_string(), person.name.to_string());
    let (year, month, day) = use_zone().get_untracked().date(since);
    let (to, label) =
        if mine { ("/account".into(), text::ACCOUNT) } else { (format!("/d/{id}"), text::WRITE_TO) };
    view! {
        <Sheet title=sentence!("{}", name) back="/".into() back_to=text::HOME.into()>
            <section class="card profile">
                <Avatar id name person=true large=true/>
                <p>
                    <span class="tag">{role.map_or(text::GUEST, text::app_role)}</span> " "
                    <span class="hint">{text::here_since(year, month, day)}</span>
                </p>
                <p class="profile-bio" dir="auto">{bio.as_str().to_owned()}</p>
                <p><a class="button button-primary" href=to>{label}</a></p>
            </section>
        </Sheet>
    }
}

/// Renders the forms to change the viewer's own profile.
#[component]
pub(super) fn ProfileForms(profile: Profile) -> impl IntoView {
    let refused = FormState::of("/account/picture").shown().refused.get_untracked();
    let Profile { person, bio, has_picture, .. } = profile;
    view! {
        <form class="form" method="post" action="/account/picture" enctype="multipart/form-data">
            <PageField/>
            <p><Avatar id=person.id.to_string() name=person.name.to_string() person=true large=true/></p>
            <label for="picture">{text::PICTURE}</label>
            <input
                id="picture"
                name="picture"
                type="file"
                accept="image/png,image/jpeg,image/gif,image/webp"
                aria-describedby="picture-hint picture-refused"
            />
            <p class="hint" id="picture-hint">{text::PICTURE_HINT}</p>
            <p class="refusal" role="alert" id="picture-refused">{refused}</p>
            <button class="button">{text::SAVE}</button>
        </form>
        {has_picture.then(|| view! {
            <form class="form" method="post" action="/account/picture" enctype="multipart/form-data">
                <PageField/>
                <Confirm id="take-down" label=text::TAKE_DOWN title=text::TAKE_DOWN_TITLE.into() says=text::TAKE_DOWN_SAYS.into()>
                    <button class="button button-danger" name="remove" value="true">{text::TAKE_DOWN}</button>
                </Confirm>
            </form>
        })}
        <Form action="/do/set_bio" class="form">
            <label for="bio">{text::BIO}</label>
            <textarea id="bio" name="bio" rows="3" maxlength=BIO_CHARS.to_string() dir="auto" aria-describedby="bio-refused">
                {in_textarea(typed("/do/set_bio", "bio").unwrap_or_else(|| bio.as_str().to_owned()))}
            </textarea>
            <Refusal id="bio-refused"/>
            <button class="button">{text::SAVE}</button>
        </Form>
    }
}
