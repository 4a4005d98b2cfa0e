//! Nodes as pods of one kind see them, kept up to date from the log of changes. Nodes that are the same to these pods
//! form a class; a class is scored once, and a node is looked at only when it changed. Which class is the best and which
//! of its nodes is taken is in `choice`.

use std::hash::BuildHasherDefault;
use std::sync::Arc;

use indexmap::IndexMap;
use siphasher::sip::SipHasher13;

use super::bits::{Bits, Ranked};
use super::filter;
use super::rejection::{Detail, Verdict};
use super::rules::Ruleset;
use super::score;
use crate::cluster::node::{Node, NodeId, Nodes};
use crate::cluster::template::{FormId, SpreadId, Template};

/// What the pods of an index have in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PodKind {
    /// Which scheduler places them.
    pub profile: usize,
    /// What nodes see of their template, but for its images.
    pub form: FormId,
    /// The same with its images, if some node holds one of them whose size is known: images count for scores then.
    pub images: Option<FormId>,
    /// Their ReplicaSet, if the index counts its pods: it is worth that for ReplicaSets on many nodes.
    pub counted: Option<SpreadId>,
}

/// What decides a node's score for these pods, beside what holds for all nodes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Traits {
    /// NodeResourcesFit and BalancedAllocation.
    pub own: i64,
    /// Taints that the pods would rather avoid.
    pub disliked: u32,
    /// The weights of the preferred node terms that match.
    pub preferred: u32,
    /// Pods of the counted ReplicaSet on the node.
    pub matching: u32,
    /// The node's zone.
    pub zone: u32,
    /// Which of the template's images the node holds, one bit a container.
    pub images: u64,
}

/// Nodes that are the same to the pods.
#[derive(Clone, Default, Debug)]
pub(super) struct Class {
    pub traits: Traits,
    pub members: Bits,
}

/// What the index holds of one place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    pub standing: Standing,
    pub zone: u32,
    matching: u32,
    pub disliked: u32,
    pub preferred: u32,
    /// The node's labels match: the spread counts its pods for its zone.
    pub counts: bool,
    /// No taint keeps the pods away.
    pub tolerated: bool,
    /// Labels, taints or cordon decide against the node, whatever it holds.
    pub barred: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// No node, or one that was not looked at yet.
    Empty,
    /// The pods fit; the node's class.
    Feasible(u32),
    /// They do not; why.
    Rejected(u32),
}

/// One zone, for the spread.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Zone {
    feasible: u32,
    /// Pods of the counted ReplicaSet.
    pub matching: u32,
}

/// The classes of nodes for one kind of pod.
#[derive(Clone, Debug)]
pub(super) struct Index {
    pub kind: PodKind,
    rules: Arc<Ruleset>,
    read: u64,
    layout: Option<u64>,
    pub seats: Vec<Seat>,
    pub feasible: Ranked,
    /// Classes by number; those without members are free to be used again.
    pub classes: Vec<Class>,
    spare: Vec<u32>,
    class_of: IndexMap<Traits, u32, BuildHasherDefault<SipHasher13>>,
    pub verdicts: Vec<(Verdict, u32)>,
    pub zones: Vec<Zone>,
    /// How many zones have feasible nodes; nodes without a zone are one more.
    pub zones_feasible: usize,
    detail: Option<Detail>,
}

const EMPTY_SEAT: Seat = Seat {
    standing: Standing::Empty,
    zone: 0,
    matching: 0,
    disliked: 0,
    preferred: 0,
    counts: false,
    tolerated: false,
    barred: false,
};

impl Index {
    /// An index that knows no node yet.
    pub fn new(kind: PodKind, rules: Arc<Ruleset>) -> Index {
        Index {
            kind,
            rules,
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
            detail: None,
        }
    }

    /// Makes this the index of other pods, keeping its memory.
    pub fn reuse_for(&mut self, kind: PodKind, rules: Arc<Ruleset>) {
        self.kind = kind;
        self.rules = rules;
        self.layout = None;
    }

    /// How many classes have members.
    pub fn live_classes(&self) -> usize {
        self.class_of.len()
    }

    /// Why the pods do not fit at a place; [`Verdict::FITS`] if they do.
    pub fn verdict_at(&self, place: usize) -> Verdict {
        match self.seats[place].standing {
            Standing::Rejected(verdict) => self.verdicts[verdict as usize].0,
            _ => Verdict::FITS,
        }
    }

    /// Why no node is feasible.
    pub fn detail(&mut self) -> Detail {
        let verdicts = &self.verdicts;
        let found = || Detail::new(verdicts.iter().filter(|(_, count)| *count > 0).copied().collect());
        self.detail.get_or_insert_with(found).clone()
    }

    /// Reads what changed since the last time.
    pub fn refresh(&mut self, nodes: &Nodes, template: &Template) {
        let (layout, count) = (nodes.order().layout(), nodes.changes().count());
        if self.layout == Some(layout) && self.read == count {
            return;
        }
        self.detail = None;
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
        self.seats.resize(places, EMPTY_SEAT);
        self.feasible.reset(places);
        self.classes.iter_mut().for_each(|class| class.members.reset(0));
        self.spare.clear();
        self.spare.extend((0..self.classes.len() as u32).rev());
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
        let Some(place) = nodes.order().place_of(id) else { return };
        let node = nodes.get(id);
        if place >= self.seats.len() {
            self.seats.resize(place + 1, EMPTY_SEAT);
            self.feasible.grow(place + 1);
        }
        let mut seat = self.seats[place];
        let mut verdict = Verdict::FITS;
        if kind_too || seat.standing == Standing::Empty {
            if seat.counts {
                self.zones[seat.zone as usize].matching -= seat.matching;
            }
            self.leave(place, seat);
            verdict = filter::verdict_on_kind(&self.rules.rules, node, template);
            seat = self.seat_of_kind(node, template, verdict != Verdict::FITS);
        }
        if let Some(spread) = self.kind.counted {
            let matching = node.spread_count(spread);
            if seat.counts {
                let zone = &mut self.zones[seat.zone as usize];
                zone.matching = zone.matching - seat.matching + matching;
            }
            seat.matching = matching;
        }
        // What a barred node holds changes nothing: it stands where it stood.
        let standing = if seat.barred && seat.standing != Standing::Empty {
            seat.standing
        } else {
            if !seat.barred {
                verdict = filter::verdict_on_resources(&self.rules.rules, node, template);
            }
            match verdict {
                Verdict::FITS => Standing::Feasible(self.class(self.traits(node, template, &seat))),
                verdict => Standing::Rejected(self.verdict(verdict)),
            }
        };
        match (seat.standing, standing) {
            (old, new) if old == new => {}
            (Standing::Feasible(old), Standing::Feasible(new)) => {
                self.leave_class(place, old);
                self.enter_class(place, new);
            }
            (_, new) => {
                self.leave(place, seat);
                self.enter(place, seat.zone, new);
            }
        }
        seat.standing = standing;
        self.seats[place] = seat;
    }

    fn seat_of_kind(&mut self, node: &Node, template: &Template, barred: bool) -> Seat {
        let zone = node.zone_id;
        if self.zones.len() <= zone as usize {
            self.zones.resize(zone as usize + 1, Zone::default());
        }
        Seat {
            zone,
            disliked: score::disliked_taints(node, template),
            preferred: score::preferred(&self.rules.rules, node, template),
            counts: template.matches_labels(&node.labels),
            tolerated: !filter::has_untolerated_taint(&node.taints, template),
            barred,
            ..EMPTY_SEAT
        }
    }

    fn traits(&self, node: &Node, template: &Template, seat: &Seat) -> Traits {
        let mut images = 0;
        if self.kind.images.is_some() && !node.images.is_empty() {
            for (at, image) in template.images.iter().enumerate() {
                images |= u64::from(node.has_image(*image)) << at;
            }
        }
        let own = score::own_score(&self.rules, node, template);
        let Seat { disliked, preferred, matching, zone, .. } = *seat;
        Traits { own, disliked, preferred, matching, zone, images }
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
                self.leave_class(place, class);
            }
        }
    }

    fn leave_class(&mut self, place: usize, class: u32) {
        let left = &mut self.classes[class as usize];
        left.members.remove(place);
        if left.members.len() == 0 {
            self.class_of.swap_remove(&left.traits);
            self.spare.push(class);
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
                self.enter_class(place, class);
            }
        }
    }

    fn enter_class(&mut self, place: usize, class: u32) {
        let members = &mut self.classes[class as usize].members;
        members.grow(self.seats.len());
        members.insert(place);
    }
}
