//! Everything that a page shows to somebody, as one consistent read of the database.

mod overlay;
mod partner;
mod story;

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::{
    audience::{Audience, Viewer},
    clock::{DAY, Timestamp},
    notice::Message,
    review::Published,
    sla::{
        availability::Availability,
        ledger::{Line, ledger},
        policy::SeverityMatrix,
    },
    status::{CellStatus, Indicator, page_indicator},
    uptime::{Change, History, history},
    week::{Summary, Week},
};
use store::{
    CellChangeRow, CellRow, ChangeEvidenceRow, ComponentRow, CountryRow, IncidentCellRow, IncidentRow,
    PortfolioRow, PublicEngagementRow, Store, Tx, UpdateCellRow, UpdateRow, UpdateVersionRow, UpstreamRow,
    WeeklySummaryRow, WorkaroundRow,
    policies::{AVAILABILITY, SEVERITY_MATRIX},
};

use crate::commands::public_charts::Series;

/// Changes whose evidence is at hand: those that somebody still looks at.
const PROOFS: i64 = 200;
/// How far back the bars look.
const WINDOW: i64 = 91 * DAY;
/// How far back the history looks.
const STORIES: i64 = 400 * DAY;
/// Incidents that are kept in memory at most.
const INCIDENTS_MAX: i64 = 1_000;

/// An incident with its story.
#[derive(Debug, Clone)]
pub struct Story {
    /// The incident.
    pub row: IncidentRow,
    /// Its cells, in page order.
    pub cells: Vec<String>,
    /// Updates, newest first.
    pub updates: Vec<UpdateRow>,
}

/// What somebody may see at one moment.
#[derive(Debug, Clone)]
pub struct World {
    /// When it was read.
    pub now: Timestamp,
    /// Revision that it was read at.
    pub revision: i64,
    /// Public id of the page.
    pub page_id: String,
    /// Name of the page.
    pub page_name: String,
    /// Whether the page is set up.
    pub is_set_up: bool,
    /// When anything public last changed.
    pub updated_at: Timestamp,
    /// Portfolios in page order.
    pub portfolios: Vec<PortfolioRow>,
    /// Countries in page order.
    pub countries: Vec<CountryRow>,
    /// Components in page order.
    pub components: Vec<ComponentRow>,
    /// Cells in page order: by country, then component.
    pub cells: Vec<CellRow>,
    /// Changes per cell, oldest first.
    pub changes: HashMap<String, Vec<CellChangeRow>>,
    /// What the newest automatic changes rest on, by change.
    pub proofs: HashMap<i64, ChangeEvidenceRow>,
    /// Ninety days per cell.
    pub histories: HashMap<String, History>,
    /// Incidents, newest first.
    pub incidents: Vec<Story>,
    /// Cells that updates changed.
    pub moved: HashMap<String, Vec<UpdateCellRow>>,
    /// Versions of edited updates, oldest first, by update.
    pub versions: HashMap<String, Vec<UpdateVersionRow>>,
    /// What helps, by incident.
    pub workarounds: HashMap<String, Vec<WorkaroundRow>>,
    /// Who was engaged, where that is published, by incident.
    pub engaged: HashMap<String, Vec<PublicEngagementRow>>,
    /// Published reviews as JSON, by incident: they are read when somebody asks for them.
    pub reviews: HashMap<String, String>,
    /// Corrective actions of published reviews that are done, and when.
    pub done_actions: HashMap<String, Timestamp>,
    /// Published weekly summaries as JSON, newest first.
    pub summaries: Vec<(Week, String)>,
    /// Cadence promises made and kept.
    pub ledger: Vec<Line>,
    /// The severity matrix in force.
    pub matrix: SeverityMatrix,
    /// What availability is promised.
    pub availability: Availability,
    /// Whether a partner looks.
    pub is_partners: bool,
    /// Updates of 90 days that went out without the second person that they needed.
    pub published_alone: i64,
    /// Holding statements of 90 days.
    pub automatic_statements: i64,
    /// Dips of 90 days that ended without a published word, and how many of them were told afterwards.
    pub silent_fixes: (i64, i64),
    /// What public charts show, as JSON, by component and country; without a country: all of them.
    pub charts: HashMap<(String, String), String>,
    /// Status pages of suppliers that visitors hear of, by cell.
    pub upstreams: HashMap<String, Vec<UpstreamRow>>,
    /// `08:31 UTC`: when it was read, once the database has been gone for a while.
    pub stale_since: Option<String>,
}

async fn charts(tx: &mut Tx) -> store::Result<HashMap<(String, String), String>> {
    let series = tx.chart_series().await?.into_iter();
    Ok(series.map(|(component, country, body)| ((component, country), body)).collect())
}

impl World {
    /// Reads what everybody may see of what is committed.
    pub async fn load(store: &Store, now: Timestamp) -> store::Result<Self> {
        Self::read(&mut store.read().await?, now, &Viewer::Public, None).await
    }

    /// The same for somebody.
    pub async fn load_for(store: &Store, now: Timestamp, viewer: &Viewer) -> store::Result<Self> {
        Self::read(&mut store.read().await?, now, viewer, None).await
    }

    /// Reads it as a transaction sees it; with one rehearsal, which nobody outside ever sees.
    pub async fn read(
        tx: &mut Tx,
        now: Timestamp,
        viewer: &Viewer,
        rehearsal: Option<&str>,
    ) -> store::Result<Self> {
        let (mut world, held) = Self::everything(tx, now, viewer, rehearsal).await?;
        if let Viewer::Partner(cohort) = viewer {
            partner::narrow(&mut world, tx, cohort, &held).await?;
        }
        Ok(world)
    }

    /// What is on the page and what happened, as far as `viewer` may see it; and what incidents hold.
    async fn everything(
        tx: &mut Tx,
        now: Timestamp,
        viewer: &Viewer,
        rehearsal: Option<&str>,
    ) -> store::Result<(Self, Held)> {
        let (from, stories_from) = (now.plus(-WINDOW), now.plus(-STORIES));
        let page = tx.page().await?;
        let countries = tx.countries().await?;
        let components = tx.components().await?;
        let mut cells = in_order(tx.cells().await?, &countries, &components);
        cells.retain(|c| viewer.sees_cell(&c.id));
        let changes = grouped(changes_since(tx, from).await?, |c| &c.cell_id);
        let histories = cells.iter().map(|c| (c.id.clone(), cell_history(changes.get(&c.id), now))).collect();
        let held = grouped(tx.incident_cells_since(stories_from).await?, |c| &c.incident_id);
        let mut updates = grouped(tx.updates_since(stories_from).await?, |u| &u.incident_id);
        let moved = grouped(tx.update_cells_since(stories_from).await?, |c| &c.update_id);
        let story = |row: IncidentRow| {
            let mine = held.get(&row.id).map(Vec::as_slice).unwrap_or_default();
            let is_mine = |c: &&CellRow| mine.iter().any(|held| held.cell_id == c.id);
            let cells = cells.iter().filter(is_mine).map(|c| c.id.clone()).collect();
            Story { cells, updates: updates.remove(&row.id).unwrap_or_default(), row }
        };
        let rows = visible(tx, viewer, rehearsal, stories_from, &held).await?;
        let seen: HashSet<String> = rows.iter().map(|row| row.id.clone()).collect();
        let incidents = rows.into_iter().map(story).collect();
        let mut reviews = tx.published_reviews_since(stories_from).await?;
        reviews.retain(|(incident, _)| seen.contains(incident));
        let done = tx.done_public_actions_since(stories_from).await?;
        let world = Self {
            now,
            revision: page.as_ref().map_or(0, |p| p.revision),
            page_id: page.as_ref().map(|p| p.id.clone()).unwrap_or_default(),
            page_name: page.as_ref().map(|p| p.name.clone()).unwrap_or_default(),
            is_set_up: page.as_ref().is_some_and(|p| p.is_set_up),
            updated_at: page.map_or(now, |p| p.updated_at),
            portfolios: tx.portfolios().await?,
            countries,
            components,
            cells,
            changes,
            proofs: tx.newest_evidence(PROOFS).await?.into_iter().map(|e| (e.change_id, e)).collect(),
            histories,
            incidents,
            moved,
            versions: grouped(tx.update_versions_since(stories_from).await?, |v| &v.update_id),
            workarounds: grouped(tx.workarounds_since(stories_from).await?, |w| &w.incident_id),
            reviews: reviews.into_iter().collect(),
            done_actions: done.into_iter().map(|(id, at)| (id, at.into())).collect(),
            summaries: summaries(tx.summaries(&Week::of(stories_from).to_string()).await?),
            matrix: tx.policy(SEVERITY_MATRIX).await?.1,
            availability: tx.policy(AVAILABILITY).await?.1,
            is_partners: matches!(viewer, Viewer::Partner(_)),
            published_alone: tx.count_updates_alone(now.plus(-90 * DAY)).await?,
            automatic_statements: tx.count_automatic_updates(now.plus(-90 * DAY)).await?,
            silent_fixes: tx.count_silent_fixes(now.plus(-90 * DAY)).await?,
            engaged: grouped(tx.public_engagements_since(stories_from).await?, |e| &e.incident_id),
            charts: charts(tx).await?,
            upstreams: upstreams(tx).await?,
            ledger: ledger(&tx.cadence_clocks(now.plus(-90 * DAY)).await?, now.plus(-90 * DAY), now),
            stale_since: None,
        };
        Ok((world, held))
    }

    /// The charts of a component in a country (empty: in all of them) that everybody may see.
    #[must_use]
    pub fn charts_of(&self, component: &ComponentRow, country: &str) -> Option<Series> {
        let body = self.charts.get(&(component.id.clone(), country.to_owned()))?;
        serde_json::from_str(body).ok()
    }

    /// A cell.
    #[must_use]
    pub fn cell(&self, id: &str) -> Option<&CellRow> {
        self.cells.iter().find(|c| c.id == id)
    }

    /// A cell's component.
    #[must_use]
    pub fn component_of(&self, cell: &CellRow) -> Option<&ComponentRow> {
        self.components.iter().find(|c| c.id == cell.component_id)
    }

    /// A country.
    #[must_use]
    pub fn country(&self, code: &str) -> Option<&CountryRow> {
        self.countries.iter().find(|c| c.code == code)
    }

    /// An incident.
    #[must_use]
    pub fn incident(&self, id: &str) -> Option<&Story> {
        self.incidents.iter().find(|s| s.row.id == id)
    }

    /// What is published of an incident's review.
    #[must_use]
    pub fn review(&self, incident_id: &str) -> Option<Published> {
        serde_json::from_str(self.reviews.get(incident_id)?).ok()
    }

    /// A published summary.
    #[must_use]
    pub fn summary(&self, week: Week) -> Option<Summary> {
        serde_json::from_str(&self.summaries.iter().find(|(w, _)| *w == week)?.1).ok()
    }

    /// Open incidents: what stops activation or attach first, then the worst, then the newest.
    #[must_use]
    pub fn open(&self) -> Vec<&Story> {
        let mut open: Vec<&Story> = self.incidents.iter().filter(|s| s.row.resolved_at.is_none()).collect();
        open.sort_by_key(|s| (!self.stops_travellers(s), s.row.severity));
        open
    }

    /// Whether an incident keeps travellers from activating or attaching now.
    fn stops_travellers(&self, story: &Story) -> bool {
        story.row.restored_at.is_none()
            && story.cells.iter().filter_map(|id| self.cell(id)).any(|cell| {
                // A component that carries a step of the activation.
                let is_vital = self.component_of(cell).is_some_and(|c| c.step().is_some());
                is_vital && cell.status.rank() >= CellStatus::PartialOutage.rank()
            })
    }

    /// The page's indicator and its words.
    #[must_use]
    pub fn indicator(&self) -> (Indicator, &'static str) {
        let cells: Vec<CellStatus> = self.cells.iter().map(|c| c.status).collect();
        let open: Vec<_> =
            self.open().iter().filter(|s| s.row.restored_at.is_none()).map(|s| s.row.severity).collect();
        page_indicator(&cells, &open)
    }
}

/// What suppliers' own pages say, by the cells that they are about.
async fn upstreams(tx: &mut Tx) -> store::Result<HashMap<String, Vec<UpstreamRow>>> {
    let pages = tx.public_upstreams().await?;
    let mut notes: HashMap<String, Vec<UpstreamRow>> = HashMap::new();
    if pages.is_empty() {
        return Ok(notes);
    }
    for (id, cell) in tx.public_upstream_cells().await? {
        notes.entry(cell).or_default().extend(pages.iter().find(|p| p.id == id).cloned());
    }
    Ok(notes)
}

/// What incidents hold, by incident.
type Held = HashMap<String, Vec<IncidentCellRow>>;

/// The incidents that `viewer` may see, newest first.
async fn visible(
    tx: &mut Tx,
    viewer: &Viewer,
    rehearsal: Option<&str>,
    from: Timestamp,
    held: &Held,
) -> store::Result<Vec<IncidentRow>> {
    let mut rows = match viewer {
        Viewer::Staff => tx.incidents_since(from, INCIDENTS_MAX).await?,
        other => tx.incidents_for(other.partner_id().unwrap_or_default(), from, INCIDENTS_MAX).await?,
    };
    let mut audiences: HashMap<String, BTreeSet<String>> = HashMap::new();
    for (incident, partner) in tx.audiences_since(from).await? {
        audiences.entry(incident).or_default().insert(partner);
    }
    rows.retain(|row| {
        let audience = match row.is_public {
            true => Audience::Public,
            false => Audience::Partners(audiences.remove(&row.id).unwrap_or_default()),
        };
        let cells = held.get(&row.id).into_iter().flatten().map(|c| c.cell_id.as_str());
        (!row.is_rehearsal || rehearsal == Some(row.id.as_str())) && viewer.sees(&audience, cells)
    });
    Ok(rows)
}

/// The four fields of an update.
#[must_use]
pub fn message(update: &UpdateRow) -> Message {
    Message {
        known: update.known.clone(),
        unknown: update.unknown.clone(),
        next_steps: update.next_steps.clone(),
        customer_action: update.customer_action.clone(),
    }
}

fn summaries(rows: Vec<WeeklySummaryRow>) -> Vec<(Week, String)> {
    rows.into_iter().filter_map(|r| Some((Week::parse(&r.week)?, r.published?))).collect()
}

/// Rows by what they belong to, in their order.
fn grouped<T>(rows: Vec<T>, key: impl Fn(&T) -> &String) -> HashMap<String, Vec<T>> {
    let mut groups: HashMap<String, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row).clone()).or_default().push(row);
    }
    groups
}

/// The changes of all cells since `from`, and what each was before.
async fn changes_since(tx: &mut Tx, from: Timestamp) -> store::Result<Vec<CellChangeRow>> {
    let mut changes = tx.statuses_before(from).await?;
    changes.extend(tx.cell_changes(from, 0).await?);
    Ok(changes)
}

fn in_order(cells: Vec<CellRow>, countries: &[CountryRow], components: &[ComponentRow]) -> Vec<CellRow> {
    let country: HashMap<&str, usize> =
        countries.iter().enumerate().map(|(i, c)| (c.code.as_str(), i)).collect();
    let component: HashMap<&str, usize> =
        components.iter().enumerate().map(|(i, c)| (c.id.as_str(), i)).collect();
    let mut cells = cells;
    cells.sort_by_key(|c| {
        (country.get(c.country_code.as_str()).copied(), component.get(c.component_id.as_str()).copied())
    });
    cells
}

fn cell_history(changes: Option<&Vec<CellChangeRow>>, now: Timestamp) -> History {
    let changes: Vec<Change> =
        changes.into_iter().flatten().map(|c| Change { at: c.at, to: c.to_status }).collect();
    history(&changes, now)
}

impl domain::scope::Names for World {
    fn component(&self, slug: &str) -> Option<String> {
        self.components.iter().find(|c| c.slug == slug).map(|c| c.name.clone())
    }

    fn country(&self, code: &str) -> Option<String> {
        self.country(code).map(|c| c.name.clone())
    }

    fn portfolio(&self, slug: &str) -> Option<String> {
        self.portfolios.iter().find(|p| p.slug == slug).map(|p| p.name.clone())
    }

    fn incident(&self, id: &str) -> Option<String> {
        self.incident(id).map(|s| s.row.title.clone())
    }
}
