//! Internationalization (i18n): the texts of the pages, in the language of the viewer.
//!
//! A page takes its [`Texts`] from context ([`use_texts`]): the server chooses the language of each request, and the
//! browser gets the texts of that language as a file. A text is a method of [`Texts`], with a parameter for each name
//! or number in it. The languages are on the server only; each is a file that fills the same structs.
//!
//! To add a text, declare it in `texts.rs` (hydrated pages) or `server_texts.rs` (server-only pages) and write it in each
//! language. To add a language, write a file like `en.rs` and list it in `languages.rs`.

mod context;
mod dates;
#[cfg(feature = "ssr")]
mod en;
mod events;
#[cfg(feature = "ssr")]
mod language;
#[cfg(feature = "ssr")]
mod languages;
#[cfg(feature = "ssr")]
mod pseudo;
#[cfg(feature = "ssr")]
mod refusal_texts;
mod sentence;
#[cfg(feature = "ssr")]
mod server_events;
#[cfg(feature = "ssr")]
mod server_texts;
mod table;
mod template;
#[cfg(all(test, feature = "ssr"))]
mod tests;
mod texts;

pub(crate) use context::use_texts;
#[cfg(feature = "ssr")]
pub(crate) use dates::short_date;
pub(crate) use events::{home_title, title};
#[cfg(feature = "ssr")]
pub(crate) use languages::{PageLanguage, language_of};
#[cfg(feature = "ssr")]
pub use languages::{accepted, english, texts_file, texts_path};
pub(crate) use sentence::{Sentence, Slot, UpTo99, Words};
#[cfg(feature = "ssr")]
pub(crate) use server_events::WEEK;
pub use texts::Texts;

/// The name of the product, in every language.
pub(crate) const PRODUCT: &str = "Hubbub";
