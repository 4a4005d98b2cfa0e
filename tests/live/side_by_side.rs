//! Two runs of one scenario at once: the same names in the documents, none in common on the cluster.

use crate::ground::{ground, share};
use crate::play::{Ended, Started, web};

/// What each subject became, without times and without what one pod of a set may do before another.
fn states(ended: &Ended) -> Vec<String> {
    let entries = ended.said.lines().filter(|line| line.starts_with("00:"));
    let mut states: Vec<String> = entries
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            let (subject, became) = (words.next()?, words.next()?);
            let is_whole = ["Deployment/", "manifests/", "PriorityClass/"].iter().any(|kind| subject.starts_with(kind));
            is_whole.then(|| format!("{subject} {became}"))
        })
        .collect();
    states.sort();
    states.dedup();
    states
}

#[test]
fn two_runs_do_not_see_each_other() {
    let Some(ground) = ground() else { return };
    let _shared = share();
    let scenario = web(
        "25s",
        "actions: [ { at: 8s, apply: web-v2.yaml } ]
expect:
  - eventually: { ReplicaSet/web-r2: Created }
    within: 15s
  - always: \"available('Deployment/web') >= 2\"
    from: { ReplicaSet/web-r2: Created }
  - final: { Deployment/web: Complete }
",
    );
    let mut first = ground.start(&scenario, &[]);
    first.wait_for(&["Deployment/web", "Complete"]);
    let second: Started = ground.start(&scenario, &[]);
    let runs = [first.run.clone(), second.run.clone()];
    let ended = [second.end(), first.end()];
    for ended in &ended {
        ended.expect(0, &["passed    final"]);
        let nodes = ended.said.lines().filter(|line| line.contains(" Node/") && line.contains(" Ready")).count();
        assert!(nodes <= 4, "nodes of the other run are seen:\n{}", ended.said);
    }
    assert_eq!(states(&ended[0]), states(&ended[1]));
    assert!(states(&ended[0]).len() >= 4, "{:?}", states(&ended[0]));
    runs.iter().for_each(|run| ground.expect_nothing_of(run));
}
