//! The steps of the schema, and the decision which of them may run while older nodes are still there.

use std::borrow::Cow;

/// A change of the schema. It runs in one transaction, in less than a minute: what takes longer is a job of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The number of the schema after it.
    pub number: i64,
    /// The versions that work with the schema after it.
    pub kind: StepKind,
    /// The statements.
    pub sql: &'static str,
}

/// The effect of a step on nodes of the version before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// It adds: a table, a column with a default, an index. Nodes of the version before do not notice.
    Expand,
    /// It takes away what no version needs that knows the step: a column, a table, a value that was allowed. Nodes that do
    /// not know it must be gone.
    Contract,
}

/// The schema as a version knows it: all steps from an empty database on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    steps: Cow<'static, [Step]>,
}

/// The steps of this version. The numbers are those of the SQLite file with the same tables.
const STEPS: &[Step] = &[
    Step { number: 19, kind: StepKind::Expand, sql: include_str!("schema.sql") },
    Step { number: 20, kind: StepKind::Expand, sql: include_str!("migrate/20.sql") },
    Step { number: 21, kind: StepKind::Expand, sql: include_str!("migrate/21.sql") },
];

/// A node that is running, as the table `nodes` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LiveNode {
    pub(super) name: String,
    pub(super) version: String,
    /// The greatest schema that it works with: one above the last step that it knows.
    pub(super) most: i64,
}

/// The decision about the next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next<'s> {
    /// It runs now.
    Run(&'s Step),
    /// It has to wait for a node to end; this version works without it meanwhile.
    Wait,
    /// It has to wait for this node to end, and this version needs it.
    Blocked(&'s Step, LiveNode),
    /// There is none.
    Done,
}

impl Default for Schema {
    fn default() -> Self {
        Self { steps: Cow::Borrowed(STEPS) }
    }
}

impl Schema {
    /// Returns this schema with more steps after its own.
    ///
    /// # Panics
    /// If their numbers do not follow those before.
    #[must_use]
    pub fn with(mut self, step: Step) -> Self {
        assert_eq!(step.number, self.newest() + 1, "the next number");
        self.steps.to_mut().push(step);
        self
    }

    /// Returns the number after the last step.
    #[must_use]
    pub fn newest(&self) -> i64 {
        self.steps.last().map_or(0, |step| step.number)
    }

    /// Returns the number that this version needs at least: that of its last step that adds something.
    #[must_use]
    pub fn least(&self) -> i64 {
        let expand = self.steps.iter().rev().find(|step| step.kind == StepKind::Expand);
        expand.map_or(0, |step| step.number)
    }

    /// Returns the greatest number with which this version works: after the first step of the next version, if it adds.
    #[must_use]
    pub fn most(&self) -> i64 {
        self.newest() + 1
    }

    /// Returns the first step, which makes the tables.
    pub(super) fn first(&self) -> Option<&Step> {
        self.steps.first()
    }

    /// Returns true if this version works with a database of this schema, perhaps after its own steps; `contracted` is the
    /// number of the last step that took something away.
    pub(super) fn works_with(&self, found: i64, contracted: i64) -> bool {
        let oldest = self.steps.first().map_or(0, |step| step.number);
        (oldest..=self.most()).contains(&found) && contracted <= self.newest()
    }

    /// Decides about the next step of a database of this schema.
    pub(super) fn next(&self, found: i64, live: &[LiveNode]) -> Next<'_> {
        let Some(step) = self.steps.iter().find(|step| step.number > found) else { return Next::Done };
        let needs = match step.kind {
            StepKind::Expand => step.number,
            // They have to know it.
            StepKind::Contract => step.number + 1,
        };
        match live.iter().find(|node| node.most < needs) {
            None => Next::Run(step),
            Some(older) if found < self.least() => Next::Blocked(step, older.clone()),
            Some(_) => Next::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn step(number: i64, kind: StepKind) -> Step {
        Step { number, kind, sql: "" }
    }

    fn present() -> Schema {
        Schema { steps: Cow::Owned(vec![step(17, StepKind::Expand)]) }
    }

    /// The next version: a step that adds, and one that takes away.
    fn later() -> Schema {
        present().with(step(18, StepKind::Expand)).with(step(19, StepKind::Contract))
    }

    /// The version after that.
    fn latest() -> Schema {
        later().with(step(20, StepKind::Expand)).with(step(21, StepKind::Contract))
    }

    fn live(schema: &Schema) -> LiveNode {
        LiveNode { name: "one".into(), version: "0".into(), most: schema.most() }
    }

    #[test]
    fn the_steps_of_this_version_begin_with_one_that_makes_the_tables() {
        let steps = &*Schema::default().steps;
        assert!(steps[0].kind == StepKind::Expand && steps.iter().all(|step| !step.sql.is_empty()));
        assert!(steps.iter().map(|step| step.number).eq(steps[0].number..=Schema::default().newest()));
    }

    #[test]
    fn a_version_works_with_its_schema_and_with_what_the_next_one_adds() {
        let (present, later, latest) = (present(), later(), latest());
        assert_eq!((present.least(), present.newest(), present.most()), (17, 17, 18));
        assert_eq!((later.least(), later.newest(), later.most()), (18, 19, 20));
        assert!(present.works_with(18, 0) && !present.works_with(19, 19) && !present.works_with(16, 0));
        assert!(!present.works_with(18, 18), "if the next version only takes away");
        assert!(later.works_with(17, 0) && later.works_with(20, 19) && !later.works_with(21, 21));
        assert!(latest.works_with(17, 0));
    }

    #[test]
    fn a_step_that_adds_runs_at_once_and_one_that_takes_away_waits_for_older_nodes() {
        let (present, later) = (present(), later());
        let both = [live(&present), live(&later)];
        assert!(matches!(later.next(17, &both), Next::Run(Step { number: 18, .. })));
        assert_eq!(later.next(18, &both), Next::Wait);
        assert!(matches!(later.next(18, &both[1..]), Next::Run(Step { number: 19, .. })));
        assert!(matches!(later.next(18, &[]), Next::Run(Step { number: 19, .. })));
        assert_eq!(later.next(19, &[]), Next::Done);
        assert_eq!(present.next(18, &both), Next::Done);
    }

    #[test]
    fn no_version_can_be_skipped_while_nodes_run() {
        let (present, latest) = (present(), latest());
        let old = [live(&present)];
        // Its first step would do no harm, but it needs the third.
        assert!(matches!(latest.next(17, &old), Next::Run(Step { number: 18, .. })));
        let blocked = latest.next(18, &old);
        assert!(matches!(blocked, Next::Blocked(Step { number: 19, .. }, _)), "{blocked:?}");
        assert!(matches!(latest.next(18, &[live(&later())]), Next::Run(Step { number: 19, .. })));
        assert_eq!(latest.next(20, &[live(&later())]), Next::Wait);
    }
}
