//! TLS to the hosts that are called.

use std::sync::Arc;

use chat::{HttpFailure, TlsFault, UrlFault};
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

/// The sessions that are remembered, so that the next handshake is short.
const SESSIONS: usize = 256;

/// Returns the authorities that the machine trusts.
pub(crate) fn system_authorities() -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        tracing::warn!(
            "there are no certificate authorities, so no https address can be called; install ca-certificates"
        );
    }
    Arc::new(roots)
}

/// Returns what makes TLS connections, with a memory of sessions of its own.
///
/// # Panics
/// Never: the provider has the versions of TLS that are asked for.
pub(crate) fn connector(authorities: Arc<RootCertStore>) -> TlsConnector {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.expect("aws-lc-rs has TLS 1.2 and 1.3");
    let mut config = builder.with_root_certificates(authorities).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::in_memory_sessions(SESSIONS);
    TlsConnector::from(Arc::new(config))
}

/// Starts TLS on a connection; the certificate has to be for the host of the URL.
pub(crate) async fn start(
    connector: &TlsConnector,
    host: &Host<String>,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, HttpFailure> {
    let name = match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_owned();
            ServerName::try_from(name).map_err(|_| HttpFailure::UrlBad(UrlFault::Syntax))?
        }
        Host::Ipv4(address) => ServerName::IpAddress((*address).into()),
        Host::Ipv6(address) => ServerName::IpAddress((*address).into()),
    };
    connector.connect(name, stream).await.map_err(|error| {
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
        HttpFailure::TlsFailed(cause.map_or(TlsFault::Other, fault))
    })
}

/// Returns the fault that an admin can understand. Certificates with which a host signs itself have many errors.
pub(crate) const fn fault(error: &rustls::Error) -> TlsFault {
    match error {
        rustls::Error::InvalidCertificate(error) => match error {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsFault::WrongName
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => TlsFault::Expired,
            CertificateError::UnknownIssuer | CertificateError::BadSignature | CertificateError::Other(_) => {
                TlsFault::UnknownIssuer
            }
            _ => TlsFault::Other,
        },
        _ => TlsFault::Other,
    }
}
