//! The tokenizer: the terms of messages and of queries, shared by every search index.
//!
//! A term is a letter for its kind, and ASCII letters and digits, so that no query language and no tokenizer of an index
//! sees anything else. Dense writing gives overlapping pairs of characters and the last character alone; other words
//! give their first two letters and all triples. Besides, a message has terms for its conversation, which has the
//! application in it, for its author and its date.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use wire::{ApplicationId, Conversation, UserId};

use super::dates::{dates_between, dates_of};
use super::fold::fold;
use super::query::{QueryWord, SHORT};
use super::runs::{Kind, runs};
use crate::ports::search::{CandidateRequest, SearchDocument};

/// The version of the terms. Another one makes an index of other terms unusable.
pub const TERMS_VERSION: u32 = 1;

/// The most triples or pairs of one run that a query asks for: the message itself is checked anyway.
const GRAMS: usize = 12;
/// The most words of a query that are looked up, and the most beginnings of words: each of these reads a part of the
/// whole index.
const WORDS: usize = 8;
const PREFIXES: usize = 2;

/// A term that a query asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// ASCII letters and digits.
    pub text: String,
    /// True if any term that begins so will do.
    pub is_prefix: bool,
}

/// Terms of which a message has at least one.
pub type Clause = Vec<Term>;

/// Returns the terms of a message, in order and without repetitions.
#[must_use]
pub fn terms(document: &SearchDocument) -> Vec<String> {
    let mut terms = BTreeSet::new();
    let application = document.application;
    let [public, copies] = conversation_terms(application, document.conversation);
    match document.reader {
        None => terms.extend([public]),
        Some(reader) => terms.extend([copies, copies_term(application, reader)]),
    }
    if let Conversation::Direct(pair) = document.conversation {
        terms.extend(pair.people().map(|user| directs_term(application, user)));
    }
    terms.insert(author_term(document.author));
    terms.extend(dates_of(document.at));
    let folded = fold(&document.text);
    for (kind, run) in runs(&folded) {
        match kind {
            Kind::Word => {
                terms.insert(beginning(run));
                terms.extend(windows(run, SHORT).map(triple));
            }
            Kind::Dense => {
                terms.extend(windows(run, 2).map(dense));
                terms.extend(last(run).map(dense));
            }
            Kind::Separator => {}
        }
    }
    terms.into_iter().collect()
}

/// Returns the clauses that every message has which a request asks for. A clause without terms asks for what no message
/// has.
#[must_use]
pub fn clauses(request: &CandidateRequest) -> Vec<Clause> {
    let any_of = |terms: Vec<String>| terms.into_iter().map(exact).collect::<Clause>();
    // The longest words are the rarest, as far as that is known. The message itself is checked for all of them.
    let mut words: Vec<&QueryWord> = request.query.words.iter().collect();
    words.sort_by_key(|word| Reverse(word.text.chars().count()));
    let mut clauses: Vec<Clause> = words.into_iter().take(WORDS).flat_map(of_word).collect();
    // All words that begin with a letter take long to look up, and narrow hardly anything.
    if !clauses.iter().all(|clause| is_first_letter(clause)) {
        clauses.retain(|clause| !is_first_letter(clause));
    }
    let mut prefixes = 0;
    clauses.retain(|clause| {
        prefixes += usize::from(clause.iter().any(|term| term.is_prefix));
        prefixes <= PREFIXES || clause.iter().all(|term| !term.is_prefix)
    });
    if let Some(authors) = &request.authors {
        clauses.push(any_of(authors.iter().copied().map(author_term).collect()));
    }
    // Of the whole index only messages with certain words are asked for.
    if !request.is_broad || clauses.is_empty() {
        let application = request.application;
        let conversations = request.conversations.iter();
        let logs = conversations.map(|conversation| conversation_term(application, *conversation));
        let directs = request.directs_of.map(|user| directs_term(application, user));
        let copies = request.copies_of.map(|user| copies_term(application, user));
        clauses.push(any_of(logs.chain(directs).chain(copies).collect()));
    }
    if request.from.is_some() || request.to.is_some() {
        clauses.push(any_of(dates_between(request.from, request.to)));
    }
    clauses
}

/// Returns what the terms of the conversations of an application begin with, and no others do.
#[must_use]
pub fn application_prefixes(application: ApplicationId) -> [String; 3] {
    [format!("g{application}x"), format!("d{application}x"), format!("r{application}x")]
}

/// Returns the terms of all messages of a conversation: those that everyone in it reads, and copies of those that only
/// some members can read.
#[must_use]
pub fn conversation_terms(application: ApplicationId, conversation: Conversation) -> [String; 2] {
    let term = conversation_term(application, conversation);
    let copies = format!("q{term}");
    [term, copies]
}

/// Returns the term of the messages of a conversation. The application is in it and needs no term of its own: its list
/// would be as long as the index.
fn conversation_term(application: ApplicationId, conversation: Conversation) -> String {
    match conversation {
        Conversation::Group(group) => format!("g{application}x{group}"),
        Conversation::Direct(pair) => {
            let [low, high] = pair.people();
            format!("d{application}x{low}x{high}")
        }
    }
}

/// Returns the term of all copies of restricted messages in the own log of a user.
/// Returns the term of the copies of messages to some in a user's own log.
#[must_use]
pub fn copies_term(application: ApplicationId, user: UserId) -> String {
    format!("r{application}x{user}")
}

/// Returns the clauses of a word: terms of every text that contains it.
fn of_word(word: &QueryWord) -> Vec<Clause> {
    let runs = runs(&word.text);
    let mut clauses = Vec::new();
    for (place, (kind, run)) in runs.iter().enumerate() {
        // In the text, the first run may begin earlier and the last one may go on.
        let (begins, ends) = (place > 0 || word.only_at_beginning, place + 1 < runs.len());
        let letters = run.chars().count();
        match kind {
            Kind::Word => {
                if begins && letters == 1 && !ends {
                    clauses.push(begins_with(run));
                } else if begins {
                    clauses.push(vec![exact(beginning(run))]);
                }
                clauses.extend(spread(run, SHORT).map(|gram| vec![exact(triple(gram))]));
            }
            Kind::Dense => {
                clauses.extend(spread(run, 2).map(|gram| vec![exact(dense(gram))]));
                if ends {
                    clauses.extend(last(run).map(|letter| vec![exact(dense(letter))]));
                } else if letters == 1 {
                    clauses.push(vec![prefix(dense(run))]);
                }
            }
            Kind::Separator => {}
        }
    }
    clauses
}

const fn exact(text: String) -> Term {
    Term { text, is_prefix: false }
}

const fn prefix(text: String) -> Term {
    Term { text, is_prefix: true }
}

fn directs_term(application: ApplicationId, user: UserId) -> String {
    format!("m{application}x{user}")
}

fn author_term(user: UserId) -> String {
    format!("u{user}")
}

/// Returns the term of the first two letters of a word, or of its only one.
fn beginning(word: &str) -> String {
    let end = word.char_indices().nth(2).map_or(word.len(), |(at, _)| at);
    encode('b', 'h', &word[..end])
}

/// Returns the terms of all words that begin with a letter. The second one may need the other alphabet.
fn begins_with(letter: &str) -> Clause {
    let mut clause = vec![prefix(beginning(letter))];
    if letter.is_ascii() {
        clause.push(prefix(format!("h{}", HEXLOWER.encode(letter.as_bytes()))));
    }
    clause
}

/// Returns true for the clause of [`begins_with`].
fn is_first_letter(clause: &[Term]) -> bool {
    clause.iter().all(|term| term.is_prefix && term.text.starts_with(['b', 'h']))
}

fn triple(gram: &str) -> String {
    encode('w', 'v', gram)
}

/// Returns the term of one or two characters of dense writing. That of one is the beginning of those of pairs.
fn dense(gram: &str) -> String {
    format!("c{}", HEXLOWER.encode(gram.as_bytes()))
}

/// Returns a term as it is, or in hexadecimal digits under a kind of its own.
fn encode(plain: char, hex: char, gram: &str) -> String {
    if gram.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
        format!("{plain}{gram}")
    } else {
        format!("{hex}{}", HEXLOWER.encode(gram.as_bytes()))
    }
}

fn last(run: &str) -> Option<&str> {
    run.char_indices().next_back().map(|(at, _)| &run[at..])
}

/// Returns all parts of a run with a number of characters.
fn windows(run: &str, length: usize) -> impl Iterator<Item = &str> {
    let starts = run.char_indices().map(|(at, _)| at);
    let ends = run.char_indices().map(|(at, _)| at).skip(length).chain(std::iter::once(run.len()));
    let count = (run.chars().count() + 1).saturating_sub(length);
    starts.zip(ends).take(count).map(move |(start, end)| &run[start..end])
}

/// Returns some of the parts of a run with a number of characters, from all over it.
fn spread(run: &str, length: usize) -> impl Iterator<Item = &str> {
    let count = windows(run, length).count();
    windows(run, length).step_by(count.div_ceil(GRAMS).max(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wire::{GroupId, Timestamp};

    use super::*;
    use crate::ports::position::Position;
    use crate::search::SearchQuery;

    fn document(text: &str) -> SearchDocument {
        SearchDocument {
            position: Position(1),
            application: ApplicationId(1),
            conversation: Conversation::Group(GroupId::from_bytes([1; 10])),
            reader: None,
            author: UserId::from_bytes([2; 10]),
            at: Timestamp(0),
            text: text.into(),
        }
    }

    fn request(query: SearchQuery) -> CandidateRequest {
        let SearchDocument { application, conversation, author, .. } = document("");
        CandidateRequest {
            application,
            conversations: vec![conversation],
            directs_of: None,
            copies_of: None,
            authors: Some(vec![author]),
            from: Some(Timestamp(0)),
            to: None,
            query,
            is_broad: false,
            before: None,
            limit: 1,
        }
    }

    fn has(terms: &[String], clause: &[Term]) -> bool {
        clause.iter().any(|Term { text, is_prefix }| {
            terms.iter().any(|term| if *is_prefix { term.starts_with(text) } else { term == text })
        })
    }

    #[test]
    fn a_message_has_terms_for_its_words_and_for_its_place() {
        let words = |text: &str| {
            let terms = terms(&document(text)).into_iter();
            terms.filter(|term| "bwhvc".contains(&term[..1])).collect::<Vec<_>>()
        };
        assert_eq!(words("Teapot, a"), ["ba", "bte", "wapo", "weap", "wpot", "wtea"]);
        assert_eq!(words("喝茶"), ["ce5969de88cb6", "ce88cb6"]);
        assert_eq!(words("Чай"), ["hd187d0b0", "vd187d0b0d0b8"]);
        let place: Vec<_> = terms(&document("")).iter().map(|term| term[..1].to_owned()).collect();
        assert_eq!(place, ["g", "u", "y", "y", "y"]);
    }

    #[test]
    fn every_term_is_one_token_of_ascii_letters_and_digits() {
        let odd = "\"NEAR\" * ^ - : \0 \u{202e} 👩\u{200d}🔬 ß ﷺ ＡＢ क्षि 한국 a'b";
        for term in terms(&document(odd)) {
            assert!(term.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{term}");
        }
    }

    /// Texts of few letters of every kind, so that random words stand in random texts.
    fn texts() -> impl Strategy<Value = String> {
        prop_oneof!["[ab茶が한ก👍 .é-]{0,12}", any::<String>()]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn a_text_that_matches_has_the_terms_of_the_query(text in texts(), typed in "[ab茶が한ก👍 .é\"-]{1,6}") {
            let Ok(query) = SearchQuery::parse(&typed) else { return Ok(()) };
            if query.matches(&text) {
                let terms = terms(&document(&text));
                for clause in clauses(&request(query)) {
                    prop_assert!(has(&terms, &clause), "{clause:?} in {terms:?}");
                }
            }
        }

        #[test]
        fn any_part_of_a_text_finds_it(text in any::<String>(), start in any::<prop::sample::Index>(), length in 3..20_usize) {
            let letters: Vec<char> = text.chars().collect();
            let start = start.index(letters.len() + 1);
            let part: String = letters[start..].iter().take(length).filter(|letter| **letter != '"').collect();
            let Ok(query) = SearchQuery::parse(&part) else { return Ok(()) };
            if query.matches(&text) {
                let terms = terms(&document(&text));
                for clause in clauses(&request(query)) {
                    prop_assert!(has(&terms, &clause), "{clause:?} in {terms:?}");
                }
            }
        }
    }
}
