use std::path::Path;

use lightningcss::bundler::{Bundler, FileProvider};
use lightningcss::stylesheet::{MinifyOptions, ParserOptions, PrinterOptions};

use crate::Done;

/// Bundles a style sheet with everything it imports, and takes out what browsers do not need.
pub(crate) fn bundle(main: &Path) -> Done<Vec<u8>> {
    let wrong = |what: String| format!("{} is not right: {what}", main.display());
    let files = FileProvider::new();
    let mut bundler = Bundler::new(&files, None, ParserOptions::default());
    let mut sheet = bundler.bundle(main).map_err(|error| wrong(error.to_string()))?;
    sheet.minify(MinifyOptions::default()).map_err(|error| wrong(error.to_string()))?;
    let printed = sheet
        .to_css(PrinterOptions { minify: true, ..PrinterOptions::default() })
        .map_err(|error| wrong(error.to_string()))?;
    Ok(printed.code.into_bytes())
}
