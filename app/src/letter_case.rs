//! Letter case. A browser has the tables for it already, so the wasm doesn't carry them again.

/// Returns a text in lower case.
pub(crate) fn to_lower(text: &str) -> String {
    #[cfg(target_arch = "wasm32")]
    return leptos::web_sys::js_sys::JsString::from(text).to_lower_case().into();
    #[cfg(not(target_arch = "wasm32"))]
    return text.to_lowercase();
}

/// Returns a text in upper case.
pub(crate) fn to_upper(text: &str) -> String {
    #[cfg(target_arch = "wasm32")]
    return leptos::web_sys::js_sys::JsString::from(text).to_upper_case().into();
    #[cfg(not(target_arch = "wasm32"))]
    return text.to_uppercase();
}
