//! The pixels of a picture, eight bits a channel: more are not seen, and not every browser shows them alike. They are
//! changed in their place, as a second buffer would double the memory.

use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageBuffer};

use super::picture::Decoded;

/// Decoded pixels, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pixels {
    pub(super) bytes: Vec<u8>,
    /// [`ColorType::L8`], [`ColorType::La8`], [`ColorType::Rgb8`] or [`ColorType::Rgba8`].
    pub(super) color: ColorType,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Pixels {
    /// Takes pixels as a decoder gives them. If none is transparent, they lose the channel for it.
    pub(super) fn new(mut bytes: Vec<u8>, color: ColorType, width: u32, height: u32) -> Decoded<Self> {
        let color = match color {
            ColorType::L16 => ColorType::L8,
            ColorType::La16 => ColorType::La8,
            ColorType::Rgb16 => ColorType::Rgb8,
            ColorType::Rgba16 => ColorType::Rgba8,
            ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8 => {
                return Ok(Self { bytes, color, width, height }.without_needless_alpha());
            }
            other => return Err(format!("{other:?} is not supported").into()),
        };
        let channels = bytes.len() / 2;
        for at in 0..channels {
            let wide = u32::from(u16::from_ne_bytes([bytes[2 * at], bytes[2 * at + 1]]));
            bytes[at] = u8::try_from((wide + 128) / 257).unwrap_or(u8::MAX);
        }
        bytes.truncate(channels);
        Ok(Self { bytes, color, width, height }.without_needless_alpha())
    }

    /// Takes the pixels of an image.
    pub(super) fn of_image(image: DynamicImage) -> Decoded<Self> {
        let (color, width, height) = (image.color(), image.width(), image.height());
        Self::new(image.into_bytes(), color, width, height)
    }

    /// Returns them as an image; none if some are missing.
    pub(super) fn into_image(self) -> Option<DynamicImage> {
        let Self { bytes, color, width, height } = self;
        match color {
            ColorType::L8 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageLuma8),
            ColorType::La8 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageLumaA8),
            ColorType::Rgb8 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageRgb8),
            _ => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageRgba8),
        }
    }

    /// Turns them upright. A quarter turn takes a second buffer for a while, instead of the decoder's.
    pub(super) fn upright(self, orientation: Orientation) -> Decoded<Self> {
        if orientation == Orientation::NoTransforms {
            return Ok(self);
        }
        let mut image = self.into_image().ok_or("pixels are missing")?;
        image.apply_orientation(orientation);
        Self::of_image(image)
    }

    pub(super) const fn has_alpha(&self) -> bool {
        matches!(self.color, ColorType::La8 | ColorType::Rgba8)
    }

    pub(super) const fn png_color(&self) -> png::ColorType {
        match self.color {
            ColorType::L8 => png::ColorType::Grayscale,
            ColorType::La8 => png::ColorType::GrayscaleAlpha,
            ColorType::Rgb8 => png::ColorType::Rgb,
            _ => png::ColorType::Rgba,
        }
    }

    fn without_needless_alpha(mut self) -> Self {
        let (channels, color) = match self.color {
            ColorType::La8 => (2, ColorType::L8),
            ColorType::Rgba8 => (4, ColorType::Rgb8),
            _ => {
                self.bytes.shrink_to_fit();
                return self;
            }
        };
        if self.bytes.iter().skip(channels - 1).step_by(channels).all(|alpha| *alpha == u8::MAX) {
            let count = self.bytes.len() / channels;
            for at in 0..count {
                self.bytes.copy_within(at * channels..(at + 1) * channels - 1, at * (channels - 1));
            }
            self.bytes.truncate(count * (channels - 1));
            self.color = color;
        }
        self.bytes.shrink_to_fit();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_channels_become_eight_bits_and_needless_transparency_goes() {
        let wide: Vec<u8> = [0, 257, 65_535, 65_535, 129, 128, 300, 65_535u16]
            .into_iter()
            .flat_map(u16::to_ne_bytes)
            .collect();
        let pixels = Pixels::new(wide, ColorType::Rgba16, 2, 1).unwrap();
        assert_eq!((pixels.color, pixels.bytes), (ColorType::Rgb8, vec![0, 1, 255, 1, 0, 1]));
        let clear = Pixels::new(vec![9, 255, 8, 254], ColorType::La8, 2, 1).unwrap();
        assert_eq!((clear.color, clear.has_alpha()), (ColorType::La8, true));
        let grey = Pixels::new(vec![9, 255, 8, 255], ColorType::La8, 2, 1).unwrap();
        assert_eq!((grey.color, grey.bytes), (ColorType::L8, vec![9, 8]));
    }
}
