//! Tests of the text that people see after typing.

use proptest::prelude::*;
use wire::limits::{TEXT_BYTES, TEXT_NODES};
use wire::{Block, Inline, Member, Person, PersonName, RichText, Role, Timestamp, UserId, mention_of, shows};

use super::*;

fn said(text: &str) -> RichText {
    read(text, &Named::default())
}

fn shown(said: &RichText) -> String {
    let mut text = String::new();
    said.each_text(&mut |part| text.push_str(part));
    text
}

fn links(said: &RichText) -> Vec<(String, String)> {
    let mut found = Vec::new();
    each_inline(&said.blocks, &mut |inline| {
        if let Inline::Link { to, of } = inline {
            let of = RichText { blocks: vec![Block::P(of.clone())] };
            found.push((shown(&of).trim_end().to_owned(), to.clone()));
        }
    });
    found
}

fn each_inline(blocks: &[Block], take: &mut dyn FnMut(&Inline)) {
    fn within(inlines: &[Inline], take: &mut dyn FnMut(&Inline)) {
        for inline in inlines {
            take(inline);
            if let Inline::Em(of) | Inline::Strong(of) | Inline::Strike(of) | Inline::Link { of, .. } = inline
            {
                within(of, take);
            }
        }
    }
    for block in blocks {
        match block {
            Block::P(of) => within(of, take),
            Block::Quote(of) => each_inline(of, take),
            Block::List { items, .. } => items.iter().for_each(|item| each_inline(item, take)),
            Block::Code { .. } => {}
        }
    }
}

fn nodes(blocks: &[Block]) -> usize {
    let within = |block: &Block| match block {
        Block::P(_) | Block::Code { .. } => 0,
        Block::Quote(of) => nodes(of),
        Block::List { items, .. } => items.iter().map(|item| 1 + nodes(item)).sum(),
    };
    blocks.iter().map(|block| 1 + within(block)).sum()
}

fn all_nodes(said: &RichText) -> usize {
    let mut inlines = 0;
    each_inline(&said.blocks, &mut |_| inlines += 1);
    nodes(&said.blocks) + inlines
}

#[test]
fn nobody_says_something_that_shows_nothing_and_nothing_that_was_typed_is_swallowed() {
    for text in [
        "[docs]: https://example.org/manual",
        "[docs]: https://example.org/manual \"title\"\n[docs]: https://other.example",
        "#",
        "##",
        "# #",
        ">",
        "> >",
        "-",
        "1.",
        "+",
        "*",
        "***",
        "---",
        "- - -",
        "===",
        "hello\n---",
        "hello\n===",
        "[](foo)",
        "![](foo)",
        "[](https://example.org)",
        "![](https://example.org/x.png)",
        "[\u{200b}](https://example.org)",
        "```",
        "```\n```",
        "~~~",
        "```rust",
        "```rust\n```",
        "``` some words",
        "` `",
        "<!-- -->",
        "&nbsp;",
        "&#8203;",
        "*\u{200b}*",
        "[^1]: note",
        "[x]:\nfoo",
        "\\",
    ] {
        let plain = shown(&said(text));
        assert_eq!(plain.trim_end(), text, "{text:?}");
    }
    assert_eq!(shown(&said("# Big\n\nhello\n---\n\n> x")), "Big\nhello\n---\nx\n\n");
    assert_eq!(
        shown(&said("see [docs]\n\n[docs]: https://example.org/")),
        "see [docs]\n[docs]: https://example.org/\n"
    );
    assert_eq!(shown(&said("```let x = 1;\nlet y;\n```")), "let x = 1;\nlet y;\n\n");
}

#[test]
fn an_address_is_one_piece_whatever_marks_it_has_in_it() {
    for (text, address) in [
        ("https://example.org/_next/static/_app_/x.js", "https://example.org/_next/static/_app_/x.js"),
        ("**https://example.org/*a*/__b__**", "https://example.org/*a*/__b"),
        ("*see https://example.org/~ann/a_b_c*", "https://example.org/~ann/a_b_c"),
        ("~~https://example.org/a~~b~~", "https://example.org/a~~b"),
        ("https://example.org/:tada:/@ann/x", "https://example.org/:tada:/@ann/x"),
        ("> - 见https://example.org/a_b_c。", "https://example.org/a_b_c"),
        ("HTTPS://EXAMPLE.ORG/x", "HTTPS://EXAMPLE.ORG/x"),
        ("[a]: https://example.org/x_y_z", "https://example.org/x_y_z"),
        ("<https://example.org/_a_>", "https://example.org/_a_"),
    ] {
        assert_eq!(links(&said(text)), [(address.to_owned(), address.to_owned())], "{text}");
    }
    let mail = ("ann@example.org".to_owned(), "mailto:ann@example.org".to_owned());
    assert_eq!(links(&said("<ann@example.org>")), std::slice::from_ref(&mail));
    assert_eq!(links(&said("*联系ann@example.org*")), [mail]);
    for none in
        ["`https://example.org/a_b_`", "```\nhttps://example.org/a_b_\n```", "    https://example.org/"]
    {
        assert_eq!(links(&said(none)), [], "{none}");
        assert!(shown(&said(none)).contains("https://example.org/"), "{none}");
    }
}

#[test]
fn a_text_with_the_signs_that_stand_for_pieces_is_itself() {
    for text in [
        "\u{fdd0}0\u{fdd1}x",
        "\u{fdd0}",
        "a \u{fdd1}\u{fdd0}9",
        "[x]\u{2e3f} \u{2e40}~ y",
        "https://a.example/\u{fdd0}0\u{fdd1}",
    ] {
        assert_eq!(shown(&said(text)).trim_end(), text);
    }
}

fn member(id: u8, name: &str) -> Member {
    let person = Person { id: UserId::from_bytes([id; 10]), name: PersonName::new(name).unwrap() };
    Member::new(person, Role::Member, Timestamp(0))
}

fn whom(text: &str, names: &[&str]) -> Vec<String> {
    let members: Vec<Member> = names.iter().zip(1..).map(|(name, id)| member(id, name)).collect();
    let found = mentions(&read(text, &Named::new(&members, true)));
    let name = |id: &UserId| {
        let place = members.iter().position(|member| member.person.id == *id).unwrap();
        format!(
            "{}{}",
            names[place],
            "'".repeat(names[..place].iter().filter(|name| **name == names[place]).count())
        )
    };
    let everyone = found.everyone.then(|| "@all".to_owned());
    found.people.iter().map(name).chain(everyone).collect()
}

#[test]
fn a_name_after_an_at_sign_mentions_whose_it_is() {
    let names = ["Ann", "Ann Lee", "Zoë", "ann", "王伟", "ben", "سارا", "ניר", "김철수", "Straße"];
    for (text, expected) in [
        ("@Ann, and @ZOË!", vec!["Ann", "Zoë"]),
        ("@ann", vec!["ann"]),
        ("@ANN", vec!["Ann"]),
        ("ask @Ann Lee.", vec!["Ann Lee"]),
        ("**@ben** and @ben again", vec!["ben"]),
        ("> @zoe\u{308}\n\n- @Ann lee", vec!["Zoë", "Ann Lee"]),
        ("交给@ben处理", vec!["ben"]),
        ("大家@all", vec!["@all"]),
        ("请＠王伟处理", vec!["王伟"]),
        ("＠ＢＥＮさん", vec!["ben"]),
        ("@김철수가", vec!["김철수"]),
        ("ชื่อ@benครับ", vec!["ben"]),
        ("يا@سارا، تعالي", vec!["سارا"]),
        ("ל@ניר.", vec!["ניר"]),
        ("é@ben", vec!["ben"]),
        ("@STRASSE", vec!["Straße"]),
        ("(@ben)/@Ann", vec!["ben", "Ann"]),
        ("@ben/@Ann", vec!["ben", "Ann"]),
        ("_@ben_", vec!["ben"]),
        ("@ben's", vec!["ben"]),
        ("<b>@ben</b>", vec!["ben"]),
    ] {
        assert_eq!(whom(text, &names), expected, "{text}");
    }
}

#[test]
fn what_is_no_name_mentions_nobody() {
    let names = ["Ann", "ben", "例"];
    for text in [
        "@",
        "@bob",
        "@annie",
        "@ann2",
        "@ann_b",
        "@anné",
        "x@ann",
        "foo_@ann",
        "ann@ben.example",
        "`@ann`",
        "```\n@ann\n```",
        "[@ann](https://a.example/)",
        "https://a.example/@ann",
        "medium.example/@ann",
        "\\@ann",
        "@例\u{301}",
    ] {
        assert_eq!(whom(text, &names), [""; 0], "{text}");
    }
    assert_eq!(whom(&"@x ".repeat(200), &names), [""; 0]);
}

#[test]
fn a_name_with_marks_in_it_is_mentioned_whole() {
    for name in [
        "_MILAD_",
        "__dunder__",
        "*star*",
        "~~x~~",
        "`tick`",
        "[a](b)",
        ":tada:",
        "a <b>",
        "www.x.org",
        "https://x.org",
        "# 1",
        "x\\",
        "&amp;",
    ] {
        for text in [format!("@{name} hello"), format!("> **see @{name}** *x*"), format!("- 见@{name} 。")]
        {
            assert_eq!(whom(&text, &["Ann", name]), [name], "{text}");
        }
    }
}

#[test]
fn people_of_one_name_are_told_apart_by_what_the_page_inserts() {
    let names = ["王伟", "王伟", "All", "Ann", "ann", "Ann#6060"];
    let members: Vec<Member> = names.iter().zip(1..).map(|(name, id)| member(id, name)).collect();
    for (place, one) in members.iter().enumerate() {
        let text = format!("hello {} 。", mention_of(one, &members));
        let found = mentions(&read(&text, &Named::new(&members, true)));
        assert_eq!(found.people, [one.person.id], "{text}");
        assert!(!found.everyone && place < names.len());
    }
    assert_eq!(whom("@all", &names), ["@all"]);
    assert_eq!(whom("@王伟", &names), ["王伟"], "the one who is there longest");
}

#[test]
fn a_message_of_marks_alone_has_few_nodes_and_all_its_words() {
    for mark in [
        "#\n",
        "- a\n",
        "a\n\n",
        "> a\n\n",
        "*a* ",
        "`a` ",
        "www.a.example ",
        "@ben ",
        "1. a\n",
        "***\n",
        "[a](https://b.example)",
        "**a",
        "~~a~~ ",
        "> - a\n",
        "```\na\n",
        "a@b.example,",
        "[",
        "<a>",
        "- \n",
    ] {
        let text = mark.repeat(TEXT_BYTES / mark.len());
        let members = [member(1, "ben")];
        let said = read(&text, &Named::new(&members, true));
        assert!(all_nodes(&said) <= TEXT_NODES, "{mark:?}: {}", all_nodes(&said));
        let letters = |text: &str| text.chars().filter(char::is_ascii_alphabetic).count();
        // A link with words of its own leads where it leads.
        if !mark.contains("](") {
            assert_eq!(letters(&shown(&said)), letters(&text), "{mark:?}");
        }
    }
}

/// Pieces of what people type, and of what is typed against them.
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

/// Letters, which no markup is made of.
fn letters(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphabetic()).collect()
}

/// An address with everything that Markdown, emoji names and mentions are made of.
fn address() -> impl Strategy<Value = String> {
    let path = "(/([a-z]|_a_|\\*b\\*|~c~|~~d~~|@ben|:tada:|\\(e\\)|[a-z]_[a-z]|%20|ü){1,5}){0,3}";
    ("(https?|HTTPS|ftp)://[a-z]{1,5}\\.(example|org)(:80)?", path, "(\\?[a-z]=_x_&y=\\*)?", "[a-z0-9/]")
        .prop_map(|(host, path, query, end)| format!("{host}{path}{query}/{end}"))
}

proptest! {
    #[test]
    fn whatever_is_typed_shows_something_or_is_nothing(text in typed()) {
        let said = said(&text);
        prop_assert_eq!(said.shows(), shows(&text), "{:?}", said);
    }

    #[test]
    fn every_letter_typed_is_shown_in_its_place(text in typed()) {
        // Fences name languages, and names of emoji are emoji: those letters are markup.
        prop_assume!(!text.contains("```") && !text.contains("~~~") && !text.contains(":tada:"));
        prop_assume!(!text.contains("]("));
        prop_assert_eq!(letters(&shown(&said(&text))), letters(&text));
    }

    #[test]
    fn an_address_is_never_torn(
        before in typed(),
        between in "[ \n(“「。،>*_~\"]|[见这あ한]",
        address in address(),
        after in "( |\n|。|，|」|”|،|…|, |\\. |\\) |\\*\\* |_ |~~ |>|\")",
        rest in typed(),
    ) {
        // In code an address is code, and what is in another address or in brackets is part of that.
        let around = format!("{before}{rest}");
        prop_assume!(!around.contains(['`', '~', '<', '[', '\\']) && !before.contains("    ") && !before.contains('\t'));
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
        // Some have the name of the first one.
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
        prop_assert_eq!(said.shows(), shows(&text));
    }
}
