//! User tokens that work, and those that do not.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use wire::{ApplicationId, Expected, PublicId, Refusal, Timestamp};

use super::{ClaimedKey, SigningKey, TokenScope, UserToken, is_user_token, valid_from};
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
    matches!(UserToken::verify(text, &key(2, 1), shop(), Timestamp(millis)), Ok(Some(_)))
}

/// Returns the claim that a refusal names, with the expected value.
fn wrong<T>(read: Result<T, Refusal>) -> Option<(String, Expected)> {
    match read {
        Err(Refusal::ClaimBad { claim, wants }) => Some((claim.into_owned(), wants)),
        _ => None,
    }
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
    assert_eq!(ClaimedKey::of(&text), Ok(Some(ClaimedKey { application: shop(), version: 3 })));
    assert_eq!(UserToken::verify(&text, &key(2, 3), shop(), Timestamp(NOW * 1_000)), Ok(Some(token)));
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
        let claimed = ClaimedKey::of(&signed(&header(), &claims, &key(2, 1)));
        assert_eq!(wrong(claimed).unwrap().0, missing);
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
        assert_eq!(wrong(ClaimedKey::of(&text)), Some(("kid".into(), Expected::KeyVersion)), "{kid}");
    }
    let long = with(claims(), "name", json!("n".repeat(9_000)));
    assert_eq!(ClaimedKey::of(&signed(&header(), &long, &key(2, 1))), Ok(None));
    for bad in ["", "..", "ey..", "hub_app_x", "a.b.c"] {
        assert_eq!(ClaimedKey::of(bad), Ok(None), "{bad}");
    }
}

#[test]
fn the_form_of_a_claim_is_told_at_once_and_its_value_only_to_those_with_the_key() {
    let form = [
        ("aud", json!("Noor's shop"), Expected::ApplicationId),
        ("aud", json!(["a", "b"]), Expected::ApplicationId),
        ("sub", json!(42), Expected::UserName),
        ("iat", json!("1800000000"), Expected::Seconds),
        ("exp", json!(1.8e9 + 0.5), Expected::Seconds),
        ("nbf", json!("now"), Expected::Seconds),
        ("name", json!(["Zoë"]), Expected::String),
        ("scope", json!("support-4711"), Expected::TokenScope),
        ("scope", json!({ "conversation": ["support-4711"] }), Expected::TokenScope),
        ("scope", json!({ "topics": vec!["a"; 101] }), Expected::TokenScope),
    ];
    for (claim, value, wants) in form {
        let text = signed(&header(), &with(claims(), claim, value.clone()), &key(3, 1));
        assert_eq!(wrong(ClaimedKey::of(&text)), Some((claim.to_owned(), wants)), "{claim}: {value}");
    }
    let values = [
        ("exp", NOW, Expected::Future),
        ("exp", NOW + 86_401, Expected::WithinDay),
        ("exp", i64::MAX, Expected::WithinDay),
        ("iat", NOW + 6, Expected::NotAhead),
        ("nbf", NOW + 6, Expected::NotAhead),
    ];
    for (claim, value, wants) in values {
        let verified = |by: &SigningKey| {
            let text = signed(&header(), &with(claims(), claim, json!(value)), by);
            assert!(ClaimedKey::of(&text).is_ok(), "{claim}: {value}");
            UserToken::verify(&text, &key(2, 1), shop(), Timestamp(NOW * 1_000))
        };
        assert_eq!(wrong(verified(&key(2, 1))), Some((claim.to_owned(), wants)), "{claim}: {value}");
        assert_eq!(verified(&key(3, 1)), Ok(None), "{claim}: {value}");
    }
    assert!(works(&header(), &with(claims(), "nbf", json!(NOW + 5))));
}
