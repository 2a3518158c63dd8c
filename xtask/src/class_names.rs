//! The naming rule of CSS classes: each belongs to one component, and its name starts with that component's.

use std::collections::BTreeMap;
use std::fs;

use crate::process::root;

/// The file of utility classes, which any component may use.
const UTILITIES: &str = "base";

/// Returns the classes that a style sheet names.
fn classes(sheet: &str) -> Vec<&str> {
    let mut classes = Vec::new();
    let mut rest = sheet;
    while let Some(at) = rest.find(['.', '"', '/']) {
        let (sign, after) = rest[at..].split_at(1);
        let end = match sign {
            "\"" => after.find('"').map_or(after.len(), |end| end + 1),
            "/" if after.starts_with('*') => after.find("*/").map_or(after.len(), |end| end + 2),
            "/" => 0,
            _ => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
                let class = &after[..end.unwrap_or(after.len())];
                if class.starts_with(|c: char| c.is_ascii_alphabetic()) {
                    classes.push(class);
                }
                class.len()
            }
        };
        rest = &after[end..];
    }
    classes
}

#[test]
fn classes_are_found_and_numbers_comments_and_strings_passed_over() {
    let sheet = "/* .no */ @import \"x.css\"; .a > .b-c:not(.d) { margin: .5rem 0.5em; & .e { top: 1px } }";
    assert_eq!(classes(sheet), ["a", "b-c", "d", "e"]);
}

#[test]
fn each_class_is_styled_by_one_file_and_begins_with_the_name_of_its_component() {
    let mut owners = BTreeMap::new();
    let mut wrong = Vec::new();
    for entry in fs::read_dir(root().join("style")).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        let sheet = fs::read_to_string(&path).unwrap();
        for class in classes(&sheet) {
            let own = class.strip_prefix(&file).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
            if !own && file != UTILITIES {
                wrong.push(format!(".{class} in {file}.css does not begin with {file}"));
            }
            let owner = owners.entry(class.to_owned()).or_insert_with(|| file.clone());
            if *owner != file {
                wrong.push(format!(".{class} is styled by {owner}.css and by {file}.css"));
            }
        }
    }
    assert!(owners.len() > 50, "the style sheets were found");
    assert_eq!(wrong, Vec::<String>::new());
}
