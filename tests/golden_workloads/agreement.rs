//! What several rounds of a recording agree on, and whether a run holds to it.

use std::fmt::Write;

/// A state of an object and when it was seen, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub at: f64,
    pub state: String,
}

/// A state that all rounds agree on, with its time in each.
#[derive(Clone, Debug)]
pub struct Agreed {
    pub state: String,
    pub at: Vec<f64>,
}

/// A longest sequence of states that all three rounds have in this order.
pub fn agreed(rounds: [&[Seen]; 3]) -> Vec<Agreed> {
    let [a, b, c] = rounds;
    let index = |i: usize, j: usize, k: usize| (i * (b.len() + 1) + j) * (c.len() + 1) + k;
    let mut length = vec![0_u32; (a.len() + 1) * (b.len() + 1) * (c.len() + 1)];
    let same = |i: usize, j: usize, k: usize| a[i].state == b[j].state && b[j].state == c[k].state;
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            for k in (0..c.len()).rev() {
                length[index(i, j, k)] = if same(i, j, k) {
                    length[index(i + 1, j + 1, k + 1)] + 1
                } else {
                    length[index(i + 1, j, k)].max(length[index(i, j + 1, k)]).max(length[index(i, j, k + 1)])
                };
            }
        }
    }
    let (mut i, mut j, mut k) = (0, 0, 0);
    let mut found = Vec::new();
    while i < a.len() && j < b.len() && k < c.len() {
        if same(i, j, k) {
            found.push(Agreed { state: a[i].state.clone(), at: vec![a[i].at, b[j].at, c[k].at] });
            (i, j, k) = (i + 1, j + 1, k + 1);
        } else {
            let best = length[index(i, j, k)];
            if length[index(i + 1, j, k)] == best {
                i += 1;
            } else if length[index(i, j + 1, k)] == best {
                j += 1;
            } else {
                k += 1;
            }
        }
    }
    found
}

/// How far a time of the run may be from the recorded one.
fn tolerance(recorded: f64) -> f64 {
    0.15 + 0.05 * recorded
}

/// True if a time of the run is within the tolerance of the span of the rounds.
pub fn in_time(at: f64, recorded: &[f64]) -> bool {
    let first = recorded.iter().copied().fold(f64::INFINITY, f64::min);
    let last = recorded.iter().copied().fold(0.0, f64::max);
    first - tolerance(first) <= at && at <= last + tolerance(last)
}

/// Whether a run shows what is agreed, in order and in time; else a text that shows where it does not.
pub fn compare(agreed: &[Agreed], run: &[Seen]) -> Result<(), String> {
    let mut from = 0;
    for (number, one) in agreed.iter().enumerate() {
        let fits = |seen: &Seen| seen.state == one.state && in_time(seen.at, &one.at);
        match run[from..].iter().position(fits) {
            Some(at) => from += at + 1,
            None => return Err(show(agreed, number, run)),
        }
    }
    Ok(())
}

fn show(agreed: &[Agreed], number: usize, run: &[Seen]) -> String {
    let mut text = String::new();
    for (at, one) in agreed.iter().enumerate() {
        let mark = if at == number { "->" } else { "  " };
        writeln!(text, "    {mark} agreed {:?} {}", one.at, one.state).expect("a string takes all");
    }
    for seen in run {
        writeln!(text, "       run    {:.3} {}", seen.at, seen.state).expect("a string takes all");
    }
    text
}
