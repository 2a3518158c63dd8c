//! The test step `budgets`: size limits of the page.

use super::Tally;
use crate::Done;
use crate::site::{BuiltSite, Weight};

/// The limits of the files that the browser loads, in KB of 1,024 bytes with brotli: warning, and failure.
const BUDGETS: [(&str, usize, usize); 3] = [("wasm", 300, 360), ("js", 10, 12), ("css", 16, 20)];
/// The limit of their sum, without the page's own HTML (30 KB).
const TOGETHER: usize = 420;

/// Compares the sizes with the limits. A browser test checks the HTML.
pub(super) fn budgets() -> Done<Tally> {
    let weights = BuiltSite::built().weights()?;
    let mut tally = Tally::default();
    let sum = weights.iter().map(|weight| weight.brotli).sum();
    for (kind, alarm, end) in BUDGETS {
        let bytes =
            weights.iter().find(|weight: &&Weight| weight.kind == kind).map_or(0, |weight| weight.brotli);
        weigh(kind, bytes, alarm, end, &mut tally);
    }
    weigh("all", sum, TOGETHER, TOGETHER, &mut tally);
    Ok(tally)
}

fn weigh(kind: &str, bytes: usize, alarm: usize, end: usize, tally: &mut Tally) {
    let kb = bytes.div_ceil(1_024);
    let verdict = verdict(kb, alarm, end);
    println!("{kind:<5} {kb:>4} KB of {end:>4} KB  {verdict}");
    if verdict == "FAILED" { tally.failed += 1 } else { tally.passed += 1 }
}

fn verdict(kb: usize, alarm: usize, end: usize) -> &'static str {
    if kb > end {
        "FAILED"
    } else if kb > alarm {
        "ok, but near the end"
    } else {
        "ok"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_past_its_budget_fails() {
        assert_eq!(
            [300, 301, 350, 351].map(|kb| verdict(kb, 300, 350)),
            ["ok", "ok, but near the end", "ok, but near the end", "FAILED"]
        );
    }
}
