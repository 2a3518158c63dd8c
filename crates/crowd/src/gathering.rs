//! People who come to a group before anything is measured.

use std::io;

use futures::{StreamExt, TryStreamExt, stream};
use wire::{Person as Guest, Topic};

use crate::guest::introduce;
use crate::http::post;

/// A group, and who has a seat in it.
#[derive(Clone, Debug)]
pub(crate) struct Gathering {
    /// Its id.
    pub(crate) group: String,
    /// Its log.
    pub(crate) topic: Topic,
    /// Its members, each with a cookie; the first has founded it.
    pub(crate) people: Vec<(Guest, String)>,
}

/// How many come at once: the server commits what comes together in one transaction.
const AT_ONCE: usize = 16;
/// How many groups are made at once.
const GROUPS_AT_ONCE: usize = 4;

/// So many new people, `p0` and up, each with a cookie.
pub(crate) async fn newcomers(host: &str, count: usize) -> io::Result<Vec<(Guest, String)>> {
    let names = (0..count).map(|number| format!("p{number}"));
    let coming = names.map(|name| async move { introduce(host, &name).await });
    stream::iter(coming).buffered(AT_ONCE).try_collect().await
}

/// So many new people in a new group.
pub(crate) async fn gather(host: &str, count: usize) -> io::Result<Gathering> {
    found(host, newcomers(host, count.max(1)).await?).await
}

/// So many new groups, with so many new people in each.
pub(crate) async fn gather_groups(host: &str, groups: usize, each: usize) -> io::Result<Vec<Gathering>> {
    let mut people = newcomers(host, groups * each.max(1)).await?.into_iter();
    let members = (0..groups).map(|_| people.by_ref().take(each.max(1)).collect::<Vec<_>>());
    let members: Vec<_> = members.collect();
    stream::iter(members.into_iter().map(|people| found(host, people)))
        .buffered(GROUPS_AT_ONCE)
        .try_collect()
        .await
}

/// A new group of these people.
pub(crate) async fn found(host: &str, people: Vec<(Guest, String)>) -> io::Result<Gathering> {
    let founder = people.first().map(|(_, cookie)| cookie.as_str());
    let made = post(host, "/do/create_group", founder, &[("name", "The crowd")]).await?;
    let group: String = made.json()?;
    let joining = people.iter().skip(1).map(|(_, cookie)| {
        let group = group.as_str();
        async move { post(host, "/do/join", Some(cookie), &[("group", group)]).await?.json::<()>() }
    });
    stream::iter(joining).buffered(AT_ONCE).try_collect::<()>().await?;
    let topic = Topic::new(&format!("group/{group}")).map_err(io::Error::other)?;
    Ok(Gathering { group, topic, people })
}

impl Gathering {
    /// The cookie of the member of this number; there are more sockets than members, so they begin again.
    pub(crate) fn cookie(&self, number: u32) -> Option<&str> {
        let place = number as usize % self.people.len().max(1);
        self.people.get(place).map(|(_, cookie)| cookie.as_str())
    }
}
