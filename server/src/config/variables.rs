//! Environment variables that look like settings and are none, such as misspelled ones.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;

/// A variable that nothing reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownVariable {
    name: String,
    /// The setting whose name is nearly the same.
    similar: Option<String>,
}

const PREFIX: &str = "HUBBUB_";
/// The least similarity, from 0 to 1, of a misspelled name and the right one.
const SIMILAR: f64 = 0.75;

impl UnknownVariable {
    /// Returns the variables among these that begin with `HUBBUB_` and that no flag of the command reads.
    pub(super) fn find(command: &clap::Command, set: impl IntoIterator<Item = OsString>) -> Vec<Self> {
        let mut known = BTreeSet::new();
        collect(command, &mut known);
        let set = set.into_iter().filter_map(|name| name.into_string().ok());
        let unknown = set.filter(|name| name.starts_with(PREFIX) && !known.contains(name));
        let mut unknown: Vec<Self> = unknown.map(|name| Self::new(name, &known)).collect();
        unknown.sort_by(|one, other| one.name.cmp(&other.name));
        unknown
    }

    fn new(name: String, known: &BTreeSet<String>) -> Self {
        let own = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_uppercase();
        let similarity = |known: &str| strsim::normalized_damerau_levenshtein(&own(&name), &own(known));
        let nearest = known.iter().max_by(|one, other| similarity(one).total_cmp(&similarity(other)));
        let similar = nearest.filter(|known| similarity(known) >= SIMILAR).cloned();
        Self { name, similar }
    }

    /// Returns true if it is probably a setting whose name is misspelled.
    pub(crate) const fn is_misspelled(&self) -> bool {
        self.similar.is_some()
    }
}

impl fmt::Display for UnknownVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, similar } = self;
        match similar {
            Some(similar) => {
                write!(f, "{name} is not a setting, so it does nothing; did you mean {similar}?")
            }
            None => write!(f, "{name} is not a setting, so it does nothing; hubbub serve --help lists them"),
        }
    }
}

/// Collects the variables of a command and of its subcommands.
fn collect(command: &clap::Command, known: &mut BTreeSet<String>) {
    let names = command.get_arguments().filter_map(clap::Arg::get_env);
    known.extend(names.filter_map(|name| name.to_str().map(str::to_owned)));
    command.get_subcommands().for_each(|command| collect(command, known));
}
