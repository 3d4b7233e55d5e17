//! Cells that are in trouble for the same reason are one proposal.

/// What the cells of a proposal have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason {
    /// Slug of their component.
    pub component: Option<String>,
    /// ISO code of their country.
    pub country: Option<String>,
    /// The supplier at which most of their journeys fail.
    pub supplier: Option<String>,
}

impl Reason {
    /// What is left in common with one more; none: nothing, so it is another matter.
    #[must_use]
    pub fn with(&self, other: &Self) -> Option<Self> {
        let same = |a: &Option<String>, b: &Option<String>| a.clone().filter(|a| Some(a) == b.as_ref());
        let common = Self {
            component: same(&self.component, &other.component),
            country: same(&self.country, &other.country),
            supplier: same(&self.supplier, &other.supplier),
        };
        (common != Self::default()).then_some(common)
    }
}

/// The supplier at which at least four of five fail; of none: there is none.
#[must_use]
pub fn dominant<'a>(suppliers: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for supplier in suppliers {
        let name = supplier.split('/').next().unwrap_or(supplier);
        match counts.iter_mut().find(|(n, _)| *n == name) {
            Some((_, n)) => *n += 1,
            None => counts.push((name, 1)),
        }
    }
    let all: usize = counts.iter().map(|(_, n)| n).sum();
    counts
        .into_iter()
        .find(|(name, n)| n * 5 >= all * 4 && *name != "unknown")
        .map(|(name, _)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(component: &str, country: &str, supplier: &str) -> Reason {
        let some = |s: &str| (!s.is_empty()).then(|| s.to_owned());
        Reason { component: some(component), country: some(country), supplier: some(supplier) }
    }

    #[test]
    fn what_has_nothing_in_common_is_another_matter() {
        let france = reason("euicc-download", "FR", "smdp-a");
        let italy = reason("euicc-download", "IT", "smdp-b");
        let both = france.with(&italy);
        assert_eq!(both, Some(reason("euicc-download", "", "")));
        // Once it is about the component, the country of the first says nothing any more.
        assert_eq!(both.unwrap().with(&reason("mobile-data", "FR", "")), None);
        assert_eq!(france.with(&reason("mobile-data", "FR", "")), Some(reason("", "FR", "")));
        assert_eq!(france.with(&reason("mobile-data", "US", "smdp-a")), Some(reason("", "", "smdp-a")));
        assert_eq!(reason("a", "", "").with(&reason("", "FR", "")), None);
    }

    #[test]
    fn a_supplier_is_a_reason_only_where_most_fail() {
        assert_eq!(dominant(["a/1", "a/2", "a", "a", "b"]), Some("a".into()));
        assert_eq!(dominant(["a", "a", "a", "b"]), None);
        assert_eq!(dominant(["unknown"]), None);
        assert_eq!(dominant([]), None);
    }
}
