//! Webhook addresses: what may be registered, judged before anything is resolved or dialled.

use std::net::IpAddr;

use url::{Host, Url};

use super::guard::Guard;

/// A webhook address that passed every check that needs no network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    host: String,
    ip: Option<IpAddr>,
    port: u16,
    is_https: bool,
}

/// Why an address is refused. Says nothing about networks: what is behind an address is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// Not an https address.
    #[error("Please give an https:// address, like https://hooks.example.com/status.")]
    NotHttps,
    /// Longer than 2,048 characters.
    #[error("This address is longer than 2,048 characters.")]
    TooLong,
    /// User name or password inside.
    #[error("This address holds a user name or password. Put a secret into the path instead.")]
    Userinfo,
    /// Not an address at all, or one with characters that do not belong there.
    #[error("This is not a web address. Check it for spaces and typing mistakes.")]
    Malformed,
    /// A port or host that we do not send to.
    #[error("We cannot send to this address. It must be a public https address on port 443.")]
    Refused,
}

impl Target {
    /// Reads an address under the operator's rules.
    ///
    /// # Errors
    /// The first reason against it. Names are judged again, by their addresses, at every delivery.
    pub fn parse(text: &str, guard: &Guard) -> Result<Self, BadUrl> {
        let text = text.trim_matches(' ');
        if text.len() > 2_048 {
            return Err(BadUrl::TooLong);
        }
        if text
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '<' | '>' | '"' | '`'))
        {
            return Err(BadUrl::Malformed);
        }
        let (scheme, rest) = text.split_once("://").ok_or(BadUrl::NotHttps)?;
        let is_https = scheme.eq_ignore_ascii_case("https");
        if !is_https && !scheme.eq_ignore_ascii_case("http") {
            return Err(BadUrl::NotHttps);
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(BadUrl::Userinfo);
        }
        if authority.is_empty() || authority.contains('%') || text.contains('#') {
            return Err(BadUrl::Malformed);
        }
        let url = Url::parse(text).map_err(|_| BadUrl::Malformed)?;
        Self::judge(url, is_https, guard)
    }

    fn judge(url: Url, is_https: bool, guard: &Guard) -> Result<Self, BadUrl> {
        let port = url.port_or_known_default().ok_or(BadUrl::Malformed)?;
        let (host, ip) = match url.host().ok_or(BadUrl::Malformed)? {
            Host::Domain(name) if is_name(name, guard.is_named(name)) => (name.to_owned(), None),
            Host::Domain(_) => return Err(BadUrl::Refused),
            Host::Ipv4(v4) => (v4.to_string(), Some(IpAddr::V4(v4))),
            Host::Ipv6(v6) => (v6.to_string(), Some(IpAddr::V6(v6))),
        };
        // Only what the operator allowed lifts https-only and the port list: a literal address by its range, a name by
        // name, since nothing is resolved here.
        let is_lifted = if ip.is_some() { !guard.allow.is_empty() } else { guard.is_named(&host) };
        if !Guard::is_ordinary(is_https, port) && !is_lifted {
            return Err(if is_https { BadUrl::Refused } else { BadUrl::NotHttps });
        }
        if guard.is_internal(&host, port) || ip.is_some_and(|ip| !guard.permits(ip, port, is_https)) {
            return Err(BadUrl::Refused);
        }
        Ok(Self { url, host, ip, port, is_https })
    }

    /// The address as it is dialled: its name in ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// Host name or address; all that logs and colleagues see.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The literal address, where the host is one.
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// Port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether TLS is spoken.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.is_https
    }

    /// `host` or `host:port`, as in the `Host` header.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Path and query, as in the request line.
    #[must_use]
    pub fn path(&self) -> String {
        let path = self.url.path();
        self.url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))
    }
}

/// A name of public shape; a single label only where the operator named it.
fn is_name(name: &str, single_label: bool) -> bool {
    let labels: Vec<&str> = name.split('.').collect();
    let fits = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && labels.iter().all(fits) && (labels.len() >= 2 || single_label)
}
