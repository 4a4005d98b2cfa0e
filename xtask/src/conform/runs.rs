//! Runs cases side by side, each in a process of its own because each has a speed of its own, and reads what greenroom found. What
//! agreeing means is greenroom's to say.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use serde_json::Value;

use super::cases::{Case, Live};
use super::ground::Ground;
use crate::shell;

/// Exit code of a run that the environment does not allow, refusals among them.
const ENVIRONMENT: i32 = 5;

/// What was found of a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Both runs agree, but for what is tolerated for these reasons.
    Agree(Vec<String>),
    /// They part first here: the aspect and what it is about.
    Diverge(String),
    /// greenroom refuses to run it, or nobody should.
    NotLive(String),
    /// No verdict.
    Failed(String),
}

/// Runs the cases, so many side by side; the verdicts come in the order of the cases.
pub fn all<'a>(greenroom: &Path, ground: &Ground, cases: &[&'a Case], jobs: usize) -> Vec<(&'a Case, Verdict)> {
    let mut order: Vec<usize> = (0..cases.len()).collect();
    // The longest first, so that none of them begins when all others are done.
    order.sort_by_key(|index| std::cmp::Reverse(real_seconds(cases[*index])));
    let left = Mutex::new(VecDeque::from(order));
    let next = || left.lock().ok().and_then(|mut left| left.pop_front());
    let mut found: Vec<(usize, Verdict)> = thread::scope(|scope| {
        let worker = || {
            let mut found = Vec::new();
            while let Some(index) = next() {
                found.push((index, one(greenroom, ground, cases[index])));
            }
            found
        };
        let workers: Vec<_> = (0..jobs.min(cases.len())).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(index, verdict)| (cases[index], verdict)).collect()
}

/// Runs one case.
fn one(greenroom: &Path, ground: &Ground, case: &Case) -> Verdict {
    let speed = match case.live {
        Live::Short(speed) | Live::Long(speed) => speed,
        // What is refused is refused at any speed.
        Live::Refused => 1,
        Live::Left(why) => return Verdict::NotLive(why.to_owned()),
    };
    let mut command = Command::new(greenroom);
    command.current_dir(shell::root()).arg("conform").arg(case.file());
    command.args(["--fake-nodes", "--format", "json", "--speed", &speed.to_string(), "--context", &ground.context]);
    if let Some(kubeconfig) = &ground.kubeconfig {
        command.env("KUBECONFIG", kubeconfig);
    }
    let began = Instant::now();
    let verdict = match command.output() {
        Ok(output) => {
            keep(case, &output);
            let (told, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            read(case, output.status.code(), &told, &said)
        }
        Err(error) => Verdict::Failed(format!("failed to start greenroom: {error}")),
    };
    eprintln!("{:>4} s  {:<40} {}", began.elapsed().as_secs(), case.scenario, shown(&verdict));
    verdict
}

/// Keeps a run for those who want to know why it diverged: the comparison with its evidence, and the live timeline.
fn keep(case: &Case, output: &Output) {
    let folder = shell::root().join("target/conform");
    let write =
        |end: &str, bytes: &[u8]| fs::write(folder.join(format!("{}.{end}", case.scenario.replace('/', "-"))), bytes);
    let kept = fs::create_dir_all(&folder)
        .and_then(|()| write("json", &output.stdout))
        .and_then(|()| write("live", &output.stderr));
    if let Err(error) = kept {
        eprintln!("failed to keep the run in {}: {error}", folder.display());
    }
}

/// What greenroom's answer means.
fn read(case: &Case, code: Option<i32>, told: &str, said: &str) -> Verdict {
    let is_refused = matches!(case.live, Live::Refused);
    if is_refused && code == Some(ENVIRONMENT) {
        return refusal(said).map_or_else(|| Verdict::Failed(last(said)), Verdict::NotLive);
    }
    let Ok(answer) = serde_json::from_str::<Value>(told) else {
        return Verdict::Failed(format!("exit code {code:?}: {}", last(said)));
    };
    if is_refused {
        return Verdict::Failed("it was said to be refused and was run: give it a speed".into());
    }
    let findings = answer["findings"].as_array().map_or(&[][..], Vec::as_slice);
    match answer["verdict"].as_str() {
        Some("agree" | "tolerated") => {
            let reasons = findings.iter().flat_map(|finding| finding["tolerated"].as_array().into_iter().flatten());
            let mut reasons: Vec<String> = reasons.filter_map(|one| one["reason"].as_str()).map(String::from).collect();
            reasons.sort_unstable();
            reasons.dedup();
            Verdict::Agree(reasons)
        }
        Some("diverge") => {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let parted: Vec<&Value> = findings.iter().filter(|finding| finding["verdict"] == "diverge").collect();
            for finding in &parted {
                let [simulated, live] = ["simulated", "live"].map(|side| text(&finding[side]["text"]));
                let [aspect, about] = ["aspect", "about"].map(|part| text(&finding[part]));
                eprintln!("        {}: {aspect} of {about}: simulated: {simulated}; live: {live}", case.scenario);
            }
            parted.first().map_or_else(
                || Verdict::Failed("a divergence without a finding".into()),
                |first| Verdict::Diverge(format!("{} of {}", text(&first["aspect"]), text(&first["about"]))),
            )
        }
        _ => Verdict::Failed("greenroom's answer has no verdict".into()),
    }
}

/// Why greenroom refuses: its own words, without the place in the file.
fn refusal(said: &str) -> Option<String> {
    let line = said.lines().find_map(|line| line.strip_prefix("error: "))?;
    let line = line.strip_prefix("a live run cannot do this: ").unwrap_or(line);
    let place = line.split_once(".yaml:").and_then(|(_, behind)| behind.split_once(": "));
    Some(place.map_or(line, |(_, why)| why).to_owned())
}

fn last(said: &str) -> String {
    said.trim_end().lines().last().unwrap_or("greenroom said nothing").to_owned()
}

/// A verdict as the table shows it.
pub fn shown(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Agree(reasons) if reasons.is_empty() => "agree".into(),
        Verdict::Agree(reasons) => format!("agree; tolerated: {}", reasons.join(", ")),
        Verdict::Diverge(first) => format!("diverge: {first}"),
        Verdict::NotLive(why) => format!("not live: {why}"),
        Verdict::Failed(why) => format!("failed: {why}"),
    }
}

/// How long a case takes at most, by its `until` and its speed.
fn real_seconds(case: &Case) -> u64 {
    let (Live::Short(speed) | Live::Long(speed)) = case.live else { return 0 };
    let text = fs::read_to_string(shell::root().join(case.file())).unwrap_or_default();
    let until = text.lines().find_map(|line| line.strip_prefix("until: ")).and_then(seconds);
    until.unwrap_or(u64::MAX) / u64::from(speed)
}

/// The seconds of `1h30m`.
fn seconds(text: &str) -> Option<u64> {
    let mut sum = 0;
    let mut number = String::new();
    for letter in text.trim().chars() {
        let unit = match letter {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            digit => {
                number.push(digit);
                continue;
            }
        };
        sum += number.parse::<u64>().ok()? * unit;
        number.clear();
    }
    number.is_empty().then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: Case = Case { scenario: "rolling-update", live: Live::Short(20) };

    #[test]
    fn verdicts_are_read_from_greenrooms_own() {
        let tolerated = r#"{"verdict":"tolerated","findings":[
            {"verdict":"tolerated","tolerated":[{"reason":"deadline"},{"reason":"coalesced"}]},
            {"verdict":"tolerated","tolerated":[{"reason":"deadline"}]}]}"#;
        assert_eq!(shown(&read(&CASE, Some(0), tolerated, "")), "agree; tolerated: coalesced, deadline");
        let parted = r#"{"verdict":"diverge","findings":[
            {"verdict":"diverge","aspect":"states","about":"Node/a","simulated":{"text":"x"},"live":{"text":"y"},"tolerated":[]}]}"#;
        assert_eq!(shown(&read(&CASE, Some(6), parted, "")), "diverge: states of Node/a");
    }

    #[test]
    fn no_answer_is_no_verdict() {
        let failed = read(&CASE, Some(5), "", "run x of y\nerror: the API server is gone\n");
        assert_eq!(failed, Verdict::Failed("exit code Some(5): error: the API server is gone".into()));
        let refused = Case { live: Live::Refused, ..CASE };
        assert!(matches!(read(&refused, Some(0), r#"{"verdict":"agree"}"#, ""), Verdict::Failed(_)));
    }

    #[test]
    fn a_refusal_is_told_without_its_place() {
        let said =
            "run x\nerror: a live run cannot do this: scenarios/a/scenario.yaml:9:7: groups grow only in simulation";
        assert_eq!(refusal(said).as_deref(), Some("groups grow only in simulation"));
        let said = "error: a live run cannot do this: fault lost (gpu_loss): no API does that";
        assert_eq!(refusal(said).as_deref(), Some("fault lost (gpu_loss): no API does that"));
    }

    #[test]
    fn lengths_are_read_as_scenarios_write_them() {
        assert_eq!(seconds("1h30m"), Some(5400));
        assert_eq!(seconds("45s"), Some(45));
        assert_eq!(seconds("45"), None);
    }
}
