//! The types of the `oo` client that documents are read into: keys, what each must be, and which must be there.
//! Source: 1backend/1backend 1305defcf2, clients/go/model_deploy_svc_*.go and model_registry_svc_*.go, which are made from the
//! server's types; numbers of 16 bits have 32 here.

use super::go_json::{Shape, Type};

/// A deployment.
pub const DEPLOYMENT: Type = Type {
    name: "DeploySvcDeployment",
    required: &["definitionId", "id"],
    fields: &[
        ("autoScaling", Shape::Object(&AUTO_SCALING)),
        ("definitionId", Shape::Text),
        ("description", Shape::Text),
        ("details", Shape::Text),
        ("envars", Shape::Texts),
        ("id", Shape::Text),
        ("name", Shape::Text),
        ("replicas", Shape::Int32),
        ("resources", Shape::Object(&RESOURCES)),
        ("status", Shape::Word("DeploySvcDeploymentStatus", &["OK", "Error", "Pending", "Failed", "Deploying"])),
        ("strategy", Shape::Object(&STRATEGY)),
        ("targetRegions", Shape::List(&Shape::Object(&TARGET_REGION))),
    ],
};

const AUTO_SCALING: Type = Type {
    name: "DeploySvcAutoScalingConfig",
    required: &[],
    fields: &[("cpuThreshold", Shape::Int32), ("maxReplicas", Shape::Int32), ("minReplicas", Shape::Int32)],
};

const RESOURCES: Type = Type {
    name: "DeploySvcResourceLimits",
    required: &[],
    fields: &[("cpu", Shape::Text), ("memory", Shape::Text), ("vram", Shape::Text)],
};

const STRATEGY: Type = Type {
    name: "DeploySvcDeploymentStrategy",
    required: &[],
    fields: &[
        ("maxSurge", Shape::Int32),
        ("maxUnavailable", Shape::Int32),
        ("type", Shape::Word("DeploySvcStrategyType", &["RollingUpdate", "Recreate"])),
    ],
};

const TARGET_REGION: Type =
    Type { name: "DeploySvcTargetRegion", required: &[], fields: &[("cluster", Shape::Text), ("zone", Shape::Text)] };

/// A definition.
pub const DEFINITION: Type = Type {
    name: "RegistrySvcDefinition",
    required: &["id"],
    fields: &[
        ("apiSpecs", Shape::List(&Shape::Object(&API_SPEC))),
        ("clients", Shape::List(&Shape::Object(&CLIENT))),
        ("envars", Shape::List(&Shape::Object(&ENV_VAR))),
        ("id", Shape::Text),
        ("image", Shape::Object(&IMAGE)),
        ("ports", Shape::List(&Shape::Object(&PORT_MAPPING))),
        ("repository", Shape::Object(&REPOSITORY)),
    ],
};

const API_SPEC: Type = Type {
    name: "RegistrySvcAPISpec",
    required: &[],
    fields: &[
        ("metadata", Shape::Texts),
        ("protocolType", Shape::Text),
        ("url", Shape::Text),
        ("version", Shape::Text),
    ],
};

const CLIENT: Type = Type {
    name: "RegistrySvcClient",
    required: &["language", "url"],
    fields: &[("language", Shape::Word("RegistrySvcLanguage", LANGUAGES)), ("url", Shape::Text)],
};

const LANGUAGES: &[&str] = &[
    "JavaScript",
    "Python",
    "Java",
    "C#",
    "C++",
    "Ruby",
    "Go",
    "Swift",
    "PHP",
    "TypeScript",
    "Kotlin",
    "Scala",
    "Perl",
    "Rust",
    "Haskell",
    "Clojure",
    "Elixir",
    "Objective-C",
    "F#",
];

const ENV_VAR: Type = Type {
    name: "RegistrySvcEnvVar",
    required: &["key", "value"],
    fields: &[("key", Shape::Text), ("value", Shape::Text)],
};

const IMAGE: Type = Type {
    name: "RegistrySvcImageSpec",
    required: &["internalPorts", "name"],
    fields: &[("internalPorts", Shape::List(&Shape::Int32)), ("name", Shape::Text)],
};

const PORT_MAPPING: Type = Type {
    name: "RegistrySvcPortMapping",
    required: &["host", "internal"],
    fields: &[("host", Shape::Int32), ("internal", Shape::Int32)],
};

const REPOSITORY: Type = Type {
    name: "RegistrySvcRepositorySpec",
    required: &["internalPorts", "url"],
    fields: &[
        ("buildContext", Shape::Text),
        ("containerFile", Shape::Text),
        ("internalPorts", Shape::List(&Shape::Int32)),
        ("url", Shape::Text),
        ("version", Shape::Text),
    ],
};
