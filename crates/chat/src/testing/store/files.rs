//! Store contract: files, their messages, and the bytes that they have in all.

use wire::{Amendment, Event, FileId, Json, Person, Refusal, RichText, Role, Seq, Timestamp, Topic};

use super::writing::{NOW, TEA, change, commit, commit_one, message, seated, with_tea};
use super::{Fresh, Tenant};
use crate::ports::blobs::BlobId;
use crate::ports::store::{
    Amend, AmendOutcome, Checked, Draft, Fact, FileOutcome, FileQuota, FileState, FileUsage, FileWrite,
    LogOutcome, LogWrite, Recipients, RestrictedDraft, StoredFile, Thumbnail, Trim, WithFiles,
};
use crate::ports::store::{JobKind, JobQueue, NewJob, Permission, PermissionTo};
use crate::rules;
use crate::testing::{ann, ben};

const QUOTA: FileQuota = FileQuota { user: 100, application: 150 };

fn id(number: u8) -> FileId {
    FileId::from_bytes([number; 10])
}

fn blob(number: u8) -> BlobId {
    BlobId([number; 16])
}

/// Returns a picture of a user with ten bytes.
fn file(number: u8, owner: &Person) -> StoredFile {
    StoredFile {
        id: id(number),
        owner: owner.id,
        upload_key: None,
        name: format!("茶 {number}.png"),
        media_type: "image/png".into(),
        bytes: 10,
        sha256: [number; 32],
        size: Some((3, 4)),
        blob: blob(number),
        thumbnail: None,
        place: None,
        state: FileState::Uploaded,
        at: NOW,
    }
}

fn add(file: StoredFile) -> FileWrite {
    FileWrite::Add { file: Box::new(file), quota: QUOTA, job: None }
}

async fn added(store: &Tenant, numbers: &[u8], owner: &Person) {
    for number in numbers {
        assert_eq!(commit_one(store, add(file(*number, owner))).await, FileOutcome::Done);
    }
}

/// Returns the states of files, and the places of those that have one.
async fn states(store: &Tenant) -> Vec<(FileState, Option<Seq>)> {
    let files = store.files(None, 100).await.unwrap();
    files.into_iter().map(|file| (file.state, file.place.map(|(_, seq)| seq))).collect()
}

fn said(by: &Person, text: &str) -> Draft {
    let event = Event::message(by.clone(), text.into(), RichText::plain(text), None);
    Draft { data: Json::of(&event), counts: true, ..message(TEA, by, text, text) }
}

fn with(message: impl Into<LogWrite>, files: &[u8]) -> LogWrite {
    let files = files.iter().map(|number| id(*number)).collect();
    LogWrite::WithFiles(Box::new(WithFiles { message: message.into(), files }))
}

fn deletion(by: &Person, target: Seq) -> Amend {
    let told = rules::change(target, by, &Amendment::Delete, RichText::default());
    let conversation = wire::Conversation::Group(TEA);
    let right = Permission { conversation, user: by.id, to: PermissionTo::Amend, now: NOW };
    let news = Draft {
        data: Json::of(&told),
        right: Some(right),
        about: Some(target),
        is_row: false,
        ..message(TEA, by, &format!("delete-{target}"), "deleted")
    };
    let (amendment, body) = (Amendment::Delete, RichText::default());
    Amend { target, by: by.clone(), amendment, body, mentions: None, version: None, news }
}

fn missing(number: u8) -> LogOutcome {
    LogOutcome::Refused(Refusal::AttachmentMissing { file: id(number).to_string() })
}

const fn posted(seq: u64) -> LogOutcome {
    LogOutcome::Posted { seq: Seq(seq) }
}

pub async fn a_file_is_found_as_it_was_added(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    assert_eq!(store.file(id(1)).await.unwrap(), None);
    let keyed = StoredFile { upload_key: Some("k".into()), size: None, ..file(2, &ann()) };
    let both = vec![add(file(1, &ann())), add(keyed.clone())];
    assert_eq!(commit(&store, both).await, [FileOutcome::Done, FileOutcome::Done]);
    assert_eq!(store.file(id(1)).await.unwrap(), Some(file(1, &ann())));
    assert_eq!(store.file_by_key(ann().id, "k").await.unwrap(), Some(keyed.clone()));
    assert_eq!(store.file_by_key(ben().id, "k").await.unwrap(), None);
    assert_eq!(store.files(None, 1).await.unwrap(), [file(1, &ann())]);
    assert_eq!(store.files(Some(id(1)), 9).await.unwrap(), std::slice::from_ref(&keyed));
    let again = StoredFile { id: id(3), blob: blob(3), ..keyed };
    assert_eq!(commit_one(&store, add(again)).await, FileOutcome::Repeated(id(2)));
    let thumbnail = Thumbnail { blob: blob(9), media_type: "image/jpeg".into(), sha256: [9; 32] };
    let set = FileWrite::SetThumbnail { file: id(1), thumbnail: thumbnail.clone() };
    assert_eq!(commit_one(&store, set.clone()).await, FileOutcome::Done);
    assert_eq!(commit_one(&store, set).await, FileOutcome::Stale, "it has one");
    assert_eq!(store.file(id(1)).await.unwrap().unwrap().thumbnail, Some(thumbnail));
    let known = store.known_blobs(&[blob(1), blob(2), blob(3), blob(9)]).await.unwrap();
    assert_eq!(known, [blob(1), blob(2), blob(9)]);
}

pub async fn files_have_no_more_bytes_than_they_may(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let large = |number: u8, owner: &Person, bytes: u64| add(StoredFile { bytes, ..file(number, owner) });
    assert_eq!(commit_one(&store, large(1, &ann(), 90)).await, FileOutcome::Done);
    assert_eq!(commit_one(&store, large(2, &ann(), 11)).await, FileOutcome::UserFull);
    assert_eq!(commit_one(&store, large(2, &ann(), 10)).await, FileOutcome::Done);
    assert_eq!(commit_one(&store, large(3, &ben(), 51)).await, FileOutcome::ApplicationFull);
    assert_eq!(commit_one(&store, large(3, &ben(), 50)).await, FileOutcome::Done);
    let usage = |files, bytes| FileUsage { files, bytes };
    assert_eq!(store.file_usage(Some(ann().id)).await.unwrap(), usage(2, 100));
    assert_eq!(store.file_usage(None).await.unwrap(), usage(3, 150));
    assert_eq!(commit_one(&store, FileWrite::Discard { file: id(1) }).await, FileOutcome::Done);
    assert_eq!(store.file_usage(None).await.unwrap().bytes, 150, "its blob is still there");
    let forget = FileWrite::Forget { files: vec![id(1), id(2), id(9)] };
    assert_eq!(commit_one(&store, forget.clone()).await, FileOutcome::Done);
    assert_eq!(commit_one(&store, forget).await, FileOutcome::Done);
    assert_eq!(store.file_usage(Some(ann().id)).await.unwrap(), usage(1, 10), "only what was removed");
    assert_eq!(store.file_usage(None).await.unwrap(), usage(2, 60));
}

pub async fn a_message_takes_free_files_of_its_sender(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    added(&store, &[1, 2, 3], &ann()).await;
    added(&store, &[4], &ben()).await;
    for (taken, refused) in [(&[1_u8, 9][..], 9), (&[1, 4], 4)] {
        assert_eq!(commit_one(&store, with(said(&ann(), "no"), taken)).await, missing(refused));
    }
    let free = (FileState::Uploaded, None);
    assert_eq!(states(&store).await, [free; 4], "a refused message takes nothing");
    assert_eq!(commit_one(&store, with(said(&ann(), "yes"), &[1, 2])).await, posted(2));
    assert_eq!(commit_one(&store, with(said(&ann(), "more"), &[2, 3])).await, missing(2));
    let repeated = commit_one(&store, with(said(&ann(), "yes"), &[1, 2])).await;
    assert_eq!(repeated, LogOutcome::Repeated { seq: Seq(2), at: NOW });
    let taken = (FileState::Attached, Some(Seq(2)));
    assert_eq!(states(&store).await, [taken, taken, free, free]);
    let place = store.file(id(1)).await.unwrap().unwrap().place;
    assert_eq!(place, Some((Topic::group(TEA), Seq(2))));
    // Of two messages in one batch, the first takes it.
    let both = vec![with(said(&ann(), "a"), &[3]), with(said(&ann(), "b"), &[3])];
    assert_eq!(commit(&store, both).await, [posted(3), missing(3)]);
    let outside = commit_one(&store, with(said(&ben(), "who"), &[4])).await;
    assert!(matches!(outside, LogOutcome::Refused(_)), "ben is no member: {outside:?}");
    assert_eq!(states(&store).await[3], free);
    assert_eq!(commit_one(&store, FileWrite::Discard { file: id(1) }).await, FileOutcome::Stale);
}

pub async fn files_go_with_their_message(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let seat = change(TEA, 1, vec![seated(&ben(), Role::Member)]);
    assert_eq!(commit_one(&store, seat).await, Checked::Done);
    added(&store, &[1, 2, 3, 4, 5], &ann()).await;
    for (number, seq) in [(1, 2), (2, 3)] {
        let message = with(said(&ann(), &format!("m{number}")), &[number]);
        assert_eq!(commit_one(&store, message).await, posted(seq));
    }
    let draft = said(&ann(), "secret");
    let recipients = Recipients::Chosen(vec![ben().id]);
    let restricted = LogWrite::PostRestricted(RestrictedDraft { draft, recipients });
    assert_eq!(commit_one(&store, with(restricted, &[3])).await, posted(4));
    assert_eq!(commit_one(&store, with(said(&ann(), "m4"), &[4])).await, posted(5));
    assert_eq!(commit_one(&store, with(said(&ann(), "m5"), &[5])).await, posted(6));
    let attached = |seq| (FileState::Attached, Some(Seq(seq)));
    let detached = |seq| (FileState::Detached, Some(Seq(seq)));
    assert!(matches!(commit_one(&store, deletion(&ann(), Seq(3))).await, AmendOutcome::Posted { .. }));
    assert_eq!(states(&store).await, [attached(2), detached(3), attached(4), attached(5), attached(6)]);
    assert!(matches!(commit_one(&store, deletion(&ann(), Seq(4))).await, AmendOutcome::Posted { .. }));
    assert_eq!(states(&store).await[2], detached(4), "that of a message to some");
    commit_one(&store, Trim { topic: Topic::group(TEA), before: Seq(6) }).await;
    assert_eq!(states(&store).await, [detached(2), detached(3), detached(4), detached(5), attached(6)]);
    let deleted = change(TEA, 2, vec![Fact::Deleted]);
    assert_eq!(commit_one(&store, deleted).await, Checked::Done);
    assert_eq!(states(&store).await[4], detached(6), "that of a deleted group");
}

pub async fn files_that_are_left_over_are_removed_in_time(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    added(&store, &[1, 2, 3], &ann()).await;
    assert_eq!(commit_one(&store, with(said(&ann(), "a"), &[1])).await, posted(2));
    assert_eq!(commit_one(&store, with(said(&ann(), "b"), &[2])).await, posted(3));
    assert!(matches!(commit_one(&store, deletion(&ann(), Seq(2))).await, AmendOutcome::Posted { .. }));
    let expire = |uploaded, detached, now| FileWrite::Expire {
        uploaded_before: Timestamp(NOW.0 + uploaded),
        detached_before: Timestamp(NOW.0 + detached),
        now: Timestamp(NOW.0 + now),
        limit: 10,
    };
    let removing = async || {
        let files = store.files_to_remove(10).await.unwrap();
        files.into_iter().map(|file| file.id).collect::<Vec<_>>()
    };
    assert_eq!(commit_one(&store, expire(0, 1_000, 50)).await, FileOutcome::Done);
    assert_eq!(removing().await, [], "it was not known to be detached, and the other is as old as the bound");
    assert_eq!(commit_one(&store, expire(0, 50, 60)).await, FileOutcome::Done);
    assert_eq!(removing().await, [], "it is known since 50");
    assert_eq!(commit_one(&store, expire(0, 51, 70)).await, FileOutcome::Done);
    assert_eq!(removing().await, [id(1)]);
    assert_eq!(commit_one(&store, expire(1, 51, 80)).await, FileOutcome::Done);
    assert_eq!(removing().await, [id(1), id(3)]);
    assert_eq!(commit_one(&store, with(said(&ann(), "c"), &[3])).await, missing(3));
    let forget = FileWrite::Forget { files: vec![id(1), id(2), id(3)] };
    assert_eq!(commit_one(&store, forget).await, FileOutcome::Done);
    assert_eq!(states(&store).await, [(FileState::Attached, Some(Seq(3)))]);
}

pub async fn a_file_comes_with_the_job_for_its_thumbnail(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let due = || async { store.store().has_due_jobs(JobQueue::Own, Timestamp(NOW.0 + 1)).await.unwrap() };
    let job = NewJob {
        application: wire::ApplicationId::BUILT_IN,
        kind: JobKind::Thumbnail,
        lane: "thumbnail/1".into(),
        key: None,
        arguments: Json::of(&id(1)),
        run_at: NOW,
    };
    let too_large = StoredFile { bytes: 1_000, ..file(1, &ann()) };
    let refused = FileWrite::Add { file: Box::new(too_large), quota: QUOTA, job: Some(job.clone()) };
    assert_eq!(commit_one(&store, refused).await, FileOutcome::UserFull);
    assert!(!due().await);
    let add = FileWrite::Add { file: Box::new(file(1, &ann())), quota: QUOTA, job: Some(job) };
    assert_eq!(commit_one(&store, add).await, FileOutcome::Done);
    assert!(due().await);
}
