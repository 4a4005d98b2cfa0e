//! The work of the hold model, the same for both sides: n entities, each of which schedules itself again and again.
//! Who runs next, what kind of event it is and how long it waits come from one fast source of fixed numbers.

/// How long an entity waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delays {
    /// Exponential with a mean of one second: no two events meet.
    Exponential,
    /// 1, 5, 10 or 30 whole seconds, the periods of probes: most events meet others.
    Grid,
    /// From milliseconds to an hour, as in a cluster where pulls, probes and deadlines wait together.
    Mixed,
    /// Every other event is for the present instant, as when one controller wakes the next.
    HalfNow,
}

/// What an entity does in an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Moves on to its next phase.
    Advance,
    /// Counts a success.
    Succeed,
    /// Counts a failure.
    Fail,
    /// Begins anew.
    Reset,
}

/// The state of an entity.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Entity {
    /// Which phase it is in.
    pub phase: u8,
    /// How many events it had.
    pub count: u32,
    /// A sum over its events, so that no work can be left out.
    pub trace: u64,
}

impl Entity {
    /// What an event does to the entity.
    pub fn take(&mut self, step: Step) {
        self.count += 1;
        match step {
            Step::Advance => self.phase = self.phase.wrapping_add(1),
            Step::Succeed => self.trace += u64::from(self.phase),
            Step::Fail => self.trace ^= u64::from(self.count),
            Step::Reset => self.phase = 0,
        }
    }
}

/// Gives delays and steps: splitmix64 and a table of quantiles.
#[derive(Clone, Debug)]
pub struct Source {
    state: u64,
    delays: Delays,
    quantiles: Vec<u64>,
}

const QUANTILES: usize = 1024;
const SECOND: u64 = 1_000_000_000;

impl Source {
    /// A source that always gives the same.
    pub fn new(delays: Delays) -> Source {
        let quantile = |place: usize| {
            let share = (place as f64 + 0.5) / QUANTILES as f64;
            (-(1.0 - share).ln() * SECOND as f64) as u64
        };
        Source { state: 7, delays, quantiles: (0..QUANTILES).map(quantile).collect() }
    }

    /// The next delay in nanoseconds, and what happens at its end.
    #[inline]
    pub fn draw(&mut self) -> (u64, Step) {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let step = [Step::Advance, Step::Succeed, Step::Fail, Step::Reset][(bits & 3) as usize];
        // The low bits spread the table's values over a millisecond.
        let spread = self.quantiles[(bits >> 2) as usize % QUANTILES] + (bits >> 44);
        let delay = match self.delays {
            Delays::Exponential => spread,
            Delays::Grid => [1, 5, 10, 30][(bits >> 2 & 3) as usize] * SECOND,
            // Milliseconds, seconds, minutes, about an hour.
            Delays::Mixed => {
                spread >> [9, 0, 0, 0][(bits >> 20 & 3) as usize] << [0, 0, 6, 12][(bits >> 20 & 3) as usize]
            }
            Delays::HalfNow if bits >> 43 & 1 == 0 => 0,
            Delays::HalfNow => spread,
        };
        (delay, step)
    }
}
