//! The rules of `spark_args` of a Tron action.

use super::shared::*;
use super::{Rule, Schema};

const MEMORY: Schema = &[IS_STRING, Rule::Pattern("^[1-9]+[0-9]*[kmgt]$")];
const OVERHEAD: Schema = &[Rule::OneOf(&[MEMORY, NUMBER_ABOVE_0])];

pub const ARGS: Schema = &[
    IS_OBJECT,
    Rule::Properties(&[
        ("spark.cores.max", INTEGER_ABOVE_0),
        ("spark.driver.cores", INTEGER_ABOVE_0),
        ("spark.kubernetes.driver.request.cores", NUMBER_ABOVE_0),
        ("spark.executor.instances", INTEGER_ABOVE_0),
        ("spark.executor.cores", INTEGER_ABOVE_0),
        ("spark.kubernetes.executor.request.cores", NUMBER_ABOVE_0),
        ("spark.executor.memory", MEMORY),
        ("spark.driver.memory", MEMORY),
        ("spark.driver.memoryOverhead", OVERHEAD),
        ("spark.executor.memoryOverhead", OVERHEAD),
        ("spark.driver.maxResultSize", &[Rule::OneOf(&[MEMORY, NUMBER_FROM_0])]),
        ("spark.scheduler.minRegisteredResourcesRatio", &[IS_NUMBER, Rule::Minimum("0", true), Rule::Maximum("1")]),
        (
            "spark.scheduler.maxRegisteredResourcesWaitingTime",
            &[IS_STRING, Rule::Pattern("^[1-9]+[0-9]*(ms|s|m|min|h|d)$")],
        ),
        ("spark.kubernetes.allocation.batch.size", INTEGER),
        ("spark.kubernetes.memoryOverheadFactor", SHARE),
        ("spark.hadoop.fs.s3a.multiobjectdelete.enable", BOOLEAN),
        ("spark.app.name", STRING),
        ("spark.task.maxFailures", INTEGER_FROM_1),
        ("spark.stage.maxConsecutiveAttempts", INTEGER),
        ("spark.sql.broadcastTimeout", INTEGER_ABOVE_0),
        ("spark.sql.autoBroadcastJoinThreshold", &[Rule::OneOf(&[&[Rule::Only(-1)], INTEGER_ABOVE_0])]),
        ("spark.sql.parquet.enableVectorizedReader", BOOLEAN),
        ("spark.sql.shuffle.partitions", INTEGER_ABOVE_0),
        ("spark.default.parallelism", INTEGER),
        ("spark.local.dir", STRING),
    ]),
];
