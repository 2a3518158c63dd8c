//! Files over HTTP: uploads, and contents with ranges, entity tags and headers that keep them harmless.

mod body;
mod content;
mod disposition;
mod form;
mod form_body;
mod pace;
mod range;
mod routes;
mod upload;

pub(crate) use content::{Serving, serve};
pub(crate) use form::send as send_form;
pub(crate) use routes::{content, link, thumbnail, upload as upload_page};
pub(crate) use upload::{FileAnswer, UploadQuery, take};
