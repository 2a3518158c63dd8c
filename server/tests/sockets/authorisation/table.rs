use wire::{Pair, Topic};

use super::world::{Ask, World};

/// One endpoint: its name, the expected outcome for each caller, and the request.
pub(super) struct Row(pub(super) &'static str, pub(super) &'static str, pub(super) fn(&World) -> Ask);

/// A page's outcome is its status: `+` is 200, `N` 404, `S` 401, `3` another refusal, `4` a request that makes no
/// sense.
pub(super) const TABLE: &[Row] = &[
    // Stranger, outsider, guest, member, removed, muted, admin, last admin, admin of the server, owner.
    Row("authenticate", "TDDDDDDDDD", |_| {
        Ask::Frame(r#"{"action":"authenticate","token":"nonsense"}"#.into())
    }),
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
    Row("receipts", "SMYYMYYYMM", |w| w.on_group("receipts", &format!(r#","seq":{}"#, w.said))),
    Row("unread", "SM++M+++MM", |w| w.on_group("unread", "")),
    Row("presence", "++++++++++", |_| Ask::Frame(r#"{"action":"presence","away":true}"#.into())),
    Row("typing", "SM++MU++MM", |w| w.on_group("typing", "")),
    Row("publish", "++++++++++", |_| Ask::Frame(r#"{"action":"publish","topic":"news","data":1}"#.into())),
    Row("publish to a group", "RRRRRRRRRR", |w| w.on_group("publish", r#","data":1"#)),
    Row("ping", "++++++++++", |_| Ask::Frame(r#"{"action":"ping"}"#.into())),
    Row("/do/create_guest", "++++++++++", |_| Ask::Do("create_guest", "name=new".into())),
    Row("/do/overview", "++++++++++", |_| Ask::Do("overview", String::new())),
    Row("/do/find_people", "S+++++++++", |_| Ask::Do("find_people", "words=".into())),
    Row("/do/find_members", "SM++M+++MM", |w| w.in_group("find_members", "&typed=")),
    Row("/do/find_emoji", "++++++++++", |_| Ask::Do("find_emoji", "words=".into())),
    Row("/do/create_group", "S+++++++++", |_| Ask::Do("create_group", "name=new".into())),
    Row("/do/conversation_view", "++++++++++", |w| w.in_group("conversation_view", "")),
    Row("/do/conversation_view direct", "S+++++++++", |w| {
        Ask::Do("conversation_view", format!("person={}", w.ben.id))
    }),
    Row("/do/join", "SI++I+++II", |w| w.in_group("join", "")),
    Row("/do/join by invite", "S+++++++++", |w| w.in_group("join", &format!("&invite={}", w.invite))),
    Row("/do/leave", "S++++++L++", |w| w.in_group("leave", "")),
    Row("/do/set_preferences", "SM++M+++MM", |w| {
        Ask::Do("set_preferences", format!("topic=group/{}&notify=all", w.group))
    }),
    Row("/do/post", "SM++MU++MM", |w| Ask::Do("post", format!("topic=group/{}&id=1&text=hi", w.group))),
    Row("/do/post with a file", "SM++MU++MM", |w| Ask::FormWithFile(format!("group/{}", w.group))),
    Row("/do/amend", "SMAAMU++MM", |w| {
        Ask::Do("amend", format!("topic=group/{}&target={}&action=pin", w.group, w.said))
    }),
    Row("/do/history", "SM++M+++MM", |w| Ask::Do("history", format!("topic=group/{}", w.group))),
    Row("/do/history direct of others", "SNNNNNNNNN", |w| {
        Ask::Do("history", format!("topic={}", w.direct()))
    }),
    Row("/do/update_settings", "SMAAMA++MM", |w| {
        w.in_group("update_settings", "&name=tea&description=&limit=9&join_policy=open&slow_s=0")
    }),
    Row("/do/archive", "SMAAMA++MM", |w| w.in_group("archive", "&archived=true")),
    Row("/do/delete_group", "SMAAMA++MM", |w| w.in_group("delete_group", "&typed=tea")),
    Row("/do/manage_members add", "SMAAMA++MM", |w| {
        w.in_group("manage_members", &format!("&users[]={}&action=add", w.nobody.id))
    }),
    Row("/do/manage_members promote", "SMAAMA++MM", |w| {
        w.in_group("manage_members", &format!("&users[]={}&action=promote", w.ben.id))
    }),
    Row("/do/manage_members demote oneself", "SMAAMA+LMM", |w| {
        w.in_group("manage_members", &format!("&users[]={}&action=demote", w.me.id))
    }),
    Row("/do/manage_members remove", "SMAAMA++MM", |w| {
        w.in_group("manage_members", &format!("&users[]={}&action=remove", w.ben.id))
    }),
    Row("/do/manage_members mute oneself", "SMAAMAOOMM", |w| {
        w.in_group("manage_members", &format!("&users[]={}&action=mute", w.me.id))
    }),
    Row("/do/create_invite", "SMAAMA++MM", |w| w.in_group("create_invite", "&minutes=60")),
    Row("/do/revoke_invite", "SMAAMA++MM", |w| w.in_group("revoke_invite", &format!("&invite={}", w.invite))),
    Row("/do/create_hook", "SMAAMA++MM", |w| w.in_group("create_hook", "&name=Kettle")),
    Row("/do/rotate_hook", "SMAAMA++MM", |w| w.in_group("rotate_hook", "&hook=grafana")),
    Row("/do/delete_hook", "SMAAMA++MM", |w| w.in_group("delete_hook", "&hook=grafana")),
    Row("/do/block", "S+++++++++", |w| Ask::Do("block", format!("user={}&on=true", w.ben.id))),
    Row("/do/create_group_with", "S+++++++++", |w| {
        Ask::Do("create_group_with", format!("name=us&users[]={}", w.ben.id))
    }),
    Row("/do/broadcast", "S+++++++++", |w| {
        Ask::Do("broadcast", format!("id=1&text=hi&to[]=group/{}", w.group))
    }),
    Row("/do/broadcast to everyone", "SPPPPPPP++", |_| {
        Ask::Do("broadcast", "id=1&text=hi&audience=everyone".into())
    }),
    Row("/do/create_account", "S++H++++HH", |_| {
        Ask::Do("create_account", "password=correct+horse+battery".into())
    }),
    Row("/do/sign_in with a wrong password", "XXXXXXXXXX", |_| {
        Ask::Do("sign_in", "name=nobody&password=correct+horse".into())
    }),
    Row("/do/sign_out", "++++++++++", |_| Ask::Do("sign_out", String::new())),
    Row("/do/end_session", "S+++++++++", |_| Ask::Do("end_session", String::new())),
    Row("/do/change_password", "SCCXCCCCXX", |_| {
        Ask::Do("change_password", "old=wrong+horse&new=another+battery+staple".into())
    }),
    Row("/do/set_password", "SCCKCCCCKK", |_| {
        Ask::Do("set_password", "password=another+battery+staple".into())
    }),
    Row("/do/unlink_provider", "SNNNNNNNNN", |_| Ask::Do("unlink_provider", "provider=office".into())),
    Row("/sign-in", "NNNNNNNNNN", |_| Ask::Get("/sign-in/office".into())),
    Row("/sign-in callback", "NNNNNNNNNN", |_| Ask::Get("/sign-in/office/callback?code=a&state=b".into())),
    Row("/do/set_application_role", "SZZZZZZZZ+", |w| {
        Ask::Do("set_application_role", format!("user={}&role=admin", w.ben.id))
    }),
    Row("/do/create_reset_link", "SPPPPPPP++", |w| {
        Ask::Do("create_reset_link", format!("user={}", w.ben.id))
    }),
    Row("/do/reset_password", "VVVVVVVVVV", |_| {
        Ask::Do("reset_password", "token=nonsense&password=correct+horse".into())
    }),
    Row("/do/become_owner", "VVVVVVVVVV", |_| {
        Ask::Do("become_owner", "token=nonsense&name=eve&password=correct+horse".into())
    }),
    Row("/do/enter", "QQQQQQQQQQ", |_| Ask::Do("enter", "application=nonsense&token=nonsense".into())),
    Row("page /enter/:application/:token", "4444444444", |_| Ask::Get("/enter/nonsense/nonsense".into())),
    Row("page /owner/:token", "4444444444", |_| Ask::Get("/owner/nonsense".into())),
    Row("page /server", "S3333333++", |_| Ask::Get("/server".into())),
    Row("page /server/applications", "S33333333+", |_| Ask::Get("/server/applications".into())),
    Row("page /server/applications/:application", "S33333333+", |w| {
        Ask::Get(format!("/server/applications/{}", w.application))
    }),
    Row("page /server/nodes", "S33333333+", |_| Ask::Get("/server/nodes".into())),
    Row("/do/create_application", "SZZZZZZZZ+", |_| {
        Ask::Do("create_application", "title=Shop&description=".into())
    }),
    Row("/do/change_application", "SZZZZZZZZ+", |w| {
        Ask::Do(
            "change_application",
            format!("application={}&title=Bank&description=&origins=", w.application),
        )
    }),
    Row("/do/create_application_token", "SZZZZZZZZ+", |w| {
        let form = format!("application={}&label=ci&rotate=true", w.application);
        Ask::Do("create_application_token", form)
    }),
    Row("/do/delete_application", "SZZZZZZZZ+", |w| {
        Ask::Do("delete_application", format!("application={}&typed=Shop", w.application))
    }),
    Row("page /server/applications/:application/webhooks", "S33333333+", |w| {
        Ask::Get(format!("/server/applications/{}/webhooks", w.application))
    }),
    Row("page /server/applications/:application/webhooks/:webhook", "S33333333+", |w| {
        Ask::Get(format!("/server/applications/{}/webhooks/orders", w.application))
    }),
    Row("/do/create_webhook", "SZZZZZZZZ+", |w| {
        w.in_application("create_webhook", "&name=Orders&url=https://shop.example/events")
    }),
    Row("/do/change_webhook", "SZZZZZZZZ+", |w| {
        w.in_application("change_webhook", "&webhook=orders&url=https://shop.example/")
    }),
    Row("/do/switch_webhook", "SZZZZZZZZ+", |w| {
        w.in_application("switch_webhook", "&webhook=orders&on=false")
    }),
    Row("/do/rotate_webhook", "SZZZZZZZZ+", |w| w.in_application("rotate_webhook", "&webhook=orders")),
    Row("/do/test_webhook", "SZZZZZZZZ+", |w| w.in_application("test_webhook", "&webhook=orders")),
    Row("/do/replay_webhook", "SZZZZZZZZ+", |w| {
        w.in_application("replay_webhook", "&webhook=orders&since=2026-01-01T00:00")
    }),
    Row("/do/replay_delivery", "SZZZZZZZZN", |w| {
        w.in_application("replay_delivery", "&webhook=orders&delivery=1")
    }),
    Row("/do/delete_webhook", "SZZZZZZZZ+", |w| w.in_application("delete_webhook", "&webhook=orders")),
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
    Row("page /g/:group/members", "S3++3+++33", |w| Ask::Get(format!("/g/{}/members", w.group))),
    Row("page /g/:group/m/:seq", "S3++3+++33", |w| Ask::Get(format!("/g/{}/m/{}", w.group, w.said))),
    Row("page /d/:person", "S+++++++++", |w| Ask::Get(format!("/d/{}", w.ben.id))),
    Row("page /d/:person/m/:seq", "SNNNNNNNNN", |w| Ask::Get(format!("/d/{}/m/1", w.ben.id))),
    Row("page /groups", "S+++++++++", |_| Ask::Get("/groups".into())),
    Row("page /search", "S+++++++++", |_| Ask::Get("/search?q=hi".into())),
    Row("page /search in a group", "S3++3+++33", |w| Ask::Get(format!("/search?q=hi&in=group/{}", w.group))),
    Row("page /search in a direct of others", "SNNNNNNNNN", |w| {
        Ask::Get(format!("/search?q=hi&in={}", w.direct()))
    }),
    Row("page /people/:person", "S+++++++++", |w| Ask::Get(format!("/people/{}", w.ben.id))),
    Row("/texts", "++++++++++", |_| Ask::Get(app::texts_path(app::english()).into())),
    Row("/avatar", "S+++++++++", |w| Ask::Get(format!("/avatar/{}", w.ben.id))),
    Row("/files", "S+++++++++", |_| Ask::File),
    // No message has it, and it is nobody's of these.
    Row("/files content", "SNNNNNNNNN", |_| Ask::Get("/files/0000000000000000".into())),
    Row("/files thumbnail", "SNNNNNNNNN", |_| Ask::Get("/files/0000000000000000/thumbnail".into())),
    Row("/file-links", "NNNNNNNNNN", |_| Ask::Get("/file-links/nonsense".into())),
    // The URL alone counts.
    Row("/hooks", "++++++++++", |w| Ask::Hook(w.hook.clone())),
    Row("/hooks of nobody", "GGGGGGGGGG", |_| Ask::Hook("hub_hook_nonsense".into())),
    Row("/account/picture", "SCCJCCCCJJ", |_| Ask::Upload),
    Row("/do/set_bio", "SCC+CCCC++", |_| Ask::Do("set_bio", "bio=hello".into())),
    Row("page /people", "S+++++++++", |_| Ask::Get("/people".into())),
    Row("page /broadcast", "S+++++++++", |_| Ask::Get("/broadcast".into())),
    Row("page /broadcast/:seq", "SNNNNNNNNN", |_| Ask::Get("/broadcast/1".into())),
    Row("page /account", "S+++++++++", |_| Ask::Get("/account".into())),
    Row("page /sign-in", "++++++++++", |_| Ask::Get("/sign-in".into())),
];

fn subscribe(topic: &str) -> Ask {
    Ask::Frame(format!(r#"{{"action":"subscribe","topic":"{topic}"}}"#))
}
