//! What console pages show: plain strings and numbers.

use domain::{severity::Severity, status::CellStatus};

use super::found::Found;

/// A problem with a submitted form: beside which field, and what.
#[derive(Debug, Clone, Default)]
pub struct FormError {
    /// Name of the field; empty: the form as a whole.
    pub field: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// A point in time as the console shows it.
#[derive(Debug, Clone, Default)]
pub struct Due {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// `09:20 UTC`.
    pub words: String,
}

/// A running clock on the board.
#[derive(Debug, Clone)]
pub struct ClockLine {
    /// When it falls due.
    pub due: Due,
    /// What is promised, and by whom if it is a supplier.
    pub promise: String,
    /// The incident's public id.
    pub incident_id: String,
    /// The incident's title with prefix.
    pub incident: String,
    /// Who must act; empty: nobody has that part yet.
    pub who: String,
    /// Outside its business hours.
    pub is_paused: bool,
    /// The one action: label and fragment of the incident's page.
    pub action: (&'static str, &'static str),
}

/// A proposal of automation.
#[derive(Debug, Clone)]
pub struct ProposalLine {
    /// Public id.
    pub id: String,
    /// What its cells have in common, or the one cell: `eUICC download`.
    pub title: String,
    /// Its cells: `eUICC download · France`.
    pub cells: Vec<String>,
    /// Who proposes: `telemetry`, `an alert`.
    pub from: &'static str,
    /// When it is declared by itself, or why it was not; may be empty.
    pub note: String,
    /// Proposed severity.
    pub severity: Severity,
    /// What the cell would be.
    pub status: CellStatus,
    /// The figures.
    pub evidence: String,
    /// `14:50 UTC`.
    pub since: String,
}

/// A key that would turn too much of the grid.
#[derive(Debug, Clone)]
pub struct HoldLine {
    /// Public id.
    pub id: String,
    /// What the key is for.
    pub key: String,
    /// Since when.
    pub since: String,
    /// Cells with what they would be and on what figures.
    pub cells: Vec<String>,
}

/// An incident in a list.
#[derive(Debug, Clone)]
pub struct IncidentLine {
    /// Public id.
    pub id: String,
    /// Title with prefix.
    pub title: String,
    /// Severity.
    pub severity: Severity,
    /// `Identified`.
    pub phase: &'static str,
    /// `2 Mar 2026, 08:10 UTC`.
    pub started: String,
    /// `52 minutes`, or how long it has been open.
    pub lasted: String,
    /// The running promise.
    pub next_update: Option<Due>,
}

/// The clock board.
#[derive(Debug, Clone, Default)]
pub struct Now {
    /// Running clocks, soonest first.
    pub clocks: Vec<ClockLine>,
    /// Open proposals, worst first.
    pub proposals: Vec<ProposalLine>,
    /// Changes that wait because one key told of all of them.
    pub holds: Vec<HoldLine>,
    /// Open incidents.
    pub open: Vec<IncidentLine>,
    /// What clocks told this person: words and incident.
    pub reminders: Vec<(String, String)>,
    /// Texts that wait for a second person, or for their time.
    pub waiting: Vec<super::command::DraftLine>,
    /// Dips that ended without a word.
    pub silent_fixes: Vec<SilentFix>,
    /// Whether this person may decide on them.
    pub may_command: bool,
    /// What this person saved: words and where it goes on.
    pub saved: Vec<(String, String)>,
    /// What is wrong with the sources of telemetry, in sentences.
    pub sources: Vec<String>,
    /// What matters about suppliers and launches: a sentence, and where to look.
    pub watch: Vec<(String, String)>,
    /// One sentence on deliveries.
    pub delivery: String,
}

/// The four fields as typed.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// What we know.
    pub known: String,
    /// What we don't know.
    pub unknown: String,
    /// What we do next.
    pub next_steps: String,
    /// What customers should do.
    pub customer_action: String,
}

/// A cell to choose.
#[derive(Debug, Clone)]
pub struct CellChoice {
    /// Public id.
    pub id: String,
    /// ISO code of its country.
    pub code: String,
    /// Country name.
    pub country: String,
    /// Component name.
    pub component: String,
    /// What it shows now.
    pub now: CellStatus,
    /// What the form sets it to; none: not affected.
    pub chosen: Option<CellStatus>,
}

/// The form that declares an incident.
#[derive(Debug, Clone, Default)]
pub struct Declare {
    /// Title as typed.
    pub title: String,
    /// 1 to 4.
    pub severity: i64,
    /// `2026-03-02T08:10`, UTC.
    pub started: String,
    /// The four fields.
    pub fields: Fields,
    /// Every cell, by country.
    pub cells: Vec<CellChoice>,
    /// ISO code and words of what helps in a country.
    pub workarounds: Vec<(String, String)>,
    /// Partners that it may be for alone: id, name, and whether it was ticked.
    pub partners: Vec<(String, String, bool)>,
    /// The proposal that it comes from, and its evidence.
    pub proposal: Option<(String, String)>,
    /// What was asked in the explorer, and the figures.
    pub explored: Option<(String, String)>,
    /// The rehearsal that it belongs to: id and name.
    pub rehearsal: Option<(String, String)>,
    /// Per severity: number, label, cadence and examples.
    pub severities: Vec<(i64, String, String)>,
    /// Earlier promise as typed, or empty.
    pub next_update: String,
    /// Makes a double click harmless.
    pub idempotency_key: String,
    /// Where it may start from.
    pub origins: super::engagement::Origins,
    /// Who will be told, and which key accounts it touches.
    pub blast: String,
    /// How it is handed in.
    pub acts: super::command::Acts,
    /// `Restored from your draft of 08:12 UTC`.
    pub restored: Option<String>,
    /// What was wrong.
    pub error: Option<FormError>,
}

/// One update in the timeline.
#[derive(Debug, Clone)]
pub struct UpdateItem {
    /// `Identified`, `Restored`, …
    pub what: String,
    /// `09:14 UTC`.
    pub at: String,
    /// Who published.
    pub by: String,
    /// Label and text of the filled fields.
    pub fields: Vec<(&'static str, String)>,
    /// `eUICC download · France: partial outage → operational`.
    pub changes: Vec<String>,
    /// Where its text can be edited; none: not by this person.
    pub edit: Option<String>,
    /// `approved by Ben`, `glass broken: …`, `automatic`.
    pub signed: String,
}

/// One clock in the incident's margin.
#[derive(Debug, Clone)]
pub struct ClockItem {
    /// What is promised, and by whom if it is a supplier.
    pub promise: String,
    /// `met`, `breached`, `running`, `cancelled`.
    pub state: &'static str,
    /// When it is or was due.
    pub due: Due,
    /// In words: `met 08:22 UTC`, `4 minutes late`.
    pub words: String,
}

/// An incident with its forms.
#[derive(Debug, Clone)]
pub struct Incident {
    /// Public id.
    pub id: String,
    /// Title with prefix.
    pub title: String,
    /// Severity.
    pub severity: Severity,
    /// `Identified`.
    pub phase: &'static str,
    /// Phase slug.
    pub phase_slug: &'static str,
    /// Where readers see it: address and words.
    pub page: (String, &'static str),
    /// Optimistic lock.
    pub version: i64,
    /// `08:10 UTC (10:10 in France)`.
    pub started: String,
    /// The running promise.
    pub next_update: Option<Due>,
    /// The latest time policy allows for the next promise.
    pub latest: String,
    /// Evidence sentence, if it came from a proposal.
    pub evidence: String,
    /// `eUICC download · France`, with what each shows.
    pub cells: Vec<CellChoice>,
    /// ISO code and words of what helps in a country.
    pub workarounds: Vec<(String, String)>,
    /// Newest first.
    pub updates: Vec<UpdateItem>,
    /// Clocks, soonest first.
    pub clocks: Vec<ClockItem>,
    /// Which form is open: `updates`, `reclassify`, `restore`, `resolve`.
    pub form: &'static str,
    /// As typed.
    pub fields: Fields,
    /// Phase as chosen.
    pub chosen_phase: String,
    /// Severity as chosen.
    pub chosen_severity: i64,
    /// Reason as typed.
    pub reason: String,
    /// Promise as typed.
    pub next_update_typed: String,
    /// Makes a double click harmless.
    pub idempotency_key: String,
    /// What was wrong.
    pub error: Option<FormError>,
    /// Whether this person may draft.
    pub may_respond: bool,
    /// Whether this person may publish, and command.
    pub may_publish: bool,
    /// Whether this person may reclassify, restore and resolve.
    pub may_command: bool,
    /// `Publish to 12 subscribers`.
    pub audience: String,
    /// Whether a second person is needed at this severity.
    pub needs_second: bool,
    /// Reason for publishing alone, as typed.
    pub break_glass: String,
    /// Time of publication, as typed.
    pub publish_at: String,
    /// What the rules of writing find in the form as typed.
    pub findings: Vec<super::writing::Found>,
    /// What readers would get of the form as typed.
    pub seen: Option<super::command::Seen>,
    /// `Restored from your draft of 08:12 UTC`.
    pub restored: Option<String>,
    /// Who is called in.
    pub engagement: super::engagement::Section,
    /// Who will be told, and which key accounts it touches.
    pub blast: String,
    /// Who leads.
    pub leads: super::command::Leads,
    /// Texts about it that wait.
    pub waiting: Vec<super::command::DraftLine>,
    /// Incidents that it could be part of: id and title.
    pub others: Vec<(String, String)>,
    /// Which of them was chosen.
    pub into: String,
    /// In which it goes on: title and id.
    pub goes_on: Option<(String, String)>,
    /// When it was entered, if that was afterwards.
    pub entered: Option<String>,
    /// Notes of our own, newest first: when and who, text.
    pub notes: Vec<(String, String)>,
    /// The note as typed, and what was wrong with it.
    pub note: (String, Option<FormError>),
    /// Where its review stands; none: it has none.
    pub review: Option<&'static str>,
    /// Facts for single partners.
    pub facts: super::partners::Facts,
}

/// A cell was in trouble and came back, and nobody told.
#[derive(Debug, Clone)]
pub struct SilentFix {
    /// Its id.
    pub id: String,
    /// `eUICC download · France`.
    pub cell: String,
    /// The worst that it showed.
    pub worst: CellStatus,
    /// `2 Mar, 08:10 UTC, for 12 minutes`.
    pub when: String,
    /// Of the change that began it.
    pub cause: String,
}

/// One cell in the telemetry list.
#[derive(Debug, Clone)]
pub struct CellLine {
    /// Public id.
    pub id: String,
    /// Country name.
    pub country: String,
    /// Component name.
    pub component: String,
    /// What it shows.
    pub status: CellStatus,
    /// `telemetry`, `person`, `none`.
    pub basis: &'static str,
    /// The figures, or why there are none.
    pub evidence: String,
    /// `12 min`.
    pub since: String,
}

/// One cell with its pin.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The cell.
    pub line: CellLine,
    /// What automation thinks.
    pub telemetry: CellStatus,
    /// More figures: label and value.
    pub figures: Vec<(&'static str, String)>,
    /// Pinned: status, by whom, why.
    pub pin: Option<(CellStatus, String, String)>,
    /// Flapping: frozen until.
    pub frozen: Option<String>,
    /// The policy that it is under: words and address.
    pub policy: (String, String),
    /// It would be worse, and why it is not.
    pub withheld: Option<String>,
    /// Changes, the newest first.
    pub changes: Vec<CellChangeLine>,
    /// Whether this person may pin.
    pub may_pin: bool,
    /// Reason as typed.
    pub reason: String,
    /// What was wrong.
    pub error: Option<FormError>,
}

/// A change of a cell.
#[derive(Debug, Clone)]
pub struct CellChangeLine {
    /// `14:50 UTC: operational → partial outage – cause`.
    pub words: String,
    /// What it rests on: samples, window, policy and version, sources; may be empty.
    pub rests_on: String,
    /// Success before it.
    pub chart: Option<domain::telemetry::chart::Chart>,
}

/// The subscribers page.
#[derive(Debug, Clone, Default)]
pub struct Subscribers {
    /// `e-mail`, `confirmed`, count.
    pub counts: Vec<(String, String, i64)>,
    /// Whether the mail relay can be reached, in words.
    pub mail: String,
    /// Why mail that is no news of an incident is held up, and since when; none: it is not.
    pub held_up: Option<String>,
    /// Why digests of measured changes are held, and since when; none: they are not.
    pub held_digests: Option<String>,
    /// Whether this person may let them leave.
    pub may_command: bool,
    /// How each channel does.
    pub channels: Vec<ChannelLine>,
    /// Whether this person may bring subscribers in.
    pub may_own: bool,
    /// The file, as typed.
    pub csv: String,
    /// How they agreed, as typed.
    pub consent: String,
    /// What was done, in a sentence.
    pub done: Option<String>,
    /// What was wrong.
    pub error: Option<FormError>,
    /// Whom somebody looks for; at first, the newest.
    pub found: Found,
}

/// One subscriber.
#[derive(Debug, Clone, Default)]
pub struct SubscriberPage {
    /// Public id.
    pub id: String,
    /// Masked.
    pub address: String,
    /// `email`, `webhook`, `slack`, `teams` or `discord`.
    pub channel: String,
    /// `confirmed, paused`.
    pub state: String,
    /// Label and value.
    pub facts: Vec<(String, String)>,
    /// What can be done: verb and label.
    pub verbs: Vec<(String, String)>,
    /// The newest first.
    pub messages: Vec<SubscriberMessage>,
    /// When, how long, `taken` or `failed`, answer.
    pub attempts: Vec<(String, String, &'static str, String)>,
    /// What was done, in a sentence.
    pub done: Option<String>,
    /// What was wrong.
    pub error: Option<FormError>,
}

/// A message to a subscriber.
#[derive(Debug, Clone, Default)]
pub struct SubscriberMessage {
    /// When it was first due.
    pub at: String,
    /// What it was about.
    pub what: String,
    /// `delivered`.
    pub state: String,
    /// So far.
    pub attempts: i64,
    /// The peer's last words.
    pub answer: String,
    /// What its `webhook-id` holds, if it can be sent again.
    pub again: Option<String>,
}

/// How a channel did in the past hour.
#[derive(Debug, Clone, Default)]
pub struct ChannelLine {
    /// `email`.
    pub name: String,
    /// `12 Sev 1, 3 others`.
    pub waiting: String,
    /// Age of the oldest; may be empty.
    pub oldest: String,
    /// How many were delivered.
    pub delivered: i64,
    /// `4.2 a minute just now`; may be empty.
    pub rate: String,
    /// `median 0.4 s, 95 % within 1.2 s`; may be empty.
    pub took: String,
    /// `0.4 %`.
    pub failed: String,
    /// More fail than may.
    pub is_no_go: bool,
}

/// The settings page.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Portfolio id, name, and its countries in words.
    pub portfolios: Vec<(String, String, String)>,
    /// Component name, slug, bound step.
    pub components: Vec<(String, String, String)>,
    /// Components that activations measure: id, name, and whether everybody sees their charts.
    pub charts: Vec<(String, String, bool)>,
    /// Whether this person may change the grid.
    pub may_maintain: bool,
    /// What was wrong.
    pub error: Option<FormError>,
}

/// The people page.
#[derive(Debug, Clone, Default)]
pub struct People {
    /// Id, name, address, role, whether disabled, whether it is oneself.
    pub people: Vec<(String, String, String, &'static str, bool, bool)>,
    /// A person just added: name, one-time password.
    pub added: Option<(String, String)>,
    /// What was wrong.
    pub error: Option<FormError>,
}

/// The first-run form, as typed.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Name of the page.
    pub page_name: String,
    /// The owner's name.
    pub name: String,
    /// The owner's address.
    pub email: String,
    /// One portfolio a line: `Western Europe: FR IT ES`.
    pub countries: String,
    /// What was wrong.
    pub error: Option<FormError>,
}
