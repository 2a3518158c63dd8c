use wire::{Block, Inline, RichText};

/// How many suggestions at most.
const MOST: usize = 8;

/// What is offered before anything is typed.
const COMMON: [&str; 32] = [
    "thumbsup",
    "heart",
    "joy",
    "tada",
    "open_mouth",
    "cry",
    "eyes",
    "white_check_mark",
    "smile",
    "grin",
    "wink",
    "sweat_smile",
    "thinking",
    "pray",
    "clap",
    "wave",
    "fire",
    "rocket",
    "100",
    "ok_hand",
    "muscle",
    "raised_hands",
    "sunglasses",
    "sob",
    "rage",
    "sleeping",
    "coffee",
    "cake",
    "beers",
    "bulb",
    "warning",
    "x",
];

/// An emoji and its name.
pub type Named = (String, String);

/// Emoji whose names have these words in them, the name that begins with them first; common ones without words.
/// Source of the names: GitHub's gemoji.
pub(crate) fn find(words: &str) -> Vec<Named> {
    let words = words.trim().to_lowercase();
    if words.is_empty() {
        let common =
            COMMON.iter().filter_map(|name| emojis::get_by_shortcode(name).map(|emoji| (emoji, *name)));
        return common.map(named).collect();
    }
    let mut found: Vec<(usize, &emojis::Emoji, &str)> = emojis::iter()
        .flat_map(|emoji| emoji.shortcodes().map(move |name| (emoji, name)))
        .filter_map(|(emoji, name)| Some((name.find(&words)?.min(1) * 100 + name.len(), emoji, name)))
        .collect();
    found.sort_by_key(|(rank, _, name)| (*rank, *name));
    found.dedup_by_key(|(_, emoji, _)| emoji.as_str());
    found.into_iter().take(MOST).map(|(_, emoji, name)| named((emoji, name))).collect()
}

/// Puts the emoji in the place of each `:name:` that is one. In code and in links a colon is a colon.
pub(crate) fn replace(said: &mut RichText) {
    blocks(&mut said.blocks);
}

fn named((emoji, name): (&emojis::Emoji, &str)) -> Named {
    (emoji.as_str().to_owned(), name.to_owned())
}

fn blocks(of: &mut [Block]) {
    for block in of {
        match block {
            Block::P(of) => inlines(of),
            Block::Quote(of) => blocks(of),
            Block::List { items, .. } => items.iter_mut().for_each(|item| blocks(item)),
            Block::Code { .. } => {}
        }
    }
}

fn inlines(of: &mut [Inline]) {
    for inline in of {
        match inline {
            Inline::T(text) if text.contains(':') => *text = with_emoji(text),
            Inline::Em(of) | Inline::Strong(of) | Inline::Strike(of) => inlines(of),
            _ => {}
        }
    }
}

fn with_emoji(text: &str) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(':') {
        done.push_str(before);
        let emoji = after.split_once(':').and_then(|(name, rest)| {
            let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
            Some((emojis::get_by_shortcode(name).filter(|_| is_name)?, rest))
        });
        match emoji {
            Some((emoji, after)) => {
                done.push_str(emoji.as_str());
                rest = after;
            }
            None => {
                done.push(':');
                rest = after;
            }
        }
    }
    done.push_str(rest);
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown;

    fn said(text: &str) -> RichText {
        let mut said = markdown::parse(text);
        replace(&mut said);
        said
    }

    #[test]
    fn a_name_between_colons_is_its_emoji() {
        assert_eq!(said("well done :tada:!"), RichText::plain("well done 🎉!"));
        assert_eq!(said(":+1::+1:"), RichText::plain("👍👍"));
        for text in ["12:30:45", "a :no_such_name: b", "::", ":", "see: this"] {
            assert_eq!(said(text), RichText::plain(text), "{text}");
        }
        assert_eq!(said("`:tada:`"), markdown::parse("`:tada:`"));
    }

    #[test]
    fn emoji_are_found_by_the_beginning_of_their_name_first() {
        let names = |words: &str| find(words).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        assert_eq!(names("tada"), ["tada"]);
        assert!(names("smil").iter().all(|name| name.contains("smil")));
        assert_eq!(names("smil")[0], "smile");
        assert_eq!(names("").len(), COMMON.len(), "every common one has a name");
        assert!(names("no such emoji").is_empty());
    }
}
