//! `greenroom sweep manifest`: a Kubernetes Job whose pods are the shards of a sweep.

use clap::Args;

use super::Trouble;
use super::options::{SAMPLES_DEFAULT, SpaceArgs};
use crate::cli::output::to_stdout;
use crate::fleet::sweep::batch;
use crate::fleet::sweep::image::check as check_image;
use crate::fleet::sweep::manifest::{Results, SHARDS_MAX, Wanted, job, key};
use crate::report::Exit;
use crate::report::replay::shell_word;
use crate::text::counted::counted;

/// The longest name: the API adds the number of a pod to it.
const NAME_MAX: usize = 52;

/// Print a Kubernetes Indexed Job that makes a sweep, a shard a pod.
#[derive(Args)]
pub struct ManifestArgs {
    #[command(flatten)]
    space: SpaceArgs,
    /// How many shards, each a pod.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=SHARDS_MAX))]
    shards: u64,
    /// How many pods at a time. Default: all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=SHARDS_MAX))]
    parallelism: Option<u64>,
    /// An image that has `greenroom`.
    #[arg(long, value_name = "IMAGE", value_parser = image)]
    image: String,
    /// The PersistentVolumeClaim that the shards are written to; all pods mount it.
    #[arg(long, value_name = "NAME", value_parser = name, required_unless_present = "store", conflicts_with = "store")]
    claim: Option<String>,
    /// Where on object storage the shards are written to: s3://bucket/folder. The image needs a greenroom that is built with the
    /// feature `object-store`.
    #[arg(long, value_name = "URL", value_parser = store)]
    store: Option<String>,
    /// The Secret whose keys are the variables with the credentials of the storage. Without it pods have those of their account.
    #[arg(long, value_name = "NAME", value_parser = name)]
    store_secret: Option<String>,
    /// The ConfigMap with the scenario and its documents. Default: the name of the Job.
    #[arg(long, value_name = "NAME", value_parser = name)]
    config_map: Option<String>,
    /// The name of the Job. Default: that of the scenario, and `-sweep`.
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: Option<String>,
    /// The namespace of the Job. Default: that of kubectl.
    #[arg(long, value_name = "NAME", value_parser = name)]
    namespace: Option<String>,
    /// How often a shard is tried again by itself.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    retries: u32,
    /// The queue of Kueue that the Job waits in.
    #[arg(long, value_name = "NAME", value_parser = name)]
    queue: Option<String>,
    /// Processors of a pod.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    cpu: u32,
    /// Memory of a pod.
    #[arg(long, value_name = "QUANTITY", default_value = "1Gi", value_parser = memory)]
    memory: String,
}

/// A name as the API has it: RFC 1123.
fn name(text: &str) -> Result<String, String> {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let ends = text.starts_with('-') || text.ends_with('-');
    match !text.is_empty() && text.len() <= NAME_MAX && !ends && text.chars().all(fits) {
        true => Ok(text.to_owned()),
        false => Err(format!("a name has small letters, digits and `-`, and at most {NAME_MAX} of them")),
    }
}

fn image(text: &str) -> Result<String, String> {
    check_image(text).map(|()| text.to_owned())
}

fn store(text: &str) -> Result<String, String> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let is_known = matches!(scheme, "s3" | "s3a" | "gs" | "az" | "azure" | "abfs" | "abfss" | "https");
    match is_known && !rest.is_empty() && !rest.contains(['@', '?', '#']) {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err("a storage is s3://BUCKET/FOLDER, gs://…, az://… or https://…, without credentials".to_owned()),
    }
}

fn memory(text: &str) -> Result<String, String> {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let units = ["Ki", "Mi", "Gi", "Ti", "k", "M", "G", "T"];
    match digits.parse::<u64>().is_ok_and(|number| number > 0) && units.contains(&&text[digits.len()..]) {
        true => Ok(text.to_owned()),
        false => Err("memory is a whole number with a unit, such as `1Gi` or `512Mi`".to_owned()),
    }
}

/// Prints it.
pub fn manifest(args: &ManifestArgs) -> Exit {
    match wanted(args) {
        Ok(wanted) => print(args, &wanted),
        Err(trouble) => trouble.told(),
    }
}

fn wanted(args: &ManifestArgs) -> Result<Wanted, Trouble> {
    // `requires` of clap lets it pass where --claim is given, which --store is in conflict with.
    if args.store.is_none() && args.store_secret.is_some() {
        let why = "--store-secret has the credentials of a storage: name it with --store, or leave it out with --claim";
        return Err(Trouble::Refused(why.to_owned()));
    }
    let samples = args.space.samples.unwrap_or(SAMPLES_DEFAULT);
    let (base, space) = args.space.read(samples)?;
    // What a pod would refuse is refused here.
    batch::prepare(&base, &space)?;
    if args.shards > space.runs() {
        let (runs, shards) = (counted(space.runs() as usize, "run"), counted(args.shards as usize, "shard"));
        return Err(Trouble::Refused(format!("{runs} cannot be cut into {shards}")));
    }
    let lower = base.scenario().name.to_ascii_lowercase();
    let plain: String = lower.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let plain: String = plain.trim_matches('-').chars().take(NAME_MAX - "-sweep".len()).collect();
    let own = args.name.clone().unwrap_or_else(|| format!("{plain}-sweep"));
    let scenario = args.space.file().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let files: Vec<String> = [scenario].into_iter().chain(base.documents().map(clean)).collect();
    let mut keys: Vec<String> = files.iter().map(|file| key(file)).collect();
    keys.sort();
    if let Some(twice) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Trouble::Refused(format!("two documents would both be `{}` in a ConfigMap: rename one", twice[0])));
    }
    let mut options: Vec<String> = Vec::new();
    for vary in &args.space.vary {
        options.extend(["--vary".to_owned(), vary.clone()]);
    }
    options.extend(["--samples".to_owned(), samples.to_string(), "--seed".to_owned(), space.seed().to_string()]);
    Ok(Wanted {
        config_map: args.config_map.clone().unwrap_or_else(|| own.clone()),
        name: own,
        namespace: args.namespace.clone(),
        image: args.image.clone(),
        shards: args.shards,
        parallelism: args.parallelism.unwrap_or(args.shards).min(args.shards),
        retries: args.retries,
        queue: args.queue.clone(),
        results: match (&args.store, &args.claim) {
            (Some(url), _) => Results::Store { url: url.clone(), secret: args.store_secret.clone() },
            (None, claim) => Results::Claim(claim.clone().unwrap_or_default()),
        },
        cpu: args.cpu,
        memory: args.memory.clone(),
        files,
        options,
    })
}

/// A path without `./` and `a/..`, as a volume has it.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn print(args: &ManifestArgs, wanted: &Wanted) -> Exit {
    let folder = args.space.file().parent().unwrap_or(std::path::Path::new(""));
    let namespace = wanted.namespace.iter().map(|namespace| format!(" -n {}", shell_word(namespace)));
    let namespace: String = namespace.collect();
    let mut made = format!("kubectl create configmap {}{namespace}", shell_word(&wanted.config_map));
    for file in &wanted.files {
        let path = folder.join(file);
        made.push_str(&format!(" --from-file={}", shell_word(&format!("{}={}", key(file), path.display()))));
    }
    let shards = format!("{}-*-of-{}.ndjson", wanted.name, wanted.shards);
    let (place, merged) = match &wanted.results {
        Results::Claim(_) => ("in the folder of the volume", format!("greenroom sweep merge {shards}")),
        Results::Store { url, .. } => ("fetched from the storage", format!("{url}/{shards}")),
    };
    let job = match serde_saphyr::to_string(&job(wanted)) {
        Ok(job) => job,
        Err(error) => return super::complain(&format!("cannot write the Job: {error}")),
    };
    to_stdout(&|out, _| {
        writeln!(out, "# The scenario and its documents, once:")?;
        writeln!(out, "#   {made}")?;
        writeln!(out, "# The results, {place} once the Job is complete:")?;
        writeln!(out, "#   {merged}")?;
        out.write_all(job.as_bytes())
    })
}
