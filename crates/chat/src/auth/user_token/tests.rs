//! User tokens that work, and those that do not.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use wire::{ApplicationId, PublicId, Timestamp};

use super::{ClaimedKey, SigningKey, TokenScope, UserToken, hs256, is_user_token, valid_from};
use crate::auth::master_secret::MasterSecret;

/// A time in whole seconds.
const NOW: i64 = 1_800_000_000;

fn key(application: u32, version: u32) -> SigningKey {
    SigningKey::derive(&MasterSecret::from_bytes([7; 32]), ApplicationId(application), version)
}

fn shop() -> PublicId {
    PublicId::from_bytes([1; 10])
}

/// Signs any header and claims, as another library might.
fn signed(header: &Value, claims: &Value, key: &SigningKey) -> String {
    hs256::install();
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let message = format!("{}.{}", part(header), part(claims));
    let secret = jsonwebtoken::EncodingKey::from_secret(key.reveal().as_bytes()).unwrap();
    let signature =
        jsonwebtoken::crypto::sign(message.as_bytes(), &secret, jsonwebtoken::Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

fn header() -> Value {
    json!({ "alg": "HS256", "typ": "JWT", "kid": "1" })
}

fn claims() -> Value {
    json!({ "sub": "zoë", "aud": shop().to_string(), "iat": NOW, "exp": NOW + 3_600 })
}

fn with(mut value: Value, name: &str, to: Value) -> Value {
    value[name] = to;
    value
}

fn works_at(text: &str, millis: i64) -> bool {
    UserToken::verify(text, &key(2, 1), shop(), Timestamp(millis)).is_some()
}

fn works(header: &Value, claims: &Value) -> bool {
    works_at(&signed(header, claims, &key(2, 1)), NOW * 1_000)
}

#[test]
fn a_token_reads_back() {
    let token = UserToken {
        subject: "Wanjirũ".into(),
        issued: Timestamp(NOW * 1_000),
        expires: Timestamp((NOW + 60) * 1_000),
        name: Some("نور".into()),
        scope: TokenScope::new(Some(vec!["news".into()]), None, false).unwrap(),
    };
    let text = token.sign(&key(2, 3), shop()).unwrap();
    assert!(is_user_token(&text));
    assert_eq!(ClaimedKey::of(&text), Some(ClaimedKey { application: shop(), version: 3 }));
    assert_eq!(UserToken::verify(&text, &key(2, 3), shop(), Timestamp(NOW * 1_000)), Some(token));
}

#[test]
fn a_token_of_any_library_works_with_extra_claims_and_a_list_as_audience() {
    assert!(works(&header(), &claims()));
    assert!(works(&json!({ "alg": "HS256", "kid": "1" }), &claims()), "without a type");
    let claims = with(claims(), "aud", json!([shop().to_string()]));
    assert!(works(&header(), &with(claims, "jti", json!("7"))));
}

#[test]
fn a_token_works_until_the_second_of_its_expiry_and_not_from_it_on() {
    let text = signed(&header(), &claims(), &key(2, 1));
    assert!(works_at(&text, (NOW + 3_600) * 1_000 - 1));
    assert!(!works_at(&text, (NOW + 3_600) * 1_000));
    assert!(works_at(&text, NOW * 1_000 - 5_000), "another clock may be 5 seconds ahead");
    assert!(!works_at(&text, NOW * 1_000 - 5_001));
    let day = |seconds: i64| works(&header(), &with(claims(), "exp", json!(NOW + seconds)));
    assert!(day(86_400) && !day(86_401));
}

#[test]
fn a_revocation_is_later_than_every_token_that_could_work_then() {
    for now in [NOW * 1_000, NOW * 1_000 + 1, NOW * 1_000 + 999] {
        let latest = (now + 5_000) / 1_000;
        let text = signed(
            &header(),
            &with(with(claims(), "iat", json!(latest)), "exp", json!(latest + 60)),
            &key(2, 1),
        );
        assert!(works_at(&text, now));
        assert!(valid_from(Timestamp(now)).0 > latest * 1_000);
        assert!(valid_from(Timestamp(now)).0 <= now + 6_000);
    }
}

#[test]
fn the_header_never_chooses_the_algorithm() {
    for algorithm in ["none", "None", "HS384", "HS512", "RS256", "ES256", "EdDSA"] {
        assert!(!works(&with(header(), "alg", json!(algorithm)), &claims()), "{algorithm}");
        let unsigned = signed(&with(header(), "alg", json!(algorithm)), &claims(), &key(2, 1));
        let (message, _) = unsigned.rsplit_once('.').unwrap();
        assert!(!works_at(&format!("{message}."), NOW * 1_000), "{algorithm} without a signature");
    }
    assert!(!works(&with(header(), "crit", json!(["exp"])), &claims()), "an extension that nobody knows");
}

#[test]
fn a_token_of_another_key_application_or_form_does_not_work() {
    for other in [key(3, 1), key(2, 2)] {
        assert!(!works_at(&signed(&header(), &claims(), &other), NOW * 1_000));
    }
    let swapped = with(claims(), "aud", json!(PublicId::from_bytes([2; 10]).to_string()));
    assert!(!works(&header(), &swapped));
    for missing in ["sub", "aud", "iat", "exp"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(missing);
        assert!(!works(&header(), &claims), "without {missing}");
        assert_eq!(ClaimedKey::of(&signed(&header(), &claims, &key(2, 1))), None, "without {missing}");
    }
    for (name, value) in [
        ("iat", json!(-1)),
        ("iat", json!("1800000000")),
        ("exp", json!(i64::MAX)),
        ("exp", json!(NOW - 1)),
        ("aud", json!([shop().to_string(), "another"])),
        ("aud", json!([])),
        ("sub", json!(7)),
        ("scope", json!({ "everything": true })),
        ("scope", json!({ "topics": vec!["a"; 101] })),
        ("scope", json!("write")),
    ] {
        assert!(!works(&header(), &with(claims(), name, value.clone())), "{name}: {value}");
    }
    let text = signed(&header(), &claims(), &key(2, 1));
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        // The last character has bits that mean nothing; the library refuses texts in which they are set.
        assert!(!works_at(&changed, NOW * 1_000), "character {at}");
    }
}

#[test]
fn a_key_is_claimed_in_one_way_only() {
    for kid in [json!("01"), json!("+1"), json!("-1"), json!(" 1"), json!("a"), json!(1), Value::Null] {
        let text = signed(&with(header(), "kid", kid.clone()), &claims(), &key(2, 1));
        assert_eq!(ClaimedKey::of(&text), None, "{kid}");
    }
    let long = with(claims(), "name", json!("n".repeat(9_000)));
    assert_eq!(ClaimedKey::of(&signed(&header(), &long, &key(2, 1))), None);
    for bad in ["", "..", "ey..", "hub_app_x", "a.b.c"] {
        assert_eq!(ClaimedKey::of(bad), None, "{bad}");
    }
}
