//! Words shared by the server and the browser.

/// `06:12`, `7 h 08`, `4 min overdue`.
#[must_use]
pub fn countdown_words(left_ms: i64) -> String {
    let secs = left_ms.abs() / 1_000;
    let (minutes, hours) = (secs / 60, secs / 3_600);
    match (left_ms < 0, hours) {
        (true, 0) if minutes == 0 => "due now".to_owned(),
        (true, 0) => format!("{minutes} min overdue"),
        (true, 1..48) => format!("{hours} h {:02} overdue", minutes % 60),
        (true, _) => format!("{} days overdue", hours / 24),
        (false, 0) => format!("{minutes:02}:{:02}", secs % 60),
        (false, 1..48) => format!("{hours} h {:02}", minutes % 60),
        (false, _) => format!("{} days", hours / 24),
    }
}
