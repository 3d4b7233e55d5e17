//! Text inside `<textarea>`. Leptos writes what stands there without escaping it (tachys 0.2), so we do.

/// Text for a `<textarea>`, where no mark of it can end the element. Browsers drop one line break at the beginning: it
/// is given, so that one that was typed stays.
#[must_use]
pub fn area_text(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    if escaped.starts_with('\n') { format!("\n{escaped}") } else { escaped }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn nothing_typed_ends_the_element() {
        assert_eq!(area_text("</textarea><script>&lt;"), "&lt;/textarea&gt;&lt;script&gt;&amp;lt;");
        assert_eq!(area_text("\na"), "\n\na");
    }

    /// Every `<textarea>` of ours is empty, or its text goes through [`area_text`].
    #[test]
    fn no_text_goes_in_as_it_is() {
        let mut seen = 0;
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                    continue;
                }
                if entry.ends_with("ui/area.rs") {
                    continue;
                }
                let source = fs::read_to_string(&entry).unwrap();
                for (at, _) in source.match_indices("<textarea ") {
                    let element = source[at..].split("</textarea>").next().unwrap();
                    let text = element.rsplit('>').next().unwrap().trim();
                    let is_safe = text.is_empty() || text.starts_with("{area_text(");
                    assert!(is_safe, "{}: {element}", entry.display());
                    seen += 1;
                }
            }
        }
        assert!(seen >= 10, "only {seen} seen");
    }
}
