//! Payloads as programs send them, and any others.

use proptest::prelude::*;
use serde_json::json;
use wire::UserId;
use wire::limits::{TEXT_NESTING, TEXT_NODES};

use super::*;

const BEN: &str = "b";

fn ben() -> Inline {
    Inline::Mention { id: UserId::from_bytes([2; 10]), name: "Ben".into() }
}

fn read_with_ben(payload: &Value) -> SlackMessage {
    read(payload, &|name| (name == BEN || name == "Ben").then(ben))
}

/// Returns the text that a payload becomes, as Markdown.
fn markdown(payload: &Value) -> String {
    read_with_ben(payload).text
}

/// Returns the tree of a text with Slack's markup, as JSON.
fn tree(text: &str) -> Value {
    serde_json::to_value(read_with_ben(&json!({ "text": text })).body).unwrap()
}

#[test]
fn slack_markup_becomes_rich_text() {
    for (text, shown) in [
        ("plain", "plain"),
        ("*bold* and _it_ and ~gone~ and `code`", "**bold** and _it_ and ~~gone~~ and `code`"),
        ("*_both_*", "**_both_**"),
        ("a*b*c 2*3 snake_case_name ~", "a*b*c 2*3 snake_case_name ~"),
        ("* no * _ no _", "* no * _ no _"),
        ("*bold\nline*", "*bold\nline*"),
        ("(*bold*), \"_it_\"", "(**bold**), \"_it_\""),
        ("*<https://example.org/a*b|x*y>*", "**[x*y](https://example.org/a*b)**"),
        (
            "<https://example.org/?a=1&amp;b=2|Dash &amp; board>",
            "[Dash & board](https://example.org/?a=1&b=2)",
        ),
        ("<https://example.org>", "https://example.org"),
        ("see https://example.org/a_b_c, please", "see https://example.org/a_b_c, please"),
        ("<mailto:ann@example.org|ann@example.org>", "ann@example.org"),
        ("&lt;b&gt; &amp;amp; &quot;", "<b> &amp; &quot;"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<javascript:alert(1)|click>", "<javascript:alert(1)|click>"),
        ("&gt; one\n&gt; two\nthree", "> one\n> two\n\nthree"),
        (">>> one\n\ntwo", "> one\n> \n> two"),
        ("run ```let a = 1 &amp;&amp; 2;\nb``` now", "run \n\n```\nlet a = 1 && 2;\nb\n```\n\n now"),
        ("`a *b* &lt;c&gt;`", "`a *b* <c>`"),
        ("``` open", "``` open"),
        (":tada: done", "🎉 done"),
        ("# no heading\n1. no list\n[no](link) **x**", "# no heading\n1. no list\n[no](link) **x**"),
        ("one\n\n\n\ntwo", "one\n\ntwo"),
    ] {
        assert_eq!(markdown(&json!({ "text": text })), shown, "{text}");
    }
    let link = json!([{ "p": [{ "link": { "to": "https://example.org/a", "of": [{ "t": "A" }] } }] }]);
    assert_eq!(tree("<https://example.org/a|A>"), link);
    assert_eq!(tree("https://example.org/a")[0]["p"][0]["link"]["to"], "https://example.org/a");
}

#[test]
fn only_a_named_user_is_mentioned_and_never_everyone() {
    let mention = serde_json::to_value(ben()).unwrap();
    for text in ["<@b>", "<@b|whoever>", "<@U0|Ben>"] {
        assert_eq!(tree(text), json!([{ "p": [mention.clone()] }]), "{text}");
    }
    for (text, shown) in [
        ("@b @Ben", "@b @Ben"),
        ("<@U1>", "@U1"),
        ("<@U1|ann>", "@ann"),
        ("<!here> <!channel> <!everyone>", "@here @channel @everyone"),
        ("<!here|here> @all", "@here @all"),
        ("<!subteam^S1|@team> <!subteam^S1>", "@team @S1"),
        ("<#C1|general> <#C1>", "#general #C1"),
        ("<!date^1392734382^{date_short}|18 Feb 2014>", "18 Feb 2014"),
    ] {
        let read = read_with_ben(&json!({ "text": text }));
        assert_eq!(read.text, shown);
        assert!(super::super::mentions(&read.body) == crate::ports::store::Mentions::default(), "{text}");
    }
    assert_eq!(read_with_ben(&json!({ "text": "<@U1> <@b>" })).unknown, ["U1"]);
}

#[test]
fn blocks_go_before_text_and_attachments_follow() {
    let section = json!([{ "type": "section", "text": { "type": "mrkdwn", "text": "*block*" } }]);
    let attachments = json!([{ "fallback": "never", "text": "below" }]);
    let payload = |text: Value| json!({ "text": text, "blocks": section, "attachments": attachments });
    for text in [json!("text"), json!(""), Value::Null] {
        assert_eq!(markdown(&payload(text)), "**block**\n\nbelow");
    }
    for none in [json!([]), json!("x"), json!([{ "type": "divider" }]), Value::Null] {
        let payload = json!({ "text": "text", "blocks": none, "attachments": attachments });
        assert_eq!(markdown(&payload), "text\n\nbelow");
    }
    for empty in [
        json!({}),
        json!({ "text": " \n" }),
        json!({ "text": ">>>" }),
        json!({ "text": "> \u{200b}" }),
        json!({ "blocks": [] }),
        json!({ "blocks": "x" }),
        json!({ "attachments": [{}] }),
        json!({ "blocks": [{ "type": "divider" }] }),
    ] {
        assert!(!read_with_ben(&empty).body.shows(), "{empty}");
    }
    let fallback = json!({ "attachments": [{ "fallback": "*only* this", "color": "#f00" }] });
    assert_eq!(markdown(&fallback), "**only** this");
    assert_eq!(markdown(&json!({ "text": "*not bold*", "mrkdwn": false })), "*not bold*");
}

#[test]
fn entities_are_characters_also_where_nothing_is_a_link() {
    let titled =
        |link: &str| json!({ "attachments": [{ "title": "a &lt;b&gt; &amp; c", "title_link": link }] });
    let shown = |payload: &Value| serde_json::to_string(&read_with_ben(payload).body).unwrap();
    for payload in [
        titled("https://ci.example/7"),
        titled(""),
        titled("no address"),
        json!({ "attachments": [{ "fields": [{ "title": "a &lt;b&gt; &amp; c", "value": "1" }] }] }),
        json!({ "attachments": [{ "author_name": "a &lt;b&gt; &amp; c" }] }),
        json!({ "text": "a &lt;b&gt; &amp; c", "mrkdwn": false }),
    ] {
        assert!(shown(&payload).contains("a <b> & c"), "{}", shown(&payload));
    }
    assert!(shown(&titled("")).contains("b"), "an entity is decoded once");
    let twice = json!({ "text": "&amp;lt;", "mrkdwn": false });
    assert!(shown(&twice).contains("&lt;"), "an entity is decoded once: {}", shown(&twice));
}

#[test]
fn link_buttons_of_attachments_are_links() {
    let actions = json!([
        { "type": "button", "text": "Runbook :green_book:", "url": "https://runbooks.example/disk" },
        { "type": "button", "text": "Silence", "name": "silence" },
    ]);
    let payload = json!({ "attachments": [{ "title": "Disk full", "actions": actions }] });
    let text = markdown(&payload);
    assert!(text.contains("](https://runbooks.example/disk)") && !text.contains("Silence"), "{text}");
}

#[test]
fn no_control_character_is_shown_wherever_it_stands() {
    let hostile = "a\u{0}\u{1b}[2J\r\nb";
    let rich = |element: Value| json!({ "blocks": [{ "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": [element] }] }] });
    for payload in [
        json!({ "text": hostile }),
        json!({ "text": hostile, "mrkdwn": false }),
        json!({ "blocks": [{ "type": "markdown", "text": hostile }] }),
        json!({ "blocks": [{ "type": "header", "text": { "type": "plain_text", "text": hostile } }] }),
        rich(json!({ "type": "text", "text": hostile })),
        rich(json!({ "type": "user", "user_id": hostile })),
        rich(json!({ "type": "emoji", "name": hostile })),
    ] {
        let read = read_with_ben(&payload);
        let is_hostile = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        let tree = serde_json::to_string(&read.body).unwrap();
        assert!(read.text.contains('b') && !read.text.contains(is_hostile), "{payload}: {:?}", read.text);
        assert!(!tree.contains("\\u00") && !tree.contains("\\r"), "{payload}: {tree}");
    }
}

#[test]
fn blocks_show_their_texts() {
    let payload = json!({ "blocks": [
        { "type": "header", "text": { "type": "plain_text", "text": "Deploy *1*" } },
        { "type": "section", "text": { "type": "mrkdwn", "text": "by <@b>" }, "fields": [
            { "type": "mrkdwn", "text": "*Env*\nprod" }, { "type": "plain_text", "text": "*raw*" } ] },
        { "type": "divider" },
        { "type": "context", "elements": [
            { "type": "image", "image_url": "https://example.org/a.png", "alt_text": "logo" },
            { "type": "mrkdwn", "text": "_main_" }, { "type": "plain_text", "text": "at 4" } ] },
        { "type": "image", "image_url": "https://example.org/a.png", "alt_text": "graph" },
        { "type": "actions", "elements": [
            { "type": "button", "text": { "type": "plain_text", "text": "Open" }, "url": "https://example.org/o" },
            { "type": "button", "text": { "type": "plain_text", "text": "Approve" }, "value": "1" } ] },
        { "type": "markdown", "text": "**md** @Ben" },
        { "type": "unheard_of", "text": "x" }
    ] });
    assert_eq!(
        markdown(&payload),
        "**Deploy *1***\n\nby @Ben\n\n**Env**\nprod\n\n*raw*\n\nlogo _main_ at 4\n\n\
         [graph](https://example.org/a.png)\n\n[Open](https://example.org/o)\n\n**md** @Ben"
    );
}

#[test]
fn a_rich_text_block_keeps_its_lists_quotes_code_and_styles() {
    let text = |text: &str| json!({ "type": "text", "text": text });
    let section = |elements: Value| json!({ "type": "rich_text_section", "elements": elements });
    let payload = json!({ "blocks": [{ "type": "rich_text", "elements": [
        section(json!([
            text("a *b* "),
            { "type": "text", "text": "bold", "style": { "bold": true, "italic": true } },
            text(" "), { "type": "text", "text": "x()", "style": { "code": true } },
            { "type": "link", "url": "https://example.org/", "text": "there" },
            { "type": "emoji", "name": "tada" }, { "type": "user", "user_id": "b" },
            { "type": "broadcast", "range": "here" }
        ])),
        { "type": "rich_text_list", "style": "ordered", "offset": 1, "elements": [
            section(json!([text("two")])), section(json!([text("three")])) ] },
        { "type": "rich_text_list", "style": "bullet", "elements": [section(json!([text("dot")]))] },
        { "type": "rich_text_quote", "elements": [text("said")] },
        { "type": "rich_text_preformatted", "elements": [text("a\nb")] }
    ] }] });
    assert_eq!(
        markdown(&payload),
        "a *b* **_bold_** `x()`[there](https://example.org/)🎉@Ben@here\n\n2. two\n3. three\n\n- dot\n\n> said\n\n\
         ```\na\nb\n```"
    );
}

#[test]
fn an_attachment_shows_what_it_has_in_the_order_in_which_it_is_read() {
    let payload = json!({ "attachments": [{
        "fallback": "f", "pretext": "pre <!here|here>", "author_name": "ann", "author_link": "https://example.org/ann",
        "title": "Title", "title_link": "https://example.org/t", "text": "*text*", "footer": "no", "ts": 1,
        "fields": [{ "title": "A", "value": "_1_", "short": true }, { "value": 2 }, { "title": "B" }, {}, 7],
        "image_url": "https://example.org/i.png"
    }] });
    assert_eq!(
        markdown(&payload),
        "pre @here\n\n[ann](https://example.org/ann)\n\n**[Title](https://example.org/t)**\n\n**text**\n\n\
         **A**\n_1_\n\n2\n\n**B**\n\nhttps://example.org/i.png"
    );
}

#[test]
fn a_long_text_is_cut_and_says_so() {
    for text in ["x".repeat(20_000), "茶".repeat(10_000), "*b* ".repeat(5_000), "a\n\n".repeat(9_000)] {
        let read = read_with_ben(&json!({ "text": text }));
        assert!(read.text.len() <= TEXT_BYTES && read.text.ends_with('…'), "{} bytes", read.text.len());
        let shown = RichText { blocks: read.body.blocks.clone() };
        let mut last = String::new();
        shown.each_text(&mut |text| last = if text == "\n" { last.clone() } else { text.to_owned() });
        assert!(last.ends_with('…'), "{last}");
    }
    let exact = "x".repeat(TEXT_BYTES - CUT.len());
    assert_eq!(markdown(&json!({ "text": exact })), exact);
    let many: Vec<Value> = (0..99).map(|n| json!({ "text": format!("{n} {}", "x".repeat(500)) })).collect();
    let read = read_with_ben(&json!({ "attachments": many }));
    assert!(read.text.starts_with("0 x") && read.text.ends_with('…') && read.text.len() <= TEXT_BYTES);
}

#[test]
fn what_is_more_than_a_message_may_have_is_shown_as_text() {
    let links = "<https://example.org/1|one> ".repeat(400);
    let quotes = "&gt; *a*\nb\n".repeat(300);
    for text in [links, quotes] {
        let read = read_with_ben(&json!({ "text": text }));
        assert!(nodes(&read.body) <= TEXT_NODES, "{} nodes", nodes(&read.body));
        assert!(nodes(&read.body) > TEXT_NODES / 2);
    }
    let links = read_with_ben(&json!({ "text": "<https://example.org/1|one> ".repeat(400) }));
    let mut shown = String::new();
    links.body.each_text(&mut |text| shown.push_str(text));
    assert_eq!(shown.matches("one").count(), 400, "none is missing");
}

fn nodes(body: &RichText) -> usize {
    let json = serde_json::to_string(body).unwrap();
    [
        "{\"p\"",
        "{\"t\"",
        "{\"em\"",
        "{\"strong\"",
        "{\"strike\"",
        "{\"code\"",
        "{\"link\"",
        "{\"quote\"",
        "{\"list\"",
        "{\"mention\"",
    ]
    .iter()
    .map(|node| json.matches(node).count())
    .sum()
}

fn depth(blocks: &[Block]) -> usize {
    fn of(inlines: &[Inline]) -> usize {
        inlines
            .iter()
            .map(|inline| match inline {
                Inline::Em(of_it)
                | Inline::Strong(of_it)
                | Inline::Strike(of_it)
                | Inline::Link { of: of_it, .. } => 1 + of(of_it),
                _ => 1,
            })
            .max()
            .unwrap_or_default()
    }
    blocks
        .iter()
        .map(|block| {
            1 + match block {
                Block::P(inlines) => of(inlines),
                Block::Code { .. } => 0,
                Block::Quote(blocks) => depth(blocks),
                Block::List { items, .. } => {
                    items.iter().map(|item| 1 + depth(item)).max().unwrap_or_default()
                }
            }
        })
        .max()
        .unwrap_or_default()
}

/// Generates pieces of Slack's markup, whole and broken.
fn markup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z]{1,4}",
        "[*_~`<>|&;@#!:\\n \\\\-]{1,3}",
        "(<@b>|<@U1\\|x>|<!here>|<https://example.org/[a-z*_~]{0,4}\\|[a-z*_]{0,4}>|&gt; |&amp;|```|>>>|:tada:|@all)",
        "[茶ا한👍\u{200b}\u{fdd0}\r\t]{1,2}",
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// Generates any JSON with the words of the format in it.
fn payload() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("text"),
        Just("blocks"),
        Just("attachments"),
        Just("type"),
        Just("elements"),
        Just("fields"),
        Just("title"),
        Just("fallback"),
        Just("style"),
        Just("url"),
        Just("user_id"),
        Just("value"),
        Just("other"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        markup().prop_map(Value::from),
        prop_oneof![
            Just("section"),
            Just("header"),
            Just("context"),
            Just("rich_text"),
            Just("rich_text_section"),
            Just("rich_text_list"),
            Just("text"),
            Just("link"),
            Just("user"),
            Just("mrkdwn"),
            Just("plain_text"),
            Just("actions"),
            Just("image"),
            Just("markdown"),
            Just("rich_text_preformatted"),
            Just("ordered"),
        ]
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_with_markup_is_read_within_the_bounds_of_a_message(text in markup()) {
        let read = read_with_ben(&json!({ "text": text }));
        prop_assert!(nodes(&read.body) <= TEXT_NODES && depth(&read.body.blocks) <= TEXT_NESTING);
        prop_assert!(!super::super::mentions(&read.body).everyone);
        prop_assert_eq!(read.body.shows(), !read.text.is_empty() && wire::has_visible_text(&read.text), "{:?}", read);
        let again: RichText = serde_json::from_str(&serde_json::to_string(&read.body).unwrap()).unwrap();
        prop_assert_eq!(again, read.body);
    }

    #[test]
    fn any_payload_is_read_within_the_bounds_of_a_message(payload in payload()) {
        let read = read_with_ben(&payload);
        prop_assert!(nodes(&read.body) <= TEXT_NODES && depth(&read.body.blocks) <= TEXT_NESTING);
        prop_assert!(read.text.len() <= TEXT_BYTES && !super::super::mentions(&read.body).everyone);
    }
}
