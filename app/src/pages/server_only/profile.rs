//! A user's profile, and the forms to change one's own.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use wire::limits::BIO_CHARS;

use super::sheet::{Sheet, no_page};
use crate::clock::use_zone;
use crate::components::{Avatar, Confirm, Form, FormState, PageField, Refusal};
use crate::i18n::{Sentence, Words, short_date, use_texts};
use crate::page_queries::{Profile, ProfileData, profile};
use crate::returned::{in_textarea, typed};

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
    let t = use_texts();
    let ProfileData { profile: Profile { person, since, bio, .. }, role, is_guest, mine } = shown;
    let label_of = role.map(|role| t.app_role(role)).or_else(|| is_guest.then(|| t.guest()));
    let (id, name) = (person.id.to_string(), person.name.to_string());
    let since = short_date(&use_zone().get_untracked(), since);
    let (to, label) =
        if mine { ("/account".into(), t.account()) } else { (format!("/d/{id}"), t.send_message()) };
    view! {
        <Sheet title=Sentence::name(&name) back="/".into() back_to=t.back_home().into()>
            <section class="card profile">
                <Avatar id name person=true large=true/>
                <p>
                    {label_of.map(|label| view! { <span class="tag">{label}</span> " " })}
                    <span class="hint">{t.joined_on(Words(&since)).plain()}</span>
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
    let t = use_texts();
    let refused = FormState::of("/account/picture").shown().refused.get_untracked();
    let Profile { person, bio, has_picture, .. } = profile;
    view! {
        <form class="form" method="post" action="/account/picture" enctype="multipart/form-data">
            <PageField/>
            <p><Avatar id=person.id.to_string() name=person.name.to_string() person=true large=true/></p>
            <label for="picture">{t.picture()}</label>
            <input
                id="picture"
                name="picture"
                type="file"
                accept="image/png,image/jpeg,image/gif,image/webp"
                aria-describedby="picture-hint picture-refused"
            />
            <p class="hint" id="picture-hint">{t.picture_hint()}</p>
            <p class="refusal" role="alert" id="picture-refused">{refused.map(|refused| t.refusal(&refused))}</p>
            <button class="button">{t.save()}</button>
        </form>
        {has_picture.then(|| view! {
            <form class="form" method="post" action="/account/picture" enctype="multipart/form-data">
                <PageField/>
                <Confirm id="take-down" label=t.remove_picture() title=t.remove_picture_title().into() says=t.remove_picture_consequences().into()>
                    <button class="button button-danger" name="remove" value="true">{t.remove_picture()}</button>
                </Confirm>
            </form>
        })}
        <Form action="/do/set_bio" class="form">
            <label for="bio">{t.about_you()}</label>
            <textarea id="bio" name="bio" rows="3" maxlength=BIO_CHARS.to_string() dir="auto" aria-describedby="bio-refused">
                {in_textarea(typed("/do/set_bio", "bio").unwrap_or_else(|| bio.as_str().to_owned()))}
            </textarea>
            <Refusal id="bio-refused"/>
            <button class="button">{t.save()}</button>
        </Form>
    }
}
