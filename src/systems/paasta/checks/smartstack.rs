//! smartstack.yaml: validate_smartstack. Ports of other services, and the folders of those that one is proxied through, are not
//! there to be looked at.

use super::Findings;
use crate::systems::paasta::options::Options;
use crate::systems::paasta::reading::{Fields, File, Folder, Role};
use crate::systems::paasta::schema::repr;
use crate::text::diagnostic::quote;
use crate::text::tree::Key;
use crate::text::{Node, Span};

/// MAX_ENVOY_NAME_LEN: what an Envoy listener's name leaves.
const ENVOY_CHARS_MAX: usize = 118;
/// MAX_SMARTSTACK_NAME_LEN: what a socket's name leaves.
const SOCKET_CHARS_MAX: usize = 55;
/// What `advertise` and `discover` are if the file has none.
const LOCATION: &str = "region";

/// Checks the namespaces.
pub fn check(folder: &Folder, options: &Options, findings: &mut Findings) {
    let Some(file) = folder.file(Role::Smartstack) else { return };
    if file.root.is_null() || file.root.as_map().is_some_and(<[_]>::is_empty) {
        let message = "smartstack.yaml is empty - if this service is not mesh-registered, please remove this file.";
        return findings.problem(file, file.root.span, message);
    }
    for (key, node) in file.root.as_map().unwrap_or_default() {
        lengths(folder, file, key, node, findings);
        // What is no list the schema tells of, and nothing is a member of it.
        if node.get("advertise").is_none_or(|advertise| advertise.as_seq().is_some()) {
            locations(file, key.span, node, options, findings);
        }
        for proxy in ["proxied_through", "clb_proxy"] {
            if let Some(through) = node.get(proxy) {
                let name = quote(through.as_str().unwrap_or_default());
                findings.warning(file, through.span, format!("whether {name} is there is not looked up"));
            }
        }
    }
}

fn lengths(folder: &Folder, file: &File, key: &Key, node: &Node, findings: &mut Findings) {
    let (service, namespace) = (&folder.name, &key.text);
    let length = service.chars().count() + namespace.chars().count();
    if length > ENVOY_CHARS_MAX {
        let message = format!(
            "Service name and namespace exceeds max listener name length in Envoy. Note that the full listener name is \
             \"{service}.{namespace}.listener\". Please rename so that the combined length of the service name and \
             namespace does not exceed {ENVOY_CHARS_MAX} characters"
        );
        findings.problem(file, key.span, message);
    } else if length > SOCKET_CHARS_MAX && node.get("proxy_port").is_some_and(|port| !port.is_null()) {
        let message = format!(
            "Name exceeds max socket name length. Note that the full socket name under the HAProxy naming scheme is \
             \"/var/run/synapse/sockets/{service}.{namespace}.sock.LONGPID.tmp\". Please rename so that the combined \
             length of the service name and namespace does not exceed {SOCKET_CHARS_MAX} characters"
        );
        findings.problem(file, key.span, message);
    }
}

/// _check_advertise_discover.
fn locations(file: &File, key: Span, node: &Node, options: &Options, findings: &mut Findings) {
    let fields = Fields::new(node, None);
    let discover = fields.text("discover").unwrap_or_else(|| LOCATION.to_owned());
    let at = |name: &str| fields.get(name).map_or(key, |node| node.span);
    let (advertise, shown) = match fields.get("advertise") {
        Some(node) => (fields.texts("advertise"), repr(node)),
        None => (vec![LOCATION.to_owned()], format!("['{LOCATION}']")),
    };
    if !advertise.contains(&discover) {
        let message = format!("discover key \"{discover}\" not a member of advertise \"{shown}\"");
        return findings.problem(
            file,
            at(if fields.get("discover").is_some() { "discover" } else { "advertise" }),
            message,
        );
    }
    let is_known = |kind: &str| options.location_types.iter().any(|known| known == kind);
    for (kind, place) in
        std::iter::once((&discover, at("discover"))).chain(advertise.iter().map(|kind| (kind, at("advertise"))))
    {
        if !is_known(kind) {
            return findings.problem(file, place, format!("Location type \"{kind}\" not a valid Yelp location type"));
        }
    }
    extra(file, &fields, &discover, options, findings);
}

/// What is advertised beyond the own location goes to places that are at least as large as what is discovered.
fn extra(file: &File, fields: &Fields<'_>, discover: &str, options: &Options, findings: &mut Findings) {
    let Some(entries) = fields.get("extra_advertise").and_then(Node::as_map) else { return };
    let rank = |kind: &str| options.location_types.iter().position(|known| known == kind);
    let is_location = |text: &str| {
        text.split_once(':').is_some_and(|(kind, name)| rank(kind).is_some() && !name.is_empty() && !name.contains(':'))
    };
    for (from, to) in entries {
        let destinations = to.as_seq().unwrap_or_default().iter().filter_map(|node| Some((node.as_str()?, node.span)));
        for (location, span) in std::iter::once((from.text.as_str(), from.span)).chain(destinations) {
            if !is_location(location) {
                let message = format!("Location string \"{location}\" not a valid Yelp location");
                return findings.problem(file, span, message);
            }
            let kind = location.split(':').next().unwrap_or_default();
            if span != from.span && rank(kind) > rank(discover) {
                let message = format!(
                    "Right hand side \"{location}\" less general than discover type \"{discover}\". Your advertisement \
                     would potentially result in more hosts seeing your service than intended. Please change the type \
                     of your RHS to be >= the discover type"
                );
                return findings.problem(file, span, message);
            }
        }
    }
}
