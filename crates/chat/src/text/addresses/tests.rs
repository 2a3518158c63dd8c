use super::*;

/// Returns the addresses of a text from left to right: the visible part and the target.
fn found(text: &str) -> Vec<(String, String)> {
    let (mut all, mut place) = (Vec::new(), 0);
    while let Some(letter) = text[place..].chars().next() {
        if let Some(address) = at(text, place) {
            place += address.len;
            all.push((address.shown, address.to));
        } else {
            place += letter.len_utf8();
        }
    }
    all
}

fn shown(text: &str) -> Vec<String> {
    found(text).into_iter().map(|(shown, _)| shown).collect()
}

#[test]
fn the_examples_of_gfm_are_found_as_it_says() {
    for (text, address, to) in [
        ("www.commonmark.org", "www.commonmark.org", "http://www.commonmark.org"),
        (
            "Visit www.commonmark.org/help for more.",
            "www.commonmark.org/help",
            "http://www.commonmark.org/help",
        ),
        ("Visit www.commonmark.org.", "www.commonmark.org", "http://www.commonmark.org"),
        ("Visit www.commonmark.org/a.b.", "www.commonmark.org/a.b", "http://www.commonmark.org/a.b"),
        (
            "www.google.com/search?q=Markup+(business)",
            "www.google.com/search?q=Markup+(business)",
            "http://www.google.com/search?q=Markup+(business)",
        ),
        (
            "www.google.com/search?q=Markup+(business)))",
            "www.google.com/search?q=Markup+(business)",
            "http://www.google.com/search?q=Markup+(business)",
        ),
        (
            "(www.google.com/search?q=Markup+(business))",
            "www.google.com/search?q=Markup+(business)",
            "http://www.google.com/search?q=Markup+(business)",
        ),
        (
            "www.google.com/search?q=(business))+ok",
            "www.google.com/search?q=(business))+ok",
            "http://www.google.com/search?q=(business))+ok",
        ),
        (
            "www.google.com/search?q=commonmark&hl=en",
            "www.google.com/search?q=commonmark&hl=en",
            "http://www.google.com/search?q=commonmark&hl=en",
        ),
        (
            "www.google.com/search?q=commonmark&hl;",
            "www.google.com/search?q=commonmark",
            "http://www.google.com/search?q=commonmark",
        ),
        ("www.commonmark.org/he<lp", "www.commonmark.org/he", "http://www.commonmark.org/he"),
        ("http://commonmark.org", "http://commonmark.org", "http://commonmark.org"),
        (
            "(Visit https://encrypted.google.com/search?q=Markup+(business))",
            "https://encrypted.google.com/search?q=Markup+(business)",
            "https://encrypted.google.com/search?q=Markup+(business)",
        ),
        ("Anonymous FTP is available at ftp://foo.bar.baz.", "ftp://foo.bar.baz", "ftp://foo.bar.baz"),
        ("foo@bar.baz", "foo@bar.baz", "mailto:foo@bar.baz"),
        (
            "hello@mail+xyz.example isn't valid, but hello+xyz@mail.example is.",
            "hello+xyz@mail.example",
            "mailto:hello+xyz@mail.example",
        ),
        ("a.b-c_d@a.b", "a.b-c_d@a.b", "mailto:a.b-c_d@a.b"),
        ("a.b-c_d@a.b.", "a.b-c_d@a.b", "mailto:a.b-c_d@a.b"),
        ("mailto:foo@bar.baz", "mailto:foo@bar.baz", "mailto:foo@bar.baz"),
    ] {
        assert_eq!(found(text), [(address.to_owned(), to.to_owned())], "{text}");
    }
    for none in [
        "a.b-c_d@a.b-",
        "a.b-c_d@a.b_",
        "www.",
        "http://",
        "https:///x",
        "http is a protocol",
        "xhttp://example.org",
    ] {
        assert_eq!(found(none), [], "{none}");
    }
}

#[test]
fn an_address_in_any_case_and_in_angle_brackets_is_one() {
    for (text, address, to) in [
        ("HTTPS://EXAMPLE.ORG/x", "HTTPS://EXAMPLE.ORG/x", "HTTPS://EXAMPLE.ORG/x"),
        ("HtTp://example.org", "HtTp://example.org", "HtTp://example.org"),
        ("WWW.Example.Org", "WWW.Example.Org", "http://WWW.Example.Org"),
        ("<https://example.org/a.>", "https://example.org/a.", "https://example.org/a."),
        ("<ann@example.org>", "ann@example.org", "mailto:ann@example.org"),
        ("<MAILTO:ann@example.org>", "MAILTO:ann@example.org", "MAILTO:ann@example.org"),
        (
            "http://[2001:db8::100:1]:3000/x",
            "http://[2001:db8::100:1]:3000/x",
            "http://[2001:db8::100:1]:3000/x",
        ),
        ("http://localhost:3000/", "http://localhost:3000/", "http://localhost:3000/"),
        ("_ann@example.org_", "ann@example.org", "mailto:ann@example.org"),
        ("svn+https://example.org/x", "https://example.org/x", "https://example.org/x"),
        ("[a](https://example.org/x)yz", "https://example.org/x", "https://example.org/x"),
        ("[a](https://example.org/x_(y).)", "https://example.org/x_(y).", "https://example.org/x_(y)."),
        ("](https://example.org/x** and on", "https://example.org/x", "https://example.org/x"),
        ("[https://example.org/x] y", "https://example.org/x", "https://example.org/x"),
        ("\"https://example.org/x\"", "https://example.org/x", "https://example.org/x"),
        ("`https://example.org/x`", "https://example.org/x", "https://example.org/x"),
    ] {
        assert_eq!(found(text), [(address.to_owned(), to.to_owned())], "{text}");
    }
    for none in
        ["<b>", "< https://", "<a b>", "<javascript:alert(1)>", "www.example", "a@b", "x.www.example.org"]
    {
        assert_eq!(found(none), [], "{none}");
    }
}

#[test]
fn an_address_beside_scripts_without_spaces_ends_where_the_sentence_goes_on() {
    for (text, address) in [
        ("见https://example.org/a。", "https://example.org/a"),
        ("（https://example.org/a）", "https://example.org/a"),
        ("「https://example.org/a」を見て", "https://example.org/a"),
        ("https://example.org/a、https", "https://example.org/a"),
        ("看https://example.org，好吗？", "https://example.org"),
        ("看https://example.org这里", "https://example.org"),
        ("“https://example.org/a”", "https://example.org/a"),
        ("„https://example.org/a“ – gut", "https://example.org/a"),
        ("«https://example.org/a»", "https://example.org/a"),
        ("‘https://example.org/a’s", "https://example.org/a"),
        ("https://example.org/a…", "https://example.org/a"),
        ("انظر https://example.org/a، ثم", "https://example.org/a"),
        ("https://example.org/a؟", "https://example.org/a"),
        ("https://example.org/a।", "https://example.org/a"),
        ("https://example.org/a—it", "https://example.org/a"),
        ("https://example.org/a→b", "https://example.org/a"),
        ("https://example.org/a\u{200b}b", "https://example.org/a"),
        ("https://example.org/a\u{3000}b", "https://example.org/a"),
        ("联系ann@example.org。", "ann@example.org"),
        ("见www.example.org/a。", "www.example.org/a"),
        ("привітhttps://example.org/a", "https://example.org/a"),
        ("https://de.wikipedia.org/wiki/Zürich", "https://de.wikipedia.org/wiki/Zürich"),
        ("https://zürich.example/", "https://zürich.example/"),
        ("https://例え.jp/日本", "https://例え.jp/日本"),
        ("https://ja.wikipedia.org/wiki/ジョン・レノン", "https://ja.wikipedia.org/wiki/ジョン・レノン"),
        ("https://en.wikipedia.org/wiki/Michelson–Morley", "https://en.wikipedia.org/wiki/Michelson–Morley"),
    ] {
        assert_eq!(shown(text), [address], "{text}");
    }
}

#[test]
fn only_addresses_that_lead_out_of_the_page_are_safe() {
    for safe in ["https://a", "HTTP://a", "ftp://a", "mailto:a@b.example"] {
        assert!(is_safe(safe), "{safe}");
    }
    for bad in [
        "javascript:alert(1)",
        "JaVaScRiPt:x",
        "data:text/html,x",
        "/x",
        "//x",
        "https:x",
        "https://a\u{1}",
        "",
        "é",
    ] {
        assert!(!is_safe(bad), "{bad}");
    }
}
