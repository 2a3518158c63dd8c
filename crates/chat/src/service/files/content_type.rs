//! Content types: the type of a file as its first bytes show it. The type that the sender declares says nothing.

use image::ImageFormat;

/// The bytes from the beginning of a file that show its type.
pub(super) const HEAD_BYTES: usize = 4_096;

/// The type of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContentType {
    /// A picture of a format that is decoded and encoded anew.
    Image(ImageFormat),
    /// Sound or video that a browser plays.
    Media(&'static str),
    /// Anything else, which is only saved.
    Other(&'static str),
}

/// Files that begin with these bytes.
const BEGINNINGS: [(&[u8], ContentType); 14] = [
    (b"\x89PNG\r\n\x1a\n", ContentType::Image(ImageFormat::Png)),
    (b"\xff\xd8\xff", ContentType::Image(ImageFormat::Jpeg)),
    (b"GIF87a", ContentType::Image(ImageFormat::Gif)),
    (b"GIF89a", ContentType::Image(ImageFormat::Gif)),
    (b"ID3", ContentType::Media("audio/mpeg")),
    (b"\xff\xfb", ContentType::Media("audio/mpeg")),
    (b"\xff\xf3", ContentType::Media("audio/mpeg")),
    (b"\xff\xf2", ContentType::Media("audio/mpeg")),
    (b"\xff\xf1", ContentType::Media("audio/aac")),
    (b"\xff\xf9", ContentType::Media("audio/aac")),
    (b"fLaC", ContentType::Media("audio/flac")),
    (b"%PDF-", ContentType::Other("application/pdf")),
    (b"PK\x03\x04", ContentType::Other("application/zip")),
    (b"\x1f\x8b", ContentType::Other("application/gzip")),
];

/// Brands of the ISO base media file format (ISO/IEC 14496-12) that browsers play.
const BRANDS: [(&[u8; 4], &str); 12] = [
    (b"M4A ", "audio/mp4"),
    (b"M4B ", "audio/mp4"),
    (b"M4V ", "video/mp4"),
    (b"isom", "video/mp4"),
    (b"iso2", "video/mp4"),
    (b"iso4", "video/mp4"),
    (b"iso5", "video/mp4"),
    (b"iso6", "video/mp4"),
    (b"mp41", "video/mp4"),
    (b"mp42", "video/mp4"),
    (b"avc1", "video/mp4"),
    (b"qt  ", "video/quicktime"),
];

impl ContentType {
    /// Recognises a file by its first [`HEAD_BYTES`], or all of a shorter one.
    pub(super) fn of(head: &[u8]) -> Self {
        let known = BEGINNINGS.iter().find(|(beginning, _)| head.starts_with(beginning));
        known
            .map(|(_, kind)| *kind)
            .or_else(|| riff(head))
            .or_else(|| ogg(head))
            .or_else(|| base_media(head))
            .or_else(|| matroska(head))
            .unwrap_or_else(|| text(head))
    }

    /// Returns the media type.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Image(format) => format.to_mime_type(),
            Self::Media(media_type) | Self::Other(media_type) => media_type,
        }
    }
}

/// Returns true if a browser may show or play a file of this type in a page. The types are those of files that were
/// recognised.
#[must_use]
pub(crate) fn is_inline(media_type: &str) -> bool {
    ["image/", "audio/", "video/"].iter().any(|kind| media_type.starts_with(kind))
}

fn riff(head: &[u8]) -> Option<ContentType> {
    match (head.get(..4)?, head.get(8..12)?) {
        (b"RIFF", b"WEBP") => Some(ContentType::Image(ImageFormat::WebP)),
        (b"RIFF", b"WAVE") => Some(ContentType::Media("audio/wav")),
        _ => None,
    }
}

fn ogg(head: &[u8]) -> Option<ContentType> {
    head.starts_with(b"OggS").then(|| {
        let is_video = has(head, b"\x80theora");
        ContentType::Media(if is_video { "video/ogg" } else { "audio/ogg" })
    })
}

fn base_media(head: &[u8]) -> Option<ContentType> {
    if head.get(4..8)? != b"ftyp" {
        return None;
    }
    let brand = head.get(8..12)?;
    let known = BRANDS.iter().find(|(known, _)| known.as_slice() == brand);
    Some(known.map_or(ContentType::Other("application/octet-stream"), |(_, kind)| ContentType::Media(kind)))
}

fn matroska(head: &[u8]) -> Option<ContentType> {
    (head.starts_with(b"\x1a\x45\xdf\xa3") && has(head, b"webm")).then_some(ContentType::Media("video/webm"))
}

/// Text, if it may be UTF-8 without control characters.
fn text(head: &[u8]) -> ContentType {
    let valid = match str::from_utf8(head) {
        Ok(text) => text,
        // The head may end within a character.
        Err(error) if error.error_len().is_none() && head.len() >= HEAD_BYTES => {
            str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return ContentType::Other("application/octet-stream"),
    };
    let is_text = !valid.is_empty() && !valid.chars().any(|c| c.is_control() && !"\n\r\t\u{c}".contains(c));
    ContentType::Other(if is_text { "text/plain; charset=utf-8" } else { "application/octet-stream" })
}

fn has(head: &[u8], part: &[u8]) -> bool {
    head.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_first_bytes_show() {
        for (head, media_type) in [
            (&b"\x89PNG\r\n\x1a\n\0\0"[..], "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"GIF89a<script>", "image/gif"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
            (b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav"),
            (b"ID3\x04", "audio/mpeg"),
            (b"OggS\0\x02\x01vorbis", "audio/ogg"),
            (b"OggS\0\x02\x80theora", "video/ogg"),
            (b"\0\0\0\x20ftypisom", "video/mp4"),
            (b"\0\0\0\x20ftypM4A ", "audio/mp4"),
            (b"\0\0\0\x20ftypheic", "application/octet-stream"),
            (b"\x1a\x45\xdf\xa3\x42\x82\x84webm", "video/webm"),
            (b"\x1a\x45\xdf\xa3\x42\x82\x88matroska", "application/octet-stream"),
            (b"%PDF-1.7", "application/pdf"),
            (b"PK\x03\x04", "application/zip"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text/plain; charset=utf-8"),
            (b"<!doctype html><script>", "text/plain; charset=utf-8"),
            ("茶\r\n".as_bytes(), "text/plain; charset=utf-8"),
            (b"a\0b", "application/octet-stream"),
            (b"\xff\xfe\0\0", "application/octet-stream"),
            (b"", "application/octet-stream"),
        ] {
            assert_eq!(ContentType::of(head).media_type(), media_type, "{head:?}");
        }
        let mut long = "茶".repeat(2_000).into_bytes();
        long.truncate(HEAD_BYTES);
        assert_eq!(ContentType::of(&long).media_type(), "text/plain; charset=utf-8");
        assert_eq!(
            ContentType::of(&long[..100]).media_type(),
            "application/octet-stream",
            "it ends within a letter"
        );
    }

    #[test]
    fn only_pictures_and_media_are_shown_in_pages() {
        assert!(["image/png", "audio/mpeg", "video/webm"].iter().all(|kind| is_inline(kind)));
        assert!(!["application/pdf", "text/plain; charset=utf-8"].iter().any(|kind| is_inline(kind)));
    }
}
