//! Laws over the source: all SQL stands in `statements!`, where the tests find it.

use std::path::Path;

/// Opening asks the engines about themselves; the test databases create and drop databases.
const EXEMPT: [&str; 2] = ["open.rs", "testing.rs"];

pub(crate) fn files() -> Vec<(String, String)> {
    fn walk(dir: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(dir).expect("the source").map(|e| e.expect("an entry").path()) {
            if entry.is_dir() {
                walk(&entry, found);
            } else if entry.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&entry).expect("a source file");
                found.push((entry.file_name().unwrap_or_default().to_string_lossy().into_owned(), text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

/// Lines where a `query…(` call is given its text on the spot.
fn literal_queries(text: &str) -> Vec<String> {
    let squeezed: String = text.lines().map(|l| l.split("//").next().unwrap_or_default().trim()).collect();
    squeezed
        .split("sqlx::query")
        .skip(1)
        .filter(|rest| {
            let after = rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
            let opens =
                if after.starts_with("::<") { after.find(">(").map(|at| at + 1) } else { after.find('(') };
            let call = opens.map_or("", |at| &after[at + 1..]);
            call.starts_with(['"', 'r']) && call.trim_start_matches(['r', '#']).starts_with('"')
        })
        .map(|rest| rest.chars().take(80).collect())
        .collect()
}

#[test]
fn no_query_has_its_text_on_the_spot() {
    for (file, text) in files().into_iter().filter(|(f, _)| !EXEMPT.contains(&f.as_str())) {
        let found = literal_queries(&text);
        assert!(
            found.is_empty(),
            "{file}: put this SQL into statements! so that both engines prepare it: {found:?}"
        );
    }
}

#[test]
fn the_check_sees_what_it_looks_for() {
    assert_eq!(literal_queries("sqlx::query_as::<_, (i64,)>(\n    \"SELECT 1\")").len(), 1);
    assert_eq!(literal_queries("sqlx::query(r#\"SELECT 1\"#)").len(), 1);
    assert_eq!(literal_queries("sqlx::query(sql)").len(), 0);
    assert_eq!(literal_queries("sqlx::query(row.text)").len(), 0);
}
