use image::codecs::gif::{GifDecoder, GifEncoder};
use image::{AnimationDecoder, Delay, DynamicImage, Frame, Luma, Rgba, RgbaImage};

use super::animation::FRAMES;
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

fn red(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_pixel(width, height, Rgba([200, 0, 0, 255]))
}

fn gif(frames: usize, side: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = GifEncoder::new(&mut file);
    for number in 0..frames {
        let shade = u8::try_from(number * 40 % 256).unwrap();
        let picture = RgbaImage::from_pixel(side, side, Rgba([shade, 0, 0, 255]));
        encoder.encode_frame(Frame::from_parts(picture, 0, 0, Delay::from_numer_denom_ms(70, 1))).unwrap();
    }
    drop(encoder);
    file
}

#[test]
fn a_picture_keeps_its_size_and_its_colours() {
    for (format, target) in [
        (ImageFormat::Png, ImageFormat::Png),
        (ImageFormat::Jpeg, ImageFormat::Jpeg),
        // Lossless, as the encoder writes it.
        (ImageFormat::WebP, ImageFormat::Png),
        (ImageFormat::Gif, ImageFormat::Png),
    ] {
        let picture = reencode(&file(&red(30, 20), format), format).unwrap();
        assert_eq!((picture.format, picture.width, picture.height), (target, 30, 20));
        let shown = image::load_from_memory_with_format(&picture.content, target).unwrap().to_rgb8();
        let [r, g, b] = shown.get_pixel(15, 10).0;
        assert!(r > 180 && g < 30 && b < 30, "{format:?}: {r} {g} {b}");
    }
}

#[test]
fn what_is_transparent_stays_so() {
    let clear = RgbaImage::from_pixel(600, 10, Rgba([0, 0, 0, 0]));
    let picture = reencode(&file(&clear, ImageFormat::Png), ImageFormat::Png).unwrap();
    let shown = image::load_from_memory(&picture.content).unwrap().to_rgba8();
    assert_eq!(shown.get_pixel(5, 5).0[3], 0);
    let small = thumbnail(&picture.content, ImageFormat::Png).unwrap().unwrap();
    assert_eq!((small.format, small.width, small.height), (ImageFormat::Png, THUMBNAIL_SIDE, 8));
}

#[test]
fn nothing_that_stood_beside_the_pixels_is_kept() {
    let mut jpeg = file(&red(20, 20), ImageFormat::Jpeg);
    let secret = b"the place where it was taken";
    let mut comment = vec![0xff, 0xfe, 0, u8::try_from(secret.len() + 2).unwrap()];
    comment.extend_from_slice(secret);
    jpeg.splice(2..2, comment);
    jpeg.extend_from_slice(b"<script>alert(1)</script>");
    let picture = reencode(&jpeg, ImageFormat::Jpeg).unwrap();
    for hidden in [&secret[..], b"<script>"] {
        assert!(jpeg.windows(hidden.len()).any(|part| part == hidden));
        assert!(!picture.content.windows(hidden.len()).any(|part| part == hidden));
    }
}

#[test]
fn a_picture_is_turned_upright() {
    let mut jpeg = file(&red(40, 20), ImageFormat::Jpeg);
    // An Exif segment with the orientation 6: rotate by 90 degrees.
    let mut exif =
        b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    exif.splice(2..4, u16::try_from(exif.len() - 2).unwrap().to_be_bytes());
    jpeg.splice(2..2, exif);
    let picture = reencode(&jpeg, ImageFormat::Jpeg).unwrap();
    assert_eq!((picture.width, picture.height), (20, 40));
    let shown = image::load_from_memory(&picture.content).unwrap();
    assert_eq!((shown.width(), shown.height()), (20, 40));
}

#[test]
fn an_animation_keeps_its_frames_within_its_budget() {
    let picture = reencode(&gif(5, 16), ImageFormat::Gif).unwrap();
    assert_eq!((picture.format, picture.width, picture.height), (ImageFormat::Gif, 16, 16));
    let frames = GifDecoder::new(Cursor::new(&picture.content)).unwrap().into_frames();
    let frames = frames.collect_frames().unwrap();
    assert_eq!(frames.len(), 5);
    assert!(frames.iter().all(|frame| frame.delay().numer_denom_ms() == (70, 1)));
    let long = reencode(&gif(FRAMES + 1, 2), ImageFormat::Gif).unwrap();
    assert_eq!((long.format, long.width), (ImageFormat::Png, 2), "its first frame");
}

#[test]
fn what_is_no_picture_or_has_too_many_pixels_is_refused() {
    let mut cut = file(&red(50, 50), ImageFormat::Png);
    cut.truncate(60);
    assert_eq!(reencode(&cut, ImageFormat::Png), Err(Refusal::ImageBad));
    assert_eq!(reencode(b"GIF89a<script>", ImageFormat::Gif), Err(Refusal::ImageBad));
    // The header of a picture of 60,000 by 60,000 pixels.
    let mut vast = file(&red(1, 1), ImageFormat::Png);
    vast[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    assert_eq!(reencode(&vast, ImageFormat::Png), Err(Refusal::ImageBad));
    let mut gif = gif(1, 1);
    gif[6..10].copy_from_slice(&[0x60, 0xea, 0x60, 0xea]);
    assert_eq!(reencode(&gif, ImageFormat::Gif), Err(Refusal::ImageBad));
}

#[test]
fn a_thumbnail_is_small_and_of_the_same_shape() {
    let large = file(&red(1_000, 400), ImageFormat::Jpeg);
    let small = thumbnail(&large, ImageFormat::Jpeg).unwrap().unwrap();
    assert_eq!((small.format, small.width, small.height), (ImageFormat::Jpeg, THUMBNAIL_SIDE, 192));
    assert!(small.content.len() < 16 * 1_024);
    let tiny = file(&red(480, 480), ImageFormat::Jpeg);
    assert_eq!(thumbnail(&tiny, ImageFormat::Jpeg), Ok(None));
}

#[test]
fn a_picture_whose_shape_is_odd_gets_a_thumbnail_too() {
    let line = image::GrayImage::from_pixel(300_000, 1, Luma([9]));
    let mut file = Cursor::new(Vec::new());
    line.write_to(&mut file, ImageFormat::Png).unwrap();
    let picture = reencode(&file.into_inner(), ImageFormat::Png).unwrap();
    let small = thumbnail(&picture.content, ImageFormat::Png).unwrap().unwrap();
    assert_eq!((small.width, small.height), (THUMBNAIL_SIDE, 1));
}

/// The head of a JPEG file of 8,000 by 5,000 pixels, whose colours have half the width and the height.
fn jpeg_head(marker: u8, in_first_scan: u8) -> Vec<u8> {
    let mut head = vec![0xff, 0xd8, 0xff, 0xe0, 0, 4, 0xff, 0xc2];
    head.extend([0xff, marker, 0, 17, 8, 0x13, 0x88, 0x1f, 0x40, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
    head.extend([0xff, 0xda, 0, 8, in_first_scan, 1, 0, 0, 63, 0]);
    head
}

#[test]
fn the_memory_of_a_picture_is_known_from_its_head() {
    let memory = |file: &[u8], format| {
        let tables = decoder_bytes(b"", ImageFormat::Png, (0, 0));
        decoder_bytes(file, format, (8_000, 5_000)) - tables
    };
    let jpeg = |marker, in_first_scan| {
        let head = jpeg_head(marker, in_first_scan);
        memory(&head, ImageFormat::Jpeg) - 2 * head.len() as u64
    };
    assert_eq!(jpeg(0xc0, 3), 0, "all components come row by row");
    // Three bytes for two coefficients, in units of 16 by 16 pixels.
    assert_eq!(jpeg(0xc0, 1), 500 * 313 * 6 * 128);
    assert_eq!(jpeg(0xc2, 3), 500 * 313 * 6 * 128);
    for (head, pixel_bytes) in [
        (&b"RIFF....WEBPVP8 ....\0"[..], 2),
        (b"RIFF....WEBPVP8L....\0", 4),
        (b"RIFF....WEBPVP8X....\x10", 8),
        (b"RIFF....WEBPVP8X....\x12", 16),
    ] {
        let bytes = memory(head, ImageFormat::WebP) - 3 * head.len() as u64;
        assert_eq!(bytes, pixel_bytes * 40_000_000);
    }
}

#[test]
fn a_picture_that_takes_too_much_memory_is_refused_before_it_is_decoded() {
    // Eight bytes a pixel, and as many for the coefficients of all four components.
    let mut head = vec![0xff, 0xd8];
    head.extend([0xff, 0xc2, 0, 20, 8, 0x13, 0x88, 0x1f, 0x40, 4]);
    head.extend([1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0]);
    head.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0]);
    let Err(error) = decode(&head, ImageFormat::Jpeg) else { panic!("it has no pixels") };
    let error = error.downcast::<image::ImageError>().unwrap();
    assert!(matches!(*error, image::ImageError::Limits(_)), "{error}");
}
