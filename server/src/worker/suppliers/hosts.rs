//! Certificates that hosts show in their TLS handshakes.

use delivery::webhook::{Client, Target, certificate::Shown};
use domain::clock::{DAY, HOUR};
use store::TlsHostRow;
use tokio::task::JoinSet;

use super::{AT_ONCE, LEASE, later};
use crate::{
    commands::{
        Ctx, Refusal,
        certificates::{self, Given},
    },
    state::App,
};

/// Reads every host that is due; how many.
pub(super) async fn read_due(app: &App, client: &Client) -> Result<usize, Refusal> {
    let mut read = 0;
    loop {
        let mut readings = JoinSet::new();
        while readings.len() < AT_ONCE {
            let now = app.clock.now();
            let mut tx = app.store.write().await?;
            let Some(row) = tx.claim_tls_host(now, now.plus(LEASE)).await? else { break };
            tx.commit().await?;
            let client = client.clone();
            readings.spawn(async move {
                let shown = shown(&client, &row).await;
                (row, shown)
            });
        }
        if readings.is_empty() {
            return Ok(read);
        }
        while let Some(done) = readings.join_next().await {
            match done {
                Ok((row, shown)) => keep(app, &row, shown).await?,
                // Its lease ends, and it is read again.
                Err(error) => tracing::error!(%error, "suppliers: reading a host failed"),
            }
            read += 1;
        }
    }
}

async fn shown(client: &Client, row: &TlsHostRow) -> Result<Shown, String> {
    let host = if row.host.contains(':') { format!("[{}]", row.host) } else { row.host.clone() };
    let url = format!("https://{host}:{}/", row.port);
    let target = Target::parse(&url, client.guard()).map_err(|_| "blocked: this host may not be dialled")?;
    client.certificate(&target).await
}

/// Keeps what a host showed: the certificate, or why there is none.
async fn keep(app: &App, row: &TlsHostRow, shown: Result<Shown, String>) -> Result<(), Refusal> {
    let ctx = Ctx::system(app.clock.now());
    let mut tx = app.store.write().await?;
    match shown {
        Err(why) => tx.keep_tls_host(&row.id, &why, ctx.now, later(ctx.now, HOUR)).await?,
        Ok(shown) => {
            let name = match row.port {
                443 => row.host.clone(),
                port => format!("{}:{port}", row.host),
            };
            let remark = shown.doubt.map(|why| format!("it does not verify: {why}"));
            let given = Given {
                node: row.node.clone(),
                kind: "tls".into(),
                name: name.chars().take(certificates::NAME_MAX).collect(),
                expires_at: shown.expires_at,
                origin: "handshake",
                fingerprint: shown.fingerprint,
                remark: remark.unwrap_or_default(),
            };
            let failure = match certificates::save(&mut tx, &ctx, &row.supplier_id, given).await {
                Ok(()) => String::new(),
                // It has gone, or has too many: said beside the host.
                Err(Refusal::Field { message, .. }) => message,
                Err(Refusal::NotFound(_)) => return Ok(()),
                Err(other) => return Err(other),
            };
            tx.keep_tls_host(&row.id, &failure, ctx.now, later(ctx.now, DAY)).await?;
        }
    }
    Ok(tx.commit().await?)
}
