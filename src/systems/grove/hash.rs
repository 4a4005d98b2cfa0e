//! Hashes of templates: two are equal where Grove's are. They go over all that a template says, its labels and annotations too.
//! Source: ai-dynamo/grove, operator/internal/controller/common/component/utils/podclique.go (ComputePCLQPodTemplateHash) and
//! operator/internal/controller/podcliqueset/reconcilespec.go (computeGenerationHash).

use std::fmt::{self, Write};
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::model::{CliqueTemplate, KeptHash, PodCliqueSetTemplate};
use super::status::Hash;

/// Takes the text of what is hashed.
struct Feed(SipHasher13);

impl Write for Feed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

fn hash(write: impl FnOnce(&mut Feed) -> fmt::Result) -> Hash {
    let mut feed = Feed(SipHasher13::new_with_keys(0x6772_6f76, 0x6500));
    // Writing into a hasher cannot fail.
    let _ = write(&mut feed);
    feed.0.finish()
}

/// The hash of one clique's pods.
pub fn template(clique: &CliqueTemplate) -> Hash {
    clique.kept_hash.0.unwrap_or_else(|| of_pods(clique))
}

/// Makes the hashes of all cliques anew, and keeps them with the templates.
pub fn keep(template: &mut PodCliqueSetTemplate) {
    for clique in &mut template.cliques {
        clique.kept_hash = KeptHash(Some(of_pods(clique)));
    }
}

fn of_pods(clique: &CliqueTemplate) -> Hash {
    hash(|feed| write!(feed, "{:?}{:?}{:?}", clique.labels, clique.annotations, clique.spec.pods))
}

/// The hash of all cliques' pods.
pub fn generation(template: &PodCliqueSetTemplate) -> Hash {
    hash(|feed| template.cliques.iter().try_for_each(|clique| write!(feed, "{:016x}", self::template(clique))))
}

/// A hash as a label has it.
pub fn text(hash: Hash) -> String {
    format!("{hash:016x}")
}
