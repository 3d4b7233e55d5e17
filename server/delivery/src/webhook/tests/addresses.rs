use super::*;
use crate::webhook::{
    hostile::{HOSTILE, too_long},
    target::BadUrl,
};

#[test]
fn hostile_addresses_are_refused_before_anything_is_dialled() {
    assert!(HOSTILE.len() >= 160, "{}", HOSTILE.len());
    let mut once = HOSTILE.to_vec();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), HOSTILE.len(), "no address counts twice");
    let local = Guard { allow: vec!["127.0.0.2/32".parse().unwrap()], ..Guard::default() };
    for guard in [Guard::default(), local] {
        for url in HOSTILE {
            assert!(Target::parse(url, &guard).is_err(), "{url:?}");
        }
    }
    assert_eq!(Target::parse(&too_long(), &Guard::default()), Err(BadUrl::TooLong));
}

#[test]
fn ordinary_addresses_pass() {
    for (url, host, authority, path) in [
        ("https://hooks.example.com/status?k=v", "hooks.example.com", "hooks.example.com", "/status?k=v"),
        ("HTTPS://Hooks.Example.COM:443", "hooks.example.com", "hooks.example.com", "/"),
        ("https://bücher.example/ä", "xn--bcher-kva.example", "xn--bcher-kva.example", "/%C3%A4"),
        ("https://1.1.1.1/", "1.1.1.1", "1.1.1.1", "/"),
        ("https://[2606:4700::1111]/x", "2606:4700::1111", "[2606:4700::1111]", "/x"),
    ] {
        let target = Target::parse(url, &Guard::default()).unwrap();
        assert_eq!(
            (target.host(), target.authority().as_str(), target.path().as_str()),
            (host, authority, path)
        );
    }
}
