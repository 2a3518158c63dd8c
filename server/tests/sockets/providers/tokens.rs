//! ID tokens in which one thing is wrong, and those that are right.

use serde_json::{Value, json};

use super::browser::Browser;
use super::keys::Signing;
use super::provider::{CLIENT_ID, FakeProvider, TokenDraft, now};
use super::server_with;

/// A kind of token: its name, and the change of one that is right.
type Case = (&'static str, fn(&mut TokenDraft));

fn set(draft: &mut TokenDraft, claim: &str, value: Value) {
    draft.claims[claim] = value;
}

fn drop_claim(draft: &mut TokenDraft, claim: &str) {
    draft.claims.as_object_mut().unwrap().remove(claim);
}

fn sign(draft: &mut TokenDraft, algorithm: &str, key: &str, signing: Signing) {
    draft.header["alg"] = algorithm.into();
    draft.header["kid"] = key.into();
    draft.signing = signing;
}

/// Returns a token with other claims under the same signature.
fn with_other_claims(token: String) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let claims = data_encoding::BASE64URL_NOPAD.decode(parts[1].as_bytes()).unwrap();
    let claims = String::from_utf8(claims).unwrap().replace("\"sub\":\"zoë\"", "\"sub\":\"boss\"");
    format!("{}.{}.{}", parts[0], data_encoding::BASE64URL_NOPAD.encode(claims.as_bytes()), parts[2])
}

const RIGHT: &[Case] = &[
    ("RS256", |_| {}),
    ("ES256", |draft| sign(draft, "ES256", "first-ec", Signing::Ec)),
    ("EdDSA", |draft| sign(draft, "EdDSA", "first-ed", Signing::Ed)),
    ("no name of the key, and one key of the algorithm", |draft| {
        draft.header.as_object_mut().unwrap().remove("kid");
    }),
    ("a list with one audience", |draft| set(draft, "aud", json!([CLIENT_ID]))),
    ("several audiences, and the authorized party", |draft| {
        set(draft, "aud", json!(["other", CLIENT_ID]));
        set(draft, "azp", CLIENT_ID.into());
    }),
    ("a clock that is a minute behind", |draft| {
        set(draft, "iat", (now() - 60).into());
        set(draft, "exp", (now() - 30).into());
    }),
    ("a time with a fraction", |draft| {
        #[expect(clippy::cast_precision_loss, reason = "times of this era are exact in an f64")]
        set(draft, "iat", json!(now() as f64 + 0.5));
    }),
];

const WRONG: &[Case] = &[
    ("no issuer", |draft| drop_claim(draft, "iss")),
    ("another issuer", |draft| set(draft, "iss", "https://evil.example".into())),
    ("an issuer with a slash more", |draft| {
        let issuer = format!("{}/", draft.claims["iss"].as_str().unwrap());
        set(draft, "iss", issuer.into());
    }),
    ("no audience", |draft| drop_claim(draft, "aud")),
    ("another audience", |draft| set(draft, "aud", "other".into())),
    ("an audience that only begins so", |draft| set(draft, "aud", format!("{CLIENT_ID}2").into())),
    ("a list of other audiences", |draft| set(draft, "aud", json!(["other", "third"]))),
    ("an empty list of audiences", |draft| set(draft, "aud", json!([]))),
    ("several audiences without an authorized party", |draft| set(draft, "aud", json!([CLIENT_ID, "other"]))),
    ("several audiences and another authorized party", |draft| {
        set(draft, "aud", json!([CLIENT_ID, "other"]));
        set(draft, "azp", "other".into());
    }),
    ("one audience and another authorized party", |draft| set(draft, "azp", "other".into())),
    ("no expiry", |draft| drop_claim(draft, "exp")),
    ("an expiry in the past", |draft| set(draft, "exp", (now() - 200).into())),
    ("an expiry that is a text", |draft| set(draft, "exp", (now() + 300).to_string().into())),
    ("no time of issue", |draft| drop_claim(draft, "iat")),
    ("a time of issue in the future", |draft| set(draft, "iat", (now() + 200).into())),
    ("a time of issue before the sign-in", |draft| set(draft, "iat", (now() - 3_600).into())),
    ("a time in the future before which it does not count", |draft| set(draft, "nbf", (now() + 200).into())),
    ("no nonce", |draft| drop_claim(draft, "nonce")),
    ("another nonce", |draft| set(draft, "nonce", "another".into())),
    ("an empty nonce", |draft| set(draft, "nonce", "".into())),
    ("no subject", |draft| drop_claim(draft, "sub")),
    ("an empty subject", |draft| set(draft, "sub", "".into())),
    ("a subject that is a number", |draft| set(draft, "sub", 7.into())),
    ("a subject that is too long", |draft| set(draft, "sub", "a".repeat(256).into())),
    ("no algorithm and no signature", |draft| sign(draft, "none", "first-rsa", Signing::Empty)),
    ("no algorithm and a signature", |draft| sign(draft, "none", "first-rsa", Signing::Rsa)),
    ("no signature", |draft| draft.signing = Signing::Empty),
    ("HMAC with the client's secret", |draft| sign(draft, "HS256", "first-rsa", Signing::ClientSecret)),
    ("HMAC with the public key", |draft| sign(draft, "HS256", "first-rsa", Signing::PublicKey)),
    ("HMAC with a key of the set", |draft| sign(draft, "HS256", "first-oct", Signing::ClientSecret)),
    ("a longer hash than the key is for", |draft| sign(draft, "RS512", "first-rsa", Signing::RsaSha512)),
    ("another algorithm than that of the key", |draft| sign(draft, "RS256", "first-ec", Signing::Rsa)),
    ("another algorithm in the header than in the signature", |draft| {
        sign(draft, "ES256", "first-ec", Signing::Rsa);
    }),
    ("a key that the provider does not list", |draft| sign(draft, "RS256", "first-rsa", Signing::Foreign)),
    ("a key that is for encryption", |draft| sign(draft, "RS256", "first-enc", Signing::Rsa)),
    ("an unknown name of the key", |draft| sign(draft, "RS256", "unknown", Signing::Rsa)),
    ("other claims than those that were signed", |draft| draft.after = with_other_claims),
    ("a header that must be understood", |draft| draft.header["crit"] = json!(["exp"])),
    ("two parts", |draft| draft.after = |token| token.rsplit_once('.').unwrap().0.to_owned()),
    ("four parts", |draft| draft.after = |token| format!("{token}.e30")),
    ("no token at all", |draft| draft.after = |_| "nonsense".into()),
    ("an empty text", |draft| draft.after = |_| String::new()),
    ("a token that is too long", |draft| set(draft, "name", "a".repeat(40_000).into())),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_token_in_which_one_thing_is_wrong_signs_nobody_in() {
    let provider = FakeProvider::start().await;
    let server = server_with(&provider, |_| {}).await;
    for (name, change) in WRONG {
        let mut browser = Browser::default();
        let answer = browser.sign_in(&server, &provider, "zoë", change).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "provider_answer_bad"), "{name}");
        assert_eq!(browser.name(&server).await, None, "{name}");
    }
    // The first of these creates the account, under the name as it is: no token before has created one.
    for (name, change) in RIGHT {
        let mut browser = Browser::default();
        let answer = browser.sign_in(&server, &provider, "zoë", change).await;
        assert_eq!(answer.location(), "/", "{name}");
        assert_eq!(browser.name(&server).await.as_deref(), Some("zoë"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_in_the_header_of_a_token_does_not_count() {
    let provider = FakeProvider::start().await;
    let server = server_with(&provider, |_| {}).await;
    let foreign = provider.keys().foreign_jwk();
    let answer = Browser::default()
        .sign_in(&server, &provider, "zoë", |draft| {
            draft.header["jwk"] = foreign;
            draft.signing = Signing::Foreign;
        })
        .await;
    assert_eq!(answer.code(), "provider_answer_bad");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_keys_are_read_when_a_token_names_one_and_unknown_names_do_not_hammer_the_provider() {
    let provider = FakeProvider::start().await;
    let server = server_with(&provider, |_| {}).await;
    let sign_in = async |kid: Option<&'static str>| {
        let change = |draft: &mut TokenDraft| {
            if let Some(kid) = kid {
                draft.header["kid"] = kid.into();
            }
        };
        Browser::default().sign_in(&server, &provider, "zoë", change).await.status
    };
    assert_eq!(sign_in(None).await, 303);
    assert_eq!(sign_in(None).await, 303);
    assert_eq!(provider.key_requests(), 1, "they are kept");
    provider.rename_keys("second");
    assert_eq!(sign_in(None).await, 303);
    assert_eq!(provider.key_requests(), 2);
    for _ in 0..5 {
        assert_eq!(sign_in(Some("unknown")).await, 422);
    }
    assert_eq!(provider.key_requests(), 2, "not again within a minute");
    assert_eq!(sign_in(None).await, 303, "the keys that are known still count");
}
