//! HTML pages, parsed.

use scraper::{ElementRef, Html, Node, Selector};

/// A parsed page.
pub struct Markup(Html);

impl Markup {
    /// Parses the body of a response.
    pub fn of(answer: &str) -> Self {
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        Self(Html::parse_document(body))
    }

    /// Returns every element with the names of its attributes, in document order.
    pub fn elements(&self) -> Vec<String> {
        let all = Selector::parse("*").unwrap();
        let line = |element: scraper::ElementRef<'_>| {
            let mut names: Vec<_> = element.value().attrs().map(|(name, _)| name).collect();
            names.sort_unstable();
            format!("{}[{}]", element.value().name(), names.join(" "))
        };
        self.0.select(&all).map(line).collect()
    }

    /// Returns the text of all elements that match a selector.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        self.0.select(&selector).map(|element| element.text().collect()).collect()
    }

    /// Returns one attribute of all elements that match a selector.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        let found = self.0.select(&selector).filter_map(|element| element.value().attr(name));
        found.map(str::to_owned).collect()
    }

    /// Returns the values that a browser would send for one field of the forms to `action`.
    pub fn field(&self, action: &str, name: &str) -> Vec<String> {
        let form = format!("form[action=\"{action}\"]");
        let mut values = self.texts(&format!("{form} textarea[name=\"{name}\"]"));
        values.extend(self.attributes(&format!("{form} select[name=\"{name}\"] option[selected]"), "value"));
        for kind in
            ["[type=checkbox][checked]", "[type=radio][checked]", ":not([type=checkbox]):not([type=radio])"]
        {
            values.extend(self.attributes(&format!("{form} input[name=\"{name}\"]{kind}"), "value"));
        }
        values
    }

    /// Returns all texts that a reader or a screen reader gets: those between the tags, and those in attributes. What
    /// stands in a field is its user's, and the letter of an avatar is that of a name.
    pub fn words(&self) -> (Vec<String>, Vec<String>) {
        let (mut texts, mut attributes) = (Vec::new(), Vec::new());
        for node in self.0.tree.nodes() {
            match node.value() {
                Node::Text(text) => {
                    let is_silent = node.ancestors().filter_map(ElementRef::wrap).any(|element| {
                        matches!(element.value().name(), "script" | "style" | "textarea")
                            || element.value().classes().any(|class| class == "avatar")
                    });
                    if !is_silent && !text.trim().is_empty() {
                        texts.push(text.trim().to_owned());
                    }
                }
                Node::Element(element) => {
                    let told = ["title", "placeholder", "aria-label", "alt", "label"];
                    attributes.extend(told.iter().filter_map(|name| element.attr(name)).map(str::to_owned));
                }
                _ => {}
            }
        }
        (texts, attributes)
    }

    /// Returns the texts that have letters outside of the brackets of the pseudo-locale, and are not in this list of what
    /// people have written. A sentence with names in it consists of several texts, and its brackets are in the first and
    /// the last.
    pub fn untranslated(&self, written: &[&str]) -> Vec<String> {
        let mut depth = 0u32;
        let mut is_foreign = |text: &String| {
            let mut rest = text.replace(['\u{2068}', '\u{2069}'], "");
            for known in written {
                rest = rest.replace(known, "");
            }
            let mut foreign = false;
            for c in rest.chars() {
                match c {
                    '⟦' => depth += 1,
                    '⟧' => depth -= 1,
                    _ => foreign |= depth == 0 && c.is_alphabetic(),
                }
            }
            foreign
        };
        let (texts, attributes) = self.words();
        let found = texts.into_iter().chain(attributes).filter(&mut is_foreign).collect();
        assert_eq!(depth, 0, "a bracket is left open");
        found
    }
}
