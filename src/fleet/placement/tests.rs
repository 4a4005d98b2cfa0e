//! Properties of a placer over random fleets, pods and steps: what it keeps agrees with what is worked out anew, and nobody gets what is
//! not there.

use proptest::prelude::*;

use super::*;
use crate::fleet::demand::PodClass;
use crate::fleet::inventory::{ModelSet, NodeKind};

fn kinds() -> impl Strategy<Value = NodeKind> {
    (1_u32..16, 1_u32..8, 0_u8..9, 0_u32..2).prop_map(|(cpu, memory, gpus, model)| NodeKind {
        cpu_milli: cpu * 8000,
        memory_mib: memory * 32_768,
        gpus,
        model: if gpus == 0 { ModelSet(0) } else { ModelSet(1 << model) },
    })
}

fn classes() -> impl Strategy<Value = PodClass> {
    (0_u32..20, 0_u32..20, 0_u8..5, 1_i16..11, 0_u64..4).prop_map(|(cpu, memory, gpus, share, models)| PodClass {
        cpu_milli: cpu * 1000,
        memory_mib: memory * 4096,
        gpus,
        gpu_milli: match gpus {
            0 => 0,
            1 => share * 100,
            _ => 1000,
        },
        models: if models == 0 { ModelSet::ANY } else { ModelSet(models) },
        spec: if models == 0 { "".into() } else { format!("{models}").into() },
    })
}

/// What is left of a node by what was placed there, with nothing of it more than the node has.
fn check_left(placer: &Placer<'_>, running: &[(u32, Placement)]) -> Result<(), TestCaseError> {
    for place in 0..placer.places() {
        let kind = placer.fleet.kind(placer.node(place));
        let here = running.iter().filter(|(_, placement)| placement.place == place);
        let (mut cpu, mut memory, mut gpus, mut count) = (0_u32, 0_u32, [0_i16; 16], 0);
        for (class, placement) in here {
            let class = placer.trace.of_class(*class);
            cpu += class.cpu_milli;
            memory += class.memory_mib;
            count += 1;
            prop_assert_eq!(placement.gpus.count_ones(), u32::from(class.gpus));
            (0..16).filter(|at| placement.gpus >> at & 1 == 1).for_each(|at| gpus[at] += class.gpu_milli);
        }
        let left = placer.left(place);
        prop_assert_eq!((left.cpu_milli + cpu, left.memory_mib + memory), (kind.cpu_milli, kind.memory_mib));
        prop_assert_eq!(left.pods, count);
        for (at, used) in gpus.into_iter().enumerate() {
            prop_assert_eq!(left.gpus[at] + used, if at < usize::from(kind.gpus) { 1000 } else { 0 });
            prop_assert!(left.gpus[at] >= 0);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Goal: a placer that kept its scores decides as one that has none, and no node gives more than it has. Method: pods come and
    /// leave at random, and before each that comes the same is asked of a copy that forgot all.
    #[test]
    fn what_is_kept_decides_as_what_is_worked_out_anew(
        kinds in proptest::collection::vec(kinds(), 1..5),
        nodes in proptest::collection::vec(0_usize..5, 1..90),
        classes in proptest::collection::vec(classes(), 1..6),
        steps in proptest::collection::vec((0_u32..100, any::<bool>()), 1..120),
        policy in 0_usize..8,
        pods_max in 1_u32..9,
    ) {
        let policy = Policy::ALL[policy];
        let mut fleet = Fleet::default();
        nodes.iter().enumerate().for_each(|(at, kind)| fleet.add(&at.to_string(), kinds[kind % kinds.len()]));
        let mut trace = Trace::default();
        for (at, class) in classes.into_iter().enumerate() {
            trace.add(&at.to_string(), class);
        }
        let typical = Typical::of(&trace);
        let order: Vec<u32> = (0..fleet.nodes.len() as u32).rev().collect();
        let mut placer = Placer::new(&fleet, &trace, &typical, policy, &order, 7).with_pods_max(pods_max);
        let mut running: Vec<(u32, Placement)> = Vec::new();
        for (pick, comes) in steps {
            if comes {
                let class = pick % trace.classes.len() as u32;
                let mut forgetful = placer.clone();
                forgetful.boards = vec![None; trace.classes.len()];
                forgetful.number_states();
                prop_assert_eq!(forgetful.fragmentation(), placer.fragmentation());
                let placed = placer.place(class);
                prop_assert_eq!(forgetful.place(class), placed);
                let fits = |place: u32| forgetful.takes(forgetful.left(place), class);
                if placed.is_none() {
                    prop_assert!(!(0..placer.places()).any(fits), "a node takes the pod");
                }
                running.extend(placed.map(|placement| (class, placement)));
            } else if !running.is_empty() {
                let (class, placement) = running.swap_remove(pick as usize % running.len());
                placer.release(class, placement);
            }
        }
        check_left(&placer, &running)?;
        for (class, placement) in running.drain(..) {
            placer.release(class, placement);
        }
        let fresh = Placer::new(&fleet, &trace, &typical, policy, &order, 7);
        prop_assert_eq!(&placer.left, &fresh.left);
        prop_assert_eq!(placer.fragmentation(), fresh.fragmentation());
    }
}
