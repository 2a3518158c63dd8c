//! Store contract: opening a log for a reader.

use std::sync::Arc;

use wire::{AppRole, Role, Seq, Topic};

use super::Fresh;
use super::writing::{
    NOW, TEA, batch, change, commit, commit_one, draft, hash, message, seated, topic, unseated, whole,
    with_tea,
};
use crate::ports::store::{
    CreateAccount, FirstRole, Login, OpenRequest, Opened, PasswordHash, Range, RowRange, Sender,
    SessionWrite, Sessions,
};
use crate::rules::Viewer;
use crate::testing::{ann, ben, cal};

pub async fn a_log_is_opened_with_the_standing_and_the_session_of_its_reader(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    for id in ["1", "2", "3"] {
        commit_one(&store, message(TEA, &ann(), id, id)).await;
    }
    let request = OpenRequest {
        range: Range { limit: 2, ..Range::default() },
        rows: Some(RowRange::newest(3)),
        ..ask(Topic::group(TEA))
    };
    let opened = store.open(request.clone()).await.unwrap();
    assert_eq!(opened.standing, store.standing(wire::Conversation::Group(TEA), ann().id).await.unwrap());
    assert_eq!(opened.standing.unwrap().role, Some(Role::Admin));
    assert_eq!(opened.session, store.session(hash(1)).await.unwrap());
    assert_eq!(opened.page, store.page(&Topic::group(TEA), request.range).await.unwrap());
    assert_eq!(opened.rows, Some(store.rows(&Topic::group(TEA), RowRange::newest(3)).await.unwrap()));
    assert_eq!((opened.page.entries.len(), opened.page.head, opened.role), (2, Seq(4), None));

    let stranger = OpenRequest { user: Some(ben().id), ..request.clone() };
    let opened = store.open(stranger).await.unwrap();
    assert_eq!((opened.standing.unwrap().role, opened.session), (None, None), "the session is ann's");
    let nobody = OpenRequest { user: None, session: None, rows: None, ..request };
    let opened = store.open(nobody).await.unwrap();
    assert_eq!((opened.standing, opened.session, opened.rows), (None, None, None));
    commit_one(&store, SessionWrite::SignOut { user: ann().id, which: Sessions::All, at: NOW }).await;
    assert_eq!(store.open(ask(Topic::group(TEA))).await.unwrap().session, None);
}

pub async fn an_audit_log_is_opened_with_the_role_that_reads_it(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let audit = store.open(ask(Topic::audit(TEA))).await.unwrap();
    assert_eq!((audit.standing.unwrap().role, audit.role), (Some(Role::Admin), None));
    assert_eq!(store.open(ask(Topic::app_audit())).await.unwrap().role, None);
    let claim = CreateAccount {
        user: ann().id,
        login: Login::new("ann").unwrap(),
        password: PasswordHash("secret".into()),
        rank: FirstRole::FirstIsOwner,
    };
    commit_one(&store, claim).await;
    let opened = store.open(ask(Topic::app_audit())).await.unwrap();
    assert_eq!((opened.role, opened.standing), (Some(AppRole::Owner), None));
    let opened = store.open(OpenRequest { user: Some(cal().id), ..ask(Topic::app_audit()) }).await.unwrap();
    assert_eq!(opened.role, None);
    commit_one(&store, draft(&topic("news"), Sender::Open, "1", "x")).await;
    let Opened { page, role, standing, .. } = store.open(ask(topic("news"))).await.unwrap();
    assert_eq!((page.head, role, standing), (Seq(1), None, None));
}

pub async fn what_is_opened_is_of_one_moment(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let writing = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in 0..20 {
                let version = 1 + 2 * number;
                let id = |word: &str| format!("{word}{number}");
                // Ben is in, and something is said; he is out, and something else is said: one commit each.
                let joins = change(TEA, version, vec![seated(&ben(), Role::Member)]);
                commit(&store, batch![joins, message(TEA, &ann(), &id("in"), "in")]).await;
                let leaves = change(TEA, version + 1, vec![unseated(ben().id)]);
                commit(&store, batch![leaves, message(TEA, &ann(), &id("out"), "out")]).await;
            }
        })
    };
    let mut head = Seq::ZERO;
    while head < Seq(41) {
        let request = OpenRequest { user: Some(ben().id), session: None, ..ask(Topic::group(TEA)) };
        let opened = store.open(request).await.unwrap();
        head = opened.page.head;
        assert_eq!(opened.standing.unwrap().role.is_some(), head.0.is_multiple_of(2), "at {head}");
        tokio::task::yield_now().await;
    }
    writing.await.unwrap();
    assert_eq!(whole(&store, &Topic::group(TEA)).await.head, Seq(41));
}

/// Ann asks for a log, without entries.
fn ask(topic: Topic) -> OpenRequest {
    let (user, session) = (Some(ann().id), Some(hash(1)));
    OpenRequest { topic, user, session, viewer: Viewer::Anyone, range: Range::default(), rows: None }
}
