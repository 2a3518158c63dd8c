//! The site: the page's files with hashed names and compressed copies.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::dist::Build;
use crate::process::root;
use crate::wasm::Page;
use crate::{Done, compress, style};

/// The files of the page under their final names, as the binary contains them.
pub(crate) struct BuiltSite {
    folder: PathBuf,
}

/// The weight of one kind of file.
pub(crate) struct Weight {
    /// `wasm`, `js` or `css`.
    pub(crate) kind: &'static str,
    /// The size in bytes, uncompressed.
    pub(crate) plain: usize,
    /// The size in bytes, with brotli.
    pub(crate) brotli: usize,
}

impl BuiltSite {
    /// Names and compresses everything. An unchanged file is not written, so that the binary is not rebuilt needlessly.
    pub(crate) fn lay_out(page: &Page, build: Build) -> Done<Self> {
        let css = style::bundle(&root().join("style/main.css"))?;
        let mut files = BTreeMap::new();
        let mut name = |ending: &str, bytes: &[u8]| {
            let name = hashed("pkg/hubbub", ending, bytes);
            files.insert(name.clone(), bytes.to_vec());
            format!("/{name}")
        };
        let index = json!({
            "js": name("js", &page.js), "wasm": name("wasm", &page.wasm), "css": name("css", &css)
        });
        for (name, bytes) in files_of(&root().join("public"))? {
            files.insert(name, bytes);
        }
        for (name, bytes) in files.clone() {
            if build == Build::Release && compress::shrinks(&name) {
                let smaller = [("br", compress::brotli(&bytes)?), ("gz", compress::gzip(&bytes)?)];
                for (ending, small) in smaller.into_iter().filter(|(_, small)| small.len() < bytes.len()) {
                    files.insert(format!("{name}.{ending}"), small);
                }
            }
        }
        files.insert("site.json".into(), index.to_string().into_bytes());
        let site = Self::built();
        site.write(&files)?;
        Ok(site)
    }

    /// Returns the site of the last build.
    pub(crate) fn built() -> Self {
        // Not under CARGO_TARGET_DIR: the server's source contains this path.
        Self { folder: root().join("target/site-dist") }
    }

    /// Returns the weight of the files that the browser loads first.
    pub(crate) fn weights(&self) -> Done<Vec<Weight>> {
        let files = files_of(&self.folder)?;
        let weigh = |kind: &'static str| {
            let plain = files.iter().find(|(name, _)| name.ends_with(&format!(".{kind}")))?;
            let brotli = files.get(&format!("{}.br", plain.0)).unwrap_or(plain.1);
            Some(Weight { kind, plain: plain.1.len(), brotli: brotli.len() })
        };
        ["wasm", "js", "css"]
            .into_iter()
            .map(|kind| {
                weigh(kind).ok_or_else(|| format!("the page has no {kind} file; run cargo xtask dist"))
            })
            .collect()
    }

    fn write(&self, files: &BTreeMap<String, Vec<u8>>) -> Done {
        let wrong = |error: std::io::Error| format!("{} cannot be written: {error}", self.folder.display());
        fs::create_dir_all(self.folder.join("pkg")).map_err(wrong)?;
        for old in files_of(&self.folder)?.keys().filter(|old| !files.contains_key(*old)) {
            fs::remove_file(self.folder.join(old)).map_err(wrong)?;
        }
        for (name, bytes) in files {
            let file = self.folder.join(name);
            if fs::read(&file).ok().as_ref() != Some(bytes) {
                if let Some(folder) = file.parent() {
                    fs::create_dir_all(folder).map_err(wrong)?;
                }
                fs::write(file, bytes).map_err(wrong)?;
            }
        }
        Ok(())
    }
}

impl std::fmt::Display for Weight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [plain, brotli] = [self.plain, self.brotli].map(|bytes| bytes.div_ceil(1_024));
        write!(f, "{:<5} {plain:>5} KB, {brotli:>4} KB as sent", self.kind)
    }
}

/// Returns a name that changes with the content: the first 16 hexadecimal digits of its SHA-256.
fn hashed(stem: &str, ending: &str, bytes: &[u8]) -> String {
    let hash =
        Sha256::digest(bytes).iter().take(8).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    format!("{stem}.{hash}.{ending}")
}

/// Returns every file below a folder, by its relative path with `/` between the parts.
fn files_of(folder: &Path) -> Done<BTreeMap<String, Vec<u8>>> {
    let wrong = |error: std::io::Error| format!("{} cannot be read: {error}", folder.display());
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().map_err(wrong)?.is_dir() {
            for (below, bytes) in files_of(&entry.path())? {
                files.insert(format!("{name}/{below}"), bytes);
            }
        } else {
            files.insert(name, fs::read(entry.path()).map_err(wrong)?);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_changes_with_the_content_and_only_with_it() {
        assert_eq!(hashed("pkg/a", "js", b"x"), hashed("pkg/a", "js", b"x"));
        assert_ne!(hashed("pkg/a", "js", b"x"), hashed("pkg/a", "js", b"y"));
        assert_eq!(hashed("pkg/a", "js", b"x"), "pkg/a.2d711642b726b044.js");
    }
}
