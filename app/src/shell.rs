//! The HTML document around the app, with the CSP header of pages: language, assets, content security policy.

use http::HeaderValue;
use http::header::CONTENT_SECURITY_POLICY;
use leptos::either::EitherOf3;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::MetaTags;

use crate::components::Lightbox;
use crate::i18n::{PageLanguage, language_of, use_texts};
use crate::page_kind::Root;
use crate::pages::server_only::{ReturnedPage, ServerOnlyPage};
use crate::returned::Returned;
use crate::site::App;
use crate::zone::Served;

/// The paths of the page's assets on this server.
#[derive(Clone, Debug)]
pub struct Assets {
    /// The script that loads the wasm.
    pub js: String,
    /// The wasm of the app, which the script loads.
    pub wasm: String,
    /// The style sheet.
    pub css: String,
}

/// Renders the whole document around the app. Sets the page's content security policy, with a nonce of this response.
#[must_use]
pub fn shell(
    assets: Assets,
    root: Root,
    // The path and query that the browser shows from now on, if the response came from another one.
    address: Option<String>,
) -> impl IntoView {
    let nonce = use_nonce();
    if let (Some(nonce), Some(response)) = (&nonce, use_context::<ResponseOptions>()) {
        let policy = format!(
            "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
             style-src 'self'; img-src 'self' data:; media-src 'self'; connect-src 'self'; manifest-src 'self'; \
             base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            response.insert_header(CONTENT_SECURITY_POLICY, policy);
        }
    }
    let served = use_context::<Served>().map(|served| served.to_string());
    let Assets { js, wasm, css } = assets;
    let PageLanguage { tag, direction, file } = language_of(use_texts());
    let boot = format!(
        "Promise.all([import('{js}').then(hubbub => hubbub.default({{ module_or_path: '{wasm}' }}).then(() => hubbub)), \
         fetch('{file}').then(texts => texts.ok ? texts.text() : Promise.reject(texts.status))])\
         .then(([hubbub, texts]) => hubbub.hydrate(texts));"
    );
    let returned = use_context::<Returned>();
    let form = returned.as_ref().map(|returned| returned.action().to_owned());
    let reason = returned.as_ref().and_then(|returned| serde_json::to_string(returned.refused()).ok());
    let readdress = address.map(|address| {
        // A `<` could end the script.
        let address = serde_json::Value::from(address).to_string().replace('<', "\\u003c");
        format!("history.replaceState(null,'',{address})")
    });
    let client = root == Root::Hydrated;
    view! {
        <!DOCTYPE html>
        <html lang=tag dir=direction data-served=served>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#f7f6f3"/>
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#191a1d"/>
                <link rel="icon" href="/icon.svg" type="image/svg+xml"/>
                <link rel="manifest" href="/manifest.webmanifest"/>
                <link rel="stylesheet" href=css/>
                {readdress.map(|script| view! { <script nonce=nonce.clone()>{script}</script> })}
                {client.then(|| view! {
                    <link rel="modulepreload" href=js nonce=nonce.clone()/>
                    <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin=""/>
                    <link rel="preload" href=file r#as="fetch" crossorigin=""/>
                    <script type="module" nonce=nonce>{boot}</script>
                })}
                <MetaTags/>
            </head>
            <body data-refused-form=form data-refused=reason>
                {match root {
                    Root::Hydrated => EitherOf3::A(view! { <App/> }),
                    Root::ServerOnly => EitherOf3::B(view! { <ServerOnlyPage/> }),
                    Root::Returned => EitherOf3::C(view! { <ReturnedPage/> }),
                }}
                {client.then(|| view! { <Lightbox/> })}
            </body>
        </html>
    }
}
