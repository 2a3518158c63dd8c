//! Archives that would do harm.

use std::io::{Cursor, Write};

use archive::{Archive, Format};
use tempfile::NamedTempFile;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{problem, written, zipped};

#[test]
fn paths_that_leave_the_archive_are_refused() {
    for path in [
        "../users.json",
        "tea/../../users.json",
        "tea/./a",
        "/etc/passwd",
        "C:/a",
        "C:a",
        "tea\\..\\a",
        "\\\\host\\a",
        "tea//a",
        "tea\n/a",
        "tea\0a",
    ] {
        // The writer cleans some of these paths, so one of the same length is written and then replaced.
        let stand_in = "x".repeat(path.len());
        let mut bytes = std::fs::read(zipped(&[(stand_in.as_str(), "")]).path()).unwrap();
        while let Some(at) = bytes.windows(path.len()).position(|part| part == stand_in.as_bytes()) {
            bytes[at..at + path.len()].copy_from_slice(path.as_bytes());
        }
        let problem = problem(&written(&bytes), Format::Slack);
        assert!(problem.contains("path"), "{path:?}: {problem}");
    }
}

#[test]
fn a_link_is_refused() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink("users.json", "/etc/passwd", SimpleFileOptions::DEFAULT).unwrap();
    let file = written(&zip.finish().unwrap().into_inner());
    assert_eq!(problem(&file, Format::Slack), "users.json: is a link; an archive has files and folders only");
}

#[test]
fn two_entries_with_one_path_are_refused() {
    let bytes = std::fs::read(zipped(&[("users.json", "[]"), ("users.jso2", "[]")]).path()).unwrap();
    let twice: Vec<u8> = String::from_utf8_lossy(&bytes)
        .contains("users.jso2")
        .then(|| {
            let mut bytes = bytes.clone();
            while let Some(at) = bytes.windows(10).position(|part| part == b"users.jso2") {
                bytes[at..at + 10].copy_from_slice(b"users.json");
            }
            bytes
        })
        .unwrap();
    let problem = problem(&written(&twice), Format::Slack);
    assert!(problem.contains("two entries with the same path"), "{problem}");
}

#[test]
fn a_path_that_is_not_utf8_is_refused() {
    let mut bytes = std::fs::read(zipped(&[("users.json", "[]"), ("xxxx", "")]).path()).unwrap();
    while let Some(at) = bytes.windows(4).position(|part| part == b"xxxx") {
        bytes[at..at + 4].copy_from_slice(b"\xff\xfe\xfd\xfc");
    }
    let problem = problem(&written(&bytes), Format::Slack);
    assert!(problem.contains("not UTF-8"), "{problem}");
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    let packed = zeros("tea/2024-01-01.json", 64 * 1024 * 1024);
    let problem = problem(&packed, Format::Slack);
    assert_eq!(problem, "tea/2024-01-01.json: would be more than 200 times as large as it is packed");
}

#[test]
fn a_bomb_that_declares_a_small_size_gives_no_more_than_it_declares() {
    let packed = std::fs::read(zeros("users.json", 4 * 1024 * 1024).path()).unwrap();
    let size = (4_u32 * 1024 * 1024).to_le_bytes();
    let mut lying = packed.clone();
    while let Some(at) = lying.windows(4).position(|part| part == size) {
        lying[at..at + 4].copy_from_slice(&1_000_u32.to_le_bytes());
    }
    assert_ne!(lying, packed);
    let problem = problem(&written(&lying), Format::Slack);
    assert!(problem.starts_with("users.json: cannot be read"), "{problem}");
}

#[test]
fn a_day_of_200_mb_is_refused() {
    let mut file = NamedTempFile::new().unwrap();
    let mut zip = ZipWriter::new(&mut file);
    let stored = SimpleFileOptions::DEFAULT.compression_method(CompressionMethod::Stored);
    for (path, content) in [("users.json", "[]"), ("channels.json", r#"[{"id":"C1","name":"tea"}]"#)] {
        zip.start_file(path, stored).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.start_file("tea/2024-01-01.json", stored).unwrap();
    let part = vec![b' '; 1024 * 1024];
    (0..200).for_each(|_| zip.write_all(&part).unwrap());
    zip.finish().unwrap();
    assert_eq!(problem(&file, Format::Slack), "tea/2024-01-01.json: has more than 67108864 bytes");
}

#[test]
fn a_line_that_does_not_end_is_refused() {
    let mut content = b"{\"type\":\"version\",\"version\":1}\n{\"type\":\"".to_vec();
    content.resize(content.len() + 17 * 1024 * 1024, b'x');
    assert_eq!(
        problem(&written(&content), Format::Mattermost),
        "the file, line 2: is longer than 16777216 bytes"
    );
}

#[test]
fn text_that_is_not_utf8_is_refused_with_its_file() {
    let file = zipped(&[("users.json", &b"[{\"id\":\"\xff\"}]"[..])]);
    assert_eq!(problem(&file, Format::Slack), "users.json, line 1: invalid unicode code point");
    let lines = written(b"{\"type\":\"version\",\"version\":1}\n{\"type\":\"\xff\"}\n");
    assert_eq!(problem(&lines, Format::Mattermost), "the file, line 2: invalid unicode code point");
}

#[test]
fn a_truncated_archive_is_refused_wherever_it_ends() {
    let whole = std::fs::read(zipped(&[("users.json", "[]"), ("tea/2024-01-01.json", "[]")]).path()).unwrap();
    assert!(Archive::open(written(&whole).path(), Format::Slack).is_ok());
    for length in 0..whole.len() {
        assert!(Archive::open(written(&whole[..length]).path(), Format::Slack).is_err(), "{length} bytes");
    }
}

#[test]
fn a_folder_and_a_file_of_another_kind_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = Archive::open(folder.path(), Format::Slack).map(|_| ()).unwrap_err().to_string();
    assert!(error.starts_with("is no file: give a ZIP file"), "{error}");
    let text = written("茶".as_bytes());
    assert_eq!(problem(&text, Format::Hubbub), "is neither a ZIP file nor a file of JSON Lines");
    let gone = folder.path().join("none.zip");
    let error = Archive::open(&gone, Format::Slack).map(|_| ()).unwrap_err().to_string();
    assert!(error.starts_with("cannot be read"), "{error}");
}

/// A ZIP file with one entry of so many zeros.
fn zeros(path: &str, bytes: usize) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    let mut zip = ZipWriter::new(&mut file);
    zip.start_file(path, SimpleFileOptions::DEFAULT).unwrap();
    let part = vec![0; 1024 * 1024];
    (0..bytes / part.len()).for_each(|_| zip.write_all(&part).unwrap());
    zip.finish().unwrap();
    file
}
