//! The ports of a stand-in: connections are taken, read with a limit of time and size, answered and closed.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the stand-in is no part of a run: it serves the world outside"
)]

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::http::{Answer, HEAD_LIMIT, answer, is_complete};
use super::signals::{Asked, Asker};

/// How many connections a port serves at once; further ones wait in the system's queue. Probes come one at a time.
const WORKERS: usize = 8;

/// How long one connection may take. As long as a kubelet waits for a probe at most twice over (`timeoutSeconds` is 1 by
/// default: kubernetes/kubernetes pkg/apis/core/v1/defaults.go, v1.36), so that slow clients do not hold the workers.
const CONNECTION: Duration = Duration::from_secs(2);

/// A worker keeps a request's head and an answer: far below what a thread gets by default.
const STACK: usize = 128 * 1024;

/// What all ports show.
pub struct Site {
    /// What it stands in for.
    pub name: Option<String>,
    /// Whether it answers 200 rather than 503.
    pub ready: AtomicBool,
    /// Whom to tell of a request for a crash.
    pub asker: Asker,
}

/// Opens a port and serves it until the process ends. Returns the port, which the system chooses if it is 0.
///
/// # Errors
/// The port cannot be opened, or no thread can be started.
pub fn serve(port: u16, site: &Arc<Site>) -> io::Result<u16> {
    let listeners = open(port)?;
    let port = listeners[0].local_addr()?.port();
    for listener in listeners {
        for _ in 0..WORKERS {
            let (listener, site) = (listener.try_clone()?, Arc::clone(site));
            let name = format!("port {port}");
            thread::Builder::new().name(name).stack_size(STACK).spawn(move || work(&listener, &site))?;
        }
    }
    Ok(port)
}

/// Listens on all addresses, of IPv6 and of IPv4. On Linux the first takes the second along, unless `net.ipv6.bindv6only` is
/// set; on a machine without IPv6 there is the second alone.
fn open(port: u16) -> io::Result<Vec<TcpListener>> {
    let v6 = match TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)) {
        Ok(listener) => listener,
        Err(error) if matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied) => return Err(error),
        Err(_) => return Ok(vec![TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?]),
    };
    let port = v6.local_addr()?.port();
    let v4 = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).ok();
    Ok([Some(v6), v4].into_iter().flatten().collect())
}

fn work(listener: &TcpListener, site: &Site) {
    loop {
        match listener.accept() {
            // What a client does to its own connection is its own affair.
            Ok((stream, _)) => drop(attend(stream, site)),
            // Out of descriptors, or a client that is gone already: nothing to answer, and no reason to spin.
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// One connection: a head, an answer, and what else the client sends until it closes or its time is over. Closing with bytes
/// unread would reset the connection, and the client might never see the answer.
fn attend(mut stream: TcpStream, site: &Site) -> io::Result<()> {
    let deadline = Instant::now() + CONNECTION;
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !is_complete(&head) && head.len() < HEAD_LIMIT {
        match read_until(&mut stream, &mut buffer, deadline)? {
            0 => break,
            count => head.extend_from_slice(&buffer[..count]),
        }
    }
    if head.is_empty() {
        // A probe of the port alone.
        return Ok(());
    }
    stream.set_write_timeout(Some(left(deadline)?))?;
    let Answer { bytes, crash } = answer(&head, site.name.as_deref(), site.ready.load(Ordering::Acquire));
    let sent = stream.write_all(&bytes).and_then(|()| linger(&mut stream, deadline));
    // Only now, because the end of the process takes the connection along; and even if the client went away meanwhile.
    if let Some(code) = crash {
        site.asker.ask(Asked::Crash(code));
    }
    sent
}

/// Waits until the client has read what it was sent and closes.
fn linger(stream: &mut TcpStream, deadline: Instant) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let mut rest = [0; 1024];
    while read_until(stream, &mut rest, deadline)? > 0 {}
    Ok(())
}

fn read_until(stream: &mut TcpStream, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
    stream.set_read_timeout(Some(left(deadline)?))?;
    stream.read(buffer)
}

/// What is left of a connection's time; an error once it is over, since a timeout of zero would mean none at all.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}
