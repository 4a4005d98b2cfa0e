//! Prometheus' text form: families of metrics by name, each with its samples by labels. What is counted stands in `metrics`. The
//! lines of help are left out.
//!
//! Source of the form: prometheus/common, expfmt/text_create.go; labels stand in the order of their names.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Labels with their values, in the order of their names.
pub type Labels<'a> = &'a [(&'static str, &'a str)];

/// Families of metrics.
#[derive(Debug, Default)]
pub struct Exposition {
    families: BTreeMap<&'static str, Family>,
}

#[derive(Debug)]
struct Family {
    kind: &'static str,
    /// What stands behind the family's name, with the value.
    samples: Vec<(String, u64)>,
}

impl Exposition {
    /// A count that only grows.
    pub fn counter(&mut self, name: &'static str, labels: Labels<'_>, value: u64) {
        self.add(name, "counter", vec![(shown(labels, None), value)]);
    }

    /// A figure as it is now.
    pub fn gauge(&mut self, name: &'static str, labels: Labels<'_>, value: u64) {
        self.add(name, "gauge", vec![(shown(labels, None), value)]);
    }

    /// Lengths of time that are all zero: so many of them, with these upper bounds of the buckets.
    pub fn zeros(&mut self, name: &'static str, labels: Labels<'_>, bounds: &[&str], count: u64) {
        let bounds = bounds.iter().copied().chain(["+Inf"]);
        let mut samples: Vec<(String, u64)> =
            bounds.map(|bound| (format!("_bucket{}", shown(labels, Some(bound))), count)).collect();
        samples.push((format!("_sum{}", shown(labels, None)), 0));
        samples.push((format!("_count{}", shown(labels, None)), count));
        self.add(name, "histogram", samples);
    }

    fn add(&mut self, name: &'static str, kind: &'static str, samples: Vec<(String, u64)>) {
        self.families.entry(name).or_insert_with(|| Family { kind, samples: Vec::new() }).samples.extend(samples);
    }

    /// All of it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, family) in &self.families {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "# TYPE {name} {}", family.kind);
            for (labels, value) in &family.samples {
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        }
        text
    }
}

/// Labels as a sample shows them; the bound of a bucket is the last.
fn shown(labels: Labels<'_>, bound: Option<&str>) -> String {
    debug_assert!(labels.is_sorted_by_key(|(name, _)| *name), "labels stand in the order of their names: {labels:?}");
    let all = labels.iter().copied().chain(bound.map(|bound| ("le", bound)));
    let all: Vec<String> = all.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    if all.is_empty() { String::new() } else { format!("{{{}}}", all.join(",")) }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_stand_by_name_and_a_histogram_of_zeros_has_all_in_its_first_bucket() {
        let mut shown = Exposition::default();
        shown.counter("b_total", &[("kind", "a \"b\"")], 3);
        shown.zeros("a_seconds", &[("kind", "c")], &[".5"], 2);
        let text = "# TYPE a_seconds histogram\na_seconds_bucket{kind=\"c\",le=\".5\"} 2\na_seconds_bucket{kind=\"c\",le=\"+Inf\"} 2\n\
                    a_seconds_sum{kind=\"c\"} 0\na_seconds_count{kind=\"c\"} 2\n# TYPE b_total counter\nb_total{kind=\"a \\\"b\\\"\"} 3\n";
        assert_eq!(shown.text(), text);
    }
}
