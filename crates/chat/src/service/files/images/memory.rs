//! The memory of a picture: what it will take is known from the header of its file, before any pixel is decoded.

use std::io::{self, Write};

use bytes::Bytes;
use image::ImageFormat;

/// The most memory that a picture takes: its file, the decoder, the pixels and the new file, in bytes.
pub(super) const MEMORY: u64 = 384 * 1_024 * 1_024;
/// The memory of tables and rows of any decoder and encoder.
const TABLES: u64 = 8 * 1_024 * 1_024;

/// Returns the bytes that decoding a file takes, beside the file and the pixels that come of it. The decoders are those of
/// `image` 0.25.
pub(super) fn decoder_bytes(file: &[u8], format: ImageFormat, (width, height): (u32, u32)) -> u64 {
    let (length, pixels) = (file.len() as u64, u64::from(width) * u64::from(height));
    TABLES.saturating_add(match format {
        // The file is read into a buffer that doubles as it grows.
        ImageFormat::Jpeg => 2 * length + jpeg_coefficients(file),
        ImageFormat::WebP => 3 * length + webp_pixel_bytes(file) * pixels,
        // A frame that is not as large as the picture is decoded apart, within the decoder's own limit.
        _ => 0,
    })
}

/// Returns the bytes of coefficients that a JPEG decoder keeps until the last scan: those of the whole picture if it is
/// progressive, or if its first scan lacks a component (ITU-T T.81, B.2.2 and B.2.3).
fn jpeg_coefficients(file: &[u8]) -> u64 {
    let (mut at, mut kept, mut components, mut is_progressive) = (2, 0, 0, false);
    while let Some([prefix, marker]) = file.get(at..at + 2) {
        match (prefix, marker) {
            (0xff, 0x01 | 0xd0..=0xd8) => at += 2,
            (0xff, 0xff) => at += 1,
            (0xff, 0x02..) => {
                let segment = segment(file, at);
                match marker {
                    0xda => {
                        let in_scan = segment.first().copied().unwrap_or_default();
                        return if is_progressive || in_scan < components { kept } else { 0 };
                    }
                    0xc4 | 0xc8 | 0xcc => {}
                    0xc0..=0xcf => {
                        is_progressive |= marker & 3 == 2;
                        components = components.max(segment.get(5).copied().unwrap_or_default());
                        kept = kept.max(frame_coefficients(segment));
                    }
                    _ => {}
                }
                at = at.saturating_add(2).saturating_add(segment.len() + 2);
            }
            _ => at += 1,
        }
    }
    kept
}

/// Returns the content of the segment with the marker at a place, as far as the file has it.
fn segment(file: &[u8], at: usize) -> &[u8] {
    let Some([high, low]) = file.get(at + 2..at + 4) else { return &[] };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let (start, end) = (at + 4, (at + 2).saturating_add(length).min(file.len()));
    file.get(start..end).unwrap_or_default()
}

/// Returns the bytes of all coefficients of a frame, two each, from its header.
fn frame_coefficients(header: &[u8]) -> u64 {
    let [_, h1, h0, w1, w0, _, components @ ..] = header else { return 0 };
    let (height, width) =
        (u64::from(u16::from_be_bytes([*h1, *h0])), u64::from(u16::from_be_bytes([*w1, *w0])));
    let samples: Vec<(u64, u64)> = components
        .chunks_exact(3)
        .map(|component| (u64::from(component[1] >> 4).max(1), u64::from(component[1] & 15).max(1)))
        .collect();
    let widest = samples.iter().map(|(across, _)| *across).max().unwrap_or(1);
    let highest = samples.iter().map(|(_, down)| *down).max().unwrap_or(1);
    let units = width.div_ceil(8 * widest) * height.div_ceil(8 * highest);
    samples.iter().map(|(across, down)| units * across * down * 64 * 2).sum()
}

/// Returns the bytes for each pixel that a WebP decoder takes beside the pixels (RFC 9649).
fn webp_pixel_bytes(file: &[u8]) -> u64 {
    match (file.get(12..16), file.get(20)) {
        // Brightness and colours apart.
        (Some(b"VP8 "), _) => 2,
        // All four channels, of which three may be wanted.
        (Some(b"VP8L"), _) => 4,
        // The canvas, a frame, and what the frame takes.
        (Some(b"VP8X"), Some(flags)) if flags & 0x02 != 0 => 16,
        // Transparency is a picture of its own.
        (Some(b"VP8X"), Some(flags)) if flags & 0x10 != 0 => 8,
        _ => 4,
    }
}

/// Returns true if the first chunk of pixels of a WebP file is lossy (RFC 9649).
pub(super) fn is_lossy_webp(file: &[u8]) -> bool {
    let mut at = 12;
    while let Some(chunk) = file.get(at..at + 8) {
        match &chunk[..4] {
            b"VP8 " => return true,
            b"VP8L" => return false,
            _ => {}
        }
        let length = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
        let padded = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(1) & !1;
        at = at.saturating_add(8).saturating_add(padded);
        if at > file.len() {
            return false;
        }
    }
    false
}

/// A new file in memory, with as much room as there is left.
#[derive(Debug)]
pub(super) struct Bounded {
    content: Vec<u8>,
    room: usize,
}

impl Bounded {
    /// Creates an empty file beside so many bytes.
    pub(super) fn beside(bytes: usize) -> Self {
        let left = MEMORY.saturating_sub(TABLES).saturating_sub(bytes as u64);
        // While it grows, there may be two of it.
        let room = usize::try_from(left / 2).unwrap_or(usize::MAX);
        Self { content: Vec::new(), room }
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.content.into()
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.content.len().saturating_add(bytes.len()) > self.room {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.content.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
