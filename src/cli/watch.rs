//! `greenroom test --watch`: all scenarios once, and then again whatever is concerned, as files change. That a folder
//! changed only wakes it: what a scenario was made of is compared with what is there now, so that nothing is run for a file
//! that was merely touched or that nobody reads.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use notify_debouncer_full::notify::{EventKind, RecommendedWatcher, RecursiveMode, event::ModifyKind};
use notify_debouncer_full::{DebounceEventResult, Debouncer, RecommendedCache, new_debouncer};

use super::inputs::Inputs;
use super::interrupt::Interrupt;
use super::output::{complain, refuse, tell, to_stdout};
use super::snapshots::{Snapshots, path_of};
use super::suite::{Suite, judged, run_all};
use super::test::TestArgs;
use crate::report::{Exit, Item, Report, Valid, summary};

/// Changes that come so close to each other are one: an editor writes a file in several steps.
const TOGETHER: Duration = Duration::from_millis(100);
/// The most changed files that are named.
const NAMED_MAX: usize = 3;

/// What ends a wait.
enum Wake {
    /// Files may have changed; `moved` if folders may be others than those that are watched.
    Changed { moved: bool },
    /// Somebody ends it.
    Ended,
}

/// What is known of a scenario since it was run last.
struct Known {
    item: Item,
    inputs: Inputs,
    /// It was run, but its snapshot belongs to another: whether that is still so depends on others.
    clashes: bool,
}

/// What is watched, and what is known.
struct Watch<'a> {
    args: &'a TestArgs,
    debouncer: Debouncer<RecommendedWatcher, RecommendedCache>,
    watched: BTreeSet<PathBuf>,
    known: BTreeMap<PathBuf, Known>,
    suite: Suite,
    /// How the last round came out, all scenarios together.
    exit: Exit,
}

/// Runs until somebody ends it; the exit code is that of the last results.
pub fn watch(args: &TestArgs) -> Exit {
    if let Err(refusal) = args.output.check_for_watch() {
        return refuse(&refusal);
    }
    match begin(args).and_then(|(mut watch, wakes)| watch.go_on(&wakes)) {
        Ok(exit) => exit,
        Err(error) => complain(&error),
    }
}

fn begin(args: &TestArgs) -> Result<(Watch<'_>, Receiver<Wake>), String> {
    let (sender, wakes) = mpsc::channel();
    listen_for_end(sender.clone()).map_err(|error| format!("cannot listen for signals: {error}"))?;
    let debouncer = new_debouncer(TOGETHER, None, move |events: DebounceEventResult| wake(&sender, events))
        .map_err(|error| format!("cannot watch files: {error}"))?;
    let suite = Suite::choose(&args.paths, &args.filters, None);
    let watch =
        Watch { args, debouncer, watched: BTreeSet::new(), known: BTreeMap::new(), suite, exit: Exit::NothingMatched };
    Ok((watch, wakes))
}

/// Passes on what may be a change. Reading is none; greenroom itself reads what it watches.
fn wake(sender: &Sender<Wake>, events: DebounceEventResult) {
    let moved = match events {
        Ok(events) => {
            let kinds: Vec<EventKind> =
                events.iter().map(|event| event.kind).filter(|kind| !matches!(kind, EventKind::Access(_))).collect();
            if kinds.is_empty() {
                return;
            }
            kinds.iter().any(|kind| matches!(kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))))
        }
        // Something was missed: then everything is looked at.
        Err(_) => true,
    };
    // The error would be that it is at its end already.
    let _ = sender.send(Wake::Changed { moved });
}

impl Watch<'_> {
    fn go_on(&mut self, wakes: &Receiver<Wake>) -> Result<Exit, String> {
        self.watch_folders()?;
        self.round(true)?;
        loop {
            // What changed before its folder was watched would never be told of.
            if !self.watch_folders()? {
                match wakes.recv() {
                    Ok(Wake::Changed { moved: false }) => {}
                    Ok(Wake::Changed { moved: true }) => self.forget_folders(),
                    Ok(Wake::Ended) | Err(_) => return Ok(self.exit),
                }
            }
            self.suite = Suite::choose(&self.args.paths, &self.args.filters, None);
            self.round(false)?;
        }
    }

    /// Watches every folder in which something is, or would be, that a scenario is made of; true if one is new.
    fn watch_folders(&mut self) -> Result<bool, String> {
        let named = self.suite.files.iter().chain(self.suite.missing.iter().map(|(path, _)| path));
        let beside = named.filter_map(|path| path.parent()).map(Path::to_owned);
        let known = self.known.values().flat_map(|known| known.inputs.folders());
        let wanted = self.suite.folders.iter().cloned().chain(beside).chain(known);
        let wanted: BTreeSet<PathBuf> = wanted.map(|folder| there(&folder)).collect();
        let mut is_new = false;
        for folder in wanted {
            if self.watched.contains(&folder) {
                continue;
            }
            is_new = true;
            match self.debouncer.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.watched.insert(folder);
                }
                // It went away just now: the next look finds what is there instead.
                Err(_) if !folder.is_dir() => {}
                Err(error) => return Err(format!("cannot watch {}: {error}", folder.display())),
            }
        }
        Ok(is_new)
    }

    /// A folder that was put in the place of another has its name, and must be watched anew.
    fn forget_folders(&mut self) {
        for folder in std::mem::take(&mut self.watched) {
            // It may be gone, and its watch with it.
            let _ = self.debouncer.unwatch(&folder);
        }
    }

    /// Runs what is new or changed, and tells how it came out.
    fn round(&mut self, is_first: bool) -> Result<(), String> {
        let mut changed: BTreeSet<PathBuf> = BTreeSet::new();
        let files: BTreeSet<&PathBuf> = self.suite.files.iter().collect();
        changed.extend(self.known.keys().filter(|file| !files.contains(file)).cloned());
        self.known.retain(|file, _| files.contains(file));
        let mut concerned: BTreeSet<PathBuf> = BTreeSet::new();
        for file in &self.suite.files {
            let inputs = match self.known.get(file) {
                Some(known) => known.inputs.changed(),
                None => vec![file.clone()],
            };
            if !inputs.is_empty() {
                concerned.insert(file.clone());
                changed.extend(inputs);
            }
        }
        if changed.is_empty() && !is_first {
            return Ok(());
        }
        concerned.extend(self.known.iter().filter(|(_, known)| known.clashes).map(|(file, _)| file.clone()));
        let mut snapshots = self.run(concerned.iter().cloned().collect())?;
        self.report(&mut snapshots, &changed, &concerned, is_first);
        Ok(())
    }

    /// Runs these scenarios and keeps what came out.
    fn run(&mut self, files: Vec<PathBuf>) -> Result<Snapshots, String> {
        let mut snapshots = Snapshots::new(false);
        for file in &files {
            self.known.remove(file);
        }
        for (file, known) in &self.known {
            match &known.item {
                Item::Ran(rehearsed) => snapshots.claim(file, &rehearsed.run.name),
                Item::Valid(_) | Item::Invalid(_) => snapshots.cannot_tell(),
            }
        }
        for (file, ran) in files.iter().zip(run_all(&files, self.args.jobs, false)?) {
            let Some(mut ran) = ran else { continue };
            if let Ok((run, _)) = &ran.outcome {
                ran.inputs.add_snapshot(path_of(file, &run.name));
            }
            let was_run = ran.outcome.is_ok();
            let item = judged(file, ran.outcome, &mut snapshots);
            let clashes = was_run && matches!(item, Item::Invalid(_));
            self.known.insert(file.clone(), Known { item, inputs: ran.inputs, clashes });
        }
        Ok(snapshots)
    }

    /// Tells what came out: on stdout of what was run now, in files of everything.
    fn report(
        &mut self,
        snapshots: &mut Snapshots,
        changed: &BTreeSet<PathBuf>,
        concerned: &BTreeSet<PathBuf>,
        is_first: bool,
    ) {
        let selection = Some(self.suite.selection.clone()).filter(|selection| !selection.words().is_empty());
        let mut all = Report {
            items: self.suite.missing_items().collect(),
            notices: if selection.is_none() { snapshots.left_over(&self.args.paths) } else { Vec::new() },
            troubles: std::mem::take(&mut snapshots.troubles),
            selection,
        };
        let missing = all.items.len();
        // Timelines are long: they are lent to the report, not copied.
        all.items.extend(self.known.values_mut().map(|known| std::mem::replace(&mut known.item, nothing())));
        self.exit = all.exit();
        let shown = to_stdout(&|out, paint| {
            if is_first {
                return summary::write_report(out, &all, paint);
            }
            write_changed(out, changed)?;
            let now = all.items[missing..].iter().zip(self.known.keys()).filter(|(_, file)| concerned.contains(*file));
            now.map(|(item, _)| item).try_for_each(|item| summary::write_item(out, item, paint))?;
            summary::write_beside(out, &all, paint)?;
            summary::write_sum(out, &all, paint)
        });
        let written = self.args.output.write_files(&all);
        self.exit = crate::report::exit::gravest([self.exit, shown, written]);
        for (known, item) in self.known.values_mut().zip(all.items.drain(missing..)) {
            known.item = item;
        }
        let noun = if self.known.len() == 1 { "scenario" } else { "scenarios" };
        tell(&format!("watching {} {noun}; Ctrl-C ends it", self.known.len()));
    }
}

/// What stands in the place of an item that is lent.
const fn nothing() -> Item {
    Item::Valid(Valid { file: String::new(), notices: Vec::new() })
}

fn write_changed(out: &mut dyn Write, changed: &BTreeSet<PathBuf>) -> io::Result<()> {
    let named: Vec<String> = changed.iter().take(NAMED_MAX).map(|path| path.display().to_string()).collect();
    let more = match changed.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    writeln!(out, "\nchanged: {}{more}", named.join(", "))
}

/// The folder, or what is there of the way to it; under one name, whether it was found or written.
fn there(folder: &Path) -> PathBuf {
    let folder = folder.strip_prefix(".").unwrap_or(folder);
    let here = |folder: &Path| if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() };
    folder.ancestors().map(here).find(|folder| folder.is_dir()).unwrap_or_else(|| PathBuf::from("."))
}

/// The first signal lets a round that goes on come to its end; a second ends the process at once.
#[cfg(unix)]
fn listen_for_end(sender: Sender<Wake>) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};

    Interrupt::listen()?;
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    let forward = move || signals.forever().try_for_each(|_| sender.send(Wake::Ended));
    std::thread::Builder::new().name("signals".into()).spawn(forward)?;
    Ok(())
}

/// Elsewhere the system ends the process by itself.
#[cfg(not(unix))]
fn listen_for_end(_: Sender<Wake>) -> io::Result<()> {
    Ok(())
}
