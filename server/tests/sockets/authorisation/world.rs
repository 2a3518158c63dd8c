use chat::testing::{User, guest};
use chat::{Caller, NewWebhook};
use server::ServerHandle;
use wire::{InviteId, JoinPolicy, Pair, Role, Topic};

use super::super::people::{Socket, get, post, raw, with};

/// Every kind of caller, in the order of the columns.
pub(super) const WHO: [Who; 10] = [
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
pub(super) enum Who {
    /// Without a name.
    Stranger,
    /// With a name, and not a member.
    Outsider,
    /// A member without an account.
    Guest,
    /// A member with an account.
    Member,
    /// A former member.
    Removed,
    /// A muted member.
    Muted,
    /// One of two admins.
    Admin,
    /// The only admin.
    LastAdmin,
    /// An admin of the application, and not a member.
    AppAdmin,
    /// The owner of the application, and not a member.
    Owner,
}

/// The outcomes of answers: a letter for each code, `+` for success.
const CODES: [(char, &str); 26] = [
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
    ('Q', "link_over"),
    ('T', "token_bad"),
    ('D', "authenticated_otherwise"),
    ('J', "picture_bad"),
    ('Y', "not_sender"),
    ('G', "invalid_token"),
    ('K', "password_set"),
];

/// The URL of an outgoing webhook.
const LOCAL: &str = "http://127.0.0.1:1/";

pub(super) enum Ask {
    /// A frame on the socket.
    Frame(String),
    /// A form to a server function.
    Do(&'static str, String),
    /// A page or another address; the outcome of a page is its status.
    Get(String),
    /// A file that is not a picture.
    Upload,
    /// A file for a message.
    File,
    /// The form of a message with a file, to a topic.
    FormWithFile(String),
    /// A message to the URL of an incoming webhook with this token.
    Hook(String),
    /// JSON to an address.
    Json(&'static str, String),
}

/// An invite-only group with ann, ben and the caller. Ann and ben have each sent a message.
pub(super) struct World {
    pub(super) server: ServerHandle,
    pub(super) group: String,
    /// The founder, unless the caller is the last admin.
    pub(super) ann: User,
    pub(super) ben: User,
    /// With a name, and not a member.
    pub(super) nobody: User,
    /// The caller, if they have a name.
    pub(super) me: User,
    pub(super) cookie: String,
    pub(super) invite: InviteId,
    /// The Seq of ann's message.
    pub(super) said: u64,
    /// The public id of another application, which has an outgoing webhook that is called orders.
    pub(super) application: String,
    /// The token of an incoming webhook of the group, which is called grafana.
    pub(super) hook: String,
}

impl World {
    pub(super) async fn of(who: Who) -> Self {
        let server = with(|config| config.egress_open = vec!["127.0.0.1/32:1".parse().unwrap()]).await;
        let chat = server.chat().clone();
        let introduce = async |name: &str| guest(&chat, name).await;
        let (owner, owners_token) = introduce("olga").await;
        let ((ann, _), (ben, _), (me, token)) =
            (introduce("ann").await, introduce("ben").await, introduce("me").await);
        let (nobody, _) = introduce("nobody").await;
        // Passwords are slow to hash, so only callers that need one have one. The first account is the owner's.
        let accounts: &[&User] = match who {
            Who::Member => &[&owner, &me],
            Who::AppAdmin => &[&owner, &me, &ben],
            Who::Owner => &[&owner, &ben],
            _ => &[],
        };
        for person in accounts {
            chat.create_account(person, "correct horse battery").await.unwrap();
        }
        if who == Who::AppAdmin {
            chat.set_application_role(&owner, me.id, wire::AppRole::Admin).await.unwrap();
        }
        let founder = if who == Who::LastAdmin { &me } else { &ann };
        let id = chat.create_group(founder, "tea", JoinPolicy::Invite).await.unwrap().id;
        let invite = chat.create_invite(founder, id, 60, 0).await.unwrap();
        let hook = chat.create_hook(founder, id, "Grafana").await.unwrap().token.reveal().to_owned();
        for person in [&ann, &ben].into_iter().filter(|person| person.id != founder.id) {
            chat.join(person, id, Some(invite)).await.unwrap();
        }
        // A user may add others with whom they share a group.
        let common = chat.create_group(&nobody, "common", JoinPolicy::Open).await.unwrap().id;
        for person in [&ben, &me] {
            chat.join(person, common, None).await.unwrap();
        }
        let topic = Topic::group(id);
        let said = chat.post(&ann, topic.clone(), chat.new_send_id(), "hello", None).await.unwrap().seq.0;
        if matches!(who, Who::Guest | Who::Member | Who::Removed | Who::Muted | Who::Admin) {
            chat.join(&me, id, Some(invite)).await.unwrap();
        }
        match who {
            Who::Removed => chat.remove_member(&ann, id, me.id, false).await.unwrap(),
            Who::Muted => chat.mute(&ann, id, me.id, 60).await.unwrap(),
            Who::Admin => chat.set_role(&ann, id, me.id, Role::Admin).await.unwrap(),
            _ => {}
        }
        let (me, token) = match who {
            Who::Owner => (owner, Some(owners_token)),
            Who::Stranger => (me, None),
            _ => (me, Some(token)),
        };
        let cookie = token.map(|token| crate::people::cookie(&server, &token)).unwrap_or_default();
        let created = chat.create_application(&Caller::operator(), "Shop", "").await.unwrap();
        let shop = created.application.public_id;
        let acting = chat.for_application(&Caller::operator(), shop).await.unwrap();
        // Nothing listens there, so that a test of it ends at once.
        let webhook = NewWebhook { url: LOCAL.into(), active: Some(false), ..NewWebhook::default() };
        chat.create_webhook(&acting, "Orders", webhook).await.unwrap();
        let application = shop.to_string();
        Self { hook, server, group: id.to_string(), ann, ben, nobody, me, cookie, invite, said, application }
    }

    /// Makes the request and returns its outcome, as a letter.
    pub(super) async fn comes_to(&self, ask: Ask) -> char {
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
            Ask::Hook(token) => {
                let request = post(&format!("/hooks/{token}"), &self.cookie(), r#"{"text":"hi"}"#);
                match raw(&self.server, &request).await {
                    (200, answer) if answer.ends_with("\r\n\r\nok") => '+',
                    (_, answer) => letter(answer.rsplit("\r\n").next().unwrap_or_default()),
                }
            }
            Ask::Upload => {
                let headers =
                    format!("{}Content-Type: multipart/form-data; boundary=edge\r\n", self.cookie());
                let part = "Content-Disposition: form-data; name=\"picture\"; filename=\"me.png\"";
                let body = format!("--edge\r\n{part}\r\n\r\nnonsense\r\n--edge--\r\n");
                let (status, answer) = raw(&self.server, &post("/account/picture", &headers, &body)).await;
                if status < 300 { '+' } else { letter(code(&answer)) }
            }
            Ask::FormWithFile(topic) => {
                let headers =
                    format!("{}Content-Type: multipart/form-data; boundary=edge\r\n", self.cookie());
                let part = |head: &str, content: &str| {
                    format!("--edge\r\nContent-Disposition: form-data; name={head}\r\n\r\n{content}\r\n")
                };
                let file = part("\"file\"; filename=\"a.txt\"", "tea");
                let body = part("\"topic\"", &topic) + &part("\"id\"", "f1") + &file + "--edge--\r\n";
                let (status, answer) = raw(&self.server, &post("/do/post", &headers, &body)).await;
                if status < 300 { '+' } else { letter(code(&answer)) }
            }
            Ask::File => {
                let (status, answer) = raw(&self.server, &post("/files?name=a", &self.cookie(), "tea")).await;
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

    pub(super) fn cookie(&self) -> String {
        if self.cookie.is_empty() { String::new() } else { format!("Cookie: {}\r\n", self.cookie) }
    }

    pub(super) fn on_group(&self, action: &str, more: &str) -> Ask {
        Ask::Frame(format!(r#"{{"action":"{action}","topic":"group/{}"{more}}}"#, self.group))
    }

    pub(super) fn in_group(&self, name: &'static str, more: &str) -> Ask {
        Ask::Do(name, format!("group={}{more}", self.group))
    }

    pub(super) fn in_application(&self, name: &'static str, more: &str) -> Ask {
        Ask::Do(name, format!("application={}{more}", self.application))
    }

    /// Returns the direct of ann and ben.
    pub(super) fn direct(&self) -> Topic {
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
