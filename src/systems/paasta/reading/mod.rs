//! From the files of a service's folder to what they say. Whether it makes sense is `checks`'; here a value of the wrong type is
//! as good as none, because the schemas tell of it.

mod bounce;
mod deploy_file;
mod fields;
mod folder;
mod instance;
mod interpolate;
mod placement;
mod rollback;
mod smartstack;
mod tron;

pub use fields::Fields;
pub use folder::{File, Folder, Origin, Role, is_templated};
pub use instance::CPUS_MILLI;
pub use interpolate::{FormatError, format};

use super::model::{ClusterFiles, Service};

/// What a folder says.
pub fn service(folder: &Folder) -> Service {
    let mut clusters: Vec<ClusterFiles> = folder
        .clusters()
        .into_iter()
        .map(|cluster| ClusterFiles { cluster: cluster.to_owned(), ..ClusterFiles::default() })
        .collect();
    for files in &mut clusters {
        let of_cluster = |origin: &Origin<'_>| origin.cluster == files.cluster;
        let instances = folder.instances().into_iter().filter(of_cluster);
        files.instances = instances.map(|origin| instance::read(folder, &origin)).collect();
        let jobs = folder.jobs().into_iter().filter(of_cluster);
        files.jobs = jobs.map(|origin| tron::read(folder, &origin)).collect();
    }
    Service {
        name: folder.name.clone(),
        pipeline: folder.file(Role::Deploy).and_then(deploy_file::read),
        clusters,
        namespaces: folder.file(Role::Smartstack).map(smartstack::read).unwrap_or_default(),
        rollback: folder.file(Role::Rollback).and_then(rollback::read),
    }
}
