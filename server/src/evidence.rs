//! Evidence packs are signed, so that whoever holds one can show that it is what the operator said. Verifying needs the
//! file and the operator's public key, and no network.

mod table;

pub use self::table::csv;

use data_encoding::BASE64;
use domain::evidence::{FORMAT, Pack, canonical};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::{
    ingest::json::{Marked, twice},
    keys::{Keys, Purpose},
};

/// Largest file that is looked at, in bytes.
pub const FILE_MAX: u64 = 32 << 20;

/// Why a file is no evidence, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoEvidence {
    /// It cannot be read as a pack.
    #[error("this is no evidence pack: {0}")]
    Unreadable(String),
    /// The signature does not fit.
    #[error(
        "the signature does not fit: something in the pack was changed after it was signed. Ask the operator for the file again"
    )]
    Changed,
    /// It holds what the signature says nothing of, or what readers may read differently.
    #[error("the file was changed after it was signed: {0}. Ask the operator for the file again")]
    Added(String),
    /// Somebody else's key.
    #[error("it is signed with another key ({0}) than the one that you gave: it is not from this operator")]
    OtherKey(String),
}

fn pair(keys: &Keys) -> Option<Ed25519KeyPair> {
    Ed25519KeyPair::from_seed_unchecked(&keys.mac(Purpose::Evidence, &["pack"])).ok()
}

/// The public key that proves this operator's packs, in base64.
#[must_use]
pub fn public_key(keys: &Keys) -> String {
    pair(keys).map(|pair| BASE64.encode(pair.public_key().as_ref())).unwrap_or_default()
}

/// A pack with its signature, as JSON.
#[must_use]
pub fn signed(keys: &Keys, pack: &Pack) -> Option<String> {
    let pack = serde_json::to_value(pack).ok()?;
    let value = pair(keys)?.sign(&canonical(&pack));
    let signature =
        json!({ "algorithm": "ed25519", "key": public_key(keys), "value": BASE64.encode(value.as_ref()) });
    serde_json::to_string_pretty(&json!({ "pack": pack, "signature": signature })).ok()
}

/// Reads a signed pack without looking at the signature.
///
/// # Errors
/// When it is none.
pub fn read(text: &str) -> Result<Pack, NoEvidence> {
    let file: Value = serde_json::from_str(text).map_err(|e| NoEvidence::Unreadable(e.to_string()))?;
    pack_of(&file)
}

fn pack_of(file: &Value) -> Result<Pack, NoEvidence> {
    let pack: Pack = serde_json::from_value(file["pack"].clone())
        .map_err(|e| NoEvidence::Unreadable(format!("its member \"pack\": {e}")))?;
    if pack.format == FORMAT {
        Ok(pack)
    } else {
        Err(NoEvidence::Unreadable(format!("its format is {}, and this Waypost knows {FORMAT}", pack.format)))
    }
}

/// The file, if it holds nothing beside what is signed, and nothing of which one reader takes the first and another the
/// last.
fn file_of(text: &str) -> Result<Value, NoEvidence> {
    let Marked(file) = serde_json::from_str(text).map_err(|e| NoEvidence::Unreadable(e.to_string()))?;
    if let Some(found) = twice(&file) {
        return Err(NoEvidence::Added(format!("{found}, and readers may take either")));
    }
    let parts =
        [(&file, &["pack", "signature"][..]), (&file["signature"], &["algorithm", "key", "value"][..])];
    for (part, known) in parts {
        let mut names = part.as_object().into_iter().flat_map(|members| members.keys());
        if let Some(name) = names.find(|name| !known.contains(&name.as_str())) {
            let shown: String = name.chars().take(40).collect();
            return Err(NoEvidence::Added(format!("its member {shown:?} is not signed")));
        }
    }
    Ok(file)
}

/// Verifies a signed pack, and that it is signed with `expected` (base64) where that is given; the pack, and the key.
///
/// # Errors
/// Why it is no evidence.
pub fn verify(text: &str, expected: Option<&str>) -> Result<(Pack, String), NoEvidence> {
    let file = file_of(text)?;
    let signature = &file["signature"];
    if signature["algorithm"] != "ed25519" {
        return Err(NoEvidence::Unreadable("its signature is not one of ed25519".into()));
    }
    let bytes = |name: &str| {
        let decoded = signature[name].as_str().and_then(|text| BASE64.decode(text.as_bytes()).ok());
        decoded.ok_or_else(|| NoEvidence::Unreadable(format!("its signature has no {name} in base64")))
    };
    let (key, value) = (bytes("key")?, bytes("value")?);
    let shown = BASE64.encode(&key);
    if expected.is_some_and(|e| e.trim() != shown) {
        return Err(NoEvidence::OtherKey(shown));
    }
    // What was signed is the text, with members that a later version may have added.
    let verified = UnparsedPublicKey::new(&ED25519, &key).verify(&canonical(&file["pack"]), &value);
    verified.map_err(|_| NoEvidence::Changed)?;
    Ok((pack_of(&file)?, shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack() -> Pack {
        Pack {
            format: FORMAT,
            operator: "Meridian eSIM".into(),
            partner: "Globex \"é\"".into(),
            month: "2026-10".into(),
            from: "2026-10-01T00:00:00.000Z".into(),
            until: "2026-11-01T00:00:00.000Z".into(),
            made_at: "2026-11-01T02:00:00.000Z".into(),
            targets_version: 1,
            cells: Vec::new(),
            clocks: Vec::new(),
            updates: Vec::new(),
            formulas: vec!["a = b".into()],
        }
    }

    #[test]
    fn a_pack_is_believed_as_it_was_signed_and_in_no_other_way() {
        let keys = Keys::new([7; 32]);
        let text = signed(&keys, &pack()).unwrap();
        let key = public_key(&keys);
        assert_eq!(verify(&text, Some(&key)), Ok((pack(), key.clone())));
        assert_eq!(verify(&text, None), Ok((pack(), key.clone())));
        let value: Value = serde_json::from_str(&text).unwrap();
        assert!(verify(&value.to_string(), None).is_ok(), "white space is not signed");
        assert_eq!(verify(&text.replace("Globex", "Initech"), None), Err(NoEvidence::Changed));
        assert_eq!(
            verify(&text.replace("\"cells\": []", "\"cells\": [], \"x\": 1"), None),
            Err(NoEvidence::Changed)
        );
        let other = public_key(&Keys::new([8; 32]));
        assert_eq!(verify(&text, Some(&other)), Err(NoEvidence::OtherKey(key.clone())));
        assert_eq!(
            verify(&text.replace(&key, &other), Some(&other)),
            Err(NoEvidence::Changed),
            "a key of one's own"
        );
        for wrong in [
            "",
            "[]",
            "{}",
            "null",
            "{\"pack\":{},\"signature\":{\"algorithm\":\"ed25519\",\"key\":\"\",\"value\":\"\"}}",
        ] {
            assert!(verify(wrong, None).is_err(), "{wrong}");
        }
        assert_eq!(read(&text), Ok(pack()));
    }

    #[test]
    fn a_file_that_two_readers_may_read_differently_is_refused() {
        let text = signed(&Keys::new([7; 32]), &pack()).unwrap();
        let why = |from: &str, to: &str| {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            verify(&changed, None).unwrap_err().to_string()
        };
        for (from, to) in [
            ("\"month\":", "\"month\": \"2026-09\", \"month\":"),
            ("\"algorithm\":", "\"algorithm\": \"none\", \"algorithm\":"),
            ("\"pack\":", "\"pack\": {}, \"pack\":"),
        ] {
            assert!(why(from, to).contains("is there more than once"), "{to}");
        }
        for (from, to) in
            [("\"pack\":", "\"note\": 1, \"pack\":"), ("\"algorithm\":", "\"note\": 1, \"algorithm\":")]
        {
            assert!(why(from, to).contains("its member \"note\" is not signed"), "{to}");
        }
    }
}
