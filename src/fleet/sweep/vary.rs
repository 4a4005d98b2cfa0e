//! A parameter and its values: `cluster.nodes[a10].count=2..16`, `=1,2,4`, `=30s..5m:30s`.

use super::cursor::Cursor;
use super::path::Path;
use crate::kernel::Duration;
use crate::text::Diagnostic;
use crate::text::duration::parse as parse_duration;

/// The most values of one parameter.
const VALUES_MAX: usize = 10_000;
/// The name under which messages show what is wrong.
const OPTION: &str = "--vary";

/// A parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vary {
    /// What is varied.
    pub path: Path,
    /// Its values, as a scenario writes them, in the order of the plans.
    pub values: Vec<String>,
}

impl Vary {
    /// Reads a parameter.
    ///
    /// # Errors
    /// What is wrong with it, at its place.
    pub fn parse(text: &str) -> Result<Vary, Diagnostic> {
        let mut cursor = Cursor::new(OPTION, text)?;
        cursor.skip_space();
        let path = Path::read(&mut cursor)?;
        match path.to_string().as_str() {
            "seed" => return Err(cursor.error("each sample has a seed of its own: --seed and --samples say which")),
            "name" => return Err(cursor.error("the name of a scenario changes nothing of its runs")),
            _ => {}
        }
        cursor.skip_space();
        cursor.expect("=", "and the values, as in `=2..16`")?;
        let start = cursor.at();
        let written = cursor.rest();
        let ranged = |(from, to): (&str, &str)| range(from.trim(), to.trim());
        let values = match written.split_once("..").filter(|_| !written.contains(',')) {
            Some(parts) => ranged(parts),
            None => list(written),
        };
        cursor.take_while(|_| true);
        let values = values.map_err(|why| cursor.error_since(start, why))?;
        Ok(Vary { path, values })
    }
}

/// `1,2,4`.
fn list(text: &str) -> Result<Vec<String>, String> {
    let values: Vec<String> = text.split(',').map(|value| value.trim().to_owned()).collect();
    if values.iter().any(String::is_empty) {
        return Err("expected a value: `=2..16`, `=1,2,4` or `=30s..5m:30s`".to_owned());
    }
    if values.len() > VALUES_MAX {
        return Err(format!("a parameter has at most {VALUES_MAX} values"));
    }
    for (index, value) in values.iter().enumerate() {
        if values[..index].contains(value) {
            return Err(format!("the value `{value}` stands here twice"));
        }
    }
    Ok(values)
}

/// `2..16`, `2..16:2`, `30s..5m:30s`: both ends are among the values if the step leads to the last.
fn range(from: &str, to: &str) -> Result<Vec<String>, String> {
    let (to, step) = match to.split_once(':') {
        Some((to, step)) => (to.trim(), Some(step.trim())),
        None => (to, None),
    };
    let numbers = (from.parse::<u64>(), to.parse::<u64>());
    if let (Ok(from), Ok(to)) = numbers {
        let step = step.map_or(Ok(1), str::parse::<u64>).map_err(|_| "the step must be a whole number".to_owned())?;
        return Ok(stepped(from, to, step)?.into_iter().map(|value| value.to_string()).collect());
    }
    let length = |text: &str| parse_duration(text).map(Duration::nanos);
    let (Ok(first), Ok(last)) = (length(from), length(to)) else {
        return Err("a range goes from one whole number or length of time to another, as in `2..16` or `30s..5m:30s`"
            .to_owned());
    };
    let Some(step) = step else {
        return Err(format!("a range of lengths of time needs a step, as in `{from}..{to}:30s`"));
    };
    let step = length(step).map_err(|error| format!("the step is no length of time: {error}"))?;
    Ok(stepped(first, last, step)?.into_iter().map(|nanos| Duration::from_nanos(nanos).to_string()).collect())
}

fn stepped(from: u64, to: u64, step: u64) -> Result<Vec<u64>, String> {
    if step == 0 {
        return Err("the step must be more than 0".to_owned());
    }
    if from > to {
        return Err("the range ends before it begins".to_owned());
    }
    if (to - from) / step >= VALUES_MAX as u64 {
        return Err(format!("a parameter has at most {VALUES_MAX} values"));
    }
    Ok((0..=(to - from) / step).map(|steps| from + steps * step).collect())
}
