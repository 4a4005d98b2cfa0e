//! A server on this machine that keeps the objects of one bucket, `sweeps`, in memory and speaks as much of S3 as whole objects need:
//! PUT and GET of an object by its path. It looks at no signature, and refuses what it is told to.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// How a request to write is refused.
#[derive(Clone, Copy, Debug)]
pub enum Refusal {
    /// For now.
    Busy,
    /// For good.
    Denied,
}

/// The bucket.
pub struct Bucket {
    port: u16,
    objects: Mutex<BTreeMap<String, String>>,
    asked: Mutex<Vec<String>>,
    refusals: Mutex<VecDeque<Refusal>>,
}

impl Bucket {
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn object(&self, key: &str) -> Option<String> {
        self.objects.lock().expect("no panic").get(key).cloned()
    }

    pub fn keep(&self, key: &str, text: &str) {
        self.objects.lock().expect("no panic").insert(key.to_owned(), text.to_owned());
    }

    /// Refuses the next requests to write.
    pub fn refuse(&self, refusals: impl IntoIterator<Item = Refusal>) {
        self.refusals.lock().expect("no panic").extend(refusals);
    }

    /// How many requests of a method there were.
    pub fn asked(&self, method: &str) -> usize {
        self.asked.lock().expect("no panic").iter().filter(|one| *one == method).count()
    }

    fn answer(&self, method: &str, path: &str, body: String) -> (u16, String) {
        self.asked.lock().expect("no panic").push(method.to_owned());
        let key = path.split('?').next().and_then(|path| path.strip_prefix("/sweeps/"));
        let told = |code: &str| format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>");
        match (method, key) {
            ("PUT", Some(key)) => match self.refusals.lock().expect("no panic").pop_front() {
                Some(Refusal::Busy) => (503, told("SlowDown")),
                Some(Refusal::Denied) => (403, told("AccessDenied")),
                None => {
                    self.keep(key, &body);
                    (200, String::new())
                }
            },
            ("GET", Some(key)) => self.object(key).map_or_else(|| (404, told("NoSuchKey")), |text| (200, text)),
            _ => (400, told("InvalidRequest")),
        }
    }

    /// One request, one answer.
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut words = line.split(' ').map(str::to_owned);
        let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(()) };
        let mut length = 0;
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let (status, text) = self.answer(&method, &path, String::from_utf8_lossy(&body).into_owned());
        let mut answer = String::new();
        let etag = format!("ETag: \"{}\"", text.len());
        let modified = "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT";
        write!(answer, "HTTP/1.1 {status} -\r\n{etag}\r\n{modified}\r\nConnection: close\r\n").expect("a text");
        write!(answer, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("a text");
        (&stream).write_all(answer.as_bytes())
    }
}

/// Serves a bucket while something is done with it.
pub fn with(act: impl FnOnce(&Bucket)) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("a port").port();
    let bucket = Bucket { port, objects: Mutex::default(), asked: Mutex::default(), refusals: Mutex::default() };
    let is_over = AtomicBool::new(false);
    /// Ends the server, also where the test fails.
    struct End<'e>(&'e AtomicBool, u16);
    impl Drop for End<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
            let _ = TcpStream::connect(("127.0.0.1", self.1));
        }
    }
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for stream in listener.incoming() {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                // A client that has gone away is its own affair.
                let _ = stream.and_then(|stream| bucket.serve(stream));
            }
        });
        let _end = End(&is_over, port);
        act(&bucket);
    });
}
