//! quick
use greenroom_benches::rollout::rollout;
fn main() {
    for pods in [1000u32, 10_000, 100_000] {
        let t = std::time::Instant::now();
        let c = rollout(pods);
        let d = t.elapsed();
        println!(
            "{pods} pods {:?} {} events {:.0} ns/event {:.0} ns/pod",
            d,
            c.events(),
            d.as_nanos() as f64 / c.events() as f64,
            d.as_nanos() as f64 / pods as f64 / 2.0
        );
    }
}
