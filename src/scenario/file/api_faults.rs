//! What goes wrong between controllers and the API, as the scenario file writes it.

use crate::file_types;
use crate::scenario::values::{Length, StoreValue};
use crate::text::decode::Spanned;

file_types! {
    /// What controllers read is old.
    pub struct WatchLagFile as "`watch_lag`" {
        /// The control plane: a group, deployment or document of it. Default: any.
        of: Option<Spanned<String>>,
        /// The controller whose reads lag; only custom resources can lag for one controller alone. Default: all.
        controller: Option<Spanned<String>>,
        /// What is read: a kind (`PodClique`) or one object (`PodClique/agg-0-decode`). Default: anything.
        object: Option<Spanned<String>>,
        /// How old it is. Default: it stands still until the fault ends.
        by: Option<Spanned<Length>>,
        /// For how long. Default: for ever.
        r#for: Option<Spanned<Length>>,
    }

    /// Changes wake nobody, although whoever reads sees them.
    pub struct MissedEventFile as "`missed_event`" {
        /// The control plane: a group, deployment or document of it. Default: any.
        of: Option<Spanned<String>>,
        /// The controller that is not woken. Default: all.
        controller: Option<Spanned<String>>,
        /// What changes: a kind or one object. Default: anything.
        object: Option<Spanned<String>>,
        /// The how many-th change from then on is the first. Default: 1.
        occurrence: Option<Spanned<u32>>,
        /// How many changes. Default: 1.
        times: Option<Spanned<u32>>,
    }

    /// Writes of controllers are refused because somebody else was faster.
    pub struct ApiConflictFile as "`api_conflict`" {
        /// The control plane: a group, deployment or document of it. Default: any.
        of: Option<Spanned<String>>,
        /// The controller whose writes are refused. Default: all.
        controller: Option<Spanned<String>>,
        /// What is written: a kind or one object. Default: anything.
        object: Option<Spanned<String>>,
        /// The how many-th write from then on is the first. Default: 1.
        occurrence: Option<Spanned<u32>>,
        /// How many writes. Default: 1.
        times: Option<Spanned<u32>>,
    }

    /// Writes fail, and nothing is done.
    pub struct ApiErrorFile as "`api_error`" {
        /// The control plane: a group, deployment or document of it. Default: any.
        of: Option<Spanned<String>>,
        /// The controller whose writes fail. Default: everybody.
        controller: Option<Spanned<String>>,
        /// What is written: a kind or one object. Default: anything.
        object: Option<Spanned<String>>,
        /// The how many-th write from then on is the first. Default: 1.
        occurrence: Option<Spanned<u32>>,
        /// How many writes. Default: 1, or with `for` all.
        times: Option<Spanned<u32>>,
        /// For how long. Default: for ever.
        r#for: Option<Spanned<Length>>,
    }

    /// The webhook that admits custom resources does not answer: what needs it is refused.
    pub struct WebhookDownFile as "`webhook_down`" {
        /// The control plane: a group, deployment or document of it. Default: any.
        of: Option<Spanned<String>>,
        /// What is written: a kind or one object. Default: anything.
        object: Option<Spanned<String>>,
        /// For how long. Default: for ever.
        r#for: Option<Spanned<Length>>,
    }

    /// A store in which pods are registered cannot be reached: nothing new is registered.
    pub struct StoreOutageFile as "`store_outage`" {
        /// Which.
        store: StoreValue,
        /// For how long. Default: for ever.
        r#for: Option<Spanned<Length>>,
    }
}
