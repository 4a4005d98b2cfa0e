//! Files against the JSON Schemas, and what goes with them: validate_schema.

use super::Findings;
use super::files::{NAME_CHARS_MAX, sanitised};
use crate::systems::paasta::options::{Engine, Options, Schemas};
use crate::systems::paasta::reading::{File, Folder};
use crate::systems::paasta::schema::{FileType, Mistake, best_match};
use crate::text::Diagnostic;

/// Applies to each file the schemas of all types that its path begins with.
pub fn check(folder: &Folder, options: &Options, findings: &mut Findings) {
    for file in &folder.files {
        for kind in FileType::of(&file.path) {
            let schema = match options.engine {
                Engine::Kubernetes => kind.schema(),
                Engine::BounceLib => kind.schema_of_bounce_lib(),
            };
            let mistake = best_match(schema, &file.root);
            match (kind, options.schemas, mistake) {
                (FileType::Deploy, Schemas::Lenient, Some(mistake)) => not_applied(file, &mistake, findings),
                (_, _, Some(mistake)) => {
                    findings.refuse(file);
                    let problem = Diagnostic::error(&file.source, mistake.span, mistake.message);
                    findings.report(file, problem.note(format!("Failed to validate schema: {}", kind.file())));
                }
                (FileType::Kubernetes | FileType::Eks, _, None) => names(file, findings),
                _ => {}
            }
        }
    }
}

/// `paasta validate` has no schema for deploy.yaml, although PaaSTA has one.
fn not_applied(file: &File, mistake: &Mistake, findings: &mut Findings) {
    let text = format!("deploy_schema.json, which `paasta validate` does not apply, refuses this: {}", mistake.message);
    findings.warning(file, mistake.span, text);
}

/// validate_instance_names.
fn names(file: &File, findings: &mut Findings) {
    for (key, _) in file.root.as_map().unwrap_or_default() {
        if !key.text.starts_with('_') && sanitised(&key.text).chars().count() > NAME_CHARS_MAX {
            let message = format!(
                "Length of instance name {} should be no more than {NAME_CHARS_MAX}. \
                 Note _ is replaced with -- due to Kubernetes restriction",
                key.text
            );
            findings.problem(file, key.span, message);
        }
    }
}
