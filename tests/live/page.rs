//! docs/live.md shows the rights that the program asks for.

use std::fs;
use std::path::Path;

use greenroom::live::access::cluster_role;

#[test]
fn the_page_shows_the_rights_that_a_run_needs() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/live.md")).expect("the page");
    let shown = page.split("\n```yaml\n").find(|part| part.contains("kind: ClusterRole\n")).expect("a ClusterRole");
    let shown = shown.split("\n```").next().expect("the end of the block");
    assert_eq!(shown.trim_end(), cluster_role().trim_end(), "docs/live.md is not current");
}
