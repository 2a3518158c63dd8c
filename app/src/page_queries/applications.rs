//! Queries of the pages of applications.

use std::future::Future;

use chat::store::Application;
use chat::{ApiTokenRecord, ListPart};
use leptos::prelude::use_context;
use wire::{ApplicationId, Timestamp};

use crate::failure::Failure;
use crate::returned::ShownOnce;
use crate::server_fns::context::{application_id, caller, chat};

/// The data of the page with all applications.
pub(crate) struct ApplicationsData {
    pub(crate) applications: ListPart<Application>,
    /// A token that was created by the form before, shown once.
    pub(crate) token: Option<String>,
}

/// The data of the page of one application.
pub(crate) struct ApplicationData {
    pub(crate) application: Application,
    /// Its tokens that work, the one created last first.
    pub(crate) tokens: Vec<ApiTokenRecord>,
    /// A token that was created by the form before, shown once.
    pub(crate) token: Option<String>,
    /// True for the application of these pages, which is not deleted.
    pub(crate) is_built_in: bool,
    pub(crate) now: Timestamp,
}

/// Returns the applications after one of them. Takes the caller from context at once.
pub(crate) fn applications(
    after: Option<u32>,
) -> impl Future<Output = Result<ApplicationsData, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    let token = use_context::<ShownOnce>().and_then(|shown| shown.get());
    async move {
        caller.user()?;
        let applications = chat.applications(&caller, after.map(ApplicationId)).await?;
        Ok(ApplicationsData { applications, token })
    }
}

/// Returns one application with its tokens. Takes the caller from context at once.
pub(crate) fn application(
    id: String,
) -> impl Future<Output = Result<ApplicationData, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    let token = use_context::<ShownOnce>().and_then(|shown| shown.get());
    async move {
        caller.user()?;
        let id = application_id(&id)?;
        let application = chat.application(&caller, id).await?;
        let mut tokens = chat.api_tokens(&caller, id).await?;
        let now = chat.now();
        tokens.retain(|record| record.is_alive(now));
        let is_built_in = application.id == ApplicationId::BUILT_IN;
        Ok(ApplicationData { application, tokens, token, is_built_in, now })
    }
}
