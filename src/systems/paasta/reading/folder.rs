//! The files of a service's folder, each read as YAML and known by its role. What stands in them is not looked at here.

use super::Fields;
use crate::systems::paasta::model::InstanceKind;
use crate::text::tree::Key;
use crate::text::{Diagnostic, Node, Source, tree};

/// The service's name where its folder has none.
const NAMELESS: &str = "service";

/// What stands in a file's name instead of a cluster where the files of clusters are links to it. PaaSTA knows the names of its
/// clusters, and this is none.
const NO_CLUSTER: &str = "SHARED";

/// What a file is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// deploy.yaml: the pipeline.
    Deploy,
    /// smartstack.yaml: the namespaces.
    Smartstack,
    /// service.yaml: what the service is, and defaults of its instances.
    Service,
    /// monitoring.yaml: who is told when something fails.
    Monitoring,
    /// dependencies.yaml: what an instance may call.
    Dependencies,
    /// rollback.yaml: the queries that decide on going back.
    Rollback,
    /// `<kind>-<cluster>.yaml`, of instances.
    Instances(InstanceKind),
    /// tron-<cluster>.yaml.
    Tron,
    /// Anything else.
    Other,
}

/// A file of the folder.
#[derive(Debug)]
pub struct File {
    /// Its text.
    pub source: Source,
    /// Its path in the folder.
    pub path: String,
    /// What it is for.
    pub role: Role,
    /// The cluster, behind the dash of its name.
    pub cluster: String,
    /// What it holds.
    pub root: Node,
}

/// The folder of a service.
#[derive(Debug)]
pub struct Folder {
    /// The folder itself, for messages about no file of it.
    pub source: Source,
    /// The service's name.
    pub name: String,
    /// The files, in the order of their paths.
    pub files: Vec<File>,
    /// Paths of templates, `<kind>-<cluster>.in`, which are not read.
    pub templates: Vec<String>,
}

/// An entry of a file: an instance, or a job.
#[derive(Clone, Debug)]
pub struct Origin<'f> {
    /// The file that it stands in.
    pub file: &'f File,
    /// Its name.
    pub key: &'f Key,
    /// Its cluster.
    pub cluster: &'f str,
    /// What it says.
    pub fields: Fields<'f>,
}

impl Folder {
    /// Reads the files of a folder, whose name each of their names begins with.
    ///
    /// # Errors
    /// What is no YAML. PaaSTA's tools would end there.
    pub fn read(folder: &Source, sources: &[Source]) -> Result<Folder, Vec<Diagnostic>> {
        let base = folder.name().trim_end_matches('/');
        let last = base.rsplit(['/', '\\']).next().filter(|last| !matches!(*last, "" | "." | ".."));
        let (mut files, mut templates, mut problems) = (Vec::new(), Vec::new(), Vec::new());
        for source in sources {
            let path = source.name().strip_prefix(base).unwrap_or(source.name()).trim_start_matches('/').to_owned();
            if path.ends_with(".in") {
                templates.push(path);
            } else if path.ends_with(".yaml") {
                match tree::parse_python(source) {
                    Ok(root) => files.push(File::new(source.clone(), path, root)),
                    Err(problem) => problems.push(problem),
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        if !files.iter().any(|file| !file.path.contains('/')) {
            return Err(vec![Diagnostic::about(folder, format!("{base} does not contain any .yaml files"))]);
        }
        files.sort_by(|one, other| one.path.cmp(&other.path));
        let name = last.unwrap_or(NAMELESS).to_owned();
        Ok(Folder { source: folder.clone(), name, files, templates })
    }

    /// The file of a role that one file has.
    pub fn file(&self, role: Role) -> Option<&File> {
        self.files.iter().find(|file| file.role == role)
    }

    /// The clusters that files are for, in order.
    pub fn clusters(&self) -> Vec<&str> {
        let of_cluster = |file: &&File| matches!(file.role, Role::Instances(_) | Role::Tron);
        let mut clusters: Vec<&str> = self.files.iter().filter(of_cluster).map(|file| file.cluster.as_str()).collect();
        clusters.sort_unstable();
        clusters.dedup();
        clusters
    }

    /// The instances of all files, templates left out.
    pub fn instances(&self) -> Vec<Origin<'_>> {
        self.entries(|role| matches!(role, Role::Instances(_)))
    }

    /// The Tron jobs of all files, templates left out.
    pub fn jobs(&self) -> Vec<Origin<'_>> {
        self.entries(|role| role == Role::Tron)
    }

    /// Entries that are maps; what else stands there the schemas refuse. The keys of service.yaml are their defaults:
    /// load_kubernetes_service_config_no_cache of paasta_tools/kubernetes_tools.py. Those of Tron jobs have none.
    fn entries(&self, fits: impl Fn(Role) -> bool) -> Vec<Origin<'_>> {
        let mut entries = Vec::new();
        let defaults = self.file(Role::Service).map(|file| &file.root);
        for file in self.files.iter().filter(|file| fits(file.role)) {
            for (key, node) in file.root.as_map().unwrap_or_default() {
                if node.as_map().is_some() && !key.text.starts_with('_') {
                    let defaults = defaults.filter(|_| file.role != Role::Tron);
                    let fields = Fields::new(node, defaults);
                    entries.push(Origin { file, key, cluster: &file.cluster, fields });
                }
            }
        }
        entries
    }
}

impl File {
    fn new(source: Source, path: String, root: Node) -> File {
        let stem = path.strip_suffix(".yaml").unwrap_or(&path);
        let (start, cluster) = stem.split_once('-').unwrap_or((stem, ""));
        let role = match (start, cluster) {
            ("kubernetes", cluster) if !cluster.is_empty() => Role::Instances(InstanceKind::Kubernetes),
            ("eks", cluster) if !cluster.is_empty() => Role::Instances(InstanceKind::Eks),
            ("adhoc", cluster) if !cluster.is_empty() => Role::Instances(InstanceKind::Adhoc),
            ("tron", cluster) if !cluster.is_empty() => Role::Tron,
            ("deploy", "") => Role::Deploy,
            ("smartstack", "") => Role::Smartstack,
            ("service", "") => Role::Service,
            ("monitoring", "") => Role::Monitoring,
            ("dependencies", "") => Role::Dependencies,
            ("rollback", "") => Role::Rollback,
            _ => Role::Other,
        };
        // A path with a slash is of a folder below, whose files only the schemas look at.
        let role = if path.contains('/') || cluster == NO_CLUSTER { Role::Other } else { role };
        File { cluster: cluster.to_owned(), source, role, root, path }
    }
}

/// True if the file of an instance is made from a template, which has no place for the comments that some checks look for.
pub fn is_templated(folder: &Folder, file: &File) -> bool {
    let template = file.path.strip_suffix(".yaml").map(|stem| format!("{stem}.in"));
    template.is_some_and(|template| folder.templates.contains(&template))
}
