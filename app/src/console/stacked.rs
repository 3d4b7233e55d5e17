//! Tables of the console (`.now`) are stacked on narrow screens, without their head: there every value says itself what
//! it is.

const TABLE: &str = "<table class=\"now";

/// The same document; in such tables every value but the first of a row carries its heading (`data-l`). Only markup can
/// match: `<` in text, `<` and `"` in attributes are always escaped.
pub(super) fn labelled(html: &str) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    let mut rest = html;
    while let Some(start) = rest.find(TABLE) {
        let (before, from_table) = rest.split_at(start);
        let (table, after) = from_table.split_at(from_table.find("</table>").unwrap_or(from_table.len()));
        out.push_str(before);
        push_table(&mut out, table);
        rest = after;
    }
    out.push_str(rest);
    out
}

fn push_table(out: &mut String, table: &str) {
    let (head, body) = table.split_at(table.find("</thead>").unwrap_or(0));
    let labels: Vec<String> =
        head.split("<th").filter(|part| part.starts_with(['>', ' '])).map(label).collect();
    out.push_str(head);
    let mut column = 0;
    let mut rest = body;
    while let Some(at) = rest.find("<t") {
        let (before, tag) = rest.split_at(at + "<t".len());
        out.push_str(before);
        rest = tag;
        let is = |name: char| tag.strip_prefix(name).filter(|after| after.starts_with(['>', ' ']));
        if is('r').is_some() {
            column = 0;
        } else if is('h').is_some() {
            column += 1;
        } else if let Some(cell) = is('d') {
            if let Some(words) = labels.get(column).filter(|words| column > 0 && !words.is_empty())
                && !inside(cell, "</td>").trim().is_empty()
            {
                out.push_str("d data-l=\"");
                out.push_str(words);
                out.push('"');
                rest = cell;
            }
            column += 1;
        }
    }
    out.push_str(rest);
}

/// What a heading says; nothing, where it is only for those who hear it.
fn label(heading: &str) -> String {
    if heading.contains("class=\"v\"") {
        String::new()
    } else {
        inside(heading, "</th>").replace('"', "&quot;")
    }
}

/// The words of an element of which the attributes and what follows them are given.
fn inside(element: &str, end: &str) -> String {
    let mut out = String::new();
    let mut rest = element.split_once('>').map_or("", |(_, rest)| rest);
    rest = rest.split(end).next().unwrap_or_default();
    while let Some((text, tag)) = rest.split_once('<') {
        out.push_str(text);
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::labelled;

    #[test]
    fn values_say_what_stands_above_them() {
        let html = "<td>a</td><table class=\"now list\"><thead><tr><th>Name</th><th class=\"n\">Sent<!> &amp; \"read\"</th>\
            <th><span class=\"v\">Action</span></th><th>State</th></tr></thead><tbody><tr><td>b</td><td class=\"n\">1</td>\
            <td><button>Go</button></td><td> </td></tr><tr><th>c</th><td>2</td><td></td><td><time>3</time></td></tr></tbody>\
            </table><td>d</td>";
        let expected = html
            .replace("<td class=\"n\">1", "<td data-l=\"Sent &amp; &quot;read&quot;\" class=\"n\">1")
            .replace("<td>2", "<td data-l=\"Sent &amp; &quot;read&quot;\">2")
            .replace("<td><time>", "<td data-l=\"State\"><time>");
        assert_eq!(labelled(html), expected);
    }

    #[test]
    fn what_is_no_such_table_stays_as_it_is() {
        for html in [
            "",
            "<table><thead><tr><th>A</th><th>B</th></tr></thead><tr><td>1</td><td>2</td></tr></table>",
            "<table class=\"now\"><tr><td>1</td><td>2</td></tr></table>",
            "<table class=\"now\"><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td>1</td><t",
        ] {
            assert_eq!(labelled(html), html);
        }
    }
}
