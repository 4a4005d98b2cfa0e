//! `cargo xtask image`: the images of the stand-in and of the pause container, as archives that container runtimes import. They
//! are made without Docker, and the same program gives the same bytes.

mod archive;
mod elf;

use std::path::{Path, PathBuf};
use std::process::Command;

use archive::Image;

use crate::shell;

/// The one file of an image.
const PROGRAM: &str = "greenroom-stand-in";

/// A processor, by the names that the images and Rust have for it. Its target is the one with musl, whose programs need nothing
/// of the image that they run in.
struct Platform {
    oci: &'static str,
    rust: &'static str,
}

const PLATFORMS: [Platform; 2] =
    [Platform { oci: "amd64", rust: "x86_64" }, Platform { oci: "arm64", rust: "aarch64" }];

/// Builds the program and writes the archives; `--arch amd64|arm64` is the processor of the nodes, this machine's by default.
pub fn run(args: &[String]) -> Result<(), String> {
    let platform = platform(args)?;
    let package = Package::read()?;
    let program = build(platform, &package.target)?;
    elf::check_static(&program, platform.oci)?;
    let folder = package.target.join("image");
    std::fs::create_dir_all(&folder).map_err(|error| format!("failed to make {}: {error}", folder.display()))?;
    for name in ["stand-in", "pause"] {
        let image = Image {
            name: format!("greenroom.dev/{name}:{}", package.version),
            architecture: platform.oci,
            program: (PROGRAM, &program),
            // A pause container waits for its end, which is what a stand-in does that is asked for nothing else.
            arguments: if name == "pause" { &["--name=pause"] } else { &[] },
        };
        let (bytes, digest) = image.archive()?;
        let path = folder.join(format!("{name}.tar"));
        std::fs::write(&path, &bytes).map_err(|error| format!("failed to write {}: {error}", path.display()))?;
        println!("{}\n  {} for linux/{}\n  {} bytes, {digest}", path.display(), image.name, platform.oci, bytes.len());
    }
    Ok(())
}

fn platform(args: &[String]) -> Result<&'static Platform, String> {
    let wanted = match args {
        [] => std::env::consts::ARCH,
        [option, arch] if option == "--arch" => arch,
        _ => return Err(format!("the one argument is --arch amd64|arm64, found {}", args.join(" "))),
    };
    let found = PLATFORMS.iter().find(|platform| [platform.oci, platform.rust].contains(&wanted));
    found.ok_or_else(|| format!("no image for {wanted}; say --arch amd64 or --arch arm64"))
}

/// What the images need to know of greenroom's package.
struct Package {
    version: String,
    target: PathBuf,
}

impl Package {
    fn read() -> Result<Package, String> {
        let text = shell::output(&mut shell::cargo(&["metadata", "--no-deps", "--format-version", "1", "--locked"]))?;
        let metadata: serde_json::Value =
            serde_json::from_slice(&text).map_err(|error| format!("failed to read what cargo says: {error}"))?;
        let packages = metadata["packages"].as_array().into_iter().flatten();
        let version = packages.filter(|package| package["name"] == "greenroom").find_map(|one| one["version"].as_str());
        match (version, metadata["target_directory"].as_str()) {
            (Some(version), Some(target)) => Ok(Package { version: version.into(), target: target.into() }),
            _ => Err("cargo metadata names no package greenroom".into()),
        }
    }
}

/// Builds the program and gives its bytes. `rust-lld` comes with Rust's toolchain: with it, any machine links for any platform,
/// and to the same bytes.
fn build(platform: &Platform, target_folder: &Path) -> Result<Vec<u8>, String> {
    let target = format!("{}-unknown-linux-musl", platform.rust);
    install(&target)?;
    let linker = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"));
    let args = ["build", "--profile=image", "--no-default-features", "--features=image", "--locked", "--bin", PROGRAM];
    let mut command = shell::cargo(&args);
    command.args(["--target", &target]).env(linker, "rust-lld");
    shell::run(&mut command)?;
    let path = target_folder.join(&target).join("image").join(PROGRAM);
    std::fs::read(&path).map_err(|error| format!("failed to read {}: {error}", path.display()))
}

/// Installs Rust's standard library for the target, unless it is there.
fn install(target: &str) -> Result<(), String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    let folder =
        shell::output(command.current_dir(shell::root()).args(["--print", "target-libdir", "--target", target]))?;
    if Path::new(String::from_utf8_lossy(&folder).trim()).is_dir() {
        return Ok(());
    }
    let mut rustup = Command::new("rustup");
    shell::run(rustup.current_dir(shell::root()).args(["target", "add", target]))
        .map_err(|reason| format!("Rust's standard library for {target} is not installed: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(args: &[&str]) -> Result<&'static str, String> {
        platform(&args.iter().map(ToString::to_string).collect::<Vec<_>>()).map(|platform| platform.oci)
    }

    #[test]
    fn a_platform_has_both_names() {
        assert_eq!(wanted(&["--arch", "arm64"]), Ok("arm64"));
        assert_eq!(wanted(&["--arch", "x86_64"]), Ok("amd64"));
        assert!(wanted(&["--arch", "riscv64"]).is_err());
        assert!(wanted(&["--platform", "arm64"]).is_err());
    }

    #[test]
    fn the_version_is_that_of_greenroom() {
        let package = Package::read().expect("cargo knows the package");
        assert!(package.version.split('.').count() == 3 && package.version != env!("CARGO_PKG_VERSION"));
    }
}
