//! Compression of the page's files.

use std::io::Write;

use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::Done;

/// The extensions of compressible files.
const SHRINKS: [&str; 9] = ["js", "wasm", "css", "svg", "html", "json", "webmanifest", "txt", "xml"];

/// Returns true if a file of this name is worth compressing.
pub(crate) fn shrinks(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| SHRINKS.contains(&ending))
}

/// Compresses with brotli as far as it goes: quality 11, window 22, and blocks of 128 KiB, with which the wasm is smallest.
pub(crate) fn brotli(bytes: &[u8]) -> Done<Vec<u8>> {
    let mut out = Vec::new();
    let best = BrotliEncoderParams { quality: 11, lgwin: 22, lgblock: 17, ..BrotliEncoderParams::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut out, &best).map_err(|error| format!("brotli: {error}"))?;
    Ok(out)
}

/// Compresses with gzip as far as it goes.
pub(crate) fn gzip(bytes: &[u8]) -> Done<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(|error| format!("gzip: {error}"))
}
