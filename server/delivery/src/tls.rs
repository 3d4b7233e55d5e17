//! TLS towards peers: ring, Mozilla's roots, certificates always verified.

use std::sync::{Arc, LazyLock};

use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

static CONFIG: LazyLock<Result<Arc<ClientConfig>, rustls::Error>> = LazyLock::new(|| {
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
pub(crate) fn connector() -> Result<TlsConnector, rustls::Error> {
    CONFIG.clone().map(TlsConnector::from)
}
