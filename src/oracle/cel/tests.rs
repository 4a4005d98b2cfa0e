//! Expressions that are none, that are too much, and that are anything at all.

use proptest::prelude::*;

use crate::oracle::played::{always, cel, entry, play, source, two_members};
use crate::oracle::{Judge, compile};
use crate::scenario::model::View;
use crate::text::Diagnostic;
use crate::text::render::render;

/// Expressions that no run could judge are refused with the place of the mistake.
#[test]
fn mistakes_are_found_before_a_run() {
    let sources = [
        "ready('deployment/a') >=",
        "ready('deployment/a' >= 1",
        "raedy('deployment/a') >= 1",
        "uptime('deployment/a') >= 1",
        "ready('vllm') >= 1",
        "['a'].all(s, ready(s) >= 1 && running('pod/x') == 1)",
        "ready('deployment/a') >= '1'",
        "ready('deployment/a')",
        "ready()",
        "vllm.ready >= 1",
        "status('deployment/a') == 'x' ? 1 : 2",
        "",
    ];
    let told = sources.map(|text| {
        let entry = entry(always(cel(text), None, None), View::Actual);
        render(&compile::compile(&[entry], &source(text)).expect_err(text), false)
    });
    insta::assert_snapshot!(told.join(""));
}

fn compiles(text: &str) -> Result<Judge, Vec<Diagnostic>> {
    compile::compile(&[entry(always(cel(text), None, None), View::Actual)], &source(text))
}

/// The largest expressions that are taken fit into the small stack of a worker thread, and larger ones are refused.
#[test]
fn huge_expressions_are_refused_and_large_ones_fit_the_stack() {
    let judged = || {
        let long = |piece: &str| format!("{}{piece} > 0", format!("{piece}+").repeat(1000));
        assert!(compiles(&long("1")).is_ok());
        assert!(compiles(&format!("{} true", "true &&".repeat(280))).is_ok());
        assert!(compiles(&format!("{} true", "!".repeat(2000))).is_ok());
        assert!(compiles(&format!("{}true{}", "(".repeat(64), ")".repeat(64))).is_ok());
        assert!(compiles(&long("11")).is_err());
        assert!(compiles(&format!("{}true{}", "(".repeat(65), ")".repeat(65))).is_err());
        let nested = |depth: usize| format!("{}true{}", "[1].all(x, ".repeat(depth), ")".repeat(depth));
        assert!(compiles(&nested(3)).is_ok());
        assert!(compiles(&nested(4)).is_err());
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(judged).expect("a thread").join().expect("no overflow");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Goal: no text makes the judge panic. Method: pieces of expressions in any order, compiled and, if they are valid,
    /// judged in a run.
    #[test]
    fn no_expression_panics(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..14)) {
        let text = pieces.concat();
        if compiles(&text).is_ok() {
            let verdicts = play(vec![always(cel(&text), None, None)], View::Actual, &two_members(), 8);
            prop_assert_eq!(verdicts.len(), 1);
        }
    }

    /// The same with any characters at all.
    #[test]
    fn no_text_panics(text in "\\PC{0,40}") {
        let _ = compiles(&text);
    }
}

/// What expressions are made of, and what does not belong there.
const PIECES: &[&str] = &[
    "ready(",
    "status(",
    "reached(",
    "gpus_total()",
    "'deployment/a'",
    "'deployment/b'",
    "'x'",
    "\"y\"",
    ")",
    "(",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    ":",
    "?",
    " && ",
    " || ",
    "!",
    "-",
    " + ",
    " * ",
    " / ",
    " % ",
    " == ",
    " >= ",
    " < ",
    " in ",
    "0",
    "1",
    "9223372036854775807",
    "18446744073709551615u",
    "1.5",
    "1e400",
    "true",
    "false",
    "null",
    "x",
    ".all(x, ",
    ".exists(x, ",
    ".map(x, ",
    ".filter(x, ",
    ".size()",
    "has(",
    "size(",
    "int(",
    "string(",
    "duration(",
    "matches(",
    ".matches('(')",
    "b'\\xff'",
    "'\\u{0}'",
    "r'\\'",
    "// comment",
    "\n",
    "\\",
    "§",
    "\u{feff}",
    "'",
];

/// Functions of the language itself are not taken for unknown ones.
#[test]
fn the_language_has_its_own_functions() {
    for text in [
        "size('abc') == 3",
        "'abc'.startsWith('a')",
        "[1, 2].exists_one(x, x == 2)",
        "[1, 2].map(x, x * 2).filter(x, x > 2).size() == 1",
        "int('3') == 3",
        "has({'a': 1}.a)",
        "type(1) == int",
        "1 in [1, 2] ? true : false",
        "{'a': ready('deployment/a')}['a'] >= 0 && -1 < 0 && !false",
    ] {
        let entry = entry(always(cel(text), None, None), View::Actual);
        let compiled = compile::compile(&[entry], &source(text));
        assert!(compiled.is_ok(), "{text}: {compiled:?}");
    }
}
