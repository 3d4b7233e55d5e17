//! Which components everybody may see measured over time, and what those charts show.

use std::collections::BTreeMap;

use domain::{
    clock::{SECOND, Timestamp},
    telemetry::rollup::{Figures, bucket},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{ComponentRow, KpiScope, Tx};

use super::{Ctx, Refusal, cells::audit};
use crate::{http::fields::Fields, reads::charts::Point};

/// A day by the hour, and ninety days by the day: slots, and how long each is, in seconds.
const DAY: (i64, i64) = (24, 3_600);
const QUARTER: (i64, i64) = (90, 86_400);

/// What the charts of one component in one country show.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// The last 24 hours, by the hour.
    pub day: Vec<Point>,
    /// The last 90 days, by the day.
    pub quarter: Vec<Point>,
}

/// Shows the charts of the ticked components (`chart`, by id), and of no other.
pub async fn choose(tx: &mut Tx, ctx: &Ctx, fields: &Fields) -> Result<(), Refusal> {
    let measured: Vec<ComponentRow> =
        tx.components().await?.into_iter().filter(|c| c.step().is_some()).collect();
    if let Some(other) = fields.all("chart").find(|id| !measured.iter().any(|c| c.id == *id)) {
        let message = format!("No activations measure {other:?}: there is nothing to draw.");
        return Err(Refusal::field("chart", message));
    }
    let before = tx.public_charts().await?;
    for component in &measured {
        let (was, is) = (before.contains(&component.id), fields.all("chart").any(|id| id == component.id));
        match (was, is) {
            (false, true) => {
                tx.insert_public_chart(&component.id, ctx.now, &ctx.actor).await?;
                for drawn in draw(tx, component, ctx.now).await? {
                    save(tx, &drawn, ctx.now).await?;
                }
            }
            (true, false) => tx.delete_public_chart(&component.id).await?,
            _ => {}
        }
    }
    tx.bump_revision(ctx.now).await?;
    let after = tx.public_charts().await?;
    audit(tx, ctx, "choose_public_charts", "page", json!({ "before": before, "after": after })).await
}

/// What is to be shown: component id, ISO code (empty: all countries), and the series.
pub type Drawn = (String, String, Series);

/// Draws the charts of one component: in each of its countries, and over all of them.
pub async fn draw(tx: &mut Tx, component: &ComponentRow, now: Timestamp) -> store::Result<Vec<Drawn>> {
    let Some(step) = component.step() else { return Ok(Vec::new()) };
    let mut sums: BTreeMap<String, Slots> = BTreeMap::new();
    let mut countries = vec![String::new()];
    let cells = tx.cells().await?;
    countries.extend(cells.into_iter().filter(|c| c.component_id == component.id).map(|c| c.country_code));
    for row in tx.kpi_rows(step, &KpiScope::default(), begin(QUARTER, now), now.plus(1)).await? {
        let mut figures = Figures::default();
        row.add_to(&mut figures, step, now)?;
        for country in [String::new(), row.country.clone()] {
            let slots = sums.entry(country).or_default();
            if row.at >= begin(DAY, now) {
                slots.day.entry(bucket(row.at, DAY.1)).or_default().merge(&figures);
            }
            slots.quarter.entry(bucket(row.at, QUARTER.1)).or_default().merge(&figures);
        }
    }
    let drawn = |country: String| {
        let slots = sums.remove(&country).unwrap_or_default();
        let series =
            Series { day: points(&slots.day, DAY, now), quarter: points(&slots.quarter, QUARTER, now) };
        (component.id.clone(), country, series)
    };
    Ok(countries.into_iter().map(drawn).collect())
}

/// Keeps what was drawn.
pub async fn save(tx: &mut Tx, (component, country, series): &Drawn, now: Timestamp) -> store::Result<()> {
    let body = serde_json::to_string(series).unwrap_or_default();
    tx.save_chart_series(component, country, &body, now).await
}

#[derive(Default)]
struct Slots {
    day: BTreeMap<Timestamp, Figures>,
    quarter: BTreeMap<Timestamp, Figures>,
}

/// When the first of these slots begins; the last holds `now`.
fn begin((slots, secs): (i64, i64), now: Timestamp) -> Timestamp {
    bucket(now, secs).plus(-(slots - 1) * secs * SECOND)
}

fn points(all: &BTreeMap<Timestamp, Figures>, (slots, secs): (i64, i64), now: Timestamp) -> Vec<Point> {
    let first = begin((slots, secs), now);
    (0..slots)
        .map(|n| first.plus(n * secs * SECOND))
        .map(|at| Point::of(at, all.get(&at).unwrap_or(&Figures::default())))
        .collect()
}
