//! The report of a benchmark.

use std::fmt;

use serde::Serialize;

use super::MANY;
use super::advice::verdict;
use super::figures::{FanoutFigures, Figures, IdleFigures, SendFigures};
use super::json::JsonFile;
use crate::config::ConfigError;

/// The result of a benchmark: figures for programs (as JSON), and a table and sentences for people (`Display`).
#[derive(Debug, Serialize)]
pub struct Report {
    version: &'static str,
    #[serde(flatten)]
    figures: Figures,
    /// The meaning of the figures, in sentences.
    verdict: Vec<String>,
    #[serde(skip)]
    json: Option<JsonFile>,
}

/// The columns of printed sentences.
const WIDTH: usize = 78;

impl Report {
    pub(super) fn new(figures: Figures, json: Option<JsonFile>) -> Self {
        let verdict = verdict(&figures);
        Self { version: env!("CARGO_PKG_VERSION"), figures, verdict, json }
    }

    /// Writes the figures to the requested file, if any.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&mut self) -> Result<(), ConfigError> {
        let Some(mut json) = self.json.take() else { return Ok(()) };
        let text = serde_json::to_string_pretty(self).map_err(|error| ConfigError(error.to_string()))?;
        json.write(&text)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures { store, seconds, machine, fan_out, idle, durable_send } = &self.figures;
        let cores = if machine.cores == 1 { "1 core".into() } else { format!("{} cores", machine.cores) };
        writeln!(f, "hubbub {}, {store}, {cores}, {seconds} s each\n", self.version)?;
        let FanoutFigures { subscribers, one_at_a_time: one, many_at_once: many } = fan_out;
        let times = ["median ms", "99 of 100 ms"];
        row(
            f,
            &format!("fan-out to {}", grouped(u64::from(*subscribers))),
            ["delivered/s", times[0], times[1]],
        )?;
        for (load, measured) in [("one message at a time".into(), one), (format!("{MANY} under way"), many)] {
            let (median, p99) = (format!("{:.1}", measured.median_ms), format!("{:.1}", measured.p99_ms));
            row(f, &format!("  {load}"), [&whole(measured.deliveries_per_s), &median, &p99])?;
        }
        let SendFigures { senders, offered_per_s, steady, flat_out } = durable_send;
        row(f, &format!("durable-send by {senders}"), ["answered/s", times[0], times[1]])?;
        let steadily = format!("{} a second", grouped(u64::from(*offered_per_s)));
        for (load, measured) in [(steadily, steady), ("as fast as answered".into(), flat_out)] {
            let (median, p99) = (format!("{:.1}", measured.median_ms), format!("{:.1}", measured.p99_ms));
            row(f, &format!("  {load}"), [&whole(measured.acks_per_s), &median, &p99])?;
        }
        let IdleFigures { connections, rest } = idle;
        row(f, "idle", ["KiB each", "CPU µs/s each", "lost"])?;
        let (memory, cpu) = (format!("{:.1}", rest.rss_kib_each), format!("{:.1}", rest.cpu_us_each));
        row(
            f,
            &format!("  {} signed in", grouped(u64::from(*connections))),
            [&memory, &cpu, &rest.lost.to_string()],
        )?;
        writeln!(f)?;
        self.verdict.iter().try_for_each(|sentence| point(f, sentence))
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, [first, second, third]: [&str; 3]) -> fmt::Result {
    writeln!(f, "{name:<32}{first:>14}{second:>16}{third:>16}")
}

/// Writes a sentence as a list item, in as many lines as it needs.
fn point(f: &mut fmt::Formatter<'_>, sentence: &str) -> fmt::Result {
    let mut column = 1;
    write!(f, "-")?;
    for word in sentence.split(' ') {
        let length = word.chars().count();
        if column + 1 + length > WIDTH {
            write!(f, "\n ")?;
            column = 1;
        }
        write!(f, " {word}")?;
        column += 1 + length;
    }
    writeln!(f)
}

/// Formats a number without its fraction.
fn whole(number: f64) -> String {
    grouped(floor(number))
}

/// Rounds a number to two significant digits.
pub(super) fn about(number: f64) -> String {
    let number = floor(number);
    let mut step = 1;
    while number / step >= 100 {
        step *= 10;
    }
    grouped((number + step / 2) / step * step)
}

/// Formats a number with a comma before every three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is counted is small and not negative"
)]
fn floor(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_rounded_for_people() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [0.0, 99.9, 101.0, 54_016.0, 455_902.6].map(about),
            ["0", "99", "100", "54,000", "460,000"]
        );
        assert_eq!([99_600.0, 995.0].map(about), ["100,000", "1,000"]);
    }
}
