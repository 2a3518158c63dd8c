//! The rule against dependency cycles between the files of a crate: if a file names an item of another, nothing leads
//! back from there.
//!
//! Names are resolved without a compiler. A path is followed through modules, imports and re-exports to the file of the
//! last module that is known; an unknown name, such as one that a macro makes, counts as an item of that file. Methods,
//! doc comments, tests, `mod name;` and the re-exports of a `mod.rs` or `lib.rs` name nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::process::root;

/// The sources of the crates that must have no circle.
const CRATES: [&str; 4] = ["app/src", "crates/broker/src", "crates/chat/src", "crates/egress/src"];

/// The modules of a crate by their path; the root's is empty.
type Modules = BTreeMap<Vec<String>, Module>;

/// The names that each file takes from each other file.
type Edges<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<String>>>;

/// A module, and its file.
#[derive(Default)]
struct Module {
    file: String,
    imports: Vec<Import>,
    /// Paths of two or more names.
    paths: Vec<Vec<String>>,
    /// All names outside of imports.
    words: BTreeSet<String>,
    /// The items that it defines.
    items: BTreeSet<String>,
}

/// One name of a `use`, or `*`.
struct Import {
    path: Vec<String>,
    name: String,
    /// True for a `pub use`.
    exported: bool,
}

/// The target of a path, as the path of a module.
enum Target {
    /// The module itself.
    Module(Vec<String>),
    /// An item of it.
    Item(Vec<String>),
}

impl Module {
    fn parse(file: &str, source: &str) -> Self {
        let mut module = Self { file: file.to_owned(), ..Self::default() };
        module.read(source.parse().unwrap_or_else(|error| panic!("{file}: {error}")), true, 0);
        module
    }

    /// Returns true if it may only re-export the items of other files.
    fn is_index(&self) -> bool {
        self.file.ends_with("mod.rs") || self.file.ends_with("lib.rs")
    }

    /// Collects the names in a part of the file, below this number of inline modules.
    fn read(&mut self, part: TokenStream, is_top: bool, inline: usize) {
        let tokens: Vec<TokenTree> = part.into_iter().collect();
        let word = |at: usize| match tokens.get(at) {
            Some(TokenTree::Ident(word)) => Some(word.to_string()),
            _ => None,
        };
        let sign = |at: usize| match tokens.get(at) {
            Some(TokenTree::Punct(sign)) => Some(sign.as_char()),
            _ => None,
        };
        let mut at = 0;
        while at < tokens.len() {
            let name = word(at);
            match &tokens[at] {
                TokenTree::Punct(sign)
                    if sign.as_char() == '#' && tokens.get(at + 1).is_some_and(is_of_tests) =>
                {
                    let ends_item = |at: &usize| is_braced(&tokens[*at]) || is_semicolon(&tokens[*at]);
                    at = (at + 2..tokens.len()).find(ends_item).unwrap_or(tokens.len());
                }
                TokenTree::Group(group) => self.read(group.stream(), false, inline),
                TokenTree::Ident(_) if name.as_deref() == Some("use") && sign(at + 1) != Some('<') => {
                    let end =
                        (at..tokens.len()).find(|at| is_semicolon(&tokens[*at])).unwrap_or(tokens.len());
                    let before =
                        tokens[..at].iter().rev().find(|token| !matches!(token, TokenTree::Group(_)));
                    let exported = before.is_some_and(|token| token.to_string() == "pub");
                    self.import(&tokens[at + 1..end], &[], exported, inline);
                    at = end;
                }
                TokenTree::Ident(_) if name.as_deref() == Some("mod") => {
                    if let Some(TokenTree::Group(body)) = tokens.get(at + 2) {
                        self.read(body.stream(), is_top, inline + 1);
                    }
                    at += 2;
                }
                TokenTree::Ident(_) => {
                    let mut path: Vec<String> = name.into_iter().collect();
                    while let (Some(':'), Some(':'), Some(next)) = (sign(at + 1), sign(at + 2), word(at + 3))
                    {
                        path.push(next);
                        at += 3;
                    }
                    let defines = ["fn", "struct", "enum", "trait", "type", "const", "static", "macro_rules"];
                    if is_top && defines.contains(&path[0].as_str()) {
                        self.items.extend(word(at + 1).or_else(|| word(at + 2)));
                    }
                    self.words.extend(path.iter().cloned());
                    if path.len() > 1 {
                        self.paths.push(outside(path, inline));
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Collects the names of a `use`, or of a part of one, after the path to it.
    fn import(&mut self, tree: &[TokenTree], before: &[String], exported: bool, inline: usize) {
        let mut path = before.to_vec();
        let mut alias = None;
        for (at, token) in tree.iter().enumerate() {
            match token {
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    let is_comma = |token: &TokenTree| token.to_string() == ",";
                    for part in inner.split(is_comma).filter(|part| !part.is_empty()) {
                        self.import(part, &path, exported, inline);
                    }
                    return;
                }
                TokenTree::Ident(word) if word == "as" => {
                    alias = tree.get(at + 1).map(ToString::to_string);
                    break;
                }
                TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
                TokenTree::Punct(sign) if sign.as_char() == ':' => {}
                _ => path.push(token.to_string()),
            }
        }
        let name = alias.or_else(|| path.last().cloned()).unwrap_or_default();
        self.imports.push(Import { path: outside(path, inline), name, exported });
    }
}

/// Returns true if a bracketed attribute limits its item to tests.
fn is_of_tests(attribute: &TokenTree) -> bool {
    let attribute: String = attribute.to_string().split_whitespace().collect();
    attribute.starts_with("[cfg(test") || attribute.starts_with("[cfg(all(test")
}

fn is_braced(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

fn is_semicolon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(sign) if sign.as_char() == ';')
}

/// Converts a path inside inline modules to one of the file's own module.
fn outside(mut path: Vec<String>, inline: usize) -> Vec<String> {
    let inner = path.iter().take(inline).take_while(|name| *name == "super").count();
    if inner > 0 {
        path.splice(..inner, ["self".to_owned()]);
    }
    path
}

/// Resolves a path of a module; none if it leads to another crate.
fn resolve(modules: &Modules, path: &[String], from: &[String], steps: usize) -> Option<Target> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(walk(modules, rest, &[], steps)),
        "self" => Some(walk(modules, rest, from, steps)),
        "super" => {
            let supers = path.iter().take_while(|name| *name == "super").count();
            Some(walk(modules, &path[supers..], &from[..from.len().checked_sub(supers)?], steps))
        }
        _ => look_up(modules, first, rest, from, steps),
    }
}

/// Follows the rest of a path that has reached a module.
fn walk(modules: &Modules, path: &[String], module: &[String], steps: usize) -> Target {
    let Some((first, rest)) = path.split_first() else { return Target::Module(module.to_vec()) };
    look_up(modules, first, rest, module, steps).unwrap_or_else(|| Target::Item(module.to_vec()))
}

/// Resolves a name in a module, with the rest of its path; none if the module does not know it.
fn look_up(modules: &Modules, name: &str, rest: &[String], at: &[String], steps: usize) -> Option<Target> {
    // Two modules may import everything from each other.
    let steps = steps.checked_sub(1)?;
    let module = modules.get(at)?;
    let child = [at, &[name.to_owned()]].concat();
    let has_child = modules.contains_key(&child);
    // Of a module and an item of the same name, a path goes on in the module and ends at the item.
    if has_child && !rest.is_empty() {
        return Some(walk(modules, rest, &child, steps));
    }
    for import in module.imports.iter().filter(|import| import.name == name && import.path != [name]) {
        let is_prefix = || match resolve(modules, &import.path, at, steps) {
            Some(Target::Module(_)) => true,
            // A function is no part of a path: this is another crate of the same name.
            _ => name.starts_with(char::is_uppercase),
        };
        if rest.is_empty() || is_prefix() {
            let found = resolve(modules, &[&import.path, rest].concat(), at, steps);
            if found.is_some() {
                return found;
            }
        }
    }
    if module.items.contains(name) {
        return Some(Target::Item(at.to_vec()));
    }
    if has_child {
        return Some(Target::Module(child));
    }
    module.imports.iter().filter(|import| import.name == "*").find_map(|glob| {
        let inside = resolve(modules, &glob.path[..glob.path.len() - 1], at, steps)?;
        let Target::Module(inside) = inside else { return None };
        look_up(modules, name, rest, &inside, steps)
    })
}

/// Returns the names that each file takes from each other file.
fn edges(modules: &Modules) -> Edges<'_> {
    let mut edges = Edges::new();
    for (at, module) in modules {
        let mut add = |path: &[String]| {
            if let Some(Target::Item(to)) = resolve(modules, path, at, 16).filter(|_| path.len() > 1)
                && to != *at
            {
                let names = edges.entry(&module.file).or_default().entry(&modules[&to].file).or_default();
                names.insert(path.join("::"));
            }
        };
        for Import { path, name, exported } in &module.imports {
            match name.as_str() {
                "*" if *exported && module.is_index() => {}
                "*" => {
                    let module_of = &path[..path.len() - 1];
                    let Some(Target::Module(from)) = resolve(modules, module_of, at, 16) else { continue };
                    let taken = module.words.iter().filter(|word| !module.items.contains(*word));
                    for word in taken.filter(|word| look_up(modules, word, &[], &from, 16).is_some()) {
                        add(&[module_of, std::slice::from_ref(word)].concat());
                    }
                }
                name if *exported && module.is_index() && !module.words.contains(name) => {}
                _ => add(path),
            }
        }
        for path in &module.paths {
            add(path);
        }
    }
    edges
}

/// Returns the edges between files that lead to each other, one a line.
fn circles<'a>(edges: &'a Edges<'a>) -> Vec<String> {
    let mut found = Vec::new();
    for (from, to) in edges {
        for (to, names) in to.iter().filter(|(to, _)| reached(edges, to).contains(from)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            found.push(format!("{from} → {to}: {}", names.join(", ")));
        }
    }
    found
}

/// Returns the files to which the edges lead from a file.
fn reached<'a>(edges: &'a Edges<'a>, from: &'a str) -> BTreeSet<&'a str> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(file) = open.pop() {
        open.extend(edges.get(file).into_iter().flat_map(BTreeMap::keys).filter(|to| reached.insert(**to)));
    }
    reached
}

/// Reads the modules below a folder, without those of tests.
fn read(folder: &Path, at: &[String], modules: &mut Modules) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let inside = [at, std::slice::from_ref(&name)].concat();
        if ["testing", "tests"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            read(&path, &inside, modules);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let is_index = ["lib", "mod"].contains(&name.as_str());
            let file = path.strip_prefix(root()).unwrap().to_string_lossy();
            let module = Module::parse(&file, &fs::read_to_string(&path).unwrap());
            modules.insert(if is_index { at.to_vec() } else { inside }, module);
        }
    }
}

#[test]
fn the_files_of_a_crate_form_no_circle() {
    for folder in CRATES {
        let mut modules = Modules::new();
        read(&root().join(folder), &[], &mut modules);
        let edges = edges(&modules);
        assert!(edges.len() > modules.len() / 3, "{folder}: the names were resolved");
        let circles = circles(&edges);
        assert!(circles.is_empty(), "{folder} has a circle:\n{}", circles.join("\n"));
    }
}

#[test]
fn a_circle_is_found_through_re_exports_and_not_through_tests_or_comments() {
    let modules = |sources: &[(&str, &str)]| -> Modules {
        let path = |file: &str| match file.trim_end_matches("/mod.rs").trim_end_matches(".rs") {
            "lib" => Vec::new(),
            path => path.split('/').map(str::to_owned).collect(),
        };
        sources.iter().map(|(file, source)| (path(file), Module::parse(file, source))).collect()
    };
    let index = "mod song; mod tune; pub use song::Song; pub(crate) use tune::{Tune as Air, hum};";
    let circle = modules(&[
        ("lib.rs", "mod music;"),
        ("music/mod.rs", index),
        ("music/song.rs", "use super::Air; pub struct Song(Air);"),
        ("music/tune.rs", "pub struct Tune; pub fn hum() { let _ = crate::music::Song(Tune); }"),
    ]);
    assert_eq!(
        circles(&edges(&circle)),
        ["music/song.rs → music/tune.rs: super::Air", "music/tune.rs → music/song.rs: crate::music::Song"]
    );
    let tree = modules(&[
        ("lib.rs", "mod band; mod music;"),
        ("band.rs", "use crate::music::{self, Song}; fn play(song: Song) { music::hum() }"),
        ("music/mod.rs", index),
        (
            "music/song.rs",
            "use super::Air; pub struct Song(Air); #[cfg(test)] mod tests { use crate::band::play; }",
        ),
        (
            "music/tune.rs",
            "/// Of a [`Song`](super::Song).\npub struct Tune; pub fn hum() { /* super::Song */ }",
        ),
    ]);
    let edges = edges(&tree);
    assert_eq!(circles(&edges), Vec::<String>::new());
    let names = |from: &str| edges[from].keys().copied().collect::<Vec<_>>();
    assert_eq!(names("band.rs"), ["music/song.rs", "music/tune.rs"]);
}
