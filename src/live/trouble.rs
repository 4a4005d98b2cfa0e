//! What keeps a live run from starting, or ends it: each is one message that says what to do. Exit code 5.

use std::fmt::{self, Display};

/// Something about the cluster or the way to it that a run cannot do without.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// There is no kubeconfig, or it cannot be read.
    Kubeconfig(String),
    /// The kubeconfig has no context of this name.
    NoContext {
        /// The name.
        name: String,
        /// The contexts that it has.
        known: Vec<String>,
    },
    /// The API server does not answer.
    Unreachable {
        /// The context.
        context: String,
        /// What went wrong.
        why: String,
    },
    /// The API server does not know who asks.
    Unauthorized {
        /// The context.
        context: String,
    },
    /// Something is not allowed.
    Forbidden {
        /// What was tried, and what the API said.
        what: Vec<String>,
    },
    /// The API server is too old.
    TooOld {
        /// Its version.
        version: String,
        /// The oldest that will do.
        least: String,
    },
    /// Fake nodes stay without a kubelet, because nothing plays it.
    NoKwok {
        /// How long was waited, in seconds.
        seconds: u64,
    },
    /// The cluster has not the nodes that the scenario needs.
    Nodes(String),
    /// The scenario asks for something that a live run cannot do.
    Unsupported(Vec<String>),
    /// The user or the machine wanted the process to end.
    Interrupted,
    /// The connection was lost during the run.
    Lost(String),
    /// Something else that the API refused.
    Api(String),
}

impl Display for Trouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Kubeconfig(why) => write!(out, "cannot read the kubeconfig: {why}"),
            Trouble::NoContext { name, known } if known.is_empty() => {
                write!(out, "the kubeconfig has no context `{name}`, nor any other: is KUBECONFIG set?")
            }
            Trouble::NoContext { name, known } => {
                write!(out, "the kubeconfig has no context `{name}`; it has {}", known.join(", "))
            }
            Trouble::Unreachable { context, why } => {
                write!(out, "the API server of context `{context}` cannot be reached: {why}")
            }
            Trouble::Unauthorized { context } => {
                write!(out, "the API server of context `{context}` does not accept its credentials")
            }
            Trouble::Forbidden { what } => {
                write!(out, "not allowed: {}; docs/live.md has the rights that a run needs", what.join("; "))
            }
            Trouble::TooOld { version, least } => {
                write!(out, "the API server has version {version}; a live run needs {least} or newer")
            }
            Trouble::NoKwok { seconds } => write!(
                out,
                "the fake nodes are not ready after {seconds} s: kwok must run in the cluster and manage nodes with the label \
                 type=kwok or the annotation kwok.x-k8s.io/node"
            ),
            Trouble::Nodes(why) => {
                write!(out, "{why}; `--fake-nodes` makes the nodes of the scenario, played by kwok")
            }
            Trouble::Unsupported(what) => write!(out, "a live run cannot do this: {}", what.join("; ")),
            Trouble::Interrupted => write!(out, "it was interrupted"),
            Trouble::Lost(why) => write!(out, "the connection to the API server was lost: {why}"),
            Trouble::Api(why) => write!(out, "{why}"),
        }
    }
}

impl std::error::Error for Trouble {}

impl Trouble {
    /// What an error of the client means.
    pub(super) fn of(error: &kube::Error, context: &str) -> Trouble {
        match error {
            kube::Error::Api(status) if status.code == 401 => Trouble::Unauthorized { context: context.to_owned() },
            kube::Error::Api(status) if status.code == 403 => Trouble::Forbidden { what: vec![status.message.clone()] },
            kube::Error::Api(status) => Trouble::Api(status.message.clone()),
            kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => Trouble::Unreachable {
                context: context.to_owned(),
                why: "what answers there is no Kubernetes API".to_owned(),
            },
            kube::Error::Auth(error) => {
                let why = format!("its credentials cannot be had: {}", chain(error));
                Trouble::Unreachable { context: context.to_owned(), why }
            }
            other => Trouble::Unreachable { context: context.to_owned(), why: innermost(other) },
        }
    }
}

/// All links of an error's chain, for errors whose last link alone does not say what it is about.
fn chain(error: &dyn std::error::Error) -> String {
    let mut told = vec![error.to_string()];
    let mut next = error.source();
    while let Some(source) = next {
        let said = source.to_string();
        if !told.iter().any(|before| before.contains(&said)) {
            told.push(said);
        }
        next = source.source();
    }
    told.join(": ")
}

/// The last link of an error's chain, which is the one that says what happened: `Connection refused`.
pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    match last.to_string().as_str() {
        // The client's own words for a server that does not say anything.
        "deadline has elapsed" => "no answer in time".to_owned(),
        said => said.to_owned(),
    }
}
