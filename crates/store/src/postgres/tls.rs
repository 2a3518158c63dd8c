//! TLS to the database.

use std::path::Path;
use std::sync::Arc;

use chat::Fault;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls_improved::MakeRustlsConnect;

/// The encryption of a connection.
#[derive(Clone)]
pub(super) enum Tls {
    /// None, for a server on the same machine or a private network.
    Off,
    /// TLS, with the certificate of the server verified.
    On(MakeRustlsConnect),
}

impl Tls {
    /// Trusts the certificate authorities in a PEM file, or those of the system.
    ///
    /// # Errors
    /// If the file cannot be read, or there are none.
    pub(super) fn verified(authorities: Option<&Path>) -> Result<Self, Fault> {
        let mut roots = RootCertStore::empty();
        match authorities {
            Some(file) => {
                let unread = |error: &dyn std::fmt::Display| {
                    Fault::unlogged(format!("the certificates in {} cannot be read: {error}", file.display()))
                };
                for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unread(&error))? {
                    let certificate = certificate.map_err(|error| unread(&error))?;
                    roots.add(certificate).map_err(|error| unread(&error))?;
                }
            }
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        if roots.is_empty() {
            let sentence = "there are no certificate authorities to verify the database by; add \
                            sslrootcert=FILE to its address, or install ca-certificates";
            return Err(Fault::unlogged(sentence));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Fault::unlogged(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::On(MakeRustlsConnect::new(config)))
    }
}
