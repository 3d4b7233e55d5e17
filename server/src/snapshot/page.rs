//! Rendered bytes in every encoding, with ready-made headers.

use std::{io::Write as _, sync::OnceLock};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::HeaderMap;
use sha2::{Digest, Sha256};
use tokio::task::yield_now;

use super::Since;
use crate::http::public::{Coding, head};

/// What kind of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page.
    Html,
    /// A document of the API.
    Json,
    /// A feed for RSS readers.
    Rss,
    /// A feed for Atom readers.
    Atom,
}

/// One encoding of a page: its body and the whole head of a 200.
#[derive(Debug)]
pub struct Variant {
    /// The body.
    pub body: Bytes,
    /// Every header.
    pub head: HeaderMap,
}

/// A rendered page.
#[derive(Debug)]
pub struct Page {
    /// What it is.
    pub kind: Kind,
    /// 32 hex digits over the bytes; the ETag adds the encoding.
    pub tag: String,
    facts: Facts,
    plain: Variant,
    gzip: Variant,
    quick: Variant,
    best: OnceLock<Variant>,
}

/// What the heads of all encodings share.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// When these bytes came to be.
    pub since: Since,
    /// Whether the page is served over HTTPS.
    pub is_https: bool,
    /// Whether it is for one partner alone: nobody on the way keeps it, and no crawler lists it.
    pub is_private: bool,
}

/// The tag of a text.
pub(super) fn tag(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes())[..16])
}

impl Page {
    /// Compresses a text quickly: gzip 6 and brotli 5. [`Page::polish`] does better later.
    pub(super) fn new(kind: Kind, text: String, tag: String, facts: Facts) -> Self {
        let (gzip, quick) = (gzip(text.as_bytes()), brotli(text.as_bytes(), 5));
        Self::of(kind, text, tag, facts, (gzip, quick))
    }

    /// The same, with room for other work between the steps.
    pub(super) async fn stepwise(kind: Kind, text: String, tag: String, facts: Facts) -> Self {
        let gzip = gzip(text.as_bytes());
        yield_now().await;
        let quick = brotli(text.as_bytes(), 5);
        yield_now().await;
        Self::of(kind, text, tag, facts, (gzip, quick))
    }

    fn of(kind: Kind, text: String, tag: String, facts: Facts, (gzip, quick): (Bytes, Bytes)) -> Self {
        let variant = |coding, suffix: &str, body| Variant {
            body,
            head: head(kind, coding, &format!("\"{tag}{suffix}\""), facts),
        };
        Self {
            kind,
            facts,
            gzip: variant(Coding::Gzip, "-gz", gzip),
            quick: variant(Coding::Brotli, "-br", quick),
            plain: variant(Coding::Identity, "", text.into()),
            best: OnceLock::new(),
            tag,
        }
    }

    /// Since when an address has had these bytes.
    #[must_use]
    pub const fn since(&self) -> Since {
        self.facts.since
    }

    /// The bytes and head for an encoding.
    #[must_use]
    pub fn variant(&self, coding: Coding) -> &Variant {
        match coding {
            Coding::Identity => &self.plain,
            Coding::Gzip => &self.gzip,
            Coding::Brotli => self.best.get().unwrap_or(&self.quick),
        }
    }

    /// Whether the best compression is still to be done.
    pub(super) fn is_rough(&self) -> bool {
        self.best.get().is_none()
    }

    /// Compresses as well as brotli can: saves about an eighth and takes about a tenth of a second.
    pub(super) fn polish(&self) {
        self.best.get_or_init(|| Variant {
            body: brotli(&self.plain.body, 11),
            head: head(self.kind, Coding::Brotli, &format!("\"{}-br11\"", self.tag), self.facts),
        });
    }
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    let _ = gzip.write_all(bytes);
    gzip.finish().unwrap_or_default().into()
}

fn brotli(bytes: &[u8], quality: u32) -> Bytes {
    let mut out = brotli::CompressorWriter::new(Vec::new(), 4096, quality, 18);
    let _ = out.write_all(bytes);
    out.into_inner().into()
}
