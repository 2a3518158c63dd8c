//! JSON whose strings have halves of surrogate pairs, as programs send it that cut texts by UTF-16 units.

use serde_json::Value;

/// Stands for half a pair, which is no character: U+FFFD as it is escaped.
const REPLACEMENT: &[u8] = b"\\ufffd";

/// Decodes JSON; half a surrogate pair becomes U+FFFD, as with Slack. None if it is no JSON.
pub(crate) fn decode(json: &[u8]) -> Option<Value> {
    serde_json::from_slice(json).ok().or_else(|| serde_json::from_slice(&whole(json)).ok())
}

/// Returns the JSON with each escape of half a pair replaced.
fn whole(json: &[u8]) -> Vec<u8> {
    let (mut whole, mut rest) = (Vec::with_capacity(json.len()), json);
    while let Some(&byte) = rest.first() {
        let (taken, replaced) = match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (12, false),
            (Some(0xd800..=0xdfff), _) => (6, true),
            (Some(_), _) => (6, false),
            // The backslash of another escape does not begin one of its own.
            (None, _) => (if byte == b'\\' { 2 } else { 1 }, false),
        };
        let (escape, after) = rest.split_at(taken.min(rest.len()));
        whole.extend_from_slice(if replaced { REPLACEMENT } else { escape });
        rest = after;
    }
    whole
}

/// Returns the UTF-16 unit that an escape at the beginning stands for, such as `\\ud83d`.
fn unit(json: &[u8]) -> Option<u16> {
    let digits = json.strip_prefix(b"\\u")?.get(..4)?;
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn half_a_surrogate_pair_is_a_replacement_character_and_everything_else_stays() {
        for (sent, expected) in [
            (r#""\ud83e\uded6""#, "🫖"),
            (r#""cut \ud83e""#, "cut \u{fffd}"),
            (r#""\uded6 cut""#, "\u{fffd} cut"),
            (r#""\ud83e\ud83e\uded6""#, "\u{fffd}🫖"),
            (r#""\uD83E\n\uDED6""#, "\u{fffd}\n\u{fffd}"),
            (r#""\\ud83e \u00e9\ud83e""#, "\\ud83e é\u{fffd}"),
            (r#""\\\ud83e""#, "\\\u{fffd}"),
        ] {
            assert_eq!(decode(sent.as_bytes()), Some(json!(expected)), "{sent}");
        }
        assert_eq!(decode(br#"{"a\ud800":["\udfff"]}"#), Some(json!({ "a\u{fffd}": ["\u{fffd}"] })));
        for bad in ["", "{", r#""\ud83"#, r#""\u""#, r#""\ud8zz""#, r#""\"#, "\"\\u12é\""] {
            assert_eq!(decode(bad.as_bytes()), None, "{bad}");
        }
    }

    proptest! {
        /// A text that is JSON already stays as it is.
        #[test]
        fn any_text_reads_as_it_was_written(text in any::<String>()) {
            let written = serde_json::to_vec(&text).unwrap();
            prop_assert_eq!(whole(&written), written.as_slice());
            let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            prop_assert_eq!(decode(format!("\"{units}\"").as_bytes()), Some(json!(text)));
        }
    }
}
