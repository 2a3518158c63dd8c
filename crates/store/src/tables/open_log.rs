//! A log as one reader finds it: their session, their standing, and the log, in one transaction.

use chat::store::{AccountKey, OpenRequest, Opened};
use wire::{ApplicationId, Epoch, LogKey, TopicKind};

use super::{accounts, conversations, logs, restricted, sessions};
use crate::sql::{Db, SqlResult};

pub(super) fn open(
    db: Db<'_>,
    application: ApplicationId,
    request: &OpenRequest,
    epoch: Epoch,
) -> SqlResult<Opened> {
    let OpenRequest { topic, user, session, viewer, range, rows } = request;
    let session = session.map(|token| sessions::session(db, token)).transpose()?.flatten();
    let is_own =
        |session: &chat::Session| session.application == application && Some(session.person.id) == *user;
    let standing = match request.conversation().zip(*user) {
        Some((conversation, user)) => conversations::standing(db, application, conversation, user)?,
        None => None,
    };
    let account = match (topic.kind(), user) {
        (TopicKind::AppAudit, Some(user)) => accounts::account(db, application, &AccountKey::User(*user))?,
        _ => None,
    };
    let log = LogKey::new(application, topic.clone());
    let mut page = logs::page(db, &log, *range, epoch)?;
    restricted::reveal(db, &log, *viewer, &mut page.entries)?;
    Ok(Opened {
        session: session.filter(is_own),
        standing,
        role: account.map(|account| account.role),
        page,
        rows: rows.map(|rows| logs::rows(db, &log, rows, epoch)).transpose()?,
    })
}
