//! The servers of 1Backend, one on each node: whether they are up, when they tick, and whose turn it is. What they do in a turn is
//! not known here.
//! Source: 1backend/1backend 1305defcf2b8, server/internal/services/deploy/deploy_loop.go (loop).

use super::{Desk, RowOrder};
use crate::kernel::{Duration, Time};
use crate::timeline::{Cause, Subject};
use crate::workload::Dial;

/// The server on a node.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its node.
    pub node: Subject,
    /// The node's name.
    pub name: String,
    /// Its URL.
    pub url: String,
    /// Where it stands in lists of nodes.
    pub rank: u64,
    /// Whether it answers.
    pub is_up: bool,
    /// When it started last: its tickers count from there.
    pub since: Time,
    /// What led to how it is.
    pub cause: Cause,
    /// Since when its loop waits for the lock or holds it; `None`: it waits for a tick or a trigger.
    pub busy_since: Option<Time>,
    /// True if a tick waits in the ticker's channel, which holds one.
    pub tick_waits: bool,
    /// Triggers that wait, each in a goroutine of its own.
    pub triggers: u32,
}

impl Server {
    /// The first tick after an instant.
    pub fn next_tick(&self, interval: Duration, after: Time) -> Time {
        let next = (after + Duration::from_nanos(1)).ceil_to(self.since, interval);
        if next == self.since { next + interval } else { next }
    }

    /// True if it ticked after `from` and not after `to`.
    pub fn has_ticked(&self, interval: Duration, from: Time, to: Time) -> bool {
        self.next_tick(interval, from) <= to
    }

    /// The last tick that is not after an instant.
    pub fn last_tick(&self, interval: Duration, now: Time) -> Option<Time> {
        let count = now.since(self.since).nanos().checked_div(interval.nanos())?;
        (count > 0).then(|| self.since + interval.saturating_mul(count))
    }

    /// The last tick before an instant.
    pub fn tick_before(&self, interval: Duration, at: Time) -> Option<Time> {
        self.last_tick(interval, at.before())
    }

    /// True if it ticks at this instant.
    pub fn ticks_at(&self, interval: Duration, now: Time) -> bool {
        now > self.since && now.ceil_to(self.since, interval) == now
    }
}

/// What became of the servers.
#[derive(Clone, Debug, Default)]
pub struct News {
    /// Those that started, or started again.
    pub started: Vec<usize>,
    /// Those that went down.
    pub lost: Vec<usize>,
}

/// Looks at the nodes: a server starts with its node and goes down with it.
pub fn hear(servers: &mut Vec<Server>, is_first: bool, desk: &mut Desk<'_>) -> News {
    let now = desk.world.now();
    desk.store.hear_nodes(desk.options, desk.cause, desk.world);
    let mut news = News::default();
    for position in 0..desk.store.nodes.len() {
        let row = &desk.store.nodes[position];
        if servers.iter().any(|server| server.node == row.subject) {
            continue;
        }
        let rank = match desk.options.as_built.node_order {
            RowOrder::Seeded => desk.world.draw("node-order", row.subject, 0, 1 << 32),
            RowOrder::Saved => servers.len() as u64,
        };
        servers.push(Server {
            node: row.subject,
            name: row.facts.name.clone(),
            url: row.url.clone(),
            rank,
            is_up: false,
            // The servers were there before anything was saved.
            since: if is_first { Time::ZERO } else { now },
            cause: desk.cause,
            busy_since: None,
            tick_waits: false,
            triggers: 0,
        });
    }
    for (position, server) in servers.iter_mut().enumerate() {
        let is_up = desk.world.dial(server.node) == Dial::Accepted;
        match (server.is_up, is_up) {
            (false, true) => {
                if !is_first {
                    server.since = now;
                }
                news.started.push(position);
            }
            (true, false) => news.lost.push(position),
            _ => continue,
        }
        (server.is_up, server.cause) = (is_up, desk.world.fell_silent(server.node).unwrap_or(desk.cause));
        (server.busy_since, server.tick_waits, server.triggers) = (None, false, 0);
    }
    news
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::{Kind, LineId};

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn a_ticker_first_ticks_after_its_interval() {
        let node = Subject::new(Kind::Node, crate::kernel::Names::default().name("a"));
        let server = Server {
            node,
            name: "a".to_owned(),
            url: String::new(),
            rank: 0,
            is_up: true,
            since: at(10),
            cause: Cause::Line(LineId(0)),
            busy_since: None,
            tick_waits: false,
            triggers: 0,
        };
        let interval = Duration::from_secs(15);
        assert_eq!(server.next_tick(interval, at(0)), at(25));
        assert_eq!(server.next_tick(interval, at(10)), at(25));
        assert_eq!(server.next_tick(interval, at(25)), at(40));
        assert!(!server.ticks_at(interval, at(10)) && server.ticks_at(interval, at(25)));
        assert_eq!(server.last_tick(interval, at(24)), None);
        assert_eq!(server.last_tick(interval, at(54)), Some(at(40)));
        assert_eq!(server.tick_before(interval, at(55)), Some(at(40)));
        assert!(server.has_ticked(interval, at(24), at(25)) && !server.has_ticked(interval, at(25), at(39)));
    }
}
