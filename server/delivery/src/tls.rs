//! TLS towards peers: ring, Mozilla's roots, certificates always verified.

use std::{
    io,
    sync::{Arc, LazyLock},
};

use rustls::{CertificateError, ClientConfig, Error, RootCertStore};
use tokio_rustls::TlsConnector;

static CONFIG: LazyLock<Result<Arc<ClientConfig>, Error>> = LazyLock::new(|| {
    let (provider, roots) = ground();
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
});

/// What connections are made of: the provider of their ciphers, and whom they trust.
pub(crate) fn ground() -> (Arc<rustls::crypto::CryptoProvider>, Arc<RootCertStore>) {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    (Arc::new(rustls::crypto::ring::default_provider()), Arc::new(roots))
}

/// A connector that trusts Mozilla's roots.
pub(crate) fn connector() -> Result<TlsConnector, Error> {
    CONFIG.clone().map(TlsConnector::from)
}

/// Why TLS failed, in words of ours where it is the peer's certificate; the library's text as the last resort.
pub(crate) fn words(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(error) => doubt(error, false),
        None => error.to_string(),
    }
}

/// What there is against a certificate. Of one that signed itself, that nobody issued it.
pub(crate) fn doubt(error: &Error, is_self_signed: bool) -> String {
    let Error::InvalidCertificate(reason) = error else { return error.to_string() };
    let words = match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        CertificateError::Revoked => "its certificate was revoked",
        CertificateError::BadEncoding => "its certificate cannot be read",
        CertificateError::BadSignature => "a signature does not fit its certificate",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "its certificate is not meant for servers"
        }
        CertificateError::UnknownIssuer | CertificateError::Other(_) if is_self_signed => {
            "its certificate is self-signed, and no authority vouches for it"
        }
        CertificateError::UnknownIssuer => {
            "its certificate is from an issuer that is not known here: it may be self-signed, \
             or the server leaves out the certificates in between"
        }
        // The verifier's own error has no type that we could ask.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "its certificate is one of an authority, not of a server, as self-signed ones often are"
        }
        _ => return error.to_string(),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use rustls::OtherError;

    use super::*;

    #[test]
    fn what_is_wrong_with_a_certificate_is_said_in_words() {
        let of = |reason: CertificateError, is_self_signed| doubt(&reason.into(), is_self_signed);
        let ca = || CertificateError::Other(OtherError(Arc::new(io::Error::other("CaUsedAsEndEntity"))));
        for (said, part) in [
            (of(CertificateError::Expired, true), "has expired"),
            (of(CertificateError::NotValidYet, false), "not valid yet"),
            (of(CertificateError::NotValidForName, false), "another name"),
            (of(CertificateError::UnknownIssuer, true), "is self-signed"),
            (of(CertificateError::UnknownIssuer, false), "not known here"),
            (of(ca(), true), "is self-signed"),
            (of(ca(), false), "of an authority"),
        ] {
            assert!(said.contains(part), "{said}");
        }
        let other = of(CertificateError::ApplicationVerificationFailure, true);
        assert_eq!(other, "invalid peer certificate: ApplicationVerificationFailure", "better than nothing");
    }

    #[test]
    fn an_error_of_a_stream_tells_what_it_wraps() {
        let wrapped = io::Error::new(io::ErrorKind::InvalidData, Error::from(CertificateError::Expired));
        assert_eq!(words(&wrapped), "its certificate has expired");
        assert_eq!(words(&io::Error::other("tls handshake eof")), "tls handshake eof");
    }
}
