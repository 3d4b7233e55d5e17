//! Filling a form from the template in use.

use domain::{
    clock::Timestamp,
    clock_local::{duration_words, listed, utc_time},
    severity::Severity,
    sla::policy::SeverityMatrix,
    writing::template::{Facts, Slot, TemplateKind},
};
use store::{IncidentRow, Tx, policies::SEVERITY_MATRIX};

use crate::{
    commands::{
        Refusal,
        kept::{self, Form},
        templates::in_use,
    },
    http::{console::now::Names, fields::Fields},
};

/// Which kind of template belongs to a form; a reclassification has none.
const fn kind(form: Form) -> Option<TemplateKind> {
    match form {
        Form::Declare => Some(TemplateKind::Initial),
        Form::Updates => Some(TemplateKind::Progress),
        Form::Restore | Form::Resolve | Form::Merge => Some(TemplateKind::Restore),
        Form::Reclassify => None,
    }
}

/// The form with its blank fields filled; what was typed stays as it is.
pub(crate) async fn filled(
    tx: &mut Tx,
    form: Form,
    incident_id: &str,
    fields: &Fields,
    now: Timestamp,
) -> Result<Fields, Refusal> {
    let kind = kind(form).ok_or(Refusal::NotFound("template"))?;
    let row = match form {
        Form::Declare => None,
        _ => Some(tx.incident(incident_id).await?.ok_or(Refusal::NotFound("incident"))?),
    };
    let typed = fields.one("severity").parse().ok().and_then(|n: i64| Severity::try_from(n).ok());
    let severity = row.as_ref().map(|r| r.severity).or(typed).unwrap_or(Severity::Sev2);
    let slot = Slot { severity, kind };
    let (_, template) = in_use(tx).await?.remove(&slot).unwrap_or_default();
    let mut facts = facts(tx, severity, row.as_ref(), fields, now).await?;
    let mut out = fields.clone();
    if row.is_none() && fields.some("title").is_none() {
        let title = template.fill(&facts).title;
        facts.insert("title", title.clone());
        out.set("title", title);
    }
    for (name, text) in template.fill(&facts).fields() {
        if name != "title" && out.some(name).is_none() {
            out.set(name, text.to_owned());
        }
    }
    Ok(out)
}

/// What the placeholders stand for, as the form and the record know it.
async fn facts(
    tx: &mut Tx,
    severity: Severity,
    row: Option<&IncidentRow>,
    fields: &Fields,
    now: Timestamp,
) -> Result<Facts, Refusal> {
    let (_, matrix): (i64, SeverityMatrix) = match row {
        Some(row) => (row.policy_version, tx.severity_matrix(row.policy_version).await?),
        None => tx.policy(SEVERITY_MATRIX).await?,
    };
    let at = |name| kept::time(fields, name).ok().flatten();
    let started = row.map(|r| r.started_at).or_else(|| at("started_at")).unwrap_or(now);
    let restored = row.and_then(|r| r.restored_at).map_or(now, Timestamp::from_millis);
    let next = at("next_update_due_at").or_else(|| matrix.latest_next_update(severity, now));
    let (components, countries) = scope(tx, row, fields).await?;
    let title = row.map_or_else(|| fields.one("title").trim().to_owned(), |r| r.title.clone());
    Ok(Facts::from([
        ("title", title.trim_end_matches('.').to_owned()),
        ("severity", severity.label().to_owned()),
        ("components", components),
        ("countries", countries),
        ("started_utc", utc_time(started, now)),
        ("next_update", next.map(|at| utc_time(at, now)).unwrap_or_default()),
        ("cadence", matrix.cadence_words(severity)),
        ("workaround", workaround(tx, row, fields).await?),
        ("restored_utc", utc_time(restored, now)),
        ("duration", duration_words(restored.since(started))),
    ]))
}

/// What helps, as the form says it, or else the record.
async fn workaround(tx: &mut Tx, row: Option<&IncidentRow>, fields: &Fields) -> Result<String, Refusal> {
    let mut helps = kept::named(fields, "workaround.");
    if let Some(row) = row {
        for stored in tx.workarounds(&row.id).await? {
            if !helps.iter().any(|(code, _)| *code == stored.country_code) {
                helps.push((stored.country_code, stored.text));
            }
        }
    }
    helps.retain(|(_, words)| !words.trim().is_empty());
    let Some((_, first)) = helps.first() else { return Ok("There is no workaround yet.".to_owned()) };
    if helps.iter().all(|(_, words)| words == first) {
        return Ok(first.clone());
    }
    let names = Names::load(tx).await?;
    let lines = helps.iter().map(|(code, words)| format!("{}: {words}", names.country(code)));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// Components and countries of the chosen cells, in page order.
async fn scope(tx: &mut Tx, row: Option<&IncidentRow>, fields: &Fields) -> Result<(String, String), Refusal> {
    let mut ids: Vec<String> =
        kept::cells(fields).unwrap_or_default().into_iter().map(|(id, _)| id).collect();
    if let Some(row) = row {
        ids.extend(tx.incident_cells(&row.id).await?.into_iter().map(|c| c.cell_id));
    }
    let names = Names::load(tx).await?;
    let (mut components, mut countries) = (Vec::new(), Vec::new());
    for (component, country) in
        names.order.iter().filter(|id| ids.contains(id)).filter_map(|id| names.cells.get(id))
    {
        for (list, name) in [(&mut components, component), (&mut countries, country)] {
            if !list.contains(&name.as_str()) {
                list.push(name.as_str());
            }
        }
    }
    Ok((listed(&components), listed(&countries)))
}
