//! Goal: a stand-in behaves as its options say, seen from outside as a kubelet sees a container: ports, answers, exit codes,
//! signals, log. Method: the program runs with short delays, and its log says when to look, so that no test guesses a time.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a stand-in keeps the machine's time, and so do its tests"
)]

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than any wait of these tests, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stand-in that runs; it ends with the test.
struct Running {
    process: Child,
    log: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(args: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom"));
        command.arg("stand-in").args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("the program starts");
        let log = BufReader::new(process.stdout.take().expect("its log is piped")).lines();
        Running { process, log }
    }

    /// Waits for the next line of the log.
    fn line(&mut self) -> String {
        self.log.next().expect("the log goes on").expect("the log is text")
    }

    /// Waits until it serves, and gives the port.
    fn port(&mut self) -> u16 {
        assert_eq!(self.line(), "started");
        let line = self.line();
        let port = line.strip_prefix("serving on ").unwrap_or_else(|| panic!("not serving: {line}"));
        port.parse().expect("a port")
    }

    fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        let status = kill.args(["-s", name, &self.process.id().to_string()]).status().expect("kill is there");
        assert!(status.success());
    }

    /// Waits for its end: what is left of the log, and the exit code.
    fn end(&mut self) -> (Vec<String>, Option<i32>) {
        let rest = self.log.by_ref().map(|line| line.expect("the log is text")).collect();
        (rest, self.process.wait().expect("it ends").code())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the port is open");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit can be set");
    stream
}

/// All that comes back for these bytes.
fn answer(port: u16, request: &[u8]) -> String {
    let mut stream = connect(port);
    stream.write_all(request).expect("the request can be sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer comes, and the connection is closed");
    answer
}

fn get(port: u16) -> String {
    answer(port, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

#[test]
fn serves_503_until_it_is_ready_and_200_from_then_on() {
    let mut running = Running::start(&["--listen=0", "--ready-after=3s"]);
    let port = running.port();
    assert!(get(port).starts_with("HTTP/1.1 503 "));
    assert_eq!(running.line(), "ready");
    assert!(get(port).starts_with("HTTP/1.1 200 OK\r\n"));
    let head = answer(port, b"HEAD / HTTP/1.1\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn says_what_it_stands_in_for() {
    let mut running = Running::start(&["--listen=0", "--name=deployment/vllm"]);
    assert_eq!(running.line(), "started, stands in for deployment/vllm");
    let line = running.line();
    let port = line.rsplit(' ').next().and_then(|port| port.parse().ok()).expect("a port");
    assert_eq!(running.line(), "ready");
    assert!(get(port).ends_with("\r\n\r\ngreenroom stand-in for deployment/vllm\n"));
}

#[test]
fn nothing_listens_before_the_delay_is_over() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let port = free.local_addr().expect("it has an address").port();
    drop(free);
    let mut running = Running::start(&[&format!("--listen={port}"), "--start-delay=3s"]);
    assert_eq!(running.line(), "started");
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    assert_eq!(running.line(), format!("serving on {port}"));
    assert_eq!(running.line(), "ready");
    assert!(get(port).starts_with("HTTP/1.1 200 "));
}

#[test]
fn serves_every_port_that_it_is_given() {
    let mut running = Running::start(&["--listen=0", "--listen=0"]);
    let first = running.port();
    let line = running.line();
    let second = line.strip_prefix("serving on ").and_then(|port| port.parse().ok()).expect("a second port");
    assert_ne!(first, second);
    assert_eq!(running.line(), "ready");
    for port in [first, second] {
        assert!(get(port).starts_with("HTTP/1.1 200 "));
    }
}

#[test]
fn a_crash_ends_it_with_its_code_while_clients_are_connected() {
    let mut running = Running::start(&["--listen=0", "--crash-after=1s", "--exit-code=3"]);
    let port = running.port();
    let _client = connect(port);
    let (log, code) = running.end();
    assert_eq!(log, ["ready", "crashing with 3 as asked"]);
    assert_eq!(code, Some(3));
}

#[test]
fn a_request_crashes_it_once_the_client_has_its_answer() {
    let mut running = Running::start(&["--listen=0", "--name=deployment/vllm", "--stop=1h"]);
    assert_eq!(running.line(), "started, stands in for deployment/vllm");
    let line = running.line();
    let port = line.rsplit(' ').next().and_then(|port| port.parse().ok()).expect("a port");
    assert_eq!(running.line(), "ready");
    assert!(answer(port, b"GET /crash?exit_code=3 HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200 "));
    assert!(answer(port, b"POST /crash?exit_code=x HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400 "));
    let told = answer(port, b"POST /crash?exit_code=3 HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    assert!(told.starts_with("HTTP/1.1 200 ") && told.ends_with("deployment/vllm: ends with 3\n"), "{told}");
    assert_eq!(running.end(), (vec!["crashing with 3 as asked".to_string()], Some(3)));
}

#[test]
fn a_crash_on_request_counts_as_one_of_those_it_was_told_to_have() {
    let state = tempfile::tempdir().expect("a folder");
    let state_option = format!("--state={}", state.path().display());
    let mut running = Running::start(&["--listen=0", "--crash-after=1h", "--crash-times=1", &state_option]);
    let port = running.port();
    assert_eq!(running.line(), "ready");
    let _ = answer(port, b"POST /crash HTTP/1.1\r\n\r\n");
    assert_eq!(running.end().1, Some(1));
    let again = Running::start(&["--crash-after=0s", "--crash-times=1", "--run=100ms", &state_option]).end();
    assert_eq!(again.0, ["started", "ready", "ending with 0 as asked"]);
}

#[test]
fn work_that_is_done_ends_well_or_as_asked() {
    let ends = |args: &[&str]| Running::start(args).end();
    assert_eq!(ends(&["--run=100ms"]).1, Some(0));
    let (log, code) = ends(&["--run=100ms", "--exit-code=42"]);
    assert_eq!(log, ["started", "ready", "ending with 42 as asked"]);
    assert_eq!(code, Some(42));
    assert_eq!(ends(&["--crash-after=100ms"]).1, Some(1));
}

#[test]
fn crashes_are_counted_in_the_folder_that_outlives_it() {
    let state = tempfile::tempdir().expect("a folder");
    let state_option = format!("--state={}", state.path().display());
    let args = ["--crash-after=100ms", "--crash-times=2", "--run=200ms", "--exit-code=3", &state_option];
    let codes: Vec<Option<i32>> = (0..4).map(|_| Running::start(&args).end().1).collect();
    assert_eq!(codes, [Some(3), Some(3), Some(0), Some(0)]);
}

#[test]
fn a_count_that_cannot_be_kept_is_told_and_is_no_crash() {
    let mut running = Running::start(&["--crash-after=100ms", "--crash-times=2", "--state=/dev/null"]);
    assert_eq!(running.end().1, Some(5));
    let mut told = String::new();
    running.process.stderr.take().expect("piped").read_to_string(&mut told).expect("text");
    assert!(told.starts_with("failed to keep the count of crashes in /dev/null: "), "{told}");
}

#[test]
fn a_signal_stops_it_at_once() {
    for signal in ["TERM", "INT"] {
        let mut running = Running::start(&["--listen=0", "--start-delay=1h"]);
        assert_eq!(running.line(), "started");
        let asked = Instant::now();
        running.signal(signal);
        assert_eq!(running.end(), (vec!["stopped".to_string()], Some(0)), "SIG{signal}");
        assert!(asked.elapsed() < PATIENCE, "it ended long before its delay");
    }
}

#[test]
fn it_takes_the_time_to_stop_that_it_was_given_and_serves_meanwhile() {
    let mut running = Running::start(&["--listen=0", "--stop=2s"]);
    let port = running.port();
    assert_eq!(running.line(), "ready");
    let asked = Instant::now();
    running.signal("TERM");
    assert_eq!(running.line(), "stopping in 2s");
    // The kubelet may ask again; that is no reason to stop sooner.
    running.signal("TERM");
    assert!(get(port).starts_with("HTTP/1.1 200 "));
    assert_eq!(running.end(), (vec!["stopped".to_string()], Some(0)));
    assert!(asked.elapsed() >= Duration::from_secs(2));
}

#[test]
fn slow_and_confused_clients_do_not_keep_others_from_an_answer() {
    let mut running = Running::start(&["--listen=0"]);
    let port = running.port();
    assert_eq!(running.line(), "ready");
    // More than are served at once, and none of them says a word.
    let silent: Vec<TcpStream> = (0..20).map(|_| connect(port)).collect();
    let mut slow = connect(port);
    slow.write_all(b"GET / HT").expect("half a request can be sent");
    assert!(answer(port, b"\x16\x03\x01\x02\n\n").starts_with("HTTP/1.1 400 "));
    assert!(answer(port, b"POST /v1 HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}").starts_with("HTTP/1.1 405 "));
    assert!(answer(port, &[b'a'; 9000]).starts_with("HTTP/1.1 400 "));
    drop(connect(port));
    assert!(get(port).starts_with("HTTP/1.1 200 "));
    drop(silent);
}

#[test]
fn a_port_that_is_taken_is_told_and_is_no_crash() {
    let taken = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port is free");
    let port = taken.local_addr().expect("it has an address").port();
    let mut running = Running::start(&[&format!("--listen={port}")]);
    assert_eq!(running.end().1, Some(5));
    let mut told = String::new();
    running.process.stderr.take().expect("piped").read_to_string(&mut told).expect("text");
    assert!(told.starts_with(&format!("failed to listen on {port}: ")), "{told}");
}
