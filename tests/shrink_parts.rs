//! Goal: the parts of shrinking hold by themselves: texts that are written are read again as the same values, and delta debugging ends with a
//! part that is needed as a whole. Method: generated values and generated ways to fail.

use greenroom::explore::shrink::ddmin::{ddmin, least};
use greenroom::explore::shrink::json::json;
use greenroom::explore::shrink::tree::Tree;
use greenroom::explore::shrink::yaml::{Style, yaml};
use greenroom::text::{Source, tree};
use proptest::prelude::*;

fn any_tree() -> impl Strategy<Value = Tree> {
    let words = prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,6}",
        "[0-9]{1,3}[a-zA-Z]{0,3}[0-9]{0,2}",
        Just("yes".to_owned()),
        Just("0x1f".to_owned()),
        Just("1e3".to_owned()),
        Just("1:30".to_owned()),
        Just("a\n b\n".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        any::<i64>().prop_map(Tree::Int),
        Just(Tree::Float("2.50".to_owned())),
        words.clone().prop_map(Tree::Text),
    ];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        let keys = words.clone();
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Tree::List),
            prop::collection::btree_map(keys, inner, 0..5).prop_map(|entries| Tree::Map(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Goal: what is written is what is read again, by every reader of the project and in both styles.
    #[test]
    fn what_is_written_is_read_again(tree in any_tree()) {
        for style in [Style::Block, Style::Compact] {
            let text = yaml(&tree, style);
            let source = Source::new("a.yaml", text.as_str());
            for read in [tree::parse, tree::parse_python] {
                let node = read(&source);
                prop_assert_eq!(node.as_ref().map(Tree::of).ok(), Some(tree.clone()), "{}", text);
            }
            let nodes = tree::parse_all(&source).map(|nodes| nodes.iter().map(Tree::of).collect::<Vec<_>>());
            let expected = if tree == Tree::Null { Vec::new() } else { vec![tree.clone()] };
            prop_assert_eq!(nodes.ok(), Some(expected), "{}", text);
        }
    }
}

#[test]
fn a_scenario_stands_as_people_write_it() {
    let text = "name: a\nuntil: 1h\ncluster:\n  nodes:\n    - { pool: a10, count: 2, cpu: 500m }\nexpect:\n  - always: \"outage('traffic/a') == 0.0\"\n  - { eventually: { group/a: monitoring }, within: 1h30m }\n";
    let node = tree::parse(&Source::new("a.yaml", text)).expect("it is YAML");
    insta::assert_snapshot!(yaml(&Tree::of(&node), Style::Compact));
    insta::assert_snapshot!(yaml(&Tree::of(&node), Style::Block));
}

#[test]
fn json_is_read_as_it_was_written() {
    let text = "{\"a\": [1, 2.50, -1e3, \"x\\n\\u0001é\", {}, [], {\"b\": null, \"c\": true}]}";
    let read = |text: &str| Tree::of(&tree::parse(&Source::new("a.json", text)).expect("it is JSON"));
    let tree = read(text);
    assert_eq!(read(&json(&tree)), tree);
    insta::assert_snapshot!(json(&tree));
}

fn minimal(count: usize, fails: impl Fn(&[usize]) -> bool) -> (Vec<usize>, usize) {
    let mut tries = 0;
    let kept = ddmin(count, &mut |parts| {
        for part in parts {
            tries += 1;
            if fails(&part) {
                return Some(part);
            }
        }
        None
    });
    (kept, tries)
}

#[test]
fn finds_the_part_that_is_needed() {
    for needed in [vec![], vec![0], vec![7], vec![1, 6], vec![0, 3, 7], (0..8).collect()] {
        let (kept, _) = minimal(8, |part| needed.iter().all(|one| part.contains(one)));
        assert_eq!(kept, needed);
    }
    let (kept, tries) = minimal(1000, |part| part.contains(&513));
    assert_eq!(kept, [513]);
    assert!(tries < 60, "{tries}");
}

#[test]
fn finds_the_least_number() {
    for needed in 1..=9 {
        assert_eq!(least(1, 9, &mut |one| one >= needed), (needed < 9).then_some(needed));
    }
    assert_eq!(least(3, 3, &mut |_| true), None);
}

proptest! {
    /// Goal: whatever fails, what is left fails, and nothing can be left out of it alone.
    #[test]
    fn what_is_left_fails_and_is_minimal(count in 0_usize..12, fails in any::<u64>()) {
        let fails = |part: &[usize]| {
            let bits = part.iter().fold(0_u64, |bits, one| bits | 1 << one);
            part.len() == count || bits.wrapping_mul(fails | 1).count_ones() % 3 == 0
        };
        let (kept, _) = minimal(count, fails);
        prop_assert!(fails(&kept) || kept.len() == count);
        for left_out in 0..kept.len() {
            let mut part = kept.clone();
            part.remove(left_out);
            prop_assert!(kept.is_empty() || !fails(&part), "{kept:?} without {left_out}");
        }
    }
}
