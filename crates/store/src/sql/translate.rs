//! The text of a statement for PostgreSQL.

use std::fmt::Write as _;

/// Turns the text of a statement that is written for SQLite into PostgreSQL's.
///
/// - Parameters `?` and `?7` become `$1` and `$7`.
/// - `user`, a function of PostgreSQL, becomes the column `"user"`.
/// - `AS INTEGER)` in a cast becomes `AS bigint)`: a number has 64 bits in SQLite.
/// - `max(a, b)` and `min(a, b)` become `greatest(a, b)` and `least(a, b)`; with one argument they are aggregates.
/// - `INDEXED BY …` goes, and `CROSS JOIN … ON …`, which fixes SQLite's plan, becomes `JOIN … ON …`.
pub(crate) fn to_postgres(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len() + 32);
    let mut words = Words(sql);
    let mut numbered = 0;
    let mut cross = None;
    while let Some(word) = words.next() {
        match word {
            "?" => {
                numbered += 1;
                // Writing to a String cannot fail.
                let _ = write!(text, "${numbered}");
            }
            _ if word.starts_with('?') => {
                text.push('$');
                text.push_str(&word[1..]);
            }
            "user" => text.push_str("\"user\""),
            "max" if has_arguments(words.0) => text.push_str("greatest"),
            "min" if has_arguments(words.0) => text.push_str("least"),
            "INTEGER" if text.ends_with("AS ") => text.push_str("bigint"),
            "INDEXED" => {
                // The words `BY` and the name, with the spaces before them.
                words.nth(3);
            }
            "CROSS" => {
                cross = Some(text.len());
                text.push_str(word);
            }
            "ON" => {
                if let Some(at) = cross.take() {
                    text.replace_range(at..at + "CROSS ".len(), "");
                }
                text.push_str(word);
            }
            "WHERE" | "JOIN" if !text.ends_with("CROSS ") => {
                cross = None;
                text.push_str(word);
            }
            _ => text.push_str(word),
        }
    }
    text
}

/// Returns true if a list of at least two arguments follows.
fn has_arguments(rest: &str) -> bool {
    let mut depth = 0;
    for word in Words(rest) {
        match word {
            "(" => depth += 1,
            ")" if depth == 1 => return false,
            ")" => depth -= 1,
            "," if depth == 1 => return true,
            _ if depth == 0 => return false,
            _ => {}
        }
    }
    false
}

/// The words of a statement, and everything between them: a quoted text, a run of spaces, or a single character.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let first = self.0.chars().next()?;
        let run = |is_in: fn(char) -> bool| self.0.find(|c| !is_in(c)).unwrap_or(self.0.len());
        let length = match first {
            '\'' | '"' => self.0[1..].find(first).map_or(self.0.len(), |end| end + 2),
            '?' => 1 + self.0[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len() - 1),
            _ if first.is_ascii_whitespace() => run(|c| c.is_ascii_whitespace()),
            _ if first.is_ascii_alphabetic() || first == '_' => {
                run(|c| c.is_ascii_alphanumeric() || c == '_')
            }
            _ => first.len_utf8(),
        };
        let (word, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered() {
        assert_eq!(
            to_postgres("SELECT ?, ? WHERE a = '?' AND b = ?"),
            "SELECT $1, $2 WHERE a = '?' AND b = $3"
        );
        assert_eq!(to_postgres("SELECT ?2, ?1, ?12"), "SELECT $2, $1, $12");
    }

    #[test]
    fn a_column_named_like_a_function_is_quoted() {
        assert_eq!(
            to_postgres("SELECT user, m.user, users.id, 'user' FROM users WHERE \"group\" = user_names.user"),
            "SELECT \"user\", m.\"user\", users.id, 'user' FROM users WHERE \"group\" = user_names.\"user\""
        );
    }

    #[test]
    fn hints_for_the_plan_of_sqlite_go() {
        assert_eq!(
            to_postgres(
                "SELECT 1 FROM members AS mine INDEXED BY members_by_user CROSS JOIN members AS theirs ON a = b"
            ),
            "SELECT 1 FROM members AS mine  JOIN members AS theirs ON a = b"
        );
        assert_eq!(
            to_postgres("SELECT 1 FROM a\n CROSS JOIN b\n WHERE c AND EXISTS (SELECT 1 FROM d JOIN e ON f)"),
            "SELECT 1 FROM a\n CROSS JOIN b\n WHERE c AND EXISTS (SELECT 1 FROM d JOIN e ON f)"
        );
    }

    #[test]
    fn the_greater_of_two_is_no_aggregate() {
        assert_eq!(
            to_postgres("SELECT max(seq), max(a, (SELECT min(b) FROM c)), max(min(a, 'x, y'), 0) FROM d"),
            "SELECT max(seq), greatest(a, (SELECT min(b) FROM c)), greatest(least(a, 'x, y'), 0) FROM d"
        );
        assert_eq!(
            to_postgres("SELECT max(coalesce(a, b)), min_size, max"),
            "SELECT max(coalesce(a, b)), min_size, max"
        );
    }

    #[test]
    fn integers_have_64_bits() {
        assert_eq!(to_postgres("CAST(head AS INTEGER)"), "CAST(head AS bigint)");
        assert_eq!(to_postgres("'it''s AS INTEGER)'"), "'it''s AS INTEGER)'");
    }
}
