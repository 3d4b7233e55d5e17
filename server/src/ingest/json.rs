//! JSON as it comes in. A member that is there twice means one thing to one reader and another to the next: such objects
//! are marked as they are read, and refused where it is known whose they are.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

/// Deepest nesting.
pub(super) const DEPTH_MAX: usize = 32;
/// Marks an object with a member that is there twice; it holds the member's name. A body that uses it itself is refused
/// just so.
const TWICE: &str = "\0";

/// Any JSON.
pub(crate) struct Marked(pub(crate) Value);

struct Reader;

impl<'de> Deserialize<'de> for Marked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Marked(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Marked(value))) = map.next_entry::<String, Marked>()? {
            if members.contains_key(&name) {
                members.insert(TWICE.into(), name.into());
            } else {
                members.insert(name, value);
            }
        }
        Ok(Value::Object(members))
    }
}

/// Whether it is nested deeper than we read.
pub(super) fn is_too_deep(value: &Value) -> bool {
    depth(value) > DEPTH_MAX
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// What is wrong with it, if somewhere inside a member is there twice. Only a name that looks like one is repeated: what
/// else stands there may be long, or a code.
pub(crate) fn twice(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => items.iter().find_map(twice),
        Value::Object(members) => match members.get(TWICE) {
            Some(name) => {
                let name =
                    name.as_str().filter(|n| is_plain(n)).map_or_else(String::new, |n| format!(" {n:?}"));
                Some(format!("a member{name} is there more than once"))
            }
            None => members.values().find_map(twice),
        },
        _ => None,
    }
}

/// Whether this is how members are called: a letter first, then letters, digits and `_`, 40 at most.
fn is_plain(name: &str) -> bool {
    name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> serde_json::Result<Value> {
        serde_json::from_str(text).map(|Marked(value)| value)
    }

    #[test]
    fn it_reads_what_others_read() {
        for text in [r#"{"a":[1,-2,3.5,1e3,true,null,"é\n"],"b":{}}"#, "[]", "18446744073709551615", "\"x\""]
        {
            let plain: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(read(text).expect("JSON"), plain);
            assert_eq!(twice(&plain), None);
        }
        for text in ["1e400", "NaN", "{", "[1,]", "{\"a\":1,}", &"[".repeat(10_000)] {
            assert!(read(text).is_err(), "{text:.20}");
        }
    }

    #[test]
    fn a_member_that_is_there_twice_is_named() {
        for text in [r#"{"id":1,"id":1}"#, r#"[{"x":{"id":1,"b":2,"id":3}}]"#, "{\"\\u0000\":\"id\"}"] {
            let found = twice(&read(text).expect("JSON")).expect("a mark");
            assert_eq!(found, "a member \"id\" is there more than once", "{text}");
        }
    }

    #[test]
    fn nothing_long_or_secret_is_repeated() {
        let long = "x".repeat(1_000_000);
        for name in [long.as_str(), "LPA:1$smdp.example.com$CODE", "89331503190000000017", ""] {
            let found =
                twice(&read(&format!("{{\"{name}\":1,\"{name}\":2}}")).expect("JSON")).expect("a mark");
            assert_eq!(found, "a member is there more than once");
        }
        let own = twice(&read(&format!("{{\"\\u0000\":[\"{long}\"]}}")).expect("JSON")).expect("a mark");
        assert_eq!(own, "a member is there more than once");
    }
}
