//! Files as rows, and the bytes that they have in all.

use chat::BlobId;
use chat::store::{
    FileOutcome, FileQuota, FileState, FileUsage, FileWrite, LogOutcome, StoredFile, Thumbnail, WithFiles,
};
use wire::{ApplicationId, FileId, Refusal, Seq, Timestamp, Topic, UserId};

use super::append::sent_before;
use super::scope::Scope;
use super::values::{checked, sender, seq, sql};
use super::{commit, damaged, jobs};
use crate::sql::{Db, Row, SqlResult, ToValue, params};

/// The columns of a file, in the order in which [`read`] takes them.
const COLUMNS: &str = "id, owner, upload_key, name, media_type, bytes, sha256, width, height, blob, thumbnail, \
                       thumbnail_type, thumbnail_sha256, topic, seq, state, at";

/// Carries out a change of files.
pub(super) fn write(scope: Scope<'_>, write: &FileWrite) -> SqlResult<FileOutcome> {
    let Scope { db, application, .. } = scope;
    match write {
        FileWrite::Add { file, quota, job } => {
            let outcome = add(db, application, file, *quota)?;
            if let (FileOutcome::Done, Some(job)) = (&outcome, job) {
                jobs::add(db, std::slice::from_ref(job))?;
            }
            return Ok(outcome);
        }
        FileWrite::SetThumbnail { file, thumbnail } => {
            let mut set = db.prepare_cached(
                "UPDATE files SET thumbnail = ?, thumbnail_type = ?, thumbnail_sha256 = ?
                 WHERE application = ? AND id = ? AND thumbnail IS NULL",
            )?;
            let Thumbnail { blob, media_type, sha256 } = thumbnail;
            let row = params![blob.to_string(), media_type, sha256, application.0, file.to_string()];
            if set.execute(row)? == 0 {
                return Ok(FileOutcome::Stale);
            }
        }
        FileWrite::Discard { file } => {
            let mut discard = db.prepare_cached(
                "UPDATE files SET state = 'removing' WHERE application = ? AND id = ? AND state = 'uploaded'",
            )?;
            if discard.execute(params![application.0, file.to_string()])? == 0 {
                return Ok(FileOutcome::Stale);
            }
        }
        FileWrite::Expire { uploaded_before, detached_before, now, limit } => {
            expire(db, application, [*uploaded_before, *detached_before, *now], *limit)?;
        }
        FileWrite::Forget { files } => {
            for file in files {
                forget(db, application, *file)?;
            }
        }
    }
    Ok(FileOutcome::Done)
}

fn add(
    db: Db<'_>,
    application: ApplicationId,
    file: &StoredFile,
    quota: FileQuota,
) -> SqlResult<FileOutcome> {
    if let Some(key) = &file.upload_key
        && let Some(found) = by_key(db, application, file.owner, key)?
    {
        return Ok(FileOutcome::Repeated(found.id));
    }
    if usage(db, application, Some(file.owner))?.bytes.saturating_add(file.bytes) > quota.user {
        return Ok(FileOutcome::UserFull);
    }
    if usage(db, application, None)?.bytes.saturating_add(file.bytes) > quota.application {
        return Ok(FileOutcome::ApplicationFull);
    }
    let StoredFile { id, owner, upload_key, name, media_type, bytes, sha256, size, blob, at, .. } = file;
    let mut insert = db.prepare_cached(
        "INSERT INTO files (application, id, owner, upload_key, name, media_type, bytes, sha256, width, height, blob,
                            state, at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'uploaded', ?)",
    )?;
    insert.execute(params![
        application.0,
        id.to_string(),
        owner.to_string(),
        upload_key,
        name,
        media_type,
        bytes,
        sha256,
        size.map(|(width, _)| width),
        size.map(|(_, height)| height),
        blob.to_string(),
        at.0
    ])?;
    let mut count = db.prepare_cached(
        "INSERT INTO file_usage (application, owner, files, bytes) VALUES (?1, ?2, 1, ?3)
         ON CONFLICT (application, owner) DO UPDATE
             SET files = file_usage.files + 1, bytes = file_usage.bytes + excluded.bytes",
    )?;
    for owner in [owner.to_string(), String::new()] {
        count.execute(params![application.0, owner, bytes])?;
    }
    Ok(FileOutcome::Done)
}

fn expire(
    db: Db<'_>,
    application: ApplicationId,
    [uploaded_before, detached_before, now]: [Timestamp; 3],
    limit: usize,
) -> SqlResult<()> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut orphans = db.prepare_cached(
        "UPDATE files SET state = 'removing' WHERE application = ?1 AND id IN (
             SELECT id FROM files WHERE application = ?1 AND state <> 'attached' AND state = 'uploaded' AND at < ?2
             LIMIT ?3)",
    )?;
    orphans.execute(params![application.0, uploaded_before.0, limit])?;
    let mut over = db.prepare_cached(
        "UPDATE files SET state = 'removing' WHERE application = ?1 AND id IN (
             SELECT id FROM files WHERE application = ?1 AND state = 'detached' AND detached_at < ?2 LIMIT ?3)",
    )?;
    over.execute(params![application.0, detached_before.0, limit])?;
    let mut new = db.prepare_cached(
        "UPDATE files SET detached_at = ?2 WHERE application = ?1 AND id IN (
             SELECT id FROM files WHERE application = ?1 AND state = 'detached' AND detached_at IS NULL LIMIT ?3)",
    )?;
    // Nothing is removed in this step, so it may take many.
    new.execute(params![application.0, now.0, limit.saturating_mul(50)]).map(|_| ())
}

/// Removes a file whose blobs are gone.
fn forget(db: Db<'_>, application: ApplicationId, file: FileId) -> SqlResult<()> {
    let mut delete = db.prepare_cached(
        "DELETE FROM files WHERE application = ? AND id = ? AND state = 'removing' RETURNING owner, bytes",
    )?;
    let gone = {
        let mut rows = delete.query(params![application.0, file.to_string()])?;
        match rows.next()? {
            Some(row) => Some((row.get::<String>(0)?, row.get::<i64>(1)?)),
            None => None,
        }
    };
    let Some((owner, bytes)) = gone else { return Ok(()) };
    let mut count = db.prepare_cached(
        "UPDATE file_usage SET files = max(files - 1, 0), bytes = max(bytes - ?, 0)
         WHERE application = ? AND owner = ?",
    )?;
    for owner in [owner, String::new()] {
        count.execute(params![bytes, application.0, owner])?;
    }
    Ok(())
}

/// Appends a message and gives it its files.
pub(super) fn post(scope: Scope<'_>, WithFiles { message, files }: &WithFiles) -> SqlResult<LogOutcome> {
    let draft = message.draft();
    if let Some(outcome) = sent_before(scope, draft)? {
        return Ok(outcome);
    }
    if let Some(refusal) = check(scope, &sender(draft.sender), files)? {
        return Ok(LogOutcome::Refused(refusal));
    }
    let outcome = commit::append_to_log(scope, message)?;
    if let LogOutcome::Posted { seq } = outcome {
        attach(scope, &draft.topic, seq, files)?;
    }
    Ok(outcome)
}

/// Returns the refusal of files that a message of a sender cannot take.
pub(super) fn check(scope: Scope<'_>, sender: &str, files: &[FileId]) -> SqlResult<Option<Refusal>> {
    let mut find = scope.db.prepare_cached(
        "SELECT 1 FROM files WHERE application = ? AND id = ? AND 'user/' || owner = ? AND state = 'uploaded'",
    )?;
    for file in files {
        if !find.exists(params![scope.application.0, file.to_string(), sender])? {
            return Ok(Some(Refusal::AttachmentMissing { file: file.to_string() }));
        }
    }
    Ok(None)
}

/// Gives files that were checked to a message.
pub(super) fn attach(scope: Scope<'_>, topic: &Topic, at: Seq, files: &[FileId]) -> SqlResult<()> {
    let mut attach = scope.db.prepare_cached(
        "UPDATE files SET state = 'attached', topic = ?, seq = ? WHERE application = ? AND id = ?",
    )?;
    for file in files {
        attach.execute(params![topic.as_str(), sql(at), scope.application.0, file.to_string()])?;
    }
    Ok(())
}

/// Takes the files of a message away from it.
pub(super) fn detach(scope: Scope<'_>, topic: &Topic, at: Seq) -> SqlResult<()> {
    let mut detach = scope.db.prepare_cached(
        "UPDATE files SET state = 'detached' WHERE application = ?1 AND state = 'attached' AND id IN (
             SELECT id FROM files WHERE application = ?1 AND topic = ?2 AND seq = ?3)",
    )?;
    detach.execute(params![scope.application.0, topic.as_str(), sql(at)]).map(|_| ())
}

/// Takes the files of the messages before a Seq away from them; without a Seq those of the whole log.
pub(super) fn detach_before(scope: Scope<'_>, topic: &Topic, before: Option<Seq>) -> SqlResult<()> {
    let mut detach = scope.db.prepare_cached(
        "UPDATE files SET state = 'detached'
         WHERE application = ? AND topic = ? AND seq < ? AND state = 'attached'",
    )?;
    let before = before.map_or(i64::MAX, sql);
    detach.execute(params![scope.application.0, topic.as_str(), before]).map(|_| ())
}

/// Returns a file.
pub(super) fn one(db: Db<'_>, application: ApplicationId, file: FileId) -> SqlResult<Option<StoredFile>> {
    let mut find =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM files WHERE application = ? AND id = ?"))?;
    damaged::one(&mut find, params![application.0, file.to_string()], "files", read)
}

/// Returns the file that its owner has uploaded under a key.
pub(super) fn by_key(
    db: Db<'_>,
    application: ApplicationId,
    owner: UserId,
    key: &str,
) -> SqlResult<Option<StoredFile>> {
    let mut find = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM files WHERE application = ? AND owner = ? AND upload_key = ?"
    ))?;
    damaged::one(&mut find, params![application.0, owner.to_string(), key], "files", read)
}

/// Returns the files after one of them, by id.
pub(super) fn after(
    db: Db<'_>,
    application: ApplicationId,
    after: Option<FileId>,
    limit: usize,
) -> SqlResult<Vec<StoredFile>> {
    let mut select = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM files WHERE application = ? AND id > ? ORDER BY id LIMIT ?"
    ))?;
    let after = after.map_or_else(String::new, |after| after.to_string());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    damaged::list(&mut select, params![application.0, after, limit], "files", read)
}

/// Returns files whose blobs are being removed.
pub(super) fn to_remove(db: Db<'_>, application: ApplicationId, limit: usize) -> SqlResult<Vec<StoredFile>> {
    let mut select = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM files WHERE application = ?1 AND id IN (
             SELECT id FROM files WHERE application = ?1 AND state <> 'attached' AND state = 'removing' LIMIT ?2)"
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    damaged::list(&mut select, params![application.0, limit], "files", read)
}

/// Returns the size of the files of an owner, or of all.
pub(super) fn usage(db: Db<'_>, application: ApplicationId, owner: Option<UserId>) -> SqlResult<FileUsage> {
    let mut find =
        db.prepare_cached("SELECT owner, files, bytes FROM file_usage WHERE application = ? AND owner = ?")?;
    let owner = owner.map_or_else(String::new, |owner| owner.to_string());
    let found = damaged::one(&mut find, params![application.0, owner], "file_usage", |row| {
        Ok(FileUsage { files: row.get(1)?, bytes: row.get(2)? })
    })?;
    Ok(found.unwrap_or_default())
}

/// Returns those of some blobs that a file names.
pub(super) fn known(db: Db<'_>, application: ApplicationId, blobs: &[BlobId]) -> SqlResult<Vec<BlobId>> {
    let mut contents = db.prepare_cached("SELECT 1 FROM files WHERE application = ? AND blob = ?")?;
    let mut thumbnails = db.prepare_cached("SELECT 1 FROM files WHERE application = ? AND thumbnail = ?")?;
    let mut known = Vec::new();
    for blob in blobs {
        let name = blob.to_string();
        let key: [&dyn ToValue; 2] = [&application.0, &name];
        if contents.exists(&key[..])? || thumbnails.exists(&key[..])? {
            known.push(*blob);
        }
    }
    Ok(known)
}

fn read(row: Row<'_>) -> SqlResult<StoredFile> {
    let blob = |column: usize| checked(row, column, |text: String| BlobId::parse(&text));
    let thumbnail = match row.get::<Option<String>>(10)? {
        None => None,
        Some(_) => Some(Thumbnail { blob: blob(10)?, media_type: row.get(11)?, sha256: row.get(12)? }),
    };
    let place = match row.get::<Option<String>>(13)? {
        None => None,
        Some(_) => Some((checked(row, 13, |topic: String| Topic::new(&topic).ok())?, seq(row, 14)?)),
    };
    let size = row.get::<Option<u32>>(7)?.zip(row.get::<Option<u32>>(8)?);
    Ok(StoredFile {
        id: checked(row, 0, |id: String| id.parse().ok())?,
        owner: checked(row, 1, |id: String| id.parse().ok())?,
        upload_key: row.get(2)?,
        name: row.get(3)?,
        media_type: row.get(4)?,
        bytes: row.get(5)?,
        sha256: row.get(6)?,
        size,
        blob: blob(9)?,
        thumbnail,
        place,
        state: checked(row, 15, |state: String| FileState::parse(&state))?,
        at: Timestamp(row.get(16)?),
    })
}
