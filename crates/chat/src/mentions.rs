use wire::{Block, Inline, Member, RichText};

use crate::store::Mentions;

/// Who can be mentioned.
pub(crate) struct Named<'a> {
    /// By name.
    pub(crate) members: &'a [Member],
    /// Whether all of them at once.
    pub(crate) everyone: bool,
}

/// The word after the `@` that mentions every member.
const EVERYONE: &str = "all";
/// A text with more `@` than this has only these looked up: the rest would be noise, and cost.
const MOST: usize = 100;

/// Finds `@name` in a text, marks it there, and says whom it mentions. Names are compared without case; the
/// longest one counts, and of people of one name whoever is there longest. In code and in links an `@` is an `@`.
pub(crate) fn find(said: &mut RichText, named: &Named<'_>) -> Mentions {
    let mut search = Search { named, found: Mentions::default(), left: MOST };
    search.blocks(&mut said.blocks);
    search.found
}

struct Search<'a> {
    named: &'a Named<'a>,
    found: Mentions,
    left: usize,
}

impl Search<'_> {
    fn blocks(&mut self, blocks: &mut [Block]) {
        for block in blocks {
            match block {
                Block::P(inlines) => self.inlines(inlines),
                Block::Quote(blocks) => self.blocks(blocks),
                Block::List { items, .. } => items.iter_mut().for_each(|item| self.blocks(item)),
                Block::Code { .. } => {}
            }
        }
    }

    fn inlines(&mut self, inlines: &mut Vec<Inline>) {
        let mut marked = Vec::with_capacity(inlines.len());
        for mut inline in inlines.drain(..) {
            match &mut inline {
                Inline::T(text) if text.contains('@') => {
                    self.text(text, &mut marked);
                    continue;
                }
                Inline::Em(of) | Inline::Strong(of) | Inline::Strike(of) => self.inlines(of),
                _ => {}
            }
            marked.push(inline);
        }
        *inlines = marked;
    }

    fn text(&mut self, text: &str, marked: &mut Vec<Inline>) {
        let mut plain = 0;
        let mut from = 0;
        while let Some(at) = text[from..].find('@').map(|at| from + at) {
            from = at + 1;
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            // `ann@example.org` mentions nobody.
            if text[..at].chars().next_back().is_some_and(char::is_alphanumeric) {
                continue;
            }
            let Some((mention, len)) = self.who(&text[from..]) else { continue };
            if at > plain {
                marked.push(Inline::T(text[plain..at].to_owned()));
            }
            marked.push(mention);
            from += len;
            plain = from;
        }
        if plain < text.len() {
            marked.push(Inline::T(text[plain..].to_owned()));
        }
    }

    /// Who is named at the beginning of this text, and how many bytes the name has.
    fn who(&mut self, rest: &str) -> Option<(Inline, usize)> {
        let mut best: Option<(&Member, usize)> = None;
        for member in self.named.members {
            if let Some(len) = begins_with(rest, member.person.name.as_str())
                && best.is_none_or(|(_, longest)| len > longest)
            {
                best = Some((member, len));
            }
        }
        // Whoever is called "all" must not take what is meant for everyone.
        let everyone = begins_with(rest, EVERYONE).filter(|_| self.named.everyone);
        if let Some(len) = everyone.filter(|len| best.is_none_or(|(_, longest)| longest <= *len)) {
            self.found.everyone = true;
            return Some((Inline::Everyone, len));
        }
        if let Some((member, len)) = best {
            let (id, name) = (member.person.id, member.person.name.to_string());
            if !self.found.people.contains(&id) {
                self.found.people.push(id);
            }
            return Some((Inline::Mention { id, name }, len));
        }
        None
    }
}

/// How many bytes of a text a name has at its beginning, where the name ends with a word there.
fn begins_with(text: &str, name: &str) -> Option<usize> {
    let mut wanted = name.chars().flat_map(char::to_lowercase).peekable();
    let mut len = text.len();
    for (place, letter) in text.char_indices() {
        if wanted.peek().is_none() {
            len = place;
            break;
        }
        for small in letter.to_lowercase() {
            if wanted.next() != Some(small) {
                return None;
            }
        }
    }
    let ends = wanted.peek().is_none() && !text[len..].starts_with(char::is_alphanumeric);
    ends.then_some(len)
}

#[cfg(test)]
mod tests {
    use wire::{Person, PersonName, Role, Timestamp, UserId};

    use super::*;
    use crate::markdown;

    fn member(id: u8, name: &str) -> Member {
        let person = Person { id: UserId::from_bytes([id; 10]), name: PersonName::new(name).unwrap() };
        Member::new(person, Role::Member, Timestamp(0))
    }

    fn found(text: &str, everyone: bool) -> (RichText, Mentions) {
        let members =
            [member(8, "All"), member(1, "Ann"), member(2, "Ann Lee"), member(3, "Zoë"), member(4, "ann")];
        let mut said = markdown::parse(text);
        let mentions = find(&mut said, &Named { members: &members, everyone });
        (said, mentions)
    }

    fn ids(text: &str) -> Vec<UserId> {
        found(text, false).1.people
    }

    #[test]
    fn a_name_after_an_at_sign_mentions_whose_it_is() {
        let id = |id: u8| UserId::from_bytes([id; 10]);
        assert_eq!(ids("@ann, and @ZOË!"), [id(1), id(3)]);
        assert_eq!(ids("ask @Ann Lee."), [id(2)], "the longest name counts");
        assert_eq!(ids("**@ann** and @ann again"), [id(1)], "once is enough");
        assert_eq!(ids("> @zoë\n\n- @ann lee"), [id(3), id(2)]);
    }

    #[test]
    fn what_is_no_name_mentions_nobody() {
        let texts =
            ["@", "@bob", "@annie", "x@ann", "`@ann`", "```\n@ann\n```", "[@ann](https://a.example/)"];
        for text in texts {
            assert_eq!(ids(text), [], "{text}");
        }
        assert!(ids(&"@x ".repeat(200)).is_empty());
    }

    #[test]
    fn everyone_is_mentioned_by_those_who_may() {
        let (said, mentions) = found("@all: tea!", true);
        assert!(mentions.everyone && said.mentions(UserId::from_bytes([9; 10])));
        assert_eq!(said.blocks, [Block::P(vec![Inline::Everyone, Inline::T(": tea!".into())])]);
        let (said, mentions) = found("@all: tea!", false);
        assert!(!mentions.everyone && !said.mentions(UserId::from_bytes([9; 10])));
    }
}
