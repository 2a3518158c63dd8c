//! The bundler of the style sheets.

use std::fs;
use std::path::Path;

use lightningcss::rules::CssRule;
use lightningcss::stylesheet::{MinifyOptions, ParserOptions, PrinterOptions, StyleSheet};
use lightningcss::traits::ToCss;

use crate::Done;

/// Bundles a style sheet with the files that it imports, each in its layer, and minifies the result. Imported files
/// import nothing themselves.
///
/// The library has a bundler of its own, which depends on an archive format with known vulnerabilities
/// (RUSTSEC-2026-0235).
pub(crate) fn bundle(main: &Path) -> Done<Vec<u8>> {
    let source = inline(main)?;
    let wrong = |error: String| format!("{} is not valid CSS: {error}", main.display());
    let mut sheet =
        StyleSheet::parse(&source, ParserOptions::default()).map_err(|error| wrong(error.to_string()))?;
    sheet.minify(MinifyOptions::default()).map_err(|error| wrong(error.to_string()))?;
    let printed = sheet
        .to_css(PrinterOptions { minify: true, ..PrinterOptions::default() })
        .map_err(|error| wrong(error.to_string()))?;
    Ok(printed.code.into_bytes())
}

/// Returns the style sheet with each `@import` replaced by the content of its file.
fn inline(main: &Path) -> Done<String> {
    let text = read(main)?;
    let sheet = parse(main, &text)?;
    let mut out = String::new();
    for rule in &sheet.rules.0 {
        let printed = |part: &dyn Fn() -> Result<String, lightningcss::error::PrinterError>| {
            part().map_err(|error| format!("{} cannot be printed: {error}", main.display()))
        };
        if let CssRule::Import(import) = rule {
            let file = main.with_file_name(&*import.url);
            let imported = read(&file)?;
            if parse(&file, &imported)?.rules.0.iter().any(|rule| matches!(rule, CssRule::Import(_))) {
                return Err(format!("{} has an @import; put it into {}", file.display(), main.display()));
            }
            match &import.layer {
                Some(Some(layer)) => {
                    let layer = printed(&|| layer.to_css_string(PrinterOptions::default()))?;
                    out.push_str(&format!("@layer {layer} {{\n{imported}\n}}\n"));
                }
                Some(None) => out.push_str(&format!("@layer {{\n{imported}\n}}\n")),
                None => out.push_str(&imported),
            }
        } else {
            out.push_str(&printed(&|| rule.to_css_string(PrinterOptions::default()))?);
            out.push('\n');
        }
    }
    Ok(out)
}

fn read(file: &Path) -> Done<String> {
    fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))
}

fn parse<'a>(file: &Path, text: &'a str) -> Done<StyleSheet<'a>> {
    StyleSheet::parse(text, ParserOptions::default())
        .map_err(|error| format!("{} is not valid CSS: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_become_layers_in_their_order_and_a_nested_import_is_refused() {
        let folder = std::env::temp_dir().join(format!("hubbub-style-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let main = folder.join("main.css");
        fs::write(&main, "@layer a, b;\n@import \"b.css\" layer(b);\n@import \"a.css\" layer(a);\n").unwrap();
        fs::write(folder.join("a.css"), ".x { color: red; & .y { margin: 0 } }").unwrap();
        fs::write(folder.join("b.css"), ".x { color: blue }").unwrap();
        let bundled = String::from_utf8(bundle(&main).unwrap()).unwrap();
        // The order of the layers is that of the first statement, regardless of the order of the imports.
        assert_eq!(bundled, "@layer a{.x{color:red;& .y{margin:0}}}@layer b{.x{color:#00f}}");
        fs::write(folder.join("a.css"), "@import \"b.css\";").unwrap();
        assert!(bundle(&main).unwrap_err().contains("has an @import"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
