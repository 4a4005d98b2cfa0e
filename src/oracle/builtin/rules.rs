//! The built-in oracles by code and name, with what each means. How they find what they find stands in the files beside this one.

use crate::text::rule::{Rule, rules};

rules! {
    OVERCOMMIT "GR101" "overcommit" Error
        "A GPU is held by two pods, or a node by more than it has."
        "A GPU belongs to one pod at a time, and the requests of a node's pods stay within what it can give. Whatever the scheduler, \
         the kubelet and the controllers decide, that must hold at every instant."
        ""
    ORDER "GR102" "started-early" Error
        "A dependent began before what it depends on was there."
        "Documents say what must be there before something begins: depends_on of a blueprint, startsAfter of a clique, the steps of \
         a pipeline. Nothing of the dependent may be made before its dependency has come to the state that its system's \
         documentation names."
        ""
    EXPORT "GR103" "stale-export" Error
        "A deployment was given a value by a version of another that is gone."
        "What one deployment exports (a name, an address) is put into the environment of those that refer to it. A value that was \
         published by a version which is not there any more leads nowhere."
        ""
    OUTAGE "GR104" "outage" Error
        "Nobody serves behind a name that was served before, although it is still asked for."
        "Once a Service or an endpoint has had a ready pod, requests come to it. From the instant at which none is ready until one \
         is again they fail: an outage, with its length. Not while the name is being taken down, or wanted to have no pods."
        "strategy: { type: Recreate }   # every update is an outage"
    UNSTABLE "GR105" "unstable" Error
        "Something changes for ever, though nothing new is asked for."
        "Controllers bring what is there to what is asked for and then leave it alone (Eventually Stable Reconciliation). Two writers \
         who take turns at one field, or a controller that undoes its own work, never do."
        ""
    STUCK "GR106" "stuck" Error
        "Something is asked for and nothing goes on towards it any more."
        "The run comes to its end, or to a point where nothing can happen, and what is asked for is not there: pods without a place, \
         a rollout that waits for itself, a deployment in a state that nobody looks at."
        "strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }   # on a full fleet"
    LEAK "GR107" "leaked" Error
        "Something is left that nobody asks for any more."
        "After an undeploy, or after a rollout has come to its end, pods, GPUs, Services or revisions remain that belong to nothing \
         which is asked for."
        ""
    CHURN "GR108" "churn" Warning
        "Objects are made and deleted more often than the faults explain."
        "The run without faults makes and deletes a number of objects of each kind. A fault explains some more: what it destroyed is \
         made again. Beyond that, somebody makes and deletes in vain. Found by comparing with the run without faults."
        ""
    DIVERGENCE "GR109" "not-converged" Error
        "Faults are over, and the end is another than without them."
        "Once faults end, controllers bring everything to where it would have been without them. An end that differs was reached by \
         an event that was missed or a state that is not looked at again. Found by comparing with the run without faults."
        ""
    PATH "GR110" "path-dependent" Error
        "What is reached step by step is another state than what is reached at once."
        "The documents that stand at the end say what is wanted; how one came there should not matter. Found by comparing with the \
         run in which the last documents are deployed at once."
        ""
    PROMOTION "GR111" "unhealthy-promotion" Error
        "Traffic was given to a version that was not ready for it."
        "A promotion moves requests from one version to another. The one that takes them must have the pods for it, ready, at that \
         instant."
        ""
    ROLLBACK "GR112" "rollback-incomplete" Error
        "A rollback came to its end, and what was before is not there again."
        "An update that is given up leaves what was there before it: the same version, as many pods, the same share of traffic, and \
         nothing of the new one."
        ""
    OVERDUE "GR113" "overdue" Error
        "Something was due by its system's own rules, and did not happen."
        "Systems say how long a state of theirs lasts at most, and what they bring about where nothing fails: an update that waits for \
         its promotion expires, a revision that is activated and whose parts all come up is the current one. What is due by such a \
         rule and does not happen is a mistake of the system, even if it looks like a wait or a rollback."
        ""
}

/// The oracle of a code or name.
pub fn find(text: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.code.eq_ignore_ascii_case(text) || rule.name == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_there_once_and_in_order() {
        for (index, rule) in ALL.iter().enumerate() {
            assert_eq!(rule.code, format!("GR{}", 101 + index));
            assert_eq!(ALL.iter().filter(|other| other.name == rule.name).count(), 1, "{}", rule.name);
            assert_eq!(find(rule.code), Some(*rule));
            assert_eq!(find(rule.name), Some(*rule));
        }
        assert_eq!(find("GR199"), None);
    }
}
