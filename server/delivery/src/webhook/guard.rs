//! Which addresses may be dialled: global unicast, and what the operator allowed. Everything else is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

/// Ports of webhook receivers on public addresses.
const PORTS: [u16; 1] = [443];

/// The operator's rules for outbound webhooks.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    /// Ranges that may be dialled although they are not public; lifts https-only and the port list there.
    pub allow: Vec<IpNet>,
    /// Names inside those ranges, and everything below them; lifts https-only and the port list at registration.
    pub names: Vec<String>,
    /// Our own listeners; never dialled, whatever is allowed.
    pub own: Vec<SocketAddr>,
    /// Hosts and ports of our relay and database, as configured; never dialled.
    pub internal: Vec<(String, u16)>,
}

impl Guard {
    /// Whether `scheme` and `port` are fit for public addresses.
    #[must_use]
    pub fn is_ordinary(is_https: bool, port: u16) -> bool {
        is_https && PORTS.contains(&port)
    }

    /// Whether this address may be dialled. Mapped IPv4 is judged as IPv4.
    #[must_use]
    pub fn permits(&self, ip: IpAddr, port: u16, is_https: bool) -> bool {
        let ip = ip.to_canonical();
        if self.is_own(ip, port) {
            return false;
        }
        self.allow.iter().any(|range| range.contains(&ip))
            || (Self::is_ordinary(is_https, port) && is_global(ip))
    }

    /// Whether the operator named this host, or one above it, as inside the allowed ranges.
    #[must_use]
    pub fn is_named(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.names.iter().any(|name| {
            let name = name.trim_matches('.').to_ascii_lowercase();
            host.strip_suffix(&name).is_some_and(|above| above.is_empty() || above.ends_with('.'))
                && !name.is_empty()
        })
    }

    /// Whether this host and port are our relay's or database's.
    #[must_use]
    pub fn is_internal(&self, host: &str, port: u16) -> bool {
        self.internal.iter().any(|(h, p)| *p == port && h.eq_ignore_ascii_case(host))
    }

    fn is_own(&self, ip: IpAddr, port: u16) -> bool {
        self.own.iter().any(|own| {
            let bound = own.ip().to_canonical();
            own.port() == port
                && (bound == ip || (bound.is_unspecified() && (ip.is_loopback() || ip.is_unspecified())))
        })
    }
}

/// Whether an address is global unicast.
#[must_use]
pub fn is_global(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => is_global_v4(v4),
        IpAddr::V6(v6) => is_global_v6(v6),
    }
}

fn is_global_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// Only 2000::/3, without Teredo and its neighbours, documentation and 6to4.
fn is_global_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    let in_2000_3 = a & 0xe000 == 0x2000;
    let in_2001_23 = a == 0x2001 && b < 0x0200;
    let documentation = (a == 0x2001 && b == 0x0db8) || (a == 0x3fff && b < 0x1000);
    in_2000_3 && !in_2001_23 && !documentation && a != 0x2002
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(s: &str) -> IpAddr {
        s.parse().unwrap()
    }

    #[test]
    fn only_global_unicast_passes() {
        for ok in [
            "1.1.1.1",
            "100.63.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:200::1",
            "2a00::1",
            "::ffff:1.1.1.1",
        ] {
            assert!(is_global(ip(ok)), "{ok}");
        }
        for no in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_global(ip(no)), "{no}");
        }
    }

    #[test]
    fn allowed_ranges_lift_scheme_and_port_but_never_our_own_doors() {
        let guard = Guard {
            allow: vec!["127.0.0.0/8".parse().unwrap()],
            own: vec!["127.0.0.1:8080".parse().unwrap()],
            internal: vec![("relay.internal".into(), 25)],
            ..Guard::default()
        };
        assert!(guard.permits(ip("127.0.0.1"), 9000, false));
        assert!(guard.permits(ip("::ffff:127.0.0.2"), 9000, false));
        assert!(!guard.permits(ip("127.0.0.1"), 8080, false));
        assert!(!guard.permits(ip("::ffff:127.0.0.1"), 8080, false));
        assert!(!guard.permits(ip("10.0.0.1"), 443, true));
        assert!(!guard.permits(ip("1.1.1.1"), 80, false));
        assert!(guard.permits(ip("1.1.1.1"), 443, true));
        assert!(guard.is_internal("Relay.internal", 25) && !guard.is_internal("relay.internal", 26));
        let open = Guard { own: vec!["0.0.0.0:80".parse().unwrap()], ..guard };
        assert!(!open.permits(ip("127.0.0.9"), 80, false));
    }

    #[test]
    fn a_name_counts_for_itself_and_what_is_below() {
        let guard = Guard { names: vec!["Hooks.internal".into(), String::new()], ..Guard::default() };
        for yes in ["hooks.internal", "a.hooks.internal", "HOOKS.INTERNAL"] {
            assert!(guard.is_named(yes), "{yes}");
        }
        for no in ["internal", "xhooks.internal", "hooks.internal.example.com", "", "example.com"] {
            assert!(!guard.is_named(no), "{no}");
        }
    }
}
