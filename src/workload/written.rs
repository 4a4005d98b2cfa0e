//! What a document says beyond what decides anything, kept so that it can be shown in the API's own shape: ports, variables without
//! their values, mounts, labels. Nothing is decided by it.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::text::mask_json::conceal;

/// A part of a document as JSON, without what may be secret. Two of anything that differ in it alone are equal: what decides stands
/// beside it, and a number of all that was said tells revisions apart.
#[derive(Clone, Default)]
pub struct Written(Option<Arc<Value>>);

impl Written {
    /// What a document says; what may be secret is taken out of it here.
    pub fn of(mut value: Value) -> Written {
        conceal(&mut value);
        Written(Some(Arc::new(value)))
    }

    /// What is kept; `None` where a system made the object itself.
    pub fn get(&self) -> Option<&Value> {
        self.0.as_deref()
    }
}

impl PartialEq for Written {
    fn eq(&self, _: &Written) -> bool {
        true
    }
}

impl Eq for Written {}

impl fmt::Debug for Written {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Numbers are made of debug texts: they are to be about what decides.
        out.write_str("Written")
    }
}
