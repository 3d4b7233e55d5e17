//! The field's words: phases, severities, statuses, the four fields of an update.

use super::{Language, Word, words};
use crate::{incident::Phase, severity::Severity, status::CellStatus};

words! {
    INVESTIGATING = "Investigating", "In Untersuchung", "En cours d’analyse", "En investigación", "In fase di analisi", "Em investigação";
    IDENTIFIED = "Identified", "Ursache gefunden", "Cause identifiée", "Causa identificada", "Causa individuata", "Causa identificada";
    MONITORING = "Monitoring", "Unter Beobachtung", "Sous surveillance", "En observación", "In osservazione", "Em monitorização";
    RESOLVED = "Resolved", "Behoben", "Résolu", "Resuelto", "Risolto", "Resolvido";
    CRITICAL = "Critical", "Kritisch", "Critique", "Crítica", "Critica", "Crítica";
    MAJOR = "Major", "Schwerwiegend", "Majeure", "Grave", "Grave", "Grave";
    MINOR = "Minor", "Geringfügig", "Mineure", "Leve", "Lieve", "Ligeira";
    INFORMATIONAL = "Informational", "Zur Information", "Pour information", "Informativa", "Informativa", "Informativa";
    OPERATIONAL = "operational", "in Betrieb", "opérationnel", "operativo", "operativo", "operacional";
    DEGRADED = "degraded performance", "eingeschränkte Leistung", "performances dégradées", "rendimiento degradado", "prestazioni ridotte", "desempenho reduzido";
    PARTIAL_OUTAGE = "partial outage", "teilweiser Ausfall", "panne partielle", "interrupción parcial", "interruzione parziale", "interrupção parcial";
    MAJOR_OUTAGE = "major outage", "schwerer Ausfall", "panne majeure", "interrupción grave", "interruzione grave", "interrupção grave";
    UNDER_MAINTENANCE = "under maintenance", "in Wartung", "en maintenance", "en mantenimiento", "in manutenzione", "em manutenção";
    NO_DATA = "no data", "keine Daten", "aucune donnée", "sin datos", "nessun dato", "sem dados";
}

/// The word shown for a phase.
#[must_use]
pub const fn phase(phase: Phase) -> Word {
    match phase {
        Phase::Investigating => INVESTIGATING,
        Phase::Identified => IDENTIFIED,
        Phase::Monitoring => MONITORING,
        Phase::Resolved => RESOLVED,
    }
}

/// The word shown for a severity. `Sev 2` itself is the same everywhere: it is what the matrix calls it.
#[must_use]
pub const fn severity(severity: Severity) -> Word {
    match severity {
        Severity::Sev1 => CRITICAL,
        Severity::Sev2 => MAJOR,
        Severity::Sev3 => MINOR,
        Severity::Sev4 => INFORMATIONAL,
    }
}

/// The word shown for a status.
#[must_use]
pub const fn status(status: CellStatus) -> Word {
    match status {
        CellStatus::Operational => OPERATIONAL,
        CellStatus::Degraded => DEGRADED,
        CellStatus::PartialOutage => PARTIAL_OUTAGE,
        CellStatus::MajorOutage => MAJOR_OUTAGE,
        CellStatus::UnderMaintenance => UNDER_MAINTENANCE,
        CellStatus::NoData => NO_DATA,
    }
}

impl Language {
    /// `Sev 2 · Major`.
    #[must_use]
    pub fn severity(self, of: Severity) -> String {
        format!("{} · {}", of.label(), self.say(severity(of)))
    }
}
