use wire::RichText;
use wire::limits::TEXT_NESTING;

use crate::text::{Named, read};

fn said(text: &str) -> RichText {
    read(text, &Named::default())
}

fn json(text: &str) -> String {
    serde_json::to_string(&said(text)).unwrap()
}

#[test]
fn what_people_type_becomes_a_tree() {
    for (text, tree) in [
        ("hello", r#"[{"p":[{"t":"hello"}]}]"#),
        ("one\ntwo", r#"[{"p":[{"t":"one\ntwo"}]}]"#),
        ("one\n\ntwo", r#"[{"p":[{"t":"one"}]},{"p":[{"t":"two"}]}]"#),
        (
            "*a* **b** ~~c~~ `d`",
            r#"[{"p":[{"em":[{"t":"a"}]},{"t":" "},{"strong":[{"t":"b"}]},{"t":" "},{"strike":[{"t":"c"}]},{"t":" "},{"code":"d"}]}]"#,
        ),
        ("```rs\nlet x = 1;\n```", r#"[{"code":{"lang":"rs","text":"let x = 1;\n"}}]"#),
        ("> quoted\n\nafter", r#"[{"quote":[{"p":[{"t":"quoted"}]}]},{"p":[{"t":"after"}]}]"#),
        ("- a\n- b", r#"[{"list":{"items":[[{"p":[{"t":"a"}]}],[{"p":[{"t":"b"}]}]]}}]"#),
        (
            "3. a\n   - b",
            r#"[{"list":{"start":3,"items":[[{"p":[{"t":"a"}]},{"list":{"items":[[{"p":[{"t":"b"}]}]]}}]]}}]"#,
        ),
        (
            "[hub](https://example.org)",
            r#"[{"p":[{"link":{"to":"https://example.org","of":[{"t":"hub"}]}}]}]"#,
        ),
        (
            "[hub](<https://example.org/a b>)",
            r#"[{"p":[{"link":{"to":"https://example.org/a b","of":[{"t":"hub"}]}}]}]"#,
        ),
        (
            "[hub](<https://example.org/x>)",
            r#"[{"p":[{"link":{"to":"https://example.org/x","of":[{"t":"hub"}]}}]}]"#,
        ),
        (
            "![hub](https://example.org \"a title\")",
            r#"[{"p":[{"link":{"to":"https://example.org","of":[{"t":"hub"}]}},{"t":" \"a title\""}]}]"#,
        ),
        ("# Big", r#"[{"p":[{"strong":[{"t":"Big"}]}]}]"#),
        ("\\*a\\* \\~b", r#"[{"p":[{"t":"*a* ~b"}]}]"#),
    ] {
        assert_eq!(json(text), tree, "{text:?}");
    }
}

#[test]
fn no_link_stands_within_a_link() {
    for text in [
        "[![a](https://x.example)](https://y.example)",
        "![[a](https://x.example)](https://y.example)",
        "[http://x.example](https://y.example)",
        "[<http://x.example>](https://y.example)",
    ] {
        assert_eq!(json(text).matches("link").count(), 1, "{text}: {}", json(text));
    }
}

#[test]
fn html_and_entities_stay_the_text_they_are() {
    for text in [
        "<b>x</b>",
        "<script>alert(1)</script>",
        "<!-- x -->",
        "a <!-- x --> b",
        "<?php x ?>",
        "<![CDATA[x]]>",
        "<div>\nx\n</div>",
        "AT&amp;T &lt;b&gt; &#8203; &nbsp;",
        "&#x202e;",
    ] {
        assert_eq!(said(text), RichText::plain(text), "{text}");
    }
}

#[test]
fn a_link_that_would_lead_nowhere_is_shown_as_it_was_typed() {
    for bad in [
        "[x](javascript:alert(1))",
        "[x](JavaScript:alert(1))",
        "[x](data:text/html,x)",
        "[x](/relative)",
        "![x](vbscript:x)",
        "[**x**](foo)",
        "<foo:bar_baz_>",
    ] {
        assert_eq!(said(bad), RichText::plain(bad), "{bad}");
    }
}

#[test]
fn only_two_tildes_strike() {
    for text in ["(~$1.50) and (~$10)", "~a~", "a ~b c~ d", "~~a~ b", "~~~a~~~ b~", "~ ~ ~", "a~b~c"] {
        assert!(!json(text).contains("strike"), "{text}: {}", json(text));
    }
    assert_eq!(said("(~$1.50) and (~$10)"), RichText::plain("(~$1.50) and (~$10)"));
    assert_eq!(json("~~a~~ ~b"), r#"[{"p":[{"strike":[{"t":"a"}]},{"t":" ~b"}]}]"#);
    assert_eq!(json("*a ~ b* ~"), r#"[{"p":[{"em":[{"t":"a ~ b"}]},{"t":" ~"}]}]"#);
}

#[test]
fn deep_nesting_keeps_its_words_and_loses_its_depth() {
    for text in [
        ">".repeat(16_000) + " deep",
        "- ".repeat(5_000) + "deep",
        "*a **b ".repeat(2_000) + "deep",
        "*a _b ".repeat(40) + "deep" + &"b_ a*".repeat(40),
        "1. ".repeat(40) + "deep",
        (0..40).map(|depth| " ".repeat(2 * depth) + "- x\n").collect::<String>() + "deep",
    ] {
        let json = json(&text);
        let deepest = json.chars().fold((0i32, 0i32), |(now, most), c| match c {
            '[' => (now + 1, most.max(now + 1)),
            ']' => (now - 1, most),
            _ => (now, most),
        });
        assert!(deepest.1 <= 2 * i32::try_from(TEXT_NESTING).unwrap() + 4, "{}", deepest.1);
        assert!(json.contains("deep"));
    }
}
