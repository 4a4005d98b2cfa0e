//! Documents that a generator spoils.

use greenroom::systems::dynamo::{self, Operator, Options};
use greenroom::text::{Diagnostic, Source};
use proptest::prelude::*;

use crate::{ADAPTER, ALPHA, BETA, MODEL, REQUEST, SET, grove};

/// A way to spoil a document.
#[derive(Clone, Debug)]
enum Spoil {
    /// A line goes.
    Drop(usize),
    /// A line stands twice: a key too.
    Twice(usize),
    /// The value behind a line's first colon becomes this.
    Value(usize, &'static str),
    /// A line is indented by so much more.
    Indent(usize),
}

fn spoils() -> impl Strategy<Value = Spoil> {
    let values = prop::sample::select(vec![
        "null",
        "-1",
        "18446744073709551616",
        "1e400",
        "0.5",
        "true",
        "[]",
        "{}",
        "''",
        "~",
        "'${X}'",
        "[ { a: 1 }, 2 ]",
        "{ name: 1 }",
        "9223372036854775807",
        "\"\\u0000\"",
        "- 1",
        "&a [ *a ]",
        "!!binary aGk=",
        "2026-01-01",
    ]);
    prop_oneof![
        (0_usize..40).prop_map(Spoil::Drop),
        (0_usize..40).prop_map(Spoil::Twice),
        (0_usize..40, values).prop_map(|(line, value)| Spoil::Value(line, value)),
        (0_usize..40).prop_map(Spoil::Indent),
    ]
}

fn spoil(text: &str, spoil: &Spoil) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let count = lines.len();
    match spoil {
        Spoil::Drop(line) => drop(lines.remove(line % count)),
        Spoil::Twice(line) => {
            let again = lines[line % count].clone();
            lines.insert(line % count, again);
        }
        Spoil::Value(line, value) => {
            let line = &mut lines[line % count];
            if let Some((key, _)) = line.split_once(':') {
                *line = format!("{key}: {value}");
            }
        }
        Spoil::Indent(line) => lines[line % count].insert_str(0, "  "),
    }
    lines.join("\n") + "\n"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in a document, reading it ends, gives the same twice, and says of each refusal where it stands.
    #[test]
    fn spoilt_documents_are_read_or_refused_at_a_place(
        which in 0_usize..6,
        spoils in prop::collection::vec(spoils(), 1..4),
        webhook in any::<bool>(),
        is_old in any::<bool>(),
    ) {
        let good = [BETA, ALPHA, MODEL, ADAPTER, REQUEST, SET][which];
        let text = spoils.iter().fold(good.to_owned(), |text, one| spoil(&text, one));
        let operator = if is_old { Operator::V0_8 } else { Operator::V1_5 };
        let options = Options { webhook, operator, ..grove() };
        let source = Source::new("document.yaml", text.as_str());
        let told = |all: &[Diagnostic]| all.iter().map(|one| (one.message.clone(), one.span)).collect::<Vec<_>>();
        match (dynamo::read(&source, &options), dynamo::read(&source, &options)) {
            (Ok(one), Ok(two)) => {
                prop_assert_eq!(told(&one.problems), told(&two.problems));
                prop_assert_eq!(told(&one.warnings), told(&two.warnings));
                prop_assert_eq!(&one.document.objects, &two.document.objects);
                prop_assert_eq!(&one.document.sets, &two.document.sets);
                for problem in &one.problems {
                    let span = problem.span.expect("a refusal has a place");
                    prop_assert!(span.end as usize <= text.len() && span.start <= span.end, "{}", problem.message);
                }
                prop_assert!(one.problems.len() + 1 > one.document.refused.len(), "each refused object has a reason");
            }
            (Err(one), Err(two)) => {
                prop_assert!(!one.is_empty() && told(&one) == told(&two));
                prop_assert!(one.iter().all(|problem| problem.span.is_some()), "{:?}", told(&one));
            }
            _ => prop_assert!(false, "read once and refused once"),
        }
    }
}
