//! The built-in oracles by code and name, with what each means. How they find what they find stands in the files beside this one.

use crate::text::rule::rules;

rules! {
    OVERCOMMIT "GR101" "overcommit" Error
        "A GPU is held by two pods, or a node by more than it has."
        "A GPU belongs to one pod at a time, and the requests of a node's pods (cpu, memory, ephemeral storage, pods, extended \
         resources such as GPUs and MIG slices) stay within what it can give. Whatever the scheduler, the kubelet and the \
         controllers decide, that must hold whenever a pod has come to a node. It is summed from the pods themselves, not read \
         from the scheduler's books.\n\nNo finding: a node that can give less than its pods hold because a GPU was lost or the \
         node was configured anew (Kubernetes lets them run; only a pod that comes after that is one too many), and a pod that \
         the kubelet refuses."
        "16 GPUs asked for on a node of 8: its pods ask for 16 of nvidia.com/gpu, and it can give 8"
    ORDER "GR102" "started-early" Error
        "A dependent began before what it depends on was there."
        "Documents say what must be there before something begins, and systems say when it is: a deployment of OCI AI \
         Blueprints that depends on another starts once that is monitoring (its README of deployment groups, How It Works), the next step of PaaSTA's \
         pipeline once the instances of the step before run the new version (docs/source/deploy_groups.rst), pods of a \
         clique of Grove once enough pods of the cliques that it starts after are ready (startsAfter), workers of a \
         LeaderWorkerSet with LeaderReady once their leader is, and the pods of a StatefulSet with OrderedReady each once \
         those before it are. That is read off the documents, and no profile changes it. What begins at the same instant is in \
         order."
        "oci: { gate: active }   # starts dependents while what they depend on still loads"
    EXPORT "GR103" "stale-export" Error
        "A deployment was given a value by a version of another that is gone."
        "What a deployment of OCI AI Blueprints exports (an address, a name) is put into the recipes of those that refer to it \
         when they start, and never again. A value whose publisher had failed or was taken down by then, or that is not the \
         one that is published, leads nowhere: the deployment comes up and its requests fail."
        "oci: { references: members }   # waits for the value, not for who published it"
    OUTAGE "GR104" "outage" Error
        "Nobody serves behind a name that was served before, although it is still asked for."
        "Once a Service has had a ready endpoint, or a system's endpoint (traffic/NAME) somebody who serves, requests come to \
         it. From the instant at which nobody serves until somebody does again they fail: an outage, with its length. Of \
         several outages of one name the worst is told: first those that no fault explains, then the longest. An outage that a \
         fault of the scenario led to is one all the same; the finding then ends in `explained by fault/NAME`.\n\nNo finding: a \
         name that was never served, one that is being undeployed or deleted, one whose workloads are scaled to nothing, and \
         the preview or canary Service of a Rollout.\n\nMended by a strategy that keeps old pods until new ones are ready, by \
         more than one replica, and by readiness probes that tell the truth."
        "kind: Deployment\nspec:\n  replicas: 1\n  strategy: { type: Recreate }   # every update is an outage"
    UNSTABLE "GR105" "unstable" Error
        "Something changes for ever, though nothing new is asked for."
        "Controllers bring what is there to what is asked for and then leave it alone (Eventually Stable Reconciliation, as \
         Anvil proves it of controllers). Two writers who take turns at one field, or a controller that undoes its own work, \
         never do.\n\nFound if the run hits a limit on its events, or if what is written of one object at the end of the run is \
         a cycle that goes on: the same changes (made, changed, scaled, deleted, in the same words and figures), at most 16 of \
         them, at least 6 times, with periods that differ by a tenth at most. Pods that differ in their number alone count \
         together, and so do the ReplicaSets of a Deployment.\n\nNo finding: what a CronJob or an autoscaler's metrics ask for, \
         what follows from a fault or an action within the cycle, and what follows from a container that crashes (that is \
         `stuck`)."
        "apiVersion: autoscaling/v2        # scales Deployment/web\nkind: HorizontalPodAutoscaler\n---\nkind: Deployment       \
         # and somebody applies `replicas` again and again"
    STUCK "GR106" "stuck" Error
        "Something is asked for and nothing goes on towards it any more."
        "The run comes to its end, and what is asked for is not there: pods without a place, a rollout that waits for itself, \
         a deployment in a state that nobody looks at, a drain or a deletion that does not end. Nothing has gone on towards it \
         for `oracles.stuck_after` (10m unless the scenario says otherwise). A container that is restarted again and again does \
         not go on. Told at the lowest place: of a group whose deployment is stuck, the deployment.\n\nWhat its system gave up \
         in a word of its own (a Job or a deployment that is failed, a Rollout that is degraded, a drain that timed out) is not \
         there either, and is told as given up, at once.\n\nNo finding: what waits for an operator or a pause by design \
         (paused, suspended, a gate, a promotion by hand), what an operator aborted, what is on its way (an image is pulled, a \
         container starts for the first times, nodes were ordered), what was refused on sight (that is an error of the \
         document), what is being taken down, Jobs of a CronJob that failed, and pods of a DaemonSet on nodes that are down."
        "kind: Deployment                  # on a full fleet\nspec:\n  strategy: { rollingUpdate: { maxSurge: 1, \
         maxUnavailable: 0 } }"
    LEAK "GR107" "leaked" Error
        "Something is left that nobody asks for any more."
        "After an undeploy, or after a rollout has come to its end, something remains that belongs to nothing which is asked \
         for: pods and objects of an owner or document that is gone, pods of an old revision of a Deployment that has its \
         newest, more old ReplicaSets than `revisionHistoryLimit`, pods of a deployment that is gone or wants fewer, routes of \
         a revision that is not current, GPUs that no pod holds. Told once it has been so for `oracles.stuck_after`: garbage is \
         collected later than what it hangs on.\n\nNo finding: what is kept by design (claims of StatefulSets, old ReplicaSets \
         within their limit, pods of Jobs that ended, volumes with Retain, namespaces and configuration), and pods that are on \
         their way out."
        "deployment/chat is ready and runs v1; route/chat-v2-0, which was given up, still holds a GPU"
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
        "A promotion moves requests from one version to another in one instant. The one that takes them must have ready pods \
         for them at that instant: all that are wanted where Argo Rollouts switches the active Service \
         (docs/features/bluegreen.md), a healthy route at least where Backend.AI promotes a revision or a replica group \
         (BEP-1049, blue-green), and one at least where anybody points a Service away from pods that are ready. The first \
         version of a name is no promotion, and a preview promises nothing."
        "kubectl patch service web -p '{ spec: { selector: { version: v2 } } }'   # before v2 is ready"
    ROLLBACK "GR112" "rollback-incomplete" Error
        "A rollback came to its end, and what was before is not there again."
        "After a rollback the version that was given up has no requests and no pods, and the one before has all of its pods \
         again: after an abort of an Argo Rollout (pods of a blue-green update may stay for abortScaleDownDelaySeconds, or \
         until the stable ones can serve alone), after Backend.AI has rolled a revision back, and once a step of PaaSTA says \
         that it is rolled back. What is found was never so until the end of the run, or until the version was wanted again."
        "backendai: { bug_modes: [green_leak] }   # the rollback forgets the new routes, and they keep their GPUs"
    OVERDUE "GR113" "overdue" Error
        "Something was due by its system's own rules, and did not happen."
        "Systems say how long a state of theirs lasts at most, and what they bring about where nothing fails: an update that waits for \
         its promotion expires, a revision that is activated and whose parts all come up is the current one. What is due by such a \
         rule and does not happen is a mistake of the system, even if it looks like a wait or a rollback."
        ""
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
