//! TLS for our own servers: a certificate authority that is made for one server and signs nothing else.
//!
//! Its key is forgotten at once, so that whoever trusts the authority trusts this server and nobody more.

use std::fmt;
use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::server::TlsStream;

/// By which names a server on this machine is called.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A server's certificate with its key. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    authority: Arc<str>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(certificate)")
    }
}

/// A certificate that cannot be made: a name that cannot stand in one.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a certificate: {0}")]
pub struct TlsError(String);

impl Tls {
    /// A new certificate for `localhost`, 127.0.0.1, `::1` and these other names or addresses.
    ///
    /// # Errors
    /// When a name cannot stand in a certificate.
    pub fn generate(names: &[String]) -> Result<Self, TlsError> {
        let cannot = |why: &dyn fmt::Display| TlsError(why.to_string());
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        authority.distinguished_name.push(DnType::CommonName, "smcheck, of this run alone");
        let key = KeyPair::generate().map_err(|why| cannot(&why))?;
        let authority = CertifiedIssuer::self_signed(authority, key).map_err(|why| cannot(&why))?;

        let mut wanted: Vec<String> = LOCAL.map(str::to_owned).to_vec();
        wanted.extend(names.iter().filter(|name| !LOCAL.contains(&name.as_str())).cloned());
        let mut server = CertificateParams::new(wanted).map_err(|why| cannot(&why))?;
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.use_authority_key_identifier_extension = true;
        server.distinguished_name.push(DnType::CommonName, "smcheck");
        let key = KeyPair::generate().map_err(|why| cannot(&why))?;
        let certificate = server.signed_by(&key, &authority).map_err(|why| cannot(&why))?;

        let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|why| cannot(&why))?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], secret)
            .map_err(|why| cannot(&why))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), authority: authority.pem().into() })
    }

    /// The certificate of the authority as PEM: what clients have to trust, in `AWS_CA_BUNDLE` for instance.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Shakes hands with a client.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}
