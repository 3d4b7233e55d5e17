//! The reference: nginx with one worker, serving the very same bytes, compressed beforehand.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Child,
    time::{Duration, Instant},
};

use super::client::Client;
use crate::process;

/// A running nginx.
pub(super) struct Nginx {
    child: Child,
    /// It writes over its environment, and with it over our mark.
    _group: process::Group,
    /// `127.0.0.1:port`.
    pub host: String,
}

/// A file to serve: name, bytes as they are, bytes as gzip.
pub(super) type File<'a> = (&'a str, &'a [u8], &'a [u8]);

impl Nginx {
    /// Starts it below `dir`.
    pub(super) fn start(dir: &Path, files: &[File<'_>]) -> Result<Self, String> {
        let www = dir.join("www");
        let broken = |e: std::io::Error| format!("{}: {e}", dir.display());
        std::fs::create_dir_all(&www).map_err(broken)?;
        for (name, plain, gzip) in files {
            std::fs::write(www.join(name), plain).map_err(broken)?;
            std::fs::write(www.join(format!("{name}.gz")), gzip).map_err(broken)?;
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map_err(broken)?.port();
        let host = format!("127.0.0.1:{port}");
        let conf = dir.join("nginx.conf");
        std::fs::write(&conf, configuration(&host, &www)).map_err(broken)?;
        let mut command = process::command(&crate::needs::nginx().unwrap_or_default().display().to_string());
        command.arg("-p").arg(dir).arg("-c").arg(&conf).args(["-g", "daemon off;"]);
        let child = command.spawn().map_err(|e| format!("nginx does not start: {e}"))?;
        let group = process::Group::of(child.id());
        let deadline = Instant::now() + Duration::from_secs(5);
        while Client::connect(&host).is_err() {
            if Instant::now() > deadline {
                return Err("nginx does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Self { child, _group: group, host })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its worker is a child that a KILL of the master would leave behind.
        let _ = process::run({
            let mut kill = process::command("kill");
            kill.args(["-s", "TERM", &self.child.id().to_string()]);
            kill
        });
        let _ = self.child.wait();
    }
}

fn configuration(host: &str, www: &Path) -> String {
    let www: PathBuf = www.canonicalize().unwrap_or_else(|_| www.to_path_buf());
    format!(
        "worker_processes 1;\npid nginx.pid;\nerror_log error.log warn;\n{user}events {{ worker_connections 4096; }}\nhttp {{\n\
         include /etc/nginx/mime.types;\naccess_log off; server_tokens off;\nsendfile on; tcp_nopush on; tcp_nodelay on;\n\
         keepalive_timeout 65; keepalive_requests 1000000;\n\
         open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s;\n\
         client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n\
         gzip_static on; gzip_vary on;\n\
         server {{ listen {host}; root {}; index page.html; etag on;\n\
         location /ingest/ {{ return 202; }} }}\n}}\n",
        www.display(),
        user = if crate::needs::is_root() { "user root;\n" } else { "" },
    )
}
