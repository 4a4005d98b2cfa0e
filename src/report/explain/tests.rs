//! Explanations of a run that is made by hand: every form, and texts that would break a graph.

use super::*;
use crate::explain::{About, Chain, Explanation};
use crate::report::paint::Paint;
use crate::report::sample;
use crate::timeline::EntryId;

fn explained(text: &str) -> Explained {
    let mut run = sample::run();
    run.verdicts[1].text = text.to_owned();
    let chain = Some(Chain::behind(&run, EntryId(3), &[]));
    let moment = run.verdicts[1].at;
    let explanation = |about, chain| Explanation { about, moment, chain, sections: Vec::new() };
    let explanations = vec![explanation(About::Expectation(1), chain), explanation(About::Unfired(0), None)];
    let line = "\n".repeat(9) + "  - { document: group.json, token: hunter2 }\n";
    let source = Source::new("scenarios/two/scenario.yaml", line);
    Explained { run, source, story: Story { explanations, left_out: 2, all_well: false } }
}

fn written(write: impl Fn(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("writing to a vector cannot fail");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn a_failure_is_told_from_the_line_of_the_scenario_on() {
    let explained = explained("never deployment/llamastack: failed");
    insta::assert_snapshot!(written(|out| text::write(out, &explained, Paint::Plain)));
}

#[test]
fn no_text_breaks_out_of_a_label() {
    let explained = explained("always \"a[0]\\\" == 'b'\n; end]} --> x");
    insta::assert_snapshot!("odd_text_in_mermaid", written(|out| mermaid::write(out, &explained)));
    insta::assert_snapshot!("odd_text_in_dot", written(|out| dot::write(out, &explained)));
}

#[test]
fn no_form_shows_a_secret_of_the_scenario() {
    let explained = explained("never deployment/a: failed, password=hunter2");
    let forms = [
        written(|out| text::write(out, &explained, Paint::Colour)),
        written(|out| json::write(out, &explained)),
        written(|out| mermaid::write(out, &explained)),
        written(|out| dot::write(out, &explained)),
    ];
    for form in forms {
        assert!(!form.contains("hunter2"), "{form}");
    }
}
