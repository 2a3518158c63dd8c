//! Mentions of names.

use super::*;

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
