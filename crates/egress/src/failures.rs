//! Failures of connections and of HTTP, as the port names them.

use std::error::Error;
use std::io;

use chat::{HttpFailure, TlsFault};

/// Returns the failure that caused an error: the first of its causes that says enough.
pub(crate) fn of(error: &(dyn Error + 'static)) -> HttpFailure {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(failure) = of_cause(error) {
            return failure;
        }
        cause = error.source();
    }
    HttpFailure::ConnectionFailed
}

fn of_cause(error: &(dyn Error + 'static)) -> Option<HttpFailure> {
    if let Some(failure) = error.downcast_ref::<HttpFailure>() {
        return Some(*failure);
    }
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return of_http(error);
    }
    error.downcast_ref::<io::Error>().and_then(of_stream)
}

fn of_http(error: &hyper::Error) -> Option<HttpFailure> {
    if error.is_parse() {
        return Some(HttpFailure::AnswerBad);
    }
    error.is_user().then_some(HttpFailure::RequestBad)
}

fn of_stream(error: &io::Error) -> Option<HttpFailure> {
    if error.get_ref().is_some_and(|cause| cause.is::<rustls::Error>()) {
        return Some(HttpFailure::TlsFailed(TlsFault::Other));
    }
    // As hyper says that the chunks of a body are malformed.
    let is_malformed = matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData);
    is_malformed.then_some(HttpFailure::AnswerBad)
}
