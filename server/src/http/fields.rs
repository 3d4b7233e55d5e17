//! The fields of a submitted form.

/// Fields in the order in which they came; a name may come more than once.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl<'a> FromIterator<(&'a str, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (&'a str, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

impl Fields {
    /// Parses `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// As it is kept: `[[name, value], …]`, without the form's token.
    #[must_use]
    pub fn to_json(&self) -> String {
        let kept: Vec<_> = self.0.iter().filter(|(n, _)| n != "csrf").collect();
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// From how it is kept; nothing if that is not what it should be.
    #[must_use]
    pub fn from_json(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    /// The first value of a field; empty when it is missing.
    #[must_use]
    pub fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    /// The first value of a field, unless it is missing or blank.
    #[must_use]
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.one(name).trim()).filter(|v| !v.is_empty())
    }

    /// Gives a field this value instead of what it had.
    pub fn set(&mut self, name: &str, value: String) {
        self.0.retain(|(n, _)| n != name);
        self.0.push((name.to_owned(), value));
    }

    /// Takes fields out.
    pub fn remove(&mut self, names: &[&str]) {
        self.0.retain(|(n, _)| !names.contains(&n.as_str()));
    }

    /// Every field with its value, as they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// Every value of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Fields whose name starts with `prefix`, with the rest of the name.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(n, v)| Some((n.strip_prefix(prefix)?, v.as_str())))
    }

    /// The first field that is neither `csrf` nor allowed: our forms deny what they do not know.
    #[must_use]
    pub fn unknown(&self, allowed: &[&str]) -> Option<&str> {
        self.0.iter().map(|(n, _)| n.as_str()).find(|n| {
            *n != "csrf"
                && !allowed.iter().any(|a| a == n || a.strip_suffix('*').is_some_and(|p| n.starts_with(p)))
        })
    }
}
