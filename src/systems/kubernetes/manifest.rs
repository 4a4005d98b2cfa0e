//! One object of a document: what it is called, what it asks for, and what of it may not be changed later.

use crate::kernel::Symbol;
use crate::timeline::{Kind, Subject};
use crate::workload::policy::AutoscalerSpec;
use crate::workload::rollout::TemplateSource;
use crate::workload::{Object, PodTemplate, World};

use super::autoscaler::Autoscaler;

/// What an object is called.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Identity {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; empty for `default` and for kinds that have none.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Identity {
    /// The subject of this name.
    pub fn subject(&self, world: &mut dyn World) -> Subject {
        let namespace = if self.namespace.is_empty() { Symbol::EMPTY } else { world.intern(&self.namespace) };
        let name = world.name(&self.name);
        Subject { kind: self.kind, namespace, name }
    }

    /// What [`Identity::show`] gives, read again; `default` is no other namespace than none.
    pub fn parse(text: &str) -> Option<Identity> {
        let (kind, rest) = text.split_once('/')?;
        let kind = Kind::parse(kind)?;
        let (namespace, name) = rest.split_once('/').unwrap_or(("", rest));
        let namespace = if namespace == "default" { "" } else { namespace };
        Some(Identity { kind, namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// The subject's text: `Deployment/web`, `Deployment/shop/web`.
    pub fn show(&self) -> String {
        match self.namespace.as_str() {
            "" => format!("{}/{}", self.kind.text(), self.name),
            namespace => format!("{}/{namespace}/{}", self.kind.text(), self.name),
        }
    }
}

/// An object that can be applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manifest {
    /// What it is called.
    pub identity: Identity,
    /// What it asks for.
    pub body: Body,
    /// True if the document says how many replicas: without it `apply` leaves them as they are.
    pub says_replicas: bool,
    /// What may not be changed once the object is there.
    pub fixed: Vec<Fixed>,
}

/// What an object asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body {
    /// Everything but an autoscaler.
    Object(Object),
    /// An autoscaler, whose target is a subject of the run.
    Autoscaler(Box<Autoscaler>),
}

/// A field that may not be changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fixed {
    /// Its value, in a form that can be compared.
    pub value: String,
    /// What the API server says to a change.
    pub refusal: String,
}

impl Manifest {
    /// The object as a world takes it.
    pub fn object(&self, world: &mut dyn World) -> Object {
        match &self.body {
            Body::Object(object) => object.clone(),
            Body::Autoscaler(from) => {
                let (kind, name) = from.target.clone();
                let target = Identity { kind, namespace: self.identity.namespace.clone(), name }.subject(world);
                Object::HorizontalPodAutoscaler(Box::new(AutoscalerSpec {
                    target,
                    replicas_min: from.replicas_min,
                    replicas_max: from.replicas_max,
                    metrics: from.metrics.clone(),
                    up: from.up.clone(),
                    down: from.down.clone(),
                }))
            }
        }
    }

    /// Why the API server refuses to make this object of `old`, if it does.
    pub fn refusal_to_replace(&self, old: &Manifest) -> Option<&str> {
        let changed = self.fixed.iter().zip(&old.fixed).find(|(new, old)| new.value != old.value);
        changed.map(|(new, _)| new.refusal.as_str())
    }

    /// The number of its replicas, if it is a workload that has one.
    pub fn replicas(&self) -> Option<u32> {
        match &self.body {
            Body::Object(Object::Deployment(spec)) => Some(spec.replicas),
            Body::Object(Object::ReplicaSet(spec)) => Some(spec.replicas),
            Body::Object(Object::StatefulSet(spec)) => Some(spec.replicas),
            Body::Object(Object::LeaderWorkerSet(spec)) => Some(spec.replicas),
            Body::Object(Object::Rollout(spec)) => Some(spec.replicas),
            _ => None,
        }
    }

    /// The number of its replicas, to be changed.
    pub fn replicas_mut(&mut self) -> Option<&mut u32> {
        match &mut self.body {
            Body::Object(Object::Deployment(spec)) => Some(&mut spec.replicas),
            Body::Object(Object::ReplicaSet(spec)) => Some(&mut spec.replicas),
            Body::Object(Object::StatefulSet(spec)) => Some(&mut spec.replicas),
            Body::Object(Object::LeaderWorkerSet(spec)) => Some(&mut spec.replicas),
            Body::Object(Object::Rollout(spec)) => Some(&mut spec.replicas),
            _ => None,
        }
    }

    /// Its switch that stops it: `paused` of a Deployment or Rollout, `suspend` of Jobs and CronJobs.
    pub fn paused_mut(&mut self) -> Option<&mut bool> {
        match &mut self.body {
            Body::Object(Object::Deployment(spec)) => Some(&mut spec.paused),
            Body::Object(Object::Rollout(spec)) => Some(&mut spec.paused),
            Body::Object(Object::Job(spec)) => Some(&mut spec.suspended),
            Body::Object(Object::CronJob(spec)) => Some(&mut spec.suspended),
            _ => None,
        }
    }

    /// True for a workload whose rollouts are stopped.
    pub fn is_paused(&self) -> bool {
        match &self.body {
            Body::Object(Object::Deployment(spec)) => spec.paused,
            Body::Object(Object::Rollout(spec)) => spec.paused,
            _ => false,
        }
    }

    /// The template of a workload whose rollouts can be restarted and undone.
    pub fn template_mut(&mut self) -> Option<&mut std::sync::Arc<PodTemplate>> {
        match &mut self.body {
            Body::Object(Object::Deployment(spec)) => Some(&mut spec.template),
            Body::Object(Object::StatefulSet(spec)) => Some(&mut spec.template),
            Body::Object(Object::DaemonSet(spec)) => Some(&mut spec.template),
            Body::Object(Object::Rollout(spec)) => match &mut spec.source {
                TemplateSource::Own(template) => Some(template),
                TemplateSource::Workload { .. } => None,
            },
            _ => None,
        }
    }

    /// The same template, to be read.
    pub fn template(&self) -> Option<&std::sync::Arc<PodTemplate>> {
        match &self.body {
            Body::Object(Object::Deployment(spec)) => Some(&spec.template),
            Body::Object(Object::StatefulSet(spec)) => Some(&spec.template),
            Body::Object(Object::DaemonSet(spec)) => Some(&spec.template),
            Body::Object(Object::Rollout(spec)) => match &spec.source {
                TemplateSource::Own(template) => Some(template),
                TemplateSource::Workload { .. } => None,
            },
            _ => None,
        }
    }
}
