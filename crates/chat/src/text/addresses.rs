//! Addresses: web and e-mail links in typed text.

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup, Script};
use wire::is_ignorable;

use super::words::is_mark;

/// An address in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// The length in the text, in bytes.
    pub(super) len: usize,
    /// The visible part: without the brackets of `<…>`.
    pub(super) shown: String,
    /// The link target.
    pub(super) to: String,
}

/// Schemes that a bare address may begin with.
const SCHEMES: [&str; 4] = ["https://", "http://", "ftp://", "mailto:"];
/// The longest part of an e-mail address before its `@` (RFC 5321, 4.5.3.1), and the longest name of a host.
const LONGEST_LOCAL: usize = 64;
const LONGEST_HOST: usize = 255;

/// Finds an address that begins at a position of a text, as GFM 6.9 defines them: a web address with a scheme, one
/// that begins with `www.`, an e-mail address, or any of these in `<…>`. Schemes are matched in any case. An address
/// in brackets as the target of a link ends with the bracket.
///
/// It begins after anything but an ASCII letter or digit, so also after letters of scripts without spaces, and ends
/// before punctuation that no address has.
pub(super) fn at(text: &str, place: usize) -> Option<Address> {
    let (before, rest) = text.split_at(place);
    if rest.starts_with('<') {
        return in_angle_brackets(rest);
    }
    let above = before.chars().next_back();
    if above.is_some_and(|above| above.is_ascii_alphanumeric()) {
        return None;
    }
    let is_target = before.strip_suffix("](").is_some_and(|before| before.contains('['));
    let len = with_scheme(rest, is_target).or_else(|| mail_with_scheme(rest));
    if let Some(len) = len {
        let shown = rest[..len].to_owned();
        return Some(Address { len, to: shown.clone(), shown });
    }
    if above.is_some_and(|above| "./\\@-+:=&?%".contains(above)) {
        return None;
    }
    // An underscore may be emphasis around it, or a part of what is before it.
    let beside = before.bytes().rev().take(LONGEST_LOCAL).find(|b| *b != b'_');
    if above == Some('_') && beside.is_some_and(|b| b.is_ascii_alphanumeric() || b".-+".contains(&b)) {
        return None;
    }
    let (len, scheme) = match www(rest) {
        Some(len) => (len, "http://"),
        None => (mail(rest, before)?, "mailto:"),
    };
    let shown = rest[..len].to_owned();
    Some(Address { len, to: format!("{scheme}{shown}"), shown })
}

/// Returns true if a link may lead to a URL. Everything else, above all `javascript:`, is no link.
pub(super) fn is_safe(url: &str) -> bool {
    SCHEMES.iter().any(|scheme| begins_with(url, scheme)) && !url.chars().any(char::is_control)
}

fn begins_with(text: &str, scheme: &str) -> bool {
    text.as_bytes().get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme.as_bytes()))
}

/// Parses `<https://example.org>` and `<ann@example.org>`, CommonMark 6.5.
fn in_angle_brackets(text: &str) -> Option<Address> {
    let inner = &text[1..];
    let end = inner.find(|letter: char| {
        letter == '>' || letter == '<' || letter.is_whitespace() || letter.is_control()
    })?;
    let shown = inner[..end].to_owned();
    if !inner[end..].starts_with('>') {
        return None;
    }
    let len = end + 2;
    if let Some(scheme) = SCHEMES.iter().find(|scheme| begins_with(&shown, scheme)) {
        return (shown.len() > scheme.len()).then(|| Address { len, to: shown.clone(), shown });
    }
    let (local, domain) = shown.split_once('@')?;
    let is_local = |b: u8| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b);
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let is_mail = !local.is_empty() && local.bytes().all(is_local) && domain.split('.').all(is_label);
    is_mail.then(|| Address { len, to: format!("mailto:{shown}"), shown })
}

fn with_scheme(text: &str, is_target: bool) -> Option<usize> {
    let scheme = SCHEMES[..3].iter().find(|scheme| begins_with(text, scheme))?.len();
    let rest = &text[scheme..];
    if !rest.starts_with(|first: char| first.is_alphanumeric() || matches!(first, '[' | '_' | '%')) {
        return None;
    }
    let len = end_of(rest, is_target);
    let len = if is_target { len } else { trim(&rest[..len]) };
    (len > 0).then_some(scheme + len)
}

fn mail_with_scheme(text: &str) -> Option<usize> {
    let scheme = SCHEMES[3];
    begins_with(text, scheme).then(|| mail(&text[scheme.len()..], "")).flatten().map(|len| scheme.len() + len)
}

fn www(text: &str) -> Option<usize> {
    if !begins_with(text, "www.") {
        return None;
    }
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let rest = &text[4..];
    let mut ends = rest.char_indices().enumerate();
    let end = ends.find(|(count, (_, letter))| *count >= LONGEST_HOST || !is_part(*letter));
    let host = rest[..end.map_or(rest.len(), |(_, (end, _))| end)].trim_end_matches(['.', '_']);
    let is_domain = host.contains('.')
        && host.split('.').all(|label| !label.is_empty())
        && host.rsplit('.').take(2).all(|label| !label.contains('_'));
    is_domain.then(|| trim(&text[..end_of(text, false)]))
}

/// Returns the length of an e-mail address: letters, digits and `. - _ +`, an `@`, and a domain with a dot that ends
/// with a letter or a digit.
fn mail(text: &str, before: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if !bytes.first()?.is_ascii_alphanumeric() {
        return None;
    }
    let count = |from: usize, other: &[u8], most: usize| {
        let part = bytes[from..].iter().take(most);
        part.take_while(|b| b.is_ascii_alphanumeric() || other.contains(b)).count()
    };
    let local = count(0, b".-_+", LONGEST_LOCAL);
    if bytes.get(local) != Some(&b'@') {
        return None;
    }
    let begin = local + 1;
    let mut domain = &text[begin..begin + count(begin, b".-_", LONGEST_HOST)];
    domain = domain.trim_end_matches('.');
    if before.ends_with('_') {
        // Underscores of emphasis around it.
        domain = domain.trim_end_matches('_');
    }
    let is_domain = domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
        && !domain.ends_with(['-', '_']);
    is_domain.then_some(begin + domain.len())
}

/// Returns the furthest possible end of an address.
fn end_of(text: &str, is_target: bool) -> usize {
    let (mut round, mut square) = (0u32, 0u32);
    let mut host = HostEnd::default();
    let mut escaped = false;
    for (place, letter) in text.char_indices() {
        if std::mem::take(&mut escaped) && letter.is_ascii_punctuation() {
            continue;
        }
        let ends = match letter {
            '<' | '>' | '"' | '`' => true,
            '[' => {
                square += 1;
                false
            }
            ']' if square == 0 => true,
            ']' => {
                square -= 1;
                false
            }
            '(' if is_target => {
                round += 1;
                false
            }
            ')' if is_target && round == 0 => true,
            ')' if is_target => {
                round -= 1;
                false
            }
            '\\' if is_target => {
                escaped = true;
                false
            }
            _ if letter.is_ascii() => letter.is_ascii_whitespace() || letter.is_ascii_control(),
            _ => is_no_part(letter),
        };
        if ends || host.ends_at(letter) {
            return place;
        }
    }
    text.len()
}

/// Finds the end of a host where letters of another script follow ASCII ones without a space: no such domain exists.
#[derive(Default)]
struct HostEnd {
    passed: bool,
    ascii: bool,
}

impl HostEnd {
    fn ends_at(&mut self, letter: char) -> bool {
        self.passed = self.passed || matches!(letter, '/' | '?' | '#');
        if self.passed {
            return false;
        }
        if letter.is_ascii() {
            self.ascii = letter.is_ascii_alphanumeric();
            return false;
        }
        let is_latin = CodePointMapData::<Script>::new().get(letter) == Script::Latin;
        !letter.is_alphanumeric() && !is_name_punctuation(letter) && !is_mark(letter)
            || self.ascii && !is_latin
    }
}

/// Returns true for punctuation, space and direction marks beyond ASCII that no address has. A few that occur in names
/// stay: those of `Jean·Luc`, `ジョン・レノン`, `Michelson–Morley`.
fn is_no_part(letter: char) -> bool {
    if is_name_punctuation(letter) {
        return false;
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(letter);
    is_ignorable(letter)
        || GeneralCategoryGroup::Punctuation.contains(category)
        || GeneralCategoryGroup::Separator.contains(category)
        || matches!(
            category,
            GeneralCategory::MathSymbol | GeneralCategory::Control | GeneralCategory::Unassigned
        )
}

const fn is_name_punctuation(letter: char) -> bool {
    matches!(letter, '\u{b7}' | '\u{30fb}' | '\u{2010}'..='\u{2013}' | '\u{200c}' | '\u{200d}')
}

/// Returns the length of an address without the parts of the sentence around it: punctuation at its end, a bracket
/// that it did not open, and anything that looks like an entity.
fn trim(address: &str) -> usize {
    let mut rest = address;
    let count = |bracket: char| address.matches(bracket).count();
    let mut round = count(')').saturating_sub(count('('));
    let mut curly = count('}').saturating_sub(count('{'));
    while let Some(last) = rest.chars().next_back() {
        let shorter = &rest[..rest.len() - last.len_utf8()];
        rest = match last {
            ')' if round > 0 => {
                round -= 1;
                shorter
            }
            '}' if curly > 0 => {
                curly -= 1;
                shorter
            }
            ';' => without_entity(shorter),
            '?' | '!' | '.' | ',' | ':' | '*' | '_' | '~' | '\'' | '\\' | '|' => shorter,
            other if is_name_punctuation(other) => shorter,
            _ => break,
        };
    }
    rest.len()
}

/// Removes `&copy` from the end, whose `;` is gone already.
fn without_entity(address: &str) -> &str {
    let name = address.len() - address.bytes().rev().take_while(u8::is_ascii_alphanumeric).count();
    match address[..name].strip_suffix('&') {
        Some(before) if name < address.len() => before,
        _ => address,
    }
}

#[cfg(test)]
mod tests;
