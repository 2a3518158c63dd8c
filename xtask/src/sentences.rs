//! The rule that `wire` has no sentence: what crosses the network is codes, numbers and the words of users.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

use crate::process::root;

/// Collects the string literals of a file, outside of attributes, doc comments and tests.
fn literals(tokens: TokenStream, found: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        let is_sign = |at: usize, wanted| matches!(tokens.get(at), Some(TokenTree::Punct(sign)) if sign.as_char() == wanted);
        // An attribute of the item after it, or of the file.
        let group = if is_sign(at + 1, '!') { at + 2 } else { at + 1 };
        if is_sign(at, '#')
            && let Some(TokenTree::Group(attribute)) = tokens.get(group)
        {
            at = group + 1;
            if attribute.stream().to_string().replace(' ', "") == "cfg(test)" {
                // The module of the tests: up to its body.
                while at < tokens.len() && !matches!(tokens[at], TokenTree::Group(_)) {
                    at += 1;
                }
                at += 1;
            }
            continue;
        }
        match &tokens[at] {
            TokenTree::Group(group) => literals(group.stream(), found),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if text.starts_with(['"', 'r']) && text.ends_with(['"', '#']) {
                    found.push(text.trim_matches(['r', '#', '"']).to_owned());
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
        at += 1;
    }
}

/// Returns true for a text of several words that ends like a sentence.
fn is_sentence(text: &str) -> bool {
    text.contains(' ') && text.trim_end().ends_with(['.', '!', '?', '…'])
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

#[test]
fn wire_has_no_sentence_in_any_language() {
    let mut files = Vec::new();
    sources(&root().join("crates/wire/src"), &mut files);
    let (mut count, mut sentences) = (0, Vec::new());
    for file in files {
        let mut texts = Vec::new();
        literals(fs::read_to_string(&file).unwrap().parse().unwrap(), &mut texts);
        count += texts.len();
        sentences.extend(texts.into_iter().filter(|text| is_sentence(text)).map(|text| (file.clone(), text)));
    }
    assert!(count > 100, "only {count} literals were read");
    assert!(sentences.is_empty(), "{sentences:#?}");
}

#[test]
fn a_sentence_is_told_from_a_code_and_from_a_test() {
    let source = r##"//! About the file.
        #[doc = "A doc comment."]
        fn say() -> &'static str { if true { "This is a sentence." } else { "not_member" } }
        #[cfg(test)]
        mod tests { const SAID: &str = "In a test."; }
        const AFTER: &str = r#"Is it "one"?"#;
    "##;
    let mut found = Vec::new();
    literals(source.parse().unwrap(), &mut found);
    let sentences: Vec<&str> = found.iter().map(String::as_str).filter(|text| is_sentence(text)).collect();
    assert_eq!(sentences, ["This is a sentence.", "Is it \"one\"?"]);
}
