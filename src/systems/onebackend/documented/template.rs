//! What the instances of a deployment are made from: its definition, what it asks for, its environment. Two that differ are two
//! revisions. Where an instance runs is not decided here.

use std::collections::BTreeMap;

use super::super::amount::{self, Need};
use super::super::model::{Definition, Deployment, Envar, Reference, RepositorySpec};
use super::super::profile::Options;
use super::super::store::Store;

/// What instances are made from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Template {
    /// The image.
    pub image: String,
    /// Where the image is built from, if it is.
    pub repository: Option<RepositorySpec>,
    /// What each instance needs.
    pub need: Need,
    /// The port of the node that leads to it.
    port: u16,
    /// One number for each value of the environment.
    environment: BTreeMap<String, u64>,
}

impl Template {
    /// Where an instance on a node answers.
    pub fn url(&self, node: &str) -> String {
        match self.port {
            0 => format!("http://{node}"),
            port => format!("http://{node}:{port}"),
        }
    }
}

/// The template of a deployment as it is saved now.
///
/// # Errors
/// Why there is none: what is missing, or cannot be read.
pub fn template(deployment: &Deployment, store: &Store, options: &Options) -> Result<Template, String> {
    let id = &deployment.definition_id;
    // The words are those of the code (deploy/deploy_loop.go, makeSureItRuns).
    let definition = store.definitions.get(id).ok_or_else(|| format!("definition '{id}' cannot be found"))?;
    let (image, repository) = match (&definition.image, &definition.repository) {
        (Some(image), _) => (image.name.clone(), None),
        // The name that the code gives to images that it builds.
        (None, Some(repository)) => (format!("1backend-{id}"), Some(repository.clone())),
        (None, None) => return Err(format!("definition '{id}' has neither an image nor a repository")),
    };
    let environment = environment(deployment, definition);
    if let Some(missing) = missing(&environment, options) {
        return Err(missing);
    }
    let ports = definition.image.as_ref().map(|image| &image.internal_ports);
    let ports = ports.or(definition.repository.as_ref().map(|repository| &repository.internal_ports));
    let internal = ports.and_then(|ports| ports.first()).copied();
    Ok(Template {
        image,
        repository,
        need: amount::need(deployment.resources.as_ref())?,
        port: definition.ports.first().map(|port| port.host).or(internal).unwrap_or(0),
        environment: environment.into_iter().map(|(name, envar)| (name.to_owned(), envar.fingerprint)).collect(),
    })
}

/// What a definition has by default, with what the deployment says instead.
fn environment<'d>(deployment: &'d Deployment, definition: &'d Definition) -> BTreeMap<&'d str, &'d Envar> {
    let both = definition.envars.iter().chain(&deployment.envars);
    both.map(|(name, envar)| (name.as_str(), envar)).collect()
}

/// The first reference that leads nowhere.
fn missing(environment: &BTreeMap<&str, &Envar>, options: &Options) -> Option<String> {
    for (name, envar) in environment {
        for reference in &envar.references {
            match reference {
                Reference::Secret(secret) if !options.secrets.contains(secret) => {
                    return Some(format!("secret '{secret}' of envar {name} cannot be found"));
                }
                Reference::Env(variable) if !options.env.contains(variable) => {
                    return Some(format!("environment variable '{variable}' of envar {name} is not set"));
                }
                Reference::Secret(_) | Reference::Env(_) => {}
            }
        }
    }
    None
}
