//! Files: uploads, messages that take them, who may read them, and their end.

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chat::store::{FileState, Range, Store as _};
use chat::testing::{Node, SeededChance, User};
use chat::{
    Ack, Blobs, ByteSource, BytesSource, Caller, DeclaredBytes, Error, FileLimits, Limits, MemoryStore,
    NewUpload, OutgoingMessage, Uploaded, Window,
};
use image::{ImageFormat, Rgb, RgbImage};
use tokio::sync::Notify;
use wire::{
    Amendment, ApplicationId, Attachment, Event, FileId, FileSummary, GroupId, NewAttachment, Refusal, Seq,
    Topic, UserId,
};

const HOUR: i64 = 3_600_000;

/// A group of ann and ben; cal is outside.
struct Tea {
    node: Node,
    store: Arc<MemoryStore>,
    ann: User,
    ben: User,
    cal: User,
    group: GroupId,
    topic: Topic,
}

impl Tea {
    async fn with(files: FileLimits) -> Self {
        let store = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
        let node = Node::limited(store.clone(), Limits { files, ..Node::patient() });
        let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
        let cal = node.introduce("cal").await;
        let group = node.group(&ann, "tea").await;
        node.chat.join(&ben, group, None).await.unwrap();
        Self { node, store, ann, ben, cal, group, topic: Topic::group(group) }
    }

    async fn begun() -> Self {
        Self::with(FileLimits::default()).await
    }

    async fn upload(&self, by: &Caller, name: &str, content: &[u8]) -> Result<Uploaded, Error> {
        let new =
            NewUpload { name: name.into(), bytes: DeclaredBytes::Exactly(content.len() as u64), key: None };
        self.node.chat.upload(by, new, &mut BytesSource::new(Bytes::copy_from_slice(content))).await
    }

    /// Uploads a text file; returns its id.
    async fn text(&self, by: &Caller) -> FileId {
        self.upload(by, "notes.txt", b"tea at four").await.unwrap().file.id
    }

    async fn say(
        &self,
        by: &User,
        text: &str,
        files: &[FileId],
        to: Option<&[UserId]>,
    ) -> Result<Ack, Error> {
        let attachments: Vec<_> =
            files.iter().map(|id| NewAttachment { id: *id, alt: "notes".into() }).collect();
        let id = self.node.chat.new_send_id();
        let message =
            OutgoingMessage { id: &id, text, reply_to: None, recipients: to, attachments: &attachments };
        let sending = self.node.chat.begin_message(by, self.topic.clone(), message).await?;
        self.node.chat.finish(sending).await
    }

    async fn delete(&self, by: &User, target: Seq) {
        let id = self.node.chat.new_send_id();
        self.node.chat.amend(by, &self.topic, id, target, Amendment::Delete).await.unwrap();
    }

    /// Returns what a caller reads of a file.
    async fn read(&self, by: &Caller, file: FileId) -> Result<Bytes, Error> {
        let file = self.node.chat.file_content(by, file).await?;
        let mut opened = self.node.chat.open_content(&file, None).await?;
        let mut all = Vec::new();
        while let Some(chunk) = opened.content.next().await? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.into())
    }

    async fn may_read(&self, by: &Caller, file: FileId) -> bool {
        match self.read(by, file).await {
            Ok(_) => true,
            Err(Error::Refusal(Refusal::NotFound)) => false,
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn blobs(&self) -> usize {
        self.node.blobs.list(None, 1_000).await.unwrap().len()
    }

    /// Waits until something holds.
    async fn until(&self, holds: impl AsyncFn() -> bool) {
        let holding = async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), holding).await.expect("it comes to that");
    }
}

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    RgbImage::from_pixel(width, height, Rgb([200, 10, 10])).write_to(&mut file, format).unwrap();
    file.into_inner()
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refusal(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_message_carries_its_files_and_its_readers_read_them() {
    let tea = Tea::begun().await;
    let Uploaded { file, duplicate } = tea.upload(&tea.ann, "../a/notes.txt", b"tea at four").await.unwrap();
    assert_eq!((file.name.as_str(), file.media_type.as_str()), ("notes.txt", "text/plain; charset=utf-8"));
    assert!(!duplicate && file.state == FileState::Uploaded);
    assert!(tea.may_read(&tea.ann, file.id).await, "it is ann's own");
    assert!(!tea.may_read(&tea.ben, file.id).await, "no message has it");
    let ack = tea.say(&tea.ann, "", &[file.id], None).await.unwrap();
    let range = Range { after: Some(Seq(ack.seq.0 - 1)), limit: 1, ..Range::default() };
    let page = tea.node.chat.events(&tea.ben, &tea.topic, range).await.unwrap();
    let Event::Message { text, attachments, .. } = &page.entries[0].data else { panic!("no message") };
    let attachment = Attachment {
        id: file.id,
        name: "notes.txt".into(),
        media_type: "text/plain; charset=utf-8".into(),
        bytes: 11,
        width: None,
        height: None,
        alt: "notes".into(),
    };
    assert_eq!((text.as_str(), attachments.as_slice()), ("", &[attachment][..]));
    assert_eq!(tea.read(&tea.ben, file.id).await.unwrap(), "tea at four");
    assert!(!tea.may_read(&tea.cal, file.id).await);
    let anonymous = tea.read(&Caller::default(), file.id).await;
    assert_eq!(refused(anonymous), Refusal::SignInNeeded);
    let shown = tea.node.chat.file_content(&tea.ben, file.id).await.unwrap();
    assert!(!shown.is_inline, "a text is only saved");
    let readable = tea.node.chat.history(&tea.ben, &tea.topic, range).await.unwrap();
    assert_eq!(readable.entries.len(), 1);
}

#[tokio::test]
async fn a_message_takes_only_files_of_its_sender_that_are_free() {
    let tea = Tea::begun().await;
    let (anns, bens) = (tea.text(&tea.ann).await, tea.text(&tea.ben).await);
    let missing = |file: FileId| Refusal::AttachmentMissing { file: file.to_string() };
    assert_eq!(refused(tea.say(&tea.ann, "a", &[anns, bens], None).await), missing(bens));
    assert_eq!(refused(tea.say(&tea.ann, "a", &[anns, anns], None).await), Refusal::AttachmentsBad);
    let many = vec![anns; 11];
    assert_eq!(refused(tea.say(&tea.ann, "a", &many, None).await), Refusal::AttachmentsBad);
    assert_eq!(refused(tea.say(&tea.ann, "", &[], None).await), Refusal::TextEmpty);
    tea.say(&tea.ann, "a", &[anns], None).await.unwrap();
    assert_eq!(refused(tea.say(&tea.ann, "b", &[anns], None).await), missing(anns));
    assert_eq!(refused(tea.node.chat.discard_file(&tea.ann, anns).await), Refusal::FileAttached);
    assert_eq!(refused(tea.node.chat.discard_file(&tea.cal, anns).await), Refusal::NotFound);
    tea.node.chat.discard_file(&tea.ben, bens).await.unwrap();
    assert_eq!(refused(tea.say(&tea.ben, "c", &[bens], None).await), missing(bens));
    assert_eq!(tea.blobs().await, 1, "its blob is gone at once");
}

#[tokio::test]
async fn a_retry_of_a_message_with_files_is_the_same_message() {
    let tea = Tea::begun().await;
    let (one, other) = (tea.text(&tea.ann).await, tea.text(&tea.ann).await);
    let id = tea.node.chat.new_send_id();
    let send = async |file: FileId, alt: &str| {
        let attachments = [NewAttachment { id: file, alt: alt.into() }];
        let message = OutgoingMessage {
            id: &id,
            text: "a",
            reply_to: None,
            recipients: None,
            attachments: &attachments,
        };
        let sending = tea.node.chat.begin_message(&tea.ann, tea.topic.clone(), message).await?;
        tea.node.chat.finish(sending).await
    };
    let first = send(one, "x").await.unwrap();
    let again = send(one, "x").await.unwrap();
    assert_eq!((again.seq, again.duplicate, first.duplicate), (first.seq, true, false));
    assert_eq!(refused(send(other, "x").await), Refusal::SendIdTaken);
    assert_eq!(refused(send(one, "y").await), Refusal::SendIdTaken);
}

#[tokio::test]
async fn a_file_of_a_message_to_some_is_read_by_them_alone() {
    let tea = Tea::begun().await;
    let zoe = tea.node.introduce("Zoë").await;
    tea.node.chat.join(&zoe, tea.group, None).await.unwrap();
    let file = tea.text(&tea.ann).await;
    tea.say(&tea.ann, "psst", &[file], Some(&[tea.ben.id])).await.unwrap();
    for (user, may) in [(&tea.ann, true), (&tea.ben, true), (&zoe, false), (&tea.cal, false)] {
        assert_eq!(tea.may_read(user, file).await, may, "{}", user.person().name);
    }
}

#[tokio::test]
async fn a_user_who_leaves_reads_no_file_any_more_and_one_who_joins_reads_them() {
    let tea = Tea::begun().await;
    let file = tea.text(&tea.ann).await;
    tea.say(&tea.ann, "a", &[file], None).await.unwrap();
    tea.node.chat.join(&tea.cal, tea.group, None).await.unwrap();
    assert!(tea.may_read(&tea.cal, file).await);
    tea.node.chat.remove_member(&tea.ann, tea.group, tea.ben.id, false).await.unwrap();
    assert!(!tea.may_read(&tea.ben, file).await);
    tea.node.chat.delete_group(&tea.ann, tea.group, "tea").await.unwrap();
    assert!(!tea.may_read(&tea.ann, file).await && !tea.may_read(&tea.cal, file).await);
}

#[tokio::test]
async fn a_deleted_message_takes_its_files_away_at_once_and_for_good_a_week_later() {
    let tea = Tea::begun().await;
    let file = tea.text(&tea.ann).await;
    let ack = tea.say(&tea.ann, "a", &[file], None).await.unwrap();
    tea.delete(&tea.ann, ack.seq).await;
    assert!(!tea.may_read(&tea.ben, file).await && !tea.may_read(&tea.ann, file).await);
    assert_eq!(refused(tea.node.chat.link_file(&tea.ann, file).await), Refusal::NotFound);
    // The sweep finds it within the next hours, and removes it a week after that.
    for _ in 0..24 * 7 {
        tea.node.clock.advance(HOUR);
        tokio::task::yield_now().await;
    }
    assert_eq!(tea.blobs().await, 1, "it is kept for a week");
    tea.until(async || {
        tea.node.clock.advance(HOUR);
        tea.blobs().await == 0
    })
    .await;
}

#[tokio::test]
async fn a_file_that_no_message_takes_is_removed_after_a_day() {
    let tea = Tea::begun().await;
    let (orphan, kept) = (tea.text(&tea.ann).await, tea.text(&tea.ann).await);
    tea.say(&tea.ann, "a", &[kept], None).await.unwrap();
    tea.until(async || {
        tea.node.clock.advance(HOUR);
        tea.blobs().await == 1
    })
    .await;
    assert!(!tea.may_read(&tea.ann, orphan).await);
    assert_eq!(tea.read(&tea.ann, kept).await.unwrap(), "tea at four");
    let missing = Refusal::AttachmentMissing { file: orphan.to_string() };
    assert_eq!(refused(tea.say(&tea.ann, "b", &[orphan], None).await), missing);
}

#[tokio::test]
async fn a_blob_that_no_file_names_is_removed_and_others_stay() {
    let tea = Tea::begun().await;
    let kept = tea.text(&tea.ann).await;
    tea.say(&tea.ann, "a", &[kept], None).await.unwrap();
    let key = chat::BlobKey { application: wire::ApplicationId::BUILT_IN, id: chat::BlobId([7; 16]) };
    tea.node.blobs.put(key, &mut BytesSource::new("left over".into()), 100).await.unwrap();
    tea.until(async || {
        tea.node.clock.advance(HOUR);
        tea.blobs().await == 1
    })
    .await;
    assert!(tea.may_read(&tea.ben, kept).await);
}

#[tokio::test]
async fn files_stop_at_their_limits_before_anything_is_read() {
    /// Fails the test if it is read.
    struct Unread;

    #[async_trait]
    impl ByteSource for Unread {
        async fn next(&mut self) -> Result<Option<Bytes>, Error> {
            panic!("nothing may be read")
        }
    }

    let limits =
        FileLimits { file_bytes: 20, user_bytes: 30, application_bytes: 50, ..FileLimits::default() };
    let tea = Tea::with(limits).await;
    let declared = async |by: &User, bytes: u64| {
        let new = NewUpload { name: "a".into(), bytes: DeclaredBytes::Exactly(bytes), key: None };
        refused(tea.node.chat.upload(by, new, &mut Unread).await)
    };
    assert_eq!(declared(&tea.ann, 0).await, Refusal::FileEmpty);
    assert_eq!(declared(&tea.ann, 21).await, Refusal::BodyTooLarge { max: 20 });
    tea.upload(&tea.ann, "a", &[1; 20]).await.unwrap();
    assert_eq!(declared(&tea.ann, 11).await, Refusal::UserFilesFull { max: 30 });
    tea.upload(&tea.ben, "a", &[1; 20]).await.unwrap();
    assert_eq!(declared(&tea.cal, 11).await, Refusal::ApplicationFilesFull { max: 50 });
    let anonymous = NewUpload { name: "a".into(), bytes: DeclaredBytes::Exactly(1), key: None };
    let anonymous = tea.node.chat.upload(&Caller::default(), anonymous, &mut Unread).await;
    assert_eq!(refused(anonymous), Refusal::SignInNeeded);
    // A sender who says less than they send is cut off.
    let new = NewUpload { name: "a".into(), bytes: DeclaredBytes::Exactly(1), key: None };
    let content = &mut BytesSource::new(vec![1; 40].into());
    assert_eq!(
        refused(tea.node.chat.upload(&tea.cal, new, content).await),
        Refusal::BodyTooLarge { max: 20 }
    );
    assert_eq!(tea.blobs().await, 2);
}

#[tokio::test]
async fn the_quota_is_kept_when_uploads_are_made_at_once() {
    let tea = Arc::new(Tea::with(FileLimits { user_bytes: 40, ..FileLimits::default() }).await);
    let uploads: Vec<_> = (0..4)
        .map(|_| {
            let tea = Arc::clone(&tea);
            tokio::spawn(async move { tea.upload(&tea.ann, "a", &[1; 20]).await.is_ok() })
        })
        .collect();
    let mut stored = 0;
    for upload in uploads {
        stored += usize::from(upload.await.unwrap());
    }
    assert_eq!((stored, tea.blobs().await), (2, 2));
}

#[tokio::test]
async fn an_upload_under_the_same_key_is_the_same_file() {
    let tea = Tea::begun().await;
    let upload = async |by: &User, key: &str| {
        let new = NewUpload { name: "a.txt".into(), bytes: DeclaredBytes::Exactly(3), key: Some(key.into()) };
        tea.node.chat.upload(by, new, &mut BytesSource::new("tea".into())).await.unwrap()
    };
    let first = upload(&tea.ann, "k").await;
    let again = upload(&tea.ann, "k").await;
    assert_eq!((again.file.id, again.duplicate, first.duplicate), (first.file.id, true, false));
    assert_ne!(upload(&tea.ann, "l").await.file.id, first.file.id);
    assert_ne!(upload(&tea.ben, "k").await.file.id, first.file.id);
}

#[tokio::test]
async fn another_file_under_the_same_key_is_refused_and_leaves_nothing() {
    let tea = Tea::begun().await;
    let upload = async |name: &str, content: Vec<u8>| {
        let bytes = DeclaredBytes::Exactly(content.len() as u64);
        let new = NewUpload { name: name.into(), bytes, key: Some(name[..1].into()) };
        tea.node.chat.upload(&tea.ann, new, &mut BytesSource::new(content.into())).await
    };
    upload("a.txt", b"tea".to_vec()).await.unwrap();
    upload("b.png", picture(9, 3, ImageFormat::Png)).await.unwrap();
    assert_eq!(refused(upload("a.txt", b"cake".to_vec()).await), Refusal::SendIdTaken);
    assert_eq!(refused(upload("a.pdf", b"tea".to_vec()).await), Refusal::SendIdTaken);
    assert_eq!(refused(upload("b.png", picture(9, 4, ImageFormat::Png)).await), Refusal::SendIdTaken);
    assert!(upload("b.png", picture(9, 3, ImageFormat::Png)).await.unwrap().duplicate, "it is encoded alike");
    assert_eq!(tea.blobs().await, 2);
}

/// A source that notes when it was read to its end.
struct Noted {
    content: BytesSource,
    is_read: Arc<Notify>,
}

#[async_trait]
impl ByteSource for Noted {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let next = self.content.next().await?;
        if next.is_none() {
            self.is_read.notify_one();
        }
        Ok(next)
    }
}

#[tokio::test]
async fn an_upload_whose_sender_goes_away_after_the_last_byte_is_a_file_of_theirs() {
    let tea = Tea::begun().await;
    for (number, content) in [picture(600, 400, ImageFormat::Png), b"tea at four".to_vec()].iter().enumerate()
    {
        let is_read = Arc::new(Notify::new());
        let content = Bytes::copy_from_slice(content);
        let new = NewUpload {
            name: "a".into(),
            bytes: DeclaredBytes::Exactly(content.len() as u64),
            key: Some(number.to_string()),
        };
        let mut source = Noted { content: BytesSource::new(content.clone()), is_read: Arc::clone(&is_read) };
        {
            let mut upload = Box::pin(tea.node.chat.upload(&tea.ann, new.clone(), &mut source));
            tokio::select! {
                biased;
                done = &mut upload => panic!("it is not committed yet: {done:?}"),
                () = is_read.notified() => {}
            }
        }
        let reader = tea.store.reader(ApplicationId::BUILT_IN);
        let files = u64::try_from(number).unwrap() + 1;
        tea.until(async || reader.file_usage(Some(tea.ann.id)).await.unwrap().files == files).await;
        let again = tea.node.chat.upload(&tea.ann, new, &mut BytesSource::new(content)).await.unwrap();
        assert!(again.duplicate, "the sender tries again, and has it");
        assert!(tea.may_read(&tea.ann, again.file.id).await);
    }
    // The thumbnail may come later.
    tea.until(async || tea.blobs().await == 3).await;
}

#[tokio::test]
async fn a_picture_is_encoded_anew_and_gets_a_thumbnail() {
    let tea = Tea::begun().await;
    let original = picture(900, 300, ImageFormat::Png);
    let file = tea.upload(&tea.ann, "cup.jpeg", &original).await.unwrap().file;
    assert_eq!(
        (file.media_type.as_str(), file.size, file.name.as_str()),
        ("image/png", Some((900, 300)), "cup.png")
    );
    let shown = tea.node.chat.file_thumbnail(&tea.ann, file.id).await.unwrap();
    assert!(shown.is_inline);
    tea.until(async || tea.node.chat.file(&tea.ann, file.id).await.unwrap().thumbnail.is_some()).await;
    let small = tea.node.chat.file_thumbnail(&tea.ann, file.id).await.unwrap();
    assert!(small.kept_s > 0 && small.media_type == "image/jpeg");
    let mut opened = tea.node.chat.open_content(&small, None).await.unwrap();
    let content = opened.content.next().await.unwrap().unwrap();
    let decoded = image::load_from_memory(&content).unwrap();
    assert_eq!((decoded.width(), decoded.height()), (480, 160));
    assert_eq!(tea.blobs().await, 2, "the picture and its thumbnail; the original is gone");
    let text = tea.text(&tea.ann).await;
    assert_eq!(refused(tea.node.chat.file_thumbnail(&tea.ann, text).await), Refusal::NotFound);
    tea.node.chat.discard_file(&tea.ann, file.id).await.unwrap();
    assert_eq!(tea.blobs().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pictures_uploaded_at_once_wait_for_each_other_and_none_is_refused() {
    let tea = Arc::new(Tea::begun().await);
    let limits = FileLimits::default();
    let large = picture(600, 300, ImageFormat::Png);
    for _ in 0..2 {
        let uploads: Vec<_> = [&tea.ann, &tea.ben, &tea.cal]
            .into_iter()
            .flat_map(|by| vec![by.clone(); limits.user_uploads])
            .map(|by| {
                let (tea, large) = (Arc::clone(&tea), large.clone());
                tokio::spawn(async move { tea.upload(&by, "cup.png", &large).await.map(|_| ()) })
            })
            .collect();
        for upload in uploads {
            upload.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn what_begins_as_a_picture_and_is_none_is_refused_and_leaves_nothing() {
    let tea = Tea::begun().await;
    let mut cut = picture(50, 50, ImageFormat::Png);
    cut.truncate(70);
    for bad in
        [cut.as_slice(), b"GIF89a<script>alert(1)</script>", b"\xff\xd8\xff<html>", b"\x89PNG\r\n\x1a\n"]
    {
        assert_eq!(refused(tea.upload(&tea.ann, "a.png", bad).await), Refusal::ImageBad);
    }
    assert_eq!(tea.blobs().await, 0);
    let page = tea.upload(&tea.ann, "a.png", b"<html><script>alert(1)</script>").await.unwrap().file;
    assert_eq!(page.media_type, "text/plain; charset=utf-8");
}

#[tokio::test]
async fn a_link_shows_a_file_for_five_minutes_as_its_viewer_may_read_it_then() {
    let tea = Tea::begun().await;
    let file = tea.text(&tea.ann).await;
    let ack = tea.say(&tea.ann, "a", &[file], None).await.unwrap();
    let chat = &tea.node.chat;
    assert_eq!(refused(chat.link_file(&tea.cal, file).await), Refusal::NotFound);
    let link = chat.link_file(&tea.ben, file).await.unwrap();
    let (viewer, linked) = chat.open_file_link(&link.token).await.unwrap();
    assert_eq!((linked, viewer.signed_in().map(|user| user.id)), (file, Some(tea.ben.id)));
    assert!(tea.may_read(&viewer, linked).await);
    tea.node.chat.remove_member(&tea.ann, tea.group, tea.ben.id, false).await.unwrap();
    assert!(!tea.may_read(&viewer, linked).await, "the right is checked when the link is used");
    assert_eq!(refused(chat.open_file_link("nonsense").await), Refusal::NotFound);
    let soon = wire::Timestamp(chat::Clock::now(&*tea.node.clock).0 + 60_000);
    let brief = chat::Caller { expires: Some(soon), ..tea.ann.caller() };
    assert_eq!(chat.link_file(&brief, file).await.unwrap().until, soon, "no longer than the token");
    let anns = chat.link_file(&tea.ann, file).await.unwrap();
    tea.node.clock.advance(5 * 60_000);
    assert_eq!(refused(chat.open_file_link(&anns.token).await), Refusal::FileLinkOver);
    tea.delete(&tea.ann, ack.seq).await;
}

#[tokio::test]
async fn a_reply_to_a_message_of_files_alone_quotes_the_name() {
    let tea = Tea::begun().await;
    let file = tea.text(&tea.ann).await;
    let ack = tea.say(&tea.ann, "", &[file], None).await.unwrap();
    let id = tea.node.chat.new_send_id();
    let reply = tea.node.chat.post(&tea.ben, tea.topic.clone(), id, "thanks", Some(ack.seq)).await.unwrap();
    let range = Range { after: Some(Seq(reply.seq.0 - 1)), limit: 1, ..Range::default() };
    let page = tea.node.chat.events(&tea.ann, &tea.topic, range).await.unwrap();
    let Event::Message { reply_to: Some(quote), .. } = &page.entries[0].data else { panic!("no reply") };
    assert_eq!(quote.excerpt, "notes.txt");
    assert_eq!(quote.files, Some(FileSummary { count: 1, pictures: 0 }));
}
