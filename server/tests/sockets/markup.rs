//! HTML pages, parsed.

use scraper::{Html, Selector};

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
}
