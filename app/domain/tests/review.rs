//! The review of an incident: what the gate names, and who may do what.

use domain::{
    clock::Timestamp,
    review::{
        Action, Graph, Missing, Part, Point, Published, PublishedAction, Record, Refused, Review, Section,
        Sections, State, missing, record::Event,
    },
    week::Week,
};

fn full() -> Sections {
    let part =
        |s: Section| Part { text: format!("About {}.", s.title()), is_public: s.is_public_by_default() };
    Section::ALL.into_iter().map(|s| (s, part(s))).collect()
}

fn action() -> Action {
    Action { what: "Watch the queue".into(), has_owner: true, has_date: true }
}

#[test]
fn the_gate_names_everything_that_is_missing() {
    let nothing = missing(&Sections::new(), &[], false);
    assert_eq!(nothing.len(), 12, "restored, ten texts, the actions: {nothing:?}");
    assert!(!nothing.contains(&Missing::Text(Section::Timeline)), "the record fills the timeline");
    let mut sections = full();
    for word in ["", "  ", "TBD", "tbd.", "To do", "N/A", "…", "?"] {
        sections.insert(Section::Trigger, Part { text: word.into(), is_public: true });
        assert_eq!(missing(&sections, &[action()], true), [Missing::Text(Section::Trigger)], "{word:?}");
    }
    let half = Action { what: "Watch".into(), ..Action::default() };
    let found = missing(&full(), &[action(), half], true);
    assert_eq!(found, [Missing::Owner("Watch".into()), Missing::Date("Watch".into())]);
    assert_eq!(found[0].to_string(), "“Watch” has no owner");
    assert_eq!(missing(&full(), &[action()], true), []);
}

#[test]
fn nobody_publishes_what_they_wrote() {
    let draft = Review::default().write("ana", full()).unwrap().write("jo", full()).unwrap();
    assert_eq!(draft.clone().publish("eve"), Err(Refused::NotInReview));
    let handed = draft.hand_in("ana", &[action()], true).unwrap();
    assert_eq!(handed.clone().write("ana", full()), Err(Refused::NotDraft));
    for writer in ["ana", "jo"] {
        assert_eq!(handed.clone().publish(writer), Err(Refused::OwnText));
    }
    assert_eq!(handed.clone().give_back(" "), Err(Refused::NoReason));
    let back = handed.clone().give_back("The cause is a guess.").unwrap();
    assert_eq!((back.state, back.note.as_str()), (State::Draft, "The cause is a guess."));
    let again = back.hand_in("jo", &[action()], true).unwrap();
    assert!(again.publish("ana").is_ok(), "after a return, only who writes or hands in is an author");
    let done = handed.publish("eve").unwrap();
    assert_eq!(done.clone().hand_in("ana", &[action()], true), Err(Refused::NotDraft));
    assert_eq!(done.clone().correct(""), Err(Refused::NoReason));
    assert_eq!(done.correct("A time was wrong.").unwrap().state, State::Draft);
}

#[test]
fn an_incomplete_draft_is_not_handed_in() {
    let refused = Review::default().hand_in("ana", &[], true).unwrap_err();
    assert!(refused.to_string().contains("“Root cause” is empty"), "{refused}");
    assert!(refused.to_string().contains("there is no corrective action"), "{refused}");
}

#[test]
fn only_what_is_public_is_published() {
    let mut sections = full();
    sections.insert(Section::Detection, Part { text: "Our secret gap.".into(), is_public: false });
    let event = |what: &str, is_internal| Event { at: Timestamp::default(), what: what.into(), is_internal };
    let record =
        Record { events: vec![event("Declared", false), event("Pager broke", true)], ..Record::default() };
    let action =
        PublishedAction { id: "a".into(), what: "Watch the queue".into(), due_on: "2026-03-09".into() };
    let told = Published::of(&sections, vec![action.clone()], &record);
    assert!(!told.has(Section::Detection) && !told.has(Section::Credits) && told.has(Section::Summary));
    assert_eq!(told.record.events.len(), 1);
    let text = serde_json::to_string(&told).unwrap();
    assert!(!text.contains("secret gap") && !text.contains("Pager"), "{text}");
    assert_eq!(serde_json::from_str::<Published>(&text).unwrap(), told);
    assert!(told.body().starts_with("Summary\nAbout Summary."));
    assert!(told.body().contains("– Watch the queue (by 2026-03-09)"), "{}", told.body());
    sections.insert(Section::Actions, Part { text: "Not for all.".into(), is_public: false });
    assert!(!Published::of(&sections, vec![action], &record).body().contains("Watch the queue"));
    sections.insert(Section::Timeline, Part { text: String::new(), is_public: false });
    let told = Published::of(&sections, Vec::new(), &record);
    assert!(told.record.events.is_empty(), "an internal timeline takes its events along");
}

#[test]
fn the_lowest_point_needs_samples() {
    let point = |ms, samples, succeeded| Point { at: Timestamp::from_millis(ms), samples, succeeded };
    let graph = Graph {
        name: String::new(),
        from: Timestamp::default(),
        to: Timestamp::default(),
        width_ms: 300_000,
        points: vec![point(0, 5, 0), point(300_000, 400, 245), point(600_000, 400, 399)],
    };
    assert_eq!(graph.lowest_words().unwrap(), "lowest at 00:05 UTC: 61.2 % of 400 succeeded");
    assert_eq!(point(0, 0, 0).percent(), "0.0 %");
}

#[test]
fn a_long_graph_gets_wider_points_and_loses_no_sample() {
    let counts: Vec<Point> = (0..1_000)
        .map(|n| Point { at: Timestamp::from_millis(n * 300_000), samples: 10, succeeded: 9 })
        .collect();
    let end = Timestamp::from_millis(1_000 * 300_000);
    let graph = Graph::of("Downloads".into(), Timestamp::default(), end, &counts).unwrap();
    assert!(graph.points.len() <= 144, "{}", graph.points.len());
    assert_eq!(graph.points.iter().map(|p| p.samples).sum::<i64>(), 10_000);
    let table = graph.condensed(24);
    assert!(table.points.len() <= 24, "{}", table.points.len());
    assert_eq!(table.points.iter().map(|p| p.succeeded).sum::<i64>(), 9_000);
    assert_eq!(Graph::of(String::new(), Timestamp::default(), end, &[]), None);
}

#[test]
fn weeks_are_those_of_the_calendar() {
    let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
    assert_eq!(Week::of(at("2027-01-03T23:59:59.999Z")).to_string(), "2026-W53");
    assert_eq!(Week::of(at("2027-01-04T00:00:00Z")).to_string(), "2027-W01");
    let week = Week::parse("2026-W09").unwrap();
    assert_eq!((week.start(), week.end()), (at("2026-02-23T00:00:00Z"), at("2026-03-02T00:00:00Z")));
    assert_eq!(week.days(), "23 Feb – 1 Mar 2026");
    assert_eq!(Week::parse("2027-W01").unwrap().before().to_string(), "2026-W53");
    for wrong in ["2026-W00", "2026-W54", "2025-W53", "2026-9", "26-W09", "2026-W9", "x-W01", ""] {
        assert_eq!(Week::parse(wrong), None, "{wrong}");
    }
}
