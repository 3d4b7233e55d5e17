//! What every public page promises: small, script-free, honest.

use std::io::Write as _;

use app::{
    model::{
        CellPage, EvidencePage, Front, HistoryPage, IncidentPage, ManagePage, Message, PromisesPage,
        RegionPage, Site, SubscribePage,
    },
    public::{
        api_page, cell_page, evidence_page, front_page, history_page, incident_page, manage_page,
        message_page, promises_page, region_page, subscribe_page,
    },
};

fn brotli(html: &str) -> usize {
    let mut out = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 18, ..Default::default() };
    brotli::BrotliCompress(&mut html.as_bytes(), &mut out, &params).expect("compresses");
    out.len()
}

fn gzip(html: &str) -> usize {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(html.as_bytes()).expect("compresses");
    encoder.finish().expect("compresses").len()
}

/// Elements: every `<` that opens one, the style and its text aside.
fn elements(html: &str) -> usize {
    html.as_bytes().windows(2).filter(|w| w[0] == b'<' && w[1].is_ascii_alphabetic()).count()
}

fn every_page() -> Vec<(&'static str, String)> {
    let mut pages = vec![
        ("front", front_page(&Front::sample())),
        ("incident", incident_page(&IncidentPage::sample())),
        ("region", region_page(&RegionPage::sample())),
        ("cell", cell_page(&CellPage::sample())),
        ("evidence", evidence_page(&EvidencePage::sample())),
        ("history", history_page(&HistoryPage::sample())),
        ("promises", promises_page(&PromisesPage::sample())),
        ("manage", manage_page(&ManagePage::sample())),
        ("subscribe", subscribe_page(&SubscribePage::sample())),
        ("api", api_page(&Site::sample(), "https://status.example.com")),
    ];
    pages.extend(Message::samples().iter().map(|m| ("message", message_page(m))));
    pages
}

#[test]
fn the_front_page_is_small() {
    let html = front_page(&Front::sample());
    let (gz, br, nodes) = (gzip(&html), brotli(&html), elements(&html));
    println!("front page: raw {} gzip-6 {gz} brotli-11 {br} elements {nodes}", html.len());
    assert!(br <= 6_500, "{br} bytes of brotli");
    assert!(gz <= 9_000, "{gz} bytes of gzip");
    assert!(nodes <= 700, "{nodes} elements");
}

#[test]
fn no_page_has_script_markers_or_foreign_hosts() {
    for (name, html) in every_page() {
        assert!(!html.contains("<script"), "{name}");
        assert!(!html.contains("<!>") && !html.contains("<!--"), "{name}: markers");
        assert!(!html.contains("src="), "{name}: a second request");
        assert!(html.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name}: one heading of the first rank");
    }
}

#[test]
fn text_from_people_stays_text() {
    let mut front = Front::sample();
    for text in ["</p><script>alert(1)</script>", "<!><img onerror=x>", "\"' onload=\""] {
        front.incidents[0].title = text.into();
        front.incidents[0].known = text.into();
        front.site.name = text.into();
        front.grid.rows[0].name = text.into();
        front.grid.rows[0].href = text.into();
        let html = front_page(&front);
        assert!(!html.contains("<script") && !html.contains("<img"), "{text}");
        assert!(!html.contains("\" onload=\""), "{text}");
    }
}

#[test]
fn green_needs_evidence() {
    let mut front = Front::sample();
    front.grid.rows.iter_mut().flat_map(|r| r.cells.iter_mut().flatten()).for_each(|c| {
        c.status = domain::status::CellStatus::NoData;
    });
    front.services.iter_mut().for_each(|s| s.status = domain::status::CellStatus::NoData);
    let html = front_page(&front);
    let grid = &html[html.find("<tbody").unwrap()..html.find("</tbody").unwrap()];
    assert!(!grid.contains("operational"), "{grid}");
    assert_eq!(grid.matches("no data").count(), 63);
}

#[test]
fn statuspage_scrapers_find_their_hooks() {
    let mut front = Front::sample();
    front.quiet_today = true;
    let html = front_page(&front);
    for hook in [
        "class=\"status-day\"",
        "No incidents reported today.",
        "incident-title impact-critical",
        "data-component-status=\"partial_outage\" class=\"component-inner-container\"",
    ] {
        assert!(html.contains(hook), "{hook}");
    }
    assert!(incident_page(&IncidentPage::sample()).contains("update monitoring"));
}

#[test]
fn a_late_update_is_said_to_be_late() {
    assert!(front_page(&Front::sample()).contains("4 minutes overdue"));
}

#[test]
fn the_form_keeps_what_was_typed() {
    let html = subscribe_page(&SubscribePage::sample());
    assert!(html.contains("value=\"me@&quot;&gt;&lt;script&gt;\""), "{html}");
    assert!(html.contains("aria-describedby=\"address-error\""));
    assert!(html.contains("value=\"FR\" checked"));
}
