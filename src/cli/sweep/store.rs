//! The lines of a sweep in an object of a storage. Objects are written whole, so that lines are gathered here and put from time to time: a
//! pod that comes after one that was killed goes on with what was put last. Only with the feature `object-store`; one of the few places
//! beside `live/` that may name tokio, because the library needs it.

use std::path::Path;
use std::time::Duration;

use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload, parse_url_opts};
use tokio::runtime::Runtime;
use url::Url;

use super::Trouble;
use super::keep::Lines;
use super::pace::Pace;

/// What of the environment is for the storage.
const PREFIXES: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];
/// How often an object is put at the most.
const PUT_EVERY: Duration = Duration::from_secs(5);

/// An object.
pub struct Object {
    url: String,
    store: Box<dyn ObjectStore>,
    path: object_store::path::Path,
    runtime: Runtime,
    text: Vec<u8>,
    pace: Pace,
}

/// True for what is no path but names an object: `s3://bucket/shard.ndjson`.
pub fn is_url(out: &Path) -> bool {
    out.to_str()
        .and_then(|out| out.split_once("://"))
        .is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.chars().all(|letter| letter.is_ascii_alphanumeric()))
}

impl Object {
    /// The object of a URL. Credentials come from the environment, as the tools of each provider have them; none are ever shown.
    ///
    /// # Errors
    /// There is no such storage.
    pub fn at(out: &Path) -> Result<Object, Trouble> {
        let url = out.to_string_lossy().into_owned();
        let parsed = Url::parse(&url)
            .map_err(|error| Trouble::Refused(format!("what is named is no address of an object: {error}")))?;
        if !parsed.username().is_empty() || parsed.password().is_some() || parsed.query().is_some() {
            return Err(Trouble::Refused(
                "credentials do not stand in the address of an object; they come from the environment".to_owned(),
            ));
        }
        let own = |(name, _): &(String, String)| PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let options =
            std::env::vars_os().filter_map(text).filter(own).map(|(name, value)| (name.to_ascii_lowercase(), value));
        // Encrypted connections of this library and of that for Kubernetes are made by one library, which has to be told which
        // arithmetic it uses; that it was told already is no failure.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (store, path) = parse_url_opts(&parsed, options)
            .map_err(|error| Trouble::Refused(format!("there is no storage for {url}: {error}")))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Trouble::Environment(format!("cannot start: {error}")))?;
        Ok(Object { url, store, path, runtime, text: Vec::new(), pace: Pace::every(PUT_EVERY) })
    }

    /// All that the object has; `None` if it is not there.
    ///
    /// # Errors
    /// The storage does not answer, or refuses.
    pub fn get(&self) -> Result<Option<Vec<u8>>, Trouble> {
        let got = self.runtime.block_on(async { self.store.get(&self.path).await?.bytes().await });
        match got {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(Trouble::Environment(format!("cannot read {}: {error}", self.url))),
        }
    }
}

impl Lines for Object {
    fn read(&mut self) -> Result<Vec<u8>, Trouble> {
        self.text = self.get()?.unwrap_or_default();
        Ok(self.text.clone())
    }

    fn cut(&mut self, bytes: usize) -> Result<(), Trouble> {
        self.text.truncate(bytes);
        Ok(())
    }

    fn add(&mut self, lines: &str) -> Result<(), Trouble> {
        self.text.extend_from_slice(lines.as_bytes());
        let Object { url, store, path, runtime, text, pace } = self;
        pace.keep(|| put(runtime, &**store, path, url, text))
    }

    fn settle(&mut self) -> Result<(), Trouble> {
        put(&self.runtime, &*self.store, &self.path, &self.url, &self.text)
    }
}

/// Puts an object. The library tries again what fails on the way, for minutes.
fn put(
    runtime: &Runtime,
    store: &dyn ObjectStore,
    path: &object_store::path::Path,
    url: &str,
    text: &[u8],
) -> Result<(), Trouble> {
    let put = runtime.block_on(store.put(path, PutPayload::from(text.to_vec())));
    put.map(drop).map_err(|error| Trouble::Environment(format!("cannot write {url}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Object {
        Object::at(Path::new(url)).unwrap_or_else(|_| panic!("{url} is no object"))
    }

    fn lines(object: &mut Object) -> String {
        String::from_utf8(object.read().unwrap_or_else(|_| panic!("it cannot be read"))).expect("UTF-8")
    }

    /// What is gathered is put when it is due, and another process goes on with what was put.
    #[test]
    fn lines_are_put_when_they_are_due() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("file://{}/shard.ndjson", folder.path().display());
        let there = || std::fs::read_to_string(folder.path().join("shard.ndjson")).ok();
        assert!(is_url(Path::new(&url)) && !is_url(Path::new("a/b.ndjson")) && !is_url(Path::new("://")));
        let mut first = at(&url);
        assert_eq!((lines(&mut first).as_str(), there()), ("", None));
        assert!(first.add("a\n").is_ok());
        assert_eq!(there(), None, "it is not due yet");
        first.pace = Pace::every(Duration::ZERO);
        assert!(first.add("b\n").is_ok());
        assert_eq!(there().as_deref(), Some("a\nb\n"));
        // Now it is killed.
        let mut second = at(&url);
        assert_eq!(lines(&mut second), "a\nb\n");
        assert!(second.cut(2).is_ok() && second.add("c\n").is_ok() && second.settle().is_ok());
        assert_eq!(there().as_deref(), Some("a\nc\n"));
    }

    #[test]
    fn objects_in_memory_go_there_and_back() {
        let mut object = at("memory:///folder/shard.ndjson");
        assert!(matches!(object.get(), Ok(None)));
        assert!(object.add("a\n").is_ok() && object.settle().is_ok());
        assert_eq!(lines(&mut object), "a\n");
    }

    #[test]
    fn what_is_no_object_is_told() {
        let refused = |url: &str| match Object::at(Path::new(url)) {
            Err(Trouble::Refused(why)) => why,
            _ => panic!("{url} is taken"),
        };
        assert!(refused("ftp://a/b").contains("there is no storage"));
        for with in ["s3://user:hunter2@bucket/a", "https://a.blob.core.windows.net/b/c?sig=hunter2"] {
            let why = refused(with);
            assert!(why.contains("credentials") && !why.contains("hunter2"), "{why}");
        }
    }
}
