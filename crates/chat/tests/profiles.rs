//! What people tell of themselves.

use chat::No;
use chat::testing::Node;
use wire::Refusal;

/// The smallest GIF: one white pixel.
const DOT: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

#[tokio::test]
async fn whoever_has_an_account_shows_a_picture_and_tells_of_themselves() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    node.chat.claim(&ann, "correct horse battery").await.unwrap();
    node.chat.describe(&ann, " I bake. ").await.unwrap();
    node.chat.portray(&ann, DOT.into()).await.unwrap();
    let profile = node.chat.profile(ann.id).await.unwrap();
    assert_eq!((profile.bio.as_str(), profile.has_picture), ("I bake.", true));
    let picture = node.chat.picture(ann.id).await.unwrap().unwrap();
    assert!(picture.starts_with(&[0xff, 0xd8]), "it is a JPEG now");

    let refused = node.chat.portray(&ann, b"nonsense"[..].into()).await;
    assert_eq!(refused, Err(No::Refusal(Refusal::PictureBad)));
    assert_eq!(node.chat.picture(ann.id).await.unwrap(), Some(picture), "the old one stays");
    node.chat.take_picture_down(&ann).await.unwrap();
    assert_eq!(node.chat.picture(ann.id).await.unwrap(), None);

    let guest = Err(No::Refusal(Refusal::NoAccount));
    assert_eq!(node.chat.describe(&ben, "me too").await, guest);
    assert_eq!(node.chat.portray(&ben, DOT.into()).await, guest);
    assert_eq!(node.chat.take_picture_down(&ben).await, guest);
}
