//! Goal: whatever goes wrong between controllers and their API server, a watch shows what once was true, no key is lost, and
//! controllers come to the same end. Method: generated writes, faults and waits, with two small controllers that make a copy of a
//! resource and tell of it.

use std::collections::BTreeMap;

use greenroom::kernel::{Duration, Names, Time};
use greenroom::systems::machinery::{
    Api, ControllerId, ControllerSpec, Finish, Item, Keys, RateLimits, Refusal, Resource, Runtime, Spec, Turn,
    WorkQueue, Writer,
};
use greenroom::timeline::{Cause, Kind, LineId, Subject};
use greenroom::workload::{About, ApiFault, ApiTrouble, Moment};
use proptest::prelude::*;

/// A resource that asks for a number and tells of one.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Figure {
    wanted: u32,
    told: u32,
}

impl Spec for Figure {
    fn same_spec(&self, other: &Figure) -> bool {
        self.wanted == other.wanted
    }

    fn take_status(&mut self, from: &Figure) {
        self.told = from.told;
    }
}

const CAUSE: Cause = Cause::Line(LineId(0));
/// Makes a copy of each original, and makes what it asks for the same.
const COPIES: ControllerId = ControllerId(0);
/// Tells the original what its copy asks for.
const TELLS: ControllerId = ControllerId(1);

const ORIGINAL: Kind = Kind::Graph;
const COPY: Kind = Kind::Component;

fn key(kind: Kind, number: u32) -> Subject {
    Subject::new(kind, Names::default().name(&format!("figure-{number}")))
}

fn at(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

/// What is done to the API from outside.
#[derive(Clone, Debug)]
enum Step {
    /// An original asks for a number.
    Ask(u32, u32),
    /// An original is deleted.
    Delete(u32),
    /// A fault strikes.
    Disturb(Option<u8>, ApiTrouble),
    /// Time passes.
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let count = || 1u32..4;
    let seconds = || 1u64..60;
    let trouble = prop_oneof![
        (proptest::option::of(seconds()), seconds()).prop_map(|(by, lasts)| ApiTrouble::Lag {
            by: by.map(Duration::from_secs),
            lasts: Some(Duration::from_secs(lasts)),
        }),
        (count(), count()).prop_map(|(occurrence, times)| ApiTrouble::Conflict { occurrence, times: Some(times) }),
        (count(), seconds()).prop_map(|(occurrence, lasts)| ApiTrouble::Error {
            occurrence,
            times: None,
            lasts: Some(Duration::from_secs(lasts)),
        }),
        seconds().prop_map(|lasts| ApiTrouble::WebhookDown { lasts: Some(Duration::from_secs(lasts)) }),
        (0u8..3, count(), 0u64..60).prop_map(|(moment, nth, lasts)| ApiTrouble::Restart {
            moment: match moment {
                0 => Moment::Now,
                1 => Moment::BeforeWrite(nth),
                _ => Moment::AfterWrite(nth),
            },
            lasts: Duration::from_secs(lasts),
        }),
    ];
    prop_oneof![
        4 => (0u32..4, 0u32..1000).prop_map(|(number, wanted)| Step::Ask(number, wanted)),
        1 => (0u32..4).prop_map(Step::Delete),
        3 => (proptest::option::of(0u8..2), trouble).prop_map(|(whose, trouble)| Step::Disturb(whose, trouble)),
        4 => seconds().prop_map(Step::Wait),
    ]
}

/// The API server with both controllers, and what it ever held.
struct Plane {
    api: Api<Figure>,
    runtime: Runtime,
    now: Time,
    faults: u32,
    /// What each original was, one entry a write; `None`: it was not there.
    history: BTreeMap<u32, Vec<Option<u32>>>,
    /// How far in it each controller was seen to be.
    seen: BTreeMap<(ControllerId, u32), usize>,
}

impl Plane {
    fn new() -> Plane {
        let spec =
            |name| ControllerSpec { name, watches: &[ORIGINAL, COPY], workers: 1, limits: RateLimits::default() };
        Plane {
            api: Api::new([ORIGINAL, COPY]),
            runtime: Runtime::new(&[spec("copies"), spec("tells")]),
            now: Time::ZERO,
            faults: 0,
            history: (0..4).map(|number| (number, vec![None])).collect(),
            seen: BTreeMap::new(),
        }
    }

    fn by(&self, controller: Option<ControllerId>) -> Writer {
        Writer { controller, at: self.now, cause: CAUSE }
    }

    fn take(&mut self, step: &Step) {
        let by = self.by(None);
        match step {
            Step::Ask(number, wanted) => {
                let original = key(ORIGINAL, *number);
                let written = match self.api.get(original) {
                    Some(_) => self.api.patch(original, by, |figure| figure.value.wanted = *wanted),
                    None => self.api.create(Resource::new(original, Figure { wanted: *wanted, told: 0 }), by),
                };
                let history = self.history.get_mut(number).expect("it is one of the four");
                if written.is_ok() && history.last() != Some(&Some(*wanted)) {
                    history.push(Some(*wanted));
                }
            }
            Step::Delete(number) => {
                if self.api.delete(key(ORIGINAL, *number), by).is_ok() {
                    self.history.get_mut(number).expect("it is one of the four").push(None);
                }
            }
            Step::Disturb(whose, trouble) => {
                let controller = whose.map(|whose| ["copies", "tells"][usize::from(whose)].to_owned());
                let about = About::Anything;
                let fault = ApiFault { number: self.faults, of: None, controller, about, trouble: *trouble };
                self.faults += 1;
                self.runtime.disturb(&mut self.api, &fault, self.now, CAUSE);
            }
            Step::Wait(seconds) => self.pass(self.now + Duration::from_secs(*seconds)),
        }
        self.work();
    }

    /// Lets time pass, and wakes the controllers when they asked for it.
    fn pass(&mut self, until: Time) {
        self.work();
        while let Some(next) = self.runtime.wake_time(&self.api, self.now).filter(|next| *next <= until) {
            self.now = next;
            self.work();
        }
        self.now = until;
    }

    /// Everything that is due.
    fn work(&mut self) {
        let route = |event: &greenroom::systems::machinery::Event<Figure>| -> Keys {
            [Subject { kind: ORIGINAL, ..event.key() }].into_iter().collect()
        };
        while let Some(turn) = self.runtime.next(&mut self.api, self.now, &mut |_, event, _| route(event)) {
            self.look();
            let Turn::Reconcile(item) = turn else { continue };
            let finish = match self.reconcile(item) {
                Ok(()) => Finish::Done,
                Err(_) => Finish::Retry,
            };
            self.runtime.finish(item, finish, self.now);
        }
        self.look();
    }

    fn reconcile(&mut self, item: Item) -> Result<(), Refusal> {
        let by = self.by(Some(item.controller));
        let view = self.runtime.view(&self.api, item.controller);
        let copy_key = Subject { kind: COPY, ..item.key };
        let original = view.get(item.key).map(|found| Resource::clone(found));
        let copy = view.get(copy_key).map(|found| Resource::clone(found));
        let Some(original) = original else { return Ok(()) };
        match (item.controller, copy) {
            (COPIES, None) => {
                let mut made = Resource::new(copy_key, Figure { wanted: original.value.wanted, told: 0 });
                made.meta.owner = Some(original.as_owner());
                self.api.create(made, by).map(drop)
            }
            (COPIES, Some(mut copy)) if copy.value.wanted != original.value.wanted => {
                let version = copy.meta.version;
                copy.value.wanted = original.value.wanted;
                self.api.update(copy, Some(version), by).map(drop)
            }
            (TELLS, Some(copy)) if copy.value.wanted != original.value.told => {
                let mut told = original;
                told.value.told = copy.value.wanted;
                self.api.update_status(&told, Some(told.meta.version), by).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// What each controller is shown of an original must be what it once was, and never older than what it was shown before.
    fn look(&mut self) {
        for (number, history) in &self.history {
            for controller in [COPIES, TELLS] {
                let shown = self.runtime.view(&self.api, controller).get(key(ORIGINAL, *number));
                let shown = shown.map(|figure| figure.value.wanted);
                let seen = self.seen.entry((controller, *number)).or_insert(0);
                let place = history[*seen..].iter().position(|was| *was == shown);
                assert!(place.is_some(), "{controller:?} is shown {shown:?} of {number}, {history:?} from {seen} on");
                *seen += place.unwrap_or(0);
            }
        }
    }

    /// What is there in the end: what each original asks for and tells, and what its copy asks for.
    fn end(&self) -> Vec<End> {
        let figure = |kind, number| self.api.get(key(kind, number)).map(|found| found.value.clone());
        let original = |number| figure(ORIGINAL, number).map(|one| (one.wanted, one.told));
        (0..4).map(|number| (number, original(number), figure(COPY, number).map(|copy| copy.wanted))).collect()
    }
}

/// Of a number: what its original asks for and tells, and what its copy asks for.
type End = (u32, Option<(u32, u32)>, Option<u32>);

/// Plays steps, and then waits for longer than any fault lasts or any retry takes.
fn play(steps: &[Step]) -> Plane {
    let mut plane = Plane::new();
    for step in steps {
        plane.take(step);
    }
    plane.pass(plane.now + Duration::from_secs(4 * 3600));
    plane
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_goes_wrong_for_a_while_all_is_well_in_the_end(steps in proptest::collection::vec(step(), 1..60)) {
        let plane = play(&steps);
        for (number, original, copy) in plane.end() {
            let wanted = plane.history[&number].last().copied().flatten();
            prop_assert_eq!(original, wanted.map(|wanted| (wanted, wanted)), "original {}", number);
            prop_assert_eq!(copy, wanted, "copy of {}", number);
        }
        prop_assert_eq!(plane.runtime.wake_time(&plane.api, plane.now), None, "nothing is left to do");
    }

    #[test]
    fn a_watch_without_faults_shows_all_that_was_written(steps in proptest::collection::vec(step(), 1..60)) {
        let calm: Vec<Step> = steps.into_iter().filter(|step| !matches!(step, Step::Disturb(..))).collect();
        let plane = play(&calm);
        for (number, history) in &plane.history {
            let shown = plane.runtime.view(&plane.api, COPIES).get(key(ORIGINAL, *number));
            prop_assert_eq!(shown.map(|figure| figure.value.wanted), history.last().copied().flatten());
        }
    }

    #[test]
    fn a_queue_hands_out_every_key_after_it_was_added(steps in proptest::collection::vec((0u8..5, 0u32..3, 0u64..5), 1..80)) {
        let mut queue = WorkQueue::new(RateLimits::default());
        let mut now = Time::ZERO;
        // Keys that must still be handed out, and those that are in work; and how often each was asked for and not handed out since.
        // A key that was added for now and for later is handed out twice.
        let (mut owed, mut working) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
        let mut asked = BTreeMap::<Subject, u32>::new();
        for (what, number, seconds) in steps {
            let one = key(ORIGINAL, number);
            match what {
                0 => queue.add(one, CAUSE),
                1 => queue.add_at(one, now + Duration::from_secs(seconds), CAUSE),
                2 => queue.add_rate_limited(one, now, CAUSE),
                3 => {
                    if let Some((taken, _)) = queue.take(now) {
                        owed.remove(&taken);
                        let asked = asked.entry(taken).or_default();
                        prop_assert!(*asked > 0, "nobody asked for it so often");
                        *asked -= 1;
                        prop_assert!(working.insert(taken), "it is in work already");
                    }
                }
                _ => {
                    if working.remove(&one) {
                        queue.done(one);
                    }
                }
            }
            if what < 3 {
                owed.insert(one);
                *asked.entry(one).or_default() += 1;
            }
            now += Duration::from_secs(seconds);
        }
        for one in std::mem::take(&mut working) {
            queue.done(one);
        }
        // Two thousand seconds are more than any retry waits here.
        for _ in 0..3 {
            now += Duration::from_secs(2000);
            while let Some((taken, _)) = queue.take(now) {
                owed.remove(&taken);
                queue.done(taken);
            }
        }
        prop_assert!(owed.is_empty(), "never handed out: {:?}", owed);
    }
}

#[test]
fn a_conflict_is_tried_again_after_the_first_wait_of_the_queue() {
    let steps = |trouble: Option<ApiTrouble>| {
        let mut plane = Plane::new();
        plane.take(&Step::Ask(0, 7));
        plane.now = at(10);
        if let Some(trouble) = trouble {
            plane.take(&Step::Disturb(Some(0), trouble));
        }
        plane.take(&Step::Ask(0, 8));
        plane
    };
    let conflict = ApiTrouble::Conflict { occurrence: 1, times: Some(1) };
    let (mut calm, mut struck) = (steps(None), steps(Some(conflict)));
    assert_eq!(calm.end()[0].2, Some(8), "without a fault the copy is changed at once");
    assert_eq!((struck.end()[0].2, struck.runtime.effects(&struck.api, 0)), (Some(7), 1));
    assert_eq!(struck.runtime.wake_time(&struck.api, struck.now), Some(at(10) + Duration::from_millis(5)));
    for plane in [&mut calm, &mut struck] {
        plane.pass(at(11));
    }
    assert_eq!(calm.end(), struck.end());
}

#[test]
fn what_was_missed_is_made_good_when_watches_hand_out_everything_again() {
    let mut plane = Plane::new();
    plane.take(&Step::Ask(0, 7));
    plane.take(&Step::Wait(60));
    plane.take(&Step::Disturb(Some(0), ApiTrouble::MissedEvent { occurrence: 1, times: 1 }));
    plane.take(&Step::Ask(0, 8));
    plane.take(&Step::Wait(9 * 3600));
    assert_eq!(plane.end()[0].2, Some(7), "nobody looks again for ten hours");
    plane.take(&Step::Wait(3600));
    assert_eq!(plane.end()[0], (0, Some((8, 8)), Some(8)));
}

#[test]
fn a_restart_at_any_write_leaves_the_same_end() {
    let asked: Vec<Step> = (0..4).map(|number| Step::Ask(number, 10 + number)).collect();
    let calm = play(&asked);
    for nth in 1..=8 {
        for moment in [Moment::BeforeWrite(nth), Moment::AfterWrite(nth)] {
            for whose in [None, Some(0), Some(1)] {
                let lasts = Duration::from_secs(30);
                let mut steps = vec![Step::Disturb(whose, ApiTrouble::Restart { moment, lasts })];
                steps.extend(asked.clone());
                let struck = play(&steps);
                assert_eq!(struck.end(), calm.end(), "{moment:?} of {whose:?}");
                let writes = if whose.is_none() { 8 } else { 4 };
                assert_eq!(struck.runtime.effects(&struck.api, 0) > 0, nth <= writes, "{moment:?} of {whose:?}");
            }
        }
    }
}
