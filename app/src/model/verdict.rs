//! The truth in one sentence: who is affected and how, in a traveller's words.

use domain::{clock_local::listed, status::CellStatus};

/// A cell as the verdict sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictCell {
    /// Component slug.
    pub component: String,
    /// Component name, for components of the operator's own.
    pub component_name: String,
    /// Country name.
    pub country: String,
    /// Shown status.
    pub status: CellStatus,
}

/// What the sentence speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Several countries: they are named.
    Page,
    /// One country: the page's heading names it already.
    Country,
}

/// The answer to "does it work?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The status that gives it its shape and colour.
    pub status: CellStatus,
    /// One sentence.
    pub sentence: String,
    /// What else is true.
    pub detail: String,
}

impl Verdict {
    /// A sample.
    #[must_use]
    pub fn sample() -> Self {
        let grid = super::Grid::sample();
        let cells: Vec<VerdictCell> = domain::component::DEFAULTS
            .iter()
            .zip(&grid.rows)
            .flat_map(|((slug, name, _), row)| {
                row.cells.iter().zip(&grid.countries).map(move |(cell, country)| VerdictCell {
                    component: (*slug).into(),
                    component_name: (*name).into(),
                    country: country.name.clone(),
                    status: cell.as_ref().map_or(CellStatus::NoData, |c| c.status),
                })
            })
            .collect();
        verdict(&cells, Scope::Page, &[])
    }
}

/// How travellers call the services that every page starts with: at the start of a sentence, inside it, plural?
const PHRASES: [(&str, &str, &str, bool); 7] = [
    ("activation-api", "Activations of new eSIMs", "activations of new eSIMs", true),
    ("euicc-download", "New eSIM downloads", "new eSIM downloads", true),
    ("mobile-data", "Mobile data", "mobile data", false),
    ("voice", "Phone calls", "phone calls", true),
    ("sms", "Text messages", "text messages", true),
    ("top-up", "Top-ups", "top-ups", true),
    ("partner-portal", "The partner portal", "the partner portal", false),
];

/// A service in a traveller's words, inside a sentence; and whether it is plural. Others keep their name.
#[must_use]
pub fn service_phrase(slug: &str, name: &str) -> (String, bool) {
    PHRASES.iter().find(|p| p.0 == slug).map_or_else(|| (name.to_owned(), false), |p| (p.2.to_owned(), p.3))
}

fn at_start(phrase: &str) -> String {
    if let Some(known) = PHRASES.iter().find(|p| phrase.starts_with(p.2)) {
        return format!("{}{}", known.1, &phrase[known.2.len()..]);
    }
    let mut chars = phrase.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The verdict over these cells. `watching` names what is usable again and being watched.
#[must_use]
pub fn verdict(cells: &[VerdictCell], scope: Scope, watching: &[String]) -> Verdict {
    let trouble = groups(cells, CellStatus::is_trouble);
    let work = groups(cells, |s| s == CellStatus::UnderMaintenance);
    let said: Vec<&Group> = trouble.iter().chain(&work).collect();
    let Some(worst) = said.first() else { return quiet(cells, watching) };
    let mut detail = String::new();
    if said.len() > 1 {
        let also: Vec<String> = said[1..].iter().take(2).map(|g| g.clause(cells, scope)).collect();
        detail = format!("Also: {}. ", also.join("; "));
        if said.len() > 3 {
            detail.push_str("More below. ");
        }
    }
    detail.push_str(&the_rest(cells));
    Verdict { status: worst.status, sentence: format!("{}.", at_start(&worst.clause(cells, scope))), detail }
}

/// Nothing is in trouble.
fn quiet(cells: &[VerdictCell], watching: &[String]) -> Verdict {
    let unseen = count(cells, |s| s == CellStatus::NoData);
    let all = cells.len();
    if all == 0 || unseen == all {
        return Verdict {
            status: CellStatus::NoData,
            sentence: "We cannot tell at the moment: no service has sent data yet.".into(),
            detail: "Grey is not green. Nothing is shown as working before there is fresh evidence for it."
                .into(),
        };
    }
    let sentence = match (watching.first(), unseen) {
        (Some(title), _) => format!("It works again, and we are watching it: {title}."),
        (None, 0) => "Everything works.".into(),
        (None, _) => "Everything that we can measure works.".into(),
    };
    Verdict { status: CellStatus::Operational, sentence, detail: the_rest(cells) }
}

/// `Everything else works: 60 of 63 services; 1 has no data.`
fn the_rest(cells: &[VerdictCell]) -> String {
    let works = count(cells, |s| s == CellStatus::Operational);
    let unseen = count(cells, |s| s == CellStatus::NoData);
    let all = cells.len();
    let start = match works {
        0 => {
            return if unseen > 0 {
                format!("{unseen} of {all} services send no data.")
            } else {
                String::new()
            };
        }
        n if n == all => return format!("{all} of {all} services operational, each on fresh evidence."),
        n if n + unseen == all => format!("{n} of {all} services operational"),
        n => format!("Everything else works: {n} of {all} services operational"),
    };
    match unseen {
        0 => format!("{start}."),
        1 => format!("{start}; 1 sends no data."),
        n => format!("{start}; {n} send no data."),
    }
}

fn count(cells: &[VerdictCell], of: impl Fn(CellStatus) -> bool) -> usize {
    cells.iter().filter(|c| of(c.status)).count()
}

/// Cells of one status that fail in the same countries: one clause.
struct Group {
    status: CellStatus,
    /// Phrase, plural.
    services: Vec<(String, bool)>,
    countries: Vec<String>,
}

fn groups(cells: &[VerdictCell], of: impl Fn(CellStatus) -> bool) -> Vec<Group> {
    let mut by_service: Vec<Group> = Vec::new();
    for cell in cells.iter().filter(|c| of(c.status)) {
        let phrase = service_phrase(&cell.component, &cell.component_name);
        match by_service.iter_mut().find(|g| g.status == cell.status && g.services[0] == phrase) {
            Some(group) => group.countries.push(cell.country.clone()),
            None => by_service.push(Group {
                status: cell.status,
                services: vec![phrase],
                countries: vec![cell.country.clone()],
            }),
        }
    }
    let mut merged: Vec<Group> = Vec::new();
    for group in by_service {
        match merged.iter_mut().find(|g| g.status == group.status && g.countries == group.countries) {
            Some(same) => same.services.extend(group.services),
            None => merged.push(group),
        }
    }
    merged.sort_by_key(|g| std::cmp::Reverse((g.status.rank(), g.services.len() * g.countries.len())));
    merged
}

impl Group {
    fn clause(&self, cells: &[VerdictCell], scope: Scope) -> String {
        let names: Vec<&str> = self.services.iter().map(|s| s.0.as_str()).collect();
        let (what, plural) = match names.len() {
            1 => (names[0].to_owned(), self.services[0].1),
            2 | 3 => (listed(&names), true),
            n => (format!("{n} services"), true),
        };
        let is = if plural { "are" } else { "is" };
        let does = match self.status {
            CellStatus::MajorOutage => format!("{is} not working"),
            CellStatus::PartialOutage => {
                format!(
                    "{} failing for some {}",
                    is,
                    if scope == Scope::Country { "people" } else { "travellers" }
                )
            }
            CellStatus::Degraded => format!("{is} slower or less reliable than usual"),
            CellStatus::UnderMaintenance => format!("{is} under planned maintenance"),
            CellStatus::Operational | CellStatus::NoData => format!("{is} {}", self.status.words()),
        };
        format!("{what} {does}{}", self.place(cells, scope))
    }

    fn place(&self, cells: &[VerdictCell], scope: Scope) -> String {
        if scope == Scope::Country {
            return String::new();
        }
        let mut all: Vec<&str> = cells.iter().map(|c| c.country.as_str()).collect();
        all.sort_unstable();
        all.dedup();
        match self.countries.len() {
            n if n == all.len() && n > 1 && self.status == CellStatus::MajorOutage => {
                " in any country".into()
            }
            n if n == all.len() && n > 1 => " in every country".into(),
            1..=3 => {
                format!(" in {}", listed(&self.countries.iter().map(|c| with_article(c)).collect::<Vec<_>>()))
            }
            n => format!(" in {n} countries"),
        }
    }
}

/// `the United Kingdom`.
fn with_article(country: &str) -> String {
    let needs = country.starts_with("United ") || country.ends_with(" Islands") || country == "Netherlands";
    if needs { format!("the {country}") } else { country.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CellStatus::{Degraded, MajorOutage, NoData, Operational, PartialOutage};

    fn grid(marks: &[(&str, &str, CellStatus)]) -> Vec<VerdictCell> {
        let mut cells = Vec::new();
        for (slug, name, _) in domain::component::DEFAULTS {
            for country in ["France", "Italy", "United Kingdom", "Mexico"] {
                let status =
                    marks.iter().find(|m| m.0 == slug && m.1 == country).map_or(Operational, |m| m.2);
                cells.push(VerdictCell {
                    component: slug.into(),
                    component_name: name.into(),
                    country: country.into(),
                    status,
                });
            }
        }
        cells
    }

    #[test]
    fn the_worst_comes_first_and_the_rest_is_counted() {
        let v = verdict(
            &grid(&[
                ("activation-api", "France", Degraded),
                ("euicc-download", "France", PartialOutage),
                ("voice", "Mexico", NoData),
            ]),
            Scope::Page,
            &[],
        );
        assert_eq!(v.sentence, "New eSIM downloads are failing for some travellers in France.");
        assert_eq!(v.status, PartialOutage);
        assert!(v.detail.starts_with("Also: activations of new eSIMs are slower"), "{}", v.detail);
        assert!(v.detail.ends_with("25 of 28 services operational; 1 sends no data."), "{}", v.detail);
    }

    #[test]
    fn services_that_fail_together_share_a_clause() {
        let v = verdict(
            &grid(&[("voice", "United Kingdom", MajorOutage), ("sms", "United Kingdom", MajorOutage)]),
            Scope::Page,
            &[],
        );
        assert_eq!(v.sentence, "Phone calls and text messages are not working in the United Kingdom.");
    }

    #[test]
    fn everywhere_is_said_as_such() {
        let everywhere =
            ["France", "Italy", "United Kingdom", "Mexico"].map(|c| ("mobile-data", c, MajorOutage));
        assert_eq!(
            verdict(&grid(&everywhere), Scope::Page, &[]).sentence,
            "Mobile data is not working in any country."
        );
    }

    #[test]
    fn silence_is_never_green() {
        let mut cells = grid(&[]);
        cells.iter_mut().for_each(|c| c.status = NoData);
        assert_eq!(verdict(&cells, Scope::Page, &[]).status, NoData);
        cells[0].status = Operational;
        assert_eq!(verdict(&cells, Scope::Page, &[]).sentence, "Everything that we can measure works.");
    }

    #[test]
    fn well_is_said_in_two_words() {
        assert_eq!(verdict(&grid(&[]), Scope::Page, &[]).sentence, "Everything works.");
    }
}
