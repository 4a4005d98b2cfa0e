//! An image with one program, as one tar archive: an OCI image layout (opencontainers/image-spec image-layout.md, v1.1), with the
//! `manifest.json` of `docker save` beside it for what reads no OCI layout. Names, times and owners are fixed, so that the same
//! program gives the same bytes.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

/// The user and group of the process, by numbers: the kubelet lets an image run under `runAsNonRoot` only if it can see that its
/// user is not 0 (kubernetes/kubernetes pkg/kubelet/kuberuntime/security_context_others.go, v1.36).
const USER: &str = "65532:65532";

/// What an image is made of.
pub struct Image<'a> {
    /// Its name with its tag.
    pub name: String,
    /// The processor that the program is for, by Go's name.
    pub architecture: &'a str,
    /// The file name and bytes of the program, which is the entry point.
    pub program: (&'a str, &'a [u8]),
    /// Its arguments, unless a container has its own.
    pub arguments: &'a [&'a str],
}

impl Image<'_> {
    /// The archive, and the digest of the image's manifest, by which a registry or a runtime knows the image.
    pub fn archive(&self) -> Result<(Vec<u8>, String), String> {
        let mut files = BTreeMap::new();
        let (file, bytes) = self.program;
        let layer = tar(&BTreeMap::from([(file.to_string(), bytes.to_vec())]), 0o755)?;
        // The layer is not compressed, so that its digest is that of its content as well.
        let layer = blob(&mut files, "application/vnd.oci.image.layer.v1.tar", layer);
        let config = blob(&mut files, "application/vnd.oci.image.config.v1+json", text(&self.config(&layer))?);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config,
            "layers": [layer],
        });
        let mut manifest = blob(&mut files, "application/vnd.oci.image.manifest.v1+json", text(&manifest)?);
        let digest = manifest["digest"].as_str().unwrap_or_default().to_string();
        manifest["platform"] = json!({ "architecture": self.architecture, "os": "linux" });
        // containerd takes an image's name from the first, and without it from the second (containerd/containerd
        // client/import.go, v2.4); others know the second.
        manifest["annotations"] =
            json!({ "io.containerd.image.name": self.name, "org.opencontainers.image.ref.name": self.name });
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [manifest],
        });
        let docker = json!([{ "Config": path(&config), "RepoTags": [self.name], "Layers": [path(&layer)] }]);
        files.insert("index.json".into(), text(&index)?);
        files.insert("manifest.json".into(), text(&docker)?);
        files.insert("oci-layout".into(), text(&json!({ "imageLayoutVersion": "1.0.0" }))?);
        Ok((tar(&files, 0o644)?, digest))
    }

    fn config(&self, layer: &Value) -> Value {
        json!({
            "architecture": self.architecture,
            "os": "linux",
            "config": {
                "User": USER,
                "Entrypoint": [format!("/{}", self.program.0)],
                "Cmd": self.arguments,
                "WorkingDir": "/",
            },
            "rootfs": { "type": "layers", "diff_ids": [layer["digest"]] },
            "history": [{ "created_by": "cargo xtask image" }],
        })
    }
}

/// Keeps a blob under its digest, and describes it.
fn blob(files: &mut BTreeMap<String, Vec<u8>>, media_type: &str, bytes: Vec<u8>) -> Value {
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let descriptor = json!({ "mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len() });
    files.insert(format!("blobs/sha256/{digest}"), bytes);
    descriptor
}

/// Where the blob of a descriptor is in the archive.
fn path(descriptor: &Value) -> String {
    format!("blobs/{}", descriptor["digest"].as_str().unwrap_or_default().replace(':', "/"))
}

fn text(value: &Value) -> Result<Vec<u8>, String> {
    serde_json::to_vec(value).map_err(|error| format!("failed to write JSON: {error}"))
}

/// Files as a tar archive, by name, without times and owners.
fn tar(files: &BTreeMap<String, Vec<u8>>, mode: u32) -> Result<Vec<u8>, String> {
    let failed = |error| format!("failed to write a tar archive: {error}");
    let mut archive = Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(mode);
        header.set_size(bytes.len() as u64);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        archive.append_data(&mut header, name, bytes.as_slice()).map_err(failed)?;
    }
    archive.into_inner().map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    const PROGRAM: &[u8] = b"a program";

    fn image() -> Image<'static> {
        Image {
            name: "greenroom.dev/stand-in:1.2.3".into(),
            architecture: "amd64",
            program: ("greenroom-stand-in", PROGRAM),
            arguments: &["--name=pause"],
        }
    }

    fn files(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
        let mut archive = tar::Archive::new(archive);
        let entries = archive.entries().expect("an archive").map(|entry| {
            let mut entry = entry.expect("an entry");
            assert_eq!(entry.header().mtime().expect("a time"), 0);
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("its bytes");
            (entry.path().expect("a name").to_string_lossy().into_owned(), bytes)
        });
        entries.collect()
    }

    fn parsed(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).expect("JSON")
    }

    /// The blob that a descriptor describes, whose digest and size must be its own.
    fn described<'a>(files: &'a BTreeMap<String, Vec<u8>>, descriptor: &Value) -> &'a [u8] {
        let bytes = &files[&path(descriptor)];
        let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(descriptor["digest"], format!("sha256:{digest}"));
        assert_eq!(descriptor["size"], bytes.len());
        bytes
    }

    #[test]
    fn every_digest_is_that_of_what_it_names() {
        let (archive, digest) = image().archive().expect("an image");
        let files = files(&archive);
        assert_eq!(parsed(&files["oci-layout"])["imageLayoutVersion"], "1.0.0");
        let index = parsed(&files["index.json"]);
        let entry = &index["manifests"][0];
        assert_eq!(entry["digest"], digest);
        assert_eq!(entry["annotations"]["io.containerd.image.name"], "greenroom.dev/stand-in:1.2.3");
        let manifest = parsed(described(&files, entry));
        let layer = described(&files, &manifest["layers"][0]);
        let config = parsed(described(&files, &manifest["config"]));
        assert_eq!(config["rootfs"]["diff_ids"][0], manifest["layers"][0]["digest"]);
        assert_eq!(config["config"]["Entrypoint"], json!(["/greenroom-stand-in"]));
        assert_eq!(config["config"]["Cmd"], json!(["--name=pause"]));
        assert_eq!(self::files(layer), BTreeMap::from([("greenroom-stand-in".to_string(), PROGRAM.to_vec())]));
        let docker = parsed(&files["manifest.json"]);
        assert_eq!(docker[0]["RepoTags"], json!(["greenroom.dev/stand-in:1.2.3"]));
        assert_eq!(docker[0]["Layers"], json!([path(&manifest["layers"][0])]));
        assert_eq!(docker[0]["Config"], path(&manifest["config"]));
        assert_eq!(files.len(), 6);
    }

    #[test]
    fn the_program_can_be_executed() {
        let layer = tar(&BTreeMap::from([("program".to_string(), PROGRAM.to_vec())]), 0o755).expect("a layer");
        let mut archive = tar::Archive::new(layer.as_slice());
        let entry = archive.entries().expect("an archive").next().expect("an entry").expect("that can be read");
        assert_eq!(entry.header().mode().expect("a mode"), 0o755);
    }

    #[test]
    fn the_same_program_gives_the_same_bytes_and_another_does_not() {
        assert_eq!(image().archive(), image().archive());
        let other = Image { program: ("greenroom-stand-in", b"another program"), ..image() };
        assert_ne!(image().archive(), other.archive());
    }
}
