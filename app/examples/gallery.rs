//! Writes every public page with its sample into a directory, to be looked at:
//! `cargo run -p app --features ssr --example gallery -- target/gallery`.

use std::path::PathBuf;

use app::{
    model::{
        CellPage, EvidencePage, Front, HistoryPage, IncidentPage, ManagePage, Message, RegionPage, Site,
        SubscribePage,
    },
    public::{
        api_page, cell_page, evidence_page, front_page, history_page, incident_page, manage_page,
        message_page, region_page, subscribe_page,
    },
};

fn main() -> std::io::Result<()> {
    let dir = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "target/gallery".into()));
    std::fs::create_dir_all(&dir)?;
    let mut pages = vec![
        ("front".to_owned(), front_page(&Front::sample())),
        ("incident".into(), incident_page(&IncidentPage::sample())),
        ("region".into(), region_page(&RegionPage::sample())),
        ("cell".into(), cell_page(&CellPage::sample())),
        ("evidence".into(), evidence_page(&EvidencePage::sample())),
        ("history".into(), history_page(&HistoryPage::sample())),
        ("manage".into(), manage_page(&ManagePage::sample())),
        ("subscribe".into(), subscribe_page(&SubscribePage::sample())),
        ("api".into(), api_page(&Site::sample(), "https://status.example.com")),
    ];
    for (i, message) in Message::samples().iter().enumerate() {
        pages.push((format!("message-{i}"), message_page(message)));
    }
    let started = std::time::Instant::now();
    for _ in 0..100 {
        std::hint::black_box(front_page(&Front::sample()));
    }
    println!("front page: {:?} a render", started.elapsed() / 100);
    for (name, html) in pages {
        std::fs::write(dir.join(format!("{name}.html")), html)?;
    }
    Ok(())
}
