//! The lists of the `oo` client, line by line as it prints them.
//! Source: 1backend/1backend 1305defcf2, cli/oo/commands/deployment/list.go, cli/oo/commands/node/list.go and
//! cli/oo/commands/instance/list.go; go1.26 text/tabwriter and time (`Duration.String`).

use super::profile::Options;
use super::store::Store;
use crate::kernel::Time;
use crate::text::duration::as_go;

/// Bytes of details that are shown without `--full` (deployment/list.go).
const DETAILS_BYTES: usize = 75;
/// What is cut off both ends of details that are too long (deployment/list.go).
const TRIMMED: [char; 3] = [' ', '.', ','];
/// Spaces behind the widest cell of a column (the padding that all three lists give tabwriter).
const PADDING: usize = 3;

/// `oo deployment list`, with `--full` or without.
pub fn deployments(store: &Store, full: bool) -> Vec<String> {
    let mut rows = vec![["ID", "DEFINITION ID", "STATUS", "DETAILS"].map(str::to_owned).to_vec()];
    for row in &store.deployments {
        let details = if full { row.details.clone() } else { cut(&row.details) };
        rows.push(vec![row.spec.id.clone(), row.spec.definition_id.clone(), row.status.text().to_owned(), details]);
    }
    columns(&rows)
}

/// `oo node list`.
pub fn nodes(store: &Store, options: &Options, now: Time) -> Vec<String> {
    let mut rows = vec![["NODE ID", "URL", "LAST HEARTBEAT"].map(str::to_owned).to_vec()];
    for row in &store.nodes {
        rows.push(vec![row.id.clone(), row.url.clone(), ago(row.heartbeat_at(now, options), now)]);
    }
    columns(&rows)
}

/// `oo instance list`.
pub fn instances(store: &Store, options: &Options, now: Time) -> Vec<String> {
    let header = ["INSTANCE ID", "URL", "STATUS", "OWNER SLUG", "LAST HEARTBEAT"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for row in &store.instances {
        let heartbeat = row.heartbeat_at(now, options).map_or_else(|| NEVER.to_owned(), |at| ago(at, now));
        rows.push(vec![row.id.clone(), row.url.clone(), row.status.text().to_owned(), row.slug.clone(), heartbeat]);
    }
    columns(&rows)
}

/// What the client makes of the year 1, which stands for never: Go's longest duration, cut to seconds.
const NEVER: &str = "2562047h47m16s ago";

/// The first bytes of a text that is too long, without what looks odd before an ellipsis. The client counts bytes, and may cut
/// a letter in two; what is left of one is left out here.
fn cut(details: &str) -> String {
    if details.len() <= DETAILS_BYTES {
        return details.to_owned();
    }
    let mut end = DETAILS_BYTES;
    while !details.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", details[..end].trim_matches(TRIMMED))
}

/// How long ago, in whole seconds.
fn ago(at: Time, now: Time) -> String {
    format!("{} ago", as_go(now.since(at)))
}

/// Cells in columns as wide as their widest cell and three spaces; the last cell of a line ends it. A cell that holds a line break
/// or a tab ends its line or column there, as tabwriter has it; no list has such cells but for details.
fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let text: String = rows.iter().map(|row| row.join("\t") + "\n").collect();
    let lines: Vec<Vec<&str>> =
        text.trim_end_matches('\n').split('\n').map(|line| line.split('\t').collect()).collect();
    let mut widths: Vec<Vec<usize>> = lines.iter().map(|line| vec![0; line.len()]).collect();
    // A column is a block of neighbouring lines that all have a cell there which a tab ends.
    for column in 0..lines.iter().map(Vec::len).max().unwrap_or(0) {
        let mut first = 0;
        while first < lines.len() {
            if lines[first].len() <= column + 1 {
                first += 1;
                continue;
            }
            let block = lines[first..].iter().take_while(|line| line.len() > column + 1).count();
            let widest = lines[first..first + block].iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
            widths[first..first + block].iter_mut().for_each(|widths| widths[column] = widest + PADDING);
            first += block;
        }
    }
    let pad = |(cell, width): (&&str, &usize)| format!("{cell:<width$}");
    lines.iter().zip(&widths).map(|(line, widths)| line.iter().zip(widths).map(pad).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    /// What go1.26's tabwriter prints of the same cells.
    #[test]
    fn columns_are_those_of_tabwriter() {
        let rows = [
            row(&["ID", "DEFINITION ID", "STATUS", "DETAILS"]),
            row(&["depl_a", "test-a", "OK", ""]),
            row(&["depl_bb", "tést", "Error", "first line\nsecond\tcolumn\nthird"]),
            row(&["d", "", "Deploying", "x…"]),
        ];
        let expected = [
            "ID        DEFINITION ID   STATUS   DETAILS",
            "depl_a    test-a          OK       ",
            "depl_bb   tést            Error    first line",
            "second    column",
            "third",
            "d      Deploying   x…",
        ];
        assert_eq!(columns(&rows), expected);
    }

    #[test]
    fn long_details_are_cut() {
        let details = format!("{}, and so on", "x".repeat(74));
        assert_eq!(cut(&details), format!("{}…", "x".repeat(74)));
        assert_eq!(cut("short."), "short.");
    }
}
