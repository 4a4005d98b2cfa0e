//! How containers behave once they are placed: how long a pull, a start, a run takes, and how they end.
//! A row applies to what it matches; the first match wins and is used whole.

use std::collections::BTreeMap;

use crate::kernel::{Distribution, Duration, Time};
use crate::timeline::Kind;

/// What a row of behaviour is about. Every field that is given must match.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Match {
    /// The name of the system's deployment that the pods serve.
    pub deployment: Option<String>,
    /// The name of the Deployment or Job that owns the pods.
    pub workload: Option<String>,
    /// A pattern over the container's image; `*` stands for any text.
    pub image: Option<String>,
    /// The kind of the owner: Deployment or Job.
    pub kind: Option<Kind>,
    /// True for a row about measurements, which is about no pod.
    pub measures: bool,
}

/// How long the pull of an image takes.
#[derive(Clone, PartialEq, Debug)]
pub enum Pull {
    /// So long.
    Takes(Distribution),
    /// So many bytes at the node's bandwidth.
    Size {
        /// Bytes of the image.
        bytes: u64,
        /// Bytes a second.
        bytes_per_second: u64,
    },
}

/// A container that ends by itself, again and again.
#[derive(Clone, PartialEq, Debug)]
pub struct Crash {
    /// After so much time since its start.
    pub after: Distribution,
    /// In its first so many starts.
    pub times: u32,
    /// With this exit code.
    pub exit_code: u8,
}

/// How containers behave.
#[derive(Clone, PartialEq, Debug)]
pub struct Behaviour {
    /// What the row is about.
    pub applies_to: Match,
    /// The pull of the image.
    pub pull: Pull,
    /// The run of an init container.
    pub init: Distribution,
    /// How many pods of the row must have nodes before any of them begins.
    pub together: Option<u32>,
    /// From the start of the container to the moment that its application answers.
    pub start: Distribution,
    /// True if those who send requests to a pod go by more than its readiness.
    pub registers: bool,
    /// From readiness to being known to those who send requests.
    pub register: Distribution,
    /// The run of a container that ends by itself: one of a Job.
    pub run: Distribution,
    /// How such a run ends.
    pub exit_code: u8,
    /// Crashes.
    pub crash: Option<Crash>,
    /// From the order to stop to the end of the container; cut at its grace period.
    pub stop: Distribution,
    /// What its workload uses, by metric, in the order of time.
    pub metrics: BTreeMap<String, Vec<Load>>,
}

/// What a workload uses from a time on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Load {
    /// From when on.
    pub at: Time,
    /// How much, in thousandths.
    pub milli: u64,
    /// True: each of its pods; false: all of them together, in equal shares of those that are ready.
    pub each: bool,
}

impl Behaviour {
    /// The same with every length divided by `speed`, but for what comes at times of its own.
    pub fn at_speed(self, speed: u32) -> Behaviour {
        let pull = match self.pull {
            Pull::Takes(length) => Pull::Takes(length.at_speed(speed)),
            size @ Pull::Size { .. } => size,
        };
        Behaviour {
            pull,
            init: self.init.at_speed(speed),
            start: self.start.at_speed(speed),
            register: self.register.at_speed(speed),
            run: self.run.at_speed(speed),
            crash: self.crash.map(|crash| Crash { after: crash.after.at_speed(speed), ..crash }),
            stop: self.stop.at_speed(speed),
            ..self
        }
    }
}

impl Default for Behaviour {
    /// What containers do that no row matches: stated here and in docs/scenario.md, sourced nowhere.
    fn default() -> Behaviour {
        let seconds = |count| Distribution::Constant(Duration::from_secs(count));
        Behaviour {
            applies_to: Match::default(),
            pull: Pull::Takes(seconds(10)),
            init: seconds(5),
            together: None,
            start: seconds(5),
            registers: false,
            register: seconds(0),
            run: seconds(60),
            exit_code: 0,
            crash: None,
            stop: seconds(1),
            metrics: BTreeMap::new(),
        }
    }
}

/// What a row is matched against.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The name of the system's deployment, if the pods serve one.
    pub deployment: Option<&'a str>,
    /// The name of the owner.
    pub workload: &'a str,
    /// The kind of the owner.
    pub kind: Kind,
    /// The container's image.
    pub image: &'a str,
}

impl Match {
    /// True if everything that is given matches.
    pub fn matches(&self, candidate: &Candidate<'_>) -> bool {
        !self.measures
            && self.deployment.as_deref().is_none_or(|name| candidate.deployment == Some(name))
            && self.workload.as_deref().is_none_or(|name| candidate.workload == name)
            && self.image.as_deref().is_none_or(|pattern| glob(pattern, candidate.image))
            && self.kind.is_none_or(|kind| candidate.kind == kind)
    }
}

/// True if `text` is `pattern` with each `*` replaced by some text.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|head| text.strip_prefix(head)) else {
        return false;
    };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text) in
            [("*postgres*", "docker.io/postgres:16"), ("a*c", "abc"), ("*", ""), ("a", "a"), ("a*", "a")]
        {
            assert!(glob(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("postgres", "postgres:16"), ("a*c", "ab"), ("a*b*b", "ab"), ("", "a")] {
            assert!(!glob(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn every_given_field_must_match() {
        let row = Match { deployment: Some("vllm".into()), image: Some("*:latest".into()), ..Match::default() };
        let candidate =
            Candidate { deployment: Some("vllm"), workload: "w", kind: Kind::Deployment, image: "x:latest" };
        assert!(row.matches(&candidate));
        assert!(!row.matches(&Candidate { image: "x:1", ..candidate }));
        assert!(!row.matches(&Candidate { deployment: None, ..candidate }));
    }
}
