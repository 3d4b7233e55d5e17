//! Versions below which a dependency has a published weakness that would touch us. Cargo.lock must stay above.

const FLOORS: &[(&str, &str)] = &[
    ("ammonia", "4.1.4"),
    ("anyhow", "1.0.103"),
    ("bytes", "1.11.1"),
    ("crossbeam-channel", "0.5.15"),
    ("h2", "0.4.16"),
    ("hickory-proto", "0.26.1"),
    ("idna", "1.0.0"),
    ("lettre", "0.11.22"),
    ("quick-xml", "0.41.0"),
    ("rand", "0.9.3"),
    ("rustls", "0.23.18"),
    ("rustls-webpki", "0.103.13"),
    ("sqlx", "0.9.0"),
    ("svix", "1.17.0"),
    ("time", "0.3.47"),
    ("tokio", "1.44.2"),
    ("tracing-subscriber", "0.3.20"),
];

/// Major, minor, patch; a pre-release counts as the version before it.
fn parts(version: &str) -> (u64, u64, u64) {
    let plain = version.split(['-', '+']).next().unwrap_or_default();
    let mut numbers = plain.split('.').map(|n| n.parse().expect("a number in a version"));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next())
}

fn locked() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"))
        .expect("Cargo.lock");
    let value =
        |line: &str, key: &str| Some(line.strip_prefix(key)?.trim_matches(['"', ' ', '=']).to_owned());
    let packages: Vec<_> = text
        .split("[[package]]")
        .skip(1)
        .map(|package| {
            let find = |key: &str| package.lines().find_map(|l| value(l, key)).expect("name and version");
            (find("name = "), find("version = "))
        })
        .collect();
    assert!(packages.len() > 100, "Cargo.lock was not understood");
    packages
}

#[test]
fn no_dependency_is_older_than_its_last_known_weakness() {
    let old: Vec<_> = locked()
        .into_iter()
        .filter(|(name, version)| FLOORS.iter().any(|(n, floor)| n == name && parts(version) < parts(floor)))
        .collect();
    assert!(old.is_empty(), "raise these: {old:?}");
}

#[test]
fn the_check_sees_an_old_version() {
    assert!(parts("0.11.9") < parts("0.11.22"));
    assert!(parts("1.0.0-rc.1") >= parts("1.0.0"));
    assert!(locked().iter().any(|(name, _)| name == "sqlx"));
}
