//! The hold model on the core of DSLab (crate `simcore`), as its own examples are written: a component with an event
//! handler for each entity.

use std::cell::RefCell;
use std::rc::Rc;

use serde::Serialize;
use simcore::{Event, EventHandler, Simulation, SimulationContext, cast};

use crate::workload::{Delays, Entity, Source, Step};

#[derive(Clone, Serialize)]
struct Advance {}
#[derive(Clone, Serialize)]
struct Succeed {}
#[derive(Clone, Serialize)]
struct Fail {}
#[derive(Clone, Serialize)]
struct Reset {}

struct Component {
    entity: Entity,
    source: Rc<RefCell<Source>>,
    context: SimulationContext,
}

impl Component {
    fn take(&mut self, step: Step) {
        self.entity.take(step);
        self.schedule();
    }

    fn schedule(&self) {
        let (delay, step) = self.source.borrow_mut().draw();
        // A division, as a product with 1e-9 would move whole seconds apart.
        let seconds = delay as f64 / 1e9;
        match step {
            Step::Advance => self.context.emit_self(Advance {}, seconds),
            Step::Succeed => self.context.emit_self(Succeed {}, seconds),
            Step::Fail => self.context.emit_self(Fail {}, seconds),
            Step::Reset => self.context.emit_self(Reset {}, seconds),
        };
    }
}

impl EventHandler for Component {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Advance {} => {
                self.take(Step::Advance);
            }
            Succeed {} => {
                self.take(Step::Succeed);
            }
            Fail {} => {
                self.take(Step::Fail);
            }
            Reset {} => {
                self.take(Step::Reset);
            }
        });
    }
}

/// A simulation of n entities.
pub struct Peer {
    simulation: Simulation,
    components: Vec<Rc<RefCell<Component>>>,
}

impl Peer {
    /// A simulation of `entities` entities with their first events scheduled.
    pub fn new(entities: u32, delays: Delays) -> Peer {
        let mut simulation = Simulation::new(7);
        let source = Rc::new(RefCell::new(Source::new(delays)));
        let components = (0..entities).map(|entity| {
            let name = format!("entity-{entity}");
            let context = simulation.create_context(&name);
            let component = Component { entity: Entity::default(), source: Rc::clone(&source), context };
            let component = Rc::new(RefCell::new(component));
            simulation.add_handler(name, component.clone());
            component.borrow().schedule();
            component
        });
        let components = components.collect();
        Peer { simulation, components }
    }

    /// Runs so many events.
    pub fn run(&mut self, events: u64) {
        self.simulation.steps(events);
    }

    /// The states of all entities.
    pub fn entities(&self) -> Vec<Entity> {
        self.components.iter().map(|component| component.borrow().entity).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hold::Hold;

    /// Both sides do the same work: after as many events every entity is in the same state.
    #[test]
    fn does_the_same_work() {
        for delays in [Delays::Exponential, Delays::Mixed, Delays::Grid, Delays::HalfNow] {
            let (mut hold, mut peer) = (Hold::new(100, delays), Peer::new(100, delays));
            hold.run(20_000);
            peer.run(20_000);
            assert!(hold.entities() == peer.entities(), "the entities differ with {delays:?} delays");
        }
    }
}
