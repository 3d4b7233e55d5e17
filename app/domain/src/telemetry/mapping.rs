//! From a stranger's labels to what we know: mappings that people write.

use std::collections::BTreeMap;

/// Labels by name.
pub type Labels = BTreeMap<String, String>;

/// Most labels of a mapping or of an alert that are looked at.
pub const LABELS_MAX: usize = 64;
/// Longest name or value of a label, in characters.
pub const LABEL_MAX: usize = 200;

/// What labels mean. It holds for whatever carries all of its labels; a value that ends in `*` holds for all that
/// begin so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// What must be there.
    pub labels: Labels,
    /// Slug of the component; empty where the door knows it.
    pub component: String,
    /// ISO code, or the slug of a portfolio.
    pub place: String,
    /// `name` or `name/node`; empty where the door has none.
    pub supplier: String,
}

impl Mapping {
    fn holds(&self, labels: &Labels) -> bool {
        !self.labels.is_empty()
            && self.labels.iter().all(|(name, wanted)| {
                labels.get(name).is_some_and(|value| match wanted.strip_suffix('*') {
                    Some(begin) => value.starts_with(begin),
                    None => value == wanted,
                })
            })
    }
}

/// The mapping that says most about these labels: the one with most labels; of several, the first.
#[must_use]
pub fn best<'a>(mappings: &'a [Mapping], labels: &Labels) -> Option<&'a Mapping> {
    let mut found: Option<&Mapping> = None;
    for mapping in mappings.iter().filter(|m| m.holds(labels)) {
        if found.is_none_or(|f| mapping.labels.len() > f.labels.len()) {
            found = Some(mapping);
        }
    }
    found
}

/// Reads labels as people write them: `alertname=Low site=paris-*`, separated by spaces, commas or lines; a value
/// with spaces stands in double quotes.
///
/// # Errors
/// One sentence about the first label that cannot be read.
pub fn parse(text: &str) -> Result<Labels, String> {
    let mut labels = Labels::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or_else(|| format!("{rest:?} is not name=value."))?;
        let name = name.trim();
        if name.is_empty() || name.contains([' ', ',', '"']) || name.chars().any(char::is_control) {
            return Err(format!("{name:?} is not the name of a label."));
        }
        let (value, left) = value_of(after).ok_or_else(|| format!("The quotes of {name} do not close."))?;
        if value.is_empty() || value == "*" || value.chars().any(char::is_control) {
            return Err(format!("{name} needs a value."));
        }
        if name.chars().count() > LABEL_MAX || value.chars().count() > LABEL_MAX {
            return Err(format!("A label has at most {LABEL_MAX} characters."));
        }
        if labels.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(format!("{name} stands there twice."));
        }
        rest = left.trim_start_matches([' ', ',', '\n', '\r', '\t']);
    }
    if labels.is_empty() {
        return Err("Give at least one label, like alertname=ActivationLow.".into());
    }
    if labels.len() > LABELS_MAX {
        return Err(format!("A mapping has at most {LABELS_MAX} labels."));
    }
    Ok(labels)
}

fn value_of(after: &str) -> Option<(&str, &str)> {
    if let Some(quoted) = after.strip_prefix('"') {
        return quoted.split_once('"');
    }
    let end = after.find([' ', ',', '\n', '\r', '\t']).unwrap_or(after.len());
    Some(after.split_at(end))
}

/// The same as people write it.
#[must_use]
pub fn words(labels: &Labels) -> String {
    let quoted = |value: &String| {
        if value.contains([' ', ',', '\t']) { format!("\"{value}\"") } else { value.clone() }
    };
    labels.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(labels: &str, place: &str) -> Mapping {
        Mapping {
            labels: parse(labels).unwrap(),
            component: "voice".into(),
            place: place.into(),
            supplier: String::new(),
        }
    }

    #[test]
    fn the_mapping_that_says_most_wins() {
        let all = [
            mapping("alertname=Low", "FR"),
            mapping("alertname=Low site=paris-*", "IT"),
            mapping("alertname=Low site=paris-1", "ES"),
            mapping("alertname=Low site=paris-1 severity=critical", "PT"),
        ];
        let place = |labels: &str| best(&all, &parse(labels).unwrap()).map(|m| m.place.as_str());
        assert_eq!(place("alertname=Low"), Some("FR"));
        assert_eq!(place("alertname=Low site=paris-7"), Some("IT"));
        assert_eq!(place("alertname=Low site=paris-1"), Some("IT"), "of equals the first");
        assert_eq!(place("alertname=Low site=paris-1 severity=critical"), Some("PT"));
        assert_eq!(place("alertname=High"), None);
    }

    #[test]
    fn labels_are_read_as_they_are_written() {
        let labels = parse("a=1, b=\"two words\"\nc=x*").unwrap();
        assert_eq!(words(&labels), "a=1 b=\"two words\" c=x*");
        assert_eq!(parse(&words(&labels)).unwrap(), labels);
        for wrong in ["", "a", "a=", "=1", "a=\"x", "a=1 a=2", "a=*", "a b=1"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(parse(&format!("a={}", "x".repeat(201))).is_err());
    }
}
