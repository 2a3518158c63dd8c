//! Pictures of messages: each is decoded and encoded anew, upright, so that it carries no metadata, such as a location,
//! and nothing but pixels.

mod animation;
mod bare_jpeg;
mod memory;
mod picture;
mod pixels;

use std::io::{Cursor, Write};

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{ImageDecoder, ImageFormat, ImageReader, Limits};
use wire::Refusal;
use wire::limits::IMAGE_PIXELS;

pub(crate) use bare_jpeg::is_bare_jpeg;
use memory::{Bounded, MEMORY, decoder_bytes};
use picture::Decoded;
pub(super) use picture::Picture;
use pixels::Pixels;

/// JPEG quality, of 100.
const QUALITY: u8 = 88;
/// The longest side of a thumbnail, in pixels.
pub(super) const THUMBNAIL_SIDE: u32 = 480;

/// Encodes a picture anew: a JPEG stays one, a GIF keeps its frames, and anything else becomes a JPEG if it is a lossy
/// WebP without transparency, and a PNG otherwise. Together with the file it takes at most [`MEMORY`].
pub(super) fn reencode(file: &[u8], format: ImageFormat) -> Result<Picture, Refusal> {
    let encoded = match format {
        ImageFormat::Gif => animation::reencode(file).or_else(|_| still(file, format)),
        _ => still(file, format),
    };
    encoded.map_err(|_| Refusal::ImageBad)
}

/// Encodes a picture of an archive anew. A JPEG that has nothing in it but pixels stays as it is: to encode it anew each
/// time would make it worse.
pub(super) fn imported(file: &[u8], format: ImageFormat) -> Result<Picture, Refusal> {
    if format != ImageFormat::Jpeg || !is_bare_jpeg(file) {
        return reencode(file, format);
    }
    let Pixels { width, height, .. } = decode(file, format).map_err(|_| Refusal::ImageBad)?;
    Ok(Picture { content: file.to_vec().into(), format, width, height })
}

/// Returns a small picture of one that was encoded by [`reencode`]; none if that is small itself.
pub(super) fn thumbnail(file: &[u8], format: ImageFormat) -> Result<Option<Picture>, Refusal> {
    small(file, format).map_err(|_| Refusal::ImageBad)
}

fn still(file: &[u8], format: ImageFormat) -> Decoded<Picture> {
    let pixels = decode(file, format)?;
    let target = match format {
        ImageFormat::Jpeg => ImageFormat::Jpeg,
        ImageFormat::WebP if memory::is_lossy_webp(file) && !pixels.has_alpha() => ImageFormat::Jpeg,
        _ => ImageFormat::Png,
    };
    encode(&pixels, target, file.len())
}

fn small(file: &[u8], format: ImageFormat) -> Decoded<Option<Picture>> {
    let pixels = decode(file, format)?;
    if pixels.width <= THUMBNAIL_SIDE && pixels.height <= THUMBNAIL_SIDE {
        return Ok(None);
    }
    let mut picture = pixels.into_image().ok_or("pixels are missing")?;
    // The filter takes sixteen bytes for each pixel of a strip, which may be as long as the picture: averages are taken
    // first.
    let side = 2 * THUMBNAIL_SIDE;
    if picture.width() > side || picture.height() > side {
        picture = picture.thumbnail(side, side);
    }
    let small = Pixels::of_image(picture.resize(THUMBNAIL_SIDE, THUMBNAIL_SIDE, FilterType::Triangle))?;
    let format = if small.has_alpha() { ImageFormat::Png } else { ImageFormat::Jpeg };
    encode(&small, format, file.len()).map(Some)
}

/// Decodes a picture that is small enough in pixels and in memory, which its header tells.
fn decode(file: &[u8], format: ImageFormat) -> Decoded<Pixels> {
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > IMAGE_PIXELS {
        return Err("too many pixels".into());
    }
    let taken = decoder_bytes(file, format, (width, height)).saturating_add(file.len() as u64);
    limits.max_alloc = Some(MEMORY.saturating_sub(taken));
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    let (orientation, color) = (decoder.orientation()?, decoder.color_type());
    let mut bytes = vec![0; usize::try_from(decoder.total_bytes())?];
    decoder.read_image(&mut bytes)?;
    Pixels::new(bytes, color, width, height)?.upright(orientation)
}

/// Encodes pixels, beside a file of so many bytes.
fn encode(pixels: &Pixels, format: ImageFormat, beside: usize) -> Decoded<Picture> {
    let mut content = Bounded::beside(pixels.bytes.len().saturating_add(beside));
    let Pixels { width, height, .. } = *pixels;
    if format == ImageFormat::Jpeg {
        let mut encoder = JpegEncoder::new_with_quality(&mut content, QUALITY);
        encoder.encode(&pixels.bytes, width, height, pixels.color.into())?;
    } else {
        let mut encoder = png::Encoder::new(&mut content, width, height);
        encoder.set_color(pixels.png_color());
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        encoder.set_filter(png::Filter::Adaptive);
        // Row by row: written at once, the whole is compressed into a buffer first.
        let mut writer = encoder.write_header()?;
        let mut rows = writer.stream_writer()?;
        rows.write_all(&pixels.bytes)?;
        rows.finish()?;
        writer.finish()?;
    }
    Ok(Picture { content: content.into_bytes(), format, width, height })
}

#[cfg(test)]
mod tests;
