use super::*;

fn spot(component: &str, country: &str, portfolio: &str) -> Spot {
    Spot { component: component.into(), country: country.into(), portfolio: portfolio.into() }
}

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|s| (*s).to_owned()).collect()
}

fn outage() -> Matter {
    Matter {
        incident: Some("p31zjtct2jer".into()),
        worst: Some(Severity::Sev2),
        spots: vec![spot("sms", "FR", "western-europe"), spot("voice", "FR", "western-europe")],
        ..Matter::default()
    }
}

const NOON: &str = "2026-03-02T12:00:00Z";

fn covers(scope: &Scope, matter: &Matter) -> bool {
    scope.covers(matter, Timestamp::parse_rfc3339(NOON).unwrap(), "UTC")
}

#[test]
fn each_choice_narrows() {
    let all = Scope::default();
    for (scope, is_told) in [
        (all.clone(), true),
        (Scope { countries: list(&["FR", "IT"]), ..all.clone() }, true),
        (Scope { countries: list(&["IT"]), ..all.clone() }, false),
        (Scope { portfolios: list(&["western-europe"]), ..all.clone() }, true),
        (Scope { portfolios: list(&["north-america"]), countries: list(&["FR"]), ..all.clone() }, true),
        (Scope { portfolios: list(&["north-america"]), ..all.clone() }, false),
        (Scope { components: list(&["sms"]), ..all.clone() }, true),
        (Scope { components: list(&["top-up"]), ..all.clone() }, false),
        (Scope { components: list(&["sms"]), countries: list(&["IT"]), ..all.clone() }, false),
        (Scope { incident: Some("p31zjtct2jer".into()), ..all.clone() }, true),
        (Scope { incident: Some("another00000".into()), ..all.clone() }, false),
        (Scope { is_maintenance_only: true, ..all.clone() }, false),
        (Scope { min_severity: Some(Severity::Sev1), ..all.clone() }, false),
        (Scope { min_severity: Some(Severity::Sev2), ..all.clone() }, true),
        (Scope { min_severity: Some(Severity::Sev3), ..all }, true),
    ] {
        assert_eq!(covers(&scope, &outage()), is_told, "{scope:?}");
    }
    let work = Matter { is_maintenance: true, worst: None, ..outage() };
    let only = Scope { is_maintenance_only: true, min_severity: Some(Severity::Sev1), ..Scope::default() };
    assert!(covers(&only, &work), "planned work has no severity");
    let nowhere = Matter { spots: Vec::new(), ..outage() };
    assert!(covers(&Scope::default(), &nowhere));
    assert!(!covers(&Scope { countries: list(&["FR"]), ..Scope::default() }, &nowhere));
}

#[test]
fn a_component_and_a_country_must_meet_in_one_cell() {
    let matter = Matter {
        spots: vec![spot("sms", "FR", "western-europe"), spot("voice", "IT", "western-europe")],
        ..outage()
    };
    let scope = Scope { components: list(&["voice"]), countries: list(&["FR"]), ..Scope::default() };
    assert!(!covers(&scope, &matter));
}

#[test]
fn a_trip_is_counted_by_the_travellers_clock() {
    let date = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
    let trip = Trip { from: date("2026-03-03"), until: date("2026-03-12") };
    let scope = Scope { trip: Some(trip), ..Scope::default() };
    let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
    for (now, zone, is_told, is_over) in [
        ("2026-03-02T23:59:59Z", "UTC", false, false),
        ("2026-03-02T23:30:00Z", "Europe/Paris", true, false),
        ("2026-03-13T00:30:00Z", "UTC", false, true),
        ("2026-03-13T00:30:00Z", "America/Toronto", true, false),
        ("2026-03-12T18:29:00Z", "Asia/Kolkata", true, false),
        ("2026-03-12T18:31:00Z", "Asia/Kolkata", false, true),
    ] {
        assert_eq!(scope.covers(&outage(), at(now), zone), is_told, "{now} {zone}");
        assert_eq!(scope.is_over(at(now), zone), is_over, "{now} {zone}");
    }
    let today = date("2026-03-02");
    assert!(Trip::new(date("2026-03-04"), date("2026-03-03"), today).is_err());
    assert!(Trip::new(date("2026-02-01"), date("2026-03-01"), today).is_err());
    assert!(Trip::new(date("2026-03-03"), date("2026-11-03"), today).is_err());
    assert!(Trip::new(date("2028-03-03"), date("2028-03-05"), today).is_err());
    assert_eq!(Trip::new(date("2026-03-01"), date("2026-03-02"), today).map(|t| t.until), Ok(today));
}

struct Plain;

impl Names for Plain {
    fn component(&self, slug: &str) -> Option<String> {
        (slug == "sms").then(|| "SMS".into())
    }
    fn country(&self, code: &str) -> Option<String> {
        (code == "FR").then(|| "France".into())
    }
    fn portfolio(&self, slug: &str) -> Option<String> {
        (slug == "western-europe").then(|| "Western Europe".into())
    }
    fn incident(&self, _: &str) -> Option<String> {
        Some("downloads fail".into())
    }
}

#[test]
fn it_reads_as_a_phrase() {
    let all = Scope::default();
    let date = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
    let trip = Some(Trip { from: date("2026-03-03"), until: date("2026-03-12") });
    for (scope, words) in [
        (all.clone(), "everything"),
        (Scope { countries: list(&["FR", "XX"]), ..all.clone() }, "France and XX"),
        (Scope { components: list(&["sms"]), ..all.clone() }, "SMS everywhere"),
        (
            Scope { components: list(&["sms"]), portfolios: list(&["western-europe"]), trip, ..all.clone() },
            "SMS in Western Europe, from 3 March 2026 to 12 March 2026",
        ),
        (Scope { incident: Some("x".into()), ..all.clone() }, "the incident “downloads fail”"),
        (Scope { is_maintenance_only: true, ..all.clone() }, "everything, planned maintenance only"),
        (Scope { min_severity: Some(Severity::Sev2), ..all.clone() }, "everything, Sev 1 to 2 only"),
        (Scope { min_severity: Some(Severity::Sev1), ..all.clone() }, "everything, Sev 1 only"),
        (Scope { min_severity: Some(Severity::Sev4), ..all }, "everything"),
    ] {
        assert_eq!(scope.words(&Plain), words);
    }
}

#[test]
fn it_is_kept_as_it_was_and_nonsense_is_nobody() {
    let scope = Scope {
        countries: list(&["FR"]),
        min_severity: Some(Severity::Sev2),
        is_maintenance_only: true,
        ..Scope::default()
    };
    assert_eq!(Scope::from_json(&scope.to_json()), Some(scope));
    assert_eq!(Scope::default().to_json(), "{}");
    for bad in ["", "null", "[]", r#"{"contries":["FR"]}"#, r#"{"countries":"FR"}"#, r#"{"min_severity":9}"#]
    {
        assert_eq!(Scope::from_json(bad), None, "{bad}");
    }
}
