//! The status of a cell where something holds it that not everybody sees.

use domain::{
    clock::Timestamp,
    status::{Basis, CellStatus},
};
use store::{CellChangeRow, CellRow};

/// An incident holds a cell at a status for a time.
#[derive(Debug, Clone)]
pub(super) struct Hold {
    pub(super) incident_id: String,
    pub(super) status: CellStatus,
    pub(super) from: Timestamp,
    /// None: it still does.
    pub(super) to: Option<Timestamp>,
}

impl Hold {
    fn is_on(&self, at: Timestamp) -> bool {
        self.from <= at && self.to.is_none_or(|to| at < to)
    }
}

/// The changes of a cell with these holds laid over them: at every moment the worse counts.
pub(super) fn overlay(cell_id: &str, public: &[CellChangeRow], holds: &[Hold]) -> Vec<CellChangeRow> {
    let mut times: Vec<Timestamp> = public.iter().map(|c| c.at).collect();
    times.extend(holds.iter().flat_map(|h| [Some(h.from), h.to]).flatten());
    times.sort_unstable();
    times.dedup();
    let mut out: Vec<CellChangeRow> = Vec::new();
    for at in times {
        let below = public.iter().rev().find(|c| c.at <= at);
        let above = holds.iter().filter(|h| h.is_on(at)).max_by_key(|h| h.status.rank());
        let base = below.map_or(CellStatus::NoData, |c| c.to_status);
        let shown = above.map_or(base, |h| base.worse(h.status));
        let before = out.last().map_or(CellStatus::NoData, |c| c.to_status);
        if shown == before && !out.is_empty() {
            continue;
        }
        let told = below.filter(|c| c.at == at && c.to_status == shown);
        let ended = holds.iter().find(|h| h.to == Some(at));
        let incident = above.or(ended).map(|h| h.incident_id.clone());
        out.push(match told {
            Some(change) => CellChangeRow { from_status: before, ..change.clone() },
            None => CellChangeRow {
                id: 0,
                cell_id: cell_id.to_owned(),
                at,
                from_status: before,
                to_status: shown,
                basis: above.map_or_else(|| below.map_or(Basis::None, |c| c.basis), |_| Basis::Person),
                is_automatic: false,
                cause: if above.is_some() { "Set by a person".into() } else { "Restored".into() },
                incident_id: incident,
            },
        });
    }
    out
}

/// The cell as it is shown with these holds at `now`.
pub(super) fn lay_over(cell: &mut CellRow, holds: &[Hold], now: Timestamp) {
    let newest = holds.iter().flat_map(|h| [Some(h.from), h.to]).flatten().filter(|t| *t <= now).max();
    cell.updated_at = newest.map_or(cell.updated_at, |t| t.max(cell.updated_at));
    let worst = holds.iter().filter(|h| h.is_on(now)).max_by_key(|h| h.status.rank());
    if let Some(hold) = worst.filter(|h| h.status.rank() > cell.status.rank()) {
        cell.status = hold.status;
        cell.basis = Basis::Person;
        cell.since_at = hold.from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(at: i64, from: CellStatus, to: CellStatus) -> CellChangeRow {
        CellChangeRow {
            id: at,
            cell_id: "c".into(),
            at: Timestamp::from_millis(at),
            from_status: from,
            to_status: to,
            basis: Basis::Telemetry,
            is_automatic: true,
            cause: "measured".into(),
            incident_id: None,
        }
    }

    #[test]
    fn at_every_moment_the_worse_counts() {
        use CellStatus::{Degraded, MajorOutage, NoData, Operational, PartialOutage};
        let public = [
            change(0, NoData, Operational),
            change(20, Operational, MajorOutage),
            change(30, MajorOutage, Operational),
        ];
        let at = Timestamp::from_millis;
        let holds = [
            Hold { incident_id: "i".into(), status: PartialOutage, from: at(10), to: Some(at(40)) },
            Hold { incident_id: "j".into(), status: Degraded, from: at(35), to: None },
        ];
        let seen: Vec<(i64, CellStatus)> =
            overlay("c", &public, &holds).iter().map(|c| (c.at.millis(), c.to_status)).collect();
        let expected =
            [(0, Operational), (10, PartialOutage), (20, MajorOutage), (30, PartialOutage), (40, Degraded)];
        assert_eq!(seen, expected);
        let plain: Vec<_> = overlay("c", &public, &[]).iter().map(|c| (c.at.millis(), c.to_status)).collect();
        assert_eq!(plain, [(0, Operational), (20, MajorOutage), (30, Operational)]);
    }
}
