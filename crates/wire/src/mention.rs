//! Mention syntax: how mentions are written and completed.

use crate::id::UserId;
use crate::view::Member;

/// The word after the `@` that mentions every member.
pub const EVERYONE: &str = "all";
/// The least number of id characters that tell equal names apart.
pub const ID_CHARS: usize = 4;

/// Writes a mention of a member the way the server finds it: `@` and their name. If that could mean somebody else,
/// a part of their id follows: `@Ann#5g2k`.
#[must_use]
pub fn mention_of(member: &Member, members: &[Member]) -> String {
    let name = member.person.name.as_str();
    let others = members.iter().map(|other| &other.person).filter(|other| other.id != member.person.id);
    let namesakes: Vec<UserId> =
        others.filter(|other| other.name.as_str() == name).map(|other| other.id).collect();
    // A name may look like somebody else's name with an id after it, or like the word for all.
    if namesakes.is_empty() && !name.contains('#') && !name.eq_ignore_ascii_case(EVERYONE) {
        return format!("@{name}");
    }
    let id = member.person.id.to_string();
    let is_short_for_another =
        |len: usize| namesakes.iter().any(|other| other.to_string().starts_with(&id[..len]));
    let len = (ID_CHARS..id.len()).find(|len| !is_short_for_another(*len)).unwrap_or(id.len());
    format!("@{name}#{}", &id[..len])
}

/// Returns true if a name, or a word of it, begins with the text typed after the `@`. Both are in lower case.
#[must_use]
pub fn completes(name: &str, typed: &str) -> bool {
    name.starts_with(typed) || name.split(' ').any(|word| word.starts_with(typed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Person, PersonName, Role, Timestamp};

    fn member(id: [u8; 10], name: &str) -> Member {
        let person = Person { id: UserId::from_bytes(id), name: PersonName::new(name).unwrap() };
        Member::new(person, Role::Member, Timestamp(0))
    }

    #[test]
    fn only_a_name_that_could_mean_somebody_else_carries_an_id() {
        let mut near = [7; 10];
        near[3] = 8;
        let everyone = [
            member([7; 10], "王伟"),
            member(near, "王伟"),
            member([1; 10], "Ann"),
            member([2; 10], "ann"),
            member([3; 10], "All"),
            member([4; 10], "Ann#0840"),
        ];
        let written: Vec<String> = everyone.iter().map(|member| mention_of(member, &everyone)).collect();
        assert_eq!(written[2..4], ["@Ann", "@ann"]);
        assert!(written[4].starts_with("@All#") && written[5].starts_with("@Ann#0840#"), "{written:?}");
        assert!(written[0].starts_with("@王伟#") && written[0] != written[1], "{written:?}");
    }
}
