//! What a receiver says: its status, how long it wants to be left alone, and as much of the body as is looked at.

use domain::clock::Timestamp;
use http_body_util::BodyExt as _;
use hyper::{Response, StatusCode, body::Incoming, header::RETRY_AFTER};
use tokio::time::{Instant, timeout_at};

use crate::{
    outcome::{Outcome, clean},
    schedule::RETRY_AFTER_MAX,
};

/// Bytes read of an answer.
const BODY_MAX: usize = 64 * 1024;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// What it means.
    pub outcome: Outcome,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
}

/// Reads at most 64 KiB until the deadline, and tells whether that was all. What was promised by the status line holds,
/// however the body ends.
pub(super) async fn read(response: Response<Incoming>, at: Timestamp, deadline: Instant) -> (Answer, bool) {
    let status = response.status();
    let retry_after =
        response.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok()).and_then(|v| retry_after(v, at));
    let mut incoming = response.into_body();
    let mut body = Vec::new();
    let is_whole = loop {
        match timeout_at(deadline, incoming.frame()).await {
            Ok(None) => break true,
            Ok(Some(Ok(frame))) => {
                let Some(data) = frame.data_ref() else { continue };
                body.extend_from_slice(&data[..data.len().min(BODY_MAX - body.len())]);
                if body.len() >= BODY_MAX {
                    break false;
                }
            }
            Ok(Some(Err(_))) | Err(_) => break false,
        }
    };
    (Answer { outcome: judge(status, retry_after, &body), body }, is_whole)
}

/// What a status means for the delivery.
fn judge(status: StatusCode, after_ms: Option<i64>, body: &[u8]) -> Outcome {
    let answer = clean(
        format!("{} {}", status.as_u16(), String::from_utf8_lossy(&body[..body.len().min(600)])).as_bytes(),
    );
    match status {
        s if s.is_success() => Outcome::Delivered(answer),
        StatusCode::GONE => Outcome::Gone(answer),
        _ => Outcome::Retry { answer, after_ms },
    }
}

/// `Retry-After` in milliseconds: seconds or an HTTP date, between now and a day from now.
#[must_use]
pub fn retry_after(value: &str, now: Timestamp) -> Option<i64> {
    let value = value.trim();
    let ms = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        value.parse::<i64>().unwrap_or(i64::MAX / 1_000).saturating_mul(1_000)
    } else {
        chrono::DateTime::parse_from_rfc2822(value).ok()?.timestamp_millis().saturating_sub(now.millis())
    };
    Some(ms.clamp(0, RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_in_both_forms_is_clamped_to_a_day() {
        let now = Timestamp::parse_rfc3339("2015-10-21T07:28:00Z").unwrap();
        for (value, ms) in [
            ("120", Some(120_000)),
            (" 0 ", Some(0)),
            ("1000000000000", Some(RETRY_AFTER_MAX)),
            ("99999999999999999999999", Some(RETRY_AFTER_MAX)),
            ("Wed, 21 Oct 2015 07:29:00 GMT", Some(60_000)),
            ("Wed, 21 Oct 2014 07:28:00 GMT", None),
            ("Tue, 21 Oct 2014 07:28:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value, now), ms, "{value:?}");
        }
    }
}
