//! Names: folding and the index that finds them by any part.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Included, Unbounded};

/// Returns a name without case, the form by which lists are sorted and searched.
#[must_use]
pub fn folded(name: &str) -> String {
    name.to_lowercase()
}

/// The most members of a user's groups that are read when people are listed.
pub const NEAR: usize = 500;
/// The most people with matching names whose shared groups with a user are looked up.
pub const CALLED: usize = 200;

/// Returns every suffix of a folded name that does not begin with a space: words anywhere in the name are the prefix
/// of one of them. An index over them finds names by any part, without reading the others.
pub fn name_parts(name: &str) -> impl Iterator<Item = &str> {
    let starts = name.char_indices().filter(|(_, c)| !c.is_whitespace());
    starts.filter_map(|(start, _)| name.get(start..))
}

/// Returns the first text that does not begin with these words, in the order of code points.
#[must_use]
pub fn past(words: &str) -> String {
    format!("{words}\u{10ffff}")
}

/// Names by their parts, for a store in memory.
#[derive(Clone, Debug)]
pub(crate) struct NameIndex<Id> {
    names: BTreeMap<String, BTreeSet<Id>>,
    parts: BTreeMap<String, BTreeSet<Id>>,
}

impl<Id> Default for NameIndex<Id> {
    fn default() -> Self {
        Self { names: BTreeMap::new(), parts: BTreeMap::new() }
    }
}

impl<Id: Copy + Ord> NameIndex<Id> {
    pub(crate) fn insert(&mut self, name: &str, id: Id) {
        let name = folded(name);
        for part in name_parts(&name) {
            self.parts.entry(part.to_owned()).or_default().insert(id);
        }
        self.names.entry(name).or_default().insert(id);
    }

    pub(crate) fn remove(&mut self, name: &str, id: Id) {
        let name = folded(name);
        for part in name_parts(&name) {
            take_out(&mut self.parts, part, id);
        }
        take_out(&mut self.names, &name, id);
    }

    /// Returns those whose name contains these folded words; one may come more than once.
    pub(crate) fn with(&self, words: &str) -> impl Iterator<Item = Id> {
        let found = self.parts.range::<str, _>((Included(words), Unbounded));
        let found = found.take_while(move |(part, _)| part.starts_with(words));
        found.flat_map(|(_, ids)| ids.iter().copied())
    }

    /// Returns all by name, and then by id, after one of them.
    pub(crate) fn after(&self, after: Option<(&str, Id)>) -> impl Iterator<Item = Id> {
        let from = after.map_or("", |(name, _)| name);
        let all = self.names.range::<str, _>((Included(from), Unbounded));
        let all = all.flat_map(|(name, ids)| ids.iter().map(move |id| (name.as_str(), *id)));
        all.skip_while(move |one| after.is_some_and(|after| *one <= after)).map(|(_, id)| id)
    }
}

fn take_out<Id: Ord>(index: &mut BTreeMap<String, BTreeSet<Id>>, key: &str, id: Id) {
    if let Some(ids) = index.get_mut(key) {
        ids.remove(&id);
        if ids.is_empty() {
            index.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_any_of_its_parts_and_no_longer_once_it_is_gone() {
        let mut index = NameIndex::default();
        for (id, name) in [(1, "Anna Lee"), (2, "李安娜"), (3, "Joanna"), (4, "ben")] {
            index.insert(name, id);
        }
        let with = |index: &NameIndex<i32>, words: &str| index.with(words).collect::<BTreeSet<_>>();
        assert_eq!(with(&index, "ann"), [1, 3].into());
        assert_eq!(with(&index, "lee"), [1].into());
        assert_eq!(with(&index, "a le"), [1].into());
        assert_eq!(with(&index, "安娜"), [2].into());
        assert_eq!(with(&index, "x"), [].into());
        assert_eq!(index.after(None).collect::<Vec<_>>(), [1, 4, 3, 2]);
        assert_eq!(index.after(Some(("ben", 4))).collect::<Vec<_>>(), [3, 2]);
        index.remove("Joanna", 3);
        assert_eq!(with(&index, "ann"), [1].into());
        assert_eq!(index.after(Some(("ben", 3))).collect::<Vec<_>>(), [4, 2]);
    }
}
