//! How a new version takes the place of an old one by bounces: what is created and what is drained next. Which pods carry a decision
//! out is not known here.
//! Source: Yelp/paasta cc57ae869d, paasta_tools/bounce_lib.py.

/// How pods of old versions make way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Method {
    /// Old pods go at once.
    Brutal,
    /// Old pods go as new ones come.
    Crossover,
    /// Old pods go once all new ones are there. Not on Kubernetes.
    UpThenDown,
    /// New pods come once no old one is left.
    DownThenUp,
    /// Old pods go, and nothing comes: an instance that is stopped.
    Down,
}

/// What a bounce sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Pods that are wanted of the new version.
    pub instances: u32,
    /// The new version was created, whatever became of it.
    pub new_app_running: bool,
    /// Its pods that serve.
    pub happy_new: u32,
    /// Pods of old versions that are not drained already.
    pub old: u32,
    /// Pods that suffice while it goes on, of the wanted ones.
    pub needed: u32,
}

/// What a bounce does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Create the new version.
    pub create_app: bool,
    /// So many old pods are drained.
    pub drain: u32,
}

/// The next thing that a method does.
pub fn decide(method: Method, seen: Standing) -> Decision {
    let Standing { instances, new_app_running, happy_new, old, needed } = seen;
    match method {
        Method::Brutal => Decision { create_app: !new_app_running, drain: old },
        Method::UpThenDown if new_app_running && happy_new == instances => Decision { create_app: false, drain: old },
        Method::UpThenDown => Decision { create_app: !new_app_running, drain: 0 },
        Method::Crossover => {
            Decision { create_app: !new_app_running, drain: old.saturating_sub(needed.saturating_sub(happy_new)) }
        }
        Method::DownThenUp => Decision { create_app: old == 0 && !new_app_running, drain: old },
        Method::Down => Decision { create_app: false, drain: old },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_drain_what_the_source_drains() {
        let full = Standing { instances: 10, new_app_running: true, happy_new: 4, old: 10, needed: 10 };
        let none_new = Standing { new_app_running: false, happy_new: 0, ..full };
        let decide = |method, seen| {
            let Decision { create_app, drain } = decide(method, seen);
            (create_app, drain)
        };
        assert_eq!(decide(Method::Crossover, full), (false, 4));
        assert_eq!(decide(Method::Crossover, Standing { needed: 5, ..full }), (false, 9));
        assert_eq!(decide(Method::Crossover, none_new), (true, 0));
        assert_eq!(decide(Method::UpThenDown, full), (false, 0));
        assert_eq!(decide(Method::UpThenDown, Standing { happy_new: 10, ..full }), (false, 10));
        assert_eq!(decide(Method::DownThenUp, none_new), (false, 10));
        assert_eq!(decide(Method::DownThenUp, Standing { old: 0, ..none_new }), (true, 0));
        assert_eq!(decide(Method::Brutal, none_new), (true, 10));
        assert_eq!(decide(Method::Down, none_new), (false, 10));
    }
}
