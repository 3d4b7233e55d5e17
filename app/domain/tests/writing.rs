//! The linter, the templates and the differences, held to examples and properties.

use domain::{
    incident::UpdateKind,
    notice::Message,
    writing::{
        diff::{self, Fate},
        linter::{Finding, Level, LinterPolicy, RuleName, lint, lint_text},
        template::{BadTemplate, Facts, PLACEHOLDERS, Slot, Template, TemplateKind, fill_text},
    },
};
use proptest::prelude::*;

fn good() -> Message {
    Message {
        known: "About one in four eSIM downloads in France fails since 08:10 UTC.".into(),
        unknown: "Why the first host is slow.".into(),
        next_steps:
            "Traffic moves to the second host, which takes 20 to 40 minutes. Next update by 09:10 UTC.".into(),
        customer_action: "Wait five minutes, then scan the same QR code again.".into(),
    }
}

fn rules(found: &[Finding]) -> Vec<RuleName> {
    found.iter().map(|f| f.rule).collect()
}

#[test]
fn a_good_update_has_no_findings() {
    assert_eq!(lint(&good(), UpdateKind::Progress, &LinterPolicy::default()), []);
}

#[test]
fn every_kind_has_its_minimum() {
    let missing = |kind| -> Vec<&str> {
        lint(&Message::default(), kind, &LinterPolicy::default()).iter().map(|f| f.field).collect()
    };
    let all = ["known", "unknown", "next_steps", "customer_action"];
    assert_eq!(missing(UpdateKind::Initial), all);
    assert_eq!(missing(UpdateKind::Progress), all);
    assert_eq!(missing(UpdateKind::NoChange), ["known", "next_steps"]);
    assert_eq!(missing(UpdateKind::Restored), ["known", "customer_action"]);
    assert_eq!(missing(UpdateKind::Resolved), ["known"]);
}

#[test]
fn a_time_to_expect_is_a_range() {
    let policy = LinterPolicy::default();
    for point in [
        "It will be fixed by 15:00 UTC.",
        "ETA: 15:00.",
        "The change takes 30 minutes.",
        "We expect it to work again in two hours.",
        "Service will be back in 2h",
        "Restored within an hour.",
    ] {
        assert_eq!(rules(&lint_text("next_steps", point, &policy)), [RuleName::SinglePointEta], "{point}");
    }
    for fine in [
        "We expect 20 to 60 minutes more.",
        "It should be back between 14:00 and 15:00 UTC.",
        "The change takes 2–4 hours.",
        "The change takes 30 minutes to 2 hours.",
        "The next update will be published at 14:50 UTC.",
        "Downloads fail since 13:35 UTC.",
        "We called the supplier at 13:40 UTC.",
    ] {
        assert_eq!(rules(&lint_text("next_steps", fine, &policy)), [], "{fine}");
    }
    assert_eq!(lint_text("customer_action", "It should be retried in 5 minutes.", &policy), []);
}

#[test]
fn nobody_is_identified() {
    let policy = LinterPolicy::default();
    for text in [
        "Profile 8944110068123456789 fails.",
        "Profile 8944 1100 6812 3456 789 fails.",
        "Call +33 6 12 34 56 78.",
        "Call +33612345678 now",
        "Subscriber 208011234567890 has no data.",
        "Write to ana@example.com.",
        "Scan LPA:1$host.example$04386-AGYFT",
    ] {
        let found = lint_text("known", text, &policy);
        assert_eq!((rules(&found), found[0].level), (vec![RuleName::Identifier], Level::Block), "{text}");
        assert!(!found[0].message.contains("8944110068123456789"), "the finding does not repeat it");
    }
    for fine in ["2026-03-02 08:10 UTC", "20 30 40 minutes", "1,412 downloads", "error 504"] {
        assert_eq!(lint_text("known", fine, &policy), [], "{fine}");
    }
}

#[test]
fn words_are_found_as_words_and_warn() {
    let policy = LinterPolicy::default();
    let warned = |text: &str| {
        let found = lint_text("known", text, &policy);
        assert!(found.iter().all(|f| f.level == Level::Warn), "{found:?}");
        rules(&found)
    };
    assert_eq!(warned("The HSS rejects IMSI lookups."), [RuleName::Jargon]);
    assert_eq!(warned("Our world-class network."), [RuleName::Marketing]);
    assert_eq!(warned("A certificate probably ran out."), [RuleName::UnlabelledHypothesis]);
    assert_eq!(warned("Working hypothesis: a certificate probably ran out."), []);
    assert_eq!(warned("Hopefully it holds."), [RuleName::Speculation]);
    assert_eq!(warned("Aspnet and hssx are no words of ours."), []);
}

#[test]
fn a_rule_that_is_off_finds_nothing_and_levels_are_data() {
    let mut policy = LinterPolicy::default();
    for rule in &mut policy.rules {
        rule.is_enabled = rule.name == RuleName::Jargon;
        rule.level = Level::Block;
    }
    let found = lint(
        &Message { known: "Hopefully the HSS is back by 15:00.".into(), ..Message::default() },
        UpdateKind::Initial,
        &policy,
    );
    assert_eq!(
        found.iter().map(|f| (f.rule, f.level, f.excerpt.as_str())).collect::<Vec<_>>(),
        [(RuleName::Jargon, Level::Block, "HSS")]
    );
}

#[test]
fn templates_are_filled_in_one_pass_from_a_fixed_list() {
    let facts = Facts::from([
        ("countries", "{{severity}} & {{secret}}".to_owned()),
        ("severity", "Sev 2".to_owned()),
    ]);
    assert_eq!(
        fill_text("In {{ countries }}: {{severity}}", &facts).unwrap(),
        "In {{severity}} & {{secret}}: Sev 2"
    );
    assert_eq!(fill_text("{{workaround}}", &facts).unwrap(), "[workaround: please fill in]");
    assert_eq!(
        fill_text("{{ include /etc/passwd }}", &facts),
        Err(BadTemplate::Unknown("include /etc/passwd".into()))
    );
    assert_eq!(fill_text("{{{{severity}}}}", &facts), Err(BadTemplate::Unknown("{{severity".into())));
    assert_eq!(fill_text("{{severity", &facts), Err(BadTemplate::Open));
    assert_eq!(
        BadTemplate::Unknown("eta".into()).to_string(),
        "There is no placeholder {{eta}}. Choose one from the list beside the form."
    );
}

#[test]
fn what_we_come_with_is_right() {
    let facts: Facts = PLACEHOLDERS.iter().map(|(name, _)| (*name, "a thing".to_owned())).collect();
    for slot in Slot::all() {
        let template = Template::built_in(slot);
        assert_eq!(template.check(), Ok(()), "{}", slot.slug());
        assert_eq!(Slot::find(&slot.slug()), Some(slot));
        let filled = template.fill(&facts);
        let message = Message {
            known: filled.known,
            unknown: filled.unknown,
            next_steps: filled.next_steps,
            customer_action: filled.customer_action,
        };
        let kind = match slot.kind {
            TemplateKind::Initial => UpdateKind::Initial,
            TemplateKind::Progress => UpdateKind::Progress,
            TemplateKind::Restore | TemplateKind::Maintenance => UpdateKind::Restored,
        };
        let found = lint(&message, kind, &LinterPolicy::default());
        let is_gap = |f: &Finding| f.excerpt.ends_with(": please fill in]");
        assert!(
            found.iter().all(|f| slot.kind == TemplateKind::Progress && is_gap(f)),
            "{}: {found:?}",
            slot.slug()
        );
    }
}

#[test]
fn versions_differ_by_words() {
    let told = diff::words("One in four downloads fails.", "One in five eSIM downloads fails.");
    let parts: Vec<(Fate, &str)> = told.iter().map(|(f, t)| (*f, t.trim())).collect();
    assert!(
        parts.contains(&(Fate::Removed, "four"))
            && parts.iter().any(|(f, t)| *f == Fate::Added && t.contains("five")),
        "{parts:?}"
    );
}

proptest! {
    /// Whatever is typed: no panic, the same findings twice, excerpts are short, and nothing that is off is found.
    #[test]
    fn any_text_is_judged(known in ".{0,200}", next in "(will be|takes|since|by|to|[0-9:–-]{1,6}| |\\.|é|min|hours){0,30}") {
        let policy = LinterPolicy::default();
        let message = Message { known, next_steps: next, ..Message::default() };
        let found = lint(&message, UpdateKind::Progress, &policy);
        prop_assert_eq!(&found, &lint(&message, UpdateKind::Progress, &policy));
        for finding in &found {
            prop_assert!(finding.excerpt.chars().count() <= 81);
        }
        let off = LinterPolicy { rules: Vec::new() };
        prop_assert_eq!(lint(&message, UpdateKind::Progress, &off), vec![]);
    }

    /// Both versions can be told from the difference.
    #[test]
    fn a_difference_holds_both_versions(before in ".{0,80}", after in ".{0,80}") {
        let told = diff::words(&before, &after);
        let side = |gone: Fate| told.iter().filter(|(f, _)| *f != gone).map(|(_, t)| t.as_str()).collect::<String>();
        prop_assert_eq!(side(Fate::Added), before);
        prop_assert_eq!(side(Fate::Removed), after);
    }

    /// A template without braces stays as it is; with them, nothing but known names goes through.
    #[test]
    fn filling_never_invents(text in "[^{}]{0,60}", name in "[a-z_ ]{0,12}") {
        prop_assert_eq!(fill_text(&text, &Facts::new()).unwrap(), text.clone());
        let known = PLACEHOLDERS.iter().any(|(n, _)| *n == name.trim());
        let wrapped = format!("{{{{{name}}}}}");
        prop_assert_eq!(fill_text(&wrapped, &Facts::new()).is_ok(), known);
    }
}
