//! Who hears of a publication, and which key accounts it touches, before it goes out.

use std::collections::HashMap;

use domain::{
    audience::Audience,
    clock::Timestamp,
    clock_local::{hour_minute, listed, zone},
    scope::{Matter, Scope},
    severity::Severity,
};
use serde_json::{Value, json};
use store::{PartnerRow, Tx};

use crate::commands::audiences;

/// What some cells touch.
#[derive(Debug, Clone, Default)]
pub struct Blast {
    /// Countries of the cells.
    pub countries: Vec<String>,
    /// Subscribers who would be told, by channel.
    pub channels: Vec<(String, i64)>,
    /// Key accounts that sell any of the cells.
    pub partners: Vec<PartnerRow>,
    /// Whether only those learn of it.
    pub is_private: bool,
}

impl Blast {
    /// Of an incident that is about to be declared on some cells, for some partners or (none) for everybody; `worst`: its
    /// severity, if it is chosen.
    pub async fn of_cells(
        tx: &mut Tx,
        cells: &[String],
        partners: &[String],
        worst: Option<Severity>,
        now: Timestamp,
    ) -> store::Result<Self> {
        let matter = Matter { worst, spots: tx.spots_of(cells).await?, ..Matter::default() };
        let audience = match partners {
            [] => Audience::Public,
            partners => Audience::Partners(partners.iter().cloned().collect()),
        };
        Self::load(tx, cells, &matter, &audience, now).await
    }

    /// Of the next update of an incident.
    pub async fn of_incident(tx: &mut Tx, id: &str, now: Timestamp) -> store::Result<Self> {
        let cells: Vec<String> = tx.incident_cells(id).await?.into_iter().map(|c| c.cell_id).collect();
        let matter = tx.matter(id).await?;
        let audience = tx.audience(id).await?.unwrap_or(Audience::Public);
        Self::load(tx, &cells, &matter, &audience, now).await
    }

    /// By the same rule as the outbox.
    async fn load(
        tx: &mut Tx,
        cells: &[String],
        whole: &Matter,
        audience: &Audience,
        now: Timestamp,
    ) -> store::Result<Self> {
        let mut countries: Vec<String> = whole.spots.iter().map(|s| s.country.clone()).collect();
        countries.sort();
        countries.dedup();
        if countries.is_empty() {
            return Ok(Self::default());
        }
        let mut channels: Vec<(String, i64)> = Vec::new();
        let mut matters: HashMap<Option<String>, Option<Matter>> = HashMap::new();
        for chosen in tx.count_recipients(now).await? {
            if !matters.contains_key(&chosen.partner_id) {
                let about = (whole, audience, cells);
                let matter = audiences::matter_for(tx, chosen.partner_id.as_deref(), about).await?;
                matters.insert(chosen.partner_id.clone(), matter);
            }
            let Some(Some(matter)) = matters.get(&chosen.partner_id) else { continue };
            let scope = Scope::from_json(&chosen.scope);
            if !scope.is_some_and(|s| s.covers(matter, now, &chosen.time_zone)) {
                continue;
            }
            match channels.iter_mut().find(|(name, _)| *name == chosen.channel) {
                Some((_, n)) => *n += chosen.count,
                None => channels.push((chosen.channel, chosen.count)),
            }
        }
        let sold = tx.partner_cells().await?;
        let is_for = |p: &PartnerRow| match audience {
            Audience::Public => true,
            Audience::Partners(ids) => ids.contains(&p.id),
        };
        let sells =
            |p: &PartnerRow| is_for(p) && sold.iter().any(|(id, cell)| *id == p.id && cells.contains(cell));
        let partners = tx.partners().await?.into_iter().filter(sells).collect();
        Ok(Self { countries, channels, partners, is_private: *audience != Audience::Public })
    }

    /// Subscribers in all.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.channels.iter().map(|(_, n)| n).sum()
    }

    /// `Tells 12 by e-mail and 3 by webhook. Key accounts that sell this: Globex (10:10 there).`
    #[must_use]
    pub fn words(&self, now: Timestamp) -> String {
        if self.countries.is_empty() {
            return "Choose what is affected; Preview then says who will be told.".into();
        }
        let by = |channel: &str| if channel == "email" { "e-mail".to_owned() } else { channel.to_owned() };
        let told: Vec<String> = self.channels.iter().map(|(c, n)| format!("{n} by {}", by(c))).collect();
        let told = match told.is_empty() {
            true if self.is_private => {
                "Nobody of theirs has subscribed to this; their pages and feeds will show it.".to_owned()
            }
            true => "Nobody has subscribed to this; the page and the feeds will show it.".to_owned(),
            false => format!("Publishing tells {}.", listed(&told)),
        };
        let there = |p: &PartnerRow| format!("{} ({} there)", p.name, hour_minute(now, zone(&p.zone)));
        let partners: Vec<String> = self.partners.iter().map(there).collect();
        match partners.as_slice() {
            [] => format!("{told} No key account sells this."),
            some if self.is_private => format!("{told} Only for {}.", listed(some)),
            [one] => format!("{told} One key account sells this: {one}."),
            all => format!("{told} {} key accounts sell this: {}.", all.len(), listed(all)),
        }
    }

    /// For machines.
    #[must_use]
    pub fn json(&self, now: Timestamp) -> Value {
        let channels: serde_json::Map<String, Value> =
            self.channels.iter().map(|(channel, n)| (channel.clone(), json!(n))).collect();
        let partner = |p: &PartnerRow| json!({ "name": p.name, "label": p.label, "zone": p.zone, "local_time": hour_minute(now, zone(&p.zone)) });
        json!({
            "countries": self.countries,
            "subscribers": self.total(),
            "channels": channels,
            "partners": self.partners.iter().map(partner).collect::<Vec<_>>(),
            "words": self.words(now),
        })
    }
}
