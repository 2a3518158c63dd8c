//! The cookies that server functions set and clear.

use chat::{Caller, Token};
use http::header::SET_COOKIE;
use http::{HeaderName, HeaderValue};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use crate::zone::ZONE_COOKIE;

/// The settings of the session cookie.
#[derive(Clone, Debug)]
pub struct SessionCookie {
    /// The name of the cookie.
    pub name: String,
    /// True if it is sent over https only.
    pub secure: bool,
}

/// The longest life of a session, in seconds: 180 days.
const MAX_AGE: u32 = 180 * 24 * 60 * 60;
/// The time for a sign-in at a provider, in seconds.
const SIGN_IN_AGE: u32 = 10 * 60;

impl SessionCookie {
    /// Returns the `Set-Cookie` header that clears the session token.
    #[must_use]
    pub fn clear(&self) -> HeaderValue {
        self.header("", 0)
    }

    /// Returns the `Set-Cookie` header that sets the session token.
    #[must_use]
    pub fn set(&self, token: &Token) -> HeaderValue {
        self.header(&token.reveal(), MAX_AGE)
    }

    /// Returns the name of the cookie with the device token. It stays when the user signs out, and says only that
    /// somebody signed in here before.
    #[must_use]
    pub fn device_name(&self) -> String {
        format!("{}_device", self.name)
    }

    /// Returns the `Set-Cookie` header that sets the device token.
    #[must_use]
    pub fn set_device(&self, token: &Token) -> HeaderValue {
        Self::named(&self.device_name(), &token.reveal(), MAX_AGE, self.secure)
    }

    /// Returns the name of the cookie with the state of a sign-in that is under way at a provider.
    #[must_use]
    pub fn sign_in_name(&self) -> String {
        format!("{}_sign_in", self.name)
    }

    /// Returns the `Set-Cookie` header that sets the sealed state of a sign-in. Browsers send it when the provider sends
    /// them back, since that is a navigation of the whole page.
    #[must_use]
    pub fn set_sign_in(&self, state: &str) -> HeaderValue {
        Self::named(&self.sign_in_name(), state, SIGN_IN_AGE, self.secure)
    }

    /// Returns the `Set-Cookie` header that clears the state of a sign-in.
    #[must_use]
    pub fn clear_sign_in(&self) -> HeaderValue {
        Self::named(&self.sign_in_name(), "", 0, self.secure)
    }

    fn header(&self, value: &str, max_age: u32) -> HeaderValue {
        Self::named(&self.name, value, max_age, self.secure)
    }

    fn named(name: &str, value: &str, max_age: u32, secure: bool) -> HeaderValue {
        let secure = if secure { "; Secure" } else { "" };
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}");
        // Our own name, and digits in base 16 or 64, always make a valid header.
        HeaderValue::from_str(&cookie).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// Sets the session cookie.
pub(crate) fn keep_token(token: &Token) {
    set_cookie(expect_context::<SessionCookie>().set(token));
}

/// Sets the device cookie, by which the device is recognized after its user signed out.
pub(crate) fn keep_device(caller: &Caller) {
    if let Some(device) = &caller.device {
        set_cookie(expect_context::<SessionCookie>().set_device(device));
    }
}

/// Clears the session cookie, and everything that scripts have stored for its user. Browsers do the latter over https
/// and on this machine; elsewhere the start page does it.
pub(crate) fn forget_token() {
    set_cookie(expect_context::<SessionCookie>().clear());
    let kept = HeaderValue::from_static("\"storage\"");
    expect_context::<ResponseOptions>().insert_header(HeaderName::from_static("clear-site-data"), kept);
    if let Ok(cookie) = HeaderValue::from_str(&format!("{ZONE_COOKIE}=; Path=/; Max-Age=0")) {
        set_cookie(cookie);
    }
}

fn set_cookie(cookie: HeaderValue) {
    expect_context::<ResponseOptions>().append_header(SET_COOKIE, cookie);
}
