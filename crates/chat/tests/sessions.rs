//! The lifetime of sessions.

use chat::Token;
use chat::testing::{Node, guest};
use wire::ApplicationId;

#[tokio::test]
async fn ann_is_recognised_as_long_as_she_comes_by() {
    const DAY: i64 = 86_400_000;
    let node = Node::volatile();
    let (ann, token) = guest(&node.chat, "ann").await;
    for _ in 0..5 {
        node.clock.advance(29 * DAY);
        let session = node.chat.authenticate(&token).await.unwrap().unwrap();
        assert_eq!((session.application, session.person), (ApplicationId::BUILT_IN, ann.person()));
    }
    node.clock.advance(30 * DAY);
    assert_eq!(node.user_of(&token).await, None);
    let stranger = Token::from_bytes([7; 32]);
    assert_eq!(node.user_of(&stranger).await, None);
}
