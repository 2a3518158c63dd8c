//! The plot of the fan-out benchmarks.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::Done;

/// The width of the longest bar, and the left edge of all bars.
const WIDTH: f64 = 430.0;
const LEFT: f64 = 110.0;
/// The height of a bar with the gap below it.
const ROW: f64 = 22.0;

/// Draws the fan-out of all servers, one group of bars for each load.
pub(crate) fn write(json: &Path, svg: &Path) -> Done {
    let text =
        fs::read_to_string(json).map_err(|error| format!("{} cannot be read: {error}", json.display()))?;
    let lines: Vec<Value> =
        serde_json::from_str(&text).map_err(|error| format!("{} is not right: {error}", json.display()))?;
    fs::write(svg, draw(&lines)).map_err(|error| format!("{} cannot be written: {error}", svg.display()))
}

fn draw(lines: &[Value]) -> String {
    let rate = |line: &Value| line["measured"]["deliveries_per_s"].as_f64().unwrap_or_default();
    let most = lines.iter().map(rate).fold(1.0, f64::max);
    let (mut bars, mut y, mut last) = (String::new(), 0.0, &Value::Null);
    for line in lines {
        if line["load"] != *last {
            last = &line["load"];
            let window = last["window"].as_u64().unwrap_or_default();
            let _ =
                writeln!(bars, "<text x='0' y='{}' class='h'>{window} messages under way</text>", y + 24.0);
            y += 34.0;
        }
        let (name, rate) = (line["name"].as_str().unwrap_or_default(), rate(line));
        let class = if name == "hubbub" { "own" } else { "other" };
        let width = (rate / most * WIDTH).max(1.0);
        let _ = writeln!(
            bars,
            "<text x='{}' y='{}' text-anchor='end'>{name}</text>\
             <rect class='{class}' x='{LEFT}' y='{y}' width='{width:.0}' height='16' rx='3'/>\
             <text x='{:.0}' y='{}'>{:.2} M</text>",
            LEFT - 8.0,
            y + 13.0,
            LEFT + width + 6.0,
            y + 13.0,
            rate / 1e6
        );
        y += ROW;
    }
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 620 {:.0}' role='img' \
         aria-label='Deliveries a second to 1,000 subscribers'>\n\
         <style>text{{font:13px system-ui,sans-serif;fill:#333}}.h{{font-weight:600}}.own{{fill:#0f766e}}\
         .other{{fill:#a8a29e}}@media(prefers-color-scheme:dark){{text{{fill:#ddd}}.own{{fill:#2dd4bf}}\
         .other{{fill:#57534e}}}}</style>\n{bars}</svg>\n",
        y + 6.0
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::draw;

    #[test]
    fn the_longest_bar_is_the_fastest_and_every_server_has_one() {
        let line = |window: u64, name: &str, rate: f64| json!({ "load": { "window": window }, "name": name, "measured": { "deliveries_per_s": rate } });
        let svg = draw(&[line(16, "hubbub", 2e6), line(16, "other", 5e5), line(128, "hubbub", 4e6)]);
        assert!(
            svg.contains("width='430'") && svg.contains("width='215'") && svg.contains("width='54'"),
            "{svg}"
        );
        assert_eq!(svg.matches("<rect").count(), 3);
        assert_eq!(svg.matches("messages under way").count(), 2);
    }
}
