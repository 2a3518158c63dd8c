//! Uploads large pictures to a node in memory, and prints the memory that each takes: `picture_memory MEGAPIXELS`.
//!
//! On Linux the system counts the peak of the process. It fails if a picture takes more than docs/files.md states.

use std::fs;
use std::io::Cursor;

use bytes::Bytes;
use chat::testing::Node;
use chat::{BytesSource, DeclaredBytes, NewUpload};
use image::{DynamicImage, ImageBuffer, ImageFormat, Rgb, Rgba};

const MIB: u64 = 1_024 * 1_024;
/// The most memory of a picture, in bytes, as docs/files.md states it.
const MEMORY: u64 = 384 * MIB;

/// Returns the peak of the process's memory since the last [`reset`], in bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
}

/// Lets the peak begin anew at the present memory (proc_pid_clear_refs(5)), and returns that.
fn reset() -> u64 {
    fs::write("/proc/self/clear_refs", "5").unwrap();
    peak()
}

/// Returns a value without a pattern that a format would shorten.
fn noise(x: u32, y: u32) -> u32 {
    let mixed = (x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b)).wrapping_mul(0xc2b2_ae35);
    (x / 7 + y / 5) % 200 + (mixed >> 30)
}

fn byte(value: u32) -> u8 {
    u8::try_from(value & 0xff).unwrap()
}

fn word(value: u32) -> u16 {
    u16::try_from(value & 0xffff).unwrap()
}

/// Makes a picture as a file.
type MakeFile = Box<dyn Fn() -> Vec<u8>>;

/// Returns a picture of each kind as a file, made one at a time.
fn pictures(width: u32, height: u32) -> [(&'static str, MakeFile); 4] {
    let written = |image: DynamicImage, format| {
        let mut file = Cursor::new(Vec::new());
        image.write_to(&mut file, format).unwrap();
        file.into_inner()
    };
    let rgb = move || {
        DynamicImage::ImageRgb8(ImageBuffer::from_fn(width, height, |x, y| {
            Rgb([byte(noise(x, y)), byte(x / 9), byte(y / 9)])
        }))
    };
    let rgba = move || {
        DynamicImage::ImageRgba8(ImageBuffer::from_fn(width, height, |x, y| {
            Rgba([byte(noise(x, y)), byte(x / 9), byte(y / 9), byte(x % 256)])
        }))
    };
    let wide = move || {
        DynamicImage::ImageRgba16(ImageBuffer::from_fn(width, height, |x, y| {
            Rgba([word(256 * noise(x, y)), word(x), word(y), word(x + y)])
        }))
    };
    [
        ("JPEG", Box::new(move || written(rgb(), ImageFormat::Jpeg))),
        ("PNG", Box::new(move || written(rgba(), ImageFormat::Png))),
        ("PNG of 16 bits", Box::new(move || written(wide(), ImageFormat::Png))),
        ("WebP", Box::new(move || written(rgb(), ImageFormat::WebP))),
    ]
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let megapixels = std::env::args().nth(1).and_then(|argument| argument.parse().ok()).unwrap_or(40);
    let (width, height) = (5_000, 200 * megapixels);
    let node = Node::volatile();
    let ann = node.introduce("ann").await;
    for (kind, make) in pictures(width, height) {
        let file = Bytes::from(make());
        let new = NewUpload { name: "a".into(), bytes: DeclaredBytes::AtMost(u64::MAX), key: None };
        let before = reset();
        let uploaded = node.chat.upload(&ann, new, &mut BytesSource::new(file.clone())).await;
        let taken = peak() - before;
        let uploaded = uploaded.unwrap_or_else(|error| panic!("{kind}: {error:?}")).file;
        assert_eq!(uploaded.size, Some((width, height)));
        // The blobs are in memory too: the file, and the one that was encoded anew.
        let blobs = file.len() as u64 + uploaded.bytes;
        println!(
            "{kind}: {} MiB as a file, at most {} MiB besides blobs",
            file.len() as u64 / MIB,
            taken.saturating_sub(blobs) / MIB
        );
        assert!(taken <= MEMORY + blobs, "{kind}: {} MiB", taken / MIB);
    }
}
