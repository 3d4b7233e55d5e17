//! A small HTTP/1.1 client on one kept connection: enough to time answers of our own servers.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

/// An answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Bytes on the wire, head included.
    pub wire: usize,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }
}

/// A kept connection.
pub(super) struct Client {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Client {
    /// Connects to `host:port`.
    pub(super) fn connect(host: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(host).map_err(|e| format!("{host}: {e}"))?;
        let quick =
            stream.set_nodelay(true).and_then(|()| stream.set_read_timeout(Some(Duration::from_secs(30))));
        quick.map_err(|e| e.to_string())?;
        Ok(Self { stream: BufReader::with_capacity(64 * 1024, stream), host: host.to_owned() })
    }

    /// Asks for a path.
    pub(super) fn get(&mut self, path: &str, headers: &str) -> Result<Answer, String> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.host);
        self.exchange(request.as_bytes())
    }

    /// Sends a form.
    pub(super) fn post(&mut self, path: &str, headers: &str, body: &str) -> Result<Answer, String> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n{headers}\r\n{body}",
            body.len(),
            host = self.host
        );
        self.exchange(request.as_bytes())
    }

    /// Sends a body with these headers.
    pub(super) fn send(&mut self, path: &str, headers: &str, body: &str) -> Result<Answer, String> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            self.host,
            body.len()
        );
        self.exchange(request.as_bytes())
    }

    fn exchange(&mut self, request: &[u8]) -> Result<Answer, String> {
        self.stream.get_mut().write_all(request).map_err(|e| e.to_string())?;
        self.read().map_err(|e| e.to_string())
    }

    fn read(&mut self) -> std::io::Result<Answer> {
        let mut answer = Answer::default();
        let mut line = String::new();
        loop {
            line.clear();
            answer.wire += self.stream.read_line(&mut line)?;
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            match text.split_once(':') {
                Some((name, value)) if answer.status != 0 => {
                    answer.headers.push((name.to_lowercase(), value.trim().to_owned()));
                }
                _ => answer.status = text.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0),
            }
        }
        if answer.header("transfer-encoding") == "chunked" {
            loop {
                line.clear();
                answer.wire += self.stream.read_line(&mut line)?;
                let size = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
                let mut chunk = vec![0; size + 2];
                self.stream.read_exact(&mut chunk)?;
                answer.wire += chunk.len();
                answer.body.extend_from_slice(&chunk[..size]);
                if size == 0 {
                    return Ok(answer);
                }
            }
        }
        let length: usize = answer.header("content-length").parse().unwrap_or(0);
        if answer.status != 304 && length > 0 {
            answer.body = vec![0; length];
            self.stream.read_exact(&mut answer.body)?;
            answer.wire += length;
        }
        Ok(answer)
    }
}

/// Text as a form sends it.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|b| match b {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(b).to_string(),
                _ => format!("%{b:02X}"),
            })
            .collect()
    };
    fields.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect::<Vec<_>>().join("&")
}
