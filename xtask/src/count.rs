//! How many tests passed and failed, read from the closing lines of nextest, cargo test and Playwright.

/// Tests that passed and failed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    /// Passed.
    pub(crate) passed: u32,
    /// Failed, also by timeout.
    pub(crate) failed: u32,
}

impl Count {
    /// Both together.
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }

    /// What a line of output adds; most add nothing.
    pub(crate) fn of_line(line: &str) -> Self {
        let line = plain(line);
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("Summary [") {
            let tests = rest.split_once("run:").map_or("", |(_, tests)| tests);
            return Self {
                passed: before(tests, "passed"),
                failed: before(tests, "failed") + before(tests, "timed out") + before(tests, "exec failed"),
            };
        }
        if let Some(rest) = line.strip_prefix("test result:") {
            return Self { passed: before(rest, "passed"), failed: before(rest, "failed") };
        }
        playwright(line)
    }
}

/// `12 passed (34.5s)`, `1 failed`, `2 flaky`, `1 interrupted`, `1 did not run`, each on a line of its own.
fn playwright(line: &str) -> Count {
    let line = line.split(" (").next().unwrap_or_default();
    let Some((number, word)) = line.split_once(' ') else { return Count::default() };
    let Ok(number) = number.parse() else { return Count::default() };
    match word {
        "passed" => Count { passed: number, failed: 0 },
        // A test that passes only now and then is broken.
        "failed" | "flaky" | "interrupted" | "did not run" => Count { passed: 0, failed: number },
        _ => Count::default(),
    }
}

/// The number right before a word: 17 in `17 passed, 1 failed`.
fn before(text: &str, word: &str) -> u32 {
    text.split([',', ';', '.'])
        .filter_map(|part| part.split('(').next()?.trim().strip_suffix(word))
        .find_map(|number| number.trim().rsplit(' ').next()?.parse().ok())
        .unwrap_or(0)
}

/// Without colours.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            rest.by_ref().find(char::is_ascii_alphabetic);
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(line: &str) -> (u32, u32) {
        let Count { passed, failed } = Count::of_line(line);
        (passed, failed)
    }

    #[test]
    fn nextest() {
        assert_eq!(count("     Summary [   1.849s] 18 tests run: 18 passed, 0 skipped"), (18, 0));
        assert_eq!(
            count("     Summary [   1.129s] 14/18 tests run: 13 passed (2 slow), 1 failed, 0 skipped"),
            (13, 1)
        );
        assert_eq!(count(" Summary [ 9.1s] 5 tests run: 2 passed, 1 failed, 2 timed out, 0 skipped"), (2, 3));
        assert_eq!(
            count(
                "\u{1b}[32;1m     Summary\u{1b}[0m [   0.1s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m passed, 0 skipped"
            ),
            (2, 0)
        );
    }

    #[test]
    fn cargo_test() {
        assert_eq!(
            count("test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out"),
            (7, 0)
        );
        assert_eq!(count("test result: FAILED. 3 passed; 2 failed; 0 ignored"), (3, 2));
    }

    #[test]
    fn playwright_lines() {
        assert_eq!(count("  12 passed (34.5s)"), (12, 0));
        assert_eq!(count("  1 failed"), (0, 1));
        assert_eq!(count("  2 flaky"), (0, 2));
        assert_eq!(count("  3 did not run"), (0, 3));
        assert_eq!(count("  1 skipped"), (0, 0));
    }

    #[test]
    fn other_lines_add_nothing() {
        for line in ["", "   Compiling store v0.1.0", "PASS [ 0.1s] (1/2) two passed", "12 passengers passed"]
        {
            assert_eq!(count(line), (0, 0), "{line}");
        }
    }
}
