//! The route table: who may call what. The guard lets nothing else pass.

use axum::http::Method;

use crate::auth::role::Permission::{self, Command, Maintain, Own, Publish, Read, Respond};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever has an API key.
    Key,
    /// Whoever has given a password, whose second factor may still be due.
    SecondFactor,
    /// A signed-in person whose role has this permission.
    Role(Permission),
    /// The same, who has given both factors once more in the past ten minutes. POST only.
    Sure(Permission),
}

use Access::{Public, Role, SecondFactor, Sure};

const GET: Method = Method::GET;
const POST: Method = Method::POST;

/// Every route that reads the session cookie.
pub const GUARDED: &[(Method, &str, Access)] = &[
    (GET, "/setup/{token}", Public),
    (POST, "/setup/{token}", Public),
    (GET, "/console/sign-in", Public),
    (POST, "/console/sign-in", Public),
    (GET, "/console/sign-in/code", SecondFactor),
    (POST, "/console/sign-in/code", SecondFactor),
    (POST, "/console/sign-out", SecondFactor),
    (GET, "/console", Role(Read)),
    (GET, "/console/incidents", Role(Read)),
    (GET, "/console/incidents/new", Role(Respond)),
    (POST, "/console/incidents", Role(Command)),
    (GET, "/console/incidents/{id}", Role(Read)),
    (POST, "/console/incidents/{id}/updates", Role(Publish)),
    (GET, "/console/incidents/{id}/updates/{update}", Role(Publish)),
    (POST, "/console/incidents/{id}/updates/{update}", Role(Publish)),
    (POST, "/console/incidents/{id}/reclassify", Role(Command)),
    (POST, "/console/incidents/{id}/restore", Role(Command)),
    (POST, "/console/incidents/{id}/resolve", Role(Command)),
    (POST, "/console/incidents/{id}/merge", Role(Command)),
    (POST, "/console/incidents/{id}/notes", Role(Respond)),
    (POST, "/console/incidents/{id}/facts", Role(Publish)),
    (GET, "/console/incidents/backfill", Role(Command)),
    (POST, "/console/incidents/backfill", Role(Command)),
    (POST, "/console/silent-fixes/{id}/dismiss", Role(Command)),
    (POST, "/console/incidents/{id}/leads", Role(Respond)),
    (POST, "/console/drafts/{form}/{incident}/save", Role(Respond)),
    (POST, "/console/drafts/{form}/{incident}/ask", Role(Respond)),
    (POST, "/console/drafts/{form}/{incident}/preview", Role(Respond)),
    (GET, "/console/drafts/{id}", Role(Read)),
    (POST, "/console/drafts/{id}/approve", Role(Publish)),
    (POST, "/console/drafts/{id}/return", Role(Publish)),
    (POST, "/console/drafts/{id}/discard", Role(Respond)),
    (POST, "/console/incidents/{id}/engagements", Role(Respond)),
    (POST, "/console/incidents/{id}/engagements/details", Role(Respond)),
    (GET, "/console/incidents/{id}/pack", Role(Read)),
    (GET, "/console/blast", Role(Read)),
    (POST, "/console/proposals/{id}/dismiss", Role(Command)),
    (GET, "/console/telemetry", Role(Read)),
    (GET, "/console/cells/{id}", Role(Read)),
    (POST, "/console/cells/{id}/pin", Role(Command)),
    (POST, "/console/cells/{id}/unpin", Role(Command)),
    (GET, "/console/desk-book", Role(Read)),
    (GET, "/console/desk-book/{shelf}", Role(Read)),
    (POST, "/console/desk-book/{shelf}", Role(Maintain)),
    (GET, "/console/desk-book/{shelf}/new", Role(Maintain)),
    (GET, "/console/desk-book/{shelf}/{id}", Role(Maintain)),
    (POST, "/console/desk-book/{shelf}/{id}", Role(Maintain)),
    (POST, "/console/desk-book/{shelf}/{id}/remove", Role(Maintain)),
    (POST, "/console/drafts/{form}/{incident}/fill", Role(Respond)),
    (GET, "/console/drafts/{form}/{incident}/as/{what}", Role(Respond)),
    (GET, "/console/writing", Role(Read)),
    (GET, "/console/writing/templates/{slot}", Role(Read)),
    (POST, "/console/writing/templates/{slot}", Role(Publish)),
    (POST, "/console/writing/templates/{slot}/approve", Role(Publish)),
    (POST, "/console/writing/templates/{slot}/withdraw", Role(Publish)),
    (GET, "/console/writing/linter", Role(Read)),
    (POST, "/console/writing/linter", Role(Maintain)),
    (GET, "/console/incidents/{id}/rca", Role(Read)),
    (POST, "/console/incidents/{id}/rca", Role(Respond)),
    (POST, "/console/incidents/{id}/rca/hand-in", Role(Respond)),
    (POST, "/console/incidents/{id}/rca/give-back", Role(Publish)),
    (POST, "/console/incidents/{id}/rca/publish", Role(Publish)),
    (POST, "/console/incidents/{id}/rca/correct", Role(Publish)),
    (GET, "/console/incidents/{id}/export.json", Role(Read)),
    (GET, "/console/incidents/{id}/print", Role(Read)),
    (GET, "/console/record", Role(Read)),
    (GET, "/console/rehearsals", Role(Read)),
    (POST, "/console/rehearsals", Role(Command)),
    (GET, "/console/rehearsals/{id}", Role(Read)),
    (GET, "/console/rehearsals/{id}/page", Role(Read)),
    (POST, "/console/rehearsals/{id}/end", Role(Command)),
    (GET, "/console/reviews", Role(Read)),
    (POST, "/console/reviews/actions/{id}", Role(Respond)),
    (GET, "/console/reviews/weeks/{week}", Role(Read)),
    (POST, "/console/reviews/weeks/{week}", Role(Respond)),
    (POST, "/console/reviews/weeks/{week}/publish", Role(Publish)),
    (GET, "/console/partners/{id}", Role(Read)),
    (POST, "/console/partners/{id}", Role(Maintain)),
    (GET, "/console/subscribers", Role(Read)),
    (POST, "/console/subscribers/import", Role(Own)),
    (POST, "/console/subscribers/export", Sure(Own)),
    (POST, "/console/subscribers/resume-mail", Role(Own)),
    (POST, "/console/subscribers/resume-digests", Role(Command)),
    (GET, "/console/deliveries.json", Role(Read)),
    (GET, "/console/subscribers/{id}", Role(Read)),
    (POST, "/console/subscribers/{id}", Role(Own)),
    (GET, "/console/settings", Role(Read)),
    (GET, "/console/settings/promises", Role(Read)),
    (POST, "/console/settings/promises", Role(Maintain)),
    (POST, "/console/settings/portfolios", Role(Maintain)),
    (POST, "/console/settings/countries", Role(Maintain)),
    (POST, "/console/settings/components", Role(Maintain)),
    (GET, "/console/degradation", Role(Read)),
    (GET, "/console/degradation/new", Role(Maintain)),
    (GET, "/console/degradation/policies/{scope}", Role(Read)),
    (POST, "/console/degradation/policies/{scope}", Role(Maintain)),
    (POST, "/console/degradation/policies/{scope}/try", Role(Maintain)),
    (POST, "/console/degradation/policies/{scope}/withdraw", Role(Maintain)),
    (POST, "/console/degradation/watches", Role(Maintain)),
    (POST, "/console/degradation/watches/{id}/end", Role(Maintain)),
    (POST, "/console/key-holds/{id}/pass", Role(Command)),
    (POST, "/console/key-holds/{id}/dismiss", Role(Command)),
    (GET, "/console/canary", Role(Read)),
    (POST, "/console/canary", Role(Maintain)),
    (POST, "/console/canary/endpoints/{id}/mark", Role(Own)),
    (POST, "/console/canary/endpoints/{id}/unmark", Role(Own)),
    (GET, "/console/sources", Role(Read)),
    (POST, "/console/sources/keys", Role(Own)),
    (POST, "/console/sources/keys/{id}/renew", Role(Own)),
    (POST, "/console/sources/keys/{id}/revoke", Role(Own)),
    (POST, "/console/sources/mappings", Role(Maintain)),
    (POST, "/console/sources/mappings/{id}/remove", Role(Maintain)),
    (POST, "/console/sources/alerts/end", Role(Command)),
    (GET, "/console/people", Role(Own)),
    (POST, "/console/people", Role(Own)),
    (POST, "/console/people/{id}/access", Role(Own)),
    (GET, "/console/mail-spool", Role(Read)),
    (GET, "/console/mail-spool/{name}", Role(Read)),
];

/// Who may call this route; none: nobody.
#[must_use]
pub fn access(method: &Method, path: &str) -> Option<Access> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    GUARDED.iter().find(|(m, p, _)| m == method && *p == path).map(|(_, _, a)| *a)
}
