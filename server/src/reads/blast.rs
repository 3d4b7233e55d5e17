//! Who hears of a publication, and which key accounts it touches, before it goes out.

use domain::{
    clock::Timestamp,
    clock_local::{hour_minute, listed, zone},
};
use serde_json::{Value, json};
use store::{PartnerRow, Tx};

/// What some cells touch.
#[derive(Debug, Clone, Default)]
pub struct Blast {
    /// Countries of the cells.
    pub countries: Vec<String>,
    /// Subscribers who would be told, by channel.
    pub channels: Vec<(String, i64)>,
    /// Key accounts that sell any of the cells.
    pub partners: Vec<PartnerRow>,
}

impl Blast {
    /// Reads it. A subscriber is told who chose the whole page, or one of the countries; as the outbox does it.
    pub async fn load(tx: &mut Tx, cells: &[String]) -> store::Result<Self> {
        let mut countries: Vec<String> =
            tx.cells().await?.into_iter().filter(|c| cells.contains(&c.id)).map(|c| c.country_code).collect();
        countries.sort();
        countries.dedup();
        if countries.is_empty() {
            return Ok(Self::default());
        }
        let mut channels: Vec<(String, i64)> = Vec::new();
        for (channel, chosen, count) in tx.count_recipients().await? {
            let chosen: Option<Vec<String>> = chosen.and_then(|json| serde_json::from_str(&json).ok());
            if chosen.is_some_and(|chosen| !chosen.iter().any(|c| countries.contains(c))) {
                continue;
            }
            match channels.iter_mut().find(|(name, _)| *name == channel) {
                Some((_, n)) => *n += count,
                None => channels.push((channel, count)),
            }
        }
        let sold = tx.partner_cells().await?;
        let sells = |p: &PartnerRow| sold.iter().any(|(id, cell)| *id == p.id && cells.contains(cell));
        let partners = tx.partners().await?.into_iter().filter(sells).collect();
        Ok(Self { countries, channels, partners })
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
            true => "Nobody has subscribed to this; the page and the feeds will show it.".to_owned(),
            false => format!("Publishing tells {}.", listed(&told)),
        };
        let there = |p: &PartnerRow| format!("{} ({} there)", p.name, hour_minute(now, zone(&p.zone)));
        let partners: Vec<String> = self.partners.iter().map(there).collect();
        match partners.as_slice() {
            [] => format!("{told} No key account sells this."),
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
