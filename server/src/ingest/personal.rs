//! What names a profile or a person is kept as a keyed hash, wherever it stands; activation codes are never kept.

use serde_json::Value;

use crate::keys::{Keys, Purpose};

/// Members that name a profile or a person, in whatever case and with or without separators.
const PERSONAL: [&str; 8] = ["profile", "iccid", "eid", "imsi", "msisdn", "phone", "phonenumber", "email"];

/// Whether a text holds an activation code (SGP.22, 4.1): `LPA:1$…`, or `1$host$…` without that mark.
pub(super) fn is_activation_code(text: &str) -> bool {
    let marked = |at: usize| at >= 4 && text.as_bytes()[at - 4..at].eq_ignore_ascii_case(b"LPA:");
    text.match_indices("1$").any(|(at, mark)| {
        let is_first = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        let host = text[at + mark.len()..].split_once('$').map_or("", |(host, _)| host);
        let is_host =
            host.contains('.') && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:".contains(&b));
        marked(at) || (is_first && is_host)
    })
}

/// Whether a member or a value holds one, however deep.
pub(super) fn has_activation_code(value: &Value) -> bool {
    match value {
        Value::String(s) => is_activation_code(s),
        Value::Array(items) => items.iter().any(has_activation_code),
        Value::Object(members) => {
            members.iter().any(|(k, v)| is_activation_code(k) || has_activation_code(v))
        }
        _ => false,
    }
}

/// Whether a text is the number of a profile, of a card or of a telephone: ICCID (18 to 20 digits from 89, perhaps with a
/// filling F), EID (32 digits from 89), or an international number with its plus.
pub(super) fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let card = text.trim_end_matches(['F', 'f']);
    let is_card = card.starts_with("89") && matches!(card.len(), 18..=20 | 32) && digits(card);
    is_card || text.strip_prefix('+').is_some_and(|number| (8..=15).contains(&number.len()) && digits(number))
}

/// What is kept in the place of such a text.
pub(super) fn token(keys: &Keys, text: &str) -> String {
    keys.token(Purpose::Profile, &[text])
}

/// Puts hashes in the place of everything that names a profile or a person.
pub(super) fn hash(keys: &Keys, value: &mut Value) {
    hash_in(keys, value, false);
}

/// `named`: it stands under a name that says so, and every value in it is hashed.
fn hash_in(keys: &Keys, value: &mut Value, named: bool) {
    match value {
        Value::Object(members) => {
            let numbers: Vec<String> = members.keys().filter(|name| is_number(name)).cloned().collect();
            for name in numbers {
                if let Some(value) = members.remove(&name) {
                    members.insert(token(keys, &name), value);
                }
            }
            for (name, value) in members {
                hash_in(keys, value, named || is_personal(name));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hash_in(keys, item, named)),
        Value::String(text) if named || is_number(text) => *text = token(keys, text),
        Value::Number(number) if named || is_number(&number.to_string()) => {
            *value = Value::from(token(keys, &number.to_string()));
        }
        Value::Bool(_) | Value::Null | Value::String(_) | Value::Number(_) => {}
    }
}

fn is_personal(name: &str) -> bool {
    PERSONAL.iter().any(|personal| {
        let mut letters = name.bytes().filter(|b| !b"_- ".contains(b)).map(|b| b.to_ascii_lowercase());
        personal.bytes().all(|b| letters.next() == Some(b)) && letters.next().is_none()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn activation_codes_are_known_in_every_dress() {
        for code in [
            "LPA:1$smdp.example$ABC",
            "lpa:1$smdp.example$ABC$$1",
            "scan LPA:1$SMDP.EXAMPLE$X",
            "1$smdp.example$ABC",
            "code=1$rsp.eu.example.com$K2-9",
        ] {
            assert!(is_activation_code(code), "{code}");
        }
        for other in ["it costs 1$", "1$ or 2$", "21$a.b$c", "1$smdp$ABC", ""] {
            assert!(!is_activation_code(other), "{other}");
        }
        assert!(has_activation_code(&json!({ "a": [{ "b": "1$smdp.example$ABC" }] })));
    }

    #[test]
    fn numbers_and_names_of_people_are_hashed_wherever_they_stand() {
        let keys = Keys::new([7; 32]);
        let clear =
            ["89331503190000000123", "+33612345678", "89001012012341234012345678901224", "a@b.example"];
        let mut data = json!({
            "ICCID": clear[0], "details": { "msisdn": clear[1], "list": [clear[2]], "e_mail": "kept?" },
            "e-mail": clear[3], "note": clear[0], "imsi": ["208011234567890"], "eid": { "is": 8_931 }, "8933150319000000777": "ok",
            "n": 8_933_150_319_000_000_777_u64, "country": "FR", "latency_ms": 8_933_150_319_i64, "iccid": null,
        });
        hash(&keys, &mut data);
        let text = data.to_string();
        for clear in clear.into_iter().chain(["208011234567890", "8931", "8933150319000000777"]) {
            assert!(!text.contains(clear), "{clear} in {text}");
        }
        assert_eq!(
            (&data["country"], &data["latency_ms"], &data["iccid"]),
            (&json!("FR"), &json!(8_933_150_319_i64), &Value::Null)
        );
        assert_eq!(data["ICCID"], data["note"], "one profile has one hash");
        assert!(
            !is_number("ord-7f31")
                && !is_number("8933")
                && !is_number("+1")
                && is_number("8933150319000000012F")
        );
    }
}
