//! Setup: creates users and groups before a measurement.

use std::io;

use futures::{StreamExt, TryStreamExt, stream};
use wire::{Person as Guest, Topic};

use crate::guest::introduce;
use crate::http::post;

/// A group and its members.
#[derive(Clone, Debug)]
pub struct TestGroup {
    /// The group's id.
    pub group: String,
    /// The group's log.
    pub topic: Topic,
    /// The members, each with a cookie; the first is the founder.
    pub people: Vec<(Guest, String)>,
}

/// The number of concurrent requests: the server commits concurrent ones in one transaction.
const AT_ONCE: usize = 16;
/// The number of groups that are created concurrently.
const GROUPS_AT_ONCE: usize = 4;

/// Creates this many users, named `p0` and up, each with a cookie.
pub async fn newcomers(host: &str, count: usize) -> io::Result<Vec<(Guest, String)>> {
    let names = (0..count).map(|number| format!("p{number}"));
    let coming = names.map(|name| async move { introduce(host, &name).await });
    stream::iter(coming).buffered(AT_ONCE).try_collect().await
}

/// Creates a group of this many new users.
pub async fn gather(host: &str, count: usize) -> io::Result<TestGroup> {
    found(host, newcomers(host, count.max(1)).await?).await
}

/// Creates this many groups, with `each` new users in every one.
pub async fn gather_groups(host: &str, groups: usize, each: usize) -> io::Result<Vec<TestGroup>> {
    let mut people = newcomers(host, groups * each.max(1)).await?.into_iter();
    let members = (0..groups).map(|_| people.by_ref().take(each.max(1)).collect::<Vec<_>>());
    let members: Vec<_> = members.collect();
    stream::iter(members.into_iter().map(|people| found(host, people)))
        .buffered(GROUPS_AT_ONCE)
        .try_collect()
        .await
}

/// Creates a group of these users.
pub async fn found(host: &str, people: Vec<(Guest, String)>) -> io::Result<TestGroup> {
    let founder = people.first().map(|(_, cookie)| cookie.as_str());
    let made = post(host, "/do/create_group", founder, &[("name", "Load test")]).await?;
    let group: String = made.json()?;
    let joining = people.iter().skip(1).map(|(_, cookie)| {
        let group = group.as_str();
        async move { post(host, "/do/join", Some(cookie), &[("group", group)]).await?.json::<()>() }
    });
    stream::iter(joining).buffered(AT_ONCE).try_collect::<()>().await?;
    let topic = Topic::new(&format!("group/{group}")).map_err(io::Error::other)?;
    Ok(TestGroup { group, topic, people })
}

impl TestGroup {
    /// Returns the cookie of a member for a socket; there are more sockets than members, so members are reused in turn.
    pub fn cookie(&self, number: u32) -> Option<&str> {
        let place = number as usize % self.people.len().max(1);
        self.people.get(place).map(|(_, cookie)| cookie.as_str())
    }
}
