//! Checks of all languages: nothing is missing, and every template is one.

use std::collections::BTreeSet;

use wire::{Expected, FileSummary, Person, PersonName, Quote, Refusal, Refused, Seq, UserId};

use super::language::{name_of, plural_rules};
use super::languages::all;
use super::sentence::{Digits, Sentence, Words};
use super::server_texts::ServerTexts;
use super::template::{braced, placeholder, variant};
use super::texts::{PageTexts, Texts};

/// The placeholders of a template, each with its kind and the keys of its variants.
fn placeholders(template: &str, found: &mut Vec<(String, String, Vec<String>)>) {
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (inside, after) = braced(&rest[at..]);
        let (name, kind, mut variants) = placeholder(inside);
        let mut keys = Vec::new();
        while let Some((key, text, others)) = variant(variants) {
            keys.push(key.to_owned());
            placeholders(text, found);
            variants = others;
        }
        found.push((name.into(), kind.into(), keys));
        rest = after;
    }
}

fn names(template: &str) -> BTreeSet<String> {
    let mut found = Vec::new();
    placeholders(template, &mut found);
    found.into_iter().map(|(name, ..)| name).collect()
}

#[test]
fn every_text_has_exactly_the_parameters_that_it_is_declared_with() {
    let declared = PageTexts::NAMES.iter().chain(ServerTexts::NAMES);
    for served in all() {
        assert_eq!(served.table.texts.len(), PageTexts::NAMES.len() + ServerTexts::NAMES.len());
        for ((name, params), text) in declared.clone().zip(&served.table.texts) {
            let params: BTreeSet<String> = params.iter().map(ToString::to_string).collect();
            assert_eq!(names(text), params, "{} in {}: {text}", name, served.tag);
            assert!(!text.is_empty() && !text.contains('\n'), "{} in {}", name, served.tag);
        }
    }
}

#[test]
fn every_plural_has_the_categories_of_its_language() {
    for served in all() {
        // The pseudo-languages have the forms of English.
        let tag = if served.tag.contains("-X") { "en" } else { served.tag };
        let rules = plural_rules(tag).unwrap();
        let categories: BTreeSet<&str> = rules.categories().map(name_of).collect();
        let named = served.table.named.iter().map(|(_, text)| *text);
        for text in served.table.texts.iter().copied().chain(named) {
            let mut found = Vec::new();
            placeholders(text, &mut found);
            for (_, kind, keys) in found {
                let keys: BTreeSet<&str> =
                    keys.iter().map(String::as_str).filter(|key| !key.starts_with('=')).collect();
                match kind.as_str() {
                    "plural" => assert_eq!(keys, categories, "{}: {text}", served.tag),
                    "select" => assert!(keys.contains("other"), "{}: {text}", served.tag),
                    "" | "kib" | "mib" | "seconds" | "duration" | "expected" => {}
                    other => panic!("{other} in {}: {text}", served.tag),
                }
            }
        }
    }
}

/// A refusal of this code, with all its parameters.
fn refused(code: &str) -> Refused {
    let params = serde_json::json!({
        "max": 90_000, "limit": 1, "minutes": 300, "retry_ms": 1_500, "field": "topic", "wants": "boolean",
        "name": "李雷", "provider": "Example Ltd", "names": "Zoë, 李雷", "bytes": 7, "file": "0123456789abcdef", "claim": "aud", "valid_from": "2026-11-30T10:00:00.000Z",
    });
    let params = serde_json::from_value(params).unwrap();
    Refused::from(&Refusal::of(code, &params).unwrap_or_else(|| panic!("{code}")))
}

#[test]
fn every_refusal_has_a_sentence_in_every_language_with_its_parameters_in_it() {
    for served in all() {
        let texts = Texts::of(&served.table);
        for code in Refusal::CODES {
            let template = served.table.named(code).unwrap_or_else(|| panic!("{code} in {}", served.tag));
            let refused = refused(code);
            let known: BTreeSet<String> = refused
                .params
                .names()
                .map(str::to_owned)
                .chain(refused.retry_ms.map(|_| "retry_ms".into()))
                .collect();
            assert!(names(template).is_subset(&known), "{code} in {}: {template}", served.tag);
            let sentence = texts.refusal(&refused);
            assert!(sentence.ends_with(['.', '⟧', '\u{200F}']), "{code} in {}: {sentence}", served.tag);
            assert!(!sentence.contains(['{', '}', '#']) || *code == "json_not_object", "{sentence}");
        }
        for expected in Expected::ALL {
            let refused = Refused::from(&Refusal::FieldWrong { field: "f".into(), wants: *expected });
            let other = served.table.named("expected").unwrap();
            assert!(names(other).contains("wants"));
            let something_else = texts.refusal(&Refused {
                params: refused.params.clone().with_text("wants", "?"),
                ..refused.clone()
            });
            assert_ne!(texts.refusal(&refused), something_else, "{expected:?} in {}", served.tag);
        }
    }
}

#[test]
fn a_refusal_says_in_english_what_would_be_right() {
    let texts = super::english();
    let said = |refusal: Refusal| texts.refusal(&Refused::from(&refusal));
    assert_eq!(said(Refusal::TooFast { retry_ms: 1_500 }), "You're sending too fast. Try again in 2 s.");
    assert_eq!(said(Refusal::FrameTooLarge), "A frame can have at most 64 KiB.");
    assert_eq!(
        said(Refusal::OpenTopicsFull { max: 3 << 20 }).split(',').next(),
        Some("The open topics of this server hold 3 MiB")
    );
    for (minutes, span) in
        [(0, "a minute"), (1, "a minute"), (119, "119 minutes"), (120, "2 hours"), (2_880, "2 days")]
    {
        assert_eq!(said(Refusal::Muted { minutes }), format!("You're muted. You can post again in {span}."));
    }
    assert_eq!(
        said(Refusal::FieldWrong { field: "on".into(), wants: Expected::Boolean }),
        "\"on\" must be true or false."
    );
    assert_eq!(said(Refusal::GroupFull { limit: 1 }), "This group is full (1 member).");
    assert_eq!(said(Refusal::GroupFull { limit: 2_000 }), "This group is full (2,000 members).");
}

#[test]
fn files_are_called_by_their_kind_or_name_and_their_size_is_short() {
    let texts = super::english();
    let author = Person { id: UserId::from_bytes([1; 10]), name: PersonName::new("ann").unwrap() };
    let quoted = |excerpt: &str, files: Option<(u32, u32)>| {
        let files = files.map(|(count, pictures)| FileSummary { count, pictures });
        texts.quoted(&Quote { seq: Seq(1), author: author.clone(), excerpt: excerpt.into(), files })
    };
    assert_eq!(quoted("tea?", None), "tea?");
    assert_eq!(quoted("cup.png", Some((1, 1))), "Photo");
    assert_eq!(quoted("cup.png", Some((2, 2))), "2 photos");
    assert_eq!(quoted("cup.png", Some((3, 2))), "3 files");
    assert_eq!(quoted("report.pdf", Some((1, 0))), "report.pdf");
    assert_eq!(quoted("", None), "This message was deleted.");
    for (bytes, size) in [
        (1, "1 KB"),
        (1_025, "2 KB"),
        (900_000, "879 KB"),
        (1_048_576, "1.0 MB"),
        (26_214_400, "25.0 MB"),
        (3_000_000_000, "2,861.1 MB"),
    ] {
        assert_eq!(texts.file_size(bytes), size);
    }
}

#[test]
fn an_unknown_code_has_a_general_sentence_and_a_fault_its_id() {
    let texts = super::english();
    assert_eq!(
        texts.refusal(&Refused::by_code("moon_full")),
        "The server refused this. Reload the page and try again."
    );
    let fault = Refused::from(&Refusal::Unavailable);
    let fault = Refused { params: fault.params.with_text("fault", "00c0ffee"), ..fault };
    assert!(texts.refusal(&fault).ends_with("Try again. (Fault 00c0ffee.)"));
}

#[test]
fn each_name_in_a_sentence_stands_between_isolates() {
    let texts = super::english();
    let made = texts.made_admin("سارا", "داود");
    assert_eq!(made.plain(), "\u{2068}سارا\u{2069} made \u{2068}داود\u{2069} an admin");
    assert_eq!(
        texts.read_by_one_more("Kim Lee", 3usize).plain(),
        "Read by \u{2068}Kim Lee\u{2069} and 3 more"
    );
    assert_eq!(texts.not_sent_because(Words("Why.")).plain(), "Not sent. Why.");
    assert_eq!(texts.set_limit("a", 1_234u32).plain(), "\u{2068}a\u{2069} set the member limit to 1,234");
    assert_eq!(texts.joined_on(Digits(1_234)).plain(), "Joined 1234", "a year has no thousands");
}

#[test]
fn a_name_cannot_end_its_isolate_nor_be_a_placeholder() {
    assert_eq!(Sentence::name("a\u{2069}b\u{2068}c").plain(), "\u{2068}abc\u{2069}");
    assert_eq!(super::english().left("{who} #").plain(), "\u{2068}{who} #\u{2069} left");
}

#[test]
fn a_day_has_its_full_name() {
    assert_eq!(super::english().date(0), "Thursday, 1 January 1970");
    assert_eq!(super::english().date(20_778), "Saturday, 21 November 2026");
}

#[test]
fn counts_take_the_plural_form_of_the_language() {
    let texts = super::english();
    assert_eq!(texts.unread(1, 0), "1 unread message");
    assert_eq!(texts.unread(100, 1), "99+ unread messages, 1 mention");
    let category = |tag, number| name_of(plural_rules(tag).unwrap().category_for(number));
    for (number, arabic) in [(0u32, "zero"), (1, "one"), (2, "two"), (3, "few"), (11, "many"), (100, "other")]
    {
        assert_eq!(category("ar", number), arabic, "{number}");
    }
}
