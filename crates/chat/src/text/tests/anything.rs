//! Properties of any typed text.

use proptest::prelude::*;

use super::*;

/// Generates pieces of typed text, harmless and hostile.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,6}",
        Just(" ".to_owned()),
        Just("\n".to_owned()),
        Just("\n\n".to_owned()),
        "[*_~`#>+!\\[\\]()<&;:|\\\\-]{1,3}",
        "(    |\t|- |> |1\\. |```|~~~|---|===|\\]: |<!--|-->|<b>|&amp;|&#32;)",
        "[。，、；：！？（）「」“”‘’«»…،؛؟—]",
        "[见这里日本語あカ한ไทยسلامשלוםпривіт]{1,3}",
        "(@ben|@all|＠ben|:tada:|:100:|👍|❤)",
        "(\u{200b}|\u{a0}|\u{2800}|\u{fe0f}|\u{ad}|\u{301})",
    ]
}

fn typed() -> impl Strategy<Value = String> {
    prop::collection::vec(fragment(), 0..24).prop_map(|parts| parts.concat())
}

/// Generates typed text and takes these pieces of markup out of it, so that no case is rejected.
fn typed_without(markup: &'static [&'static str]) -> impl Strategy<Value = String> {
    typed().prop_map(|mut text| {
        while let Some(piece) = markup.iter().find(|piece| text.contains(**piece)) {
            text = text.replace(piece, "");
        }
        text
    })
}

/// Returns the letters, which no markup is made of.
fn letters(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphabetic()).collect()
}

/// Generates an address with all characters of Markdown, emoji names and mentions.
fn address() -> impl Strategy<Value = String> {
    let path = "(/([a-z]|_a_|\\*b\\*|~c~|~~d~~|@ben|:tada:|\\(e\\)|[a-z]_[a-z]|%20|ü){1,5}){0,3}";
    ("(https?|HTTPS|ftp)://[a-z]{1,5}\\.(example|org)(:80)?", path, "(\\?[a-z]=_x_&y=\\*)?", "[a-z0-9/]")
        .prop_map(|(host, path, query, end)| format!("{host}{path}{query}/{end}"))
}

proptest! {
    #[test]
    fn whatever_is_typed_shows_something_or_is_nothing(text in typed()) {
        let said = said(&text);
        prop_assert_eq!(said.shows(), has_visible_text(&text), "{:?}", said);
    }

    #[test]
    fn every_letter_typed_is_shown_in_its_place(
        // Fences name languages, and names of emoji are emoji: those letters are markup.
        text in typed_without(&["```", "~~~", ":tada:", "]("]),
    ) {
        prop_assert_eq!(letters(&shown(&said(&text))), letters(&text));
    }

    #[test]
    fn an_address_is_never_torn(
        // In code an address is code, and anything in another address or in brackets is part of that.
        before in typed_without(&["`", "~", "<", "[", "\\", "    ", "\t"]),
        between in "[ \n(“「。،>*_~\"]|[见这あ한]",
        address in address(),
        after in "( |\n|。|，|」|”|،|…|, |\\. |\\) |\\*\\* |_ |~~ |>|\")",
        rest in typed_without(&["`", "~", "<", "[", "\\"]),
    ) {
        let text = format!("{before}{between}{address}{after}{rest}");
        let found = links(&said(&text));
        prop_assert!(found.contains(&(address.clone(), address)), "{text:?} {found:?}");
    }

    #[test]
    fn whoever_the_page_inserts_is_mentioned(
        names in prop::collection::vec("[A-Za-z_*~`#:@<>&.\\[\\]()!/ 0-9äßøé王伟あابשдИ👍❤]{1,12}", 1..6),
        extra in 0usize..3,
        before in "( |[a-z]+ |> |- |\\*\\*|见|_|\\(|\n)",
        after in "( [a-z]+|。|, ok| |\\)|’s)?",
    ) {
        let names: Vec<PersonName> = names.iter().filter_map(|name| PersonName::new(name).ok()).collect();
        prop_assume!(!names.is_empty());
        // Some share the name of the first one.
        let all = names.iter().chain(std::iter::repeat_n(&names[0], extra)).zip(1u8..);
        let members: Vec<Member> = all.map(|(name, id)| member(id, name.as_str())).collect();
        for one in &members {
            let text = format!("{before}{} {after}", mention_of(one, &members));
            let found = mentions(&read(&text, &Named::new(&members, true)));
            prop_assert!(found.people.contains(&one.person.id), "{text:?} {found:?} {members:?}");
            prop_assert!(found.people.len() == 1 && !found.everyone, "{text:?} {found:?} {members:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_a_message_costs_is_in_proportion_to_its_length(
        parts in prop::collection::vec(fragment(), 1..12),
        times in 1usize..2_000,
        tail in typed(),
    ) {
        let mut text = parts.concat().repeat(times) + &tail;
        while text.len() > TEXT_BYTES {
            text.pop();
        }
        let members = [member(1, "ben")];
        let said = read(&text, &Named::new(&members, true));
        prop_assert!(all_nodes(&said) <= TEXT_NODES, "{}", all_nodes(&said));
        prop_assert!(shown(&said).len() <= 2 * text.len() + 64);
        prop_assert_eq!(said.shows(), has_visible_text(&text));
    }
}
