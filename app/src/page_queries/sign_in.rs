//! Queries of the sign-in page and of the providers on the account page.

use chat::{Caller, Chat, Error, ProviderListing};
use http::Uri;
use http::header::REFERER;
use http::request::Parts;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use wire::Timestamp;

use crate::server_fns::context::{chat, conversation_page};

/// The data of the sign-in page.
pub(crate) struct SignInData {
    /// The name of each provider and the address that begins a sign-in by it.
    pub(crate) providers: Vec<(String, String)>,
}

/// A provider by which a user signs in, or could.
pub(crate) struct SignInWay {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The time at which it was linked; none if it is not.
    pub(crate) linked: Option<Timestamp>,
    /// The address that begins linking it; none if it is linked.
    pub(crate) link: Option<String>,
}

/// Returns the data of the sign-in page. After the sign-in a visitor goes back to the conversation that they came from.
pub(crate) fn sign_in_page() -> SignInData {
    let next = use_query_map().get_untracked().get("next").or_else(page_before).unwrap_or_default();
    let address = |ProviderListing { id, name }| (name, address(&id, "next", &next));
    SignInData { providers: chat().providers().into_iter().map(address).collect() }
}

/// Returns the conversation, with the invite in its address, whose page has led here.
fn page_before() -> Option<String> {
    let referer = use_context::<Parts>()?.headers.get(REFERER)?.to_str().ok()?.parse::<Uri>().ok()?;
    conversation_page(referer.path())?;
    referer.path_and_query().map(ToString::to_string)
}

/// Returns the providers on the account page of the caller: all that are configured, and others that are linked.
pub(super) async fn ways(chat: &Chat, caller: &Caller) -> Result<Vec<SignInWay>, Error> {
    let mut linked = chat.identities(caller).await?;
    let mut ways = Vec::new();
    for ProviderListing { id, name } in chat.providers() {
        let own = linked.iter().position(|linked| linked.identity.issuer.provider == id);
        let own = own.map(|own| linked.remove(own));
        let link = match own {
            Some(_) => None,
            None => Some(address(&id, "link", &chat.link_grant(caller, &id)?) + "&next=/account"),
        };
        ways.push(SignInWay { id, name, linked: own.map(|own| own.linked), link });
    }
    let others = linked.into_iter().map(|linked| {
        let id = linked.identity.issuer.provider;
        SignInWay { name: id.clone(), id, linked: Some(linked.linked), link: None }
    });
    ways.extend(others);
    Ok(ways)
}

fn address(provider: &str, name: &str, value: &str) -> String {
    let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    format!("/sign-in/{provider}?{name}={value}")
}
