//! Who may do what: every way in, for everybody who could come, in one table.

use std::collections::BTreeSet;

use chat::Caller;
use leptos::server_fn::axum::server_fn_paths;
use server::Running;
use wire::{ACTIONS, Door, InviteId, Pair, Person, Role, Topic};

use super::people::{Socket, get, post, raw, server};

/// Everybody who could come, in the order of the columns.
const WHO: [Who; 10] = [
    Who::Stranger,
    Who::Outsider,
    Who::Guest,
    Who::Member,
    Who::Removed,
    Who::Muted,
    Who::Admin,
    Who::LastAdmin,
    Who::AppAdmin,
    Who::Owner,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Has not even a name.
    Stranger,
    /// Has a name, and no seat.
    Outsider,
    /// Has a seat, and no account.
    Guest,
    /// Has a seat and an account.
    Member,
    /// Had a seat.
    Removed,
    /// Has a seat, and no word.
    Muted,
    /// Is one of two admins.
    Admin,
    /// Is the only admin.
    LastAdmin,
    /// Is an admin of the application, and has no seat.
    AppAdmin,
    /// Is the owner of the application, and has no seat.
    Owner,
}

/// What an answer comes to: a letter for each code, `+` for a yes.
const CODES: [(char, &str); 20] = [
    ('S', "sign_in_needed"),
    ('M', "not_member"),
    ('A', "not_admin"),
    ('N', "not_found"),
    ('U', "muted"),
    ('L', "last_admin"),
    ('W', "not_author"),
    ('R', "topic_reserved"),
    ('O', "not_oneself"),
    ('P', "not_app_admin"),
    ('C', "no_account"),
    ('H', "has_account"),
    ('X', "sign_in_wrong"),
    ('E', "invite_over"),
    ('B', "direct_with_oneself"),
    ('I', "invite_needed"),
    ('F', "field_wrong"),
    ('Z', "not_owner"),
    ('V', "reset_over"),
    ('J', "picture_bad"),
];

/// One way in: what it is, what each comes to, and how it is asked.
struct Row(&'static str, &'static str, fn(&World) -> Ask);

enum Ask {
    /// A frame on the socket.
    Frame(String),
    /// A form to a server function.
    Do(&'static str, String),
    /// A page or another address; pages answer by their status.
    Get(String),
    /// A file that is no picture.
    Upload,
    /// JSON to an address.
    Json(&'static str, String),
}

/// A group by invitation with ann and ben and whoever comes. Both have said something.
struct World {
    server: Running,
    group: String,
    /// The founder, unless whoever comes is the last admin.
    ann: Person,
    ben: Person,
    /// Has a name, and no seat.
    nobody: Person,
    /// Who comes, if they have a name.
    me: Person,
    cookie: String,
    invite: InviteId,
    /// Where ann's message stands.
    said: u64,
}

impl World {
    async fn of(who: Who) -> Self {
        let server = server().await;
        let chat = server.chat().clone();
        let introduce = async |name: &str| chat.introduce(&Caller::default(), name).await.unwrap();
        let (owner, owners_token) = introduce("olga").await;
        let ((ann, _), (ben, _), (me, token)) =
            (introduce("ann").await, introduce("ben").await, introduce("me").await);
        let (nobody, _) = introduce("nobody").await;
        // Passwords are slow to hash, so only those have one for whom it matters. The first account is the owner's.
        let accounts: &[&Person] = match who {
            Who::Member => &[&owner, &me],
            Who::AppAdmin => &[&owner, &me, &ben],
            Who::Owner => &[&owner, &ben],
            _ => &[],
        };
        for person in accounts {
            chat.claim(person, "correct horse battery").await.unwrap();
        }
        if who == Who::AppAdmin {
            chat.app_rank(&owner, me.id, wire::AppRole::Admin).await.unwrap();
        }
        let founder = if who == Who::LastAdmin { &me } else { &ann };
        let id = chat.create_group(founder, "tea", Door::Invite).await.unwrap().id;
        for person in [&ann, &ben].into_iter().filter(|person| person.id != founder.id) {
            chat.add(founder, id, person.id).await.unwrap();
        }
        let topic = Topic::group(id);
        let said = chat.post(&ann, topic.clone(), chat.new_send_id(), "hello", None).await.unwrap().seq.0;
        let invite = chat.invite(founder, id, 60, 0).await.unwrap();
        if matches!(who, Who::Guest | Who::Member | Who::Removed | Who::Muted | Who::Admin) {
            chat.add(&ann, id, me.id).await.unwrap();
        }
        match who {
            Who::Removed => chat.remove(&ann, id, me.id, false).await.unwrap(),
            Who::Muted => chat.mute(&ann, id, me.id, 60).await.unwrap(),
            Who::Admin => chat.rank(&ann, id, me.id, Role::Admin).await.unwrap(),
            _ => {}
        }
        let (me, token) = match who {
            Who::Owner => (owner, Some(owners_token)),
            Who::Stranger => (me, None),
            _ => (me, Some(token)),
        };
        let cookie = token.map(|token| format!("hubbub_session={}", token.reveal())).unwrap_or_default();
        Self { server, group: id.to_string(), ann, ben, nobody, me, cookie, invite, said }
    }

    /// What is asked comes to, as a letter.
    async fn comes_to(&self, ask: Ask) -> char {
        match ask {
            Ask::Frame(frame) => {
                let mut socket = Socket::arrive(&self.server, &[("cookie", &self.cookie)]).await;
                socket.says(&frame).await;
                socket.says(r#"{"action":"ping","ref":"end"}"#).await;
                let waits = ["post", "edit", "delete", "react", "pin", "publish"];
                let waits = waits.iter().any(|action| frame.contains(&format!(r#""action":"{action}""#)));
                loop {
                    let heard = socket.hears().await;
                    match heard["event"].as_str() {
                        Some("refused") => return letter(heard["code"].as_str().unwrap()),
                        Some("ack" | "subscribed" | "unsubscribed" | "marks") => return '+',
                        Some("pong") if !waits => return '+',
                        _ => {}
                    }
                }
            }
            Ask::Do(name, form) => {
                let headers = format!("{}Content-Type: application/x-www-form-urlencoded\r\n", self.cookie());
                let (status, answer) =
                    raw(&self.server, &post(&format!("/do/{name}"), &headers, &form)).await;
                if status < 300 { '+' } else { letter(code(&answer)) }
            }
            Ask::Json(path, body) => {
                let headers = format!("{}Content-Type: application/json\r\n", self.cookie());
                let (status, answer) = raw(&self.server, &post(path, &headers, &body)).await;
                if status < 300 { '+' } else { letter(code(&answer)) }
            }
            Ask::Upload => {
                let headers =
                    format!("{}Content-Type: multipart/form-data; boundary=edge\r\n", self.cookie());
                let part = "Content-Disposition: form-data; name=\"picture\"; filename=\"me.png\"";
                let body = format!("--edge\r\n{part}\r\n\r\nnonsense\r\n--edge--\r\n");
                let (status, answer) = raw(&self.server, &post("/account/picture", &headers, &body)).await;
                if status < 300 { '+' } else { letter(code(&answer)) }
            }
            Ask::Get(path) => {
                let headers = format!("{}Accept: text/html\r\n", self.cookie());
                let (status, answer) = raw(&self.server, &get(&path, &headers)).await;
                match status {
                    101 | 200 => '+',
                    _ if answer.contains(r#""code":"#) => letter(code(&answer)),
                    401 => 'S',
                    403 => '3',
                    404 => 'N',
                    422 => '4',
                    other => panic!("{path}: {other}"),
                }
            }
        }
    }

    fn cookie(&self) -> String {
        if self.cookie.is_empty() { String::new() } else { format!("Cookie: {}\r\n", self.cookie) }
    }

    fn on_group(&self, action: &str, more: &str) -> Ask {
        Ask::Frame(format!(r#"{{"action":"{action}","topic":"group/{}"{more}}}"#, self.group))
    }

    fn in_group(&self, name: &'static str, more: &str) -> Ask {
        Ask::Do(name, format!("group={}{more}", self.group))
    }

    /// The direct of ann and ben.
    fn direct(&self) -> Topic {
        Topic::direct(Pair::of(self.ann.id, self.ben.id).unwrap())
    }
}

fn letter(code: &str) -> char {
    let known = CODES.iter().find(|(_, known)| *known == code);
    known.unwrap_or_else(|| panic!("the table has no letter for {code}")).0
}

fn code(answer: &str) -> &str {
    let (_, code) = answer.split_once(r#""code":""#).unwrap_or_else(|| panic!("no code: {answer}"));
    code.split_once('"').unwrap().0
}

fn subscribe(topic: &str) -> Ask {
    Ask::Frame(format!(r#"{{"action":"subscribe","topic":"{topic}"}}"#))
}

/// A page's answer is its status: `+` is 200, `N` 404, `S` 401, `3` another no, `4` something that makes no sense.
const TABLE: &[Row] = &[
    // Stranger, outsider, guest, member, removed, muted, admin, last admin, admin of the server, owner.
    Row("subscribe group", "SM++M+++MM", |w| w.on_group("subscribe", "")),
    Row("subscribe audit", "SMAAMA++MM", |w| subscribe(&format!("audit/{}", w.group))),
    Row("subscribe audit of the application", "SPPPPPPP++", |_| subscribe("audit/application")),
    Row("subscribe direct of others", "SNNNNNNNNN", |w| subscribe(w.direct().as_str())),
    Row("subscribe news of others", "SNNNNNNNNN", |w| subscribe(Topic::user(w.ann.id).as_str())),
    Row("subscribe open topic", "++++++++++", |_| subscribe("news")),
    Row("unsubscribe", "++++++++++", |w| w.on_group("unsubscribe", "")),
    Row("post", "SM++MU++MM", |w| w.on_group("post", r#","id":"1","text":"hi""#)),
    Row("post direct of others", "SNNNNNNNNN", |w| {
        Ask::Frame(format!(r#"{{"action":"post","topic":"{}","id":"1","text":"hi"}}"#, w.direct()))
    }),
    Row("post direct", "S+++++++++", |w| {
        let topic = Topic::direct(Pair::of(w.me.id, w.ben.id).unwrap());
        Ask::Frame(format!(r#"{{"action":"post","topic":"{topic}","id":"1","text":"hi"}}"#))
    }),
    Row("edit of others", "SMWWMUWWMM", |w| {
        w.on_group("edit", &format!(r#","id":"1","target":{},"text":"hi""#, w.said))
    }),
    Row("delete of others", "SMWWMU++MM", |w| {
        w.on_group("delete", &format!(r#","id":"1","target":{}"#, w.said))
    }),
    Row("react", "SM++MU++MM", |w| {
        w.on_group("react", &format!(r#","id":"1","target":{},"emoji":"👍","on":true"#, w.said))
    }),
    Row("pin", "SMAAMU++MM", |w| w.on_group("pin", &format!(r#","id":"1","target":{},"on":true"#, w.said))),
    Row("read", "SM++M+++MM", |w| w.on_group("read", r#","seq":1"#)),
    Row("delivered", "SM++M+++MM", |w| w.on_group("delivered", r#","seq":1"#)),
    Row("marks", "SM++M+++MM", |w| w.on_group("marks", "")),
    Row("presence", "++++++++++", |_| Ask::Frame(r#"{"action":"presence","away":true}"#.into())),
    Row("typing", "SM++MU++MM", |w| w.on_group("typing", "")),
    Row("publish", "++++++++++", |_| Ask::Frame(r#"{"action":"publish","topic":"news","data":1}"#.into())),
    Row("publish to a group", "RRRRRRRRRR", |w| w.on_group("publish", r#","data":1"#)),
    Row("ping", "++++++++++", |_| Ask::Frame(r#"{"action":"ping"}"#.into())),
    Row("/do/introduce", "++++++++++", |_| Ask::Do("introduce", "name=new".into())),
    Row("/do/look_around", "++++++++++", |_| Ask::Do("look_around", String::new())),
    Row("/do/find_people", "S+++++++++", |_| Ask::Do("find_people", "words=".into())),
    Row("/do/find_emoji", "++++++++++", |_| Ask::Do("find_emoji", "words=".into())),
    Row("/do/create_group", "S+++++++++", |_| Ask::Do("create_group", "name=new".into())),
    Row("/do/enter", "++++++++++", |w| w.in_group("enter", "")),
    Row("/do/enter direct", "S+++++++++", |w| Ask::Do("enter", format!("person={}", w.ben.id))),
    Row("/do/join", "SI++I+++II", |w| w.in_group("join", "")),
    Row("/do/join by invite", "S+++++++++", |w| w.in_group("join", &format!("&invite={}", w.invite))),
    Row("/do/leave", "S++++++L++", |w| w.in_group("leave", "")),
    Row("/do/prefer", "SM++M+++MM", |w| Ask::Do("prefer", format!("topic=group/{}&notify=all", w.group))),
    Row("/do/post", "SM++MU++MM", |w| Ask::Do("post", format!("topic=group/{}&id=1&text=hi", w.group))),
    Row("/do/amend", "SMAAMU++MM", |w| {
        Ask::Do("amend", format!("topic=group/{}&target={}&deed=pin", w.group, w.said))
    }),
    Row("/do/slice", "SM++M+++MM", |w| Ask::Do("slice", format!("topic=group/{}", w.group))),
    Row("/do/slice direct of others", "SNNNNNNNNN", |w| Ask::Do("slice", format!("topic={}", w.direct()))),
    Row("/do/settle", "SMAAMA++MM", |w| {
        w.in_group("settle", "&name=tea&description=&limit=9&door=open&slow_s=0")
    }),
    Row("/do/archive", "SMAAMA++MM", |w| w.in_group("archive", "&archived=true")),
    Row("/do/delete_group", "SMAAMA++MM", |w| w.in_group("delete_group", "&typed=tea")),
    Row("/do/manage add", "SMAAMA++MM", |w| {
        w.in_group("manage", &format!("&users[]={}&deed=add", w.nobody.id))
    }),
    Row("/do/manage promote", "SMAAMA++MM", |w| {
        w.in_group("manage", &format!("&users[]={}&deed=promote", w.ben.id))
    }),
    Row("/do/manage demote oneself", "SMAAMA+LMM", |w| {
        w.in_group("manage", &format!("&users[]={}&deed=demote", w.me.id))
    }),
    Row("/do/manage remove", "SMAAMA++MM", |w| {
        w.in_group("manage", &format!("&users[]={}&deed=remove", w.ben.id))
    }),
    Row("/do/manage mute oneself", "SMAAMAOOMM", |w| {
        w.in_group("manage", &format!("&users[]={}&deed=mute", w.me.id))
    }),
    Row("/do/invite", "SMAAMA++MM", |w| w.in_group("invite", "&minutes=60")),
    Row("/do/revoke", "SMAAMA++MM", |w| w.in_group("revoke", &format!("&invite={}", w.invite))),
    Row("/do/block", "S+++++++++", |w| Ask::Do("block", format!("user={}&on=true", w.ben.id))),
    Row("/do/gather", "S+++++++++", |w| Ask::Do("gather", format!("name=us&users[]={}", w.ben.id))),
    Row("/do/broadcast", "S+++++++++", |w| {
        Ask::Do("broadcast", format!("id=1&text=hi&to[]=group/{}", w.group))
    }),
    Row("/do/broadcast to everyone", "SPPPPPPP++", |_| {
        Ask::Do("broadcast", "id=1&text=hi&audience=everyone".into())
    }),
    Row("/do/claim", "S++H++++HH", |_| Ask::Do("claim", "password=correct+horse+battery".into())),
    Row("/do/sign_in with a wrong password", "XXXXXXXXXX", |_| {
        Ask::Do("sign_in", "name=nobody&password=correct+horse".into())
    }),
    Row("/do/sign_out", "++++++++++", |_| Ask::Do("sign_out", String::new())),
    Row("/do/end_session", "S+++++++++", |_| Ask::Do("end_session", String::new())),
    Row("/do/change_password", "SCCXCCCCXX", |_| {
        Ask::Do("change_password", "old=wrong+horse&new=another+battery+staple".into())
    }),
    Row("/do/app_rank", "SZZZZZZZZ+", |w| Ask::Do("app_rank", format!("user={}&role=admin", w.ben.id))),
    Row("/do/offer_reset", "SPPPPPPP++", |w| Ask::Do("offer_reset", format!("user={}", w.ben.id))),
    Row("/do/reset_password", "VVVVVVVVVV", |_| {
        Ask::Do("reset_password", "token=nonsense&password=correct+horse".into())
    }),
    Row("page /server", "S3333333++", |_| Ask::Get("/server".into())),
    Row("page /reset/:token", "4444444444", |_| Ask::Get("/reset/nonsense".into())),
    Row("/ws", "++++++++++", |_| Ask::Frame(r#"{"action":"ping"}"#.into())),
    Row("/publish", "++++++++++", |_| Ask::Json("/publish", r#"{"topic":"news","data":1}"#.into())),
    Row("/topics of a group", "SM++M+++MM", |w| Ask::Get(format!("/topics/group%2F{}/history", w.group))),
    Row("/topics of an audit log", "SMAAMA++MM", |w| {
        Ask::Get(format!("/topics/audit%2F{}/history", w.group))
    }),
    Row("/topics of the audit log of the application", "SPPPPPPP++", |_| {
        Ask::Get("/topics/audit%2Fapplication/history".into())
    }),
    Row("/topics of a direct of others", "SNNNNNNNNN", |w| {
        Ask::Get(format!("/topics/{}/history", w.direct().as_str().replace('/', "%2F")))
    }),
    Row("/topics of others' news", "SNNNNNNNNN", |w| {
        Ask::Get(format!("/topics/user%2F{}/history", w.ann.id))
    }),
    Row("/health/live", "++++++++++", |_| Ask::Get("/health/live".into())),
    Row("/health/ready", "++++++++++", |_| Ask::Get("/health/ready".into())),
    Row("page /", "++++++++++", |_| Ask::Get("/".into())),
    Row("page /g/:group", "++++++++++", |w| Ask::Get(format!("/g/{}", w.group))),
    Row("page /g/:group/admin", "S33333++33", |w| Ask::Get(format!("/g/{}/admin", w.group))),
    Row("page /g/:group/audit", "S33333++++", |w| Ask::Get(format!("/g/{}/audit", w.group))),
    Row("page /g/:group/m/:seq", "S3++3+++33", |w| Ask::Get(format!("/g/{}/m/{}", w.group, w.said))),
    Row("page /d/:person", "S+++++++++", |w| Ask::Get(format!("/d/{}", w.ben.id))),
    Row("page /d/:person/m/:seq", "SNNNNNNNNN", |w| Ask::Get(format!("/d/{}/m/1", w.ben.id))),
    Row("page /groups", "S+++++++++", |_| Ask::Get("/groups".into())),
    Row("page /people/:person", "S+++++++++", |w| Ask::Get(format!("/people/{}", w.ben.id))),
    Row("/avatar", "S+++++++++", |w| Ask::Get(format!("/avatar/{}", w.ben.id))),
    Row("/account/picture", "SCCJCCCCJJ", |_| Ask::Upload),
    Row("/do/describe", "SCC+CCCC++", |_| Ask::Do("describe", "bio=hello".into())),
    Row("page /people", "S+++++++++", |_| Ask::Get("/people".into())),
    Row("page /broadcast", "S+++++++++", |_| Ask::Get("/broadcast".into())),
    Row("page /broadcast/:seq", "SNNNNNNNNN", |_| Ask::Get("/broadcast/1".into())),
    Row("page /account", "S+++++++++", |_| Ask::Get("/account".into())),
    Row("page /sign-in", "++++++++++", |_| Ask::Get("/sign-in".into())),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let mut wrong = String::new();
    for Row(name, expected, ask) in TABLE {
        let mut actual = String::new();
        for who in WHO {
            let world = World::of(who).await;
            let ask = ask(&world);
            actual.push(world.comes_to(ask).await);
            world.server.stop().await;
        }
        if actual != *expected {
            wrong.push_str(&format!("{name}: {actual}, the table says {expected}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[tokio::test]
async fn every_way_in_is_in_the_table() {
    let named = |way: &str| TABLE.iter().any(|Row(name, ..)| name.split(' ').next() == Some(way));
    let missing: Vec<&str> = ACTIONS.into_iter().filter(|action| !named(action)).collect();
    assert!(missing.is_empty(), "actions without a row: {missing:?}");
    let calls: BTreeSet<&str> = server_fn_paths().map(|(path, _)| path).filter(|path| !named(path)).collect();
    assert!(calls.is_empty(), "server functions without a row: {calls:?}");
    let begins = |route: &str| route.split_once("/{").map_or(route, |(begins, _)| begins).to_owned();
    let routes = server::ROUTES.into_iter().filter(|route| !begins(route).starts_with("/do"));
    let missing: Vec<&str> = routes.filter(|route| !named(&begins(route))).collect();
    assert!(missing.is_empty(), "routes without a row: {missing:?}");
    let pages = leptos_axum::generate_route_list(app::App);
    let still = leptos_axum::generate_route_list(app::Still);
    let page = |path: &str| TABLE.iter().any(|Row(name, ..)| name.replace(':', "") == format!("page {path}"));
    let all = pages.iter().chain(&still).map(|route| route.path().replace(['{', '}'], ""));
    let missing: BTreeSet<String> = all.filter(|path| !page(path)).collect();
    assert!(missing.is_empty(), "pages without a row: {missing:?}");
}
