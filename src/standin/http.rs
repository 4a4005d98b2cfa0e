//! What is answered to a request, as bytes to bytes, and whether it asks for a crash. Reading and writing them is `serve.rs`'s
//! part, and ending the process that of `run.rs`.

/// The most that a request's head may have; what is longer is no probe.
pub const HEAD_LIMIT: usize = 8 * 1024;

/// True once the head of a request is complete: an empty line ends it.
pub fn is_complete(head: &[u8]) -> bool {
    head.windows(4).any(|end| end == b"\r\n\r\n") || head.windows(2).any(|end| end == b"\n\n")
}

/// Where a POST makes the process end: `/crash?exit_code=3`.
const CRASH: &[u8] = b"/crash";

/// The exit code of a crash that asks for none.
const CRASH_CODE: u8 = 1;

/// What comes of a request.
#[derive(PartialEq, Eq, Debug)]
pub struct Answer {
    /// What the client gets.
    pub bytes: Vec<u8>,
    /// The exit code with which the process is to end once the client has its answer.
    pub crash: Option<u8>,
}

/// What comes of a request with this head.
pub fn answer(head: &[u8], name: Option<&str>, ready: bool) -> Answer {
    let name = name.unwrap_or("a container");
    let plain = |bytes| Answer { bytes, crash: None };
    match request(head) {
        Some((method @ (b"GET" | b"HEAD"), _)) => {
            let (status, state) = if ready { ("200 OK", "") } else { ("503 Service Unavailable", ", not ready yet") };
            plain(response(status, "", &format!("greenroom stand-in for {name}{state}\n"), method == b"GET"))
        }
        Some((b"POST", target)) if path(target) == CRASH => match exit_code(target) {
            Some(code) => {
                let body = format!("greenroom stand-in for {name}: ends with {code}\n");
                Answer { bytes: response("200 OK", "", &body, true), crash: Some(code) }
            }
            None => {
                let body = format!("greenroom stand-in for {name}: exit_code is a number from 0 to 255\n");
                plain(response("400 Bad Request", "", &body, true))
            }
        },
        Some(_) => {
            let body = format!("greenroom stand-in for {name}: it answers GET, HEAD and POST /crash alone\n");
            plain(response("405 Method Not Allowed", "Allow: GET, HEAD\r\n", &body, true))
        }
        None => plain(response("400 Bad Request", "", "greenroom stand-in: this is no HTTP/1 request\n", true)),
    }
}

fn path(target: &[u8]) -> &[u8] {
    target.split(|byte| *byte == b'?').next().unwrap_or_default()
}

/// The exit code that a target asks for; `None` if it is none.
fn exit_code(target: &[u8]) -> Option<u8> {
    let query = target.iter().position(|byte| *byte == b'?').map_or(&[][..], |mark| &target[mark + 1..]);
    let mut asked = query.split(|byte| *byte == b'&').filter_map(|one| one.strip_prefix(b"exit_code="));
    match asked.next() {
        Some(code) => std::str::from_utf8(code).ok()?.parse().ok(),
        None => Some(CRASH_CODE),
    }
}

/// The method and the target of a request whose first line has the form of HTTP/1: `GET /path HTTP/1.1`.
fn request(head: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = head.split(|byte| *byte == b'\n').next()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut words = line.split(|byte| *byte == b' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_request = !method.is_empty()
        && method.iter().all(u8::is_ascii_alphabetic)
        && !target.is_empty()
        && version.starts_with(b"HTTP/1.")
        && words.next().is_none();
    is_request.then_some((method, target))
}

fn response(status: &str, header: &str, body: &str, with_body: bool) -> Vec<u8> {
    let length = body.len();
    let body = if with_body { body } else { "" };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n{header}\
         Connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(head: &str, ready: bool) -> String {
        let answer = answer(head.as_bytes(), Some("deployment/vllm"), ready);
        String::from_utf8(answer.bytes).expect("an answer is text")
    }

    #[test]
    fn says_what_it_stands_in_for() {
        let answer = text("GET /health?x=1 HTTP/1.1\r\nHost: a\r\n\r\n", true);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\ngreenroom stand-in for deployment/vllm\n"), "{answer}");
        assert!(answer.contains("\r\nContent-Length: 39\r\n"), "{answer}");
    }

    #[test]
    fn head_has_the_length_but_no_body() {
        let answer = text("HEAD / HTTP/1.0\r\n\r\n", true);
        assert!(answer.contains("\r\nContent-Length: 39\r\n") && answer.ends_with("close\r\n\r\n"), "{answer}");
    }

    #[test]
    fn is_unavailable_until_it_is_ready() {
        assert!(text("GET / HTTP/1.1\r\n\r\n", false).starts_with("HTTP/1.1 503 "));
    }

    #[test]
    fn other_methods_and_garbage_are_told_apart() {
        assert!(text("POST /v1/chat/completions HTTP/1.1\r\n\r\n", true).starts_with("HTTP/1.1 405 "));
        for garbage in
            ["", "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET  HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}"]
        {
            assert!(text(garbage, true).starts_with("HTTP/1.1 400 "), "{garbage:?}");
        }
    }

    #[test]
    fn a_post_alone_asks_for_a_crash() {
        let crash = |line: &str| answer(format!("{line} HTTP/1.1\r\n\r\n").as_bytes(), None, true).crash;
        assert_eq!(crash("POST /crash?exit_code=137"), Some(137));
        assert_eq!(crash("POST /crash?by=me&exit_code=0"), Some(0));
        assert_eq!(crash("POST /crash"), Some(1));
        for harmless in ["GET /crash?exit_code=3", "PUT /crash", "POST /", "POST /crashes", "POST /a?/crash"] {
            assert_eq!(crash(harmless), None, "{harmless}");
        }
        for code in ["256", "-1", "", "three", "%33"] {
            let target = format!("POST /crash?exit_code={code} HTTP/1.1\r\n\r\n");
            assert!(text(&target, true).starts_with("HTTP/1.1 400 "), "{target}");
            assert_eq!(answer(target.as_bytes(), None, true).crash, None, "{target}");
        }
    }

    #[test]
    fn an_empty_line_ends_a_head() {
        assert!(is_complete(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert!(is_complete(b"GET / HTTP/1.0\n\n"));
        assert!(!is_complete(b"GET / HTTP/1.1\r\nHost: a\r\n"));
    }

    proptest! {
        #[test]
        fn whatever_comes_gets_one_answer(head: Vec<u8>, ready: bool) {
            let answer = answer(&head, None, ready).bytes;
            prop_assert!(answer.starts_with(b"HTTP/1.1 ") && is_complete(&answer));
        }
    }
}
