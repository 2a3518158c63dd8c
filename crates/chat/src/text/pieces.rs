//! Pieces: the opaque parts of a text that the Markdown parser must not take apart.

use std::ops::Range;

use wire::Inline;
use wire::limits::TEXT_NESTING;

use super::addresses;
use super::mentions::Named;

/// A text in which everything that Markdown must not take apart is one opaque piece: addresses, mentions, and marks
/// without a meaning here. The Markdown parser reads `marked`; [`Pieces::parts`] restores the pieces in its output.
pub(super) struct Pieces {
    pub(super) marked: String,
    pieces: Vec<Piece>,
}

/// One piece: its typed text and its meaning.
pub(super) struct Piece {
    pub(super) typed: String,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    /// An address: its visible part and its target.
    Link { shown: String, to: String },
    /// The name of a member, or of all.
    Mention(Inline),
    /// Text without a meaning.
    Text,
}

/// A part of the text that the Markdown parser returns.
pub(super) enum TextPart<'a> {
    Text(String),
    Piece(&'a Piece),
}

/// The delimiters around a piece's number. They are noncharacters, which Markdown treats as letters.
const OPEN: char = '\u{fdd0}';
const CLOSE: char = '\u{fdd1}';
/// The replacement of the colon after a bracket: without it there are no link reference definitions, which would be
/// invisible.
const COLON: char = '\u{2e3f}';
/// The replacement of a single tilde, since only two strike. Like that of the colon it is punctuation, as the
/// original.
const TILDE: char = '\u{2e40}';

/// The most `@` that are looked up.
const MENTIONS: usize = 100;
/// The most spaces before a line: the parser compares each line with every open list and quote.
const INDENT: usize = 64;
/// The limit of the search for the beginning of a word, in characters.
const WORD: usize = 255;

impl Pieces {
    /// Finds the pieces of a text.
    pub(super) fn of(text: &str, named: &Named) -> Self {
        let mut this = Self { marked: String::with_capacity(text.len()), pieces: Vec::new() };
        let (mut place, mut mentions, mut mention_end, mut escaped) = (0, MENTIONS, 0, false);
        while let Some(letter) = text[place..].chars().next() {
            let (before, rest) = text.split_at(place);
            if (before.is_empty() || before.ends_with('\n'))
                && let Some(deep) = too_deep(rest)
            {
                this.marked.push_str(&rest[..deep.start]);
                place += this.add(&rest[deep.clone()], Kind::Text) + deep.start;
                continue;
            }
            let is_escaped = escaped && letter.is_ascii_punctuation();
            escaped = letter == '\\' && !is_escaped;
            let found = match letter {
                _ if is_escaped => None,
                '@' | '＠' | '﹫' if mentions > 0 && begins_mention(before, mention_end) => {
                    mentions -= 1;
                    let at = letter.len_utf8();
                    let found =
                        named.at(&rest[at..]).map(|found| (at + found.len, Kind::Mention(found.inline)));
                    if let Some((len, _)) = &found {
                        mention_end = place + len;
                    }
                    found
                }
                '<' | '0'..='9' | 'a'..='z' | 'A'..='Z' => addresses::at(text, place)
                    .map(|found| (found.len, Kind::Link { shown: found.shown, to: found.to })),
                OPEN | CLOSE | COLON | TILDE => Some((letter.len_utf8(), Kind::Text)),
                _ => None,
            };
            if let Some((len, kind)) = found {
                place += this.add(&rest[..len], kind);
                continue;
            }
            this.marked.push(match letter {
                ':' if before.ends_with(']') => COLON,
                '~' if !is_escaped && !before.ends_with('~') && !rest.starts_with("~~") => TILDE,
                other => other,
            });
            place += letter.len_utf8();
        }
        this
    }

    fn add(&mut self, typed: &str, kind: Kind) -> usize {
        self.marked.push_str(&format!("{OPEN}{}{CLOSE}", self.pieces.len()));
        self.pieces.push(Piece { typed: typed.to_owned(), kind });
        typed.len()
    }

    /// Splits a text that the parser returns into its pieces.
    pub(super) fn parts(&self, text: &str) -> Vec<TextPart<'_>> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(OPEN) {
            let (number, after) = after.split_once(CLOSE).unwrap_or((after, ""));
            if !before.is_empty() {
                parts.push(TextPart::Text(unmarked(before)));
            }
            parts.extend(
                number.parse().ok().and_then(|number: usize| self.pieces.get(number)).map(TextPart::Piece),
            );
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(TextPart::Text(unmarked(rest)));
        }
        parts
    }

    /// Returns the text as it was typed.
    pub(super) fn typed(&self, text: &str) -> String {
        let typed = |part| match part {
            TextPart::Text(text) => text,
            TextPart::Piece(piece) => piece.typed.clone(),
        };
        self.parts(text).into_iter().map(typed).collect()
    }

    /// Returns the target of a link: an address without the angle brackets around it, and without backslashes.
    pub(super) fn target(&self, text: &str) -> String {
        let part = |part| match part {
            TextPart::Text(text) => text,
            TextPart::Piece(Piece { kind: Kind::Link { shown, .. }, .. }) => without_escapes(shown),
            TextPart::Piece(piece) => piece.typed.clone(),
        };
        self.parts(text).into_iter().map(part).collect()
    }
}

fn unmarked(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { text.replace(COLON, ":").replace(TILDE, "~") }
}

fn without_escapes(address: &str) -> String {
    let mut letters = address.chars().peekable();
    let mut plain = String::with_capacity(address.len());
    while let Some(letter) = letters.next() {
        match letters.peek() {
            Some(next) if letter == '\\' && next.is_ascii_punctuation() => {}
            _ => plain.push(letter),
        }
    }
    plain
}

/// Returns true if an `@` after this text may mention somebody: no e-mail address and no path ends there.
fn begins_mention(before: &str, mention_end: usize) -> bool {
    let word = || before.chars().rev().take(WORD);
    match before.chars().next_back() {
        Some('_') => {
            word().find(|letter| *letter != '_').is_none_or(|letter| !letter.is_ascii_alphanumeric())
        }
        Some('/') if before.len() != mention_end + 1 => {
            !word().take_while(|letter| !letter.is_whitespace()).any(|letter| letter == '.')
        }
        Some(letter) => !letter.is_ascii_alphanumeric(),
        None => true,
    }
}

/// Returns the part of a line's beginning that would open more quotes and lists than a text may have.
fn too_deep(text: &str) -> Option<Range<usize>> {
    let line = text.as_bytes().split(|b| *b == b'\n').next().unwrap_or_default();
    let is_blank = |place: usize| line.get(place).is_none_or(|b| matches!(b, b' ' | b'\t'));
    let (mut place, mut blanks, mut marks, mut deep) = (0, 0, 0, None);
    while let Some(b) = line.get(place) {
        let digits = line[place..].iter().take_while(|b| b.is_ascii_digit()).count();
        let len = match b {
            b' ' | b'\t' => {
                blanks += if *b == b' ' { 1 } else { 4 };
                1
            }
            b'>' => 1,
            b'-' | b'+' | b'*' if is_blank(place + 1) => 1,
            b'0'..=b'9' if digits < 10 && matches!(line.get(place + digits), Some(b'.' | b')')) => digits + 1,
            _ => break,
        };
        marks += usize::from(!matches!(b, b' ' | b'\t'));
        if marks > TEXT_NESTING || blanks > INDENT {
            deep.get_or_insert(place);
        }
        place += len;
    }
    let is_rule = |mark: u8| line.iter().all(|b| *b == mark || matches!(b, b' ' | b'\t'));
    let shows_nothing_deep = place == line.len() && (marks == 0 || is_rule(b'-') || is_rule(b'*'));
    deep.filter(|_| !shows_nothing_deep).map(|deep| deep..place)
}
