//! What the filters say of each node for a pod that asks something of other pods, of ports or of volumes: the state that
//! kube-scheduler works out before it filters (`PreFilter`), and the filters that read it (k8s.io/kubernetes v1.36.3,
//! pkg/scheduler/framework/plugins/{nodeports,podtopologyspread,interpodaffinity}). Nodes are looked at on top of the
//! index, so each costs little; pods are never looked at one by one, only the few templates that a node holds.

use super::constraint::{Constraint, Counted, SpreadKeys};
use super::filter;
use super::index::{Index, Standing};
use super::nominated::{Nominations, Nominee};
use super::rejection::{Plugins, Verdict};
use super::relation::Row;
use super::rules::Ruleset;
use super::surroundings::{ClaimProblem, Surroundings, VolumeProblem};
use super::topology::{Key, Tally, Topologies};
use super::{Seeker, View};
use crate::cluster::node::{Node, NodeId, Nodes};
use crate::cluster::template::{Amounts, SpreadId, Template, TemplateId, Templates};

/// A hard constraint with what is in each place.
#[derive(Clone, Debug)]
struct HardSpread {
    constraint: Constraint,
    /// By place; `None`: no node that counts is there.
    counts: Vec<Option<i64>>,
}

/// What a node would hold instead of what it holds.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub requested: Amounts,
    pub pods: u32,
    pub ports: Vec<(u16, String)>,
}

impl Load {
    /// What a node holds.
    pub fn of(node: &Node) -> Load {
        Load { requested: node.requested.clone(), pods: node.pods, ports: node.ports.clone() }
    }

    /// A pod more, or less.
    pub fn shift(&mut self, template: &Template, more: bool) {
        if more {
            self.requested.add(&template.requests);
            self.pods += 1;
            self.ports.extend(template.company.ports.iter().cloned());
            return;
        }
        self.requested.take(&template.requests);
        self.pods -= 1;
        for port in &template.company.ports {
            if let Some(at) = self.ports.iter().position(|one| one == port) {
                self.ports.swap_remove(at);
            }
        }
    }
}

/// One pod's look at the cluster.
pub(super) struct Survey<'a> {
    pub nodes: &'a Nodes,
    pub templates: &'a Templates,
    pub surroundings: &'a dyn Surroundings,
    pub seeker: Seeker,
    pub template: &'a Template,
    pub rules: &'a Ruleset,
    pub index: &'a Index,
    pub topologies: &'a Topologies,
    pub row: &'a Row,
    pub nominations: &'a Nominations,
    /// Keys of the terms that the pod must be beside.
    beside_keys: Vec<Key>,
    beside: Tally,
    away: Tally,
    their_away: Tally,
    /// What the places are worth for InterPodAffinity.
    pub scores: Tally,
    filters_pods: bool,
    hard: Vec<HardSpread>,
    has_claims: bool,
}

impl<'a> Survey<'a> {
    /// Counts what there is.
    pub fn new(
        view: &View<'a>,
        seeker: Seeker,
        rules: &'a Ruleset,
        index: &'a Index,
        topologies: &'a Topologies,
        row: &'a Row,
        keys: &SpreadKeys,
    ) -> Survey<'a> {
        let template = view.templates.get(seeker.template);
        let mut survey = Survey {
            nodes: view.nodes,
            templates: view.templates,
            surroundings: view.surroundings,
            seeker,
            template,
            rules,
            index,
            topologies,
            row,
            nominations: view.nominations,
            beside_keys: keys.beside.clone(),
            beside: Tally::default(),
            away: Tally::default(),
            their_away: Tally::default(),
            scores: Tally::default(),
            filters_pods: false,
            hard: Vec::new(),
            has_claims: view.surroundings.has_claims(seeker.pod),
        };
        if rules.rules.filters.contains(Plugins::POD_TOPOLOGY_SPREAD) {
            survey.hard = keys.hard.iter().map(|one| survey.hard_spread(one)).collect();
        }
        survey.count();
        survey
    }

    fn count(&mut self) {
        if self.templates.count_others() {
            for id in self.nodes.order().iter() {
                for share in self.nodes.crowd(id) {
                    if self.row.get(share.template).is_some() {
                        self.count_pods(id, share.template, share.pods.into());
                    }
                }
            }
        }
        let company = &self.template.company;
        let quiet = self.their_away.is_empty() && company.beside.is_empty() && company.away.is_empty();
        self.filters_pods = !quiet && self.rules.rules.filters.contains(Plugins::INTER_POD_AFFINITY);
    }

    /// Counts pods on a node for InterPodAffinity.
    fn count_pods(&mut self, node: NodeId, template: TemplateId, pods: i64) {
        let Some(relation) = self.row.get(template) else { return };
        for key in &relation.their_away {
            self.their_away.add(self.topologies, *key, node, pods);
        }
        for key in &relation.away {
            self.away.add(self.topologies, *key, node, pods);
        }
        if relation.beside {
            for key in &self.beside_keys {
                self.beside.add(self.topologies, *key, node, pods);
            }
        }
        for (key, score) in &relation.scores {
            self.scores.add(self.topologies, *key, node, score * pods);
        }
    }

    /// True if a node counts for a constraint: `matchNodeInclusionPolicies`, podtopologyspread/common.go.
    pub fn includes(&self, constraint: &Constraint, place: usize) -> bool {
        let seat = &self.index.seats[place];
        (!constraint.honors_affinity || seat.counts) && (!constraint.honors_taints || seat.tolerated)
    }

    /// How many pods on a node a constraint counts: those that do not terminate.
    pub fn counted_on(&self, constraint: &Constraint, id: NodeId) -> i64 {
        match constraint.counted {
            Counted::Set => self.nodes.get(id).spread_count(self.seeker.spread).into(),
            Counted::Own(at) => {
                let shares = self.nodes.crowd(id).iter();
                let counts =
                    |one: TemplateId| self.row.get(one).is_some_and(|relation| relation.spreads >> at & 1 == 1);
                shares.filter(|share| counts(share.template)).map(|share| i64::from(share.staying)).sum()
            }
        }
    }

    /// True if a node is in a place of every constraint.
    pub fn in_all_places<'c>(&self, mut constraints: impl Iterator<Item = &'c Constraint>, id: NodeId) -> bool {
        constraints.all(|one| self.topologies.place(one.key, id).is_some())
    }

    /// `calPreFilterState`, podtopologyspread/filtering.go.
    fn hard_spread(&self, constraint: &Constraint) -> HardSpread {
        HardSpread { constraint: constraint.clone(), counts: vec![None; self.topologies.places(constraint.key)] }
    }

    /// Counts the pods of every place of the hard constraints.
    pub fn count_hard(&mut self) {
        let mut hard = std::mem::take(&mut self.hard);
        if hard.is_empty() {
            return;
        }
        for id in self.nodes.order().iter() {
            let Some(at) = self.nodes.order().place_of(id) else { continue };
            if !self.in_all_places(hard.iter().map(|one| &one.constraint), id) {
                continue;
            }
            for one in &mut hard {
                let place =
                    self.topologies.place(one.constraint.key, id).filter(|_| self.includes(&one.constraint, at));
                if let Some(place) = place {
                    *one.counts[place].get_or_insert(0) += self.counted_on(&one.constraint, id);
                }
            }
        }
        self.hard = hard;
    }

    /// What the filters say of the node at a place.
    pub fn verdict(&mut self, place: usize, id: NodeId) -> Verdict {
        if self.seeker.only.is_some_and(|only| only != id) {
            return Verdict::NOT_ITS_NODE;
        }
        let seat = self.index.seats[place];
        if seat.barred {
            return self.index.verdict_at(place);
        }
        let pod = self.seeker.pod;
        let nominees: Vec<Nominee> = match self.nominations.is_empty() {
            true => Vec::new(),
            false => self.nominations.counted(id, pod, self.template.priority).copied().collect(),
        };
        if !nominees.is_empty() {
            let verdict = self.with_nominees(&nominees, id, Load::of(self.nodes.get(id)));
            if verdict != Verdict::FITS {
                return verdict;
            }
        }
        let node = self.nodes.get(id);
        match filter::verdict_on_ports(&self.rules.rules, &node.ports, self.template) {
            Verdict::FITS => {}
            verdict => return verdict,
        }
        match seat.standing {
            Standing::Feasible(_) => self.verdict_on_others(id),
            _ => self.index.verdict_at(place),
        }
    }

    /// What the filters say of a node that is not barred, under a load that is not its own; pods that wait for the node are
    /// counted (`RunFilterPluginsWithNominatedPods`).
    pub fn verdict_under(&mut self, id: NodeId, load: &Load) -> Verdict {
        let (pod, priority) = (self.seeker.pod, self.template.priority);
        let nominees: Vec<Nominee> = self.nominations.counted(id, pod, priority).copied().collect();
        if !nominees.is_empty() {
            let verdict = self.with_nominees(&nominees, id, load.clone());
            if verdict != Verdict::FITS {
                return verdict;
            }
        }
        self.verdict_on_load(id, load)
    }

    fn with_nominees(&mut self, nominees: &[Nominee], id: NodeId, mut load: Load) -> Verdict {
        for one in nominees {
            load.shift(self.templates.get(one.template), true);
            self.shift(id, one.template, one.spread, 1);
        }
        let verdict = self.verdict_on_load(id, &load);
        for one in nominees {
            self.shift(id, one.template, one.spread, -1);
        }
        verdict
    }

    fn verdict_on_load(&self, id: NodeId, load: &Load) -> Verdict {
        let (rules, node) = (&self.rules.rules, self.nodes.get(id));
        match filter::verdict_on_ports(rules, &load.ports, self.template) {
            Verdict::FITS => {}
            verdict => return verdict,
        }
        match filter::verdict_on_load(rules, node, &load.requested, load.pods, self.template) {
            Verdict::FITS => self.verdict_on_others(id),
            verdict => verdict,
        }
    }

    fn verdict_on_others(&self, id: NodeId) -> Verdict {
        match self.verdict_on_volumes(id) {
            Verdict::FITS => {}
            verdict => return verdict,
        }
        match self.verdict_on_spread(id) {
            Verdict::FITS => self.verdict_on_pods(id),
            verdict => verdict,
        }
    }

    fn verdict_on_volumes(&self, id: NodeId) -> Verdict {
        if !self.has_claims {
            return Verdict::FITS;
        }
        let (filters, problem) = (self.rules.rules.filters, self.surroundings.volume_problem(self.seeker.pod, id));
        match problem {
            Some(VolumeProblem::InUse) if filters.contains(Plugins::VOLUME_RESTRICTIONS) => Verdict::VOLUME_IN_USE,
            Some(VolumeProblem::TooMany) if filters.contains(Plugins::NODE_VOLUME_LIMITS) => Verdict::VOLUMES,
            Some(VolumeProblem::Elsewhere) if filters.contains(Plugins::VOLUME_BINDING) => Verdict::VOLUME_AFFINITY,
            Some(VolumeProblem::NoneToBind) if filters.contains(Plugins::VOLUME_BINDING) => Verdict::NO_VOLUME,
            Some(VolumeProblem::OtherZone) if filters.contains(Plugins::VOLUME_ZONE) => Verdict::VOLUME_ZONE,
            _ => Verdict::FITS,
        }
    }

    /// What rejects the pod before any node is looked at.
    pub fn refusal(&self) -> Option<Verdict> {
        if !self.has_claims || !self.rules.rules.filters.contains(Plugins::VOLUME_BINDING) {
            return None;
        }
        self.surroundings.claim_problem(self.seeker.pod).map(|problem| match problem {
            ClaimProblem::Missing(_) => Verdict::NO_CLAIM,
            ClaimProblem::Unbound => Verdict::UNBOUND_CLAIM,
        })
    }

    /// PodTopologySpread's `Filter`.
    fn verdict_on_spread(&self, id: NodeId) -> Verdict {
        for one in &self.hard {
            let Some(place) = self.topologies.place(one.constraint.key, id) else { return Verdict::NO_PLACE };
            let counts = one.counts.iter().flatten();
            let (places, least) = (counts.clone().count(), counts.min().copied());
            // No place at all: kube-scheduler's least is then the largest int32.
            let least = if places < one.constraint.min_domains { 0 } else { least.unwrap_or(i32::MAX.into()) };
            let there = one.counts[place].unwrap_or(0) + i64::from(one.constraint.counts_itself);
            if there - least > one.constraint.max_skew.into() {
                return Verdict::SPREAD;
            }
        }
        Verdict::FITS
    }

    /// InterPodAffinity's `Filter`.
    fn verdict_on_pods(&self, id: NodeId) -> Verdict {
        if !self.filters_pods {
            return Verdict::FITS;
        }
        let mut all_there = true;
        for key in &self.beside_keys {
            if self.topologies.place(*key, id).is_none() {
                return Verdict::ALONE;
            }
            all_there &= self.beside.at(self.topologies, *key, id) > 0;
        }
        if !all_there {
            // The first of pods that are to be beside each other may go anywhere.
            let company = &self.template.company;
            if self.beside.total != 0 || !company.is_meant_by_all(&company.beside, company) {
                return Verdict::ALONE;
            }
        }
        if self.away.keys().any(|key| self.away.at(self.topologies, key, id) > 0) {
            return Verdict::CROWDED;
        }
        if self.their_away.keys().any(|key| self.their_away.at(self.topologies, key, id) > 0) {
            return Verdict::UNWELCOME;
        }
        Verdict::FITS
    }

    /// A pod more on a node, or less: `AddPod` and `RemovePod` of the plugins.
    pub fn shift(&mut self, id: NodeId, template: TemplateId, spread: SpreadId, pods: i64) {
        if self.filters_pods {
            self.count_pods(id, template, pods);
        }
        if self.hard.is_empty() {
            return;
        }
        let Some(at) = self.nodes.order().place_of(id) else { return };
        let mut hard = std::mem::take(&mut self.hard);
        if self.in_all_places(hard.iter().map(|one| &one.constraint), id) {
            for one in &mut hard {
                let counts = match one.constraint.counted {
                    Counted::Set => spread != SpreadId::NONE && spread == self.seeker.spread,
                    Counted::Own(bit) => {
                        self.row.get(template).is_some_and(|relation| relation.spreads >> bit & 1 == 1)
                    }
                };
                let place = self.topologies.place(one.constraint.key, id);
                if let (true, true, Some(place)) = (counts, self.includes(&one.constraint, at), place) {
                    *one.counts[place].get_or_insert(0) += pods;
                }
            }
        }
        self.hard = hard;
    }
}
