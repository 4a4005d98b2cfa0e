//! Which class of nodes is the best for a pod, and which of its nodes the real scheduler takes.
//!
//! The index of a ReplicaSet that is on few nodes does not count its pods: its nodes are the exceptions then, taken out
//! of their classes and scored one by one. So ReplicaSets that take turns share one index.

use super::index::{Class, Index, Standing, Traits};
use super::preorder::preorder;
use super::rules::{Rules, Weights};
use super::score::{self, SpreadWeights};
use crate::cluster::node::Nodes;
use crate::cluster::template::{SpreadId, Template};

/// What is worked out for one pod; kept to be used again.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    exceptions: Vec<Exception>,
    /// Members of each class that are exceptions.
    taken: Vec<u32>,
    /// A bit for each place that is an exception.
    marked: Vec<u64>,
    /// Pods of the ReplicaSet in each zone.
    zones: Vec<u32>,
    image_bytes: Vec<i64>,
    best: Vec<u32>,
    best_exceptions: Vec<u32>,
    weights: (usize, usize, SpreadWeights),
}

/// A feasible node with pods of the ReplicaSet.
#[derive(Clone, Copy, Debug)]
struct Exception {
    place: u32,
    class: u32,
    matching: u32,
}

/// What holds for all nodes when one is scored.
struct Scale<'a> {
    spread: Option<SpreadScale<'a>>,
    weights: Weights,
    disliked_max: u32,
    preferred_max: u32,
    image_bytes: &'a [i64],
    containers: usize,
}

struct SpreadScale<'a> {
    weights: SpreadWeights,
    zones: &'a [u32],
    min: i64,
    max: i64,
}

impl Choice {
    /// Nothing worked out yet.
    pub fn new() -> Choice {
        Choice {
            exceptions: Vec::new(),
            taken: Vec::new(),
            marked: Vec::new(),
            zones: Vec::new(),
            image_bytes: Vec::new(),
            best: Vec::new(),
            best_exceptions: Vec::new(),
            weights: (0, 0, SpreadWeights::new(0, 0)),
        }
    }

    /// The place of the best of two or more feasible nodes, of several that are equally good the one that the real
    /// scheduler takes.
    pub fn best_place(
        &mut self,
        rules: &Rules,
        index: &mut Index,
        nodes: &Nodes,
        template: &Template,
        spread: SpreadId,
    ) -> usize {
        index.feasible.find_depths();
        let index = &*index;
        if index.live_classes() == 1 && (spread == SpreadId::NONE || index.kind.counted.is_some()) {
            let class = index.classes.iter().find(|class| class.members.len() > 0).expect("one is live");
            return first(index, class, |_| false).expect("it has members").1;
        }
        self.count(index, nodes, spread);
        self.find_best(rules, index, nodes, template, spread);
        let mut found: Option<((u64, u64), usize)> = None;
        let mut consider = |key, place| {
            if found.is_none_or(|(least, _)| key < least) {
                found = Some((key, place));
            }
        };
        for at in &self.best_exceptions {
            let place = self.exceptions[*at as usize].place as usize;
            consider(preorder(index.feasible.rank(place)), place);
        }
        for class in &self.best {
            let is_exception = |place: usize| self.marked[place / 64] >> (place % 64) & 1 == 1;
            let (key, place) = match self.taken[*class as usize] {
                0 => first(index, &index.classes[*class as usize], |_| false),
                _ => first(index, &index.classes[*class as usize], is_exception),
            }
            .expect("not all of its members are exceptions");
            consider(key, place);
        }
        self.clear();
        found.expect("some node is the best").1
    }

    /// Counts the ReplicaSet's pods by zone, and finds its nodes if the index does not count them.
    fn count(&mut self, index: &Index, nodes: &Nodes, spread: SpreadId) {
        self.taken.resize(index.classes.len().max(self.taken.len()), 0);
        self.marked.resize(index.seats.len().div_ceil(64).max(self.marked.len()), 0);
        self.zones.clear();
        if index.kind.counted.is_some() {
            self.zones.extend(index.zones.iter().map(|zone| zone.matching));
            return;
        }
        self.zones.resize(index.zones.len(), 0);
        if spread == SpreadId::NONE {
            return;
        }
        for (node, matching) in nodes.with_pods_of(spread) {
            let Some(place) = nodes.order().place_of(*node) else { continue };
            let seat = &index.seats[place];
            if seat.counts {
                self.zones[seat.zone as usize] += matching;
            }
            if let Standing::Feasible(class) = seat.standing {
                self.taken[class as usize] += 1;
                self.marked[place / 64] |= 1 << (place % 64);
                self.exceptions.push(Exception { place: place as u32, class, matching: *matching });
            }
        }
    }

    /// Leaves in `best` and `best_exceptions` those with the highest total score.
    fn find_best(&mut self, rules: &Rules, index: &Index, nodes: &Nodes, template: &Template, spread: SpreadId) {
        let spreads = spread != SpreadId::NONE;
        if spreads && (self.weights.0, self.weights.1) != (index.feasible.len(), index.zones_feasible) {
            let (feasible, zones) = (index.feasible.len(), index.zones_feasible);
            self.weights = (feasible, zones, SpreadWeights::new(feasible, zones));
        }
        self.image_bytes.clear();
        if index.kind.images.is_some() {
            let bytes = |image| nodes.image(image).map_or(0, |state| state.scaled_bytes(nodes.len()));
            self.image_bytes.extend(template.images.iter().map(|image| bytes(*image)));
        }
        let taken = &self.taken;
        let whole = |(at, class): &(usize, &Class)| class.members.len() > taken[*at] as usize;
        let live = || index.classes.iter().enumerate().filter(whole);
        let exceptions = || self.exceptions.iter().map(|one| one.traits(index));
        let traits = || index.classes.iter().filter(|class| class.members.len() > 0).map(|class| class.traits);
        let mut scale = Scale {
            spread: None,
            weights: rules.weights,
            disliked_max: traits().map(|one| one.disliked).max().unwrap_or(0),
            preferred_max: traits().map(|one| one.preferred).max().unwrap_or(0),
            image_bytes: &self.image_bytes,
            containers: template.containers as usize,
        };
        if spreads {
            let mut of_all = SpreadScale { weights: self.weights.2, zones: &self.zones, min: i64::MAX, max: 0 };
            for traits in live().map(|(_, class)| class.traits).chain(exceptions()) {
                let raw = of_all.raw(&traits);
                of_all.min = of_all.min.min(raw);
                of_all.max = of_all.max.max(raw);
            }
            scale.spread = Some(of_all);
        }
        let mut most = i64::MIN;
        for (at, class) in live() {
            let total = scale.total(&class.traits);
            if total > most {
                most = total;
                self.best.clear();
            }
            if total == most {
                self.best.push(at as u32);
            }
        }
        for (at, traits) in exceptions().enumerate() {
            let total = scale.total(&traits);
            if total > most {
                most = total;
                self.best.clear();
                self.best_exceptions.clear();
            }
            if total == most {
                self.best_exceptions.push(at as u32);
            }
        }
    }

    fn clear(&mut self) {
        self.best.clear();
        self.best_exceptions.clear();
        for exception in self.exceptions.drain(..) {
            self.taken[exception.class as usize] = 0;
            self.marked[exception.place as usize / 64] = 0;
        }
    }
}

impl Exception {
    fn traits(self, index: &Index) -> Traits {
        Traits { matching: self.matching, ..index.classes[self.class as usize].traits }
    }
}

impl Scale<'_> {
    /// The sum of what the plugins give, each with its weight.
    fn total(&self, traits: &Traits) -> i64 {
        let weights = &self.weights;
        let mut total = traits.own + weights.taints * score::normal_taints(traits.disliked, self.disliked_max);
        if self.preferred_max > 0 {
            total += weights.affinity * score::normal_preferred(traits.preferred, self.preferred_max);
        }
        if let Some(spread) = &self.spread {
            total += weights.spread * score::normal_spread(spread.raw(traits), spread.min, spread.max);
        }
        if traits.images != 0 {
            let held = self.image_bytes.iter().enumerate().filter(|(at, _)| traits.images >> at & 1 == 1);
            total += weights.images * score::image_score(held.map(|(_, bytes)| bytes).sum(), self.containers);
        }
        total
    }
}

impl SpreadScale<'_> {
    fn raw(&self, traits: &Traits) -> i64 {
        let in_zone = (traits.zone != 0).then(|| self.zones[traits.zone as usize]);
        self.weights.raw(traits.matching, in_zone)
    }
}

/// Which of a class's members is first in pre-order, but for some, and where it comes there.
fn first(index: &Index, class: &Class, but_for: impl Fn(usize) -> bool) -> Option<((u64, u64), usize)> {
    // Within one depth of the heap pre-order goes from left to right: the leftmost member of each depth will do.
    let depths = index.feasible.depths();
    let mut found: Option<((u64, u64), usize)> = None;
    let mut depth = 0;
    while depth < depths.len() {
        let mut next = class.members.next(depths[depth]);
        while let Some(place) = next.filter(|place| but_for(*place)) {
            next = class.members.next(place + 1);
        }
        let Some(place) = next else { break };
        while depth + 1 < depths.len() && place >= depths[depth + 1] {
            depth += 1;
        }
        let key = preorder(index.feasible.rank(place));
        if found.is_none_or(|(least, _)| key < least) {
            found = Some((key, place));
        }
        depth += 1;
    }
    found
}
