//! Who serves a registration: all instances that register in it, each copy by its weight. What discovers it is in a place, and
//! finds the copies that are advertised there.
//! Source: Yelp/paasta cc57ae869d, paasta_tools/long_running_service_tools.py (ServiceNamespaceConfig), docs/source/smartstack.rst.

use super::controller::Paasta;
use super::model::Namespace;
use crate::timeline::{Kind, Subject};
use crate::workload::{Backend, World};

/// `weight` of an instance that says none.
const WEIGHT: u32 = 10;

/// The label of nodes that a location type stands for; `None`: the cluster does not tell.
const fn label(location: &str) -> Option<&'static str> {
    match location.as_bytes() {
        b"region" => Some("topology.kubernetes.io/region"),
        b"habitat" | b"zone" => Some("topology.kubernetes.io/zone"),
        _ => None,
    }
}

impl Paasta {
    /// Tells the world who serves what.
    pub(super) fn route(&mut self, world: &mut dyn World) {
        let mut registrations: Vec<String> = Vec::new();
        for unit in 0..self.memory.instances.len() {
            for registration in &self.setting(unit).instance.registrations {
                if self.namespace(registration).is_some() && !registrations.contains(registration) {
                    registrations.push(registration.clone());
                }
            }
        }
        for registration in registrations {
            for (name, backends) in self.routes(&registration, world) {
                let units = self.memory.instances.iter().filter(|unit| !unit.word.is_empty());
                let cause = units.map(|unit| unit.entry).max_by_key(|entry| super::order_of(*entry));
                if let Some(cause) = cause.filter(|_| !backends.is_empty()) {
                    world.route(name, backends, cause);
                }
            }
        }
    }

    /// The namespace of smartstack.yaml that a registration is in. One that is not there is found by nobody, and one of another
    /// service is that one's to tell.
    fn namespace(&self, registration: &str) -> Option<&Namespace> {
        let name = registration.strip_prefix(self.service.name.as_str())?.strip_prefix('.')?;
        self.service.namespaces.iter().find(|one| one.name == name)
    }

    /// The names under which a registration is found, one for each place if there are several, and who is behind each.
    fn routes(&self, registration: &str, world: &mut dyn World) -> Vec<(Subject, Vec<Backend>)> {
        let namespace = self.namespace(registration);
        let discover = namespace.and_then(|one| one.discover.as_deref()).unwrap_or("region");
        let mut places: Vec<String> = Vec::new();
        if let Some(label) = label(discover) {
            places = world.observed_node_labels(label).into_iter().filter_map(|(_, value)| value).collect();
            places.sort();
            places.dedup();
        }
        let name = world.name(registration);
        if places.len() < 2 {
            return vec![(Subject::new(Kind::Traffic, name), self.backends(registration, None))];
        }
        let label = label(discover).unwrap_or_default();
        let space = world.intern(registration);
        let mut routes = Vec::new();
        for place in places {
            let mut backends = self.backends(registration, Some((label, &place)));
            for from in advertised_to(namespace, discover, &place) {
                backends.extend(self.backends(registration, Some((label, &from))));
            }
            let name = Subject { kind: Kind::Traffic, namespace: space, name: world.name(&place) };
            routes.push((name, backends));
        }
        routes
    }

    fn backends(&self, registration: &str, place: Option<(&str, &str)>) -> Vec<Backend> {
        let mut backends = Vec::new();
        for unit in 0..self.memory.instances.len() {
            let instance = self.setting(unit).instance;
            if !instance.registrations.iter().any(|one| one == registration) {
                continue;
            }
            let one = &self.memory.instances[unit];
            let apps = one.apps.iter().map(|app| app.key);
            backends.extend(one.workload.into_iter().chain(apps).map(|workload| Backend {
                workload,
                party: one.subject,
                weight: instance.weight.unwrap_or(WEIGHT),
                nodes: place.map(|(label, value)| (label.to_owned(), value.to_owned())),
                unready: false,
            }));
        }
        backends
    }
}

/// The other places whose copies are advertised to a place too (`extra_advertise`).
fn advertised_to(namespace: Option<&Namespace>, location: &str, place: &str) -> Vec<String> {
    let own = format!("{location}:{place}");
    let extra = namespace.into_iter().flat_map(|one| &one.extra_advertise);
    let from = extra.filter(|(_, to)| to.contains(&own)).filter_map(|(from, _)| from.split_once(':'));
    from.filter(|(kind, from)| *kind == location && *from != place).map(|(_, from)| from.to_owned()).collect()
}
