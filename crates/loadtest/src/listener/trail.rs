//! A listener's compact record of reads.

use super::lines::Lines;
use crate::record::{Note, Record};

/// A listener's record, small enough for thousands of them: a listener that reads the same entries in the same order as
/// all others takes a few bytes for all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trail {
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Step {
    /// Read this many entries that follow each other in the table.
    Read { first: u32, count: u32 },
    /// Any note that is not the reading of a shared entry.
    Note(Box<Note>),
}

impl Trail {
    /// Notes that the entry with this number was read.
    pub(super) fn read(&mut self, number: u32) {
        match self.steps.last_mut() {
            Some(Step::Read { first, count }) if *first + *count == number => *count += 1,
            _ => self.steps.push(Step::Read { first: number, count: 1 }),
        }
    }

    pub(super) fn note(&mut self, note: Note) {
        self.steps.push(Step::Note(Box::new(note)));
    }

    /// Returns the number of entries that were read.
    pub(crate) fn count(&self) -> u64 {
        let counts = self.steps.iter().map(|step| match step {
            Step::Read { count, .. } => u64::from(*count),
            Step::Note(_) => 0,
        });
        counts.sum()
    }

    /// Returns the number of resets.
    pub(crate) fn resets(&self) -> u64 {
        let resets = self
            .steps
            .iter()
            .filter(|step| matches!(step, Step::Note(note) if matches!(**note, Note::Reset { .. })));
        resets.count() as u64
    }

    /// Returns the whole record, as the checker reads it.
    pub(crate) fn record(&self, name: String, lines: &Lines) -> Record {
        let mut notes = Vec::new();
        for step in &self.steps {
            match step {
                Step::Read { first, count } => {
                    notes.extend(lines.of(*first, *count).into_iter().map(Note::Read));
                }
                Step::Note(note) => notes.push((**note).clone()),
            }
        }
        Record { name, user: None, notes }
    }
}

#[cfg(test)]
mod tests {
    use wire::{Epoch, Seq};

    use super::*;
    use crate::record::Line;

    #[test]
    fn a_trail_tells_everything_as_it_was_read() {
        let lines = Lines::default();
        let line = |seq: u64| Line {
            seq: Seq(seq),
            id: format!("m{seq}"),
            body: Some(format!("text {seq}")),
            membership: None,
        };
        let mut trail = Trail::default();
        let mut expected = Vec::new();
        for seq in [1, 2, 3, 5, 4, 4] {
            let bytes = format!("entry {seq}");
            let found = lines.find(9, bytes.as_bytes()).or_else(|| lines.learn(bytes.as_bytes(), line(seq)));
            trail.read(found.unwrap().number);
            expected.push(Note::Read(line(seq)));
            if seq == 3 {
                let note = Note::Subscribed { epoch: Epoch(7), seq: Seq(3), head: Seq(3) };
                trail.note(note.clone());
                expected.push(note);
            }
        }
        assert_eq!(
            trail.record("ann".into(), &lines),
            Record { name: "ann".into(), user: None, notes: expected }
        );
        assert_eq!((trail.count(), trail.resets()), (6, 0));
    }
}
