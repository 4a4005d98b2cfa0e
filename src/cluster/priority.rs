//! PriorityClasses, and the priority that a pod gets when it is created (k8s.io/kubernetes v1.36.3,
//! plugin/pkg/admission/priority/admission.go).

use super::apply::ObjectId;
use super::{Arg, Cause, Cluster, PodSetId, Subject, Why};
use crate::workload::policy::{PriorityClassSpec, SYSTEM_PRIORITY_CLASSES};

impl Cluster {
    /// Creates a priority class; its value cannot be changed later.
    pub(super) fn apply_priority_class(
        &mut self,
        key: Subject,
        spec: PriorityClassSpec,
        cause: Cause,
    ) -> Result<(), String> {
        let name = self.names.show(key.name);
        if let Some((_, own)) = SYSTEM_PRIORITY_CLASSES.iter().find(|(system, _)| *system == name) {
            if spec.value == *own && spec.preempts && !spec.is_default {
                // As the cluster has it already.
                return Ok(());
            }
            return Err(format!("{name} is a class of the system: it cannot be changed"));
        }
        match self.scheduling.classes.get(&name) {
            Some(known) if known.value != spec.value => {
                Err("value: Forbidden: may not be changed in an update".to_owned())
            }
            Some(known) if known.preempts != spec.preempts => {
                Err("preemptionPolicy: Forbidden: may not be changed in an update".to_owned())
            }
            Some(_) => {
                self.scheduling.classes.insert(name, spec);
                Ok(())
            }
            None => {
                self.scheduling.classes.insert(name, spec);
                self.objects.insert(key, ObjectId::PriorityClass);
                let value = self.names.intern(&spec.value.to_string());
                let why = Why::with("value {}", Arg::Text(value));
                let last = self.note(key, "Created", why, cause);
                self.touch_object(key, Cause::Entry(last));
                Ok(())
            }
        }
    }

    /// A priority class goes; pods that have their priority from it keep it.
    pub(super) fn delete_priority_class(&mut self, key: Subject, cause: Cause) {
        let name = self.names.show(key.name);
        self.scheduling.classes.remove(&name);
        let last = self.note(key, "Deleted", Why::NONE, cause);
        self.touch_object(key, Cause::Entry(last));
    }

    /// Gives the pods of a set the priority of their class.
    ///
    /// # Errors
    /// Why the API refuses the pod.
    pub(super) fn resolve_priority(&mut self, set: PodSetId) -> Result<(), String> {
        let (source, template) = (&self.set(set).source, self.set(set).template);
        let (priority, preempts) = self.priority_of(&source.priority_class, source.priority)?;
        if let Some(stated) = source.stated_priority.filter(|stated| *stated != priority) {
            return Err(format!(
                "the integer value of priority ({stated}) must not be provided in pod spec; priority admission controller \
                 computed {priority} from the given PriorityClass name"
            ));
        }
        let preempts = preempts && source.preempts;
        let resolved = self.templates.with_priority(template, priority, preempts);
        // Pods that are there keep what they were made with.
        if resolved != template && self.set(set).all.is_empty() {
            self.set_mut(set).template = resolved;
        }
        Ok(())
    }

    /// The value of a priority class; `None`: there is none of this name.
    pub(super) fn value_of_class(&self, class: &str) -> Option<i32> {
        self.priority_of(class, 0).ok().map(|(value, _)| value)
    }

    /// The priority of a class, and whether its pods may put out others. Without a class: that of the default class, if there
    /// is one, else what the pod itself says.
    fn priority_of(&self, class: &str, own: i32) -> Result<(i32, bool), String> {
        if class.is_empty() {
            let defaults = self.scheduling.classes.values().filter(|class| class.is_default);
            // Of several the lowest: getDefaultPriority.
            let default = defaults.min_by_key(|class| class.value);
            return Ok(default.map_or((own, true), |class| (class.value, class.preempts)));
        }
        if let Some((_, value)) = SYSTEM_PRIORITY_CLASSES.iter().find(|(name, _)| *name == class) {
            return Ok((*value, true));
        }
        let found = self.scheduling.classes.get(class);
        found
            .map(|class| (class.value, class.preempts))
            .ok_or_else(|| format!("no PriorityClass with name {class} was found"))
    }
}
