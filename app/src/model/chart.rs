//! Charts of what was measured over time, ready to be drawn, with the same in words.

/// A figure over time: one line or two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chart {
    /// What it shows.
    pub name: String,
    /// What to note: `lowest 81.2 % at 09:10`; may be empty.
    pub remark: String,
    /// What the upper and the lower edge stand for: `100 %` and `0 %`.
    pub scale: (String, String),
    /// When it begins and ends.
    pub span: (String, String),
    /// Per line a height for each slot, in thousandths; none: nothing was measured, and the line has a gap.
    pub lines: Vec<Vec<Option<i64>>>,
}

/// Figures as a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChartTable {
    /// What it holds.
    pub caption: String,
    /// Its columns.
    pub head: Vec<String>,
    /// Its lines: a cell for each column.
    pub rows: Vec<Vec<String>>,
}

/// Charts that belong together, with their table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Charts {
    /// What they are of: `Last 24 hours`.
    pub title: String,
    /// The charts.
    pub charts: Vec<Chart>,
    /// The same in words.
    pub table: ChartTable,
}

impl Charts {
    /// A bad hour in a day.
    #[must_use]
    pub fn sample() -> Self {
        let shares = [Some(992), Some(990), None, Some(805), Some(947), Some(991)];
        Self {
            title: "Last 24 hours".into(),
            charts: vec![
                Chart {
                    name: "Succeeded in time".into(),
                    remark: "lowest 80.5 %".into(),
                    scale: ("100 %".into(), "0 %".into()),
                    span: ("1 Mar 14:30".into(), "2 Mar 14:30".into()),
                    lines: vec![shares.to_vec()],
                },
                Chart {
                    name: "Half took less than".into(),
                    remark: String::new(),
                    scale: ("5 s".into(), "0 s".into()),
                    span: ("1 Mar 14:30".into(), "2 Mar 14:30".into()),
                    lines: vec![vec![Some(480), Some(500), None, Some(900), Some(620), Some(490)]],
                },
            ],
            table: ChartTable {
                caption: "Each line 4 hours".into(),
                head: ["From, UTC", "Succeeded", "Of", "Half took less than"].map(String::from).into(),
                rows: vec![["14:30", "80.5 %", "1,412", "4.5 s"].map(String::from).into()],
            },
        }
    }
}
