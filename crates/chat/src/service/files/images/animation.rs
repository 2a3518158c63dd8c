//! Animations: GIF files, encoded anew frame by frame.

use std::io::Cursor;

use image::codecs::gif::{GifDecoder, GifEncoder, Repeat};
use image::{AnimationDecoder, Frame, ImageDecoder, ImageFormat, Limits};
use wire::limits::IMAGE_PIXELS;

use super::memory::{Bounded, MEMORY};
use super::picture::{Decoded, Picture};

/// The most frames of an animation; one with more shows only its first.
pub(super) const FRAMES: usize = 500;
/// The bytes that decoding and encoding take for each pixel of a frame: the frame before, the frame, the two together, and
/// the colours of the new one.
const PIXEL_BYTES: u64 = 14;

/// Encodes an animation anew; an error if it has one frame, too many, or too many pixels.
pub(super) fn reencode(file: &[u8]) -> Decoded<Picture> {
    let mut decoder = GifDecoder::new(Cursor::new(file))?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    let taken = pixels.saturating_mul(PIXEL_BYTES).saturating_add(file.len() as u64);
    let mut content = Bounded::beside(usize::try_from(taken)?);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY.saturating_sub(file.len() as u64));
    decoder.set_limits(limits)?;
    let mut frames = 0;
    {
        let mut encoder = GifEncoder::new_with_speed(&mut content, 10);
        encoder.set_repeat(Repeat::Infinite)?;
        for frame in decoder.into_frames() {
            let frame: Frame = frame?;
            frames += 1;
            if frames > FRAMES || pixels.saturating_mul(frames as u64) > IMAGE_PIXELS {
                return Err("too many frames".into());
            }
            encoder.encode_frame(frame)?;
        }
    }
    if frames < 2 {
        return Err("it does not move".into());
    }
    Ok(Picture { content: content.into_bytes(), format: ImageFormat::Gif, width, height })
}
