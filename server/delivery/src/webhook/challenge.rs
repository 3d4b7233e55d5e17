//! The handshake before the first delivery: an endpoint that does not want our messages will not echo the challenge.

use serde_json::{Value, json};

/// The body of the challenge.
#[must_use]
pub fn body(challenge: &str) -> Vec<u8> {
    json!({"type": "endpoint.challenge", "challenge": challenge}).to_string().into_bytes()
}

/// Whether an answer passes: `{"challenge":"…"}` or the bare value.
#[must_use]
pub fn passes(challenge: &str, answer: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(answer) else { return false };
    let text = text.trim();
    if text == challenge {
        return true;
    }
    match serde_json::from_str::<Value>(text) {
        Ok(Value::String(bare)) => bare == challenge,
        Ok(value) => value.get("challenge").and_then(Value::as_str) == Some(challenge),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_echo_passes() {
        for yes in ["abc", " abc\n", "\"abc\"", r#"{"challenge":"abc"}"#, r#"{"x":1,"challenge":"abc"}"#] {
            assert!(passes("abc", yes.as_bytes()), "{yes}");
        }
        for no in
            ["", "ok", "ab", "abcd", r#"{"challenge":"abd"}"#, r#"{"challenge":null}"#, "[\"abc\"]", "{"]
        {
            assert!(!passes("abc", no.as_bytes()), "{no}");
        }
        assert!(!passes("abc", b"\xff"));
        assert!(passes("abc", &body("abc")));
    }
}
