//! Nodes of a supplier, and traffic that moves between them.
//!
//! What is told are moves, in any order, late or twice. Failovers are read from them: a failover begins when traffic
//! leaves the node where it is at home, and ends when it is back there; what moves on from one standby to the next ends
//! one failover and begins another.

use std::collections::BTreeSet;

use crate::clock::Timestamp;

/// Longest slug of a node, in characters.
pub const NODE_MAX: usize = 40;
/// Nodes of one supplier at most: an event may name a new one.
pub const NODES_MAX: usize = 50;

/// Traffic moved from one node to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Public id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Slug of the node that it left.
    pub from: String,
    /// Slug of the node that carries it now.
    pub to: String,
    /// Why, as the teller says.
    pub reason: String,
}

/// How a failover ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Traffic is back where it is at home.
    Back,
    /// It moved on to another standby.
    MovedOn,
}

/// A time in which traffic was away from its home node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    /// The move that began it.
    pub id: String,
    /// Where the traffic is at home.
    pub home: String,
    /// Which node carried it.
    pub carrier: String,
    /// Why.
    pub reason: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When and how it ended; none: it goes on.
    pub ended: Option<(Timestamp, Ending)>,
}

impl Failover {
    /// How much of it lies between two times, in milliseconds; what goes on counts until `now`.
    #[must_use]
    pub fn within(&self, from: Timestamp, to: Timestamp, now: Timestamp) -> i64 {
        let end = self.ended.map_or(now, |(at, _)| at).min(to);
        end.since(self.began_at.max(from)).max(0)
    }
}

/// The failovers that these moves make, oldest first. Told again, a move changes nothing.
#[must_use]
pub fn failovers(moves: &[Move]) -> Vec<Failover> {
    let mut in_order: Vec<&Move> = moves.iter().collect();
    in_order.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    let mut all: Vec<Failover> = Vec::new();
    for step in in_order {
        let is_told = all.iter().any(|f| f.ended.is_none() && f.home == step.from && f.carrier == step.to);
        if is_told || step.from == step.to {
            continue;
        }
        let carried = all.iter_mut().find(|f| f.ended.is_none() && f.carrier == step.from);
        let home = match carried {
            Some(open) if open.home == step.to => {
                open.ended = Some((step.at, Ending::Back));
                continue;
            }
            Some(open) => {
                open.ended = Some((step.at, Ending::MovedOn));
                open.home.clone()
            }
            None => step.from.clone(),
        };
        all.push(Failover {
            id: step.id.clone(),
            home,
            carrier: step.to.clone(),
            reason: step.reason.clone(),
            began_at: step.at,
            ended: None,
        });
    }
    all
}

/// Which nodes carry traffic now: those at home whose traffic has not left, and those that it went to.
#[must_use]
pub fn carrying<'a>(home: impl IntoIterator<Item = &'a str>, failovers: &'a [Failover]) -> BTreeSet<&'a str> {
    let open: Vec<&Failover> = failovers.iter().filter(|f| f.ended.is_none()).collect();
    let mut active: BTreeSet<&str> =
        home.into_iter().filter(|node| !open.iter().any(|f| f.home == **node)).collect();
    active.extend(open.iter().map(|f| f.carrier.as_str()));
    active
}

/// The slug of a node from `2` or `smdp-a/2`; none: it is a node of another supplier, or no slug.
#[must_use]
pub fn node_of<'a>(supplier: &str, text: &'a str) -> Option<&'a str> {
    let node = match text.split_once('/') {
        Some((name, node)) => (name == supplier).then_some(node)?,
        None => text,
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!node.is_empty() && node.len() <= NODE_MAX && node.chars().all(fits)).then_some(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(id: &str, at: i64, from: &str, to: &str) -> Move {
        Move {
            id: id.into(),
            at: Timestamp::from_millis(at),
            from: from.into(),
            to: to.into(),
            reason: String::new(),
        }
    }

    /// Home, carrier, when it began, and how it ended.
    type Seen = (String, String, i64, Option<(i64, Ending)>);

    fn seen(moves: &[Move]) -> Vec<Seen> {
        failovers(moves)
            .into_iter()
            .map(|f| (f.home, f.carrier, f.began_at.millis(), f.ended.map(|(at, how)| (at.millis(), how))))
            .collect()
    }

    #[test]
    fn a_failover_back_ends_the_former_one_in_whatever_order_they_are_told() {
        let mut moves = vec![step("a", 10, "1", "2"), step("b", 50, "2", "1"), step("c", 90, "1", "2")];
        let expected = vec![
            ("1".to_owned(), "2".to_owned(), 10, Some((50, Ending::Back))),
            ("1".to_owned(), "2".to_owned(), 90, None),
        ];
        assert_eq!(seen(&moves), expected);
        moves.reverse();
        assert_eq!(seen(&moves), expected);
        moves.push(step("d", 12, "1", "2"));
        assert_eq!(seen(&moves), expected, "told twice by two sources");
    }

    #[test]
    fn moving_on_keeps_where_the_traffic_is_at_home() {
        let moves = [step("a", 10, "1", "2"), step("b", 20, "2", "3"), step("c", 30, "3", "1")];
        let expected = vec![
            ("1".to_owned(), "2".to_owned(), 10, Some((20, Ending::MovedOn))),
            ("1".to_owned(), "3".to_owned(), 20, Some((30, Ending::Back))),
        ];
        assert_eq!(seen(&moves), expected);
        let open = failovers(&moves[..2]);
        assert_eq!(carrying(["1"], &open), BTreeSet::from(["3"]));
        assert_eq!(carrying(["1"], &failovers(&moves)), BTreeSet::from(["1"]));
    }

    #[test]
    fn only_the_part_within_a_period_counts() {
        let all = failovers(&[step("a", 10, "1", "2"), step("b", 50, "2", "1"), step("c", 90, "1", "2")]);
        let at = Timestamp::from_millis;
        assert_eq!(all[0].within(at(0), at(30), at(100)), 20);
        assert_eq!(all[0].within(at(60), at(99), at(100)), 0);
        assert_eq!(all[1].within(at(60), at(200), at(100)), 10);
    }

    #[test]
    fn a_node_may_carry_its_suppliers_name() {
        assert_eq!(node_of("smdp-a", "smdp-a/2"), Some("2"));
        assert_eq!(node_of("smdp-a", "eu-2"), Some("eu-2"));
        for wrong in ["smdp-b/2", "", "smdp-a/", "a b", "a/b/c", "<b>"] {
            assert_eq!(node_of("smdp-a", wrong), None, "{wrong}");
        }
    }
}
