//! The JSON Schemas of PaaSTA's files, as tables of rules, and what they say of a file. A validator of the few rules that they
//! use is `validate`; what a field means is not known here.
//!
//! The tables hold the rules of paasta_tools/cli/schemas/ of Yelp/paasta at cc57ae869d (v1.60.3) in their order, because the
//! order decides which of several mistakes is told. Defaults and comments, which decide nothing, are left out.

mod adhoc;
mod autotuned;
mod deploy;
mod instance;
mod placement;
mod python;
mod rollback;
mod service;
mod shared;
mod smartstack;
mod spark;
mod tron;
mod tron_monitoring;
mod validate;

pub use python::{quoted, repr};
pub use validate::{Mistake, best_match};

/// Keys whose values could hold secrets, as Kubernetes' environment and arguments can: no message shows them.
const SECRET_KEYS: [&str; 9] = [
    "args",
    "cmd",
    "command",
    "env",
    "extra_docker_args",
    "extra_headers",
    "extra_healthcheck_headers",
    "pre_stop_command",
    "spark_args",
];

/// True for a key whose values no message shows.
pub fn is_secret(key: &str) -> bool {
    SECRET_KEYS.contains(&key)
}

/// What a value must satisfy: every rule of the list.
pub type Schema = &'static [Rule];

/// A keyword of JSON Schema, draft 4, with its value.
#[derive(Debug)]
pub enum Rule {
    /// `type`: one of these.
    Type(&'static [Type]),
    /// `enum`, of texts.
    OneOfTexts(&'static [&'static str]),
    /// `enum` with one whole number.
    Only(i64),
    /// `minimum`, as the schema writes it, and `exclusiveMinimum`.
    Minimum(&'static str, bool),
    /// `maximum`.
    Maximum(&'static str),
    /// `maxLength`, in characters.
    MaxLength(usize),
    /// `pattern`.
    Pattern(&'static str),
    /// `maxItems`.
    MaxItems(usize),
    /// `uniqueItems`.
    Unique,
    /// `items`.
    Items(Schema),
    /// `minProperties` of one.
    NotEmpty,
    /// `properties`.
    Properties(&'static [(&'static str, Schema)]),
    /// `patternProperties`.
    PatternProperties(&'static [(&'static str, Schema)]),
    /// `additionalProperties: false`.
    Closed,
    /// `additionalProperties` with a schema.
    Others(Schema),
    /// `required`.
    Required(&'static [&'static str]),
    /// `dependencies`: a key, and one that must stand beside it.
    Needs(&'static str, &'static str),
    /// `allOf`.
    AllOf(&'static [Schema]),
    /// `anyOf`.
    AnyOf(&'static [Schema]),
    /// `oneOf`.
    OneOf(&'static [Schema]),
    /// `not`.
    Not(Schema),
}

/// The types of JSON Schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    /// A list.
    Array,
    /// True or false.
    Boolean,
    /// A whole number that is written as one.
    Integer,
    /// Null.
    Null,
    /// Any number.
    Number,
    /// A map.
    Object,
    /// A text.
    String,
}

impl Type {
    /// The name in a schema.
    pub const fn text(self) -> &'static str {
        match self {
            Type::Array => "array",
            Type::Boolean => "boolean",
            Type::Integer => "integer",
            Type::Null => "null",
            Type::Number => "number",
            Type::Object => "object",
            Type::String => "string",
        }
    }
}

/// Whose schema a file has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FileType {
    /// `adhoc-<cluster>.yaml`.
    Adhoc,
    /// autotuned_defaults/`kubernetes-<cluster>.yaml`.
    AutotunedKubernetes,
    /// `autotuned_defaults/cassandracluster-<cluster>.yaml`.
    AutotunedCassandra,
    /// deploy.yaml.
    Deploy,
    /// `eks-<cluster>.yaml`.
    Eks,
    /// `kubernetes-<cluster>.yaml`.
    Kubernetes,
    /// rollback.yaml.
    Rollback,
    /// service.yaml.
    Service,
    /// smartstack.yaml.
    Smartstack,
    /// `tron-<cluster>.yaml`.
    Tron,
}

impl FileType {
    /// All types. As in PaaSTA, a file has the schemas of all types that its path begins with.
    pub const ALL: [(&'static str, FileType); 10] = [
        ("adhoc", FileType::Adhoc),
        ("autotuned_defaults/cassandracluster", FileType::AutotunedCassandra),
        ("autotuned_defaults/kubernetes", FileType::AutotunedKubernetes),
        ("deploy", FileType::Deploy),
        ("eks", FileType::Eks),
        ("kubernetes", FileType::Kubernetes),
        ("rollback", FileType::Rollback),
        ("service", FileType::Service),
        ("smartstack", FileType::Smartstack),
        ("tron", FileType::Tron),
    ];

    /// The types of a file, by its path in the service's folder.
    pub fn of(path: &str) -> impl Iterator<Item = FileType> {
        FileType::ALL.into_iter().filter(move |(start, _)| path.starts_with(start)).map(|(_, kind)| kind)
    }

    /// The file that holds the schema in PaaSTA.
    pub const fn file(self) -> &'static str {
        match self {
            FileType::Adhoc => "adhoc_schema.json",
            FileType::AutotunedKubernetes => "autotuned_defaults/kubernetes_schema.json",
            FileType::AutotunedCassandra => "autotuned_defaults/cassandracluster_schema.json",
            FileType::Deploy => "deploy_schema.json",
            FileType::Eks => "eks_schema.json",
            FileType::Kubernetes => "kubernetes_schema.json",
            FileType::Rollback => "rollback_schema.json",
            FileType::Service => "service_schema.json",
            FileType::Smartstack => "smartstack_schema.json",
            FileType::Tron => "tron_schema.json",
        }
    }

    /// The type's schema where bounce_lib bounces: a file of Kubernetes may then name a method that Kubernetes has not.
    pub const fn schema_of_bounce_lib(self) -> Schema {
        match self {
            FileType::Kubernetes => instance::KUBERNETES_OF_BOUNCE_LIB,
            _ => self.schema(),
        }
    }

    /// The type's schema.
    pub const fn schema(self) -> Schema {
        match self {
            FileType::Adhoc => adhoc::SCHEMA,
            FileType::AutotunedKubernetes => autotuned::KUBERNETES,
            FileType::AutotunedCassandra => autotuned::CASSANDRA,
            FileType::Deploy => deploy::SCHEMA,
            FileType::Eks => instance::EKS,
            FileType::Kubernetes => instance::KUBERNETES,
            FileType::Rollback => rollback::SCHEMA,
            FileType::Service => service::SCHEMA,
            FileType::Smartstack => smartstack::SCHEMA,
            FileType::Tron => tron::SCHEMA,
        }
    }
}
