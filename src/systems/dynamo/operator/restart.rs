//! The restart of a graph as a state machine: which components are being restarted, and which carry the annotation that does it.
//! Nothing is read or written here. Restarts came after 0.8.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dgd_restart_reconciler.go;
//! deploy/operator/internal/dynamo/graph.go, DetermineRestartState and GetRestartOrder.

use crate::systems::dynamo::model::Restart;
use crate::systems::dynamo::status::{RestartPhase, RestartStatus};

/// True where nothing more happens. `Pending` and `Failed` are declared by the API and never written.
const fn is_final(phase: RestartPhase) -> bool {
    matches!(phase, RestartPhase::Completed | RestartPhase::Failed | RestartPhase::Superseded)
}

/// What a look at a graph sees.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// What is asked for; `None`: nothing, or an empty id.
    pub request: Option<&'a Restart>,
    /// The names of its components.
    pub components: &'a [&'a str],
    /// What its status says.
    pub status: Option<&'a RestartStatus>,
    /// True while workers are being rolled over.
    pub is_rolling: bool,
}

impl Look<'_> {
    fn asked(&self) -> Option<&Restart> {
        self.request.filter(|request| !request.id.is_empty())
    }

    fn is_new(&self, request: &Restart) -> bool {
        self.status.is_none_or(|status| status.id.is_empty() || status.id != request.id)
    }

    /// The order of a restart one by one.
    fn order(&self) -> Vec<String> {
        match self.request {
            Some(request) if !request.order.is_empty() => request.order.clone(),
            _ => {
                let mut names: Vec<String> = self.components.iter().map(|name| (*name).to_owned()).collect();
                names.sort();
                names
            }
        }
    }
}

/// What the status says after this look; `is_updated` tells whether a component is as it is wanted.
pub fn resolve(look: &Look<'_>, is_updated: impl Fn(&str) -> bool) -> Option<RestartStatus> {
    let Some(request) = look.asked() else {
        return look.status.filter(|status| is_final(status.phase)).cloned();
    };
    let is_new = look.is_new(request);
    if let Some(status) = look.status.filter(|status| !is_new && is_final(status.phase)) {
        return Some(status.clone());
    }
    let told = |phase, in_progress| Some(RestartStatus { id: request.id.clone(), phase, in_progress });
    if look.is_rolling {
        return told(RestartPhase::Superseded, Vec::new());
    }
    if request.parallel {
        let mut names: Vec<String> = look.components.iter().map(|name| (*name).to_owned()).collect();
        names.sort();
        if is_new && !names.is_empty() {
            return told(RestartPhase::Restarting, names);
        }
        let known = look.status.map(|status| &status.in_progress).filter(|known| !known.is_empty());
        let left: Vec<String> = known.unwrap_or(&names).iter().filter(|name| !is_updated(name)).cloned().collect();
        return if left.is_empty() {
            told(RestartPhase::Completed, left)
        } else {
            told(RestartPhase::Restarting, left)
        };
    }
    let order = look.order();
    let Some(first) = order.first() else { return told(RestartPhase::Completed, Vec::new()) };
    let current = look.status.filter(|_| !is_new).and_then(|status| status.in_progress.first());
    let Some(current) = current else { return told(RestartPhase::Restarting, vec![first.clone()]) };
    if !is_updated(current) {
        return told(RestartPhase::Restarting, vec![current.clone()]);
    }
    // A component that is no longer in the order begins the sequence again.
    let Some(place) = order.iter().position(|name| name == current) else {
        return told(RestartPhase::Restarting, vec![first.clone()]);
    };
    match order.get(place + 1) {
        Some(next) => told(RestartPhase::Restarting, vec![next.clone()]),
        None => told(RestartPhase::Completed, Vec::new()),
    }
}

/// Which components get the annotation `nvidia.com/restartAt`, and its value; `None`: those that have one keep it. `status` is what
/// [`resolve`] said at this look.
pub fn annotated(look: &Look<'_>, status: Option<&RestartStatus>) -> Option<(String, Vec<String>)> {
    let status = status?;
    let all = || look.components.iter().map(|name| (*name).to_owned()).collect();
    let Some(request) = look.asked() else {
        return (!status.id.is_empty()).then(|| (status.id.clone(), all()));
    };
    let is_new = status.id != request.id;
    match status.phase {
        RestartPhase::Superseded if !is_new => return None,
        RestartPhase::Completed if !is_new => return Some((request.id.clone(), all())),
        _ if request.parallel => return Some((request.id.clone(), all())),
        _ => {}
    }
    let order = look.order();
    let last = order.iter().rposition(|name| status.in_progress.contains(name));
    let upto = if status.in_progress.is_empty() { 1 } else { last.map_or(0, |last| last + 1) };
    Some((request.id.clone(), order.into_iter().take(upto).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["Frontend", "prefill", "decode"];

    fn look<'a>(request: &'a Restart, status: Option<&'a RestartStatus>) -> Look<'a> {
        Look { request: Some(request), components: &NAMES, status, is_rolling: false }
    }

    fn request(id: &str) -> Restart {
        Restart { id: id.to_owned(), parallel: false, order: Vec::new() }
    }

    #[test]
    fn one_by_one_goes_by_name_with_capitals_first() {
        let request = request("1");
        let mut status = resolve(&look(&request, None), |_| true);
        let mut course = Vec::new();
        while let Some(now) = status.clone().filter(|status| status.phase == RestartPhase::Restarting) {
            let annotated = annotated(&look(&request, Some(&now)), Some(&now)).map(|(_, names)| names.len());
            course.push((now.in_progress.join(","), annotated));
            status = resolve(&look(&request, Some(&now)), |_| true);
        }
        let expected = [("Frontend", Some(1)), ("decode", Some(2)), ("prefill", Some(3))];
        assert_eq!(course, expected.map(|(name, count)| (name.to_owned(), count)));
        assert_eq!(status.map(|status| status.phase), Some(RestartPhase::Completed));
    }

    #[test]
    fn a_component_that_is_not_ready_holds_the_next() {
        let request = request("1");
        let first = resolve(&look(&request, None), |_| false).expect("a status");
        let again = resolve(&look(&request, Some(&first)), |_| false).expect("a status");
        assert_eq!(again, first);
    }

    #[test]
    fn an_order_is_kept_and_a_component_that_left_it_begins_again() {
        let order = ["decode", "prefill", "Frontend"].map(str::to_owned).to_vec();
        let request = Restart { id: "1".to_owned(), parallel: false, order };
        let first = resolve(&look(&request, None), |_| true).expect("a status");
        assert_eq!(first.in_progress, ["decode"]);
        let lost = RestartStatus { in_progress: vec!["planner".to_owned()], ..first };
        assert_eq!(resolve(&look(&request, Some(&lost)), |_| true).expect("a status").in_progress, ["decode"]);
    }

    #[test]
    fn all_at_once_marks_them_before_it_looks() {
        let request = Restart { id: "1".to_owned(), parallel: true, order: Vec::new() };
        let first = resolve(&look(&request, None), |_| true).expect("a status");
        assert_eq!((first.phase, first.in_progress.len()), (RestartPhase::Restarting, 3));
        let left = resolve(&look(&request, Some(&first)), |name| name != "decode").expect("a status");
        assert_eq!(left.in_progress, ["decode"]);
        let done = resolve(&look(&request, Some(&left)), |_| true).expect("a status");
        assert_eq!(done.phase, RestartPhase::Completed);
    }

    #[test]
    fn a_restart_during_a_rollout_is_superseded_for_good() {
        let request = request("1");
        let rolling = Look { is_rolling: true, ..look(&request, None) };
        let status = resolve(&rolling, |_| true).expect("a status");
        assert_eq!(status.phase, RestartPhase::Superseded);
        assert_eq!(annotated(&rolling, Some(&status)), None);
        // The rollout ends, and nothing is restarted.
        assert_eq!(resolve(&look(&request, Some(&status)), |_| true), Some(status.clone()));
        // Another request is another restart.
        let other = Restart { id: "2".to_owned(), ..request };
        assert_eq!(
            resolve(&look(&other, Some(&status)), |_| true).map(|status| status.phase),
            Some(RestartPhase::Restarting)
        );
    }

    #[test]
    fn what_is_over_stays_told_when_the_request_is_taken_out() {
        let done = RestartStatus { id: "1".to_owned(), phase: RestartPhase::Completed, in_progress: Vec::new() };
        let none = Look { request: None, components: &NAMES, status: Some(&done), is_rolling: false };
        assert_eq!(resolve(&none, |_| true).as_ref(), Some(&done));
        assert_eq!(annotated(&none, Some(&done)).map(|(id, names)| (id, names.len())), Some(("1".to_owned(), 3)));
        let begun = RestartStatus { phase: RestartPhase::Restarting, ..done.clone() };
        assert_eq!(resolve(&Look { status: Some(&begun), ..none }, |_| true), None);
    }
}
