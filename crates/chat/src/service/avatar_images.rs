//! Avatar images: resizes every upload to one small JPEG. It is decoded and encoded anew, so that it carries no metadata,
//! such as a location, and no script.

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, Rgb, RgbImage};
use wire::Refusal;

use super::files::is_bare_jpeg;

/// The side of a picture, in pixels: three times the largest on a page.
const SIDE: u32 = 192;
/// The longest side of a file that is decoded, in pixels, and the most memory that its pixels take.
const LONGEST_SIDE: u32 = wire::limits::PICTURE_PIXELS;
const MEMORY: u64 = 160 * 1_024 * 1_024;
/// JPEG quality, of 100; above this a photograph of this size looks the same.
const QUALITY: u8 = 85;
/// The background of transparent pictures.
const GROUND: Rgb<u8> = Rgb([255, 255, 255]);

/// Returns the middle of a picture as a JPEG, upright and without any data but the pixels.
pub(crate) fn portrait(file: &[u8]) -> Result<Bytes, Refusal> {
    let picture = decode(file).map_err(|_| Refusal::PictureBad)?;
    // Cropped before it is scaled down: a line of pixels would become a huge strip otherwise.
    let side = picture.width().min(picture.height());
    let (left, top) = ((picture.width() - side) / 2, (picture.height() - side) / 2);
    let middle = picture.crop_imm(left, top, side, side);
    let square = middle.resize_exact(SIDE, SIDE, FilterType::CatmullRom).into_rgba8();
    let flat = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let [red, green, blue, alpha] = square.get_pixel(x, y).0;
        let [over, under] = [u16::from(alpha), u16::from(255 - alpha)];
        let mix = |colour: u8, ground: u8| {
            u8::try_from((u16::from(colour) * over + u16::from(ground) * under) / 255).unwrap_or(u8::MAX)
        };
        Rgb([mix(red, GROUND.0[0]), mix(green, GROUND.0[1]), mix(blue, GROUND.0[2])])
    });
    let mut jpeg = Vec::new();
    flat.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY))
        .map_err(|_| Refusal::PictureBad)?;
    Ok(jpeg.into())
}

/// Returns the picture of an archive as [`portrait`] does. One that is such a JPEG already stays as it is: to encode it anew
/// each time would make it worse.
pub(crate) fn imported(file: Vec<u8>) -> Result<Bytes, Refusal> {
    let picture = decode(&file).map_err(|_| Refusal::PictureBad)?;
    let is_portrait = (picture.width(), picture.height()) == (SIDE, SIDE) && is_bare_jpeg(&file);
    if is_portrait { Ok(file.into()) } else { portrait(&file) }
}

fn decode(file: &[u8]) -> image::ImageResult<DynamicImage> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MEMORY);
    let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format()?;
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    // Decoders count the memory they need beside the pixels; the pixels are ours to count.
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, Rgba, RgbaImage};

    use super::*;

    fn file(picture: &RgbaImage, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        match format {
            ImageFormat::Jpeg => {
                DynamicImage::from(picture.clone()).to_rgb8().write_to(&mut file, format).unwrap()
            }
            _ => picture.write_to(&mut file, format).unwrap(),
        }
        file.into_inner()
    }

    #[test]
    fn whatever_comes_becomes_a_small_jpeg_of_its_middle() {
        // Red with a blue middle; wider than high.
        let wide = RgbaImage::from_fn(900, 300, |x, _| {
            if (300..600).contains(&x) { Rgba([0, 0, 255, 255]) } else { Rgba([255, 0, 0, 255]) }
        });
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
            let jpeg = portrait(&file(&wide, format)).unwrap();
            assert!(jpeg.len() < 16 * 1_024, "{format:?}: {}", jpeg.len());
            let picture = image::load_from_memory_with_format(&jpeg, ImageFormat::Jpeg).unwrap().to_rgb8();
            assert_eq!(picture.dimensions(), (SIDE, SIDE));
            let [red, _, blue] = picture.get_pixel(SIDE / 2, SIDE / 2).0;
            assert!(blue > 200 && red < 50, "{format:?}: {red} {blue}");
        }
    }

    #[test]
    fn what_is_transparent_is_white() {
        let clear = RgbaImage::from_pixel(10, 10, Rgba([0, 0, 0, 0]));
        let jpeg = portrait(&file(&clear, ImageFormat::Png)).unwrap();
        let picture = image::load_from_memory(&jpeg).unwrap().to_rgb8();
        assert!(picture.get_pixel(5, 5).0.iter().all(|colour| *colour > 250));
    }

    #[test]
    fn nothing_that_stood_beside_the_pixels_is_kept() {
        let picture = RgbaImage::from_pixel(20, 20, Rgba([9, 9, 9, 255]));
        let mut jpeg = file(&picture, ImageFormat::Jpeg);
        // A comment right after the start of the image.
        let secret = b"the place where it was taken";
        let mut comment = vec![0xff, 0xfe, 0, u8::try_from(secret.len() + 2).unwrap()];
        comment.extend_from_slice(secret);
        jpeg.splice(2..2, comment);
        let kept = portrait(&jpeg).unwrap();
        assert!(!kept.windows(secret.len()).any(|window| window == secret));
    }

    #[test]
    fn a_line_of_pixels_is_no_more_work_than_a_square() {
        for (width, height) in [(LONGEST_SIDE, 1), (1, LONGEST_SIDE)] {
            let line = file(&RgbaImage::from_pixel(width, height, Rgba([1, 2, 3, 255])), ImageFormat::Png);
            let picture = image::load_from_memory(&portrait(&line).unwrap()).unwrap();
            assert_eq!((picture.width(), picture.height()), (SIDE, SIDE));
        }
    }

    #[test]
    fn what_is_no_picture_or_too_large_a_one_is_refused() {
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
        let mut cut = file(&RgbaImage::from_pixel(50, 50, Rgba([1, 2, 3, 255])), ImageFormat::Png);
        cut.truncate(60);
        let long = file(&RgbaImage::from_pixel(LONGEST_SIDE + 1, 1, Rgba([1, 2, 3, 255])), ImageFormat::Png);
        let mut vast = Cursor::new(Vec::new());
        let zeros = image::ImageBuffer::<image::LumaA<u16>, _>::new(LONGEST_SIDE, LONGEST_SIDE);
        zeros.write_to(&mut vast, ImageFormat::Png).unwrap();
        let vast = vast.into_inner();
        for bad in [&b""[..], b"nonsense", svg, &cut, &long, &vast] {
            assert_eq!(portrait(bad), Err(Refusal::PictureBad));
        }
    }
}
