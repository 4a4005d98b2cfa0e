//! The simulated cluster through its own doors: objects go in as a controller asks for them, the timeline comes out.

mod bench;

use bench::{Bench, deployment, pods, seconds};

#[test]
fn a_deployment_comes_up_and_rolls() {
    let mut bench = Bench::new(2, 4);
    bench.submit("Deployment/web", deployment(4, pods("web", "a:1", 1)));
    bench.run(seconds(60));
    bench.submit("Deployment/web", deployment(4, pods("web", "a:2", 1)));
    bench.run(seconds(300));
    insta::assert_snapshot!(bench.story(|_| true).join("\n"));
}
