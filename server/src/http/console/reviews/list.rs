//! All reviews, corrective actions and weeks.

use std::collections::{BTreeMap, HashMap};

use app::console::{
    self,
    model::FormError,
    reviews::{ActionLine, ReviewLine, Reviews, WeekLine},
};
use axum::{extract::Path, http::StatusCode};
use domain::{
    clock::{DAY, Timestamp},
    clock_local::utc_date,
    engagement::promise_words,
    review::State,
    sla::clock::ClockKind,
    week::{Week, date, is_past},
};
use store::{CorrectiveActionRow, Tx};

use super::workspace::{by, standing, told};
use crate::{
    auth::role::Permission,
    commands::{Refusal, rca},
    http::console::{
        desk::{Answer, Desk, see},
        forms,
        now::{Names, due},
    },
};

/// Reviews that the page lists at most.
const REVIEWS_MAX: i64 = 100;
/// Actions done of late that it lists at most.
const DONE_MAX: i64 = 50;
/// Weeks that it looks back.
const WEEKS: usize = 12;

/// The page.
pub async fn list(desk: Desk) -> Answer {
    page(&desk, StatusCode::OK, None).await
}

async fn page(desk: &Desk, status: StatusCode, error: Option<(String, String, FormError)>) -> Answer {
    let now = desk.now();
    let mut tx = desk.read().await?;
    let mut titles = Titles { names: Names::load(&mut tx).await?, known: HashMap::new() };
    let mut open = Vec::new();
    for row in tx.open_actions().await? {
        open.push(action(&mut tx, &mut titles, row, now).await?);
    }
    let mut done = Vec::new();
    for row in tx.done_actions(now.plus(-30 * DAY), DONE_MAX).await? {
        done.push(action(&mut tx, &mut titles, row, now).await?);
    }
    let model = Reviews {
        reviews: reviews(&mut tx, &mut titles, now).await?,
        open,
        done,
        weeks: weeks(&mut tx, now).await?,
        may_write: desk.may(Permission::Respond),
        error,
    };
    Ok(desk.page(status, "Reviews", "/console/reviews", |frame| console::reviews(frame, &model)))
}

/// Titles of incidents, each looked up once.
struct Titles {
    names: Names,
    known: HashMap<String, String>,
}

impl Titles {
    async fn of(&mut self, tx: &mut Tx, id: &str) -> Result<String, Refusal> {
        if let Some(title) = self.known.get(id) {
            return Ok(title.clone());
        }
        let row = tx.incident(id).await?.ok_or(Refusal::NotFound("incident"))?;
        let title = self.names.title(tx, &row).await?;
        self.known.insert(id.to_owned(), title.clone());
        Ok(title)
    }
}

async fn action(
    tx: &mut Tx,
    titles: &mut Titles,
    row: CorrectiveActionRow,
    now: Timestamp,
) -> Result<ActionLine, Refusal> {
    let day = row.due_on.as_deref().and_then(date);
    Ok(ActionLine {
        when: standing(&row),
        is_overdue: row.done_at.is_none() && day.is_some_and(|d| is_past(d, now)),
        owner: row.owner_name.unwrap_or_else(|| "nobody yet".into()),
        incident: (row.incident_id.clone(), titles.of(tx, &row.incident_id).await?),
        id: row.id,
        what: row.what,
        note: row.done_note,
    })
}

async fn reviews(tx: &mut Tx, titles: &mut Titles, now: Timestamp) -> Result<Vec<ReviewLine>, Refusal> {
    let running = tx.running_clocks().await?;
    let mut lines = Vec::new();
    for row in tx.reviews(REVIEWS_MAX).await? {
        let mine = running.iter().filter(|(id, c)| {
            *id == row.incident_id && matches!(c.kind, ClockKind::RcaDraft | ClockKind::RcaFinal)
        });
        let next = mine.map(|(_, c)| c).min_by_key(|c| c.due_at);
        let mut words = by(tx, &row, now).await?;
        if row.state == State::Draft {
            words = match (row.published_at.is_some(), row.note.is_empty()) {
                (true, _) => "being corrected".into(),
                (false, false) => "given back".into(),
                (false, true) => String::new(),
            };
        }
        lines.push(ReviewLine {
            incident: titles.of(tx, &row.incident_id).await?,
            incident_id: row.incident_id,
            state: row.state,
            by: words,
            clock: next.map(|c| (promise_words(c), due(c.due_at.millis(), now))),
        });
    }
    Ok(lines)
}

async fn weeks(tx: &mut Tx, now: Timestamp) -> Result<Vec<WeekLine>, Refusal> {
    let all: Vec<Week> =
        std::iter::successors(Some(Week::of(now)), |w| Some(w.before())).take(WEEKS).collect();
    let Some(oldest) = all.last() else { return Ok(Vec::new()) };
    let mut begun: BTreeMap<Week, usize> = BTreeMap::new();
    for incident in tx.sev3_incidents(oldest.start(), now).await? {
        *begun.entry(Week::of(incident.started_at)).or_default() += 1;
    }
    let written = tx.summaries(&oldest.to_string()).await?;
    let line = |week: Week| {
        let incidents = begun.get(&week).copied().unwrap_or(0);
        let summary = written.iter().find(|s| s.week == week.to_string());
        let state = match summary.map(|s| s.published_at) {
            None => "nothing written yet".to_owned(),
            Some(None) => "written, not published".to_owned(),
            Some(Some(at)) => format!("published {}", utc_date(Timestamp::from_millis(at))),
        };
        (incidents > 0 || summary.is_some()).then(|| WeekLine {
            week: week.to_string(),
            days: week.days(),
            incidents,
            state,
        })
    };
    Ok(all.into_iter().filter_map(line).collect())
}

/// An action was done, or was not after all.
pub async fn set_done(desk: Desk, Path(id): Path<String>) -> Answer {
    let done = async {
        forms::only(&desk.fields, &["note", "done"])?;
        let is_done = desk.fields.one("done") == "yes";
        let mut work = desk.begin().await?;
        let note = desk.fields.one("note");
        let is_public = rca::actions::set_done(&mut work.tx, &work.ctx, &id, is_done, note).await?;
        if is_public { desk.publish(work).await } else { work.commit().await }
    };
    match done.await {
        Ok(()) => Ok(see("/console/reviews")),
        Err(refusal) => {
            let (status, error) = told(refusal)?;
            page(&desk, status, Some((id, desk.fields.one("note").to_owned(), error))).await
        }
    }
}
