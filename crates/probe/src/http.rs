//! The HTTP client of simulated users: GET, and POST of forms.

use std::io;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::time::Instant;

/// The server's response.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The session cookie that the response sets, as `name=value`.
    pub cookie: Option<String>,
    body: String,
}

const PATIENCE: Duration = Duration::from_secs(20);

impl Answer {
    /// Returns the body of a successful response.
    pub fn text(&self) -> io::Result<&str> {
        match self.status {
            200 => Ok(&self.body),
            status => Err(io::Error::other(format!("{status}: {}", self.body))),
        }
    }

    /// Returns the body, decoded from JSON.
    pub fn json<T: DeserializeOwned>(&self) -> io::Result<T> {
        let body = self.text()?;
        serde_json::from_str(body).map_err(|error| io::Error::other(format!("{error}: {body}")))
    }
}

/// Requests a path.
pub async fn get(host: &str, path: &str, cookie: Option<&str>) -> io::Result<Answer> {
    let (url, cookie) = (format!("http://{host}{path}"), cookie.map(str::to_owned));
    ask(move |agent| {
        let mut request = agent.get(url);
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        request.call()
    })
    .await
}

/// Posts a form, as a script would.
pub async fn post(
    host: &str,
    path: &str,
    cookie: Option<&str>,
    fields: &[(&'static str, &str)],
) -> io::Result<Answer> {
    let (url, cookie) = (format!("http://{host}{path}"), cookie.map(str::to_owned));
    let fields: Vec<(&str, String)> =
        fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    ask(move |agent| {
        let mut request = agent.post(url).header("accept", "application/json");
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        request.send_form(fields.iter().map(|(name, value)| (*name, value.as_str())))
    })
    .await
}

/// Requests one path after the other over one connection; returns each response with its latency.
pub async fn get_in_turn(
    host: &str,
    paths: Vec<String>,
    cookie: Option<String>,
) -> io::Result<Vec<(Answer, Duration)>> {
    let host = host.to_owned();
    let asked = tokio::task::spawn_blocking(move || {
        let agent = agent();
        let timed = |path| {
            let begun = Instant::now();
            let mut request = agent.get(format!("http://{host}{path}"));
            if let Some(cookie) = &cookie {
                request = request.header("cookie", cookie);
            }
            let answer = answer(request.call())?;
            Ok((answer, begun.elapsed()))
        };
        paths.iter().map(timed).collect()
    });
    asked.await.map_err(io::Error::other)?
}

async fn ask(
    call: impl FnOnce(&ureq::Agent) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> + Send + 'static,
) -> io::Result<Answer> {
    tokio::task::spawn_blocking(move || answer(call(&agent()))).await.map_err(io::Error::other)?
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
    config.build().into()
}

fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> io::Result<Answer> {
    let mut response = response.map_err(io::Error::other)?;
    let set = response.headers().get("set-cookie").and_then(|value| value.to_str().ok());
    let cookie = set.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
    let status = response.status().as_u16();
    let body = response.body_mut().read_to_string().map_err(io::Error::other)?;
    Ok(Answer { status, cookie, body })
}
