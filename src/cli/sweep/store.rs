//! Shards on object storage. Objects are written whole, so that the file of a shard is kept on the disk, as it is without them, and put
//! to the storage from time to time: a pod that comes after one that was killed goes on with what was put last. Only with the feature
//! `object-store`; one of the few places beside `live/` that may name tokio, because the library needs it.

use std::fs;
use std::path::{Path, PathBuf};

use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload, parse_url_opts};
use tokio::runtime::Runtime;
use url::Url;

/// What of the environment is for the storage.
const PREFIXES: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

/// An object.
pub struct Object {
    url: String,
    store: Box<dyn ObjectStore>,
    path: object_store::path::Path,
    runtime: Runtime,
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
    /// There is no such storage; a sentence.
    pub fn at(out: &Path) -> Result<Object, String> {
        let url = out.to_string_lossy().into_owned();
        let parsed = Url::parse(&url).map_err(|error| format!("{url} is no address of an object: {error}"))?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(
                "credentials do not stand in the address of an object; they come from the environment".to_owned()
            );
        }
        let own = |(name, _): &(String, String)| PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let options =
            std::env::vars_os().filter_map(text).filter(own).map(|(name, value)| (name.to_ascii_lowercase(), value));
        let (store, path) =
            parse_url_opts(&parsed, options).map_err(|error| format!("there is no storage for {url}: {error}"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
        Ok(Object { url, store, path, runtime })
    }

    /// Where its file stands on the disk: another for every object.
    pub fn scratch(&self) -> PathBuf {
        let name: String =
            self.url.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
        std::env::temp_dir().join(format!("greenroom-{name}"))
    }

    /// Writes what is there into its file; what is there counts, not what the disk may have kept.
    ///
    /// # Errors
    /// The storage does not answer, or the disk fails; a sentence.
    pub fn fetch(&self) -> Result<(), String> {
        let got = self.runtime.block_on(async { self.store.get(&self.path).await?.bytes().await });
        let bytes = match got {
            Ok(bytes) => bytes,
            Err(object_store::Error::NotFound { .. }) => Default::default(),
            Err(error) => return Err(format!("cannot read {}: {error}", self.url)),
        };
        let scratch = self.scratch();
        fs::write(&scratch, &bytes).map_err(|error| format!("cannot write {}: {error}", scratch.display()))
    }

    /// Puts the file there as it is now.
    ///
    /// # Errors
    /// As of [`Object::fetch`].
    pub fn put(&self) -> Result<(), String> {
        let scratch = self.scratch();
        let bytes = fs::read(&scratch).map_err(|error| format!("cannot read {}: {error}", scratch.display()))?;
        let put = self.runtime.block_on(self.store.put(&self.path, PutPayload::from(bytes)));
        put.map(drop).map_err(|error| format!("cannot write {}: {error}", self.url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_goes_there_and_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("file://{}/shard.ndjson", folder.path().display());
        assert!(is_url(Path::new(&url)) && !is_url(Path::new("a/b.ndjson")) && !is_url(Path::new("://")));
        let object = Object::at(Path::new(&url)).expect("an object");
        object.fetch().expect("nothing is there");
        assert_eq!(fs::read(object.scratch()).expect("a file"), b"");
        fs::write(object.scratch(), "a\n").expect("a file");
        object.put().expect("it is put");
        assert_eq!(fs::read(folder.path().join("shard.ndjson")).expect("it is there"), b"a\n");
        fs::write(object.scratch(), "b\n").expect("a file");
        object.fetch().expect("it is there");
        assert_eq!(fs::read(object.scratch()).expect("a file"), b"a\n");
        fs::remove_file(object.scratch()).expect("a file");
    }

    #[test]
    fn what_is_no_object_is_told() {
        assert!(Object::at(Path::new("ftp://a/b")).is_err_and(|error| error.contains("there is no storage")));
        let with = Object::at(Path::new("s3://user:hunter2@bucket/a"));
        assert!(with.is_err_and(|error| error.contains("credentials") && !error.contains("hunter2")));
    }
}
