//! How a deployment replaces a revision: its policy as the REST API has it, read and with defaults filled in. What a policy
//! does is decided by the eras' strategies.
//! Source: lablup/backend.ai c0032c472e, src/ai/backend/common/schema/deployment.py and common/dto/manager/v2/deployment.

use super::arithmetic;
use crate::file_types;
use crate::kernel::Duration;
use crate::text::decode::{Context, FromNode, Spanned, one_of};
use crate::text::tree::Value;
use crate::text::{Diagnostic, Node, Source};

/// What Backend.AI answers when neither bound of a rolling update lets it begin.
pub const NO_PROGRESS: &str = "At least one of max_surge or max_unavailable must be positive; otherwise the rolling update \
                               cannot make progress.";

/// How a revision is replaced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Policy {
    /// Route by route.
    Rolling {
        /// Routes beyond the wanted number.
        max_surge: Budget,
        /// Routes that may be missing.
        max_unavailable: Budget,
    },
    /// All routes beside the old ones, then a switch.
    BlueGreen {
        /// The switch comes by itself.
        auto_promote: bool,
        /// How long it waits for that.
        promote_delay: Duration,
    },
    /// All routes beside the old ones, then a share of the traffic at a time. The API does not offer it; the code of replica
    /// groups has it.
    Canary {
        /// The share in percent.
        step_weight: u32,
        /// How long from one step to the next, at least.
        step_interval: Duration,
    },
}

/// A number of routes, or a share of the wanted number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Budget {
    /// So many.
    Count(u32),
    /// A share from 0 to 1, as it is written.
    Percent(String),
}

impl Budget {
    /// The number of routes out of those that are wanted, a fraction rounded up.
    pub fn rounded_up(&self, desired: u32) -> u32 {
        match self {
            Budget::Count(count) => *count,
            Budget::Percent(share) => arithmetic::share_up(share, desired),
        }
    }

    /// The same, a fraction rounded down.
    pub fn rounded_down(&self, desired: u32) -> u32 {
        match self {
            Budget::Count(count) => *count,
            Budget::Percent(share) => arithmetic::share_down(share, desired),
        }
    }

    fn is_nothing(&self) -> bool {
        match self {
            Budget::Count(count) => *count == 0,
            Budget::Percent(share) => arithmetic::is_nothing(share),
        }
    }
}

impl Policy {
    /// The word of the API.
    pub const fn text(&self) -> &'static str {
        match self {
            Policy::Rolling { .. } => "ROLLING",
            Policy::BlueGreen { .. } => "BLUE_GREEN",
            Policy::Canary { .. } => "CANARY",
        }
    }
}

/// A strategy's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, schemars::JsonSchema)]
pub enum StrategyWord {
    /// `ROLLING`
    Rolling,
    /// `BLUE_GREEN`
    BlueGreen,
    /// `CANARY`
    Canary,
}

impl FromNode for StrategyWord {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<StrategyWord> {
        let words = [
            ("ROLLING", StrategyWord::Rolling),
            ("BLUE_GREEN", StrategyWord::BlueGreen),
            ("CANARY", StrategyWord::Canary),
        ];
        one_of(node, context, &words, "a deployment strategy")
    }
}

/// A bound as a document has it.
#[derive(Clone, PartialEq, Eq, Debug, schemars::JsonSchema)]
pub struct BudgetValue(#[schemars(with = "BudgetFile")] Budget);

impl FromNode for BudgetValue {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<BudgetValue> {
        if node.as_map().is_none() {
            return u32::from_node(node, context).map(|count| BudgetValue(Budget::Count(count)));
        }
        let file = BudgetFile::from_node(node, context)?;
        match (file.count, file.percent) {
            (Some(count), None) => Some(BudgetValue(Budget::Count(count))),
            (None, Some(share)) => Some(BudgetValue(Budget::Percent(share.0))),
            _ => {
                context.error(node.span, "a bound has exactly one of `count` and `percent`");
                None
            }
        }
    }
}

/// A share from 0 to 1.
#[derive(Clone, PartialEq, Eq, Debug, schemars::JsonSchema)]
pub struct ShareValue(String);

impl FromNode for ShareValue {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<ShareValue> {
        let text = match node.value {
            Value::Int(_) | Value::Float(_) => node.scalar_text(),
            _ => None,
        };
        let share = text.filter(|text| arithmetic::is_share(text));
        if share.is_none() {
            context.not_what_was_expected("a share from 0 to 1, as 0.25", node);
        }
        share.map(ShareValue)
    }
}

file_types! {
    /// How a deployment replaces a revision.
    pub struct PolicyFile as "a deployment policy" {
        /// `ROLLING`, `BLUE_GREEN`, or `CANARY`, which only replica groups know.
        strategy: Spanned<StrategyWord>,
        /// Bounds of a rolling update.
        rolling_update: Option<RollingFile>,
        /// When a blue-green update switches.
        blue_green: Option<BlueGreenFile>,
        /// How fast a canary update goes.
        canary: Option<CanaryFile>,
    }

    /// Bounds of a rolling update.
    pub struct RollingFile as "`rolling_update`" {
        /// Routes beyond the wanted number. Default: half of it.
        max_surge: Option<BudgetValue>,
        /// Routes that may be missing. Default: none.
        max_unavailable: Option<BudgetValue>,
    }

    /// When a blue-green update switches.
    pub struct BlueGreenFile as "`blue_green`" {
        /// By itself, once the green routes are healthy. Default: false.
        auto_promote: Option<bool>,
        /// How many seconds it waits before. Default: 0.
        promote_delay_seconds: Option<u32>,
    }

    /// How fast a canary update goes.
    pub struct CanaryFile as "`canary`" {
        /// The share of the traffic that is moved in one step, in percent. Default: 20.
        step_weight: Option<Spanned<u32>>,
        /// How many seconds it waits before the next. Default: 0.
        step_interval_seconds: Option<u32>,
    }

    /// A number of routes or a share.
    pub struct BudgetFile as "a bound of a rolling update" {
        /// So many.
        count: Option<u32>,
        /// A share from 0 to 1.
        percent: Option<ShareValue>,
    }
}

/// The policy that a file describes. What the API refuses of it goes to `problems`.
pub fn policy(file: &PolicyFile, source: &Source, problems: &mut Vec<Diagnostic>) -> Policy {
    let (word, own) = match file.strategy.value {
        StrategyWord::Rolling => ("ROLLING", "rolling_update"),
        StrategyWord::BlueGreen => ("BLUE_GREEN", "blue_green"),
        StrategyWord::Canary => ("CANARY", "canary"),
    };
    let sections = [
        ("rolling_update", file.rolling_update.as_ref().map(|one| one.span)),
        ("blue_green", file.blue_green.as_ref().map(|one| one.span)),
        ("canary", file.canary.as_ref().map(|one| one.span)),
    ];
    for (key, span) in sections {
        if let Some(span) = span.filter(|_| key != own) {
            problems.push(Diagnostic::error(source, span, format!("`{key}` says nothing of the strategy {word}")));
        }
    }
    match file.strategy.value {
        StrategyWord::Canary => canary(file.canary.as_ref(), source, problems),
        StrategyWord::BlueGreen => {
            let spec = file.blue_green.as_ref();
            let delay = spec.and_then(|spec| spec.promote_delay_seconds).unwrap_or(0);
            Policy::BlueGreen {
                auto_promote: spec.and_then(|spec| spec.auto_promote).unwrap_or(false),
                promote_delay: Duration::from_secs(delay.into()),
            }
        }
        StrategyWord::Rolling => {
            let spec = file.rolling_update.as_ref();
            let surge = spec.and_then(|spec| spec.max_surge.clone()).map(|value| value.0);
            let unavailable = spec.and_then(|spec| spec.max_unavailable.clone()).map(|value| value.0);
            let max_surge = surge.unwrap_or_else(|| Budget::Percent("0.5".to_owned()));
            let max_unavailable = unavailable.unwrap_or_else(|| Budget::Percent("0.0".to_owned()));
            if let Some(spec) = spec
                && max_surge.is_nothing()
                && max_unavailable.is_nothing()
            {
                problems.push(Diagnostic::error(source, spec.span, NO_PROGRESS));
            }
            Policy::Rolling { max_surge, max_unavailable }
        }
    }
}

/// A canary update: 20 % at a time and without a pause, unless the file says otherwise.
fn canary(file: Option<&CanaryFile>, source: &Source, problems: &mut Vec<Diagnostic>) -> Policy {
    let given = file.and_then(|file| file.step_weight.as_ref());
    if let Some(weight) = given.filter(|weight| !(1..=100).contains(&weight.value)) {
        problems.push(Diagnostic::error(source, weight.span, "`step_weight` is from 1 to 100"));
    }
    let interval = file.and_then(|file| file.step_interval_seconds).unwrap_or(0);
    Policy::Canary {
        step_weight: given.map_or(20, |weight| weight.value),
        step_interval: Duration::from_secs(interval.into()),
    }
}
