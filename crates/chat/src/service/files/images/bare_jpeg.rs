//! The check that a JPEG has nothing in it but a picture, as one has that was encoded here.

/// The markers of the segments that a picture needs: tables, frame headers and the restart interval.
const NEEDED: [u8; 6] = [0xc0, 0xc1, 0xc2, 0xc4, 0xdb, 0xdd];
const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
/// The segment of JFIF, and its length without a thumbnail.
const JFIF: u8 = 0xe0;
const JFIF_BYTES: usize = 16;

/// Returns true if a JPEG has no metadata, no thumbnail and nothing behind its end, so that there is no reason to encode it
/// anew. It need not be a good picture.
pub(crate) fn is_bare_jpeg(file: &[u8]) -> bool {
    let Some(mut rest) = file.strip_prefix(&[0xff, START]) else { return false };
    loop {
        let [0xff, marker, after @ ..] = rest else { return false };
        if *marker == END {
            return after.is_empty();
        }
        let [high, low, ..] = after else { return false };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let is_known = NEEDED.contains(marker)
            || *marker == SCAN
            || *marker == JFIF && length == JFIF_BYTES && after[2..].starts_with(b"JFIF\0");
        let Some(behind) = after.get(length..).filter(|_| is_known && length >= 2) else { return false };
        rest = if *marker == SCAN { behind_scan(behind) } else { behind };
    }
}

/// Returns what follows the data of a scan: the next marker that is neither an escaped byte nor a restart.
fn behind_scan(data: &[u8]) -> &[u8] {
    let is_next = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7);
    let next = data.windows(2).position(is_next).unwrap_or(data.len());
    &data[next..]
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;
    use image::{Rgb, RgbImage};

    use super::*;

    fn jpeg() -> Vec<u8> {
        let picture = RgbImage::from_fn(40, 30, |x, y| {
            Rgb([u8::try_from(x * 6).unwrap(), u8::try_from(y * 8).unwrap(), 90])
        });
        let mut file = Vec::new();
        picture.write_with_encoder(JpegEncoder::new_with_quality(&mut file, 88)).unwrap();
        file
    }

    #[test]
    fn a_jpeg_that_was_encoded_here_is_bare() {
        assert!(is_bare_jpeg(&jpeg()));
    }

    #[test]
    fn a_jpeg_with_metadata_a_comment_or_anything_behind_it_is_not_bare() {
        let jpeg = jpeg();
        let with = |segment: &[u8]| [&jpeg[..2], segment, &jpeg[2..]].concat();
        for other in [
            with(b"\xff\xe1\x00\x08Exif\0\0"),
            with(b"\xff\xfe\x00\x06here"),
            with(b"\xff\xe0\x00\x14JFXX\0aaaaaaaaaaaaa"),
            [&jpeg[..], b"PK\x03\x04"].concat(),
            jpeg[..jpeg.len() - 1].to_vec(),
            jpeg[1..].to_vec(),
            Vec::new(),
        ] {
            assert!(!is_bare_jpeg(&other));
        }
        for end in 0..jpeg.len() {
            assert!(!is_bare_jpeg(&jpeg[..end]), "{end}");
        }
    }
}
