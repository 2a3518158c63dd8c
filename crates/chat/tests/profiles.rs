//! Profiles of users.

use chat::Error;
use chat::testing::Node;
use wire::Refusal;

/// The smallest GIF: one white pixel.
const DOT: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

#[tokio::test]
async fn whoever_has_an_account_shows_a_picture_and_tells_of_themselves() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    node.chat.create_account(&ann, "correct horse battery").await.unwrap();
    node.chat.set_bio(&ann, " I bake. ").await.unwrap();
    node.chat.set_avatar(&ann, DOT.into()).await.unwrap();
    let profile = node.chat.profile(&ann, ann.id).await.unwrap().0;
    assert_eq!((profile.bio.as_str(), profile.has_picture), ("I bake.", true));
    let picture = node.chat.avatar(&ann, ann.id).await.unwrap().unwrap();
    assert!(picture.starts_with(&[0xff, 0xd8]), "it is a JPEG now");

    let refused = node.chat.set_avatar(&ann, b"nonsense"[..].into()).await;
    assert_eq!(refused, Err(Error::Refusal(Refusal::PictureBad)));
    assert_eq!(node.chat.avatar(&ann, ann.id).await.unwrap(), Some(picture), "the old one stays");
    node.chat.remove_avatar(&ann).await.unwrap();
    assert_eq!(node.chat.avatar(&ann, ann.id).await.unwrap(), None);

    let guest = Err(Error::Refusal(Refusal::NoAccount));
    assert_eq!(node.chat.set_bio(&ben, "me too").await, guest);
    assert_eq!(node.chat.set_avatar(&ben, DOT.into()).await, guest);
    assert_eq!(node.chat.remove_avatar(&ben).await, guest);
}
