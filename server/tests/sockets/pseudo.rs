//! The pseudo-locale on every page: a text without its brackets does not come from the texts of a language.

use std::collections::BTreeSet;

use chat::store::WebhookEvent;
use chat::testing::{User, guest};
use chat::{Caller, Token, UserRef};
use server::ServerHandle;
use wire::{GroupId, JoinPolicy, Topic};

use crate::markup::Markup;
use crate::people::{cookie, get, post, raw, server};

/// The words of users in this test, and names that are the same in every language.
const WRITTEN: [&str; 17] = [
    "Zelda Quince",
    "Otto Fjord",
    "Uma Verity",
    "Ivo Marsh",
    "Tea at Zelda's",
    "tea-at-zelda-s",
    "Quiet corner",
    "Where the kettle is",
    "first cup",
    "second cup",
    "third cup",
    "to everyone with a cup",
    AGENT,
    "Hubbub",
    "https://shop.example/events",
    "https://shop.example",
    "quiet-corner",
];

/// A browser as it describes itself.
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

/// A user with their session; none for a visitor.
type Visitor<'a> = Option<&'a (User, Token)>;

/// A world in which everything has happened that a page can say something about.
struct World {
    server: ServerHandle,
    group: String,
    /// The owner of the server, and an admin of the group.
    zelda: (User, Token),
    /// A member with an account.
    otto: (User, Token),
    /// A guest who is a member.
    uma: (User, Token),
    /// A guest who is banned.
    ivo: (User, Token),
    /// The path of the owner link.
    owner: String,
    /// The path of a reset link.
    reset: String,
    /// The path of a sign-in link of an application.
    enter: String,
    said: u64,
    broadcast: u64,
    /// The public id of an application.
    application: String,
}

impl World {
    async fn new() -> Self {
        let server = server().await;
        let chat = server.chat().clone();
        let owner = chat.offer_ownership().await.unwrap();
        let owner = owner.map_or("/owner/none".into(), |token| format!("/owner/{}", token.reveal()));
        let come = async |name: &str| guest(&chat, name).await;
        let (zelda, otto, uma, ivo) = (
            come("Zelda Quince").await,
            come("Otto Fjord").await,
            come("Uma Verity").await,
            come("Ivo Marsh").await,
        );
        let id = chat.create_group(&zelda.0, "Tea at Zelda's", JoinPolicy::Open).await.unwrap().id;
        let quiet = chat.create_group(&zelda.0, "Quiet corner", JoinPolicy::Listed).await.unwrap().id;
        let topic = Topic::group(id);
        for (user, _) in [&otto, &uma, &ivo] {
            chat.join(user, id, None).await.unwrap();
        }
        let mut said = Vec::new();
        for (user, text) in [(&otto, "first cup"), (&zelda, "second cup"), (&uma, "third cup")] {
            let sent = chat.post(&user.0, topic.clone(), chat.new_send_id(), text, None).await.unwrap();
            said.push(sent.seq.0);
        }
        let world = Self {
            server,
            group: id.to_string(),
            zelda,
            otto,
            uma,
            ivo,
            owner,
            reset: String::new(),
            enter: String::new(),
            said: said[1],
            broadcast: 0,
            application: String::new(),
        };
        world.happens(&topic, &quiet.to_string(), &said).await
    }

    async fn happens(mut self, topic: &Topic, quiet: &str, said: &[u64]) -> Self {
        let (zelda, otto) = (&self.zelda, &self.otto);
        let (group, topic) = (self.group.as_str(), topic.to_string());
        let id: GroupId = group.parse().unwrap();
        let (uma_id, ivo_id, otto_id) =
            (self.uma.0.id.to_string(), self.ivo.0.id.to_string(), otto.0.id.to_string());
        for who in [zelda, otto] {
            self.does(who, "/do/create_account", &[("password", "correct horse battery")]).await;
        }
        let settings = [
            ("group", group),
            ("name", "Tea at Zelda's"),
            ("description", "Where the kettle is"),
            ("limit", "40"),
            ("slow_s", "0"),
        ];
        for changed in [
            &[("join_policy", "listed"), ("announcing", "on")][..],
            &[("join_policy", "invite")],
            &[("join_policy", "open")],
        ] {
            self.does(zelda, "/do/update_settings", &[&settings[..], changed].concat()).await;
        }
        let slow = settings.map(|(name, value)| (name, if name == "slow_s" { "60" } else { value }));
        self.does(zelda, "/do/update_settings", &[&slow[..], &[("join_policy", "open")]].concat()).await;
        self.does(zelda, "/do/update_settings", &[&settings[..], &[("join_policy", "open")]].concat()).await;
        for archived in ["true", "false", "true"] {
            self.does(zelda, "/do/archive", &[("group", quiet), ("archived", archived)]).await;
        }
        for (user, action) in [
            (&otto_id, "promote"),
            (&otto_id, "demote"),
            (&uma_id, "mute"),
            (&uma_id, "unmute"),
            (&uma_id, "mute"),
            (&ivo_id, "remove"),
            (&ivo_id, "join"),
            (&ivo_id, "ban"),
            (&ivo_id, "unban"),
            (&ivo_id, "join"),
            (&ivo_id, "ban"),
        ] {
            if action == "join" {
                self.does(&self.ivo, "/do/join", &[("group", group)]).await;
            } else {
                let fields = [("group", group), ("users[]", user), ("action", action)];
                self.does(zelda, "/do/manage_members", &fields).await;
            }
        }
        for (minutes, uses) in [("60", ""), ("0", "1"), ("10080", "5")] {
            self.does(zelda, "/do/create_invite", &[("group", group), ("minutes", minutes), ("uses", uses)])
                .await;
        }
        for _ in 0..2 {
            self.does(zelda, "/do/create_hook", &[("group", group), ("name", "Tea at Zelda's")]).await;
        }
        let hooks = self.server.chat().hooks(&zelda.0.caller(), id).await.unwrap();
        let renamed = self.server.chat().put_hook(&zelda.0, id, hooks[0].name.clone(), "Quiet corner");
        renamed.await.unwrap();
        self.does(zelda, "/do/rotate_hook", &[("group", group), ("hook", hooks[0].name.as_str())]).await;
        self.does(zelda, "/do/delete_hook", &[("group", group), ("hook", hooks[1].name.as_str())]).await;
        let made = self.server.chat().rotate_hook(&zelda.0, id, &hooks[0].name).await.unwrap();
        let path = format!("/hooks/{}", made.token.reveal());
        let (status, answer) = raw(&self.server, &post(&path, "", r#"{"text":"first cup"}"#)).await;
        assert_eq!(status, 200, "{answer}");
        let seq = |place: usize| said[place].to_string();
        for (who, seq, action, with) in [
            (otto, seq(0), "edit", ("text", "first cup")),
            (zelda, seq(1), "react", ("emoji", "🍵")),
            (zelda, seq(1), "pin", ("text", "")),
            (zelda, seq(1), "unpin", ("text", "")),
            (zelda, seq(1), "pin", ("text", "")),
            (zelda, seq(2), "delete", ("text", "")),
        ] {
            let fields = [("topic", topic.as_str()), ("target", &seq), ("action", action), with];
            self.does(who, "/do/amend", &fields).await;
        }
        let reply = self.said.to_string();
        self.does(
            otto,
            "/do/post",
            &[("topic", &topic), ("id", "r1"), ("text", "first cup"), ("reply_to", &reply)],
        )
        .await;
        self.does(otto, "/do/block", &[("user", &uma_id), ("on", "true")]).await;
        self.does(otto, "/do/set_bio", &[("bio", "Where the kettle is")]).await;
        let quiet = format!("group/{quiet}");
        let to = [("id", "b1"), ("text", "to everyone with a cup"), ("to[]", &topic), ("to[]", &quiet)];
        let results = self.does(zelda, "/do/broadcast", &to).await;
        self.broadcast = results.rsplit('/').next().and_then(|seq| seq.parse().ok()).unwrap();
        for role in ["admin", "member"] {
            self.does(zelda, "/do/set_application_role", &[("user", &otto_id), ("role", role)]).await;
        }
        let fields = [
            ("title", "Tea at Zelda's"),
            ("description", "Where the kettle is"),
            ("page", "/server/applications"),
        ];
        self.does(zelda, "/do/create_application", &fields).await;
        let applications = self.server.chat().applications(&Caller::operator(), None).await.unwrap();
        self.application = applications.items[1].public_id.to_string();
        let id = self.application.as_str();
        let webhook = [("application", id), ("name", "Quiet corner"), ("url", "https://shop.example/events")];
        self.does(zelda, "/do/create_webhook", &webhook).await;
        // Signed in on a second device, which the audit log names.
        let headers = format!("User-Agent: {AGENT}\r\n");
        let sign_in = [("name", "Otto Fjord"), ("password", "correct horse battery")];
        let (status, answer) = self.sends(None, &headers, "/do/sign_in", &sign_in).await;
        assert_eq!(status, 303, "{answer}");
        let token = self.server.chat().create_password_reset(&zelda.0, otto.0.id).await.unwrap();
        self.reset = format!("/reset/{}", token.reveal());
        let (chat, operator) = (self.server.chat(), Caller::operator());
        let built_in = chat.applications(&operator, None).await.unwrap().items.remove(0).public_id;
        let token = chat.create_api_token(&operator, built_in, "", None, false).await.unwrap();
        let program = chat.authenticate_api_token(&token).await.unwrap().unwrap();
        let link = chat.create_sign_in_link(&program, &UserRef::Id(self.uma.0.id)).await.unwrap();
        self.enter = format!("/enter/{built_in}/{}", link.token.reveal());
        self
    }

    async fn sends(
        &self,
        who: Option<&(User, Token)>,
        headers: &str,
        action: &str,
        fields: &[(&str, &str)],
    ) -> (u16, String) {
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let headers = format!(
            "{headers}{}Accept: text/html\r\nContent-Type: application/x-www-form-urlencoded\r\n",
            self.cookie(who)
        );
        raw(&self.server, &post(action, &headers, &body.join("&"))).await
    }

    /// Sends a form that is accepted; returns the address to which it leads.
    async fn does(&self, who: &(User, Token), action: &str, fields: &[(&str, &str)]) -> String {
        let (status, answer) = self.sends(Some(who), "", action, fields).await;
        assert!(status == 303 || status == 200, "{action} {fields:?}: {answer}");
        let place = answer.lines().find_map(|line| line.strip_prefix("location: "));
        place.unwrap_or_default().trim().to_owned()
    }

    async fn opens(&self, who: Option<&(User, Token)>, page: &str, language: &str) -> (u16, String) {
        let headers = format!("{}Accept: text/html\r\nAccept-Language: {language}\r\n", self.cookie(who));
        raw(&self.server, &get(page, &headers)).await
    }

    fn cookie(&self, who: Option<&(User, Token)>) -> String {
        who.map(|(_, token)| format!("Cookie: {}\r\n", cookie(&self.server, token))).unwrap_or_default()
    }

    /// Pages, each with a visitor, and the pattern of their route.
    fn pages(&self) -> Vec<(Visitor<'_>, String, &'static str)> {
        let Self { group, zelda, otto, uma, ivo, said, broadcast, application, .. } = self;
        let (zelda_id, otto_id, uma_id) = (zelda.0.id, otto.0.id, uma.0.id);
        let (zelda, otto, uma, ivo) = (Some(zelda), Some(otto), Some(uma), Some(ivo));
        vec![
            (None, "/".into(), "/"),
            (zelda, "/".into(), "/"),
            (None, format!("/g/{group}"), "/g/:group"),
            (ivo, format!("/g/{group}"), "/g/:group"),
            (zelda, format!("/g/{group}"), "/g/:group"),
            (otto, format!("/g/{group}"), "/g/:group"),
            (uma, format!("/g/{group}"), "/g/:group"),
            (otto, format!("/g/{group}?at={said}"), "/g/:group"),
            (otto, format!("/g/{group}?at=9999"), "/g/:group"),
            (otto, format!("/g/{group}?day=2001-01-01"), "/g/:group"),
            (otto, format!("/g/{group}?day=2091-01-01"), "/g/:group"),
            (otto, format!("/g/{group}?day=someday"), "/g/:group"),
            (zelda, "/g/0000000000000000".into(), "/g/:group"),
            (otto, format!("/d/{zelda_id}"), "/d/:person"),
            (otto, format!("/d/{uma_id}"), "/d/:person"),
            (None, "/sign-in".into(), "/sign-in"),
            (None, "/groups".into(), "/groups"),
            (zelda, "/groups?find=nothing+like+it".into(), "/groups"),
            (zelda, "/people".into(), "/people"),
            (zelda, "/people?find=nobody".into(), "/people"),
            (zelda, format!("/people/{otto_id}"), "/people/:person"),
            (otto, format!("/people/{otto_id}"), "/people/:person"),
            (zelda, "/broadcast".into(), "/broadcast"),
            (zelda, format!("/broadcast/{broadcast}"), "/broadcast/:seq"),
            (zelda, "/server".into(), "/server"),
            (otto, "/server".into(), "/server"),
            (zelda, "/server/applications".into(), "/server/applications"),
            (otto, "/server/applications".into(), "/server/applications"),
            (zelda, format!("/server/applications/{application}"), "/server/applications/:application"),
            (zelda, "/server/applications/none".into(), "/server/applications/:application"),
            (
                zelda,
                format!("/server/applications/{application}/webhooks"),
                "/server/applications/:application/webhooks",
            ),
            (
                zelda,
                format!("/server/applications/{application}/webhooks/quiet-corner"),
                "/server/applications/:application/webhooks/:webhook",
            ),
            (zelda, "/server/nodes".into(), "/server/nodes"),
            (otto, "/server/nodes".into(), "/server/nodes"),
            (None, self.owner.clone(), "/owner/:token"),
            (None, self.reset.clone(), "/reset/:token"),
            (None, "/reset/none".into(), "/reset/:token"),
            (None, self.enter.clone(), "/enter/:application/:token"),
            (None, "/enter/none/none".into(), "/enter/:application/:token"),
            (None, "/account".into(), "/account"),
            (zelda, "/account".into(), "/account"),
            (otto, "/account".into(), "/account"),
            (uma, "/account".into(), "/account"),
            (zelda, format!("/g/{group}/admin"), "/g/:group/admin"),
            (zelda, format!("/g/{group}/admin?find=nobody"), "/g/:group/admin"),
            (otto, format!("/g/{group}/admin"), "/g/:group/admin"),
            (zelda, format!("/g/{group}/audit"), "/g/:group/audit"),
            (otto, format!("/g/{group}/members"), "/g/:group/members"),
            (otto, format!("/g/{group}/members?find=nobody"), "/g/:group/members"),
            (zelda, format!("/g/{group}/m/{said}"), "/g/:group/m/:seq"),
            (otto, format!("/g/{group}/m/{}", said + 1), "/g/:group/m/:seq"),
            (otto, format!("/d/{zelda_id}/m/1"), "/d/:person/m/:seq"),
            (None, "/search".into(), "/search"),
            (otto, "/search".into(), "/search"),
            (otto, format!("/search?q=nothing+like+it&in=group/{group}"), "/search"),
            (otto, "/search?q=%22first+cup%22".into(), "/search"),
            (otto, "/search?q=%E2%80%A6".into(), "/search"),
            (otto, "/search?q=cup&by=nobody&from=2001-01-01".into(), "/search"),
            (otto, "/search?q=cup&cursor=none".into(), "/search"),
            (otto, format!("/search?q={}", "x".repeat(300)), "/search"),
            (None, "/no/such/page".into(), "/no/such/page"),
        ]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_says_everything_in_the_language_of_its_visitor() {
    let world = World::new().await;
    let applications = world.server.chat().applications(&Caller::operator(), None).await.unwrap().items;
    let ids: Vec<String> = applications.iter().map(|application| application.public_id.to_string()).collect();
    let events: Vec<&str> = WebhookEvent::ALL.iter().map(|event| event.as_str()).collect();
    let written: Vec<&str> =
        WRITTEN.into_iter().chain(ids.iter().map(String::as_str)).chain(events).collect();
    let mut wrong = Vec::new();
    let mut opened = BTreeSet::new();
    let mut said = 0;
    for (who, page, route) in world.pages() {
        opened.insert(route);
        let (status, answer) = world.opens(who, &page, "tlh, en-XA;q=0.9, en;q=0.8").await;
        let markup = Markup::of(&answer);
        assert_eq!(markup.attributes("html", "lang"), ["en-XA"], "{page}: {status}");
        let head = answer.split("\r\n\r\n").next().unwrap().to_lowercase();
        assert!(head.contains("content-language: en-xa"), "{page}: {head}");
        assert!(head.contains("vary: ") && head.contains("accept-language"), "{page}: {head}");
        said += markup.words().0.len();
        let name = who.map_or("a visitor", |(user, _)| user.name.as_str());
        wrong.extend(markup.untranslated(&written).into_iter().map(|text| format!("{page}, {name}: {text}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(said > 1_000, "only {said} texts were read");
    let pages = leptos_axum::generate_route_list(app::App);
    let server_only = leptos_axum::generate_route_list(app::ServerOnlyPage);
    let all = pages.iter().chain(&server_only).map(|route| route.path().replace('{', ":").replace('}', ""));
    let missing: BTreeSet<String> = all.filter(|path| !opened.contains(path.as_str())).collect();
    assert!(missing.is_empty(), "pages that were not opened: {missing:?}");
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_form_says_why_in_the_language_of_its_sender() {
    let world = World::new().await;
    let group = world.group.as_str();
    let (zelda, otto) = (Some(&world.zelda), Some(&world.otto));
    let (admin, inside) = (format!("/g/{group}/admin"), format!("/g/{group}"));
    let topic = format!("group/{group}");
    let long = "cup ".repeat(6_000);
    let cases = [
        (None, "/do/create_guest", "/", vec![("name", "")]),
        (None, "/do/sign_in", "/sign-in", vec![("name", "Otto Fjord"), ("password", "not this one")]),
        (zelda, "/do/create_group", "/", vec![("name", " ")]),
        (zelda, "/do/create_invite", &admin, vec![("group", group), ("minutes", "1"), ("uses", "many")]),
        (zelda, "/do/delete_group", &admin, vec![("group", group), ("typed", "first cup")]),
        (otto, "/do/post", &inside, vec![("topic", topic.as_str()), ("id", "p1"), ("text", &long)]),
        (otto, "/do/archive", "/groups", vec![("group", group), ("archived", "true")]),
        (None, "/do/post", &inside, vec![("topic", topic.as_str()), ("id", "p2"), ("text", "first cup")]),
    ];
    for (who, action, page, mut fields) in cases {
        fields.push(("page", page));
        let (status, answer) = world.sends(who, "Accept-Language: en-XA\r\n", action, &fields).await;
        assert!(status >= 400, "{action}: {answer}");
        let markup = Markup::of(&answer);
        let shown = markup.texts(".refusal").concat();
        assert!(shown.contains('⟦'), "{action}: {shown}");
        let wrong = markup.untranslated(&WRITTEN);
        assert!(wrong.is_empty(), "{action}: {wrong:?}");
    }
    world.server.stop().await;
}

#[tokio::test]
async fn a_page_runs_in_the_direction_of_its_language() {
    let server = server().await;
    for (language, tag, direction) in
        [("ar-XB", "ar-XB", "rtl"), ("en-XA", "en-XA", "ltr"), ("fr, *;q=0.1", "en", "ltr")]
    {
        let headers = format!("Accept: text/html\r\nAccept-Language: {language}\r\n");
        let (_, answer) = raw(&server, &get("/", &headers)).await;
        let markup = Markup::of(&answer);
        assert_eq!(markup.attributes("html", "lang"), [tag]);
        assert_eq!(markup.attributes("html", "dir"), [direction]);
        // The script of the page finds its texts.
        let texts = markup.attributes("link[rel=preload]", "href");
        let texts = texts.iter().find(|path| path.starts_with("/texts/")).unwrap();
        let (status, file) = raw(&server, &get(texts, "")).await;
        assert_eq!(status, 200, "{file}");
        assert!(file.contains("cache-control: public, max-age=31536000, immutable"), "{file}");
        assert!(answer.contains(&format!("fetch('{texts}')")), "{answer}");
    }
    let (status, _) = raw(&server, &get("/texts/en.0000000000000000.txt", "")).await;
    assert_eq!(status, 404);
    server.stop().await;
}

#[test]
fn an_overloaded_server_says_so_in_the_language_of_the_visitor() {
    let assets = app::Assets { js: "/a.js".into(), wasm: "/a.wasm".into(), css: "/a.css".into() };
    let page = app::busy_page(&assets, app::accepted(["en-XA"]).0);
    let markup = Markup::of(&format!("HTTP/1.1 503 Service Unavailable\r\n\r\n{page}"));
    assert_eq!(markup.attributes("html", "lang"), ["en-XA"]);
    assert!(markup.texts("h1").concat().contains('⟦'));
    assert_eq!(markup.untranslated(&WRITTEN), [""; 0]);
}
