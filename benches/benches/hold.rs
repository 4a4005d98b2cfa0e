//! The hold model on greenroom's queue and on the core of DSLab, side by side, in wall-clock time.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use greenroom_benches::hold::Hold;
use greenroom_benches::peer::Peer;
use greenroom_benches::workload::Delays;

const EVENTS: u64 = 1_000;

fn hold(criterion: &mut Criterion) {
    for delays in [Delays::Exponential, Delays::Mixed, Delays::Grid, Delays::HalfNow] {
        let mut group = criterion.benchmark_group(format!("hold/{delays:?}"));
        group.throughput(Throughput::Elements(EVENTS));
        for entities in [1_000, 10_000, 100_000] {
            let mut own = Hold::new(entities, delays);
            own.run(2 * u64::from(entities));
            group.bench_function(BenchmarkId::new("greenroom", entities), |bencher| bencher.iter(|| own.run(EVENTS)));
            let mut peer = Peer::new(entities, delays);
            peer.run(2 * u64::from(entities));
            group.bench_function(BenchmarkId::new("simcore", entities), |bencher| bencher.iter(|| peer.run(EVENTS)));
        }
        group.finish();
    }
}

fn fork(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fork");
    for entities in [1_000, 10_000, 100_000] {
        let mut own = Hold::new(entities, Delays::Mixed);
        own.run(2 * u64::from(entities));
        group.bench_function(BenchmarkId::new("greenroom", entities), |bencher| {
            bencher.iter_batched(|| (), |()| own.clone(), BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group!(benches, hold, fork);
criterion_main!(benches);
