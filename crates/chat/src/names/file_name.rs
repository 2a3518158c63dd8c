//! Names of files: what a browser or a program calls an upload becomes a name that is safe to save under anywhere.

use wire::limits::FILE_NAME_CHARS;

/// The name of a file that has no usable one.
const UNNAMED: &str = "file";
/// The longest extension that is kept when a name is cut, with its dot.
const EXTENSION_CHARS: usize = 16;
/// The names that Windows reserves for devices, with any extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Returns a safe name: the last part of a path, without control and direction characters and those that a file system
/// may reserve, without dots and spaces around it, and at most [`FILE_NAME_CHARS`] long.
#[must_use]
pub fn file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = last.chars().filter(|c| !is_control_or_direction(*c));
    let safe: String = kept.map(|c| if "<>:\"|?*".contains(c) { '_' } else { c }).collect();
    let name = shortened(safe.trim_matches(is_edge));
    if !wire::has_visible_text(&name) {
        return UNNAMED.into();
    }
    if is_device(&name) { format!("_{name}") } else { name }
}

/// Returns a name with another extension.
#[must_use]
pub fn with_extension(name: &str, extension: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    shortened(&format!("{stem}.{extension}"))
}

/// Returns true for characters that no name begins or ends with.
fn is_edge(c: char) -> bool {
    c == '.' || c.is_whitespace()
}

/// Returns true for characters that break lines or change the direction of what follows, so that a name ends otherwise than
/// it looks.
fn is_control_or_direction(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

/// Returns true if Windows would open a device under the name.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let is_port = |kind: &str| {
        stem.strip_prefix(kind).is_some_and(|number| {
            let mut digits = number.chars();
            matches!((digits.next(), digits.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
        })
    };
    DEVICES.contains(&stem.as_str()) || is_port("com") || is_port("lpt")
}

/// Cuts a name to its length, and keeps its extension.
fn shortened(name: &str) -> String {
    let length = name.chars().count();
    if length <= FILE_NAME_CHARS {
        return name.to_owned();
    }
    let extension = name.rfind('.').map_or("", |at| &name[at..]);
    let extension = if extension.chars().count() <= EXTENSION_CHARS { extension } else { "" };
    let room = FILE_NAME_CHARS - extension.chars().count();
    let stem: String = name.chars().take(room).collect();
    format!("{}{extension}", stem.trim_end_matches(is_edge))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_safe_and_stays_as_it_is_if_it_can() {
        let long = format!("{}.jpeg", "茶".repeat(300));
        let cut = format!("{}.jpeg", "茶".repeat(FILE_NAME_CHARS - 5));
        let stem = "a".repeat(FILE_NAME_CHARS - 1);
        let cut_at_space = format!("{stem}\u{a0}and more");
        for (given, safe) in [
            ("tea.png", "tea.png"),
            ("Zoë's 茶 (2).PDF", "Zoë's 茶 (2).PDF"),
            ("../../etc/passwd", "passwd"),
            (r"C:\Users\ann\tea.png", "tea.png"),
            ("/", "file"),
            ("..", "file"),
            ("", "file"),
            (" \u{200b} ", "file"),
            (".htaccess", "htaccess"),
            ("tea\0.png\r\nX: y", "tea.pngX_ y"),
            ("exe.\u{202e}gnp", "exe.gnp"),
            ("CON", "_CON"),
            ("con.txt", "_con.txt"),
            ("LPT1.tar.gz", "_LPT1.tar.gz"),
            ("Com10", "Com10"),
            ("console", "console"),
            ("a<b>:\"|?*.txt", "a_b______.txt"),
            ("trailing. . ", "trailing"),
            (&long, &cut),
            (&cut_at_space, &stem),
        ] {
            assert_eq!(file_name(given), safe, "{given:?}");
        }
        assert_eq!(with_extension("tea.webp", "jpg"), "tea.jpg");
        assert_eq!(with_extension("tea", "jpg"), "tea.jpg");
    }

    proptest! {
        #[test]
        fn every_name_is_safe_and_safe_names_stay(given in "\\PC{0,200}|[a-c./\\\\ \u{202e}\0]{0,40}") {
            let name = file_name(&given);
            prop_assert!(name.chars().count() <= FILE_NAME_CHARS + 1);
            let bad = ['/', '\\', '\0', '\r', '\n', '"', '\u{202e}'];
            prop_assert!(!name.is_empty() && !name.contains(bad));
            prop_assert!(!name.starts_with('.') && !name.ends_with('.'));
            if name.chars().count() <= FILE_NAME_CHARS {
                prop_assert_eq!(file_name(&name), name);
            }
        }
    }
}
