//! Templates in a part of ICU's MessageFormat: texts with placeholders, plural forms and variants.
//!
//! - `{name}` is the value of a parameter.
//! - `{count, plural, =0 {none} one {# member} other {# members}}` chooses by number: an exact one, or its plural
//!   category. `#` is the number.
//! - `{role, select, admin {admin} other {member}}` chooses by word.
//! - `{max, kib}`, `mib`: bytes in that unit. `{retry_ms, seconds}`: milliseconds in seconds, rounded up.
//!   `{minutes, duration}`: a span of time as people say it. `{wants, expected}`: the expected value of a field.
//!
//! Braces cannot be written as such, and an apostrophe is only that.

use super::sentence::{Sentence, SentencePart};
use super::table::Table;

/// The values of a template's parameters, by name.
pub(super) type Arguments<'a> = [(&'a str, &'a dyn SentencePart)];

/// Fills a template. A placeholder without a value stays empty.
pub(super) fn fill(table: &Table, template: &str, arguments: &Arguments<'_>) -> Sentence {
    let mut out = String::with_capacity(template.len() + 24 * arguments.len());
    put(table, template, arguments, None, &mut out);
    Sentence::of(out)
}

fn put(
    table: &Table,
    template: &str,
    arguments: &Arguments<'_>,
    number: Option<&dyn SentencePart>,
    out: &mut String,
) {
    let mut rest = template;
    while let Some(at) = rest.find(['{', '#']) {
        out.push_str(&rest[..at]);
        if rest[at..].starts_with('#') {
            match number {
                Some(number) => number.put(table, out),
                None => out.push('#'),
            }
            rest = &rest[at + 1..];
        } else {
            let (inside, after) = braced(&rest[at..]);
            put_placeholder(table, inside, arguments, out);
            rest = after;
        }
    }
    out.push_str(rest);
}

/// Splits a text that begins with a brace into the part inside the braces, and what follows them.
pub(super) fn braced(text: &str) -> (&str, &str) {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (&text[1..at], &text[at + 1..]);
        }
    }
    (text.get(1..).unwrap_or_default(), "")
}

/// Returns the name, the kind and the variants of a placeholder.
pub(super) fn placeholder(inside: &str) -> (&str, &str, &str) {
    let mut parts = inside.splitn(3, ',').map(str::trim);
    let mut next = || parts.next().unwrap_or_default();
    (next(), next(), next())
}

/// Returns the next variant of a list, `key {text}`, and the rest of the list.
pub(super) fn variant(list: &str) -> Option<(&str, &str, &str)> {
    let at = list.find('{')?;
    let (text, rest) = braced(&list[at..]);
    Some((list[..at].trim(), text, rest))
}

fn put_placeholder(table: &Table, inside: &str, arguments: &Arguments<'_>, out: &mut String) {
    let (name, kind, variants) = placeholder(inside);
    let Some((_, value)) = arguments.iter().find(|(known, _)| *known == name) else { return };
    let number = value.number();
    let put_unit =
        |unit: u64, out: &mut String| out.push_str(&(number.unwrap_or_default() / unit).to_string());
    match kind {
        "plural" => {
            let number = number.unwrap_or_default();
            let (exact, category) = (format!("={number}"), (table.plural)(number));
            let text = choose(variants, &[&exact, &category, "other"]);
            put(table, text, arguments, Some(*value), out);
        }
        "select" => {
            let text = choose(variants, &[value.word().unwrap_or_default(), "other"]);
            put(table, text, arguments, None, out);
        }
        "kib" => put_unit(1024, out),
        "mib" => put_unit(1024 * 1024, out),
        "seconds" => table.put_number(number.unwrap_or_default().div_ceil(1000).max(1), out),
        "duration" => {
            let minutes = number.unwrap_or_default();
            let (name, count) = match minutes {
                0..120 => ("in_minutes", minutes.max(1)),
                120..2880 => ("in_hours", minutes.div_ceil(60)),
                _ => ("in_days", minutes.div_ceil(24 * 60)),
            };
            put(table, table.named(name).unwrap_or_default(), &[("count", &count)], None, out);
        }
        "expected" => put(table, table.named(kind).unwrap_or_default(), &[(name, *value)], None, out),
        _ => value.put(table, out),
    }
}

/// Returns the variant with the first of these keys that is there.
fn choose<'a>(variants: &'a str, keys: &[&str]) -> &'a str {
    let found = keys.iter().find_map(|key| {
        let mut rest = variants;
        while let Some((known, text, after)) = variant(rest) {
            if known == *key {
                return Some(text);
            }
            rest = after;
        }
        None
    });
    found.unwrap_or_default()
}
