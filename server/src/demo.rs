//! The demo: an operator with 90 days of history, a mail sink and live traffic, on this machine only.

mod desk;
mod history;
mod operator;
mod reviews;
pub mod sink;
mod suppliers;
pub mod traffic;

use std::{net::SocketAddr, path::Path};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    boot::{bind, boot, stop_on_signal},
    cli::Demo,
    clock::Clock,
    config::Config,
    run::{serve_app, start_workers},
};

/// Where a demo keeps its own sign-ins: they are made at random, per data directory.
const FACTS: &str = "demo.json";

/// Runs the demo until the stop.
///
/// # Errors
/// One sentence.
pub async fn run(mut config: Config, options: Demo) -> Result<(), String> {
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], options.port))).await?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let origin = format!("http://{address}");
    let sink_listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let sink_port = sink_listener.local_addr().map_err(|e| e.to_string())?.port();
    config.listen = address;
    config.base_url = origin.parse().map_err(|e| format!("{e}"))?;
    config.data = options.data.clone();
    let relay = options.relay.unwrap_or(SocketAddr::from(([127, 0, 0, 1], sink_port)));
    config.smtp.host = relay.ip().to_string();
    config.smtp.port = relay.port();
    config.smtp.security = "none".into();
    config.smtp.from = "status@meridian.example".into();
    // The demo answers on loopback only, so its receivers may be there too.
    config.webhook.allow_cidrs.extend("127.0.0.0/8".parse::<ipnet::IpNet>().ok());
    config.limits.sign_in_burst = config.limits.sign_in_burst.max(50);
    config.limits.subscribe_burst = config.limits.subscribe_burst.max(50);
    config.limits.webhook_per_hour = config.limits.webhook_per_hour.max(50);
    let spool = options.data.join("mail");
    config.mail_spool = Some(spool.clone());
    let booted = boot(config, Clock::Wall).await?;
    std::fs::create_dir_all(&spool)
        .map_err(|e| format!("the mail spool {} cannot be made: {e}", spool.display()))?;
    let app = booted.app.clone();
    let is_new = !options.data.join(FACTS).is_file();
    let facts = facts(&app, &options.data.join(FACTS)).await?;
    app.snapshot.refresh().await;
    let stop = stop_on_signal();
    let mut tasks = JoinSet::new();
    tasks.spawn(sink::run(sink_listener, spool.clone(), stop.clone()));
    start_workers(&app, &stop, &mut tasks)?;
    if !options.no_traffic {
        let key = facts["ingest_key"].as_str().unwrap_or_default().to_owned();
        if is_new {
            let mut stop = stop.clone();
            let past = suppliers::tell_past(address, key.clone(), app.clock.clone());
            tasks.spawn(async move {
                tokio::select! {
                    () = past => {}
                    () = crate::http::serve::stopped(&mut stop) => {}
                }
            });
        }
        tasks.spawn(traffic::run(address, key, app.clock.clone(), stop.clone()));
    }
    tell(&facts, &origin, &spool, options.json);
    let quarters = serve_app(app.clone(), listener, stop).await?;
    while tasks.join_next().await.is_some() {}
    app.store.close().await;
    drop(quarters);
    Ok(())
}

/// The sign-ins of this data directory; the operator and its history are made at the first start.
async fn facts(app: &crate::state::App, path: &Path) -> Result<Value, String> {
    if let Ok(text) = std::fs::read_to_string(path) {
        return serde_json::from_str(&text)
            .map_err(|e| format!("{} cannot be read: {e}. Remove the data directory.", path.display()));
    }
    let facts =
        operator::create(app).await.map_err(|e| format!("the demo operator could not be made: {e}"))?;
    let write = || {
        use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
        let mut file =
            std::fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?;
        file.write_all(facts.to_string().as_bytes())
    };
    write().map_err(|e| format!("{} cannot be written: {e}", path.display()))?;
    Ok(facts)
}

fn tell(facts: &Value, origin: &str, spool: &Path, as_json: bool) {
    let spool = spool.canonicalize().unwrap_or_else(|_| spool.to_owned());
    let mut all = facts.clone();
    all["page_url"] = json!(format!("{origin}/"));
    all["console_url"] = json!(format!("{origin}/console"));
    all["ingest_url"] = json!(format!("{origin}/ingest/v1/events"));
    all["mail_spool"] = json!(spool.display().to_string());
    if as_json {
        println!("{all}");
        return;
    }
    let text = |name: &str| all[name].as_str().unwrap_or_default().to_owned();
    println!(
        "The demo operator is running.\n\n  Public page   {}\n  Console       {}",
        text("page_url"),
        text("console_url")
    );
    println!(
        "  Sign in       {}\n  Password      {}\n  Authenticator {}",
        text("email"),
        text("password"),
        text("totp_secret")
    );
    println!(
        "  Second person {} / {} / {}",
        text("second_email"),
        text("second_password"),
        text("second_totp_secret")
    );
    println!("  Partner page  {origin}{}", text("partner_page"));
    println!("  Events        POST {} with key {}", text("ingest_url"), text("ingest_key"));
    println!("  Mail          {} (also in the console)\n\nCtrl-C stops everything.", text("mail_spool"));
}
