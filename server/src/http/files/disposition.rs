//! `Content-Disposition`: the name of a file, for every client (RFC 6266) and in Unicode (RFC 8187).

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but `attr-char` of RFC 8187, section 3.2.1.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// Returns the header of a file with a safe name.
pub(super) fn disposition(is_inline: bool, name: &str) -> HeaderValue {
    let kind = if is_inline { "inline" } else { "attachment" };
    // Old clients, and those that read a percent sign, get a name without either.
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() && !"\"\\%;".contains(c) || c == ' ' { c } else { '_' })
        .collect();
    let encoded = utf8_percent_encode(name, ENCODED);
    let text = format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_to_every_client() {
        for (is_inline, name, header) in [
            (true, "tea.png", "inline; filename=\"tea.png\"; filename*=UTF-8''tea.png"),
            (false, "a b.txt", "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt"),
            (false, "茶.pdf", "attachment; filename=\"_.pdf\"; filename*=UTF-8''%E8%8C%B6.pdf"),
            (
                false,
                "a\";x=\"y\\%41.sh",
                "attachment; filename=\"a__x=_y__41.sh\"; filename*=UTF-8''a%22%3Bx%3D%22y%5C%2541.sh",
            ),
            (
                false,
                "it's (1)*.c",
                "attachment; filename=\"it's (1)*.c\"; filename*=UTF-8''it%27s%20%281%29%2A.c",
            ),
        ] {
            assert_eq!(disposition(is_inline, name), header);
        }
    }
}
