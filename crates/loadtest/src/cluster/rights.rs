//! Rights that end during a cluster run: the admin of a group removes and bans members, who come back later, and sessions
//! of members end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use probe::http::{Answer, get, post};
use tokio::time::{Instant, sleep};
use wire::Person as Guest;

use crate::checker::Finding;
use crate::person::{Session, Setting, cookie_at};
use crate::record::Note;

/// The admin of one group, who ends the rights of its other members one after the other.
pub(super) struct Rights {
    setting: Setting,
    group: String,
    /// The founder's cookie.
    founder: String,
    subjects: Vec<Subject>,
    pause: Duration,
    /// The number of the node that gets the next request.
    turn: usize,
    ended: EndedRights,
}

/// The rights that have ended.
#[derive(Debug, Default)]
pub(super) struct EndedRights {
    pub(super) removals: usize,
    pub(super) bans: usize,
    pub(super) sign_outs: usize,
    /// The sessions that have ended, each with the number of the member.
    pub(super) notes: Vec<(usize, Note)>,
    pub(super) findings: Vec<Finding>,
}

struct Subject {
    guest: Guest,
    session: Arc<Mutex<Session>>,
    has_account: bool,
    /// The cookie of the session that follows, once there is one.
    next_cookie: Option<String>,
}

/// The answer to a request.
enum Done {
    /// The server has done it, with the session cookie that it has set.
    Yes(Option<String>),
    /// Not now: there were too many such requests.
    Limited,
    /// No, for this reason.
    Refused(String),
}

const PASSWORD: &str = "the tide comes in at nine";
/// The pause before a request is tried again.
const RETRY: Duration = Duration::from_millis(50);
/// The pause after a rate limit was met, and the most of them.
const LIMITED: Duration = Duration::from_millis(500);
const LIMITS: usize = 60;
/// The number of members that have their next session from the beginning. Hashing their passwords takes its time, so
/// others have it later.
pub(super) const PREPARED: usize = 2;
/// The longest time for which somebody is no member.
const AWAY: Duration = Duration::from_millis(800);

impl Rights {
    /// Takes the members of the group; the first is the founder, who keeps every right.
    pub(super) fn new(
        setting: Setting,
        group: String,
        founder: String,
        members: Vec<(Guest, Arc<Mutex<Session>>)>,
        pause: Duration,
    ) -> Self {
        let subject = |(guest, session)| Subject { guest, session, has_account: false, next_cookie: None };
        let subjects = members.into_iter().map(subject).collect();
        Self { setting, group, founder, subjects, pause, turn: 0, ended: EndedRights::default() }
    }

    /// Ends rights, and gives each back, until it is stopped.
    pub(super) async fn run(mut self, stop: Arc<AtomicBool>, until: Instant) -> io::Result<EndedRights> {
        for member in 1..self.subjects.len().min(1 + PREPARED) {
            self.prepare(member, until).await?;
            self.setting.progress.prepared.fetch_add(1, Ordering::AcqRel);
        }
        let mut round = 0;
        while !stop.load(Ordering::Acquire) && Instant::now() < until && self.subjects.len() > 1 {
            let chaos = self.setting.chaos.clone();
            let member = 1 + chaos.below(self.subjects.len() - 1);
            if self.slow_server().is_some() {
                let is_slow = self.setting.progress.is_slow.load(Ordering::Acquire);
                match self.member_at_slow_server().filter(|_| is_slow) {
                    Some(member) => {
                        self.sign_out(member, 0, until).await?;
                        self.setting.progress.slow_sign_outs.fetch_add(1, Ordering::AcqRel);
                    }
                    None => sleep(RETRY).await,
                }
                continue;
            }
            match round % 3 {
                0 => self.remove(member, false, until).await?,
                1 => self.remove(member, true, until).await?,
                _ => self.sign_out(member, round / 3, until).await?,
            }
            if let Some(member) =
                self.subjects.iter().skip(1).position(|subject| subject.next_cookie.is_none())
            {
                self.prepare(1 + member, until).await?;
            }
            round += 1;
            sleep(self.pause.mul_f64(0.5 + chaos.chance())).await;
        }
        Ok(self.ended)
    }

    /// Removes a member, who comes back after a while.
    async fn remove(&mut self, member: usize, ban: bool, until: Instant) -> io::Result<()> {
        self.manage(member, if ban { "ban" } else { "remove" }, until).await?;
        *(if ban { &mut self.ended.bans } else { &mut self.ended.removals }) += 1;
        let cookie = self.subjects[member].session.lock().cookie.clone();
        if self.reads_history(&cookie).await {
            let reader = self.subjects[member].guest.name.to_string();
            self.ended.findings.push(Finding::PageByNonMember { reader });
        }
        self.wait().await;
        if ban {
            self.manage(member, "unban", until).await?;
        }
        if self.setting.chaos.chance() < 0.5 {
            return self.manage(member, "add", until).await;
        }
        let group = self.group.clone();
        self.must("/do/join", &cookie, &[("group", &group)], until).await
    }

    /// Ends the session of a member, by one of the ways to do so; then the member has another one.
    async fn sign_out(&mut self, member: usize, round: usize, until: Instant) -> io::Result<()> {
        self.prepare(member, until).await?;
        let Some(new) = self.subjects[member].next_cookie.take() else { return Ok(()) };
        let Session { number, cookie: old, server } = self.subjects[member].session.lock().clone();
        let changed = [("old", PASSWORD), ("new", PASSWORD)];
        let ended = match round % 3 {
            0 => self.ask("/do/sign_out", &old, &[], until).await?,
            1 => self.ask("/do/end_session", &new, &[], until).await?,
            _ => self.ask("/do/change_password", &new, &changed, until).await?,
        };
        // It may be refused: attempts whose node was killed count as wrong passwords for a while.
        if let Done::Yes(_) = ended {
            self.ended.notes.push((member, Note::SignedOut { session: number, at: Instant::now() }));
            self.ended.sign_outs += 1;
            if self.reads_history(&old).await {
                let reader = self.subjects[member].guest.name.to_string();
                self.ended.findings.push(Finding::PageAfterSignOut { reader });
            }
        }
        *self.subjects[member].session.lock() = Session { number: number + 1, cookie: new, server };
        Ok(())
    }

    /// Opens the next session of a member, who gets an account first.
    async fn prepare(&mut self, member: usize, until: Instant) -> io::Result<()> {
        let Subject { guest, session, has_account, next_cookie } = &self.subjects[member];
        if next_cookie.is_some() {
            return Ok(());
        }
        let (name, cookie) = (guest.name.to_string(), session.lock().cookie.clone());
        if !has_account {
            self.must("/do/create_account", &cookie, &[("password", PASSWORD)], until).await?;
            self.subjects[member].has_account = true;
        }
        let fields = [("name", name.as_str()), ("password", PASSWORD)];
        if let Done::Yes(cookie) = self.ask("/do/sign_in", "", &fields, until).await? {
            self.subjects[member].next_cookie = cookie;
        }
        Ok(())
    }

    /// Returns a member with a socket at the server that is slow, if possible one who has another session.
    fn member_at_slow_server(&self) -> Option<usize> {
        let slow = self.slow_server()?;
        let others = self.subjects.iter().enumerate().skip(1);
        let there = others.filter(|(_, subject)| subject.session.lock().server == slow);
        there.max_by_key(|(_, subject)| subject.next_cookie.is_some()).map(|(member, _)| member)
    }

    fn slow_server(&self) -> Option<usize> {
        self.setting.progress.slow_server.load(Ordering::Acquire).checked_sub(1)
    }

    async fn manage(&mut self, member: usize, action: &str, until: Instant) -> io::Result<()> {
        let (group, founder) = (self.group.clone(), self.founder.clone());
        let user = self.subjects[member].guest.id.to_string();
        let fields = [("group", group.as_str()), ("users[]", &user), ("action", action)];
        self.must("/do/manage_members", &founder, &fields, until).await
    }

    async fn wait(&self) {
        sleep(AWAY.mul_f64(self.setting.chaos.chance())).await;
    }

    /// Returns true if the next node answers with a page of history.
    async fn reads_history(&mut self, cookie: &str) -> bool {
        let path = format!("/topics/{}/history?limit=1", self.setting.topic);
        let host = self.next_host();
        get(&host, &path, Some(&cookie_at(cookie, &host))).await.is_ok_and(|answer| answer.status == 200)
    }

    /// As [`Rights::ask`], for requests that no limit forbids for long.
    async fn must(
        &mut self,
        path: &str,
        cookie: &str,
        fields: &[(&'static str, &str)],
        until: Instant,
    ) -> io::Result<()> {
        match self.ask(path, cookie, fields, until).await? {
            Done::Yes(_) => Ok(()),
            Done::Limited => Err(io::Error::other(format!("{path}: too many requests"))),
            Done::Refused(refused) => Err(io::Error::other(format!("{path} {fields:?}: {refused}"))),
        }
    }

    /// Asks one node after the other until it is done, or is refused. A refusal after an attempt without an answer counts
    /// as done, for that attempt may have done it.
    async fn ask(
        &mut self,
        path: &str,
        cookie: &str,
        fields: &[(&'static str, &str)],
        until: Instant,
    ) -> io::Result<Done> {
        let (mut is_repeated, mut limits) = (false, 0);
        while Instant::now() < until {
            let host = self.next_host();
            let own = Some(cookie_at(cookie, &host)).filter(|_| !cookie.is_empty());
            // Without a timeout of its own: a request that is given up here may still be carried out there.
            match post(&host, path, own.as_deref(), fields).await.and_then(done) {
                Ok(Done::Refused(_)) if is_repeated => return Ok(Done::Yes(None)),
                Ok(Done::Limited) if limits < LIMITS => {
                    limits += 1;
                    sleep(LIMITED).await;
                }
                Ok(done) => return Ok(done),
                Err(_) => {
                    is_repeated = true;
                    sleep(RETRY).await;
                }
            }
        }
        Err(io::Error::other(format!("{path} was not answered in time")))
    }

    fn next_host(&mut self) -> String {
        self.turn += 1;
        if self.slow_server().is_some_and(|slow| slow == self.turn % self.setting.hosts.len()) {
            self.turn += 1;
        }
        self.setting.hosts[self.turn % self.setting.hosts.len()].clone()
    }
}

impl EndedRights {
    pub(super) fn add(&mut self, mut other: Self) {
        self.removals += other.removals;
        self.bans += other.bans;
        self.sign_outs += other.sign_outs;
        self.notes.append(&mut other.notes);
        self.findings.append(&mut other.findings);
    }
}

/// Sorts an answer.
///
/// # Errors
/// If the server was not able to tell.
fn done(answer: Answer) -> io::Result<Done> {
    Ok(match answer.status {
        200 => Done::Yes(answer.cookie),
        429 => Done::Limited,
        400..500 => Done::Refused(answer.text().err().map(|error| error.to_string()).unwrap_or_default()),
        status => return Err(io::Error::other(format!("{status}"))),
    })
}
