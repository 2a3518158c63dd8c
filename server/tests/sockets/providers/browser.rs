//! A browser: it keeps cookies and follows nothing by itself.

use std::collections::BTreeMap;

use server::ServerHandle;

use super::provider::{FakeProvider, TokenDraft};
use crate::people::{get, post, raw};

/// A browser with its cookies.
#[derive(Clone, Default)]
pub(super) struct Browser {
    pub(super) cookies: BTreeMap<String, String>,
}

/// An answer to a browser.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Answer {
    /// Returns the address of a redirect.
    pub(super) fn location(&self) -> String {
        assert_eq!(self.status, 303, "{}", self.text);
        self.header("location").expect("a redirect has an address")
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        let lines = self.text.split("\r\n\r\n").next().unwrap_or_default().lines();
        let mut pairs = lines.filter_map(|line| line.split_once(": "));
        pairs.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    }

    /// Returns the code of a refusal.
    pub(super) fn code(&self) -> String {
        let code = self.text.split_once("\"code\":\"").and_then(|(_, rest)| rest.split('"').next());
        code.unwrap_or(&self.text).to_owned()
    }
}

impl Browser {
    pub(super) async fn get(&mut self, server: &ServerHandle, path: &str) -> Answer {
        let request = get(path, &self.headers(""));
        self.send(server, &request).await
    }

    /// Asks for a page, as for people.
    pub(super) async fn page(&mut self, server: &ServerHandle, path: &str) -> Answer {
        let request = get(path, &self.headers("Accept: text/html\r\n"));
        self.send(server, &request).await
    }

    pub(super) async fn submit(&mut self, server: &ServerHandle, path: &str, form: &str) -> Answer {
        let headers = format!("{}Content-Type: application/x-www-form-urlencoded\r\n", self.headers(""));
        let request = post(path, &headers, form);
        self.send(server, &request).await
    }

    /// Begins a sign-in; returns the address of the provider.
    pub(super) async fn begin(&mut self, server: &ServerHandle, path: &str) -> String {
        self.get(server, path).await.location()
    }

    /// Signs in by a provider as a subject, with a token that is changed before it is signed.
    pub(super) async fn sign_in(
        &mut self,
        server: &ServerHandle,
        provider: &FakeProvider,
        subject: &str,
        change: impl FnOnce(&mut TokenDraft),
    ) -> Answer {
        let url = self.begin(server, "/sign-in/office").await;
        let back = provider.authorize(&url, subject, change);
        self.get(server, &format!("/sign-in/office/callback?{back}")).await
    }

    /// Returns the name of the signed-in user; none if nobody is.
    pub(super) async fn name(&mut self, server: &ServerHandle) -> Option<String> {
        let answer = self.submit(server, "/do/overview", "").await;
        let (_, me) = answer.text.split_once("\"name\":\"")?;
        me.split('"').next().map(str::to_owned)
    }

    fn headers(&self, accept: &str) -> String {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{accept}Cookie: {}\r\n", cookies.join("; "))
    }

    async fn send(&mut self, server: &ServerHandle, request: &str) -> Answer {
        let (status, text) = raw(server, request).await;
        let lines = text.split("\r\n\r\n").next().unwrap_or_default().lines();
        let set = lines
            .filter_map(|line| line.split_once(": "))
            .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        for (_, cookie) in set {
            let (name, value) = cookie.split(';').next().unwrap_or_default().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        Answer { status, text }
    }
}
