//! The folder itself: its name, the files that it must have, and those that are not read.

use super::Findings;
use crate::systems::paasta::reading::{Folder, Role};

/// The longest name of a Kubernetes object's label, which names become.
pub const NAME_CHARS_MAX: usize = 63;

/// sanitise_kubernetes_name of paasta_tools/kubernetes_tools.py.
pub fn sanitised(name: &str) -> String {
    let name = name.replace('_', "--");
    match name.strip_prefix("--") {
        Some(rest) => format!("underscore-{rest}").to_lowercase(),
        None => name.to_lowercase(),
    }
}

/// Checks the service's name, and tells of files that have no effect.
pub fn check(folder: &Folder, findings: &mut Findings) {
    if sanitised(&folder.name).chars().count() > NAME_CHARS_MAX {
        let message = format!(
            "Length of service name {} should be no more than {NAME_CHARS_MAX}. \
             Note _ is replaced with - due to Kubernetes restriction",
            folder.name
        );
        findings.about(folder, message);
    }
    for file in &folder.files {
        if file.path.starts_with("autotuned_defaults/") {
            let text = "these figures have no effect: clusters that use them say so in their own configuration";
            findings.warning(file, file.root.span, text);
        } else if file.role == Role::Other {
            findings.warning(file, file.root.span, "this file is not read: what it says has no effect");
        }
    }
}

/// check_monitoring_file_exists.
pub fn monitoring(folder: &Folder, findings: &mut Findings) {
    if folder.file(Role::Service).is_some() && folder.file(Role::Monitoring).is_none() {
        let path = folder.source.name().trim_end_matches('/');
        let message = format!(
            "No monitoring.yaml found in {path}. Every service must have a monitoring.yaml so that PaaSTA can route \
             alerts to the right place."
        );
        findings.about(folder, message);
    }
}
