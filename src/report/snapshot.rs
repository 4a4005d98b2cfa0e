//! The text that a snapshot holds, and how a run compares with its accepted one. Reading and writing the file is `cli`'s.

use super::text;
use crate::rehearsal::RunResult;
pub use crate::scenario::model::SnapshotLayers as Layers;

/// How a run compares with its accepted snapshot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SnapshotState {
    /// Nobody asked.
    NotCompared,
    /// The same.
    Same,
    /// There was none, or another, and it was written now.
    Written,
    /// There is none.
    New {
        /// Where it would stand.
        path: String,
    },
    /// It is another.
    Changed {
        /// Where it stands.
        path: String,
        /// From the accepted text to the new one.
        diff: String,
    },
}

/// The text of a run's snapshot: what `run` prints without anything that hangs on the machine, the folder or the speed.
pub fn snapshot_text(run: &RunResult, layers: Layers) -> String {
    let mut out = Vec::new();
    let form = text::Form::Snapshot(layers);
    text::write(&mut out, run, &[], form).expect("writing to memory cannot fail");
    String::from_utf8(out).expect("the text of a run is UTF-8")
}
