//! Rate limits by client address, and the address itself.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    time::Duration,
};

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config::Config;

/// One limiter per door.
pub struct Limits {
    sign_in: DefaultKeyedRateLimiter<IpAddr>,
    subscribe: DefaultKeyedRateLimiter<IpAddr>,
    webhook: DefaultKeyedRateLimiter<IpAddr>,
}

fn at_least_one(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN)
}

impl Limits {
    /// From the configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let slow = Quota::with_period(Duration::from_secs(20)).unwrap_or(Quota::per_minute(NonZeroU32::MIN));
        let ten_an_hour =
            Quota::per_hour(at_least_one(10)).allow_burst(at_least_one(config.limits.subscribe_burst));
        Self {
            sign_in: RateLimiter::keyed(slow.allow_burst(at_least_one(config.limits.sign_in_burst))),
            subscribe: RateLimiter::keyed(ten_an_hour),
            webhook: RateLimiter::keyed(Quota::per_hour(at_least_one(config.limits.webhook_per_hour))),
        }
    }

    /// Counts a try to sign in; false when there were too many.
    #[must_use]
    pub fn sign_in(&self, ip: IpAddr) -> bool {
        self.sign_in.retain_recent();
        self.sign_in.check_key(&ip).is_ok()
    }

    /// Counts a subscription by `email` or `webhook`; false when there were too many.
    #[must_use]
    pub fn subscribe(&self, channel: &str, ip: IpAddr) -> bool {
        let limiter = if channel != "email" { &self.webhook } else { &self.subscribe };
        limiter.retain_recent();
        limiter.check_key(&ip).is_ok()
    }
}

/// The client's address, whole: see [`client_ip`]. None: the connection has none.
#[must_use]
pub fn peer_ip(config: &Config, extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>()?.0;
    Some(whole_ip(config, peer, headers))
}

/// The client's address: the peer's, unless the peer is a trusted proxy; then the rightmost address that is none.
/// IPv6 addresses count by their /64.
#[must_use]
pub fn client_ip(config: &Config, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
    match whole_ip(config, peer, headers) {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn whole_ip(config: &Config, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
    let is_trusted = |ip: &IpAddr| config.trusted_proxies.iter().any(|net| net.contains(ip));
    let mut ip = peer.ip();
    if is_trusted(&ip) {
        let forwarded = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|v| v.to_str().ok())
            .flat_map(|v| v.split(','));
        let hops: Vec<IpAddr> = forwarded.filter_map(|h| h.trim().parse().ok()).collect();
        if let Some(client) = hops.into_iter().rev().find(|h| !is_trusted(h)) {
            ip = client;
        }
    }
    ip
}
