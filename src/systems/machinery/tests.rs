//! Goal: writes, watches, queues and their faults behave as the API server and controller-runtime do. Method: a resource with
//! one number of spec and one of status, and two controllers that watch it.

use smallvec::smallvec;

use super::conflict::Conflict;
use super::*;
use crate::kernel::{Duration, Names, Time};
use crate::timeline::{Cause, Kind, LineId, Subject};
use crate::workload::api_fault::{About, ApiFault, ApiTrouble, Moment};

#[derive(Clone, PartialEq, Eq, Debug)]
struct Thing {
    spec: u32,
    status: u32,
}

impl Spec for Thing {
    fn same_spec(&self, other: &Thing) -> bool {
        self.spec == other.spec
    }

    fn take_status(&mut self, from: &Thing) {
        self.status = from.status;
    }

    fn admit(new: &mut Resource<Thing>, _old: Option<&Resource<Thing>>, _by: Writer) -> Result<(), String> {
        if new.value.spec > 100 { Err("at most 100".to_owned()) } else { Ok(()) }
    }
}

const CAUSE: Cause = Cause::Line(LineId(0));
const FIRST: ControllerId = ControllerId(0);
const SECOND: ControllerId = ControllerId(1);

fn second(count: u64) -> Time {
    Time::ZERO + Duration::from_secs(count)
}

fn by(controller: Option<ControllerId>, at: Time) -> Writer {
    Writer { controller, at, cause: CAUSE }
}

fn key(name: &str) -> Subject {
    let mut names = Names::default();
    for known in ["a", "b", "c"] {
        names.intern(known);
    }
    Subject::new(Kind::Graph, names.name(name))
}

fn thing(name: &str, spec: u32) -> Resource<Thing> {
    Resource::new(key(name), Thing { spec, status: 0 })
}

fn spec(name: &'static str) -> ControllerSpec {
    ControllerSpec { name, watches: &[Kind::Graph], workers: 1, limits: RateLimits::default() }
}

/// An API with its two controllers; each is woken by every change of a thing.
struct Plane {
    api: Api<Thing>,
    runtime: Runtime,
}

impl Plane {
    fn new() -> Plane {
        Plane { api: Api::new([Kind::Graph]), runtime: Runtime::new(&[spec("first"), spec("second")]) }
    }

    fn next(&mut self, now: Time) -> Option<Turn> {
        self.runtime.next(&mut self.api, now, &mut |_, event, _| smallvec![event.key()])
    }

    /// Takes all turns that are due, and ends them well.
    fn drain(&mut self, now: Time) -> Vec<(ControllerId, Subject)> {
        let mut turns = Vec::new();
        while let Some(turn) = self.next(now) {
            if let Turn::Reconcile(item) = turn {
                turns.push((item.controller, item.key));
                self.runtime.finish(item, Finish::Done, now);
            }
        }
        turns
    }

    fn seen(&self, controller: ControllerId, name: &str) -> Option<u32> {
        self.runtime.view(&self.api, controller).get(key(name)).map(|thing| thing.value.spec)
    }

    fn write(&mut self, name: &str, spec: u32, at: Time) -> Result<Version, Refusal> {
        match self.api.get(key(name)) {
            None => self.api.create(thing(name, spec), by(None, at)),
            Some(_) => self.api.patch(key(name), by(None, at), |thing| thing.value.spec = spec),
        }
    }

    fn disturb(&mut self, controller: Option<&str>, trouble: ApiTrouble, now: Time) {
        let controller = controller.map(str::to_owned);
        let fault = ApiFault { number: 7, of: None, controller, about: About::Anything, trouble };
        assert!(self.runtime.takes(&fault));
        self.runtime.disturb(&mut self.api, &fault, now, CAUSE);
    }

    fn effects(&self) -> u64 {
        self.runtime.effects(&self.api, 7)
    }
}

#[test]
fn a_spec_raises_the_generation_and_a_status_does_not() {
    let mut plane = Plane::new();
    let first = plane.api.create(thing("a", 1), by(None, second(1))).expect("nothing is in its way");
    let made = Resource::clone(plane.api.get(key("a")).expect("it was created"));
    assert_eq!((made.meta.generation, made.meta.version, made.meta.created_at), (1, first, second(1)));

    let mut told = made.clone();
    (told.value.status, told.value.spec) = (9, 50);
    let second_write =
        plane.api.update_status(&told, Some(first), by(None, second(2))).expect("nobody wrote meanwhile");
    let now = Resource::clone(plane.api.get(key("a")).expect("it is there"));
    assert_eq!((now.value.spec, now.value.status, now.meta.generation), (1, 9, 1), "a status write leaves the spec");

    told.value.status = 77;
    assert_eq!(plane.api.update(told.clone(), Some(first), by(None, second(3))), Err(Refusal::Conflict));
    plane.api.update(told, Some(second_write), by(None, second(3))).expect("it has the version that is there");
    let now = plane.api.get(key("a")).expect("it is there");
    assert_eq!((now.value.spec, now.value.status, now.meta.generation), (50, 9, 2), "a spec write leaves the status");
}

#[test]
fn what_changes_nothing_is_no_write_and_what_is_against_a_rule_is_refused() {
    let mut plane = Plane::new();
    let first = plane.write("a", 1, second(1));
    assert_eq!(plane.write("a", 1, second(2)), first);
    assert_eq!(plane.write("a", 101, second(2)), Err(Refusal::Invalid("at most 100".to_owned())));
    assert_eq!(plane.api.create(thing("a", 1), by(None, second(2))), Err(Refusal::AlreadyExists));
    assert_eq!(plane.api.delete(key("b"), by(None, second(2))), Err(Refusal::NotFound));
}

#[test]
fn what_has_finalizers_is_marked_and_what_it_owns_goes_with_it() {
    let mut plane = Plane::new();
    let mut parent = thing("a", 1);
    parent.meta.finalizers.insert("wait".to_owned());
    plane.api.create(parent, by(None, second(1))).expect("nothing is in its way");
    let mut child = thing("b", 1);
    child.meta.owner = Some(plane.api.get(key("a")).expect("it is there").as_owner());
    plane.api.create(child.clone(), by(None, second(1))).expect("nothing is in its way");

    plane.api.delete(key("a"), by(None, second(2))).expect("it is there");
    let marked = plane.api.get(key("a")).expect("its finalizer keeps it");
    assert_eq!((marked.meta.deleted_at, marked.meta.generation), (Some(second(2)), 2));
    assert!(plane.api.get(key("b")).is_some());

    plane.api.patch(key("a"), by(None, second(3)), |thing| thing.meta.finalizers.clear()).expect("it is there");
    assert!(plane.api.get(key("a")).is_none() && plane.api.get(key("b")).is_none());
    let gone: Vec<Subject> = plane.api.removed().into_iter().map(|(key, _)| key).collect();
    assert_eq!(gone, [key("a"), key("b")]);

    plane.api.create(child, by(None, second(4))).expect("a name can be used again");
    assert!(plane.api.get(key("b")).is_none(), "its owner is gone, and so is it");
}

#[test]
fn changes_of_one_key_make_one_turn_and_a_turn_sees_one_state() {
    let mut plane = Plane::new();
    for spec in 1..5 {
        plane.write("a", spec, second(1)).expect("nothing is in its way");
    }
    let Some(Turn::Reconcile(item)) = plane.next(second(1)) else { panic!("a change wakes the first controller") };
    plane.write("a", 9, second(1)).expect("it is there");
    assert_eq!(plane.seen(FIRST, "a"), Some(4), "what is written in a turn is seen after it");
    plane.runtime.finish(item, Finish::Done, second(1));
    let turns = plane.drain(second(1));
    assert_eq!(turns, [(FIRST, key("a")), (SECOND, key("a"))], "what changed in a turn comes again");
    assert_eq!(plane.seen(FIRST, "a"), Some(9));
}

#[test]
fn a_frozen_watch_shows_and_wakes_once_it_goes_on() {
    let mut plane = Plane::new();
    plane.write("a", 1, second(1)).expect("nothing is in its way");
    plane.drain(second(1));
    plane.disturb(Some("second"), ApiTrouble::Lag { by: None, lasts: Some(Duration::from_secs(10)) }, second(2));
    assert_eq!(plane.effects(), 0);
    plane.write("a", 2, second(3)).expect("it is there");
    plane.write("a", 3, second(4)).expect("it is there");
    assert_eq!(plane.drain(second(4)), [(FIRST, key("a"))]);
    assert_eq!((plane.seen(FIRST, "a"), plane.seen(SECOND, "a")), (Some(3), Some(1)));
    assert_eq!((plane.effects(), plane.runtime.wake_time(&plane.api, second(4))), (1, Some(second(12))));
    assert_eq!(plane.drain(second(12)), [(SECOND, key("a"))]);
    assert_eq!(plane.seen(SECOND, "a"), Some(3));
}

#[test]
fn a_watch_that_is_late_shows_each_change_by_so_much_later() {
    let mut plane = Plane::new();
    let lag = ApiTrouble::Lag { by: Some(Duration::from_secs(5)), lasts: None };
    plane.disturb(Some("first"), lag, second(0));
    plane.write("a", 1, second(1)).expect("nothing is in its way");
    plane.write("a", 2, second(3)).expect("it is there");
    assert_eq!(plane.drain(second(3)), [(SECOND, key("a"))]);
    assert_eq!(plane.seen(FIRST, "a"), None);
    assert_eq!(plane.runtime.wake_time(&plane.api, second(3)), Some(second(6)));
    assert_eq!(plane.drain(second(6)), [(FIRST, key("a"))]);
    assert_eq!(plane.seen(FIRST, "a"), Some(1));
    assert_eq!(plane.drain(second(8)), [(FIRST, key("a"))]);
    assert_eq!(plane.seen(FIRST, "a"), Some(2));
}

#[test]
fn a_missed_event_is_seen_but_wakes_nobody() {
    let mut plane = Plane::new();
    plane.disturb(Some("first"), ApiTrouble::MissedEvent { occurrence: 2, times: 1 }, second(0));
    plane.write("a", 1, second(1)).expect("nothing is in its way");
    assert_eq!(plane.drain(second(1)).len(), 2);
    plane.write("a", 2, second(2)).expect("it is there");
    assert_eq!(plane.drain(second(2)), [(SECOND, key("a"))]);
    assert_eq!((plane.seen(FIRST, "a"), plane.effects()), (Some(2), 1));
    plane.write("a", 3, second(3)).expect("it is there");
    assert_eq!(plane.drain(second(3)).len(), 2);
}

#[test]
fn faults_of_writes_strike_the_writes_that_they_name() {
    let mut plane = Plane::new();
    plane.write("a", 1, second(1)).expect("nothing is in its way");
    plane.disturb(Some("first"), ApiTrouble::Conflict { occurrence: 2, times: Some(1) }, second(1));
    let update = |plane: &mut Plane, controller, spec| {
        let mut read = Resource::clone(plane.api.get(key("a")).expect("it is there"));
        let version = read.meta.version;
        read.value.spec = spec;
        plane.api.update(read, Some(version), by(Some(controller), second(2))).map(|_| ())
    };
    assert_eq!(update(&mut plane, FIRST, 2), Ok(()));
    assert_eq!(update(&mut plane, SECOND, 3), Ok(()));
    assert_eq!(update(&mut plane, FIRST, 4), Err(Refusal::Conflict));
    assert_eq!(update(&mut plane, FIRST, 5), Ok(()));
    assert_eq!(plane.effects(), 1);
    assert_eq!(plane.api.take_conflicts(), [Conflict { key: key("a"), cause: CAUSE }]);
    assert_eq!(plane.api.take_conflicts(), [], "each is told once");

    plane.disturb(None, ApiTrouble::WebhookDown { lasts: Some(Duration::from_secs(10)) }, second(2));
    assert!(matches!(update(&mut plane, FIRST, 6), Err(Refusal::Unavailable(_))));
    let told = Resource::clone(plane.api.get(key("a")).expect("it is there"));
    assert!(plane.api.update_status(&told, None, by(Some(FIRST), second(2))).is_ok(), "a status needs no webhook");
    assert!(plane.write("a", 7, second(11)).is_err(), "an operator needs it too");
    assert!(plane.write("a", 7, second(12)).is_ok());
}

#[test]
fn a_controller_that_ends_at_a_write_begins_anew() {
    for (moment, written) in [(Moment::BeforeWrite(2), 1), (Moment::AfterWrite(2), 2)] {
        let mut plane = Plane::new();
        plane.write("a", 1, second(1)).expect("nothing is in its way");
        plane.write("b", 1, second(1)).expect("nothing is in its way");
        plane.drain(second(1));
        plane.disturb(Some("first"), ApiTrouble::Restart { moment, lasts: Duration::from_secs(5) }, second(2));
        plane.write("c", 1, second(2)).expect("nothing is in its way");
        let Some(Turn::Reconcile(item)) = plane.next(second(2)) else { panic!("it is woken") };
        let status = |plane: &mut Plane, status| {
            plane.api.patch_status(key("a"), by(Some(FIRST), second(2)), |thing| thing.status = status)
        };
        assert!(status(&mut plane, 1).is_ok());
        assert_eq!(status(&mut plane, 2), Err(Refusal::Gone));
        assert_eq!(status(&mut plane, 3), Err(Refusal::Gone), "nothing of its pass is done any more");
        assert_eq!(plane.api.get(key("a")).expect("it is there").value.status, written);
        plane.runtime.finish(item, Finish::Retry, second(2));
        assert!(plane.drain(second(2)).iter().all(|(controller, _)| *controller == SECOND));
        assert_eq!(plane.runtime.wake_time(&plane.api, second(2)), Some(second(7)));
        assert_eq!(plane.next(second(7)), Some(Turn::Started(FIRST, CAUSE)));
        assert_eq!(plane.drain(second(7)), [(FIRST, key("a")), (FIRST, key("b")), (FIRST, key("c"))]);
        assert_eq!(plane.effects(), 1);
    }
}

#[test]
fn what_fails_is_tried_again_ever_more_rarely_and_forgotten_once_it_does_not() {
    let mut queue = WorkQueue::new(RateLimits::default());
    let mut now = Time::ZERO;
    let mut waits = Vec::new();
    for _ in 0..20 {
        queue.add_rate_limited(key("a"), now, CAUSE);
        let at = queue.next_at().expect("it comes later");
        waits.push(at.since(now));
        now = at;
        assert_eq!(queue.take(now).map(|(key, _)| key), Some(key("a")));
        queue.done(key("a"));
    }
    assert_eq!(waits[..3], [5, 10, 20].map(Duration::from_millis));
    assert_eq!(
        waits[17..],
        [Duration::from_nanos(655_360_000_000), Duration::from_secs(1000), Duration::from_secs(1000)]
    );
    queue.forget(key("a"));
    queue.add_rate_limited(key("a"), now, CAUSE);
    assert_eq!(queue.next_at().map(|at| at.since(now)), Some(Duration::from_millis(5)));
}

#[test]
fn many_retries_at_once_wait_for_the_bucket() {
    let mut queue = WorkQueue::new(RateLimits::default());
    let mut last = Time::ZERO;
    for _ in 0..103 {
        queue.forget(key("a"));
        queue.add_rate_limited(key("a"), second(1), CAUSE);
        last = queue.next_at().expect("it comes later");
        queue.take(last);
        queue.done(key("a"));
    }
    assert_eq!(last.since(second(1)), Duration::from_millis(300), "three beyond the burst of a hundred");
}
