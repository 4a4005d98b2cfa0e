//! Where pods of one template and one ReplicaSet can go, kept up to date from the log of changes. Nodes that are the
//! same to these pods form a class; a class is scored once, and a node is looked at only when it changed.

use std::hash::BuildHasherDefault;

use indexmap::IndexMap;
use siphasher::sip::SipHasher13;

use super::bits::{Bits, Ranked};
use super::filter;
use super::preorder::preorder;
use super::rejection::{Rejection, Verdict};
use super::score::{self, FitStrategy, SpreadWeights};
use crate::cluster::node::{Node, NodeId, Nodes};
use crate::cluster::template::{SpreadId, Template, TemplateId, Templates};

/// What pods of one kind share: everything that decides their place.
pub(super) type PodKind = (TemplateId, SpreadId);

/// What decides a node's score for these pods, beside what holds for all nodes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
struct Traits {
    /// NodeResourcesFit and BalancedAllocation.
    own: i64,
    /// Taints that the pods would rather avoid.
    disliked: u32,
    /// Pods that the spread counts on the node.
    matching: u32,
    /// The node's zone, if the spread applies.
    zone: u32,
    /// Which of the template's images the node holds, one bit a container.
    images: u64,
}

#[derive(Clone, Default, Debug)]
struct Class {
    traits: Traits,
    members: Bits,
}

/// What a node's labels, taints and cordon come to.
#[derive(Clone, Copy, Debug)]
struct Kind {
    verdict: Verdict,
    disliked: u32,
    /// The node's labels match: the spread counts its pods for its zone.
    counts: bool,
}

/// What the index holds of one place.
#[derive(Clone, Copy, Debug)]
struct Seat {
    kind: Kind,
    zone: u32,
    matching: u32,
    standing: Standing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    Empty,
    Feasible(u32),
    Rejected(u32),
}

/// One zone, for the spread.
#[derive(Clone, Copy, Default, Debug)]
struct Zone {
    feasible: u32,
    matching: u32,
}

/// The classes of nodes for one kind of pod.
#[derive(Clone, Debug)]
pub(super) struct Index {
    pods: PodKind,
    strategy: FitStrategy,
    read: u64,
    layout: Option<u64>,
    seats: Vec<Seat>,
    feasible: Ranked,
    classes: Vec<Class>,
    spare: Vec<u32>,
    class_of: IndexMap<Traits, u32, BuildHasherDefault<SipHasher13>>,
    verdicts: Vec<(Verdict, u32)>,
    zones: Vec<Zone>,
    zones_feasible: usize,
    weights: (usize, usize, SpreadWeights),
    best: Vec<u32>,
    image_bytes: Vec<i64>,
    rejection: Option<Rejection>,
}

const EMPTY_SEAT: Seat = Seat {
    kind: Kind { verdict: Verdict::FITS, disliked: 0, counts: false },
    zone: 0,
    matching: 0,
    standing: Standing::Empty,
};

impl Index {
    /// An index that knows no node yet.
    pub fn new(pods: PodKind, strategy: FitStrategy) -> Index {
        Index {
            pods,
            strategy,
            read: 0,
            layout: None,
            seats: Vec::new(),
            feasible: Ranked::default(),
            classes: Vec::new(),
            spare: Vec::new(),
            class_of: IndexMap::default(),
            verdicts: Vec::new(),
            zones: Vec::new(),
            zones_feasible: 0,
            weights: (0, 0, SpreadWeights::new(0, 0)),
            best: Vec::new(),
            image_bytes: Vec::new(),
            rejection: None,
        }
    }

    /// The pods that the index is for.
    pub const fn pods(&self) -> PodKind {
        self.pods
    }

    /// Makes this the index of other pods, keeping its memory.
    pub fn reuse_for(&mut self, pods: PodKind) {
        self.pods = pods;
        self.layout = None;
    }

    /// The node for such a pod, or why there is none.
    pub fn place(&mut self, nodes: &Nodes, templates: &Templates) -> Result<NodeId, Rejection> {
        let template = templates.get(self.pods.0);
        self.refresh(nodes, template);
        let place = match self.feasible.len() {
            0 => return Err(self.rejection()),
            1 => self.feasible.select(0),
            _ => self.best_place(nodes, template),
        };
        Ok(nodes.order().node_at(place).expect("a feasible place has a node"))
    }

    fn rejection(&mut self) -> Rejection {
        let (template, verdicts) = (self.pods.0, &self.verdicts);
        let found = || Rejection::new(template, verdicts.iter().filter(|(_, count)| *count > 0).copied().collect());
        self.rejection.get_or_insert_with(found).clone()
    }

    /// Reads what changed since the last time.
    fn refresh(&mut self, nodes: &Nodes, template: &Template) {
        let (layout, count) = (nodes.order().layout(), nodes.changes().count());
        if self.layout == Some(layout) && self.read == count {
            return;
        }
        self.rejection = None;
        let changes = if self.layout == Some(layout) { nodes.changes().since(self.read) } else { None };
        match changes {
            Some(changes) => {
                for (node, kind_too) in changes {
                    self.look_at(nodes, template, node, kind_too);
                }
            }
            None => self.rebuild(nodes, template),
        }
        self.layout = Some(layout);
        self.read = count;
    }

    fn rebuild(&mut self, nodes: &Nodes, template: &Template) {
        let places = nodes.order().places();
        self.seats.clear();
        self.feasible.reset(places);
        self.classes.iter_mut().for_each(|class| class.members.reset(places));
        self.spare.clear();
        self.spare.extend(0..self.classes.len() as u32);
        self.class_of.clear();
        self.verdicts.clear();
        self.zones.clear();
        self.zones_feasible = 0;
        for node in nodes.order().iter() {
            self.look_at(nodes, template, node, true);
        }
    }

    /// Puts a node where it belongs now.
    fn look_at(&mut self, nodes: &Nodes, template: &Template, id: NodeId, kind_too: bool) {
        // A node that left has no place, and its leaving made the index start anew.
        let Some(place) = nodes.order().place_of(id) else {
            return;
        };
        let node = nodes.get(id);
        if place >= self.seats.len() {
            self.seats.resize(place + 1, EMPTY_SEAT);
            self.feasible.grow(place + 1);
        }
        let mut seat = self.seats[place];
        if seat.kind.counts && seat.standing != Standing::Empty {
            self.zones[seat.zone as usize].matching -= seat.matching;
        }
        if kind_too || seat.standing == Standing::Empty {
            self.leave(place, seat);
            seat = Seat { standing: Standing::Empty, ..self.seat_by_kind(node, template) };
        }
        if self.pods.1 != SpreadId::NONE {
            seat.matching = node.spread_count(self.pods.1);
        }
        if seat.kind.counts {
            self.zones[seat.zone as usize].matching += seat.matching;
        }
        let verdict = match seat.kind.verdict {
            Verdict::FITS => filter::verdict_on_resources(node, template),
            verdict => verdict,
        };
        let standing = match verdict {
            Verdict::FITS => {
                let traits = self.traits(node, template, &seat);
                Standing::Feasible(self.class(traits))
            }
            verdict => Standing::Rejected(self.verdict(verdict)),
        };
        if standing != seat.standing {
            self.leave(place, seat);
            self.enter(place, seat.zone, standing);
            seat.standing = standing;
        }
        self.seats[place] = seat;
    }

    fn seat_by_kind(&mut self, node: &Node, template: &Template) -> Seat {
        let zone = if self.pods.1 == SpreadId::NONE { 0 } else { node.zone_id };
        if self.zones.len() <= zone as usize {
            self.zones.resize(zone as usize + 1, Zone::default());
        }
        let kind = Kind {
            verdict: filter::verdict_on_kind(node, template),
            disliked: score::disliked_taints(node, template),
            counts: self.pods.1 != SpreadId::NONE && template.matches_labels(&node.labels),
        };
        Seat { kind, zone, ..EMPTY_SEAT }
    }

    fn traits(&self, node: &Node, template: &Template, seat: &Seat) -> Traits {
        let mut images = 0;
        if !node.images.is_empty() {
            for (at, image) in template.images.iter().enumerate() {
                images |= u64::from(node.has_image(*image)) << at;
            }
        }
        Traits {
            own: score::own_score(self.strategy, node, template),
            disliked: seat.kind.disliked,
            matching: seat.matching,
            zone: seat.zone,
            images,
        }
    }

    /// The class with these traits, an empty one if there is none.
    fn class(&mut self, traits: Traits) -> u32 {
        if let Some(class) = self.class_of.get(&traits) {
            return *class;
        }
        let class = self.spare.pop().unwrap_or_else(|| {
            self.classes.push(Class::default());
            self.classes.len() as u32 - 1
        });
        self.classes[class as usize].traits = traits;
        self.class_of.insert(traits, class);
        class
    }

    fn verdict(&mut self, verdict: Verdict) -> u32 {
        let found = self.verdicts.iter().position(|(one, _)| *one == verdict);
        found.unwrap_or_else(|| {
            self.verdicts.push((verdict, 0));
            self.verdicts.len() - 1
        }) as u32
    }

    fn leave(&mut self, place: usize, seat: Seat) {
        match seat.standing {
            Standing::Empty => {}
            Standing::Rejected(verdict) => self.verdicts[verdict as usize].1 -= 1,
            Standing::Feasible(class) => {
                self.feasible.remove(place);
                let zone = &mut self.zones[seat.zone as usize];
                zone.feasible -= 1;
                self.zones_feasible -= usize::from(zone.feasible == 0);
                let left = &mut self.classes[class as usize];
                left.members.remove(place);
                if left.members.len() == 0 {
                    self.class_of.swap_remove(&left.traits);
                    self.spare.push(class);
                }
            }
        }
    }

    fn enter(&mut self, place: usize, zone: u32, standing: Standing) {
        match standing {
            Standing::Empty => {}
            Standing::Rejected(verdict) => self.verdicts[verdict as usize].1 += 1,
            Standing::Feasible(class) => {
                self.feasible.insert(place);
                let zone = &mut self.zones[zone as usize];
                self.zones_feasible += usize::from(zone.feasible == 0);
                zone.feasible += 1;
                let members = &mut self.classes[class as usize].members;
                members.grow(self.seats.len());
                members.insert(place);
            }
        }
    }

    /// The place of the best node, of several that are equally good the one that the real scheduler takes.
    fn best_place(&mut self, nodes: &Nodes, template: &Template) -> usize {
        self.find_best_classes(nodes, template);
        let mut found: Option<((u64, u64), usize)> = None;
        for class in &self.best {
            let members = &self.classes[*class as usize].members;
            // Within one depth of the heap pre-order goes from left to right: the leftmost member of each depth will do.
            let mut first_rank = 0;
            while first_rank < self.feasible.len() {
                let Some(place) = members.next(self.feasible.select(first_rank)) else {
                    break;
                };
                let rank = self.feasible.rank(place);
                let key = preorder(rank);
                if found.is_none_or(|(least, _)| key < least) {
                    found = Some((key, place));
                }
                let depth = (rank + 1).ilog2();
                first_rank = (2 << depth) - 1;
            }
        }
        found.expect("the best class has a member").1
    }

    /// Leaves in `best` the classes whose total score is the highest.
    fn find_best_classes(&mut self, nodes: &Nodes, template: &Template) {
        self.best.clear();
        let live = || self.classes.iter().enumerate().filter(|(_, class)| class.members.len() > 0);
        if self.class_of.len() == 1 {
            self.best.extend(live().map(|(at, _)| at as u32));
            return;
        }
        let spreads = self.pods.1 != SpreadId::NONE;
        if spreads && (self.weights.0, self.weights.1) != (self.feasible.len(), self.zones_feasible) {
            let (feasible, zones) = (self.feasible.len(), self.zones_feasible);
            self.weights = (feasible, zones, SpreadWeights::new(feasible, zones));
        }
        let weights = self.weights.2;
        let raw = |traits: &Traits| {
            let in_zone = (traits.zone != 0).then(|| self.zones[traits.zone as usize].matching);
            weights.raw(traits.matching, in_zone)
        };
        let (mut raw_min, mut raw_max, mut disliked_max, mut images) = (i64::MAX, 0, 0, 0);
        for (_, class) in live() {
            if spreads {
                let raw = raw(&class.traits);
                raw_min = raw_min.min(raw);
                raw_max = raw_max.max(raw);
            }
            disliked_max = disliked_max.max(class.traits.disliked);
            images |= class.traits.images;
        }
        self.image_bytes.clear();
        if images != 0 {
            let bytes = |image| nodes.image(image).map_or(0, |state| state.scaled_bytes(nodes.len()));
            self.image_bytes.extend(template.images.iter().map(|image| bytes(*image)));
        }
        let mut most = i64::MIN;
        for (at, class) in self.classes.iter().enumerate().filter(|(_, class)| class.members.len() > 0) {
            let traits = &class.traits;
            let mut total = traits.own + score::TAINT_WEIGHT * score::normal_taints(traits.disliked, disliked_max);
            if spreads {
                total += score::SPREAD_WEIGHT * score::normal_spread(raw(traits), raw_min, raw_max);
            }
            if traits.images != 0 {
                let held = self.image_bytes.iter().enumerate().filter(|(at, _)| traits.images >> at & 1 == 1);
                total += score::image_score(held.map(|(_, bytes)| bytes).sum(), template.containers as usize);
            }
            if total > most {
                most = total;
                self.best.clear();
            }
            if total == most {
                self.best.push(at as u32);
            }
        }
    }
}
