//! Certificates: who signed them, for which name, and for how long.

mod world;

use std::sync::Arc;

use chat::{HttpFailure, HttpPolicy, TlsFault};
use egress::testing::egress_over;
use egress::{Egress, EgressConfig};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use world::{Net, PUBLIC, Peer, listener, reply, send_as};

/// An authority of the test's own.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        roots
    }

    /// Signs a certificate for a name, which ends in a year.
    fn sign(&self, name: &str, ends: i32) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(ends, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        Identity { certificate, key }
    }
}

/// The certificate of a host, and its key.
struct Identity {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Identity {
    /// Returns a certificate that signs itself, as those are that people make in one line.
    fn of_its_own(name: &str, is_ca: bool) -> Self {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let key = KeyPair::generate().unwrap();
        Self { certificate: params.self_signed(&key).unwrap().der().clone(), key }
    }

    /// Starts a host with this certificate, and returns an egress for which every address leads to it.
    async fn serve(self, trusted: RootCertStore) -> Egress {
        let (listener, net) = (listener().await, Net::default());
        net.lead_to(listener.local_addr().unwrap());
        net.name("tea.example", &[&[PUBLIC]]);
        net.name("tea.example.", &[&[PUBLIC]]);
        net.name("milk.example", &[&[PUBLIC]]);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            loop {
                let stream = listener.accept().await.unwrap().0;
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut request = [0; 4_096];
                let read = stream.read(&mut request).await.unwrap_or(0);
                if read > 0 {
                    let _ = stream.write_all(reply(200, "connection: close\r\n", "tea").as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
            }
        });
        egress_over(&EgressConfig::default(), net, trusted)
    }
}

const POLICIES: [HttpPolicy; 3] = [HttpPolicy::Public, HttpPolicy::PublicHttps, HttpPolicy::Trusted];

async fn fault(egress: &Egress, url: &str) -> Option<TlsFault> {
    let mut faults = Vec::new();
    for policy in POLICIES {
        faults.push(match send_as(egress, url, policy).await {
            Ok(answer) => {
                assert_eq!((answer.status, &answer.body[..]), (200, &b"tea"[..]));
                None
            }
            Err(HttpFailure::TlsFailed(fault)) => Some(fault),
            Err(other) => panic!("{url}: {other:?}"),
        });
    }
    assert!(faults.iter().all(|fault| *fault == faults[0]), "every policy is as strict: {faults:?}");
    faults[0]
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_counts_for_its_name_only() {
    let authority = Authority::new();
    let egress = authority.sign("tea.example", 2100).serve(authority.roots()).await;
    assert_eq!(fault(&egress, "https://tea.example/").await, None);
    assert_eq!(fault(&egress, "https://TEA.example./").await, None);
    assert_eq!(fault(&egress, "https://milk.example/").await, Some(TlsFault::WrongName));
    assert_eq!(fault(&egress, &format!("https://{PUBLIC}/")).await, Some(TlsFault::WrongName));
    let egress = authority.sign(PUBLIC, 2100).serve(authority.roots()).await;
    assert_eq!(fault(&egress, &format!("https://{PUBLIC}/")).await, None);
    assert_eq!(fault(&egress, "https://tea.example/").await, Some(TlsFault::WrongName));
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let (authority, other) = (Authority::new(), Authority::new());
    let egress = authority.sign("tea.example", 2100).serve(other.roots()).await;
    assert_eq!(fault(&egress, "https://tea.example/").await, Some(TlsFault::UnknownIssuer));
    for is_ca in [false, true] {
        let egress = Identity::of_its_own("tea.example", is_ca).serve(other.roots()).await;
        assert_eq!(fault(&egress, "https://tea.example/").await, Some(TlsFault::UnknownIssuer), "{is_ca}");
    }
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_refused() {
    let authority = Authority::new();
    let egress = authority.sign("tea.example", 2002).serve(authority.roots()).await;
    assert_eq!(fault(&egress, "https://tea.example/").await, Some(TlsFault::Expired));
}

#[tokio::test]
async fn a_host_that_speaks_no_tls_is_refused() {
    let listener = listener().await;
    let (_, egress) = world::to(&listener);
    tokio::spawn(async move {
        loop {
            Peer::accept(&listener).await.send(&reply(400, "connection: close\r\n", "tea")).await;
        }
    });
    assert_eq!(fault(&egress, "https://tea.example/").await, Some(TlsFault::Other));
}
