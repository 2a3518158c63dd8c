//! The progress of a benchmark: a bar on a terminal, lines elsewhere.

use std::convert::Infallible;
use std::future::pending;
use std::io::{IsTerminal, stderr};

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use parking_lot::Mutex;
use probe::watch::{Step, Watcher};
use tokio::time::{Instant, interval};

use super::args::Plan;
use super::report::grouped;
use super::stage::Stage;

/// A progress display: a bar on a terminal, otherwise a line for each scenario. The bar's length is the expected
/// duration of everything, in milliseconds.
pub(super) struct Progress {
    plan: Plan,
    bar: Option<ProgressBar>,
    place: Mutex<Place>,
}

/// The position of the bar, and its motion during the current step.
#[derive(Clone, Copy, Debug)]
struct Place {
    part: Stage,
    /// The position at which the stage ends.
    ends: Duration,
    /// The connections opened so far.
    open: u32,
    /// The current step: the position where it began, its start time, and its duration.
    from: Duration,
    since: Instant,
    step: Duration,
}

/// The interval between two updates of the bar.
const TICK: Duration = Duration::from_millis(100);
/// The layout of the bar, for 80 columns.
const BAR: &str = "{prefix:<12} {wide_bar} {msg:>38}";

impl Progress {
    pub(super) fn over(plan: &Plan) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let whole = Stage::ALL.iter().map(|part| part.length(plan)).sum();
            let bar = ProgressBar::with_draw_target(Some(millis(whole)), ProgressDrawTarget::stderr());
            // The template is fixed; a wrong one would fall back to the default.
            let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.with_style(style.progress_chars("━╸─"))
        });
        let (part, zero) = (Stage::ALL[0], Duration::ZERO);
        let place = Place { part, ends: zero, open: 0, from: zero, since: Instant::now(), step: zero };
        Self { plan: plan.clone(), bar, place: Mutex::new(place) }
    }

    /// Begins the next stage.
    pub(super) fn begin(&self, part: Stage) {
        let first = part == Stage::ALL[0] || self.place().part.scenario() != part.scenario();
        self.change(|place| {
            let (from, since, step) = (place.ends, Instant::now(), Stage::opening(0));
            *place = Place { part, ends: from + part.length(&self.plan), open: 0, from, since, step };
        });
        match &self.bar {
            Some(bar) => {
                bar.set_prefix(part.scenario());
                self.draw();
            }
            None if first => eprintln!("{} is measured", part.scenario()),
            None => {}
        }
    }

    /// Moves the bar during a step; never ends.
    pub(super) async fn moves(&self) -> Infallible {
        if self.bar.is_none() {
            return pending().await;
        }
        let mut ticks = interval(TICK);
        loop {
            ticks.tick().await;
            self.draw();
        }
    }

    /// Removes the bar.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn draw(&self) {
        let Some(bar) = &self.bar else { return };
        let place = self.place();
        let at = place.from + place.since.elapsed().min(place.step);
        let left = bar.length().unwrap_or_default().saturating_sub(millis(at)).div_ceil(1_000);
        let expected = place.part.connections(&self.plan);
        let doing = if (1..expected).contains(&place.open) {
            format!("{} of {} have come", grouped(place.open.into()), grouped(expected.into()))
        } else {
            place.part.load().into()
        };
        bar.set_message(format!("{doing}, {left} s left"));
        bar.set_position(millis(at));
    }

    fn place(&self) -> Place {
        *self.place.lock()
    }

    fn change(&self, change: impl FnOnce(&mut Place)) {
        change(&mut self.place.lock());
    }
}

impl Watcher for Progress {
    fn sees(&self, step: Step) {
        self.change(|place| {
            let now = place.from + place.since.elapsed().min(place.step);
            let (from, step) = match step {
                Step::Opens(open) => {
                    place.open = open;
                    (now, Stage::opening(1) - Stage::opening(0))
                }
                Step::Settles(time) => (now, time),
                // A final step ends with its stage, however long the stage has taken so far.
                Step::Measures(time) => (place.ends.saturating_sub(time), time),
            };
            *place = Place { from, since: Instant::now(), step, ..*place };
        });
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
