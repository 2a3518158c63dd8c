//! Slack's text markup, mrkdwn: emphasis, code, quotes, links, mentions and entities.

use wire::{Block, Inline, has_visible_text};

use crate::text::addresses;

/// Returns the mention of a user who is named in a text, perhaps with a label, or that name as text.
type Mention<'a> = &'a dyn Fn(&str, Option<&str>) -> Inline;

const FENCE: &str = "```";

/// Parses a text into blocks.
pub(super) fn blocks(text: &str, mention: Mention<'_>) -> Vec<Block> {
    let (mut blocks, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once(FENCE) {
        let Some((code, after)) = after.split_once(FENCE) else { break };
        lines(before, mention, &mut blocks);
        let code = without_markup(code.trim_matches('\n'));
        if has_visible_text(&code) {
            blocks.push(Block::Code { lang: None, text: format!("{code}\n") });
        }
        rest = after;
    }
    lines(rest, mention, &mut blocks);
    blocks
}

/// Parses a text without blocks; line breaks stay.
pub(super) fn inlines(text: &str, mention: Mention<'_>) -> Vec<Inline> {
    let mut out = Inlines::default();
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push_text("\n");
        }
        parse(line, "", mention, &mut out);
    }
    out.parts
}

/// Returns a link; none if its target is no address.
pub(super) fn link(to: &str, label: &str) -> Option<Inline> {
    let to = without_entities(to);
    let label = without_entities(label);
    let is_link = addresses::is_safe(&to) && !to.contains(char::is_whitespace) && has_visible_text(&label);
    is_link.then(|| Inline::Link { to, of: vec![Inline::T(label)] })
}

/// Inlines under construction: text next to text is one.
#[derive(Default)]
struct Inlines {
    parts: Vec<Inline>,
}

impl Inlines {
    fn push(&mut self, inline: Inline) {
        match inline {
            Inline::T(text) => self.push_text(&text),
            other => self.parts.push(other),
        }
    }

    fn push_text(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Inline::T(last)) => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.parts.push(Inline::T(text.to_owned())),
        }
    }
}

/// Parses lines into paragraphs and quotes.
fn lines(text: &str, mention: Mention<'_>, blocks: &mut Vec<Block>) {
    let mut part = (false, Vec::new());
    let mut is_rest_quoted = false;
    for line in text.split('\n') {
        let quoted = line.strip_prefix("&gt;").or_else(|| line.strip_prefix('>'));
        // Three of them quote everything that follows.
        let all = quoted.and_then(|rest| rest.strip_prefix("&gt;&gt;").or_else(|| rest.strip_prefix(">>")));
        is_rest_quoted |= all.is_some();
        let is_quote = is_rest_quoted || quoted.is_some();
        let said = all.or(quoted).map_or(line, |said| said.strip_prefix(' ').unwrap_or(said));
        if is_quote != part.0 || line.trim().is_empty() {
            finish(&mut part, mention, blocks);
            part.0 = is_quote;
        }
        if !line.trim().is_empty() {
            part.1.push(said);
        }
    }
    finish(&mut part, mention, blocks);
}

fn finish((is_quote, lines): &mut (bool, Vec<&str>), mention: Mention<'_>, blocks: &mut Vec<Block>) {
    let text = std::mem::take(lines).join("\n");
    if !has_visible_text(&text) {
        return;
    }
    let paragraph = Block::P(inlines(&text, mention));
    match (is_quote, blocks.last_mut()) {
        (true, Some(Block::Quote(of))) => of.push(paragraph),
        (true, _) => blocks.push(Block::Quote(vec![paragraph])),
        (false, _) => blocks.push(paragraph),
    }
}

/// Parses a line, within emphasis of the kinds `outer`.
fn parse(line: &str, outer: &str, mention: Mention<'_>, out: &mut Inlines) {
    let (last_angle, last_tick) = (line.rfind('>').unwrap_or_default(), line.rfind('`').unwrap_or_default());
    let mut unclosed = outer.to_owned();
    let mut place = 0;
    while let Some(letter) = line[place..].chars().next() {
        let rest = &line[place..];
        let len = match letter {
            '<' if place < last_angle => angle(rest, mention, out),
            '`' if place < last_tick => code(rest, out),
            '*' | '_' | '~' if !unclosed.contains(letter) && opens(line, place, letter) => {
                let end = closing(line, place, letter, last_angle);
                if let Some(end) = end {
                    let mut inner = Inlines::default();
                    parse(&line[place + 1..end], &format!("{outer}{letter}"), mention, &mut inner);
                    out.push(match letter {
                        '*' => Inline::Strong(inner.parts),
                        '_' => Inline::Em(inner.parts),
                        _ => Inline::Strike(inner.parts),
                    });
                } else {
                    // There is none for a later one either.
                    unclosed.push(letter);
                }
                end.map(|end| end + 1 - place)
            }
            '&' => ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity)).map(|(entity, decoded)| {
                out.push_text(decoded);
                entity.len()
            }),
            '0'..='9' | 'a'..='z' | 'A'..='Z' => address(line, place, out),
            _ => None,
        };
        place += len.unwrap_or_else(|| {
            out.push_text(letter.encode_utf8(&mut [0; 4]));
            letter.len_utf8()
        });
    }
}

/// Parses `<…>` at the beginning of a text; returns its length.
fn angle(text: &str, mention: Mention<'_>, out: &mut Inlines) -> Option<usize> {
    // A `<` within would be an entity. So each is looked at once, however many there are.
    let end = 1 + text[1..].find(['<', '>']).filter(|end| text[1 + end..].starts_with('>'))?;
    let inner = &text[1..end];
    let (name, label) = inner.split_once('|').map_or((inner, None), |(name, label)| (name, Some(label)));
    let label = label.filter(|label| !label.is_empty());
    let part = match name.chars().next()? {
        '@' if name.len() > 1 => mention(&without_entities(&name[1..]), label),
        '#' if name.len() > 1 => Inline::T(format!("#{}", without_entities(label.unwrap_or(&name[1..])))),
        '!' if name.len() > 1 => Inline::T(special(&name[1..], label)),
        _ => link(name, label.unwrap_or(name.strip_prefix("mailto:").unwrap_or(name)))?,
    };
    out.push(part);
    Some(end + 1)
}

/// Returns the text of a special mention or a date: nobody is notified by it.
fn special(name: &str, label: Option<&str>) -> String {
    let (kind, id) = name.split_once('^').unwrap_or((name, ""));
    let text = match (kind, label) {
        ("date" | "subteam", Some(label)) => label.to_owned(),
        ("date", None) => id.split('^').next().unwrap_or_default().to_owned(),
        ("subteam", None) => format!("@{id}"),
        _ => format!("@{}", label.unwrap_or(kind).trim_start_matches('@')),
    };
    without_entities(&text)
}

/// Parses `` `code` `` at the beginning of a text; returns its length.
fn code(text: &str, out: &mut Inlines) -> Option<usize> {
    let end = 1 + text[1..].find('`')?;
    let code = without_markup(&text[1..end]);
    if !has_visible_text(&code) {
        return None;
    }
    out.push(Inline::Code(code));
    Some(end + 1)
}

/// Parses a bare address at a place of a line; returns its length.
fn address(line: &str, place: usize, out: &mut Inlines) -> Option<usize> {
    let found = addresses::at(line, place)?;
    out.push(link(&found.to, &found.shown)?);
    Some(found.len)
}

/// Returns true if emphasis may begin with the mark at a place: not within a word, and not before a space or such a mark.
fn opens(line: &str, place: usize, mark: char) -> bool {
    let after = line[place + 1..].chars().next();
    line[..place].chars().next_back().is_none_or(|before| !before.is_alphanumeric())
        && after.is_some_and(|after| !after.is_whitespace() && after != mark)
}

/// Returns the place of the mark that ends the emphasis that begins at a place. What is in angle brackets or is code has
/// none.
fn closing(line: &str, begin: usize, mark: char, last_angle: usize) -> Option<usize> {
    let mut place = begin + 1;
    let mut before = mark;
    while let Some(letter) = line[place..].chars().next() {
        if letter == '<' && place < last_angle {
            place += line[place..].find('>')?;
            before = '>';
        } else if letter == mark && !before.is_whitespace() && before != mark {
            let after = line[place + 1..].chars().next();
            if after.is_none_or(|after| !after.is_alphanumeric() && after != mark) {
                return Some(place);
            }
            before = letter;
        } else {
            before = letter;
        }
        place += line[place..].chars().next().map_or(1, char::len_utf8);
    }
    None
}

/// The characters that Slack has senders write as entities.
const ENTITIES: [(&str, &str); 3] = [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")];

pub(super) fn without_entities(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Returns code as it is shown: addresses in angle brackets without these, and entities as characters.
fn without_markup(code: &str) -> String {
    let (mut shown, mut rest) = (String::with_capacity(code.len()), code);
    while let Some((before, after)) = rest.split_once('<') {
        shown.push_str(before);
        let inner =
            after.find(['<', '>']).filter(|end| after[*end..].starts_with('>')).map(|end| &after[..end]);
        let (to, label) = inner.map_or(("", None), |inner| {
            inner.split_once('|').map_or((inner, None), |(to, label)| (to, Some(label)))
        });
        match inner.filter(|_| addresses::is_safe(to)) {
            Some(inner) => {
                shown.push_str(label.unwrap_or(to));
                rest = &after[inner.len() + 1..];
            }
            None => {
                shown.push('<');
                rest = after;
            }
        }
    }
    shown.push_str(rest);
    without_entities(&shown)
}
