//! The certificate that a server shows in its TLS handshake: read also where its chain does not verify, since then most
//! of all somebody has to know. Nothing is ever sent over such a connection.

use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::HEXLOWER;
use domain::clock::{SECOND, Timestamp};
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{
    client::{Client, words},
    target::Target,
};
use crate::outcome::clean;

/// Largest certificate that is looked at, in bytes.
const DER_MAX: usize = 64 * 1024;

/// What a server showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// When the certificate ends.
    pub expires_at: Timestamp,
    /// Whom it names, tamed.
    pub subject: String,
    /// SHA-256 of the certificate, in hex.
    pub fingerprint: String,
    /// Why it does not verify, tamed; none: it does.
    pub doubt: Option<String>,
}

/// What the verifier saw: the leaf, and what there is against it.
#[derive(Debug, Default)]
struct Seen(Mutex<Option<(Vec<u8>, Option<String>)>>);

/// Takes any certificate, after noting it and whether it would have verified.
#[derive(Debug)]
struct Witness {
    judge: Arc<WebPkiServerVerifier>,
    seen: Arc<Seen>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verdict = self.judge.verify_server_cert(leaf, others, name, ocsp, now);
        let doubt = verdict.err().map(|e| clean(crate::tls::doubt(&e, is_self_signed(leaf)).as_bytes()));
        *self.seen.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((leaf.to_vec(), doubt));
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

impl Client {
    /// Shakes hands with a server and reads its certificate. The name is resolved and judged as for a webhook.
    ///
    /// # Errors
    /// Why there is none, in a few words of our own.
    pub async fn certificate(&self, target: &Target) -> Result<Shown, String> {
        let limit = self.limits().exchange;
        let shown = timeout(limit, self.shake_hands(target)).await;
        shown.map_err(|_| format!("no handshake within {}", words(limit)))?
    }

    async fn shake_hands(&self, target: &Target) -> Result<Shown, String> {
        let late = || self.could_not_connect();
        let reach = async {
            let addresses = self.permitted(target).await?;
            self.dial(target, &addresses).await
        };
        let (stream, _) = timeout(self.limits().connect, reach).await.map_err(|_| late())??;
        let name = match target.ip() {
            Some(ip) => ServerName::from(ip),
            None => target.host().to_owned().try_into().map_err(|_| "this name cannot be used with TLS")?,
        };
        let seen = Arc::new(Seen::default());
        let failed = converse(seen.clone(), name, stream).await;
        let noted = seen.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match noted {
            // Also where the handshake failed afterwards, as with servers that want a certificate of ours.
            Some((leaf, doubt)) => read(&leaf, doubt),
            None => Err(failed.unwrap_or_else(|| "it showed no certificate".into())),
        }
    }
}

/// The handshake; why it failed, if it did.
async fn converse(seen: Arc<Seen>, name: ServerName<'static>, stream: TcpStream) -> Option<String> {
    let (provider, roots) = crate::tls::ground();
    let judge = match WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build() {
        Ok(judge) => judge,
        Err(error) => return Some(error.to_string()),
    };
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = match versions {
        Ok(builder) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Witness { judge, seen }))
            .with_no_client_auth(),
        Err(error) => return Some(error.to_string()),
    };
    let shaken = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    shaken.err().map(|e| clean(format!("TLS failed: {}", crate::tls::words(&e)).as_bytes()))
}

/// Whether it names itself as its issuer.
fn is_self_signed(leaf: &[u8]) -> bool {
    leaf.len() <= DER_MAX
        && X509Certificate::from_der(leaf).is_ok_and(|(_, c)| c.subject().as_raw() == c.issuer().as_raw())
}

fn read(leaf: &[u8], doubt: Option<String>) -> Result<Shown, String> {
    if leaf.len() > DER_MAX {
        return Err("its certificate is larger than 64 KiB".into());
    }
    let (_, certificate) = X509Certificate::from_der(leaf).map_err(|_| "its certificate cannot be read")?;
    let secs = certificate.validity().not_after.timestamp();
    let expires_at = Timestamp::from_millis(secs.saturating_mul(SECOND));
    if !(0..253_402_300_800_000).contains(&expires_at.millis()) {
        return Err("its certificate ends at no time that makes sense".into());
    }
    let names = certificate.subject().iter_common_name().filter_map(|n| n.as_str().ok()).next();
    let subject = clean(names.unwrap_or_default().as_bytes());
    let fingerprint = HEXLOWER.encode(&Sha256::digest(leaf));
    Ok(Shown { expires_at, subject, fingerprint, doubt })
}
