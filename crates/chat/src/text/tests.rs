//! Tests of the text that people see after typing.

mod anything;
mod mentions;

use wire::limits::{TEXT_BYTES, TEXT_NODES};
use wire::{
    Block, Inline, Member, Person, PersonName, RichText, Role, Timestamp, UserId, has_visible_text,
    mention_of,
};

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
        // A link with a text of its own keeps its target.
        if !mark.contains("](") {
            assert_eq!(letters(&shown(&said)), letters(&text), "{mark:?}");
        }
    }
}
